"""How far a transfer of files has come: bytes, rate and estimate, of one file and of all that are under way."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Meter", "TransferProgress", "TransferTotal"]

RATE_SECONDS = 5.0
"""Seconds of which a rate is the average."""

MARK_EVERY = 0.1
"""Seconds between two marks that rates are counted from."""


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """How far a transfer has come.

    Attributes:
        name: of the file; "" for all files together.
        done: bytes that are there, those of an earlier run included.
        size: bytes that are wanted in all; None while nobody knows.
        rate: bytes a second, the average of the last seconds; 0.0 at first.
        seconds_left: an estimate; None where there is none.
        total: the same of all transfers of the account that are under way together; None in `total` itself.

    """

    name: str
    done: int
    size: int | None
    rate: float
    seconds_left: float | None
    total: TransferProgress | None = None

    @property
    def is_done(self) -> bool:
        """Whether every byte is there."""
        return self.done == self.size


class Meter:
    """Counts bytes, and tells how many come a second.

    Args:
        now: seconds of a clock that never goes back.

    """

    def __init__(self, now: float) -> None:
        self._count = 0
        self._marks: deque[tuple[float, int]] = deque([(now, 0)])

    def add(self, count: int, now: float) -> None:
        """Count bytes that came."""
        self._count += count
        if now - self._marks[-1][0] >= MARK_EVERY:
            self._marks.append((now, self._count))
        while len(self._marks) > 1 and now - self._marks[1][0] >= RATE_SECONDS:
            self._marks.popleft()

    def rate(self, now: float) -> float:
        """Return bytes a second."""
        since, count = self._marks[0]
        return (self._count - count) / (now - since) if now > since else 0.0

    def left(self, missing: int | None, now: float) -> float | None:
        """Return the seconds until so many bytes have come; None where nobody can say."""
        rate = self.rate(now)
        return None if missing is None or rate <= 0 else missing / rate


class TransferTotal:
    """All transfers of an account that are under way together; it begins anew when the last one has ended.

    Any thread may call it.

    Args:
        clock: tells seconds.

    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running = 0
        self._reset()

    def _reset(self) -> None:
        self._done = 0
        self._size = 0
        self._unknown = 0
        self._meter = Meter(self._clock())

    def begin(self, size: int | None, done: int) -> None:
        """Count one more transfer, of so many bytes, of which some are there already."""
        with self._lock:
            if not self._running:
                self._reset()
            self._running += 1
            self._done += done
            self._size += size or 0
            self._unknown += size is None

    def add(self, count: int) -> None:
        """Count bytes that came."""
        with self._lock:
            self._done += count
            self._meter.add(count, self._clock())

    def end(self) -> None:
        """Take note that a transfer has ended, well or not."""
        with self._lock:
            self._running -= 1

    def progress(self) -> TransferProgress:
        """Return how far all of them have come."""
        with self._lock:
            now = self._clock()
            size = None if self._unknown else self._size
            missing = None if size is None else max(size - self._done, 0)
            return TransferProgress("", self._done, size, self._meter.rate(now), self._meter.left(missing, now))
