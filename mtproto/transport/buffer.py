"""Bytes that came in and were not consumed yet, shared by all framings.

Nothing is consumed until all bytes of a request are there, so a reader that finds too few bytes asks again later.
Copies: a piece that holds whole packets is kept as it is and cut, which copies a payload once. A large payload that
was announced is put together in its final place, which copies the payload once as well. Any other payload that spans
pieces is gathered first, which copies it twice.
"""

from __future__ import annotations

from io import BytesIO

__all__ = ["ReceiveBuffer"]

LARGE = 1 << 16
"""Bytes of the smallest payload that gets a place of its own."""


class ReceiveBuffer:
    """A queue of bytes with look-ahead. One owner: the framing that made it."""

    __slots__ = ("_data", "_start", "_store")

    def __init__(self) -> None:
        self._data: bytes | bytearray = b""  # the bytes that wait; while there is a store, those behind its payload
        self._start = 0
        self._store: _Store | None = None

    def __len__(self) -> int:
        """How many bytes wait."""
        waiting = len(self._data) - self._start
        return waiting if self._store is None else waiting + self._store.held

    def append(self, piece: bytes) -> None:
        """Put a piece that came in behind the bytes that wait."""
        if self._store is not None:
            piece = self._store.fill(piece)
            if not piece:
                return
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
        if self._store is not None:
            return self._store.peek(size)
        if len(self._data) - self._start < size:
            return b""
        return bytes(self._data[self._start : self._start + size])

    def take(self, skip: int, size: int) -> bytes | None:
        """Drop `skip` bytes and return the `size` behind them; while there are fewer, drop none and return None."""
        if self._store is not None:
            return self._take_stored(skip, size)
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

    def expect(self, skip: int, size: int) -> None:
        """Announce the next `take`: a large payload is put together in its final place.

        Until that `take`, only the first bytes may be looked at, and nothing else can be taken.
        """
        if self._store is None and size >= LARGE and skip <= len(self) < skip + size:
            waiting = memoryview(self._data)[self._start :]
            self._store = _Store(bytes(waiting[:skip]), size)
            self._store.fill(waiting[skip:])
            self._data, self._start = b"", 0

    def _take_stored(self, skip: int, size: int) -> bytes | None:
        store = self._store
        if store is None or not store.complete or (len(store.head), store.size) != (skip, size):
            return None
        self._store = None
        return store.content()


class _Store:
    """A payload that is being put together.

    Attributes:
        head: the bytes before the payload.
        size: bytes of the whole payload.
        held: bytes that are here, those of the head included.

    """

    __slots__ = ("_file", "_room", "head", "held", "size")

    def __init__(self, head: bytes, size: int) -> None:
        self._file = BytesIO()  # gives what was written as bytes, without a copy
        self._room = 0
        self.head = head
        self.size = size
        self.held = len(head)

    def fill(self, piece: bytes | memoryview) -> bytes:
        """Take the bytes of `piece` that belong to the payload, and return the bytes behind them.

        Room is made for at most twice the bytes that have come: a length that was only announced costs no memory.
        """
        filled = self.held - len(self.head)
        wanted = min(len(piece), self.size - filled)
        if filled + wanted > self._room:
            self._room = min(self.size, max(2 * (filled + wanted), LARGE))
            self._file.seek(self._room - 1)
            self._file.write(b"\0")
            self._file.seek(filled)
        self._file.write(piece if wanted == len(piece) else memoryview(piece)[:wanted])
        self.held += wanted
        return b"" if wanted == len(piece) else bytes(piece[wanted:])

    @property
    def complete(self) -> bool:
        """Whether all of the payload is here."""
        return self.held == len(self.head) + self.size

    def peek(self, size: int) -> bytes:
        """Return the first bytes, from the head on; empty while fewer are held."""
        if self.held < size:
            return b""
        with self._file.getbuffer() as view:
            return self.head[:size] + bytes(view[: max(0, size - len(self.head))])

    def content(self) -> bytes:
        """Return the complete payload, without a copy."""
        return self._file.getvalue()
