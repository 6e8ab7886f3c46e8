"""Sockets, time and threads as asyncio has them."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import TYPE_CHECKING

from mtproto.net.carriers import connect_through_async
from mtproto.net.streams import as_stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.net.carriers import Owner, Place, Socket, Timer

__all__ = ["AsyncLoop"]


class AsyncLoop:
    """The running event loop, as a `Loop` for pumps and carriers.

    Args:
        clock: gives Unix seconds; never steps.

    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.now = clock
        self.sleep: Callable[[float], None] = time.sleep
        self._loop = asyncio.get_running_loop()
        self._sockets: set[_AsyncSocket] = set()
        self.call_soon: Callable[[Callable[[], None]], object] = self._loop.call_soon

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call it at that time."""
        return self._loop.call_at(self._loop.time() + max(0.0, when - self.now()), callback)

    def run_slow(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """Run `work` in a thread, so that the loop goes on."""

        def finished(future: asyncio.Future[None]) -> None:
            if not future.cancelled():
                future.result()
                done()

        self._loop.run_in_executor(None, work).add_done_callback(finished)

    run_waiting = run_slow

    def open_socket(self, place: Place, owner: Owner) -> Socket:
        """Begin to connect a TCP socket."""
        carrier = _AsyncSocket(self._loop, owner, self._sockets)
        carrier.connect(place)
        return carrier

    @property
    def is_over(self) -> bool:
        """Whether the event loop is closed, so that it can't be used any more."""
        return self._loop.is_closed()

    def close_sockets(self) -> None:
        """Give the sockets back once the event loop is closed."""
        sockets = list(self._sockets)
        self._sockets.clear()
        for carrier in sockets:
            carrier.give_back()

    async def idle(self) -> None:
        """Wait until every socket is closed. The caller has begun to close them all."""
        while self._sockets:
            await next(iter(self._sockets)).closed.wait()


class _AsyncSocket(asyncio.Protocol):
    """One TCP connection: a carrier of a stream."""

    idle = False
    stage = "TCP does not connect"

    def __init__(self, loop: asyncio.AbstractEventLoop, owner: Owner, peers: set[_AsyncSocket]) -> None:
        self._loop = loop
        self._owner = owner
        self._peers = peers
        self._peers.add(self)
        self._task: asyncio.Task[None]
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._closing = False
        self.writable = False
        self.closed = asyncio.Event()

    def connect(self, place: Place) -> None:
        self._task = self._loop.create_task(self._connect(place), name=f"mtproto: connect to {place}")
        self._task.add_done_callback(self._connected)

    async def _connect(self, place: Place) -> None:
        connected = await (_reach(place) if place.via is None else connect_through_async(place.via, place.address))
        self._socket = connected
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does not, for a socket that is given
        await self._loop.create_connection(lambda: self, sock=connected)

    def _connected(self, task: asyncio.Task[None]) -> None:
        """Take the end of the task that connects. A task that was cancelled early has not even begun."""
        failure = None if task.cancelled() else task.exception()
        if self._transport is None:
            self._end(failure if isinstance(failure, Exception) else None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = stream = as_stream(transport)
        if self._closing:  # given up in the moment in which it was opened
            stream.abort()
            return
        self.write = stream.write
        self.writable = True
        self._owner.opened(self)

    def data_received(self, data: bytes) -> None:
        self._owner.received(data)

    def pause_reading(self) -> None:
        """Read nothing more for now. Until reading goes on, the end of the connection is not noticed either."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def pause_writing(self) -> None:
        self.writable = False

    def resume_writing(self) -> None:
        self.writable = True
        self._owner.drained()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def give_back(self) -> None:
        """Close the socket without its event loop."""
        self._closing = True
        self.writable = False
        if self._socket is not None:
            self._socket.close()

    def abort(self) -> None:
        """Close at once; what was not sent is dropped."""
        self._closing = True
        self.writable = False
        if self._transport is not None:
            self._transport.abort()
        else:
            self._task.cancel()

    def close(self) -> None:
        """Close at once: TCP has no last message."""
        self.abort()

    def _end(self, error: Exception | None) -> None:
        if self.closed.is_set():
            return
        self.writable = False
        self._peers.discard(self)
        self.closed.set()
        self._owner.lost(error)


async def _reach(place: Place) -> socket.socket:
    """Return a socket that is connected to a place, and does not block; raises `OSError` if there is no way."""
    connected = socket.socket(place.family, socket.SOCK_STREAM)
    try:
        connected.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connected, place.sockaddr)
    except BaseException as error:
        connected.close()
        if isinstance(error, OSError) and error.errno is not None:
            raise OSError(error.errno, os.strerror(error.errno)) from None  # without asyncio's words around it
        raise
    return connected
