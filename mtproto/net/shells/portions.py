"""Input is handled step by step: after a millisecond the loop gets its turn, for timers and for other connections.

    carrier ──reads 256 KiB──▶ pump ──spread(slices)──▶ step, step, step ─▶ the turn is over
                                                                               │ call_soon
    timers, calls, other connections ◀──────────────── the loop ◀──────────────┘
                                                           └──▶ step, step, step … until nothing waits

Layers that make work of their own (TLS records, frames of a WebSocket, events of HTTP) spread that work in the same
way. The steps of an upper layer come before the next step of the layer below, so that the order of bytes stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["LONG", "REST", "SLICE", "STEP", "TURN", "WHOLE", "Portions"]

TURN = 0.001
"""Seconds of work with what came in before the loop gets its turn; the step under way then is finished first."""

SLICE = 2048
"""Bytes of a stream in one step: not more than some twenty small packets. A packet that is larger is opened in one."""

STEP = 100
"""Units of work, of about 10 µs each, with what stands in packets, after which a step ends."""

WHOLE = 4 * SLICE
"""Bytes of a read that is not cut, since most of these are one packet and cutting costs time."""

LONG = 0.004
"""A turn that took so many seconds is followed by one turn of the loop without any step; a longer turn by more of them:
what others wait for needs several turns."""

REST = 8
"""Turns of the loop without a step at most."""


class Portions:
    """The steps that wait: they handle what the sockets of one carrier have read. One owner: its guard.

    Args:
        now: returns seconds, as `Loop.now` does; with a clock that stands still everything is done in one turn.
        call_soon: has something called before the loop waits again.
        done: called at the end of each turn after which nothing waits.

    """

    __slots__ = ("_call_soon", "_done", "_now", "_planned", "_rest", "_until", "_work")

    def __init__(
        self,
        now: Callable[[], float],
        call_soon: Callable[[Callable[[], None]], object],
        done: Callable[[], None],
    ) -> None:
        self._now = now
        self._call_soon = call_soon
        self._done = done
        self._work: list[Iterator[None]] = []  # of the lowest layer first
        self._until: float | None = None  # when this turn is over; None between two turns
        self._planned = False  # another turn will come
        self._rest = 0  # turns of the loop until then

    @property
    def busy(self) -> bool:
        """Whether steps wait or run, or the loop is to have some turns without a step."""
        return self._planned or bool(self._work)

    def take(self, received: Callable[[bytes], None], data: bytes) -> None:
        """Hand over what a socket has read: now, or behind everything that waits."""
        if self.busy:
            self.behind(lambda: received(data))
            return
        began = self._now()
        self._until = began + TURN
        try:
            received(data)
        finally:
            self._until = None
        self._plan(began)

    def spread(self, steps: Iterator[None]) -> None:
        """Go through `steps`, as many as this turn allows, at least one; the others follow in the next turns.

        Called from inside a step, these steps come before the rest of those that the step belongs to.
        """
        self._work.append(steps)
        if self._until is not None:
            self._go_through(steps)
        elif not self._planned:
            self._turn()

    def behind(self, last: Callable[[], None]) -> None:
        """Call `last` once all that waits now is done; only while this is `busy`."""

        def step() -> Iterator[None]:
            last()
            yield from ()  # it is a single step

        self._work.insert(0, step())

    def drop(self) -> None:
        """Forget all that waits."""
        self._work.clear()
        self._rest = 0

    def _turn(self) -> None:
        if self._rest:
            self._rest -= 1
            self._call_soon(self._turn)
            return
        self._planned = False
        began = self._now()
        self._until = began + TURN
        try:
            self._go_through(None)
        finally:
            self._until = None
        self._plan(began)

    def _plan(self, began: float) -> None:
        """End a turn: plan the next one, the later the longer this one took."""
        took = self._now() - began
        self._rest = 0 if took < LONG else min(int(took / LONG), REST)
        if self._work or self._rest:
            self._planned = True
            self._call_soon(self._turn)
        else:
            self._done()

    def _go_through(self, last: Iterator[None] | None) -> None:
        """Go on until the turn is over or `last` is done; None stands for all."""
        work = self._work
        while work and (last is None or last in work):
            steps = work[-1]
            try:
                next(steps)
            except StopIteration:
                if steps in work:  # what was dropped meanwhile is not
                    work.remove(steps)
            if self._until is None or self._now() >= self._until:
                return
