"""Fetching files (core.telegram.org/api/files#downloading-files, core.telegram.org/method/upload.getFile)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.localdc.answers import Refused
from mtproto.localdc.former import BIG, SMALL, location_secret
from mtproto.localdc.objects import find_user
from tl import api

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.world import Photo, User
    from tl import TLObject

__all__ = ["check_range", "get_file"]

MIB = 1 << 20
"""A request stays inside one mebibyte of the file, counted from the file's start."""

BLOCK = 4096
PRECISE_BLOCK = 1024


def get_file(call: IncomingCall) -> TLObject:
    """Answer with at most `limit` bytes from `offset` on; fewer, or none, where the file ends."""
    request = call.request
    check_range(request.offset, request.limit, precise=request.precise)
    locate = LOCATIONS.get(request.location.NAME)
    if locate is None:
        raise Refused(400, "LOCATION_INVALID")
    user, photo, type_ = locate(request.location, call)
    files_dc = call.dc.files_dc(user)
    if files_dc != call.dc.dc_id:
        raise Refused(303, f"FILE_MIGRATE_{files_dc}")
    data = call.dc.files.get((photo.id, type_), lambda: photo.file(type_))
    if data is None:
        raise Refused(400, "LOCATION_INVALID")
    is_jpeg = any(size.type == type_ for size in photo.sizes)
    answer: TLObject = api.types.upload.File(
        type=api.types.storage.FileJpeg() if is_jpeg else api.types.storage.FileMp4(),
        mtime=photo.date,
        bytes=data[request.offset : request.offset + request.limit],
    )
    return answer


def check_range(offset: int, limit: int, *, precise: bool) -> None:
    """Refuse with `LIMIT_INVALID` or `OFFSET_INVALID` what the documentation does not allow."""
    block = PRECISE_BLOCK if precise else BLOCK
    if limit <= 0 or limit % block or (not precise and MIB % limit):
        raise Refused(400, "LIMIT_INVALID")
    if offset < 0 or offset % block:
        raise Refused(400, "OFFSET_INVALID")
    if offset // MIB != (offset + limit - 1) // MIB:
        raise Refused(400, "LIMIT_INVALID")


def _photo_location(location: Any, call: IncomingCall) -> tuple[User, Photo, str]:
    """`inputPhotoFileLocation`: a photo of any user, with a file reference that is still good."""
    found = call.dc.world.photo(location.id)
    if found is None or found[1].access_hash != location.access_hash:
        raise Refused(400, "FILE_ID_INVALID")
    call.dc.references.check(location.file_reference, location.id)
    return *found, location.thumb_size


def _peer_photo_location(location: Any, call: IncomingCall) -> tuple[User, Photo, str]:
    """`inputPeerPhotoFileLocation`: a photo of this user, without a file reference."""
    user = find_user(location.peer, call, by_min=True)
    if user is None:
        raise Refused(400, "PEER_ID_INVALID")
    found = call.dc.world.photo(location.photo_id)
    if found is None or found[0] is not user:
        raise Refused(400, "LOCATION_INVALID")
    return *found, BIG if location.big else SMALL


def _file_location(location: Any, call: IncomingCall) -> tuple[User, Photo, str]:
    """`inputFileLocation`, of layers until 126: the photo and the letter of the size, as `former` writes them.

    Those layers know no file reference until 85, and none for the photo of a profile; so it may be empty.
    """
    found = call.dc.world.photo(location.volume_id)
    if found is None or location.secret != location_secret(location.volume_id):
        raise Refused(400, "LOCATION_INVALID")
    if location.file_reference:
        call.dc.references.check(location.file_reference, location.volume_id)
    return *found, chr(location.local_id & 0x7F)


LOCATIONS: dict[str, Callable[[Any, IncomingCall], tuple[User, Photo, str]]] = {
    "inputFileLocation": _file_location,
    "inputPhotoFileLocation": _photo_location,
    "inputPeerPhotoFileLocation": _peer_photo_location,
}
