"""Plain TCP for tests: a server that talks as it is told, and somebody who visits it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from typing import TYPE_CHECKING, Any, TypeAlias

from mtproto.net.servers.tcp_port import accept_no_more

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Talk: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
    Streams: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]

__all__ = ["lasting_address", "served", "unused_address", "visiting"]

NEVER_GIVEN = range(20_000, 32_768)
"""Ports below those that systems give to whoever takes any."""


@contextlib.asynccontextmanager
async def served(talk: Talk, **options: Any) -> AsyncIterator[tuple[str, int]]:
    """Serve on a free port, one task of `talk` for each connection, and give the address."""
    talks: list[asyncio.Task[None]] = []

    async def talk_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError):
                await talk(reader, writer)
        finally:
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.get_running_loop().create_task(talk_and_close(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()
    finally:
        await accept_no_more(server)
        server.close()
        for task in talks:
            task.cancel()
        ends = await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()
        for end in ends:
            if isinstance(end, Exception):
                raise end


@contextlib.asynccontextmanager
async def visiting(address: tuple[str, int], **options: Any) -> AsyncIterator[Streams]:
    """Connect, and leave at the end without a word."""
    reader, writer = await asyncio.open_connection(*address, **options)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def unused_address() -> tuple[str, int]:
    """Return an address that nobody listens on: a port that was given back might be anybody's a moment later."""
    return "127.0.0.1", 1


def lasting_address() -> tuple[str, int]:
    """Return an address that can be listened on, left, and listened on again: the system gives it to nobody else."""
    for port in random.sample(NEVER_GIVEN, 100):
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return "127.0.0.1", port
    raise OSError("no port is free")
