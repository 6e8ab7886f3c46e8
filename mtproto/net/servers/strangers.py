"""The memory of connections that have not shown yet that they hold a key: one bound for all of them together."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["ROOM", "STRANGERS_MEMORY", "StrangersBudget"]

STRANGERS_MEMORY = 32 * 1024 * 1024
"""Bytes for all connections without an accepted packet together: 4,096 exchanges use far less."""

ROOM = 2
"""Bytes that are kept at most for each byte that came: the buffer of a large packet may have twice its size."""

C = TypeVar("C", bound=Hashable)


class StrangersBudget(Generic[C]):
    """Counts the bytes of connections without an accepted packet, and names the one to close where they are too many.

    Args:
        limit: bytes for all of them together.

    Attributes:
        total: bytes of all of them.

    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: dict[C, int] = {}
        self.total = 0

    def note(self, connection: C, held: int) -> C | None:
        """Note how many bytes a connection holds now. If all hold too much together, return the largest, to be closed.

        The connection that is returned is counted no longer.
        """
        self.total += held - self._held.get(connection, 0)
        self._held[connection] = held
        if self.total <= self._limit:
            return None
        largest = max(self._held, key=self._held.__getitem__)
        self.forget(largest)
        return largest

    def forget(self, connection: C) -> None:
        """Count a connection no longer: a packet of it was accepted, or it is gone."""
        self.total -= self._held.pop(connection, 0)
