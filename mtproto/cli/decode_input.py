"""Bytes as people have them: hex digits in many forms, escapes, base64, dumps of `xxd` and `hexdump -C`, files."""

from __future__ import annotations

import ast
import base64
import binascii
import re
import sys
from pathlib import Path

import click

__all__ = ["read_bytes", "read_input"]

_HINT = "HEX|FILE"
_LONGEST = 64 * 1024 * 1024
"""Bytes that a dump may have: a line `*` stands for any number of equal lines."""

_DIGITS = re.compile(r"[0-9A-Fa-f]+")
_SEPARATORS = re.compile(r"[\s:,;{}\[\]-]+")
_LITERAL = re.compile(r"[bB]?(['\"]).*\1", re.DOTALL)
_ESCAPES = re.compile(r"[^'\"]*\\x[0-9A-Fa-f]{2}[^'\"]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{4,}={0,2}")
_XXD = re.compile(r"([0-9A-Fa-f]{4,}): ((?:[0-9A-Fa-f]{2,8} )*[0-9A-Fa-f]{2,8})(?:  .*)?")
_HEXDUMP = re.compile(r"([0-9A-Fa-f]{4,})((?:  ?[0-9A-Fa-f]{2})*)\s*(?:\|.*\|)?")


def read_input(source: str) -> bytes:
    """Return the bytes of an argument: the text of some bytes, a file that holds bytes or such a text, or `-`.

    Raises:
        click.BadParameter: the argument is none of these.
        OSError: the file can't be read.

    """
    if source == "-":
        return _contents(sys.stdin.buffer.read())
    found = _spelled_out(source)
    if found is not None:
        return found
    path = Path(source)
    if "\0" not in source and _is_file(path):
        return _contents(path.read_bytes())
    found = _base64(source)
    if found is None:
        raise click.BadParameter("no bytes in hex or base64, and no file", param_hint=_HINT)
    return found


def read_bytes(text: str) -> bytes | None:
    """Return the bytes that a text spells, in any known form; None if the text has none of them."""
    try:
        found = _spelled_out(text)
    except click.BadParameter:
        return None
    return _base64(text) if found is None else found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, for example
        return False


def _contents(data: bytes) -> bytes:
    """Return the bytes that the text of a file spells, or the bytes of the file itself if it is no such text."""
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return data
    found = _spelled_out(text)
    if found is None:
        found = _base64(text)
    return data if found is None else found


def _spelled_out(text: str) -> bytes | None:
    """Return the bytes of a text that is neither a name nor base64."""
    stripped = text.strip()
    for read in (_dump, _hex, _escapes):
        found = read(stripped)
        if found is not None:
            return found
    return None


def _hex(text: str) -> bytes | None:
    """Read hex digits, in one or in pieces, each with or without `0x`."""
    pieces = [piece for piece in _SEPARATORS.split(text) if piece]
    digits = [piece[2:] if piece[:2] in ("0x", "0X") else piece for piece in pieces]
    if not digits or not all(map(_DIGITS.fullmatch, digits)):
        return None
    if len(pieces) > 1 and all(
        piece[:2] in ("0x", "0X") and len(piece) <= 4 for piece in pieces
    ):  # an array in C: `0x1, 0xff`
        digits = [each.zfill(2) for each in digits]
    try:
        return bytes.fromhex("".join(digits))
    except ValueError:
        raise click.BadParameter("an odd number of hex digits", param_hint=_HINT) from None


def _escapes(text: str) -> bytes | None:
    r"""Read `\x01m\x5c`, or Python's spelling of bytes: `b'\x01m'`."""
    literal = _LITERAL.fullmatch(text) is not None
    if not literal and _ESCAPES.fullmatch(text) is None:
        return None
    spelled = f"b{text.lstrip('bB')}" if literal else f"b'{text}'"
    try:
        found = ast.literal_eval(spelled)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, bytes) else None


def _base64(text: str) -> bytes | None:
    """Read base64 of either alphabet, of whole words only, as all TL is: many names look like base64."""
    joined = "".join(text.split("\n")).strip()
    if _BASE64.fullmatch(joined) is None:
        return None
    try:
        found = base64.b64decode(joined.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error:
        return None
    return found if found and len(found) % 4 == 0 else None


def _dump(text: str) -> bytes | None:
    """Read a dump, whose lines begin with an offset: `xxd`, `hexdump -C`."""
    lines = text.splitlines()
    for form in (_XXD, _HEXDUMP):
        found = [form.fullmatch(line.strip()) or line.strip() == "*" for line in lines]
        if all(found) and (form is _XXD or "|" in text):
            return _joined([line if isinstance(line, re.Match) else None for line in found])
    return None


def _joined(lines: list[re.Match[str] | None]) -> bytes | None:
    data = bytearray()
    last, start = b"", None
    for line in lines:
        if line is None:
            continue
        offset = int(line[1], 16)
        start = offset if start is None else start
        gap = offset - start - len(data)
        if gap:  # lines that were left out, as the last one was
            if not last or gap < 0 or gap % len(last) or len(data) + gap > _LONGEST:
                raise click.BadParameter("the offsets of the dump leave something out", param_hint=_HINT)
            data += last * (gap // len(last))
        last = bytes.fromhex(line[2]) or last
        data += bytes.fromhex(line[2])
    return bytes(data) or None
