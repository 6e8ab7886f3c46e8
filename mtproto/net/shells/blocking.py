"""The blocking shell: one client's link, pumped by a thread of its own, with calls that wait in any other thread.

The pump's thread alone owns the link: it goes on reading, acknowledging and pinging while callers sleep. Callers hand
it what they want and wait on a future.
"""

from __future__ import annotations

import threading
import time
import warnings
import weakref
from concurrent.futures import Future
from typing import TYPE_CHECKING, ParamSpec, TypeAlias, TypeVar

from mtproto.errors import MTProtoError, RequestCancelled, own_copy
from mtproto.link import Status
from mtproto.net.shells.pump import Pump
from mtproto.net.shells.shell import Outcome, Shell
from mtproto.net.shells.thread_loop import ThreadLoop
from mtproto.session import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from mtproto.errors import DeadlineExceeded
    from mtproto.link import ClientLink, LinkEvent, PfsLink
    from mtproto.net.carriers.interfaces import Loop
    from mtproto.net.shells.update_queue import Item, UpdatesDropped
    from mtproto.session import Body

__all__ = ["BlockingCall", "BlockingConnection"]

P = ParamSpec("P")
T = TypeVar("T")

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
        return self.result_until(None if timeout is None else time.monotonic() + timeout, timeout)

    def result_until(self, end: float | None, timeout: float | None) -> Outcome:
        """Do what `result` does until `end`, by `time.monotonic`; for `BlockingConnection` only.

        The error names `timeout`, the seconds that the caller asked for.
        """
        try:
            error = self._future.exception(None if end is None else max(0.0, end - time.monotonic()))
        except TimeoutError:
            if self._future.done():
                return self.result()
            if end is None or timeout is None or time.monotonic() < end:  # out of a handler of signals
                self._owner.give_up(self.request)
                raise
            late = self._owner.give_up_late(self.request, f"no answer within {timeout:g} seconds")
            raise late from late.__cause__
        except BaseException:  # whatever a handler of signals raises
            self._owner.give_up(self.request)
            raise
        if isinstance(error, Exception):
            raise own_copy(error)  # whoever asks again, or in another thread, gets another one
        return self._future.result()


class BlockingConnection(Shell[OutcomeFuture]):
    """A client's connection to one DC that outlives the carriers under it. Any thread may use it.

    Its arguments are those of `mtproto.net.shells.shell.Shell`.
    """

    def _prepare(self) -> None:
        self._room = threading.BoundedSemaphore(self._limits.unanswered_requests)
        self._changed = threading.Condition()  # guards the updates
        self._thread: threading.Thread | None = None
        self._loop: ThreadLoop | None = None
        self._dropped: weakref.finalize[..., BlockingConnection] | None = None

    # Opening and closing -----------------------------------------------------------------------------------------

    def open(self, *, timeout: float | None = None) -> None:
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
        with self._changed:
            self._check_unopened()
            self._loop = ThreadLoop(self._clock, _weakly(self._fault, None))
        opened: Future[None] = Future()
        self._opening = opened
        name = f"mtproto: connection to {self._route}"
        arguments = (self._loop, self._link, _weakly(self._begin, None), _weakly(self._over, None))
        self._thread = threading.Thread(target=_run, args=arguments, name=name, daemon=True)
        self._dropped = weakref.finalize(self, _drop, self._loop, self._link, self._pumps, self._route.words)
        self._dropped.atexit = False
        self._thread.start()
        try:
            opened.result(timeout)
        except TimeoutError:
            error = self._too_late("the connection could not be opened in time")
            self.close()
            raise error from error.__cause__
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection for good; calls that wait fail with `RequestCancelled`. May be called twice."""
        thread, self._thread = self._thread, None
        if self._dropped is not None:
            self._dropped.detach()
        if self._loop is None:
            self._link.close()
        if thread is not None:
            self._wish(lambda: self._end(RequestCancelled("the connection was closed")))
            if thread is not threading.current_thread():
                thread.join()

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
        return self._start(Request(body, tuple(after), idempotent, want_quick_ack), None)

    def _start(self, request: Request, end: float | None) -> BlockingCall:
        """Send a call once there is room, until `end` by `time.monotonic` at most; raises `DeadlineExceeded` then."""
        if self._thread is None:
            raise self._not_open()
        room = self._room
        if not room.acquire(timeout=None if end is None else max(0.0, end - time.monotonic())):
            late = self._too_late("there was no room for the call in time")
            raise late from late.__cause__
        future: OutcomeFuture = Future()
        future.add_done_callback(lambda _: room.release())
        try:
            if not self._wish(lambda: self._add(request, future)):
                future.set_exception(self._not_open())
        except BaseException:  # whatever a handler of signals raises
            self.give_up(request)
            raise
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
            timeout: seconds until the call is given up, the wait for room included; None for no limit.
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
        end = None if timeout is None else time.monotonic() + timeout
        return self._start(Request(body, tuple(after), idempotent, want_quick_ack), end).result_until(end, timeout)

    def give_up(self, request: Request) -> None:
        """Cancel a call; for `BlockingCall` only."""
        self._wish(lambda: self._cancel(request))

    def give_up_late(self, request: Request, text: str) -> DeadlineExceeded:
        """Cancel a call, and return the error of its deadline; for `BlockingCall` only."""
        error = self._too_late(text)
        self.give_up(request)
        return error

    def incoming(self) -> Iterator[Item | UpdatesDropped]:
        """Iterate over what the server sends unasked, in order of arrival, until the connection is closed.

        A reader that is too slow loses the oldest ones and is told how many (`UpdatesDropped`).
        """
        while True:
            with self._changed:
                while (item := self._updates.take()) is None:
                    if self._link.status is Status.CLOSED:
                        return
                    self._changed.wait()
            yield item

    # What the pump's thread does ---------------------------------------------------------------------------------

    def _over(self) -> None:
        """Settle what is left, once the thread has nothing more to do."""
        self._end(self._failed or RequestCancelled("the connection was closed"))

    def _new_pump(self, link: ClientLink, loop: Loop) -> Pump:
        """Return a pump that does not keep this connection alive: whoever forgets it ends it."""
        return Pump(
            link,
            loop,
            self._route,
            _weakly(self._dispatch, False),
            _weakly(self._unreachable, None),
            _weakly(self._settle, None),
            _weakly(self._collapse, None),
        )

    def _wish(self, wish: Callable[[], None]) -> bool:
        """Have something done in the pump's thread; return False if that ends, and with it every call, by itself."""
        return self._loop is not None and self._loop.call_threadsafe(wish)

    def _add(self, request: Request, future: OutcomeFuture) -> None:
        try:
            self._link.add(request)
        except MTProtoError as error:
            future.set_exception(error if self._failed is None else self._not_open())
            return
        except Exception as error:
            future.set_exception(error)
            raise
        self._pending[request] = future
        self._flush()

    def _cancel(self, request: Request) -> None:
        future = self._pending.get(request)
        try:
            self._give_up(request)
        finally:
            if future is not None:
                future.set_exception(RequestCancelled("the call was given up"))

    def _fault(self, error: Exception) -> None:
        """Give up the connections after an exception that came from none of their pumps."""
        for pump in list(self._pumps):
            pump.fail(error)

    def _dispatch(self, events: Sequence[LinkEvent]) -> bool:
        with self._changed:
            broken = super()._dispatch(events)
            self._changed.notify_all()
        return broken


def _run(loop: ThreadLoop, link: ClientLink | PfsLink, begin: Callable[[Loop], None], over: Callable[[], None]) -> None:
    """Be the pump's thread. It must not keep the connection alive."""
    loop.call_soon(lambda: begin(loop))
    try:
        loop.run(lambda: link.status is Status.CLOSED)
    finally:
        over()


def _weakly(method: Callable[P, T], otherwise: T) -> Callable[P, T]:
    """Return a method that does not keep its object alive; without the object it returns `otherwise`."""
    reference = weakref.WeakMethod(method)

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        there = reference()
        return otherwise if there is None else there(*args, **kwargs)

    return call


def _drop(loop: ThreadLoop, link: ClientLink | PfsLink, pumps: list[Pump], words: str) -> None:
    """End a connection that was forgotten while it was open."""

    def end() -> None:
        link.close()
        for pump in pumps:
            pump.close()

    if loop.call_threadsafe(end):
        warnings.warn(f"a connection was not closed: {words}", ResourceWarning, stacklevel=2)
