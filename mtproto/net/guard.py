"""Where exceptions that nobody expected end: a loop whose callbacks raise nothing, for a pump and for its carriers.

    Loop ──callback──▶ Guard ──▶ pump or carrier        an exception goes to `failed` of the guard, and no further

Without a guard the exception would reach asyncio, which logs it and leaves calls waiting, or end the blocking thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.net.carrier import Carrier, Loop, Owner, Place, Timer

__all__ = ["Guard"]


class Guard:
    """A `Loop` that stands for another one. Whatever its callbacks and its sockets' owners raise goes to one function.

    Args:
        loop: does the work.
        failed: called with each exception; must not raise.

    """

    __slots__ = ("_failed", "_loop", "_over", "_sockets", "now")

    def __init__(self, loop: Loop, failed: Callable[[Exception], None]) -> None:
        self._loop = loop
        self._failed = failed
        self._sockets: set[_Tenant] = set()
        self._over = False
        self.now = loop.now

    def end(self) -> None:
        """Close all sockets that were opened through this guard, and let no callback pass any more."""
        self._over = True
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

    def open_socket(self, place: Place, owner: Owner) -> Carrier:
        """Begin to connect a TCP socket."""
        tenant = _Tenant(self, owner)
        self._sockets.add(tenant)
        tenant.socket = self._loop.open_socket(place, tenant)
        return tenant.socket

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

    def received(self, owner: Owner, data: bytes) -> None:
        """Pass on what came in."""
        if self._over:
            return
        try:
            owner.received(data)
        except Exception as error:
            self._failed(error)

    def lost(self, tenant: _Tenant, owner: Owner, error: Exception | None) -> None:
        """Pass on that a socket is gone."""
        self._sockets.discard(tenant)
        self.call(lambda: owner.lost(error))


class _Tenant:
    """The owner of one socket, as the loop sees it."""

    __slots__ = ("_guard", "_owner", "socket")

    def __init__(self, guard: Guard, owner: Owner) -> None:
        self._guard = guard
        self._owner = owner
        self.socket: Carrier | None = None

    def opened(self, carrier: Carrier) -> None:
        self._guard.call(lambda: self._owner.opened(carrier))

    def received(self, data: bytes) -> None:
        self._guard.received(self._owner, data)

    def drained(self) -> None:
        self._guard.call(self._owner.drained)

    def lost(self, error: Exception | None) -> None:
        self._guard.lost(self, self._owner, error)
