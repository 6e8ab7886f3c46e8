"""A minimal MP4 writer (ISO/IEC 14496-12 and -14): one video track whose samples are JPEG pictures.

JPEG is a registered object type of MP4 (0x6C), so a real, playable file can be made without a video encoder. The files
stand in for animated profile pictures; what a client sees of them is bytes, and their SHA-256.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["mp4_of_jpegs"]

UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
TIMESCALE = 1000
"""Ticks in a second: durations are milliseconds."""


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name) + body


def _full_box(name: bytes, flags: int, *parts: bytes) -> bytes:
    return _box(name, struct.pack(">I", flags), *parts)


def _descriptor(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes([tag, len(body)]) + body


def _sample_entry(width: int, height: int) -> bytes:
    """Build `mp4v` with an `esds` that says: a visual stream of JPEG pictures."""
    config = _descriptor(4, struct.pack(">BBBHII", 0x6C, 0x11, 0, 0, 0, 0))
    esds = _full_box(b"esds", 0, _descriptor(3, struct.pack(">HB", 1, 0), config, _descriptor(6, b"\x02")))
    visual = struct.pack(">6xH16xHHIIIH32sHh", 1, width, height, 0x480000, 0x480000, 0, 1, b"", 24, -1)
    return _box(b"mp4v", visual, esds)


def _sample_table(frames: Sequence[bytes], width: int, height: int, frame_ms: int, data_offset: int) -> bytes:
    return _box(
        b"stbl",
        _full_box(b"stsd", 0, struct.pack(">I", 1), _sample_entry(width, height)),
        _full_box(b"stts", 0, struct.pack(">III", 1, len(frames), frame_ms)),
        _full_box(b"stsc", 0, struct.pack(">IIII", 1, 1, len(frames), 1)),
        _full_box(b"stsz", 0, struct.pack(">II", 0, len(frames)), *(struct.pack(">I", len(f)) for f in frames)),
        _full_box(b"stco", 0, struct.pack(">II", 1, data_offset)),
    )


def _movie(frames: Sequence[bytes], width: int, height: int, frame_ms: int, data_offset: int) -> bytes:
    duration = frame_ms * len(frames)
    movie_header = struct.pack(">IIIIIH10x36s24xI", 0, 0, TIMESCALE, duration, 0x10000, 0x100, UNITY_MATRIX, 2)
    track_header = struct.pack(
        ">IIIIIQhhHH36sII", 0, 0, 1, 0, duration, 0, 0, 0, 0, 0, UNITY_MATRIX, width << 16, height << 16
    )
    media = _box(
        b"mdia",
        _full_box(b"mdhd", 0, struct.pack(">IIIIHH", 0, 0, TIMESCALE, duration, 0x55C4, 0)),
        _full_box(b"hdlr", 0, struct.pack(">I4s12x", 0, b"vide"), b"pictures\0"),
        _box(
            b"minf",
            _full_box(b"vmhd", 1, bytes(8)),
            _box(b"dinf", _full_box(b"dref", 0, struct.pack(">I", 1), _full_box(b"url ", 1))),
            _sample_table(frames, width, height, frame_ms, data_offset),
        ),
    )
    track = _box(b"trak", _full_box(b"tkhd", 3, track_header), media)
    return _box(b"moov", _full_box(b"mvhd", 0, movie_header), track)


def mp4_of_jpegs(frames: Sequence[bytes], width: int, height: int, frame_ms: int) -> bytes:
    """Return an MP4 file that shows the JPEG files `frames` one after the other, each for `frame_ms` milliseconds."""
    file_type = _box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isommp41")
    # The movie's length does not depend on the offset inside it, so one draft tells where the data will start.
    draft = _movie(frames, width, height, frame_ms, 0)
    movie = _movie(frames, width, height, frame_ms, len(file_type) + len(draft) + 8)
    return file_type + movie + _box(b"mdat", *frames)
