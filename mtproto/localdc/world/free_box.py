"""What the world needs to know of MP4 files (ISO/IEC 14496-12): a box at the end that players skip."""

from __future__ import annotations

import struct

__all__ = ["add_free_box"]


def add_free_box(data: bytes, text: str) -> bytes:
    """Return the file with a box at its end that players skip; it grows by 8 bytes and the length of `text` (ASCII)."""
    body = text.encode("ascii")
    return data + struct.pack(">I4s", 8 + len(body), b"free") + body
