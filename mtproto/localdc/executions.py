"""How often calls were executed, by the `random_id` in them: for tests of clients that must execute nothing twice."""

from __future__ import annotations

from collections import Counter
from itertools import islice, takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Executions"]

EXECUTIONS_OF_A_KEY = 65_536
"""Calls of one auth key that are remembered; one more, and the call that was executed longest ago is forgotten."""

EXECUTIONS_IN_ALL = 131_072
"""Calls of all auth keys together, some 30 MB; one more, and the key with most calls forgets an eighth of them."""

EXECUTION_AGE = 86_400.0
"""Seconds after which a call is forgotten: longer than any test waits before it asks."""


class Executions:
    """Counts executed calls, by the id of the auth key and by `random_id`: sessions come and go.

    Args:
        clock: gives the Unix time in seconds.

    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._executed: dict[int, dict[int, tuple[int, float]]] = {}  # how often, and when last; the latest comes last
        self._numbers: Counter[int] = Counter()  # by key: how many different calls, forgotten ones too
        self._size = 0

    def note(self, key_id: int, random_id: int) -> int:
        """Note that a call was executed; return how many different calls of this key were, this one included."""
        executed = self._executed.setdefault(key_id, {})
        times, _ = executed.pop(random_id, (0, 0.0))
        executed[random_id] = times + 1, self._clock()
        if not times:
            self._numbers[key_id] += 1
            self._size += 1
            if len(executed) > EXECUTIONS_OF_A_KEY:
                self._forget_oldest(key_id, 1)
            if self._size > EXECUTIONS_IN_ALL:
                largest = max(self._executed, key=lambda key: len(self._executed[key]))
                self._forget_oldest(largest, len(self._executed[largest]) // 8 + 1)
        return self._numbers[key_id]

    def of(self, random_id: int) -> int:
        """Return how often a call was executed, under all keys; 0 as well if the call was forgotten. In any thread."""
        return sum(executed.get(random_id, (0, 0.0))[0] for executed in list(self._executed.values()))

    def forget(self, key_id: int) -> None:
        """Forget all calls of a key."""
        self._size -= len(self._executed.pop(key_id, ()))
        self._numbers.pop(key_id, None)

    def forget_old(self) -> None:
        """Forget calls that were last executed more than a day ago; called now and then."""
        before = self._clock() - EXECUTION_AGE
        for key_id, executed in list(self._executed.items()):
            old = takewhile(lambda last: last[1] <= before, executed.values())
            self._forget_oldest(key_id, sum(1 for _ in old))

    def _forget_oldest(self, key_id: int, count: int) -> None:
        executed = self._executed[key_id]
        for random_id in list(islice(executed, count)):
            del executed[random_id]
            self._size -= 1
        if not executed:
            self.forget(key_id)
