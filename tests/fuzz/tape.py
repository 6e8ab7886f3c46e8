"""Bytes read from the front as choices, so that one string can say what to do and with what.

Reading past the end gives zeros: every input means something, and cutting one short only makes it do less.
"""

from __future__ import annotations

__all__ = ["Tape", "pieces"]


class Tape:
    """An input that is being read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        """Whether anything is left."""
        return self._at < len(self._data)

    def take(self, size: int) -> bytes:
        """Return the next bytes, fewer if there are fewer."""
        start = self._at
        self._at += size
        return self._data[start : self._at]

    def number(self, size: int = 1, *, signed: bool = False) -> int:
        """Return the next little-endian number of that many bytes."""
        return int.from_bytes(self.take(size).ljust(size, b"\0"), "little", signed=signed)

    def block(self) -> bytes:
        """Return bytes behind a length of two bytes."""
        return self.take(self.number(2))

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self._data))


def pieces(data: bytes, sizes: bytes) -> list[bytes]:
    """Cut data into pieces of `sizes[i] + 1` bytes, over and over; without sizes it is one piece."""
    if not sizes:
        return [data]
    cut, at, turn = [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)] + 1
        cut.append(data[at : at + size])
        at, turn = at + size, turn + 1
    return cut
