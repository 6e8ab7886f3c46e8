"""TL primitives to and from bytes (core.telegram.org/mtproto/serialize#base-types).

Every function that reads takes `(data, offset)` and returns `(value, end)`. The function checks that the value with
its padding ends inside `data`, and raises `WireError` otherwise. All numbers are little-endian. Generated code does the
same inline; the exact walk of `dissect` calls these functions, and so do the rooms that read TL by hand.
"""

from __future__ import annotations

from struct import Struct

__all__ = [
    "BOOL_FALSE",
    "BOOL_TRUE",
    "MAX_BYTES",
    "VECTOR",
    "WireError",
    "escaped_bytes",
    "pack_bytes",
    "read_bytes",
    "read_double",
    "read_int",
    "read_long",
    "read_raw",
    "read_string",
    "read_uint",
    "unescaped",
]

VECTOR = 0x1CB5C415
"""The id of `vector {t:Type} # [ t ] = Vector t`."""

BOOL_TRUE = 0x997275B5
BOOL_FALSE = 0xBC799737

MAX_BYTES = (1 << 24) - 1
"""The longest `bytes` or `string`: its length takes three bytes."""

_INT = Struct("<i")
_UINT = Struct("<I")
_LONG = Struct("<q")
_DOUBLE = Struct("<d")

_PADDING = (b"\0\0\0", b"\0\0", b"\0", b"")
"""The padding of `n` bytes behind a one-byte length, by `n & 3`."""


class WireError(ValueError):
    """The bytes at an offset are too few for a primitive, or are no such primitive."""


def _need(data: bytes, offset: int, size: int, what: str) -> int:
    end = offset + size
    if offset < 0 or end > len(data):
        raise WireError(f"{what} of {size} bytes goes past the end")
    return end


def read_int(data: bytes, offset: int) -> tuple[int, int]:
    """Read an `int`: signed, 32 bits."""
    end = _need(data, offset, 4, "an int")
    return _INT.unpack_from(data, offset)[0], end


def read_uint(data: bytes, offset: int) -> tuple[int, int]:
    """Read a `#` (a count, a flags word) or a constructor id: 32 bits, taken as unsigned."""
    end = _need(data, offset, 4, "a word")
    return _UINT.unpack_from(data, offset)[0], end


def read_long(data: bytes, offset: int) -> tuple[int, int]:
    """Read a `long`: signed, 64 bits."""
    end = _need(data, offset, 8, "a long")
    return _LONG.unpack_from(data, offset)[0], end


def read_double(data: bytes, offset: int) -> tuple[float, int]:
    """Read a `double`: IEEE 754 binary64."""
    end = _need(data, offset, 8, "a double")
    return _DOUBLE.unpack_from(data, offset)[0], end


def read_raw(data: bytes, offset: int, size: int) -> tuple[bytes, int]:
    """Read an `int128` (`size` 16) or `int256` (32): opaque bytes in the order of the wire."""
    end = _need(data, offset, size, f"an int{size * 8}")
    return data[offset:end], end


def read_bytes(data: bytes, offset: int) -> tuple[bytes, int]:
    """Read `bytes`: a length of one byte (up to 253) or of 0xFE and three, the content, padding to a multiple of 4.

    The padding must be there, and may hold anything. A first byte of 255 is refused. So is the long form of a length
    below 254, since each value has one form.
    """
    _need(data, offset, 4, "a string's first word")
    length = data[offset]
    if length < 254:
        start = offset + 1
        end = start + (length | 3)
    elif length == 254:
        start = offset + 4
        length = _UINT.unpack_from(data, offset)[0] >> 8
        if length < 254:
            raise WireError(f"a string of {length} bytes has the length form of long ones")
        end = start + ((length + 3) & -4)
    else:
        raise WireError("no string starts with the byte 255")
    if end > len(data):
        raise WireError(f"a string of {length} bytes goes past the end")
    return data[start : start + length], end


def read_string(data: bytes, offset: int) -> tuple[str, int]:
    """Read a `string`: `bytes` that should be UTF-8; `unescaped` says what becomes of other bytes."""
    raw, end = read_bytes(data, offset)
    return unescaped(raw), end


def unescaped(raw: bytes) -> str:
    """Return the text of some UTF-8; a byte that is no UTF-8 becomes a lone surrogate, U+DC80 to U+DCFF (PEP 383).

    Real servers send such strings: names cut in the middle of a character, or typed in another encoding.
    """
    return raw.decode("utf-8", "surrogateescape")


def escaped_bytes(text: str) -> bytes:
    """Return the bytes that `unescaped` makes this text of. Raises UnicodeEncodeError for other lone surrogates."""
    return text.encode("utf-8", "surrogateescape")


def pack_bytes(value: bytes) -> bytes:
    """Write `bytes`: the inverse of `read_bytes`, with zero padding. Raises WireError past 2^24 - 1 bytes."""
    size = len(value)
    if size < 254:
        return bytes((size,)) + value + _PADDING[size & 3]
    if size > MAX_BYTES:
        raise WireError(f"{size} bytes are more than a length of three bytes can say")
    return _UINT.pack(size << 8 | 254) + value + bytes(-size & 3)
