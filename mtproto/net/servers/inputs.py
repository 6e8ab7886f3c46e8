"""The input of all connections of one server: whose turn it is, how much waits, where the next bytes are read to."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

from mtproto.net.servers.turns import Member, Turns

__all__ = ["Inputs"]

M = TypeVar("M", bound=Member)


class Inputs(Generic[M]):
    """What the connections of one server share while they read. Belongs to one event loop.

    Each connection keeps its own bytes until its turn comes, and tells here how many they are.

    Args:
        read: bytes that one connection may read at once, and that may wait of it before the connection is not read.
        little: the same while `much` or more waits.
        much: bytes of all connections together; None for no such bound.

    Attributes:
        turns: which connection is served next.
        total: bytes of all connections that wait for their turn.

    """

    def __init__(self, read: int, *, little: int | None = None, much: int | None = None) -> None:
        self.turns: Turns[M] = Turns(lambda callback: asyncio.get_running_loop().call_soon(callback))
        self.total = 0
        self._read = read
        self._little = read if little is None else little
        self._much = much
        self._buffer = memoryview(bytearray(read))

    @property
    def room(self) -> int:
        """Bytes that one connection may read now, and that may wait of it before the connection is not read."""
        return self._read if self._much is None or self.total < self._much else self._little

    def buffer(self) -> memoryview:
        """Return where the next bytes of any connection are read to; the reader copies them at once."""
        return self._buffer[: self.room]

    def just_read(self, size: int) -> memoryview:
        """Return the bytes that were just read."""
        return self._buffer[:size]

    def came(self, size: int) -> None:
        """Count bytes that wait from now on."""
        self.total += size

    def went(self, size: int) -> None:
        """Count bytes that wait no longer."""
        self.total -= size
