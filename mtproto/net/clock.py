"""The time that links are given: Unix seconds by a clock that never steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Clock"]


def uptime() -> float:
    """Return seconds since some moment, by a clock that never goes back.

    Where the system has a clock that also counts while it sleeps, that clock is read: a key may end in that time.
    """
    return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)


_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class Clock:
    """The wall clock, read once; from then on the monotonic clock counts.

    Message ids must grow and deadlines must come, also where somebody sets the wall clock meanwhile. The session finds
    the difference to the server's clock by itself.

    Args:
        wall: gives Unix seconds; asked once.
        monotonic: gives seconds since any moment; never goes back.

    """

    __slots__ = ("_monotonic", "_offset")

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = uptime) -> None:
        self._monotonic = monotonic
        self._offset = wall() - monotonic()

    def __call__(self) -> float:
        """Return Unix seconds."""
        return self._monotonic() + self._offset
