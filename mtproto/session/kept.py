"""How many bytes a server keeps: of a session, of a key, of all keys.

Each of these levels has a bound of its own, and knows what to give up when it is passed.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Kept"]


class Kept:
    """One level of what is kept. What is added to it is added to the levels above it, too.

    Attributes:
        limit: bytes of this level at most.
        make_room: called when there are more, with the number of bytes that are to be given up: so many that a quarter
            of the limit is free, for it is not called for each message. It calls `take` for what it gives up.
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
        level: Kept | None = self
        over = False
        while level is not None:
            level.bytes += size
            over = over or level.bytes > level.limit
            level = level.above
        if over:
            self._make_all_room()

    def _make_all_room(self) -> None:
        level: Kept | None = self
        while level is not None:
            if level.bytes > level.limit:
                level.make_room(level.bytes - level.limit * 3 // 4)
            level = level.above

    def take(self, size: int) -> None:
        """Count so many bytes less: they are kept no longer."""
        level: Kept | None = self
        while level is not None:
            level.bytes -= size
            level = level.above

    def leave(self) -> None:
        """Count no longer among what the levels above keep: this one is forgotten as a whole."""
        if self.above is not None:
            self.above.take(self.bytes)
            self.above = None
