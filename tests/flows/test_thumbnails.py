"""Thumbnails that need no call, and the names of what moves; the public vectors run in `tests/test_vectors.py`."""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.flows import (
    BadThumbnail,
    animations_of,
    jpeg_of_stripped,
    outline_path,
    svg_of_outline,
    thumbnail_of,
)
from mtproto.flows.thumbnails import OUTLINE_LETTERS, STRIPPED_HEADER
from tl import api, load_layer

t = api.types
STRIPPED = bytes.fromhex("010808b1f2f95fed673451457033ad1f")
PNG = b"\x89PNG\r\n\x1a\nrest"
JPEG = b"\xff\xd8\xff\xe0rest"
HEADER_SHA256 = "c2d6c960e35c3d94de4a0d85a39e0d9def693ee107fa374354960f2df47d82d4"
STICKERS = t.InputStickerSetShortName(short_name="Animals")


def photo(*sizes: Any, videos: list[Any] | None = None) -> Any:
    return t.Photo(id=1, access_hash=2, file_reference=b"", date=3, sizes=list(sizes), video_sizes=videos, dc_id=2)


def document(*thumbs: Any) -> Any:
    return t.Document(
        id=1, access_hash=2, file_reference=b"", date=3, mime_type="", size=1, thumbs=[*thumbs], dc_id=2, attributes=[]
    )


def cached(data: bytes, side: int) -> Any:
    return t.PhotoCachedSize(type="s", w=side, h=side, bytes=data)


def stripped(data: bytes = STRIPPED) -> Any:
    return t.PhotoStrippedSize(type="i", bytes=data)


def outline(data: bytes) -> Any:
    return t.PhotoPathSize(type="j", bytes=data)


def test_the_header_is_the_one_that_all_clients_use() -> None:
    assert hashlib.sha256(STRIPPED_HEADER).hexdigest() == HEADER_SHA256


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda data: b"\x01" + data))
def test_a_stripped_thumbnail_is_a_jpeg_of_its_size_or_refused(data: bytes) -> None:
    if len(data) < 3 or data[0] != 1 or 0 in data[1:3]:
        with pytest.raises(BadThumbnail):
            jpeg_of_stripped(data)
        return
    jpeg = jpeg_of_stripped(data)
    assert len(jpeg) == len(data) + 622
    assert jpeg[163:167] == bytes([0, data[1], 0, data[2]])
    assert jpeg[623:] == data[3:] + b"\xff\xd9"


@pytest.mark.parametrize(
    "data", [b"", b"\x01", b"\x01\x08", b"\x02" + STRIPPED[1:], b"\x01\x00\x08x", b"\x01\x08\x00x"]
)
def test_bytes_that_are_no_stripped_thumbnail_are_refused_by_a_named_error(data: bytes) -> None:
    with pytest.raises(BadThumbnail, match=f"{len(data)} bytes"):
        jpeg_of_stripped(data)
    assert thumbnail_of(photo(stripped(data))) is None


def test_an_image_library_reads_what_a_stripped_thumbnail_becomes() -> None:
    image_module = pytest.importorskip("PIL.Image")
    with image_module.open(io.BytesIO(jpeg_of_stripped(STRIPPED))) as image:
        image.load()
        assert image.size == (8, 8)


@given(st.binary(min_size=1, max_size=300))
def test_an_outline_is_a_path_of_few_letters_and_its_document_is_well_formed(data: bytes) -> None:
    path = outline_path(data)
    assert re.fullmatch(r"M[A-Za-z0-9.,-]*z", path)
    root = ET.fromstring(svg_of_outline(data))
    assert root.attrib["viewBox"] == "0 0 512 512"
    assert [child.attrib["d"] for child in root] == [path]


def test_each_byte_of_an_outline_stands_for_a_letter_or_a_number() -> None:
    assert outline_path(bytes([5, 63, 64, 64 + 63, 128, 128 + 63])) == "M563-0-63,0,63z"
    assert outline_path(bytes(range(192, 256))) == f"M{OUTLINE_LETTERS}z"


def test_an_outline_of_no_bytes_is_refused() -> None:
    for make in (outline_path, svg_of_outline):
        with pytest.raises(BadThumbnail):
            make(b"")
    assert thumbnail_of(document(outline(b""))) is None


@pytest.mark.parametrize(
    ("thing", "kind", "media_type", "size"),
    [
        (photo(stripped(), cached(PNG, 90), cached(JPEG, 100)), "cached", "image/jpeg", (100, 100)),
        (photo(cached(PNG, 90)), "cached", "image/png", (90, 90)),
        (photo(cached(b"RIFF\0\0\0\0WEBPVP8 ", 9)), "cached", "image/webp", (9, 9)),
        (photo(cached(b"GIF89a", 9)), "cached", "image/gif", (9, 9)),
        (photo(cached(b"<script>", 90), stripped()), "stripped", "image/jpeg", (8, 8)),
        (document(outline(b"\x01"), stripped()), "stripped", "image/jpeg", (8, 8)),
        (document(outline(b"\x01")), "outline", "image/svg+xml", (512, 512)),
        (t.UserProfilePhoto(photo_id=1, stripped_thumb=STRIPPED, dc_id=2), "stripped", "image/jpeg", (8, 8)),
        (t.ChatPhoto(photo_id=1, stripped_thumb=STRIPPED, dc_id=2), "stripped", "image/jpeg", (8, 8)),
    ],
)
def test_the_best_thumbnail_of_an_object(thing: Any, kind: str, media_type: str, size: tuple[int, int]) -> None:
    found = thumbnail_of(thing)
    assert found is not None
    assert (found.kind, found.media_type, (found.width, found.height)) == (kind, media_type, size)
    assert found.media_type != "image/jpeg" or found.data.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    "thing",
    [
        photo(),
        photo(t.PhotoSize(type="a", w=1, h=1, size=1), t.PhotoSizeEmpty(type="s")),
        t.PhotoEmpty(id=1),
        t.UserProfilePhotoEmpty(),
        t.UserProfilePhoto(photo_id=1, dc_id=2),
        t.Document(id=1, access_hash=2, file_reference=b"", date=3, mime_type="", size=1, dc_id=2, attributes=[]),
        None,
        "text",
    ],
)
def test_what_holds_no_thumbnail_gives_none(thing: object) -> None:
    assert thumbnail_of(thing) is None


def test_objects_of_older_layers_have_thumbnails_too() -> None:
    old = load_layer(133).types
    found = thumbnail_of(
        old.Photo(
            id=1,
            access_hash=2,
            file_reference=b"",
            date=3,
            sizes=[old.PhotoStrippedSize(type="i", bytes=STRIPPED)],
            dc_id=2,
        )
    )
    assert found is not None
    assert found.kind == "stripped"


def test_what_moves_has_a_name() -> None:
    colours = [0x5CAFFA, 0x1000000 | 0x00FF00, -1, 4, 5, 6]
    videos = [
        t.VideoSize(type="u", w=640, h=640, size=1000, video_start_ts=1.5),
        t.VideoSize(type="v", w=160, h=160, size=100),
        t.VideoSize(type="f", w=512, h=512, size=100),
        t.VideoSize(type="\x1b", w=1, h=1, size=1),
        t.VideoSizeEmojiMarkup(emoji_id=5368, background_colors=colours),
        t.VideoSizeStickerMarkup(stickerset=STICKERS, sticker_id=77, background_colors=[]),
        t.VideoSizeStickerMarkup(
            stickerset=t.InputStickerSetID(id=9, access_hash=424242), sticker_id=7, background_colors=[1]
        ),
        t.VideoSizeStickerMarkup(stickerset=t.InputStickerSetAnimatedEmoji(), sticker_id=7, background_colors=[1]),
    ]
    found = animations_of(photo(videos=videos))
    assert [each.name for each in found] == [
        "animated profile picture 640x640",
        "video preview 160x160",
        "effect of a premium sticker 512x512",
        "video of type '\\x1b' 1x1",
        "custom emoji 5368 on #5caffa, #00ff00, #ffffff, #000004",
        "sticker 77 of the set Animals",
        "sticker 7 of set 9 on #000001",
        "sticker 7 of a set of Telegram's (inputStickerSetAnimatedEmoji) on #000001",
    ]
    assert [each.kind for each in found] == ["file"] * 4 + ["emoji"] + ["sticker"] * 3
    assert [each.media_type for each in found[:4]] == ["video/mp4", "video/mp4", "application/x-tgsticker", "video/mp4"]
    assert (found[0].start, found[0].size, found[1].start) == (1.5, 1000, 0.0)
    assert (found[4].id, found[5].id, found[4].type) == (5368, 77, "")
    assert animations_of(photo()) == animations_of(None) == []
