"""The hashes of a file by which clients verify what they fetched (core.telegram.org/constructor/fileHash)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HASHED", "HASHES", "RangeHash", "hashes_from"]

HASHED = 128 * 1024
"""Bytes of the range that a hash covers, as of Telegram's; the last range of a file is shorter."""

HASHES = 8
"""Hashes of one answer at most: those of a mebibyte."""


class RangeHash(NamedTuple):
    """The SHA-256 of `limit` bytes from `offset` on."""

    offset: int
    limit: int
    sha256: bytes


def hashes_from(offset: int, size: int, read: Callable[[int, int], bytes]) -> list[RangeHash]:
    """Return the hashes of a file, from the range on that holds `offset`; none behind its end.

    Args:
        offset: a place in the file.
        size: bytes of the file.
        read: returns bytes of the file, from an offset and a number of bytes.

    """
    first = offset // HASHED * HASHED
    found = []
    for start in range(first, min(size, first + HASHES * HASHED), HASHED):
        data = read(start, min(HASHED, size - start))
        found.append(RangeHash(start, len(data), hashlib.sha256(data).digest()))
    return found
