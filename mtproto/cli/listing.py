"""Profile photos of one user, page by page, and the files behind them (core.telegram.org/api/files)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from mtproto.cli.errors import CommandFailed
from mtproto.errors import BadRequest
from mtproto.flows import MediaSize, remote_file
from tl import TLFunction

__all__ = ["PAGE", "Call", "Listing", "download", "list_photos"]

Call: TypeAlias = Callable[[TLFunction[Any]], Awaitable[Any]]
"""Sends a query and gives its answer."""

PAGE = 100
"""The server's own limit for one answer of `photos.getUserPhotos`."""

_PART = 512 * 1024  # divides 1 MiB, so that a part never crosses a border of it, as upload.getFile demands

_STALE = {"FILE_REFERENCE_EXPIRED", "FILE_REFERENCE_INVALID", "FILE_REFERENCE_EMPTY"}


@dataclass(frozen=True, slots=True)
class Listing:
    """What the pages say together.

    Attributes:
        count: how many photos the user has.
        photos: the photos that were asked for.
        users: the users that the first page described: whose photos they are.

    """

    count: int
    photos: list[Any]
    users: list[Any]


async def list_photos(call: Call, user: Any, *, offset: int = 0, max_id: int = 0, limit: int = PAGE) -> Listing:
    """Ask for a user's photos, newest first, in the layer of `user`, until `limit` are there or no more come.

    The list can change between two pages: a photo that comes twice is taken once, and a page with nothing new ends it.

    Args:
        call: sends a query.
        user: an `InputUser`.
        offset: photos to skip; -1 with `max_id` asks for the photo with that id.
        max_id: only photos with a lower id are listed; 0 lists all.
        limit: photos to list at most.

    Raises:
        RpcError: as the server answers.

    """
    users: list[Any] = []
    count = 0
    seen: dict[int, Any] = {}
    received = 0
    while len(seen) < limit:
        page = await call(
            user.SCHEMA.functions.photos.GetUserPhotos(
                user_id=user, offset=offset + received, max_id=max_id, limit=min(PAGE, limit - len(seen))
            )
        )
        received += len(page.photos)
        new = {photo.id: photo for photo in page.photos if photo.id not in seen}
        seen |= new
        users = users or page.users
        complete = page.NAME == "photos.photos"
        count = max(0, offset) + received if complete else page.count
        if complete or not new or offset < 0 or offset + received >= count:
            break
    return Listing(count, list(seen.values()), users)


async def download(call: Call, size: MediaSize, *, owner: Any, advance: Callable[[int], None]) -> bytes:
    """Fetch a file of a photo. If the file reference has expired, the photo is asked for again, once.

    Args:
        call: sends a query.
        size: what to fetch.
        owner: the `InputUser` whose photo it is.
        advance: called with the number of bytes that came, each time.

    Raises:
        CommandFailed: the server sends more than it declared, and does not stop.
        RpcError: as the server answers.

    """
    photo, location, fresh = size.carrier, remote_file(size).location, False
    data = bytearray()
    while True:
        try:
            part = await call(photo.SCHEMA.functions.upload.GetFile(location=location, offset=len(data), limit=_PART))
        except BadRequest as error:
            if error.message not in _STALE or fresh:
                raise
            again = await _again(call, photo, owner)
            location, fresh = remote_file(again, size.type).location, True
            continue
        if part.NAME != "upload.file":
            raise CommandFailed(f"photo {photo.id}, size {size.type}: {part.NAME} came instead of the file")
        data += part.bytes
        advance(len(part.bytes))
        if len(part.bytes) < _PART:
            return bytes(data)
        if len(data) > size.size + _PART:
            raise CommandFailed(f"photo {photo.id}, size {size.type}: more bytes come than the {size.size} declared")


async def _again(call: Call, photo: Any, owner: Any) -> Any:
    listing = await list_photos(call, owner, offset=-1, max_id=photo.id, limit=1)
    for found in listing.photos:
        if found.id == photo.id:
            return found
    raise CommandFailed(f"photo {photo.id} is gone: its file reference expired, and the server no longer lists it")
