"""What the transfers of one account share: the bytes that may be under way, and the lanes of each data centre."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

__all__ = [
    "LANES",
    "LANES_FOR_SMALL",
    "LANES_OF_PREMIUM",
    "LANES_OF_UPLOADS",
    "SMALL_FILE",
    "ByteBudget",
    "FileLanes",
    "LaneKind",
    "LaneTicket",
    "lanes_of_uploads",
]

LANES = 2
"""Connections to one data centre that carry the parts of large files."""

LANES_OF_UPLOADS = 4
"""Connections to the home data centre that carry the parts of large files there."""

LANES_OF_PREMIUM = 8
"""The same for premium accounts, both ways; and for uploads to other data centres than 2 and 4."""

NARROW_DCS = (2, 4)
"""Data centres that take fewer connections for uploads."""

LANES_FOR_SMALL = 2
"""Connections to one data centre that carry small files, so that a picture does not wait behind a film."""

SMALL_FILE = 1 << 20
"""Bytes: files below this size come in one part, and are small."""

LaneKind: TypeAlias = Literal["file", "small", "upload"]
"""What lanes carry: large files that come, small files both ways, large files that go."""


class ByteBudget:
    """The bytes that all transfers of an account may have under way together. Any thread may call it.

    Transfers that have to wait are served in turn. A transfer of which nothing is under way may go on all the same if
    it holds bytes that it can't give out without others: else several of such transfers could wait for each other.

    Args:
        limit: bytes. One part may always be under way.

    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._used: dict[Hashable, int] = {}
        self._sum = 0
        self._queue: dict[Hashable, Callable[[], None]] = {}

    @property
    def used(self) -> int:
        """Bytes that are under way."""
        return self._sum

    def allow(self, limit: int) -> None:
        """Let so many bytes be under way together from now on."""
        self.limit = limit

    def may(self, transfer: Hashable, part: int, wake: Callable[[], None], *, is_idle: bool) -> bool:
        """Tell whether a transfer may ask for one more part; if not, it is woken when that may have changed.

        Args:
            transfer: who asks.
            part: bytes of the part.
            wake: called, from any thread, when the transfer should ask again.
            is_idle: whether no part of the transfer is under way.

        """
        with self._lock:
            first = next(iter(self._queue), transfer)
            has_room = first == transfer and (self._sum + part <= self.limit or not self._sum)
            if has_room or (is_idle and self._used.get(transfer)):
                self._queue.pop(transfer, None)
                return True
            self._queue.setdefault(transfer, wake)
            return False

    def use(self, transfer: Hashable, count: int) -> None:
        """Note how many bytes a transfer has under way now."""
        with self._lock:
            change = count - self._used.get(transfer, 0)
            self._sum += change
            self._used[transfer] = count
            if change:
                self._wake_first(but=transfer)

    @contextmanager
    def lent(self, transfer: Hashable) -> Iterator[None]:
        """Leave what a transfer has under way, and its place in the queue, to others for a while."""
        count = self._used.get(transfer, 0)
        self.stop_waiting(transfer)
        self.use(transfer, 0)
        try:
            yield
        finally:
            self.use(transfer, count)

    def stop_waiting(self, transfer: Hashable) -> None:
        """Take a transfer out of the queue: it does not look at its turn for a while."""
        with self._lock:
            if self._queue.pop(transfer, None) is not None:
                self._wake_first(but=transfer)

    def leave(self, transfer: Hashable) -> None:
        """Forget a transfer that has ended."""
        with self._lock:
            self._sum -= self._used.pop(transfer, 0)
            self._queue.pop(transfer, None)
            self._wake_first(but=transfer)

    def _wake_first(self, but: Hashable) -> None:
        """Wake the first one in the queue, unless that is the transfer which is at its turn anyway."""
        if self._queue and self._sum < self.limit:
            first = next(iter(self._queue))
            if first != but:
                self._queue[first]()


def lanes_of_uploads(dc: int, *, premium: bool) -> int:
    """Return how many connections carry the parts of large files to a data centre, which is home."""
    return LANES_OF_UPLOADS if dc in NARROW_DCS and not premium else LANES_OF_PREMIUM


class LaneTicket:
    """A part that a lane carries.

    Attributes:
        dc: the number of the data centre; None: home.
        name: the lane's.

    """

    __slots__ = ("_costs", "dc", "name")

    def __init__(self, dc: int | None, name: str, cost: int) -> None:
        self.dc = dc
        self.name = name
        self._costs = [cost]

    def end(self) -> int:
        """Return the bytes that the part has cost the lane so far; 0 from then on."""
        try:
            return self._costs.pop()
        except IndexError:
            return 0


class FileLanes:
    """Which lane of a data centre carries the next part: that with fewest bytes under way. Any thread may call it."""

    def __init__(self) -> None:
        self._counts: dict[LaneKind, int] = {"file": LANES, "small": LANES_FOR_SMALL, "upload": LANES_OF_UPLOADS}
        self._lock = threading.Lock()
        self._loads: Counter[tuple[int | None, str]] = Counter()

    def spread(self, kind: LaneKind, count: int) -> None:
        """Use so many lanes of a kind to each data centre from now on."""
        self._counts[kind] = count

    def take(self, dc: int | None, cost: int, kind: LaneKind, avoid: str = "") -> LaneTicket:
        """Choose a lane, and count a part on it; `give` ends that.

        Args:
            dc: the number of the data centre; None: home.
            cost: bytes of the part.
            kind: of the lanes.
            avoid: a lane that is not to be taken, since a part has stalled there.

        """
        names = [name for number in range(1, self._counts[kind] + 1) if (name := f"{kind}-{number}") != avoid] or [
            avoid
        ]
        with self._lock:
            name = min(names, key=lambda one: self._loads[dc, one])
            self._loads[dc, name] += cost
        return LaneTicket(dc, name, cost)

    def give(self, ticket: LaneTicket) -> None:
        """End a part of `take`. May be called twice."""
        place, cost = (ticket.dc, ticket.name), ticket.end()
        with self._lock:
            self._loads[place] -= cost
            if not self._loads[place]:
                del self._loads[place]
