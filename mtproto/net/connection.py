"""The asyncio shell: one client's link, pumped over TCP, with a future for each call.

One task connects and connects again; everything else happens in callbacks of the event loop: no task for a packet, no
thread but while a key is made, whose slow steps would hold up the loop.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, TypeAlias

from mtproto.errors import ConnectionLost, DeadlineExceeded, RequestCancelled
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.link import BackoffPolicy, ClientLink, Status
from mtproto.net.clock import Clock
from mtproto.net.proxies import route_to
from mtproto.net.shell import Outcome, Shell

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterable, Sequence
    from types import TracebackType

    from mtproto.crypto.rsa import RSAPublicKey
    from mtproto.link import LinkEvent, Work
    from mtproto.message.key_state import KeyState
    from mtproto.net.proxies import Proxy
    from mtproto.net.updates import Item, UpdatesDropped
    from mtproto.session import Body, Request

__all__ = ["Call", "Connection"]

logger = logging.getLogger(__name__)

CONNECT_TIME = 10.0
"""Seconds for a TCP connection to come about: beyond it another attempt is the better bet."""

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


class Connection:
    """A client's connection to one DC that outlives the TCP connections under it. Belongs to one event loop.

    Args:
        address: host and port.
        keys: the server's public keys that the caller trusts.
        dc_id: the data centre, as `ClientExchange` takes it.
        state: what an earlier connection left: with it no exchange is made.
        transport: a name of `mtproto.transport.TRANSPORTS`.
        proxy: the way there, as `mtproto.net.proxies` reads it: a tg://proxy?… link, or an `MTProxy`. Its secret may
            ask for another framing than `transport`.
        limits: what is sent, accepted and kept at most.
        backoff: how long to wait between attempts to connect.
        clock: gives Unix seconds; never steps.
        random: source of random bytes.
        on_event: told every event of the link, in the loop's thread.

    """

    def __init__(
        self,
        address: tuple[str, int],
        keys: Sequence[RSAPublicKey],
        *,
        dc_id: int = 2,
        state: KeyState | None = None,
        transport: str = "intermediate",
        proxy: str | Proxy | None = None,
        limits: Limits = DEFAULT_LIMITS,
        backoff: BackoffPolicy | None = None,
        clock: Callable[[], float] | None = None,
        random: Callable[[int], bytes] = os.urandom,
        on_event: Callable[[LinkEvent], None] | None = None,
    ) -> None:
        self.address = address
        self._route = route_to(address, proxy)
        self._clock = clock if clock is not None else Clock()
        self._link = ClientLink(
            keys,
            dc_id=dc_id,
            random=random,
            state=state,
            transport=transport,
            secret=self._route.secret,
            limits=limits,
            backoff=backoff if backoff is not None else BackoffPolicy(),
            offload=True,
        )
        self._limit = limits.unanswered_requests
        self._shell: Shell[OutcomeFuture] = Shell(limits.queued_updates, on_event)
        self._loop: asyncio.AbstractEventLoop
        self._carrier: _Carrier | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._opened: asyncio.Future[None]
        self._flush_planned = False
        self._timer: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._news = asyncio.Event()

    # Opening and closing -----------------------------------------------------------------------------------------

    @property
    def state(self) -> KeyState | None:
        """What belongs to the key, for a store; None before the first exchange has ended."""
        return self._link.state

    @property
    def is_open(self) -> bool:
        """Whether calls are taken: opened, and neither closed nor given up. It may be connecting just now."""
        return self._supervisor is not None and self._link.status is not Status.CLOSED

    @property
    def status(self) -> Status:
        """Where the link stands."""
        return self._link.status

    async def open(self, *, timeout: float | None = None) -> None:
        """Connect, and make a key if there is none. From then on lost connections are replaced without being asked.

        Args:
            timeout: seconds for all of it; None for no limit.

        Raises:
            ConnectionLost: the address can't be reached.
            ExchangeFailed: no key could be made.
            TransportError: the server refuses the key, the DC id, or so many connections.
            DeadlineExceeded: the time was over.

        """
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.create_future()
        self._supervisor = self._loop.create_task(self._supervise(), name=f"mtproto connection to {self.address[0]}")
        try:
            async with asyncio.timeout(timeout):
                await self._opened
        except TimeoutError:
            await self.close()
            raise DeadlineExceeded("the connection could not be opened in time") from None
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connection for good; calls that wait fail with `RequestCancelled`. May be called twice."""
        supervisor, self._supervisor = self._supervisor, None
        events = self._link.close()
        if supervisor is None:
            return
        self._dispatch(events)
        self._shell.fail_all(RequestCancelled("the connection was closed"))
        if self._timer is not None:
            self._timer.cancel()
        if not self._opened.done():
            self._opened.cancel()
        supervisor.cancel()
        await asyncio.wait((supervisor,))

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
        while len(self._shell.pending) >= self._limit:
            self._room.clear()
            await self._room.wait()
        self._check_open()
        request = self._link.send(body, after=after, idempotent=idempotent, want_quick_ack=want_quick_ack)
        future: OutcomeFuture = self._loop.create_future()
        self._shell.pending[request] = future
        self._plan_flush()
        return Call(request, future)

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
        if timeout is None:
            return await self._call(body, after, idempotent, want_quick_ack)
        task_limit = asyncio.timeout(timeout)
        try:
            async with task_limit:
                return await self._call(body, after, idempotent, want_quick_ack)
        except TimeoutError:
            if not task_limit.expired():
                raise
            raise DeadlineExceeded(f"no answer within {timeout:g} seconds") from None

    async def updates(self) -> AsyncIterator[Item | UpdatesDropped]:
        """Iterate over what the server sends unasked, in order of arrival, until the connection is closed.

        A reader that is too slow loses the oldest ones and is told how many (`UpdatesDropped`).
        """
        while True:
            item = self._shell.updates.take()
            if item is not None:
                yield item
            elif self._link.status is Status.CLOSED:
                return
            else:
                self._news.clear()
                await self._news.wait()

    async def _call(self, body: Body, after: Sequence[Request], idempotent: bool, want_quick_ack: bool) -> Outcome:
        call = await self.start(body, after=after, idempotent=idempotent, want_quick_ack=want_quick_ack)
        try:
            return await call
        except asyncio.CancelledError:
            if self._shell.pending.pop(call.request, None) is not None:
                self._link.cancel(call.request, self._clock())
                self._room.set()
                self._plan_flush()
            raise

    def _check_open(self) -> None:
        if self._shell.failed is not None:
            raise self._shell.failed
        if not self.is_open:
            raise ConnectionLost("the connection is not open")

    # The pump ----------------------------------------------------------------------------------------------------

    def connection_made(self, carrier: _Carrier) -> None:
        """Take a new carrier into use; for the carrier only."""
        if self._link.status is Status.CLOSED:
            carrier.abort()
            return
        self._carrier = carrier
        self._dispatch(self._link.connected(self._clock()))

    def received(self, data: bytes) -> None:
        """Take what the carrier read; for the carrier only."""
        self._dispatch(self._link.received(data, self._clock()))
        if self._link.status is Status.EXCHANGING:
            self._offload()

    def flush(self) -> None:
        """Hand to the carrier what is to be sent, as far as it takes it; for the carrier and the loop only."""
        self._flush_planned = False
        carrier = self._carrier
        while carrier is not None and carrier.writable and (data := self._link.data_to_send(self._clock())):
            carrier.write(data)
        self._set_timer()

    def connection_lost(self, carrier: _Carrier) -> None:
        """Let go of a carrier that is closed; for the carrier only."""
        if carrier is self._carrier:
            self._carrier = None
            self._shell.broken = None
            if self._link.status is not Status.CLOSED:
                self._dispatch(self._link.disconnected(self._clock()))

    def _dispatch(self, events: Iterable[LinkEvent]) -> None:
        shell = self._shell
        if events:
            shell.dispatch(events)
            self._wake_all()
        if shell.broken is not None and self._carrier is not None:
            self._carrier.abort()
        elif not self._flush_planned and self._carrier is not None:
            self._plan_flush()

    def _wake_all(self) -> None:
        """Look at what somebody may wait for: the end of `open`, room for a call, an update."""
        if not self._opened.done():
            if self._shell.failed is not None:
                self._opened.set_exception(self._shell.failed)
            elif self._link.status is Status.READY:
                self._opened.set_result(None)
        self._room.set()
        self._news.set()

    def _plan_flush(self) -> None:
        """Flush at the end of this turn of the loop: calls made meanwhile travel in the same packet."""
        if not self._flush_planned and self._carrier is not None:
            self._flush_planned = True
            self._loop.call_soon(self.flush)

    def _set_timer(self) -> None:
        deadline = self._link.next_deadline()
        if deadline is None:
            return
        when = self._loop.time() + max(0.0, deadline - self._clock())
        if self._timer is not None:
            if self._timer.when() <= when:
                return  # it comes early, does nothing and sets the next one: cheaper than a new one for each packet
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._dispatch(self._link.tick(self._clock()))
        self._set_timer()

    def _offload(self) -> None:
        """Run the next slow step of an exchange in a thread."""
        work = self._link.take_work(self._clock())
        if work is not None:
            self._loop.run_in_executor(None, work.run).add_done_callback(lambda done: self._finish(work, done))

    def _finish(self, work: Work, done: asyncio.Future[None]) -> None:
        if not done.cancelled() and self._link.status is not Status.CLOSED:
            done.result()
            self._dispatch(self._link.finish_work(work, self._clock()))
            self._offload()

    async def _supervise(self) -> None:
        """Connect whenever the link wants it, until it is closed."""
        host, port = self._route.address
        while (connect_at := self._link.connect_at) is not None:
            await asyncio.sleep(connect_at - self._clock())
            try:
                async with asyncio.timeout(CONNECT_TIME):
                    _, carrier = await self._loop.create_connection(lambda: _Carrier(self), host, port)
            except OSError as error:
                self._connection_failed(error)
            else:
                try:
                    await carrier.closed.wait()
                finally:
                    carrier.abort()
                    await carrier.closed.wait()

    def _connection_failed(self, error: OSError) -> None:
        host, port = self._route.address
        logger.info("could not connect to %s:%d: %s", host, port, error)
        if not self._opened.done():
            reason = ConnectionLost(f"could not connect to {host}:{port}: {error}")
            reason.__cause__ = error
            self._opened.set_exception(reason)
            self._link.close()
        else:
            self._dispatch(self._link.disconnected(self._clock()))


class _Carrier(asyncio.Protocol):
    """One TCP connection under a `Connection`."""

    def __init__(self, owner: Connection) -> None:
        self._owner = owner
        self._transport: asyncio.Transport
        self.writable = False
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP transport is needed")
        self._transport = transport
        self.write = transport.write
        self.writable = True
        self._owner.connection_made(self)

    def data_received(self, data: bytes) -> None:
        self._owner.received(data)

    def pause_writing(self) -> None:
        self.writable = False

    def resume_writing(self) -> None:
        self.writable = True
        self._owner.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self.writable = False
        self.closed.set()
        self._owner.connection_lost(self)

    def abort(self) -> None:
        """Close at once; what was not sent is dropped."""
        self.writable = False
        self._transport.abort()
