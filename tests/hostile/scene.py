"""What both kinds of scenes share: when the attack begins and ends, and the attacker's connections."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Scene"]

CONNECTS_WITHIN = 5.0


class Scene:
    """One attack under way.

    Attributes:
        on: whether to go on attacking.
        short: whether to attack with less, as CI does.
        complaints: what the attacker itself found the victim to do wrong.
        notes: what it saw that is worth a line.

    """

    def __init__(self, *, short: bool) -> None:
        self.on = True
        self.short = short
        self.complaints: list[str] = []
        self.notes: list[str] = []
        self.prepared = asyncio.Event()
        self.go = asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()

    async def begin(self) -> None:
        """Say that all is prepared, and wait until the harness has measured the victim in peace."""
        self.prepared.set()
        await self.go.wait()

    def strike(self, seconds: float) -> None:
        """Let the attack begin, and end after so many seconds."""
        self.go.set()
        asyncio.get_running_loop().call_later(seconds, self._rest)

    def _rest(self) -> None:
        self.on = False

    def count(self, full: int, short: int) -> int:
        """Return how many of something to use."""
        return short if self.short else full

    async def rest(self) -> None:
        """Wait until the attack is over."""
        while self.on:
            await asyncio.sleep(0.05)

    async def connect_to(
        self, address: tuple[str, int], *, read_ahead: int | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to a victim.

        Args:
            address: host and port.
            read_ahead: bytes that the kernel may take in for a peer that does not read.

        """
        sock = socket.socket()
        sock.setblocking(False)
        if read_ahead is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, read_ahead)
        try:
            async with asyncio.timeout(CONNECTS_WITHIN):
                await asyncio.get_running_loop().sock_connect(sock, address)
            limit = 1 << 16 if read_ahead is None else read_ahead
            reader, writer = await asyncio.open_connection(sock=sock, limit=limit)
        except BaseException:
            sock.close()
            raise
        self._open.add(writer)
        return reader, writer

    def reset(self, writer: asyncio.StreamWriter) -> None:
        """End a connection with a reset."""
        sock = writer.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.drop(writer)

    def drop(self, writer: asyncio.StreamWriter) -> None:
        """End a connection at once."""
        self._open.discard(writer)
        writer.transport.abort()

    async def pour(self, writer: asyncio.StreamWriter, pieces: Iterable[bytes]) -> bool:
        """Send all of it, as fast as the victim takes it; return whether the connection still stands."""
        try:
            for piece in pieces:
                if not self.on:
                    return True
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        except ConnectionError:
            self.drop(writer)
            return False
        return not writer.is_closing()

    def close(self) -> None:
        """End all connections."""
        for writer in list(self._open):
            self.drop(writer)
