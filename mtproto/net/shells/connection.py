"""The asyncio shell: one client's link, with a future for each call.

Everything happens in callbacks of the event loop: no task for a packet, no thread but while a key is made, whose slow
steps would hold up the loop.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

from mtproto.errors import DeadlineExceeded, RequestCancelled
from mtproto.link import Status
from mtproto.net.shells.async_loop import AsyncLoop
from mtproto.net.shells.shell import Outcome, Shell

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Sequence
    from types import TracebackType

    from mtproto.link import LinkEvent
    from mtproto.net.shells.update_queue import Item, UpdatesDropped
    from mtproto.session import Body, Request

__all__ = ["Call", "Connection"]

OutcomeFuture: TypeAlias = "asyncio.Future[Outcome]"


class Call:
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


class Connection(Shell[OutcomeFuture]):
    """A client's connection to one DC that outlives the carriers under it. Belongs to one event loop.

    Its arguments are those of `mtproto.net.shells.shell.Shell`.
    """

    def _prepare(self) -> None:
        self._loop: AsyncLoop | None = None
        self._room = asyncio.Event()
        self._news = asyncio.Event()

    # Opening and closing -----------------------------------------------------------------------------------------

    async def open(self, *, timeout: float | None = None) -> None:
        """Connect, and make a key if there is none. From then on lost connections are replaced without being asked.

        Args:
            timeout: seconds for all of it; None for no limit.

        Raises:
            ConnectionLost: the address can't be reached.
            ExchangeFailed: no key could be made.
            TransportError: the server refuses the key, the DC id, or so many connections.
            DeadlineExceeded: the time was over.
            LocalProtocolError: it was opened already, or is over.

        """
        self._check_unopened()
        loop = asyncio.get_running_loop()
        self._opening = opened = loop.create_future()
        self._loop = AsyncLoop(self._clock)
        self._begin(self._loop)
        try:
            async with asyncio.timeout(timeout):
                await opened
        except TimeoutError:
            error = self._too_late("the connection could not be opened in time")
            await self.close()
            raise error from error.__cause__
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connection for good; calls that wait fail with `RequestCancelled`. May be called twice.

        Once the loop that it belongs to is closed, nobody waits any more: only its sockets are closed then.
        """
        if self._loop is not None and self._loop.is_over:
            self._pending.clear()
            self._link.close()
            self._loop.close_sockets()
            return
        self._end(RequestCancelled("the connection was closed"))
        self._wake_all()
        if self._loop is not None:
            await self._loop.idle()

    async def __aenter__(self) -> Connection:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # Calls -------------------------------------------------------------------------------------------------------

    async def start(
        self, body: Body, *, after: Sequence[Request] = (), idempotent: bool = False, want_quick_ack: bool = False
    ) -> Call:
        """Send a call and don't wait for its answer, only for room while too many calls wait.

        Args:
            body: one serialized function call, or what makes it (`mtproto.session.Body`).
            after: calls that the server has to execute before this one.
            idempotent: it may be executed twice, so it may be sent again where its outcome can't be known.
            want_quick_ack: ask for a quick acknowledgement; it comes as an event.

        Raises:
            ConnectionLost: the connection is closed, or has given up.

        """
        await self._wait_for_room()
        return self._begin_call(body, after, idempotent, want_quick_ack)

    async def call(
        self,
        body: Body,
        *,
        timeout: float | None = None,
        after: Sequence[Request] = (),
        idempotent: bool = False,
        want_quick_ack: bool = False,
    ) -> Outcome:
        """Send a call and wait for its answer; many calls may wait at once.

        Args:
            body: one serialized function call, or what makes it (`mtproto.session.Body`).
            timeout: seconds until the call is given up; None for no limit.
            after: calls that the server has to execute before this one.
            idempotent: it may be executed twice, so it may be sent again where its outcome can't be known.
            want_quick_ack: ask for a quick acknowledgement; it comes as an event.

        Returns:
            `Result`, whose body is the serialized answer, or `RpcFailed`.

        Raises:
            DeadlineExceeded: the time was over. The server may have executed the call.
            OutcomeUnknown: the server can't tell any more whether it executed the call.
            RequestCancelled: the connection was closed meanwhile.
            MTProtoError: the connection has given up; the error says why.

        """
        end = None if timeout is None else asyncio.get_running_loop().time() + timeout
        if len(self._pending) >= self._limits.unanswered_requests:
            await self._wait_for_room(end)
        call = self._begin_call(body, after, idempotent, want_quick_ack)
        # A timer of our own costs half of what `asyncio.timeout` does, and there is one for each call.
        timer = None if end is None else asyncio.get_running_loop().call_at(end, self._expire, call.request)
        try:
            return await call
        except (asyncio.CancelledError, GeneratorExit):
            if self._loop is not None and not self._loop.is_over:
                self._give_up(call.request)
                self._room.set()
            raise
        finally:
            if timer is not None:
                timer.cancel()

    async def incoming(self) -> AsyncIterator[Item | UpdatesDropped]:
        """Iterate over what the server sends unasked, in order of arrival, until the connection is closed.

        A reader that is too slow loses the oldest ones and is told how many (`UpdatesDropped`).
        """
        while True:
            item = self._updates.take()
            if item is not None:
                yield item
            elif self._link.status is Status.CLOSED:
                return
            else:
                self._news.clear()
                await self._news.wait()

    async def _wait_for_room(self, end: float | None = None) -> None:
        """Wait while too many calls wait, until `end` by the loop's time at most; raises `DeadlineExceeded` then."""
        try:
            async with asyncio.timeout_at(end):
                while len(self._pending) >= self._limits.unanswered_requests:
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            raise DeadlineExceeded("there was no room for the call in time") from None

    def _begin_call(self, body: Body, after: Sequence[Request], idempotent: bool, want_quick_ack: bool) -> Call:
        if not self.is_open:
            raise self._not_open()
        request = self._link.send(body, after=after, idempotent=idempotent, want_quick_ack=want_quick_ack)
        future: OutcomeFuture = asyncio.get_running_loop().create_future()
        self._pending[request] = future
        self._flush()
        return Call(request, future)

    def _expire(self, request: Request) -> None:
        """End a call whose time is over."""
        future = self._give_up(request)
        if future is not None and not future.done():
            future.set_exception(self._too_late("no answer in time"))
        self._room.set()

    def _dispatch(self, events: Sequence[LinkEvent]) -> bool:
        broken = super()._dispatch(events)
        self._wake_all()
        return broken

    def _wake_all(self) -> None:
        """Have those look again who wait for room or for an update."""
        self._room.set()
        self._news.set()
