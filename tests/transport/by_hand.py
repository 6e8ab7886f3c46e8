"""The framings and the obfuscation once more, straight from the documentation, with no code of the library.

core.telegram.org/mtproto/mtproto-transports
"""

from __future__ import annotations

import hashlib
import zlib
from struct import pack

from tests.vectors.independent import ctr

__all__ = ["TAGS", "framed", "hidden", "quick_ack"]

TAGS = {"abridged": b"\xef", "intermediate": b"\xee\xee\xee\xee", "padded": b"\xdd\xdd\xdd\xdd", "full": b""}

_HEADER = 64


def framed(framing: str, payload: bytes, *, number: int = 0, marked: bool = False, padding: bytes = b"") -> bytes:
    """A packet: the number is that of full, the padding that of padded intermediate."""
    top = 1 if marked else 0
    if framing == "abridged":
        words = len(payload) // 4
        if words < 127:
            return pack("<B", words + 128 * top) + payload
        return pack("<BHB", 127 + 128 * top, words % 65536, words // 65536) + payload
    if framing == "full":
        checked = pack("<II", 4 + 4 + len(payload) + 4, number) + payload
        return checked + pack("<I", zlib.crc32(checked))
    return pack("<I", len(payload) + len(padding) + (top << 31)) + payload + padding


def quick_ack(framing: str, token: int, padding: bytes = b"") -> bytes:
    """What the server sends for a packet that it has accepted."""
    if framing == "abridged":
        return pack(">I", token)
    word = pack("<I", token)
    return word if framing == "intermediate" else framed(framing, b"\xff\xff\xff\xff" + word, padding=padding)


def hidden(header: bytes, secret: bytes | None, data: bytes, *, to_server: bool) -> bytes:
    """The bytes of one direction, from its first, encrypted or decrypted; the header is what the client sent."""
    half = header if to_server else header[::-1]
    key, iv = half[8:40], half[40:56]
    if secret is not None:
        key = hashlib.sha256(key + secret).digest()
    return ctr(data, key, iv)
