"""A user's profile photos (core.telegram.org/method/photos.getUserPhotos)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused
from mtproto.localdc.objects import find_user, photo_object, relation, user_object
from mtproto.session import wire
from tl import api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.world import Photo, User
    from tl import TLObject

__all__ = ["get_user_photos", "get_written_user_photos", "window"]

PAGE = 100
"""The most photos of one answer: what clients take Telegram's limit to be."""


def get_user_photos(call: IncomingCall) -> TLObject:
    """Answer with a page of photos, newest first.

    `photos.photos` when the page is all that there is, `photos.photosSlice` with the count of all otherwise.
    Refuses with `USER_ID_INVALID` and `MAX_ID_INVALID`.
    """
    return _page(*_asked_for(call), call)


def get_written_user_photos(call: IncomingCall) -> bytes:
    """Answer as `get_user_photos` does, with a page that was written, and packed, before.

    A page of a hundred photos takes milliseconds to build, write and pack. It is the same for all to whom the user
    stands the same way, until file references expire.
    """
    user, first, last = _asked_for(call)
    stands, dc = relation(user, call.me, call.dc), call.dc
    version = dc.shared.albums.version(user), dc.references.generation
    key = (user.id, stands, first, last, call.layer.number, version)
    return call.dc.pages.get(
        key, lambda: wire.gzip_if_shorter(call.layer.encode(_page(user, first, last, call), "photos.Photos"))
    )


def _asked_for(call: IncomingCall) -> tuple[User, int, int]:
    request = call.request
    user = find_user(request.user_id, call)
    if user is None:
        raise Refused(400, "USER_ID_INVALID")
    return user, *window(call.dc.shared.albums.of(user), request.offset, request.max_id, request.limit)


def window(photos: Sequence[Photo], offset: int, max_id: int, limit: int) -> tuple[int, int]:
    """Return the part of the list that a request asks for, as indices: the first, and the one behind the last.

    `max_id` (if not 0) leaves only photos with a lower id; `offset` skips that many of these. A negative `offset` goes
    back towards newer ones from a `max_id` that is a photo's: -1 with a limit of 1 is that photo itself. `limit` is
    cut to 0…100.
    """
    limit = min(max(limit, 0), PAGE)
    if max_id < 0 or (offset < 0 and all(photo.id != max_id for photo in photos)):
        raise Refused(400, "MAX_ID_INVALID")
    start = offset
    if max_id:
        start += sum(photo.id >= max_id for photo in photos)
    total = len(photos)
    return min(max(start, 0), total), min(max(start + limit, 0), total)


def _page(user: User, first: int, last: int, call: IncomingCall) -> TLObject:
    album = call.dc.shared.albums.of(user)
    photos = [photo_object(photo, user, call) for photo in album[first:last]]
    users = [user_object(user, call.me, call.dc)]
    answer: TLObject
    if len(photos) == len(album):
        answer = api.types.photos.Photos(photos=photos, users=users)
    else:
        answer = api.types.photos.PhotosSlice(count=len(album), photos=photos, users=users)
    return answer
