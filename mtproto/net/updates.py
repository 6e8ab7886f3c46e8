"""Updates on their way to a reader that may be slow: a bounded queue that drops the oldest, and says so."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from mtproto.session import Undecodable, Update, UpdatesGap

__all__ = ["Item", "UpdateQueue", "UpdatesDropped"]

Item: TypeAlias = Update | UpdatesGap | Undecodable
"""What the session tells of updates: one, a gap between them, one that can't be read."""


@dataclass(frozen=True, slots=True)
class UpdatesDropped:
    """The reader was too slow: `count` updates older than the next one are gone."""

    count: int


class UpdateQueue:
    """The queue of one connection. Its owner guards it against two threads.

    Args:
        limit: how many updates wait at most.

    """

    __slots__ = ("_dropped", "_items", "_limit")

    def __init__(self, limit: int) -> None:
        self._items: deque[Item] = deque()
        self._limit = limit
        self._dropped = 0

    def put(self, item: Item) -> None:
        """Queue an update; when full, the oldest goes."""
        if len(self._items) >= self._limit:
            self._items.popleft()
            self._dropped += 1
        self._items.append(item)

    def take(self) -> Item | UpdatesDropped | None:
        """Return the oldest update, or first that some were dropped; None if none waits."""
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            return UpdatesDropped(dropped)
        return self._items.popleft() if self._items else None
