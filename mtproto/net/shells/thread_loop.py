"""Sockets, time and threads without asyncio: a loop that is one thread around a selector."""

from __future__ import annotations

import heapq
import itertools
import os
import selectors
import socket
import threading
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from mtproto.net.carriers import SocketProxy, connect_through

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.net.carriers import Owner, Place, Socket, Timer
    from mtproto.transport import Address

__all__ = ["ThreadLoop"]

READ_SIZE = 256 * 1024
"""Bytes read at once: what asyncio takes, too."""

BUSY = 0.001
"""Seconds of work without a wait after which the loop's thread sleeps for `BREATH`.

A system call that returns at once does not let another thread in: the loop's thread takes the interpreter's lock back
before the other one has woken up, and the wait of the other one, 5 ms by `sys.getswitchinterval`, begins anew.
"""

BREATH = 0.00005
"""Seconds in which a thread that waits for the interpreter wakes up and takes it. The system sleeps a little longer."""

PROXY_TIME = 60.0
"""Seconds after which a thread stops waiting for a proxy, if nobody closed the socket before."""


class ThreadLoop:
    """Runs in the thread that calls `run`: a `Loop`. Other threads may only use `call_threadsafe`.

    Args:
        clock: gives Unix seconds; never steps.
        failed: called with an exception of a callback; must not raise. The loop then goes on; with None it ends.
        sleep: lets other threads have the interpreter for so many seconds.

    """

    def __init__(
        self,
        clock: Callable[[], float],
        failed: Callable[[Exception], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.now = clock
        self._failed = failed
        self.sleep = sleep
        self._waited = clock()  # when others last had the interpreter
        self._selector = selectors.DefaultSelector()
        self._wake = _Wake()
        self._soon: deque[Callable[[], None]] = deque()
        self.call_soon: Callable[[Callable[[], None]], None] = self._soon.append
        self._timers: list[tuple[float, int, _Timer]] = []  # a heap
        self._numbers = itertools.count()
        # Re-entrant: the garbage collector may end a forgotten connection, which calls in here, at any moment.
        self._lock = threading.RLock()
        self._over = False

    def call_threadsafe(self, callback: Callable[[], None]) -> bool:
        """Have something called in the loop's thread; return False if the loop has ended."""
        with self._lock:
            if self._over:
                return False
            self._soon.append(callback)
            self._wake.up()
            return True

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call it at that time."""
        timer = _Timer(callback)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def run_slow(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """Run `work` here: a thread of its own would hold the interpreter just as long."""
        work()
        self.call_soon(done)

    def run_waiting(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """Run `work` in a thread, so that the loop goes on."""

        def run() -> None:
            work()
            self.call_threadsafe(done)

        threading.Thread(target=run, name="mtproto: waiting", daemon=True).start()

    def open_socket(self, place: Place, owner: Owner) -> Socket:
        """Begin to connect a TCP socket."""
        carrier = _ThreadSocket(self, self._selector, owner)
        carrier.connect(place)
        return carrier

    def run(self, finished: Callable[[], bool]) -> None:
        """Make the planned calls and wait for sockets, until `finished` returns true and all sockets are closed."""
        self._selector.register(self._wake, selectors.EVENT_READ, self._wake.down)
        try:
            while not finished() or len(self._selector.get_map()) > 1 or self._soon:
                self._turn()
        finally:
            with self._lock:
                self._over = True
            while self._soon:
                self._run_soon()
            self._close()

    def _turn(self) -> None:
        for key, events in self._wait():
            self._call(partial(key.data, events))
        while self._timers and (self._timers[0][0] <= self.now() or self._timers[0][2].callback is None):
            callback = heapq.heappop(self._timers)[2].callback
            if callback is not None:
                self._call(callback)
        self._run_soon()

    def _wait(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for sockets or the next planned call; after much work without a wait, let other threads in."""
        began = self.now()
        ready = self._selector.select(self._time_left())
        ended = self.now()
        if ended - began >= BREATH:
            self._waited = ended
        elif ended - self._waited >= BUSY:
            self.sleep(BREATH)
            self._waited = self.now()
        return ready

    def _run_soon(self) -> None:
        """Make the calls that are planned by now; calls added meanwhile come after the timers and the sockets."""
        for _ in range(len(self._soon)):
            self._call(self._soon.popleft())

    def _call(self, callback: Callable[[], None]) -> None:
        try:
            callback()
        except Exception as error:
            if self._failed is None:
                raise
            self._failed(error)

    def _close(self) -> None:
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):  # only where a callback has failed
                key.fileobj.close()
        self._selector.close()
        self._wake.close()

    def _time_left(self) -> float | None:
        if self._soon:
            return 0.0
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - self.now()) if self._timers else None


class _Timer:
    """One planned call; without a callback once it is cancelled."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class _ThreadSocket:
    """One TCP connection: a carrier of a stream."""

    idle = False
    stage = "TCP does not connect"

    def __init__(self, loop: ThreadLoop, selector: selectors.BaseSelector, owner: Owner) -> None:
        self._loop = loop
        self._selector = selector
        self._owner = owner
        self._socket: socket.socket | None = None  # from then on the selector watches it
        self._unsent = b""
        self._closing = False  # nothing but the end will be told any more
        self._ended = False
        self._paused = False
        self.writable = False

    def connect(self, place: Place) -> None:
        if place.via is not None:
            name = f"mtproto: connect to {place}"
            threading.Thread(target=self._ask, args=(place.via, place.address), name=name, daemon=True).start()
            return
        try:
            connecting = _begin_to_connect(place)
        except OSError as error:
            self._fail(error)
        else:
            self._watch(connecting)

    def _ask(self, proxy: SocketProxy, address: Address) -> None:
        """Connect through a proxy, which speaks first. This runs in a thread of its own, since that may take long."""
        try:
            connected = connect_through(proxy, address, PROXY_TIME)
        except Exception as failure:
            error = failure
            self._loop.call_threadsafe(lambda: self._end(error))
        else:
            if not self._loop.call_threadsafe(lambda: self._led(connected)):
                connected.close()

    def _led(self, connected: socket.socket) -> None:
        """Take the socket that a proxy has connected."""
        if self._closing:
            connected.close()
            return
        connected.setblocking(False)
        self._watch(connected)

    def _watch(self, connecting: socket.socket) -> None:
        """Have the selector tell when the socket is connected."""
        self._socket = connecting
        self._selector.register(connecting, selectors.EVENT_WRITE, self._reached)

    def _reached(self, _events: int) -> None:
        """Take the outcome of connecting."""
        if self._socket is None or self._closing:
            return
        if code := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._end(OSError(code, os.strerror(code)))
            return
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.modify(self._socket, selectors.EVENT_READ, self._ready)
        self.writable = True
        self._owner.opened(self)

    def _ready(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._send()
            if self.writable:
                self._owner.drained()
        if events & selectors.EVENT_READ and self._socket is not None and not self._closing and not self._paused:
            try:
                data = self._socket.recv(READ_SIZE)
            except BlockingIOError:
                return
            except OSError as error:
                self._end(error)
                return
            if data:
                self._owner.received(data)
            else:
                self._end(None)

    def pause_reading(self) -> None:
        """Read nothing more for now. The selector still tells of input; the loop does not wait meanwhile anyway."""
        self._paused = True

    def resume_reading(self) -> None:
        """Read on."""
        self._paused = False

    def write(self, data: bytes) -> None:
        self._unsent += data
        self._send()

    def _send(self) -> None:
        """Send as much as the socket takes, and have the selector tell when the socket takes more."""
        if self._socket is None or self._closing:
            return
        waited = not self.writable
        try:
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        except OSError as error:
            self._fail(error)
            return
        self.writable = not self._unsent
        if waited is self.writable:
            wanted = selectors.EVENT_READ | (0 if self.writable else selectors.EVENT_WRITE)
            self._selector.modify(self._socket, wanted, self._ready)

    def abort(self) -> None:
        """Close at once; what was not sent is dropped."""
        self._fail(None)

    def _fail(self, error: OSError | None) -> None:
        """End the connection, and tell the owner in a later call."""
        self._closing = True
        self.writable = False
        self._loop.call_soon(lambda: self._end(error))

    def close(self) -> None:
        """Close at once: TCP has no last message."""
        self.abort()

    def _end(self, error: Exception | None) -> None:
        if self._ended:
            return
        self._closing = self._ended = True
        self.writable = False
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._socket.close()
        self._owner.lost(error)


class _Wake:
    """Wakes a thread that waits in a selector. Any thread may call `up`, one at a time; the rest is for that thread."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._is_up = False
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        """Return what the selector watches."""
        return self._reader.fileno()

    def up(self) -> None:
        """Wake the thread."""
        if not self._is_up:
            self._is_up = True
            self._writer.send(b"\0")

    def down(self, _events: int) -> None:
        """Take the wake-up back, before the loop looks at the planned calls."""
        self._reader.recv(1)
        self._is_up = False

    def close(self) -> None:
        """Give the sockets back."""
        self._reader.close()
        self._writer.close()


def _begin_to_connect(place: Place) -> socket.socket:
    """Return a socket that does not block and is being connected; raises `OSError` if that can't even begin."""
    connecting = socket.socket(place.family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        connecting.connect(place.sockaddr)
    except (BlockingIOError, InterruptedError):
        pass
    except BaseException:
        connecting.close()
        raise
    return connecting
