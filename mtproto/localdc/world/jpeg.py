"""What the world needs to know of JPEG files (ITU-T T.81): where their segments and scans end.

Reads and cuts bytes; decodes no picture and needs no imaging library.
"""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import TYPE_CHECKING

from mtproto.localdc.world.errors import WorldError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["insert_comment", "jpeg_size", "scan_borders", "segments", "stripped"]

SOI, EOI, SOS, COM, APP0 = 0xD8, 0xD9, 0xDA, 0xFE, 0xE0

FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of the segment that holds the size of the picture: SOF0 to SOF15, without DHT, JPG and DAC."""

HEADERS = 256
"""Segments among which the size is looked for, so that a made-up file makes little work."""

STRIPPED_HEADER_SIZE = 623
"""Bytes that a receiver puts back in front of a stripped thumbnail."""

STRIPPED_HEADER_SHA256 = "c2d6c960e35c3d94de4a0d85a39e0d9def693ee107fa374354960f2df47d82d4"
"""SHA-256 of those bytes, with zeros for height and width."""


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Walk a JPEG file: give (marker, start, end) for each segment, in order.

    `start` is the offset of the 0xff in front of the marker; `end` is where the next segment starts. The entropy-coded
    data behind a start of scan belongs to that segment. Raises `WorldError` where the bytes are no JPEG file.
    """
    if data[:2] != b"\xff\xd8":
        raise WorldError("not a JPEG file: it does not start with ff d8")
    yield SOI, 0, 2
    start = 2
    while start < len(data):
        if data.startswith(b"\xff\xd9", start):
            yield EOI, start, start + 2
            return
        if data[start] != 0xFF or start + 4 > len(data):
            raise WorldError(f"not a JPEG file: no segment at byte {start}")
        marker = data[start + 1]
        end = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
        if marker == SOS:
            end = _scan_end(data, end)
        yield marker, start, end
        start = end
    raise WorldError("the JPEG file is cut: it has no end marker")


def _scan_end(data: bytes, offset: int) -> int:
    """Return where the entropy-coded data ends: at the first marker that is neither stuffing nor a restart."""
    while (offset := data.find(b"\xff", offset)) >= 0 and offset + 1 < len(data):
        follower = data[offset + 1]
        if follower != 0 and not 0xD0 <= follower <= 0xD7:
            return offset
        offset += 2
    raise WorldError("the JPEG file is cut: a scan has no end")


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG file in pixels, as its header says; nothing behind the header is looked at.

    Raises `WorldError` where the bytes begin as no JPEG file does.
    """
    start = 2
    for _ in range(HEADERS):
        marker = data[start + 1 : start + 2]
        if data[:2] != b"\xff\xd8" or data[start : start + 1] != b"\xff" or not marker or marker[0] == SOS:
            break
        if marker[0] in FRAMES:
            height, width = (int.from_bytes(data[at : at + 2], "big") for at in (start + 5, start + 7))
            if not (height and width):
                break
            return width, height
        start += 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    raise WorldError("not a JPEG file: it has no header with the size of the picture")


def scan_borders(data: bytes) -> list[int]:
    """Return the offset behind each scan, rising: cut there, a progressive file shows a picture of lower quality."""
    return [end for marker, _, end in segments(data) if marker == SOS]


def insert_comment(data: bytes, text: str) -> bytes:
    """Return the file with one comment segment more, behind SOI and APP0; it shows the same picture.

    The file grows by 4 bytes and the length of `text` (ASCII).
    """
    marker, _, end = next(islice(segments(data), 1, None))
    at = end if marker == APP0 else 2
    body = text.encode("ascii")
    return b"".join((data[:at], b"\xff", bytes([COM]), (len(body) + 2).to_bytes(2, "big"), body, data[at:]))


def stripped(data: bytes, width: int, height: int) -> bytes:
    """Return the stripped form of a small JPEG file that was written with the fixed tables of stripped thumbnails.

    That is: a byte 1, the height, the width (at most 40 pixels each), and the entropy-coded data without its end
    marker (core.telegram.org/api/files#stripped-thumbnails). Raises `WorldError` when the header is not the fixed one.
    """
    start, end = list(segments(data))[-2][1:]
    header = data[:163] + bytes(4) + data[167:STRIPPED_HEADER_SIZE]
    if hashlib.sha256(header).hexdigest() != STRIPPED_HEADER_SHA256 or start > STRIPPED_HEADER_SIZE:
        raise WorldError("the thumbnail was not written with the tables of stripped thumbnails")
    if max(width, height) > 40:
        raise WorldError(f"a stripped thumbnail of {width}x{height}: 40 pixels is the most")
    return bytes([1, height, width]) + data[STRIPPED_HEADER_SIZE:end]
