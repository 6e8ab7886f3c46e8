"""Setting and deleting profile photos (core.telegram.org/method/photos.uploadProfilePhoto)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mtproto.localdc.answers import Refused
from mtproto.localdc.handlers.upload_parts import uploaded
from mtproto.localdc.objects import photo_object, user_object
from mtproto.localdc.world import Picture, PictureFile, WorldError, jpeg_size
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.world import Photo

__all__ = ["delete_photos", "update_profile_photo", "upload_profile_photo"]

WHOLE = "c"
"""The letter of the one size that an uploaded photo has: Telegram's largest for profile photos."""

ANIMATED = "u"


def upload_profile_photo(call: IncomingCall) -> api.types.photos.Photo:
    """Let an uploaded JPEG be the newest photo of whoever calls, and perhaps an MP4 beside it.

    The file is not decoded: the photo has one size, which is the file byte for byte, and no stripped thumbnail.

    Refuses with `PHOTO_FILE_MISSING`, `IMAGE_PROCESS_FAILED` (no JPEG), `VIDEO_FILE_INVALID` (no MP4),
    `ALBUM_PHOTOS_TOO_MANY` (more bytes than an account may have),
    `BOT_INVALID` and `PHOTO_INVALID` (for a bot, and for a photo that those get who
    may not see the others: neither is served), and as `uploaded` does.
    """
    request = call.request
    _refuse_others(call)
    if request.file is None:
        raise Refused(400, "PHOTO_FILE_MISSING")
    data = uploaded(request.file, call)
    try:
        width, height = jpeg_size(data)
    except WorldError:
        raise Refused(400, "IMAGE_PROCESS_FAILED") from None
    image = PictureFile(WHOLE, width, height, data, is_marked=False)
    videos: tuple[PictureFile, ...] = ()
    if request.video is not None:
        film = uploaded(request.video, call)
        if film[4:8] != b"ftyp":
            raise Refused(400, "VIDEO_FILE_INVALID")
        videos = (PictureFile(ANIMATED, width, height, film, is_marked=False),)
    picture = Picture(stripped=b"", images=(image,), videos=videos)
    if not call.dc.shared.kept_files.make_room(call.me.id, _bytes_of(picture)):
        raise Refused(400, "ALBUM_PHOTOS_TOO_MANY")
    return _answer(_add(picture, call), call)


def update_profile_photo(call: IncomingCall) -> api.types.photos.Photo:
    """Let a photo of the album be the newest again, under an id of its own; `inputPhotoEmpty` deletes the newest.

    Refuses with `PHOTO_ID_INVALID` a photo that is not the caller's, and a file reference that is not good now.
    """
    _refuse_others(call)
    albums, named = call.dc.shared.albums, call.request.id
    if named.NAME == "inputPhotoEmpty":
        _delete([photo.id for photo in albums.of(call.me)[:1]], call)
        return _answer(None, call)
    found = albums.photo(named.id)
    if found is None or found[0] is not call.me or found[1].access_hash != named.access_hash:
        raise Refused(400, "PHOTO_ID_INVALID")
    call.dc.references.check(named.file_reference, named.id)
    _delete([named.id], call)
    return _answer(_add(found[1].picture, call), call)


def delete_photos(call: IncomingCall) -> list[int]:
    """Delete photos of the caller's album, which are named by their ids alone; return the ids of those deleted."""
    named: Any = call.request.id
    return _delete([each.id for each in named if each.NAME == "inputPhoto"], call)


def _add(picture: Picture, call: IncomingCall) -> Photo:
    """Let a picture be the newest photo; one that was uploaded is counted."""
    shared = call.dc.shared
    photo = shared.albums.add(call.me, picture, int(call.dc.clock()))
    if not all(file.is_marked for file in picture.files):
        forget = partial(shared.albums.remove, call.me, [photo.id])
        shared.kept_files.add(call.me.id, photo.id, _bytes_of(picture), forget, is_used=True)
    return photo


def _delete(photo_ids: list[int], call: IncomingCall) -> list[int]:
    shared = call.dc.shared
    removed = shared.albums.remove(call.me, photo_ids)
    for photo in removed:
        shared.kept_files.remove(photo.id)
    return [photo.id for photo in removed]


def _bytes_of(picture: Picture) -> int:
    return sum(len(file.data) for file in picture.files)


def _refuse_others(call: IncomingCall) -> None:
    if call.request.bot is not None:
        raise Refused(400, "BOT_INVALID")
    if call.request.fallback:
        raise Refused(400, "PHOTO_INVALID")


def _answer(photo: Photo | None, call: IncomingCall) -> api.types.photos.Photo:
    shown = api.types.PhotoEmpty(id=0) if photo is None else photo_object(photo, call.me, call)
    return api.types.photos.Photo(photo=shown, users=[user_object(call.me, call.me, call.dc)])
