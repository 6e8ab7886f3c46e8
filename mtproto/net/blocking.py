"""The blocking shell: one client's link, pumped by a thread of its own, with calls that wait in any other thread.

The pump thread alone owns the link: it goes on reading, acknowledging and pinging while callers sleep. Callers hand
it what they want through a queue and wait on a future.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import socket
import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeAlias

from mtproto.errors import ConnectionLost, DeadlineExceeded, MTProtoError, RequestCancelled
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.link import BackoffPolicy, ClientLink, Status
from mtproto.net.clock import Clock
from mtproto.net.proxies import route_to
from mtproto.net.shell import Outcome, Shell
from mtproto.session import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import TracebackType

    from mtproto.crypto.rsa import RSAPublicKey
    from mtproto.link import LinkEvent
    from mtproto.message.key_state import KeyState
    from mtproto.net.proxies import Proxy
    from mtproto.net.updates import Item, UpdatesDropped
    from mtproto.session import Body

__all__ = ["BlockingCall", "BlockingConnection"]

logger = logging.getLogger(__name__)

CONNECT_TIME = 10.0
"""Seconds for a TCP connection to come about: beyond it another attempt is the better bet."""

READ_SIZE = 256 * 1024
"""Bytes read at once: what asyncio takes, too."""

OutcomeFuture: TypeAlias = "Future[Outcome]"


class BlockingCall:
    """A call that is under way.

    Attributes:
        request: its handle, for `after=` of other calls.

    """

    __slots__ = ("_future", "_owner", "request")

    def __init__(self, owner: BlockingConnection, request: Request, future: OutcomeFuture) -> None:
        self._owner = owner
        self._future = future
        self.request = request

    def result(self, timeout: float | None = None) -> Outcome:
        """Wait for the outcome. When `timeout` seconds are over, or the wait is interrupted, the call is given up.

        Raises:
            DeadlineExceeded: the time was over.
            MTProtoError: as in `BlockingConnection.call`.

        """
        try:
            return self._future.result(timeout)
        except TimeoutError:
            if self._future.done():
                return self._future.result()
            self._owner.give_up(self.request)
            raise DeadlineExceeded(f"no answer within {timeout:g} seconds") from None
        except KeyboardInterrupt:
            self._owner.give_up(self.request)
            raise


class BlockingConnection:
    """A client's connection to one DC that outlives the TCP connections under it. Any thread may use it.

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
        on_event: told every event of the link, in the pump's thread.

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
        )
        self._shell: Shell[OutcomeFuture] = Shell(limits.queued_updates, on_event)
        self._room = threading.BoundedSemaphore(limits.unanswered_requests)
        self._changed = threading.Condition()  # guards the shell's updates
        self._opened: Future[None] = Future()
        self._wishes: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()  # between the last look at the wishes and the end of the thread
        self._over = False
        self._thread: threading.Thread | None = None
        self._wake: _Wake | None = None

    # Opening and closing -----------------------------------------------------------------------------------------

    @property
    def state(self) -> KeyState | None:
        """What belongs to the key, for a store; None before the first exchange has ended."""
        return self._link.state

    @property
    def is_open(self) -> bool:
        """Whether calls are taken: opened, and neither closed nor given up. It may be connecting just now."""
        return self._thread is not None and self._link.status is not Status.CLOSED

    @property
    def status(self) -> Status:
        """Where the link stands."""
        return self._link.status

    def open(self, *, timeout: float | None = None) -> None:
        """Connect, and make a key if there is none. From then on lost connections are replaced without being asked.

        Args:
            timeout: seconds for all of it; None for no limit.

        Raises:
            ConnectionLost: the address can't be reached.
            ExchangeFailed: no key could be made.
            TransportError: the server refuses the key, the DC id, or so many connections.
            DeadlineExceeded: the time was over.

        """
        self._wake = _Wake()
        self._thread = threading.Thread(target=self._run, name=f"mtproto connection to {self.address[0]}", daemon=True)
        self._thread.start()
        try:
            self._opened.result(timeout)
        except TimeoutError:
            self.close()
            raise DeadlineExceeded("the connection could not be opened in time") from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection for good; calls that wait fail with `RequestCancelled`. May be called twice."""
        thread, self._thread = self._thread, None
        if thread is not None and self._wake is not None:
            self._wish(self._close_link)
            if thread is not threading.current_thread():
                thread.join()
                self._wake.close()

    def __enter__(self) -> BlockingConnection:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Calls -------------------------------------------------------------------------------------------------------

    def start(
        self, body: Body, *, after: Sequence[Request] = (), idempotent: bool = False, want_quick_ack: bool = False
    ) -> BlockingCall:
        """Send a call and don't wait for its answer, only for room while too many calls wait.

        The arguments are those of `call`.

        Raises:
            ConnectionLost: the connection is not open.

        """
        if self._thread is None:
            raise self._shell.failed or ConnectionLost("the connection is not open")
        self._room.acquire()
        request = Request(body, tuple(after), idempotent, want_quick_ack)
        future: OutcomeFuture = Future()
        future.add_done_callback(lambda _: self._room.release())
        self._wish(lambda: self._add(request, future))
        return BlockingCall(self, request, future)

    def call(
        self,
        body: Body,
        *,
        timeout: float | None = None,
        after: Sequence[Request] = (),
        idempotent: bool = False,
        want_quick_ack: bool = False,
    ) -> Outcome:
        """Send a call and wait for its answer; calls of many threads may wait at once.

        Args:
            body: one serialized function call, or what makes it (`mtproto.session.Body`; called in the pump's thread).
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
        call = self.start(body, after=after, idempotent=idempotent, want_quick_ack=want_quick_ack)
        return call.result(timeout)

    def give_up(self, request: Request) -> None:
        """Cancel a call; for `BlockingCall` only."""
        self._wish(lambda: self._cancel(request))

    def updates(self) -> Iterator[Item | UpdatesDropped]:
        """Iterate over what the server sends unasked, in order of arrival, until the connection is closed.

        A reader that is too slow loses the oldest ones and is told how many (`UpdatesDropped`).
        """
        while True:
            with self._changed:
                while (item := self._shell.updates.take()) is None:
                    if self._link.status is Status.CLOSED:
                        return
                    self._changed.wait()
            yield item

    # What the pump's thread does ---------------------------------------------------------------------------------

    def _wish(self, wish: Callable[[], None]) -> None:
        """Have something done in the pump's thread; once that has ended, nobody else owns the link: do it here."""
        with self._lock:
            if not self._over and self._wake is not None:
                self._wishes.append(wish)
                self._wake.up()
                return
        wish()

    def _add(self, request: Request, future: OutcomeFuture) -> None:
        try:
            self._link.add(request)
        except MTProtoError as error:
            future.set_exception(error)
        else:
            self._shell.pending[request] = future

    def _cancel(self, request: Request) -> None:
        future = self._shell.pending.pop(request, None)
        if future is not None:
            self._link.cancel(request, self._clock())
            future.set_exception(RequestCancelled("the call was given up"))

    def _close_link(self) -> None:
        self._dispatch(self._link.close())
        self._shell.fail_all(RequestCancelled("the connection was closed"))

    def _dispatch(self, events: Iterable[LinkEvent]) -> None:
        if not events:
            return
        with self._changed:
            self._shell.dispatch(events)
            self._changed.notify_all()
        if not self._opened.done():
            if self._shell.failed is not None:
                self._opened.set_exception(self._shell.failed)
            elif self._link.status is Status.READY:
                self._opened.set_result(None)

    def _fulfil(self) -> None:
        while self._wishes:
            self._wishes.popleft()()

    def _run(self) -> None:
        """Be the pump's thread."""
        try:
            with selectors.DefaultSelector() as selector:
                self._supervise(selector)
        finally:
            with self._lock:
                self._over = True
            self._dispatch(self._link.close())
            self._fulfil()
            reason = self._shell.failed or RequestCancelled("the connection was closed")
            self._shell.fail_all(reason)
            if not self._opened.done():
                self._opened.set_exception(reason)

    def _supervise(self, selector: selectors.BaseSelector) -> None:
        """Connect whenever the link wants it, until it is closed."""
        if self._wake is not None:
            selector.register(self._wake, selectors.EVENT_READ)
        while (connect_at := self._link.connect_at) is not None:
            wait = connect_at - self._clock()
            if wait > 0:
                self._sleep(selector, wait)
                continue
            carrier = self._connect()
            if carrier is not None:
                with carrier:
                    self._dispatch(self._link.connected(self._clock()))
                    self._pump(selector, carrier)
                self._shell.broken = None
            if self._link.status is not Status.CLOSED:
                self._dispatch(self._link.disconnected(self._clock()))

    def _connect(self) -> socket.socket | None:
        host, port = self._route.address
        try:
            carrier = socket.create_connection((host, port), CONNECT_TIME)
        except OSError as error:
            logger.info("could not connect to %s:%d: %s", host, port, error)
            if not self._opened.done():
                self._link.close()
                reason = ConnectionLost(f"could not connect to {host}:{port}: {error}")
                reason.__cause__ = error
                self._opened.set_exception(reason)
            return None
        carrier.setblocking(False)
        carrier.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return carrier

    def _sleep(self, selector: selectors.BaseSelector, seconds: float | None) -> list[socket.socket]:
        """Wait for a socket, a wish or the time, fulfil the wishes, and return the sockets that can be read."""
        ready = [key.fileobj for key, mask in selector.select(seconds) if mask & selectors.EVENT_READ]
        if self._wake in ready:
            self._wake.down()
        self._fulfil()
        return [carrier for carrier in ready if isinstance(carrier, socket.socket)]

    def _pump(self, selector: selectors.BaseSelector, carrier: socket.socket) -> None:
        """Move bytes between the carrier and the link until either has had enough."""
        selector.register(carrier, selectors.EVENT_READ)
        try:
            unsent = b""
            while self._shell.broken is None and self._link.status is not Status.CLOSED:
                unsent = self._send(carrier, unsent)
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if unsent else 0)
                selector.modify(carrier, wanted)
                if self._sleep(selector, self._time_left()):
                    data = carrier.recv(READ_SIZE)
                    if not data:
                        return
                    self._dispatch(self._link.received(data, self._clock()))
                if self._time_left() == 0:
                    self._dispatch(self._link.tick(self._clock()))
        except OSError as error:
            logger.info("the connection ended: %s", error)
        finally:
            selector.unregister(carrier)

    def _send(self, carrier: socket.socket, unsent: bytes) -> bytes:
        """Send as much as the carrier takes, and return what it left of the last piece."""
        while unsent or (unsent := self._link.data_to_send(self._clock())):
            try:
                unsent = unsent[carrier.send(unsent) :]
            except BlockingIOError:
                return unsent
        return b""

    def _time_left(self) -> float | None:
        deadline = self._link.next_deadline()
        return None if deadline is None else max(0.0, deadline - self._clock())


class _Wake:
    """Wakes a thread that waits in a selector. `up` is for any thread, the rest for the one that waits."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        """Return what the selector watches."""
        return self._reader.fileno()

    def up(self) -> None:
        """Wake the thread."""
        with contextlib.suppress(BlockingIOError, OSError):  # full: it will wake anyway; closed: it has ended
            self._writer.send(b"\0")

    def down(self) -> None:
        """Forget that somebody woke it."""
        with contextlib.suppress(BlockingIOError):
            self._reader.recv(4096)

    def close(self) -> None:
        """Give the sockets back."""
        self._reader.close()
        self._writer.close()
