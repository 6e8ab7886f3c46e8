"""A QR code on a terminal, as PNG and as SVG: all by segno (github.com/heuer/segno), of the extra `cli`."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from mtproto.cli.errors import CommandFailed
from mtproto.cli.files import PRIVATE, write_whole

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SUFFIXES", "drawn", "write_picture"]

SUFFIXES = {".png": "png", ".svg": "svg"}
"""The pictures that can be written, by the ending of the file."""

_SCALE = 8
"""Pixels of one dark square in a picture: a phone reads it from a screen at arm's length."""


def drawn(text: str) -> str:
    """Return a QR code as lines of half blocks, light on a dark terminal, with the margin that scanners want."""
    out = io.StringIO()
    _code(text).terminal(out, compact=True)
    return out.getvalue()


def write_picture(text: str, path: Path) -> None:
    """Write a QR code into a file, whole, readable by its owner only: who scans it decides on a login.

    Args:
        text: what to draw.
        path: its ending says the kind (`SUFFIXES`).

    Raises OSError.

    """
    out = io.BytesIO()
    _code(text).save(out, kind=SUFFIXES[path.suffix.lower()], scale=_SCALE)
    write_whole(path, out.getvalue(), PRIVATE)


def _code(text: str) -> Any:
    try:
        import segno
    except ModuleNotFoundError:
        raise CommandFailed('segno is missing; install it with: pip install "mtproto-raw[cli]"') from None
    return segno.make_qr(text, error="l")
