"""A loop whose callbacks raise nothing, for a pump and its carriers: unexpected exceptions end here.

    Loop ──callback──▶ Guard ──▶ pump or carrier        an exception goes to `failed` of the guard, and no further

Without a guard, such an exception would reach asyncio, which logs it and leaves calls waiting, or it would end the
thread of the blocking connection. A guard also cuts the handling of input into portions (`Portions`), so that the loop
gets to its other work. While input of a socket waits to be handled, no more is read from that socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.net.shells.portions import Portions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mtproto.net.carriers import Carrier, Loop, Owner, Place, Socket, Timer

__all__ = ["Guard"]


class Guard:
    """A `CarrierLoop` over a `Loop`. Exceptions of its callbacks and of the owners of its sockets go to one function.

    Args:
        loop: does the work.
        failed: called with each exception; must not raise.

    """

    __slots__ = ("_failed", "_loop", "_over", "_paused", "_portions", "_sockets", "now", "sleep")

    def __init__(self, loop: Loop, failed: Callable[[Exception], None]) -> None:
        self._loop = loop
        self._failed = failed
        self._sockets: set[_Tenant] = set()
        self._paused: set[_Tenant] = set()
        self._portions = Portions(loop.now, self.call_soon, self._read_on)
        self._over = False
        self.now = loop.now
        self.sleep = loop.sleep

    def end(self) -> None:
        """Close all sockets that were opened through this guard, and drop every later callback."""
        self._over = True
        self._portions.drop()
        self._paused.clear()
        sockets, self._sockets = self._sockets, set()
        for tenant in sockets:
            if tenant.socket is not None:
                tenant.socket.abort()

    def call(self, callback: Callable[[], None]) -> None:
        """Call the function now."""
        if self._over:
            return
        try:
            callback()
        except Exception as error:
            self._failed(error)

    def call_soon(self, callback: Callable[[], None]) -> object:
        """Call the function before the loop waits again."""
        return self._loop.call_soon(lambda: self.call(callback))

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call the function at that time."""
        return self._loop.call_at(when, lambda: self.call(callback))

    def run_slow(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """Run `work` as the loop does; `done` is not called if it raises something."""
        self._loop.run_slow(*self._followed(work, done))

    def run_waiting(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """Run `work` as the loop does; `done` is not called if it raises something."""
        self._loop.run_waiting(*self._followed(work, done))

    def spread(self, steps: Iterator[None]) -> None:
        """Go through steps that handle input: some in this turn of the loop, the others in later turns."""
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
        """Return both functions; what `work` raises in its thread is raised again where `done` is called."""
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
        """Pass on what came in, and read no more from this socket until that is handled."""
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
        """Pass on that a socket is gone, once everything that came in before is handled."""
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
