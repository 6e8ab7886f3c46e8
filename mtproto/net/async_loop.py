"""Sockets, time and threads as asyncio has them."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

from mtproto.net.socks import connect_through_async

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto.net.carrier import Address, Carrier, Owner, Route, Timer

__all__ = ["AsyncLoop", "dial"]


class AsyncLoop:
    """The running event loop, as pumps and carriers want it: a `Loop`.

    Args:
        clock: gives Unix seconds; never steps.

    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.now = clock
        self._loop = asyncio.get_running_loop()
        self._sockets: set[_Socket] = set()
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

    def open_socket(self, route: Route, owner: Owner) -> Carrier:
        """Begin to connect a TCP socket."""
        carrier = _Socket(self._loop, owner, self._sockets)
        carrier.dial(route)
        return carrier

    async def idle(self) -> None:
        """Wait until every socket is closed. Somebody has to `abort` them."""
        while self._sockets:
            await next(iter(self._sockets)).closed.wait()


class _Socket(asyncio.Protocol):
    """One TCP connection: a carrier of a stream."""

    idle = False

    def __init__(self, loop: asyncio.AbstractEventLoop, owner: Owner, peers: set[_Socket]) -> None:
        self._loop = loop
        self._owner = owner
        self._peers = peers
        self._peers.add(self)
        self._task: asyncio.Task[None]
        self._transport: asyncio.Transport | None = None
        self.writable = False
        self.closed = asyncio.Event()

    def dial(self, route: Route) -> None:
        self._task = self._loop.create_task(self._connect(route), name=f"mtproto: connect to {route}")
        self._task.add_done_callback(self._dialled)

    async def _connect(self, route: Route) -> None:
        await self._loop.create_connection(lambda: self, sock=await dial(route))

    def _dialled(self, task: asyncio.Task[None]) -> None:
        """Look what came of it; a task that was cancelled early has not even begun."""
        failure = None if task.cancelled() else task.exception()
        if self._transport is None:
            self._end(failure if isinstance(failure, Exception) else None)
        if failure is not None and not isinstance(failure, OSError):
            raise failure

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP transport is needed")
        if self.closed.is_set():  # given up in the very moment in which it came about
            transport.abort()
            return
        self._transport = transport
        self.write = transport.write
        self.writable = True
        self._owner.opened(self)

    def data_received(self, data: bytes) -> None:
        self._owner.received(data)

    def pause_writing(self) -> None:
        self.writable = False

    def resume_writing(self) -> None:
        self.writable = True
        self._owner.drained()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc)

    def abort(self) -> None:
        """Close at once; what was not sent is dropped."""
        self.writable = False
        if self._transport is not None:
            self._transport.abort()
        else:
            self._task.cancel()

    def _end(self, error: Exception | None) -> None:
        if self.closed.is_set():
            return
        self.writable = False
        self._peers.discard(self)
        self.closed.set()
        self._owner.lost(error)


async def dial(route: Route) -> socket.socket:
    """Return a socket that is connected to a route, and does not block.

    Raises:
        OSError: none of its addresses can be reached; the last failure.

    """
    failure = OSError("no address")
    for address in route.addresses:
        try:
            if route.via is not None:
                return await connect_through_async(route.via, address)
            return await _dial_one(address)
        except OSError as error:
            failure = error
    raise failure


async def _dial_one(address: Address) -> socket.socket:
    loop = asyncio.get_running_loop()
    failure = OSError("no address")
    for family, kind, protocol, _, place in await _resolve(loop, address):
        connected = socket.socket(family, kind, protocol)
        connected.setblocking(False)
        try:
            await loop.sock_connect(connected, place)
        except OSError as error:
            connected.close()
            failure = error
        except BaseException:
            connected.close()
            raise
        else:
            return connected
    raise failure


async def _resolve(loop: asyncio.AbstractEventLoop, address: Address) -> Sequence[tuple[Any, ...]]:
    host, port = address
    try:  # a number needs no thread that asks a name server
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
