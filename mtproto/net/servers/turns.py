"""Which connection of an event loop is served next: the one that has had the least work lately. No I/O and no clock.

This is fair queueing with the virtual time of WF2Q+ (Bennett, Zhang: IEEE/ACM Transactions on Networking 5:5, 1997),
twice: among groups, and inside a group among its members. All connections of one auth key are one group, and so are all
connections that have shown no key: whoever opens 500 connections is given no more than whoever opens one.

Each member has a count of the work that was done for it; the member with the lowest count is next. The level is the
count of a member that always waits. A member that comes back from a pause begins at `CREDIT` below the level, so before
those that always wait, or at its own count if that is higher. So old work does not count for ever, and nobody waits for
ever.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

__all__ = ["BURST", "CREDIT", "Line", "Member", "Turns"]

BURST = 100
"""Units of work, of about 10 µs each, after which the event loop goes round."""

CREDIT = 1000
"""Units of work below the level at which a member begins after a pause: more than most turns take."""

SPARE = 256
"""Counts that are kept of members that do not wait, beside twice as many as wait."""

T = TypeVar("T", bound=Hashable)


class Line(Generic[T]):
    """The members that wait, in the order of the work that was done for each. One owner."""

    __slots__ = ("_had", "_heap", "_level", "_numbers", "_waiting")

    def __init__(self) -> None:
        self._had: dict[T, float] = {}
        self._waiting: dict[T, int] = {}  # and the number of each one's entry
        self._heap: list[tuple[float, int, T]] = []
        self._numbers = itertools.count()
        self._level = 0.0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def __contains__(self, one: T) -> bool:
        """Whether this one waits."""
        return one in self._waiting

    def add(self, one: T) -> None:
        """Let a member wait. Nothing changes if it waits already."""
        if one not in self._waiting:
            had = self._had[one] = max(self._had.get(one, 0.0), self._level - CREDIT)
            number = self._waiting[one] = next(self._numbers)
            heapq.heappush(self._heap, (had, number, one))

    def pop(self) -> T:
        """Return the next member, which waits no longer.

        Raises:
            IndexError: nobody waits.

        """
        while True:
            at, number, one = heapq.heappop(self._heap)
            if self._waiting.get(one) != number:
                continue  # it has left
            had = self._had[one]
            if had > at:
                heapq.heappush(self._heap, (had, number, one))  # work was done for it while it waited
                continue
            del self._waiting[one]
            self._level = max(self._level, at)
            self._tidy()
            return one

    def charge(self, one: T, units: int) -> None:
        """Count work that was done for a member."""
        self._had[one] = max(self._had.get(one, 0.0), self._level - CREDIT) + units
        self._level += units / (1 + len(self._waiting))

    def leave(self, one: T) -> None:
        """Let a member wait no longer. Its count stays."""
        self._waiting.pop(one, None)
        if len(self._heap) > 2 * len(self._waiting) + SPARE:
            self._heap = [entry for entry in self._heap if self._waiting.get(entry[2]) == entry[1]]
            heapq.heapify(self._heap)

    def forget(self, one: T) -> None:
        """Forget a member and its count."""
        self.leave(one)
        self._had.pop(one, None)

    def _tidy(self) -> None:
        """Forget the counts that are no higher than the count of a new member."""
        if len(self._had) > 2 * len(self._waiting) + SPARE:
            least = self._level - CREDIT
            self._had = {one: had for one, had in self._had.items() if had > least or one in self._waiting}


class Member(Hashable, Protocol):
    """A connection that is given turns."""

    @property
    def group(self) -> Hashable:
        """The group that the member shares its turns with."""

    @property
    def wants_turn(self) -> bool:
        """Whether the member has something to do."""

    def take_turn(self) -> int:
        """Do a small part of the work, and return how many units that was. Raises nothing."""


M = TypeVar("M", bound=Member)


class Turns(Generic[M]):
    """Gives turns on one event loop, and lets the loop go round after `BURST` units of work.

    Args:
        call_soon: has a function called when the loop has gone round.

    """

    def __init__(self, call_soon: Callable[[Callable[[], None]], object]) -> None:
        self._call_soon = call_soon
        self._groups: Line[Hashable] = Line()
        self._members: dict[Hashable, Line[M]] = {}
        self._group_of: dict[M, Hashable] = {}  # of those who wait
        self._planned = False
        self._busy = False
        self._spent = 0  # units since the loop went round

    @property
    def waiting(self) -> int:
        """How many wait for a turn."""
        return len(self._group_of)

    def want(self, member: M, *, later: bool = False) -> None:
        """Give a member turns for as long as it wants them.

        The first turn comes at once if nobody waits and the loop has time left. With `later` it comes once the loop has
        gone round.
        """
        if member in self._group_of or not member.wants_turn:
            return
        self._add(member)
        self._plan()
        if not later and len(self._group_of) == 1 and self._spent < BURST and not self._busy:
            self._serve()

    def leave(self, member: M) -> None:
        """Forget a member."""
        group = self._group_of.pop(member, member.group)
        line = self._members.get(group)
        if line is not None:
            line.forget(member)
            self._put_away(group, line)

    def clear(self) -> None:
        """Let nobody wait any more."""
        self._groups, self._members, self._group_of = Line(), {}, {}

    def _add(self, member: M) -> None:
        group = self._group_of[member] = member.group
        self._members.setdefault(group, Line()).add(member)
        self._groups.add(group)

    def _put_away(self, group: Hashable, line: Line[M]) -> None:
        """Drop the line of a group of which nobody waits. The count of the group stays."""
        if not line:
            self._groups.leave(group)
            self._members.pop(group, None)

    def _plan(self) -> None:
        if not self._planned:
            self._planned = True
            self._call_soon(self._go_on)

    def _go_on(self) -> None:
        """Give turns, once the loop has gone round."""
        self._planned = False
        self._spent = 0
        while self._group_of and self._spent < BURST:
            self._serve()
        if self._group_of:
            self._plan()

    def _serve(self) -> None:
        """Give one turn to the next member."""
        group = self._groups.pop()
        line = self._members[group]
        member = line.pop()
        del self._group_of[member]
        self._busy = True
        try:
            units = member.take_turn()
        finally:
            self._busy = False
        self._spent += units
        line.charge(member, units)
        self._groups.charge(group, units)
        if member.group != group:
            line.forget(member)
        if member.wants_turn:
            self._add(member)
        if line:
            self._groups.add(group)
        self._put_away(group, line)
