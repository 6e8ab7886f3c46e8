"""Where the bytes of a document come from: they are made as they are asked for, read from a disk, or kept."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Protocol

from mtproto.errors import OptionError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DiskContent", "FileContent", "GivenContent", "StreamedContent"]

BLOCK = 4096
"""Bytes of a block of a streamed content: the smallest part that clients ask for without `precise`."""

BLOCKS = 256
"""Blocks after which the bytes come round again, but for those that number the block."""

MARK = 16
"""Bytes at the start of each block: the seed and the number of the block (each 8 bytes, little-endian)."""


class FileContent(Protocol):
    """Bytes that can be read at any place."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read(self, offset: int, limit: int) -> bytes:
        """Return up to `limit` bytes from `offset` on; fewer where the content ends."""


class StreamedContent:
    """Bytes that follow from a seed and their place, so that a file of any size costs no memory.

    Every block of 4,096 bytes has a number inside: a part at a wrong place is not the right one.

    Args:
        size: how many bytes.
        seed: contents of other seeds differ in every block.

    """

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self._seed = (seed % (1 << 64)).to_bytes(8, "little")

    def read(self, offset: int, limit: int) -> bytes:
        """Return up to `limit` bytes from `offset` on."""
        end = min(offset + limit, self.size)
        if end <= offset:
            return b""
        first, last = offset // BLOCK, (end - 1) // BLOCK
        data = bytearray(_blocks(first % BLOCKS, last - first + 1))
        for number in range(first, last + 1):
            at = (number - first) * BLOCK
            data[at : at + MARK] = self._seed + number.to_bytes(8, "little")
        skipped = offset - first * BLOCK
        return bytes(data[skipped : skipped + end - offset])


@cache
def _period() -> bytes:
    """Return the bytes that come round again: a mebibyte of noise, which does not pack."""
    return hashlib.shake_128(b"documents of the local DC").digest(BLOCKS * BLOCK)


def _blocks(first: int, count: int) -> bytes:
    period = _period()
    start = first * BLOCK
    data = period[start : start + count * BLOCK]
    while len(data) < count * BLOCK:
        data += period[: count * BLOCK - len(data)]
    return data


class DiskContent:
    """The bytes of a file on disk, which is opened for each part; it is not to change.

    Raises `OptionError` where there is no such file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self.size = path.stat().st_size
        except OSError as error:
            raise OptionError(f"{path}: {error.strerror or error}", "path") from None

    def read(self, offset: int, limit: int) -> bytes:
        """Return up to `limit` bytes from `offset` on. Raises `OSError` where the file can't be read."""
        with self._path.open("rb") as file:
            file.seek(offset)
            return file.read(limit)


class GivenContent:
    """Bytes that are kept in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self._data)

    def read(self, offset: int, limit: int) -> bytes:
        """Return up to `limit` bytes from `offset` on."""
        return self._data[offset : offset + limit]
