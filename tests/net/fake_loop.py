"""A loop that a test turns, with carriers that do what the test says: no socket, no clock, no thread."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

from tests.link.support import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mtproto.net.carriers.interfaces import Owner
    from mtproto.net.carriers.route import Place

__all__ = ["FakeCarrier", "FakeLoop"]


class FakeTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeCarrier:
    """A carrier that does what the test says."""

    idle = False
    stage = "the test does not connect"

    def __init__(self, loop: FakeLoop, place: Place, owner: Owner) -> None:
        self.loop = loop
        self.place = place
        self.owner = owner
        self.writable = False
        self.written: list[bytes] = []
        self.reading = True
        self.over = False

    def open(self) -> None:
        self.writable = True
        self.owner.opened(self)

    def write(self, data: bytes) -> None:
        assert self.writable
        self.written.append(data)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def abort(self) -> None:
        self.writable = False
        self.loop.call_soon(self.lose)

    def close(self) -> None:
        self.abort()

    def lose(self, error: Exception | None = None) -> None:
        if not self.over:
            self.over = True
            self.owner.lost(error)


class FakeLoop:
    """A loop that a test turns.

    Attributes:
        time: its clock, Unix seconds.
        carriers: the sockets that were opened, in their order.
        waiting: the work that waits for others, and what is to be called then.
        slept: for how many seconds work has slept, each time.

    """

    def __init__(self) -> None:
        self.time = NOW
        self.soon: list[Callable[[], None]] = []
        self.timers: list[tuple[float, int, FakeTimer]] = []
        self.numbers = itertools.count()
        self.carriers: list[FakeCarrier] = []
        self.waiting: list[tuple[Callable[[], None], Callable[[], None]]] = []
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.soon.append(callback)

    def call_at(self, when: float, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(callback)
        heapq.heappush(self.timers, (when, next(self.numbers), timer))
        return timer

    def run_slow(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        self.call_soon(lambda: (work(), done())[0])  # type: ignore[func-returns-value]  # both are called for what they do

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def run_waiting(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        self.waiting.append((work, done))

    def spread(self, steps: Iterator[None]) -> None:
        """Go through all of it at once, for carriers that are tested without a pump."""
        for _ in steps:
            pass

    def open_socket(self, place: Place, owner: Owner) -> FakeCarrier:
        self.carriers.append(FakeCarrier(self, place, owner))
        return self.carriers[-1]

    @property
    def planned(self) -> int:
        """How many timers have neither gone off nor been cancelled."""
        return sum(timer.callback is not None for _, _, timer in self.timers)

    def turn(self) -> None:
        """Call what is to be called soon."""
        while self.soon:
            self.soon.pop(0)()

    def once(self) -> None:
        """Call what is to be called soon by now, and not yet what is added meanwhile."""
        soon, self.soon = self.soon, []
        for callback in soon:
            callback()

    def wait(self, seconds: float) -> None:
        """Let time pass, calling what is due; it fails where a timer is set over and over for the past."""
        self.turn()
        end = self.time + seconds
        for _ in range(10_000):
            if not self.timers or self.timers[0][0] > end:
                self.time = end
                return
            when, _, timer = heapq.heappop(self.timers)
            self.time = max(self.time, when)
            if timer.callback is not None:
                timer.callback()
            self.turn()
        raise AssertionError("the timers never end")
