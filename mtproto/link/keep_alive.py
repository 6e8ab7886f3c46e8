"""Keeps a connection open, and notices when it is dead.

Each ping asks the server to close the connection when no further ping arrives (`ping_delay_disconnect`,
core.telegram.org/mtproto/service_messages). So the server keeps no dead connection either.
"""

from __future__ import annotations

__all__ = ["DISCONNECT_DELAY", "KeepAlive"]

PING_INTERVAL = 60.0
"""Seconds between pings: what the documentation proposes."""

DISCONNECT_DELAY = 75
"""Seconds without a ping after which the server shall close the connection: a ping interval and some slack."""

IMPATIENT_INTERVAL = 15.0
"""Seconds of silence after which a ping is sent early while a call waits: the connection may be dead."""

PATIENCE = 15.0
"""Seconds after a ping in which anything at all must arrive."""


class KeepAlive:
    """The clock of one connection. All times are Unix seconds. One owner: a link.

    The first ping is due at once. It tells each end early whether the other end is there and knows the key.
    """

    __slots__ = ("_heard", "_pinged", "_unanswered")

    def __init__(self, now: float) -> None:
        self._heard = now
        self._pinged = now - PING_INTERVAL
        self._unanswered = False

    def heard(self, now: float) -> None:
        """Note that something arrived."""
        self._heard = now
        self._unanswered = False

    def is_dead(self, now: float) -> bool:
        """Tell whether a ping stayed without any answer for too long."""
        return self._unanswered and now >= self._pinged + PATIENCE

    def is_ping_due(self, now: float, *, waiting: bool) -> bool:
        """Tell whether to ping now, and note it; `waiting` says that calls wait for answers."""
        if self._unanswered or now < self._ping_at(waiting=waiting):
            return False
        self._pinged = now
        self._unanswered = True
        return True

    def deadline(self, *, waiting: bool) -> float:
        """Return when to look again."""
        return self._pinged + PATIENCE if self._unanswered else self._ping_at(waiting=waiting)

    def _ping_at(self, *, waiting: bool) -> float:
        regular = self._pinged + PING_INTERVAL
        return min(regular, max(self._heard, self._pinged) + IMPATIENT_INTERVAL) if waiting else regular
