"""Sequences of updates: what is due, what was there before, what waits for those that are missing.

core.telegram.org/api/updates: each update has a number and a count; it is the next one if the number is the local one
plus the count. A `Box` is one such sequence. A `UpdateSource` is what one difference brings up to date.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtproto.flows.incoming import Fetch, Incoming
    from tl import TLObject

__all__ = ["GAP_WAIT", "Box", "Piece", "UpdateSource"]

GAP_WAIT = 0.5
"""Seconds that updates wait for those before them, which may be under way: documented."""

_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Updates that are counted together: `count` steps of a sequence, the last of which has the number `last`."""

    last: int
    count: int
    items: tuple[Incoming[TLObject], ...]
    date: int = 0  # the server's, of a piece by which the account's date moves
    size: int = field(default=0, compare=False)  # bytes that the items took on the wire

    @property
    def place(self) -> tuple[int, int]:
        """Where the piece sorts: one that counts nothing comes after the one whose number it has."""
        return self.last, -self.count


class Box:
    """One sequence: the number up to which all is told, and the pieces that came too early.

    Args:
        value: the number; None: not known yet.

    """

    def __init__(self, value: int | None = None) -> None:
        self.value = value
        self.frozen = False  # a difference is under way, which tells what comes next
        self.since: float | None = None  # when the oldest gap was seen
        self.size = 0  # bytes of the pieces that wait
        self._held: list[Piece] = []
        self._least: int | None = None  # the number before the first piece that had no room

    def __len__(self) -> int:
        """Return how many pieces wait."""
        return len(self._held)

    def is_old(self, piece: Piece) -> bool:
        """Tell whether a piece is told already. One that counts nothing is not, while its number is the local one."""
        return self.value is not None and piece.last < self.value + (piece.count > 0)

    def is_next(self, piece: Piece) -> bool:
        """Tell whether a piece comes right after what is told."""
        return self.value is not None and piece.last - piece.count == self.value

    def offer(self, piece: Piece, now: float) -> list[Piece]:
        """Take a piece; return those that are due, in order. One that is told already is dropped."""
        if not self.is_old(piece):
            self._hold(piece)
        return self.due(now)

    def _hold(self, piece: Piece) -> None:
        """Let a piece wait in its place, unless it waits there already."""
        at = bisect_left(self._held, piece.place, key=lambda held: held.place)
        while at < len(self._held) and self._held[at].place == piece.place:
            if piece.count or self._held[at] == piece:
                return
            at += 1
        self._held.insert(at, piece)
        self.size += piece.size

    def put_off(self, piece: Piece) -> None:
        """Note a piece that has no room: where no number is known, the sequence begins before it."""
        before = piece.last - piece.count
        self._least = before if self._least is None else min(before, self._least)

    def _first(self) -> Piece:
        piece = self._held.pop(0)
        self.size -= piece.size
        return piece

    def due(self, now: float) -> list[Piece]:
        """Return the pieces that are due, in order, and see since when there is a gap."""
        ready: list[Piece] = []
        while self._held and not self.frozen and self.value is not None:
            if self.is_next(self._held[0]):
                piece = self._first()
                self.value = piece.last
                ready.append(piece)
            elif self.is_old(self._held[0]):
                self._first()
            else:
                break
        if not self._held or self.frozen:
            self.since = None
        elif self.since is None or ready:
            self.since = now
        return ready

    def first_held(self) -> int | None:
        """Return the number right before the first piece that came and is not told."""
        least = () if self._least is None else (self._least,)
        return min((*least, *(piece.last - piece.count for piece in self._held)), default=None)

    def freeze(self) -> None:
        """Let all wait for a difference."""
        self.frozen, self.since = True, None

    def resume(self, value: int | None, now: float) -> list[Piece]:
        """Go on from a number that a difference told; return the pieces that are due."""
        self.frozen, self.value, self._least = False, value, None
        return self.due(now)

    def move(self, value: int) -> None:
        """Take a number that a slice of a difference told: the rest is still to come."""
        self.value = value

    def clear(self) -> None:
        """Drop the pieces that wait: their numbers mean nothing any more."""
        self._held.clear()
        self.size, self._least, self.since = 0, None, None


class UpdateSource:
    """The sequences that one difference brings up to date: the account's, or those of a channel.

    Args:
        key: the id of the channel; 0: the account.
        values: the sequences and their numbers.
        access_hash: the channel's.
        skip: marks of what was told of an unfinished difference before the program ended.

    """

    def __init__(
        self,
        key: int,
        values: Mapping[str, int | None],
        access_hash: int | None = None,
        skip: Iterable[str] = (),
    ) -> None:
        self.key = key
        self.boxes = {name: Box(value) for name, value in values.items()}
        self.access_hash = access_hash
        self.skip = frozenset(skip)
        self.behind = False
        self.fetch: Fetch | None = None
        self.lost = False  # more was missed while a difference was under way
        self.not_before = 0.0
        self.failures = 0
        self.again: float | None = None
        self.annulled = False  # the numbers mean nothing any more

    @property
    def known(self) -> bool:
        """Whether all numbers are known."""
        return all(box.value is not None for box in self.boxes.values())

    @property
    def held(self) -> int:
        """How many pieces wait."""
        return sum(map(len, self.boxes.values()))

    @property
    def size(self) -> int:
        """How many bytes the pieces that wait took on the wire."""
        return sum(box.size for box in self.boxes.values())

    @property
    def idle(self) -> bool:
        """Whether nothing is to be done as time passes."""
        return not (self.behind or self.again is not None or self.held)

    def wake_at(self) -> float | None:
        """Return when something is to be done, whatever comes; None: nothing. A difference under way is waited for."""
        if self.behind:
            return self.not_before if self.fetch is None else None
        times = [box.since + GAP_WAIT for box in self.boxes.values() if box.since is not None]
        return min([*times, *([] if self.again is None else [self.again])], default=None)

    def stop_asking(self) -> None:
        """Ask for no difference after a while: something came."""
        self.again = None

    def ask_again_at(self, when: float) -> None:
        """Ask for a difference at a time, if nothing comes before."""
        self.again = when

    def learn(self, access_hash: int) -> None:
        """Remember the channel's access hash."""
        self.access_hash = access_hash

    def fall_behind(self) -> None:
        """Let a difference tell what comes next."""
        self.lost = self.fetch is not None
        self.behind, self.again = True, None
        for box in self.boxes.values():
            box.freeze()

    def annul(self) -> None:
        """Forget what the numbers mean: the server begins a new count, or refuses to go on from the old one."""
        self.annulled = True
        for box in self.boxes.values():
            box.clear()
        self.fall_behind()

    def ask(self, fetch: Fetch) -> None:
        """Note the call that is under way."""
        self.fetch, self.lost = fetch, False

    def end_fetch(self) -> None:
        """Note that no call is under way any more."""
        self.fetch = None

    def fail(self, now: float, pause: float | None) -> None:
        """Note that the call failed, and will be made again after a pause (seconds; None: longer each time)."""
        if pause is None:
            pause = min(2.0 ** min(self.failures, 16), _LONGEST_PAUSE)
            self.failures += 1
        self.fetch, self.not_before = None, now + pause

    def go_on(self, values: Mapping[str, int]) -> None:
        """Take the numbers of a slice; the next one is asked for."""
        self.fetch, self.failures = None, 0
        for name, value in values.items():
            self.boxes[name].move(value)

    def catch_up(self, values: Mapping[str, int], now: float) -> list[tuple[str, Piece]]:
        """Take the numbers of a whole difference; return what came meanwhile and is due, and in which sequence."""
        self.go_on(values)
        self.annulled, self.skip = False, frozenset()
        if self.lost:
            self.lost = False
            return []
        self.behind = False
        return [
            (name, piece) for name, box in self.boxes.items() for piece in box.resume(values.get(name, box.value), now)
        ]

    def begin_anew(self, now: float) -> list[tuple[str, Piece]]:
        """Go on without a difference from the first piece that waits, or else from whatever comes next."""
        self.fetch, self.behind, self.lost, self.failures, self.skip = None, False, False, 0, frozenset()
        return [(name, piece) for name, box in self.boxes.items() for piece in box.resume(box.first_held(), now)]
