"""Profile photos of one user, page by page, and the files behind them (core.telegram.org/api/files)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from mtproto.cli.errors import CommandFailed
from mtproto.errors import BadRequest
from tl import Schema, TLFunction, api

__all__ = [
    "PAGE",
    "Call",
    "Listing",
    "PhotoFile",
    "download",
    "files_of",
    "largest_image",
    "list_photos",
    "resolve",
    "user_of",
]

Call: TypeAlias = Callable[[TLFunction[Any]], Awaitable[Any]]
"""Sends a query and gives its answer."""

PAGE = 100
"""The server's own limit for one answer of `photos.getUserPhotos`."""

_PART = 512 * 1024  # divides 1 MiB, so that a part never crosses a border of it, as upload.getFile demands

_LARGEST_ID = (1 << 63) - 1

_NAME = re.compile("[A-Za-z][A-Za-z0-9_]{0,31}")
_LINK = re.compile(
    "(?:https?://)?(?:www\\.)?(?:t|telegram)\\.(?:me|dog)/@?([A-Za-z0-9_]+)/?(?:[?#].*)?"
    "|(?:https?://)?([A-Za-z0-9_]+)\\.t\\.me/?"
    "|tg://resolve/?\\?domain=([A-Za-z0-9_]+)",
    re.IGNORECASE,
)
_URL = re.compile("[a-z]+://|[^@]*[./]", re.IGNORECASE)

_STALE = {"FILE_REFERENCE_EXPIRED", "FILE_REFERENCE_INVALID", "FILE_REFERENCE_EMPTY"}


def user_of(text: str) -> int | str | None:
    """Return the user that a text names: None for oneself (`me`), an id, or a name without `@`.

    Args:
        text: `me`, an id, a name with or without `@`, or a link to a name: https://t.me/NAME, t.me/NAME,
            tg://resolve?domain=NAME (core.telegram.org/api/links#public-username-links).

    Raises:
        CommandFailed: the text is none of them.

    """
    text = text.strip()
    if text == "me":
        return None
    if text.isascii() and text.isdigit():
        if len(text) > len(str(_LARGEST_ID)) or not 0 < int(text) <= _LARGEST_ID:
            raise CommandFailed(f"{text} is no id of a user")
        return int(text)
    link = _LINK.fullmatch(text)
    name = next(filter(None, link.groups())) if link is not None else text.removeprefix("@")
    if _NAME.fullmatch(name) is None:
        kind = "link to a user's name, as https://t.me/NAME is" if _URL.match(text) else "name, id or link of a user"
        raise CommandFailed(f"{text!r} is no {kind}")
    return name


async def resolve(call: Call, user: int | str | None, schema: Schema = api.schema) -> Any:
    """Return the `InputUser`, an object of a layer, for whom `user_of` returned.

    Raises:
        CommandFailed: nobody has that name.
        RpcError: as the server answers.

    """
    types, functions = schema.types, schema.functions
    if user is None:
        return types.InputUserSelf()
    if isinstance(user, int):
        # A bot may leave the access hash out for users that it has met (core.telegram.org/api/bots).
        return types.InputUser(user_id=user, access_hash=0)
    peer = await call(functions.contacts.ResolveUsername(username=user))
    wanted = getattr(peer.peer, "user_id", None)
    for found in peer.users:
        if found.id == wanted and found.NAME == "user":
            return types.InputUser(user_id=found.id, access_hash=found.access_hash or 0)
    raise CommandFailed(f"{user} is not a user")


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


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """One file of a photo as its declaration describes it.

    Attributes:
        photo: the `Photo`.
        type: the letter of the size.
        size: bytes in all.
        prefixes: bytes after which a progressive JPEG shows a whole picture; empty for other files.
        w: pixels.
        h: pixels.
        video: whether it is an MP4 rather than a JPEG.
        location: the `FileLocation` that layers until 126 give each size; None in later ones.

    """

    photo: Any
    type: str
    size: int
    prefixes: tuple[int, ...]
    w: int
    h: int
    video: bool
    location: Any = None

    @property
    def name(self) -> str:
        """A name for the file on disk, without any text that the server may choose."""
        return f"{self.photo.id}_{self.type}.{'mp4' if self.video else 'jpg'}"


def files_of(photo: Any) -> list[PhotoFile]:
    """Return the files that can be downloaded for a photo, in the order of its declaration; thumbnails have none."""
    found = []
    for size in [*getattr(photo, "sizes", ()), *(getattr(photo, "video_sizes", None) or ())]:
        location = getattr(size, "location", None)
        if size.NAME == "photoSizeProgressive":
            prefixes = tuple(size.sizes)
            length = max(prefixes, default=0)
            found.append(PhotoFile(photo, size.type, length, prefixes, size.w, size.h, video=False, location=location))
        elif size.NAME in ("photoSize", "videoSize"):
            video = size.NAME == "videoSize"
            found.append(PhotoFile(photo, size.type, size.size, (), size.w, size.h, video=video, location=location))
    return [file for file in found if len(file.type) == 1 and file.type.isalpha() and file.type.isascii()]


def largest_image(photo: Any) -> PhotoFile | None:
    """Return the JPEG with most pixels; None if there is no JPEG."""
    return max((file for file in files_of(photo) if not file.video), key=lambda file: file.w * file.h, default=None)


async def download(call: Call, file: PhotoFile, *, owner: Any, advance: Callable[[int], None]) -> bytes:
    """Fetch a file. If the file reference has expired, the photo is asked for again, once.

    Args:
        call: sends a query.
        file: what to fetch.
        owner: the `InputUser` whose photo it is.
        advance: called with the number of bytes that came, each time.

    Raises:
        CommandFailed: the server sends more than it declared, and does not stop.
        RpcError: as the server answers.

    """
    photo, fresh = file.photo, False
    data = bytearray()
    while True:
        try:
            part = await call(_part(photo, file, len(data)))
        except BadRequest as error:
            if error.message not in _STALE or fresh:
                raise
            photo, fresh = await _again(call, photo, owner), True
            continue
        if part.NAME != "upload.file":
            raise CommandFailed(f"photo {photo.id}, size {file.type}: {part.NAME} came instead of the file")
        data += part.bytes
        advance(len(part.bytes))
        if len(part.bytes) < _PART:
            return bytes(data)
        if len(data) > file.size + _PART:
            raise CommandFailed(f"photo {photo.id}, size {file.type}: more bytes come than the {file.size} declared")


def _part(photo: Any, file: PhotoFile, offset: int) -> TLFunction[Any]:
    """Return the request for a part of a file, in the layer of the photo."""
    types = photo.SCHEMA.types
    if "inputPhotoFileLocation" in photo.SCHEMA:
        location = types.InputPhotoFileLocation(
            id=photo.id, access_hash=photo.access_hash, file_reference=photo.file_reference, thumb_size=file.type
        )
    else:  # layers until 97
        fields = photo.SCHEMA["inputFileLocation"].PLAN.fields
        location = types.InputFileLocation(**{field.name: getattr(file.location, field.name) for field in fields})
    part: TLFunction[Any] = photo.SCHEMA.functions.upload.GetFile(location=location, offset=offset, limit=_PART)
    return part


async def _again(call: Call, photo: Any, owner: Any) -> Any:
    listing = await list_photos(call, owner, offset=-1, max_id=photo.id, limit=1)
    for found in listing.photos:
        if found.id == photo.id:
            return found
    raise CommandFailed(f"photo {photo.id} is gone: its file reference expired, and the server no longer lists it")
