"""What the benchmarks measure on: a `photos.photosSlice` like the ones that Telegram answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tl import api

if TYPE_CHECKING:
    from tl import Schema, TLObject

__all__ = ["get_user_photos", "photos_slice"]

_MIX = 0x9E3779B97F4A7C15


def _long(seed: int) -> int:
    """Return a number that uses all 64 bits, the same at every run."""
    mixed = (seed + 1) * _MIX & 0xFFFFFFFFFFFFFFFF
    return (mixed ^ mixed >> 29) - (1 << 63)


def _blob(seed: int, size: int) -> bytes:
    return b"".join([_long(seed * 1000 + index).to_bytes(8, "little", signed=True) for index in range(size // 8 + 1)])[
        :size
    ]


def _photo(types: Any, index: int) -> TLObject:
    sizes = [
        types.PhotoStrippedSize(type="i", bytes=_blob(index, 120)),
        types.PhotoSize(type="a", w=160, h=160, size=6_000 + index),
        types.PhotoSize(type="b", w=320, h=320, size=20_000 + index),
        types.PhotoSizeProgressive(type="c", w=640, h=640, sizes=[8_000, 16_000, 24_000, 40_000, 60_000 + index]),
    ]
    videos = [
        types.VideoSize(type="u", w=800, h=800, size=300_000 + index, video_start_ts=0.5),
        types.VideoSize(type="v", w=480, h=480, size=90_000 + index, video_start_ts=0.25),
    ]
    photo: TLObject = types.Photo(
        id=_long(index),
        access_hash=_long(index + 5_000),
        file_reference=_blob(index + 100, 61),
        date=1_600_000_000 + index * 86_400,
        sizes=sizes,
        video_sizes=videos if index % 3 == 0 else None,
        dc_id=2,
    )
    return photo


def photos_slice(schema: Schema | None = None, photos: int = 100) -> TLObject:
    """Return a slice of so many photos and their user; 100 photos make 575 objects and about 34 KB.

    `schema` is the packaged layer unless another one is given.
    """
    types = (schema or api.schema).types
    user = types.User(
        **{"self": True},  # noqa: PIE804 - `self=True` would do as well, but reads like a mistake
        contact=True,
        premium=True,
        id=_long(77) >> 12 & 0xFFFFFFFFFF,
        access_hash=_long(78),
        first_name="Ada",
        last_name="Lovelace",
        username="ada_lovelace",
        phone="888000001",
        photo=types.UserProfilePhoto(photo_id=_long(0), stripped_thumb=_blob(7, 40), dc_id=2),
        status=types.UserStatusOnline(expires=1_700_000_000),
        emoji_status=types.EmojiStatus(document_id=_long(79)),
        usernames=[types.Username(username="ada", active=True)],
        color=types.PeerColor(color=5, background_emoji_id=_long(80)),
    )
    made: TLObject = types.photos.PhotosSlice(
        count=photos + 150, photos=[_photo(types, index) for index in range(photos)], users=[user]
    )
    return made


def get_user_photos(schema: Schema | None = None) -> TLObject:
    """Return the request that such a slice answers."""
    schema = schema or api.schema
    made: TLObject = schema.functions.photos.GetUserPhotos(
        user_id=schema.types.InputUserSelf(), offset=0, max_id=0, limit=100
    )
    return made
