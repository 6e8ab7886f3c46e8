"""A relay on loopback between a client and a data centre: it counts bytes, holds answers back, and cuts connections."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any, Self

__all__ = ["CuttingRelay"]

_PIECE = 1 << 16


class CuttingRelay:
    """Carries bytes between clients and one address. Use it as an asynchronous context manager.

    Args:
        places: host and port of the data centre; the first that can be reached is taken.

    Attributes:
        connections: how many connections clients have made.
        sent: bytes that clients have sent.
        received: bytes that have come back, those that are held included.

    """

    def __init__(self, places: Sequence[tuple[str, int]]) -> None:
        self._places = places
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._passing = asyncio.Event()
        self._passing.set()
        self._news = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self.connections = 0
        self.sent = 0
        self.received = 0

    @property
    def address(self) -> tuple[str, int]:
        """Where clients connect to."""
        if self._server is None:
            raise RuntimeError("the relay does not listen")
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    def hold(self) -> None:
        """Hold back what the data centre sends, until the next `cut`."""
        self._passing.clear()

    async def wait_for_sent(self, count: int) -> None:
        """Wait until clients have sent so many bytes in all."""
        async with self._news:
            await self._news.wait_for(lambda: self.sent >= count)

    def cut(self) -> None:
        """End all connections at once; what was held back is lost. Later connections are carried as before."""
        for writer in self._open:
            writer.transport.abort()
        self._passing.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._visitor, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _visitor(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.connections += 1
        async with AsyncExitStack() as stack:
            stack.callback(self._end, writer)
            self._open.add(writer)
            with suppress(OSError, asyncio.CancelledError):  # cancelled at the end only
                answers, questions = await self._connect()
                stack.callback(self._end, questions)
                self._open.add(questions)
                await _first_of(self._questions(reader, questions), self._answers(answers, writer))

    def _end(self, writer: asyncio.StreamWriter) -> None:
        self._open.discard(writer)
        writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        *first, last = self._places
        for host, port in first:
            with suppress(OSError):
                return await asyncio.open_connection(host, port)
        return await asyncio.open_connection(*last)

    async def _questions(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_PIECE):
            writer.write(data)
            await writer.drain()
            self.sent += len(data)
            async with self._news:
                self._news.notify_all()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_PIECE):
            self.received += len(data)
            await self._passing.wait()
            writer.write(data)
            await writer.drain()


async def _first_of(*directions: Coroutine[Any, Any, None]) -> None:
    """Carry both directions until one of them ends."""
    tasks = [asyncio.create_task(direction) for direction in directions]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
