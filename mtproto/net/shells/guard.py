"""Where exceptions that nobody expected end: a loop whose callbacks raise nothing, for a pump and for its carriers.

    Loop ──callback──▶ Guard ──▶ pump or carrier        an exception goes to `failed` of the guard, and no further

Without a guard the exception would reach asyncio, which logs it and leaves calls waiting, or end the blocking thread.
A guard also sees to it that what came in never keeps the loop from its other work for long (`Portions`): while there is
work left with what a socket has read, no more is read of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.net.shells.portions import Portions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mtproto.net.carriers import Carrier, Loop, Owner, Place, Socket, Timer

__all__ = ["Guard"]


class Guard:
    """A `CarrierLoop` over a `Loop`. Whatever its callbacks and its sockets' owners raise goes to one function.

    Args:
        loop: does the work.
        failed: called with each exception; must not raise.

    """

    __slots__ = ("_failed", "_loop", "_over", "_paused", "_portions", "_sockets", "now")

    def __init__(self, loop: Loop, failed: Callable[[Exception], None]) -> None:
        self._loop = loop
        self._failed = failed
        self._sockets: set[_Tenant] = set()
        self._paused: set[_Tenant] = set()
        self._portions = Portions(loop.now, self.call_soon, self._read_on)
        self._over = False
        self.now = loop.now

    def end(self) -> None:
        """Close all sockets that were opened through this guard, and let no callback pass any more."""
        self._over = True
        self._portions.drop()
        self._paused.clear()
        sockets, self._sockets = self._sockets, set()
        for tenant in sockets:
            if tenant.socket is not None:
                tenant.socket.abort()

    def call(self, callback: Callable[[], None]) -> None:
        """Call it now."""
        if self._over:
            return
        try:
            callback()
        except Exception as error:
            self._failed(error)

    def call_soon(self, callback: Callable[[], None]) -> object:
        """Call it before the loop waits again."""
        return self._loop.call_soon(lambda: self.call(callback))

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call it at that time."""
        return self._loop.call_at(when, lambda: self.call(callback))

    def run_slow(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """Run `work` as the loop does; `done` is not called if it raises something."""
        self._loop.run_slow(*self._followed(work, done))

    def run_waiting(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """Run `work` as the loop does; `done` is not called if it raises something."""
        self._loop.run_waiting(*self._followed(work, done))

    def spread(self, steps: Iterator[None]) -> None:
        """Go through steps that deal with what came in, as many as this turn of the loop allows; the rest follows."""
        if not self._over:
            self._portions.spread(steps)

    def open_socket(self, place: Place, owner: Owner) -> Socket:
        """Begin to connect a TCP socket."""
        tenant = _Tenant(self, owner)
        self._sockets.add(tenant)
        return tenant.move_in(self._loop, place)

    def _followed(
        self, work: Callable[[], None], done: Callable[[], None]
    ) -> tuple[Callable[[], None], Callable[[], None]]:
        """Return the same two functions; the first, which runs in another thread, hands its exception to the second."""
        failures: list[Exception] = []

        def run() -> None:
            try:
                work()
            except Exception as error:
                failures.append(error)

        def then() -> None:
            if failures:
                raise failures[0]
            done()

        return run, lambda: self.call(then)

    # What the sockets tell ---------------------------------------------------------------------------------------

    def received(self, tenant: _Tenant, owner: Owner, data: bytes) -> None:
        """Pass on what came in, and read no more of this socket while there is work left with it."""
        if self._over:
            return
        portions = self._portions
        try:
            portions.take(owner.received, data)
        except Exception as error:
            self._failed(error)
        if portions.busy and tenant.socket is not None:
            self._paused.add(tenant)
            tenant.socket.pause_reading()

    def _read_on(self) -> None:
        """Let all sockets read again."""
        while self._paused:
            tenant = self._paused.pop()
            if tenant.socket is not None:
                tenant.socket.resume_reading()

    def lost(self, tenant: _Tenant, owner: Owner, error: Exception | None) -> None:
        """Pass on that a socket is gone, behind all that came in before."""
        self._sockets.discard(tenant)
        self._paused.discard(tenant)
        if self._portions.busy:
            self._portions.behind(lambda: owner.lost(error))
        else:
            self.call(lambda: owner.lost(error))


class _Tenant:
    """The owner of one socket, as the loop sees it."""

    __slots__ = ("_guard", "_owner", "socket")

    def __init__(self, guard: Guard, owner: Owner) -> None:
        self._guard = guard
        self._owner = owner
        self.socket: Socket | None = None

    def move_in(self, loop: Loop, place: Place) -> Socket:
        """Begin to connect the socket, and return it."""
        self.socket = loop.open_socket(place, self)
        return self.socket

    def opened(self, carrier: Carrier) -> None:
        self._guard.call(lambda: self._owner.opened(carrier))

    def received(self, data: bytes) -> None:
        self._guard.received(self, self._owner, data)

    def drained(self) -> None:
        self._guard.call(self._owner.drained)

    def lost(self, error: Exception | None) -> None:
        self._guard.lost(self, self._owner, error)
