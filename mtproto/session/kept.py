"""How many bytes a server keeps for its clients: for a session, for a key, for all keys.

Each of these levels has a bound of its own, and knows what to give up when the bound is passed.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Kept"]


class Kept:
    """One level of what is kept. Bytes that are added to a level are added to the levels above it, too.

    Attributes:
        limit: bytes of this level at most.
        make_room: called when there are more, with the number of bytes that are to be given up. A quarter of the limit
            becomes free by that, so that `make_room` is not called for each message. The function calls `take` for
            everything that it gives up.
        above: the next level.
        bytes: how many there are.

    """

    __slots__ = ("above", "bytes", "limit", "make_room")

    def __init__(self, limit: int, make_room: Callable[[int], None], above: Kept | None = None) -> None:
        self.limit = limit
        self.make_room = make_room
        self.above = above
        self.bytes = 0

    def add(self, size: int) -> None:
        """Count so many bytes more; where that is too much, room is made before this returns."""
        if self.count(size):
            self._make_all_room()

    def count(self, size: int) -> bool:
        """Count so many bytes more here and in the levels above; return whether one of these levels has too many."""
        self.bytes += size
        over = self.bytes > self.limit
        return (self.above is not None and self.above.count(size)) or over

    def _make_all_room(self) -> None:
        level: Kept | None = self
        while level is not None:
            if level.bytes > level.limit:
                level.make_room(level.bytes - level.limit * 3 // 4)
            level = level.above

    def take(self, size: int) -> None:
        """Count so many bytes less: they are kept no longer."""
        self.bytes -= size
        if self.above is not None:
            self.above.take(size)

    def leave(self) -> None:
        """Count no longer among what the levels above keep: this level is forgotten as a whole."""
        if self.above is not None:
            self.above.take(self.bytes)
            self.above = None
