"""A user's profile photos (core.telegram.org/method/photos.getUserPhotos)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.calls import Refused
from mtproto.localdc.objects import find_user, photo_object, user_object
from tl import api

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.localdc.calls import Call
    from mtproto.localdc.world.model import Photo, User
    from tl import TLObject

__all__ = ["get_user_photos"]

PAGE = 100
"""The most photos of one answer: what clients take Telegram's limit to be."""


def get_user_photos(call: Call) -> bytes:
    """Answer with a page of photos, newest first.

    `photos.photos` when the page is all that there is, `photos.photosSlice` with the count of all otherwise.
    Refuses with `USER_ID_INVALID` and `MAX_ID_INVALID`.
    """
    request = call.request
    user = find_user(request.user_id, call)
    if user is None:
        raise Refused(400, "USER_ID_INVALID")
    first, last = window(user.photos, request.offset, request.max_id, request.limit)
    # A page of 100 photos takes milliseconds to build and write; it is the same for every caller until file
    # references expire, so it is written once.
    key = (user.id, user is call.user, first, last, call.layer.number, call.desk.references.generation)
    return call.desk.pages.get(key, lambda: call.layer.encode(_page(user, first, last, call), "photos.Photos"))


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


def _page(user: User, first: int, last: int, call: Call) -> TLObject:
    photos = [photo_object(photo, call) for photo in user.photos[first:last]]
    users = [user_object(user, call)]
    answer: TLObject
    if len(photos) == len(user.photos):
        answer = api.types.photos.Photos(photos=photos, users=users)
    else:
        answer = api.types.photos.PhotosSlice(count=len(user.photos), photos=photos, users=users)
    return answer
