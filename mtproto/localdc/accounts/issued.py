"""What was given out and is to come back: codes, tokens, challenges. Bounded in number and in age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Issued"]

K = TypeVar("K")
V = TypeVar("V")


class Issued(Generic[K, V]):
    """Values by the key under which they were given out.

    Args:
        limit: how many are kept; one more, and the oldest goes.
        seconds: how long each is kept.
        clock: gives the Unix time in seconds.

    """

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._values: dict[K, tuple[float, V]] = {}  # the oldest comes first

    def add(self, key: K, value: V) -> None:
        """Keep a value under a key."""
        self._values.pop(key, None)
        self._values[key] = self._clock() + self._seconds, value
        if len(self._values) > self._limit:
            del self._values[next(iter(self._values))]

    def restore(self, key: K, value: V, until: float) -> None:
        """Keep a value that an earlier run gave out, until the time (Unix seconds) that it had there."""
        self._values[key] = until, value

    def good(self) -> Iterator[tuple[K, V, float]]:
        """Yield what is good still, oldest first: key, value, and until when."""
        now = self._clock()
        yield from ((key, value, until) for key, (until, value) in list(self._values.items()) if until > now)

    def get(self, key: K) -> V | None:
        """Return the value under a key, which stays; None where there is none, or no more."""
        until, value = self._values.get(key, (0.0, None))
        if value is not None and until <= self._clock():
            del self._values[key]
            return None
        return value

    def take(self, key: K) -> V | None:
        """Return the value under a key, which is gone then; None where there is none, or no more."""
        value = self.get(key)
        self._values.pop(key, None)
        return value

    def __len__(self) -> int:
        return len(self._values)
