"""The bounded queue of updates that are in order, and the cursor of those that were taken."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = ["Cursor", "OrderedQueue", "Place"]

T = TypeVar("T")

Place: TypeAlias = tuple[int, str]
"""A source (0: the account; otherwise a channel), and one of its sequences."""


class Cursor:
    """How far the reader is: the numbers to go on from after a restart. What waits in the queue is not counted.

    Args:
        values: the numbers by their places.
        told: by source the marks of what was taken of an unfinished difference.

    """

    def __init__(self, values: Mapping[Place, int], told: Mapping[int, Iterable[str]]) -> None:
        self.values = dict(values)
        self._told: defaultdict[int, list[str]] = defaultdict(list)
        for source, marks in told.items():
            self._told[source].extend(marks)

    @property
    def told(self) -> dict[int, list[str]]:
        """By source the marks of what was taken of an unfinished difference."""
        return {source: list(marks) for source, marks in self._told.items() if marks}

    def advance(self, values: Mapping[Place, int]) -> None:
        """Take the numbers behind an update; what was noted of the differences before them is done with."""
        self.values.update(values)
        for source, _ in values:
            self._told.pop(source, None)

    def begin(self, values: Mapping[Place, int]) -> None:
        """Take the numbers that a source begins with, if none are known."""
        for place, value in values.items():
            self.values.setdefault(place, value)

    def note(self, source: int, mark: str) -> None:
        """Note that a part of a difference was taken, whose numbers come behind its last part."""
        self._told[source].append(mark)

    def forget(self, source: int) -> None:
        """Drop a channel."""
        self._told.pop(source, None)
        self.values.pop((source, "pts"), None)

    def keep_only(self, channels: Collection[int]) -> None:
        """Drop channels that are not among these once they are many: what is taken late brings their numbers again."""
        if len(self.values) > 2 * len(channels) + 4:  # the account's own are four
            self.values = {place: value for place, value in self.values.items() if not place[0] or place[0] in channels}
            for source in [source for source in self._told if source and source not in channels]:
                del self._told[source]


@dataclass(slots=True)
class _Entry(Generic[T]):
    """One item, and what the cursor learns when it is taken."""

    item: T
    part: tuple[int, str] | None
    values: dict[Place, int] = field(default_factory=dict)

    def join(self, values: Mapping[Place, int]) -> None:
        """Add numbers that hold once the item is taken."""
        self.values.update(values)


class OrderedQueue(Generic[T]):
    """Items in order, each with the numbers that hold once it is taken.

    Args:
        room: items that may wait before there is no more room. One difference may go beyond it.
        cursor: moves as items are taken.

    """

    def __init__(self, room: int, cursor: Cursor) -> None:
        self._room = room
        self.cursor = cursor
        self._entries: deque[_Entry[T]] = deque()

    def __len__(self) -> int:
        """Return how many items wait."""
        return len(self._entries)

    @property
    def full(self) -> bool:
        """Whether there is no room for another update."""
        return len(self._entries) >= self._room

    @property
    def half_empty(self) -> bool:
        """Whether there is room for a difference."""
        return len(self._entries) * 2 <= self._room

    def put(self, item: T, part: tuple[int, str] | None = None) -> None:
        """Add an item; `part` is the source and the mark of a part of a difference."""
        self._entries.append(_Entry(item, part))

    def mark(self, values: Mapping[Place, int]) -> None:
        """Let numbers hold once all that waits now is taken."""
        if self._entries:
            self._entries[-1].join(values)
        else:
            self.cursor.advance(values)

    def take(self) -> T | None:
        """Return the next item, and move the cursor behind it; None: there is none."""
        if not self._entries:
            return None
        entry = self._entries.popleft()
        if entry.part is not None:
            self.cursor.note(*entry.part)
        if entry.values:
            self.cursor.advance(entry.values)
        return entry.item
