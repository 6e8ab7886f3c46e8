"""How the asyncio connection waits: futures, timers and events of one event loop.

Everything happens in callbacks of the event loop: no task for a packet, and no thread except while a key is made, since
the slow steps of an exchange would hold up the loop.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from mtproto.errors import RequestCancelled
from mtproto.net.shells.async_loop import AsyncLoop
from mtproto.net.shells.calls_under_way import Outcome
from mtproto.net.shells.connection_core import ConnectionCore
from mtproto.net.shells.update_queue import UpdateQueue

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from mtproto.crypto import RSAPublicKey
    from mtproto.limits import Limits
    from mtproto.net.options import ConnectionOptions
    from mtproto.net.route_options import Destination
    from mtproto.net.shells.update_queue import Item, UpdatesDropped
    from mtproto.session import Request

__all__ = ["AsyncDriver", "AsyncIncoming", "StartedCall"]

OutcomeFuture: TypeAlias = "asyncio.Future[Outcome]"


class StartedCall:
    """A call that is under way; awaiting it gives its outcome.

    Attributes:
        request: its handle, for `after=` of other calls.

    """

    __slots__ = ("_future", "request")

    def __init__(self, request: Request, future: OutcomeFuture) -> None:
        self.request = request
        self._future = future

    def __await__(self) -> Generator[None, None, Outcome]:
        return self._future.__await__()


class AsyncIncoming:
    """What the server sends unasked, on its way to the tasks that read it.

    Args:
        limits: bound what waits.

    """

    def __init__(self, limits: Limits) -> None:
        self._queue = UpdateQueue(limits)
        self._news = asyncio.Event()
        self._over = False

    def put(self, item: Item) -> None:
        """Queue an item, and wake the readers."""
        self._queue.put(item)
        self._news.set()

    def end(self) -> None:
        """Let the readers go once the queue is empty."""
        self._over = True
        self._news.set()

    async def next(self) -> Item | UpdatesDropped | None:
        """Return the oldest item, once there is one; None once nothing more will come."""
        while (item := self._queue.take()) is None and not self._over:
            self._news.clear()
            await self._news.wait()
        return item


class AsyncDriver:
    """Runs one connection on the event loop in which it is opened. One owner: its `Connection`.

    Args:
        address: as `Connection` takes it.
        keys: likewise.
        options: the other options.

    Attributes:
        core: the connection apart from the waiting.
        incoming: what the server sends unasked.

    """

    def __init__(self, address: Destination, keys: Sequence[RSAPublicKey], options: ConnectionOptions) -> None:
        self._loop: AsyncLoop | None = None
        self._most = options.limits.unanswered_requests
        self._room = asyncio.Event()
        self.incoming = AsyncIncoming(options.limits)
        self.core: ConnectionCore[OutcomeFuture] = ConnectionCore(address, keys, options, self.incoming, self._room.set)
        self._calls = self.core.calls

    def begin(self) -> asyncio.Future[None]:
        """Begin to connect; return the future of its end.

        Raises:
            LocalProtocolError: the connection was opened already, or is over.

        """
        self.core.check_unopened()
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loop = AsyncLoop(self.core.clock)
        self.core.prepare(self._loop, opened, self.core)
        self.core.begin()
        return opened

    async def wait(self, opened: asyncio.Future[None], timeout: float | None) -> None:
        """Wait for the future of `begin`, for so many seconds at most; raises `TimeoutError` then."""
        async with asyncio.timeout(timeout):
            await opened

    async def close(self) -> None:
        """Close the connection, and wait until its sockets are closed.

        Once the event loop is closed, nobody waits any more: only the sockets are closed then.
        """
        if self._loop is not None and self._loop.is_over:
            self.core.abandon()
            self._loop.close_sockets()
            return
        self.core.end(RequestCancelled("the connection was closed"))
        self._room.set()
        if self._loop is not None:
            await self._loop.idle()

    # Calls -------------------------------------------------------------------------------------------------------

    def until(self, timeout: float | None) -> float | None:
        """Return when so many seconds will be over, by the time of the event loop."""
        return None if timeout is None else asyncio.get_running_loop().time() + timeout

    async def start(self, request: Request, until: float | None, timeout: float | None) -> StartedCall:
        """Send a call once there is room, until `until` at most.

        Raises:
            DeadlineExceeded: there was no room in time.
            MTProtoError: the connection is not open.

        """
        if len(self._calls) >= self._most:
            await self._wait_for_room(until)
        if not self.core.is_open:
            raise self.core.not_open()
        future: OutcomeFuture = asyncio.get_running_loop().create_future()
        self.core.send(request, future)
        return StartedCall(request, future)

    async def outcome(self, call: StartedCall, until: float | None, timeout: float | None) -> Outcome:
        """Wait for the outcome of a call, until `until` at most. A call whose caller is cancelled is given up."""
        # A timer of our own costs half of what `asyncio.timeout` does, and there is one for each call.
        timer = None if until is None else asyncio.get_running_loop().call_at(until, self._expire, call.request)
        try:
            return await call
        except (asyncio.CancelledError, GeneratorExit):
            if self._loop is not None and not self._loop.is_over:
                self.core.give_up(call.request)
                self._room.set()
            raise
        finally:
            if timer is not None:
                timer.cancel()

    async def _wait_for_room(self, until: float | None) -> None:
        """Wait while too many calls are under way; raises `DeadlineExceeded` once the time is over."""
        try:
            async with asyncio.timeout_at(until):
                while len(self._calls) >= self._most:
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            late = self.core.too_late("there was no room for the call in time")
            raise late from late.__cause__

    def _expire(self, request: Request) -> None:
        """End a call whose time is over."""
        future = self.core.give_up(request)
        if future is not None and not future.done():
            future.set_exception(self.core.too_late("no answer in time"))
        self._room.set()
