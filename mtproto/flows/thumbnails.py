"""Thumbnails that need no call: they stand inside the objects that name a picture (core.telegram.org/api/files).

Pure functions from bytes to bytes and texts. What a server sends may be anything: a thumbnail that can't be shown is
`BadThumbnail` where a caller asks for that one, and passed over where a caller asks for the best.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mtproto.flows.errors import BadThumbnail

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Thumbnail", "jpeg_of_stripped", "media_type_of", "outline_path", "svg_of_outline", "thumbnail_of"]

STRIPPED_HEADER = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300281c1e231e19282321232d2b28303c64413c37373c7b585d496491"
    "8099968f808c8aa0b4e6c3a0aadaad8a8cc8ffcbdaeef5ffffff9bc1fffffffaffe6fdfff8ffdb0043012b2d2d3c353c76414176"
    "f8a58ca5f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8"
    "f8f8ffc00011080000000003012200021101031101ffc4001f000001050101010101010000000000000000010203040506070809"
    "0a0bffc400b5100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c115"
    "52d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768696a"
    "737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9ca"
    "d2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffc4001f01000301010101010101010100000000000001"
    "02030405060708090a0bffc400b51100020102040403040705040400010277000102031104052131061241510761711322328108"
    "144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a434445464748494a53545556575859"
    "5a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9"
    "bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9faffda000c03010002110311003f00"
)
"""The start of every stripped thumbnail's JPEG file: tables of libjpeg's quality 20, and zeros for height and width."""

_HEIGHT, _WIDTH = 164, 166  # the low bytes of the two numbers in the header's frame segment (ITU-T T.81, B.2.2)
_END = b"\xff\xd9"

OUTLINE_LETTERS = "AACAAAAHAAALMAAAQASTAVAAAZaacaaaahaaalmaaaqastava.az0123456789-,"
"""What the bytes from 192 on stand for in an outline."""

OUTLINE_SIDE = 512
"""Width and height of the plane that outlines are drawn on."""

_SIGNATURES = (
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
)


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture that came inside an object.

    Attributes:
        kind: which of the three forms it came in: a whole small image, a stripped JPEG, or an outline.
        media_type: `image/jpeg`, `image/png`, `image/gif`, `image/webp` or `image/svg+xml`.
        data: the file.
        width: pixels, as the server declares them.
        height: pixels.

    """

    kind: Literal["cached", "stripped", "outline"]
    media_type: str
    data: bytes = field(repr=False)
    width: int
    height: int


def jpeg_of_stripped(stripped: bytes) -> bytes:
    """Return the JPEG file of a `photoStrippedSize` or a `stripped_thumb`: 622 bytes more than came.

    The picture's own data is not looked at: it may be no picture in the end, and an image library says so.

    Args:
        stripped: a byte 1, the height, the width, then the data of the scan.

    Raises:
        BadThumbnail: the bytes are of another version, or too few, or a side is 0.

    """
    if len(stripped) < 3 or stripped[0] != 1 or not stripped[1] or not stripped[2]:
        raise BadThumbnail(
            f"{len(stripped)} bytes that start with {stripped[:3].hex() or 'nothing'}: no thumbnail of version 1"
        )
    header = bytearray(STRIPPED_HEADER)
    header[_HEIGHT], header[_WIDTH] = stripped[1], stripped[2]
    return b"".join((header, stripped[3:], _END))


def outline_path(outline: bytes) -> str:
    """Return the `d` of an SVG `path` for a `photoPathSize`: ASCII letters, digits, `.`, `-` and `,` alone.

    Raises:
        BadThumbnail: there are no bytes.

    """
    if not outline:
        raise BadThumbnail("an outline of no bytes")
    return f"M{''.join(map(_OUTLINE.__getitem__, outline))}z"


def _outline_piece(byte: int) -> str:
    if byte >= 192:
        return OUTLINE_LETTERS[byte - 192]
    return f"{',' if byte >= 128 else '-' if byte >= 64 else ''}{byte & 63}"


_OUTLINE = tuple(map(_outline_piece, range(256)))


def svg_of_outline(outline: bytes) -> bytes:
    """Return a whole SVG document (ASCII) for a `photoPathSize`, in a light grey on nothing.

    Raises:
        BadThumbnail: there are no bytes.

    """
    side = OUTLINE_SIDE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="0 0 {side} {side}">'
        f'<path fill="#8884" d="{outline_path(outline)}"/></svg>'
    ).encode("ascii")


def media_type_of(data: bytes) -> str | None:
    """Return the media type of a small image by its first bytes: JPEG, PNG, GIF or WebP; None for anything else."""
    return next((name for sign, at, name in _SIGNATURES if data.startswith(sign, at)), None)


def thumbnail_of(thing: object) -> Thumbnail | None:
    """Return the best thumbnail that an object holds: the largest whole image, or the stripped one, or the outline.

    Args:
        thing: a `photo`, a `document`, a `userProfilePhoto` or a `chatPhoto` of any layer.

    Returns:
        None where the object holds no thumbnail, or none that can be shown.

    """
    found = list(_thumbnails(thing))
    return max(found, key=lambda each: (_RANKS[each.kind], each.width * each.height), default=None)


_RANKS = {"cached": 2, "stripped": 1, "outline": 0}


def _thumbnails(thing: Any) -> Iterator[Thumbnail]:
    """Give the thumbnails of an object that can be shown."""
    alone = getattr(thing, "stripped_thumb", None)
    if isinstance(alone, bytes):
        yield from _thumbnail("photoStrippedSize", alone, 0, 0)
    for size in [*(getattr(thing, "sizes", None) or ()), *(getattr(thing, "thumbs", None) or ())]:
        data = getattr(size, "bytes", None)
        if isinstance(data, bytes):
            yield from _thumbnail(size.NAME, data, getattr(size, "w", 0), getattr(size, "h", 0))


def _thumbnail(name: str, data: bytes, width: int, height: int) -> Iterator[Thumbnail]:
    """Give the thumbnail of a `PhotoSize` that has bytes; nothing where it can't be shown."""
    try:
        if name == "photoStrippedSize":
            yield Thumbnail("stripped", "image/jpeg", jpeg_of_stripped(data), data[2], data[1])
        elif name == "photoPathSize":
            yield Thumbnail("outline", "image/svg+xml", svg_of_outline(data), OUTLINE_SIDE, OUTLINE_SIDE)
        elif name == "photoCachedSize" and (media_type := media_type_of(data)) is not None:
            yield Thumbnail("cached", media_type, data, max(width, 0), max(height, 0))
    except BadThumbnail:
        return
