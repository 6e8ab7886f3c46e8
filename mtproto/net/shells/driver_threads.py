"""How the blocking connection waits: a thread pumps the link, and callers sleep in their own threads.

The pump's thread alone owns the link: it goes on reading, acknowledging and pinging while callers sleep. Callers hand
it what they want done, and wait on a future.
"""

from __future__ import annotations

import threading
import time
import warnings
import weakref
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeAlias

from mtproto.errors import MTProtoError, RequestCancelled, own_copy
from mtproto.link import LinkStatus
from mtproto.net.shells.calls_under_way import Outcome
from mtproto.net.shells.connection_core import ConnectionCore
from mtproto.net.shells.thread_loop import ThreadLoop
from mtproto.net.shells.update_queue import UpdateQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto.crypto import RSAPublicKey
    from mtproto.errors import ConnectionLost, DeadlineExceeded
    from mtproto.limits import Limits
    from mtproto.link import LinkEvent
    from mtproto.net.options import ConnectionOptions
    from mtproto.net.route_options import Destination
    from mtproto.net.shells.update_queue import Item, UpdatesDropped
    from mtproto.session import Request

__all__ = ["BlockingCall", "ThreadDriver", "ThreadIncoming"]

OutcomeFuture: TypeAlias = "Future[Outcome]"


class BlockingCall:
    """A call that is under way.

    Attributes:
        request: its handle, for `after=` of other calls.

    """

    __slots__ = ("_driver", "_future", "request")

    def __init__(self, driver: ThreadDriver, request: Request, future: OutcomeFuture) -> None:
        self._driver = driver
        self._future = future
        self.request = request

    def result(self, timeout: float | None = None) -> Outcome:
        """Wait for the outcome. When `timeout` seconds are over, or the wait is interrupted, the call is given up.

        Raises:
            DeadlineExceeded: the time was over.
            MTProtoError: as in `BlockingConnection.call`.

        """
        return self.result_until(None if timeout is None else time.monotonic() + timeout, timeout)

    def result_until(self, until: float | None, timeout: float | None) -> Outcome:
        """Do what `result` does until `until`, by `time.monotonic`; for the driver only.

        The error names `timeout`, the seconds that the caller asked for.
        """
        try:
            error = self._future.exception(None if until is None else max(0.0, until - time.monotonic()))
        except TimeoutError:
            if self._future.done():
                return self.result()
            if until is None or timeout is None or time.monotonic() < until:  # out of a handler of signals
                self._driver.give_up(self.request)
                raise
            late = self._driver.give_up_late(self.request, f"no answer within {timeout:g} seconds")
            raise late from late.__cause__
        except BaseException:  # whatever a handler of signals raises
            self._driver.give_up(self.request)
            raise
        if isinstance(error, Exception):
            raise own_copy(error)  # whoever asks again, or in another thread, gets another one
        return self._future.result()


class ThreadIncoming:
    """What the server sends unasked, on its way to the threads that read it.

    Args:
        limits: bound what waits.

    """

    def __init__(self, limits: Limits) -> None:
        self._queue = UpdateQueue(limits)
        self._changed = threading.Condition()
        self._over = False

    def put(self, item: Item) -> None:
        """Queue an item, and wake the readers."""
        with self._changed:
            self._queue.put(item)
            self._changed.notify_all()

    def end(self) -> None:
        """Let the readers go once the queue is empty."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def next(self) -> Item | UpdatesDropped | None:
        """Return the oldest item, once there is one; None once nothing more will come."""
        with self._changed:
            while (item := self._queue.take()) is None and not self._over:
                self._changed.wait()
        return item


class ThreadDriver:
    """Runs one connection in a thread of its own. One owner: its `BlockingConnection`, which any thread may use.

    Nothing of the thread keeps the driver alive: a connection that is forgotten while it is open ends.

    Args:
        address: as `BlockingConnection` takes it.
        keys: likewise.
        options: the other options.

    Attributes:
        core: the connection apart from the waiting.
        incoming: what the server sends unasked.

    """

    def __init__(self, address: Destination, keys: Sequence[RSAPublicKey], options: ConnectionOptions) -> None:
        self.incoming = ThreadIncoming(options.limits)
        self.core: ConnectionCore[OutcomeFuture] = ConnectionCore(address, keys, options, self.incoming, _no_notice)
        self._room = threading.BoundedSemaphore(options.limits.unanswered_requests)
        self._opening = threading.RLock()  # a handler of signals may close what its thread is opening
        self._thread: threading.Thread | None = None
        self._loop: ThreadLoop | None = None
        self._dropped: weakref.finalize[..., ThreadDriver] | None = None

    # Opening and closing -----------------------------------------------------------------------------------------

    def begin(self) -> Future[None]:
        """Begin to connect, in a new thread; return the future of its end.

        Raises:
            LocalProtocolError: the connection was opened already, or is over.

        """
        core, opened = self.core, Future[None]()
        there = _WeakCore(core)
        with self._opening:
            core.check_unopened()
            self._loop = loop = ThreadLoop(core.clock, there.fault)
            core.prepare(loop, opened, there)
            name = f"mtproto: connection to {core.route}"
            thread = threading.Thread(target=_run, args=(loop, there), name=name, daemon=True)
            self._dropped = weakref.finalize(self, _drop, loop, there)
            self._dropped.atexit = False
            thread.start()
            self._thread = thread
        return opened

    def wait(self, opened: Future[None], timeout: float | None) -> None:
        """Wait for the future of `begin`, for so many seconds at most; raises `TimeoutError` then."""
        opened.result(timeout)

    def close(self) -> None:
        """Close the connection, and wait for the end of its thread."""
        with self._opening:  # another thread may be opening it
            thread, self._thread = self._thread, None
            if self._dropped is not None:
                self._dropped.detach()
            if self._loop is None:
                self.core.abandon()
        if thread is not None:
            self._wish(lambda: self.core.end(RequestCancelled("the connection was closed")))
            if thread is not threading.current_thread():
                thread.join()

    # Calls -------------------------------------------------------------------------------------------------------

    def until(self, timeout: float | None) -> float | None:
        """Return when so many seconds will be over, by `time.monotonic`."""
        return None if timeout is None else time.monotonic() + timeout

    def start(self, request: Request, until: float | None, timeout: float | None) -> BlockingCall:
        """Send a call once there is room, until `until` at most.

        Raises:
            DeadlineExceeded: there was no room in time.
            MTProtoError: the connection is not open.

        """
        if self._thread is None:
            raise self.core.not_open()
        room = self._room
        if not room.acquire(timeout=None if until is None else max(0.0, until - time.monotonic())):
            late = self.core.too_late("there was no room for the call in time")
            raise late from late.__cause__
        future: OutcomeFuture = Future()
        future.add_done_callback(lambda _: room.release())
        try:
            if not self._wish(lambda: self._send(request, future)):
                future.set_exception(self.core.not_open())
        except BaseException:  # whatever a handler of signals raises
            self.give_up(request)
            raise
        return BlockingCall(self, request, future)

    def outcome(self, call: BlockingCall, until: float | None, timeout: float | None) -> Outcome:
        """Wait for the outcome of a call, until `until` at most. A call whose caller is interrupted is given up."""
        return call.result_until(until, timeout)

    def give_up(self, request: Request) -> None:
        """Cancel a call; for `BlockingCall` only."""
        self._wish(lambda: self._cancel(request))

    def give_up_late(self, request: Request, text: str) -> DeadlineExceeded:
        """Cancel a call, and return the error of its deadline; for `BlockingCall` only."""
        error = self.core.too_late(text)
        self.give_up(request)
        return error

    def _wish(self, wish: Callable[[], None]) -> bool:
        """Have something done in the pump's thread; return False if that ends, and with it every call, by itself."""
        return self._loop is not None and self._loop.call_threadsafe(wish)

    # What the pump's thread does ---------------------------------------------------------------------------------

    def _send(self, request: Request, future: OutcomeFuture) -> None:
        try:
            self.core.send(request, future)
        except MTProtoError as error:
            future.set_exception(error if self.core.failed is None else self.core.not_open())
        except Exception as error:
            future.set_exception(error)
            raise

    def _cancel(self, request: Request) -> None:
        future = self.core.calls.get(request)
        try:
            self.core.give_up(request)
        finally:
            if future is not None:
                future.set_exception(RequestCancelled("the call was given up"))


class _WeakCore:
    """A core as its pumps and its thread see it: they must not keep it alive.

    The link and the pumps outlive a core that was forgotten, so that they can be closed.
    """

    def __init__(self, core: ConnectionCore[OutcomeFuture]) -> None:
        self._core = weakref.ref(core)
        self._link = core.link
        self._pumps = core.pumps
        self._words = core.route.words

    @property
    def is_over(self) -> bool:
        """Whether the link is closed."""
        return self._link.status is LinkStatus.CLOSED

    def dispatch(self, events: Sequence[LinkEvent]) -> bool:
        """Take the events of a link; return whether its carrier is of no more use."""
        core = self._core()
        return core is not None and core.dispatch(events)

    def unreachable(self, error: ConnectionLost) -> None:
        """Take notice that no carrier came about."""
        if (core := self._core()) is not None:
            core.unreachable(error)

    def settle(self, error: ConnectionLost) -> None:
        """End the calls whose events were lost."""
        if (core := self._core()) is not None:
            core.settle(error)

    def collapse(self, error: ConnectionLost) -> None:
        """Give up for good."""
        if (core := self._core()) is not None:
            core.collapse(error)

    def fault(self, error: Exception) -> None:
        """Give up the connections after an exception that came from none of their pumps."""
        if (core := self._core()) is not None:
            core.fault(error)

    def begin(self) -> None:
        """Connect."""
        if (core := self._core()) is not None:
            core.begin()

    def over(self) -> None:
        """Settle what is left, once the thread has nothing more to do."""
        if (core := self._core()) is not None:
            core.end(core.failed or RequestCancelled("the connection was closed"))

    def close(self) -> None:
        """Close the link and the pumps of a core that is gone."""
        self._link.close()
        for pump in self._pumps:
            pump.close()

    def __str__(self) -> str:
        """Tell where it leads to, in words for an error."""
        return self._words


def _no_notice() -> None:
    """Take no notice of progress: futures and the semaphore wake those who wait."""


def _run(loop: ThreadLoop, core: _WeakCore) -> None:
    """Be the pump's thread. It must not keep the connection alive."""
    loop.call_soon(core.begin)
    try:
        loop.run(lambda: core.is_over)
    finally:
        core.over()


def _drop(loop: ThreadLoop, core: _WeakCore) -> None:
    """End a connection that was forgotten while it was open."""
    if loop.call_threadsafe(core.close):
        warnings.warn(f"a connection was not closed: {core}", ResourceWarning, stacklevel=2)
