"""Bytes that came in and were not consumed yet, shared by all framings.

Nothing is consumed until all that was asked for is there, so a reader that finds too little simply asks again later.
Copies: a piece that holds whole packets is kept as it is and cut, which copies a payload once; only a payload that
spans pieces is gathered first, which makes two.
"""

from __future__ import annotations

__all__ = ["ReceiveBuffer"]


class ReceiveBuffer:
    """A queue of bytes with look-ahead. One owner: the framing that made it."""

    __slots__ = ("_data", "_start")

    def __init__(self) -> None:
        self._data: bytes | bytearray = b""
        self._start = 0

    def __len__(self) -> int:
        """How many bytes wait."""
        return len(self._data) - self._start

    def append(self, piece: bytes) -> None:
        """Put what came in behind what waits."""
        data = self._data
        if self._start >= len(data):
            self._data, self._start = piece, 0
            return
        if not isinstance(data, bytearray):
            self._data = data = bytearray(memoryview(data)[self._start :])
        elif self._start:
            del data[: self._start]  # moves no bytes: a bytearray only shifts where it begins
        self._start = 0
        data += piece

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes and leave them where they are; empty while there are fewer."""
        if len(self._data) - self._start < size:
            return b""
        return bytes(self._data[self._start : self._start + size])

    def take(self, skip: int, size: int) -> bytes | None:
        """Drop `skip` bytes and return the `size` behind them; while there are fewer, drop none and return None."""
        begin = self._start + skip
        end = begin + size
        data = self._data
        if end > len(data):
            return None
        taken = data[begin:end] if isinstance(data, bytes) else bytes(memoryview(data)[begin:end])
        if end == len(data):
            self._data, self._start = b"", 0
        else:
            self._start = end
        return taken
