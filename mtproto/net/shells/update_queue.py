"""Updates on their way to a reader that may be slow: a bounded queue. It drops the oldest, and tells how many."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mtproto.session import Undecodable, Update, UpdatesGap
from tl import DecodeError

if TYPE_CHECKING:
    from mtproto.limits import Limits

__all__ = ["Item", "UpdateQueue", "UpdatesDropped"]

Item: TypeAlias = Update | UpdatesGap | Undecodable
"""What the session tells of updates: an update, a gap between updates, or an update that can't be read."""

ITEM = 192
"""Bytes that Python needs for an item beside its body."""

ERROR = 2048
"""The same for an item with an error: its texts and its cause."""


@dataclass(frozen=True, slots=True)
class UpdatesDropped:
    """The reader was too slow: `count` updates older than the next one are gone."""

    count: int


class UpdateQueue:
    """The queue of one connection. Its owner guards it against two threads.

    Args:
        limits: `queued_updates` and `queued_update_bytes` bound it. The newest item stays whatever its size.

    """

    __slots__ = ("_bytes", "_dropped", "_items", "_most", "_most_bytes")

    def __init__(self, limits: Limits) -> None:
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._most = limits.queued_updates
        self._most_bytes = limits.queued_update_bytes
        self._dropped = 0

    @property
    def held(self) -> int:
        """How many bytes the items take, their bodies as they were unpacked."""
        return self._bytes

    def __len__(self) -> int:
        """Return how many items wait, or 1 where there is but the news that some were dropped."""
        return len(self._items) or int(self._dropped > 0)

    def put(self, item: Item) -> None:
        """Queue an update; when the queue is full, the oldest go."""
        items = self._items
        items.append(item)
        self._bytes += _size(item)
        while len(items) > self._most or (self._bytes > self._most_bytes and len(items) > 1):
            self._bytes -= _size(items.popleft())
            self._dropped += 1

    def take(self) -> Item | UpdatesDropped | None:
        """Return the oldest update, or first that some were dropped; None if none waits."""
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            return UpdatesDropped(dropped)
        if not self._items:
            return None
        item = self._items.popleft()
        self._bytes -= _size(item)
        return item


def _size(item: Item) -> int:
    """Return how many bytes an item takes."""
    if isinstance(item, Update):
        return ITEM + len(item.body)
    if isinstance(item, UpdatesGap):
        return ITEM
    raw = item.error.raw if isinstance(item.error, DecodeError) else b""
    # An error of what stood inside the body holds its bytes once more, unpacked perhaps.
    return ERROR + len(item.body) + (0 if raw is item.body else len(raw))
