"""The window of time in which a msg_id must lie, and how sessions write times.

core.telegram.org/mtproto/security_guidelines (checking msg_id) and
core.telegram.org/mtproto/description#message-identifier-msg-id. Both halves of a session use these numbers: the server
compares an id with its own clock, the client with what it knows of the server's clock.
"""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["NEVER", "NEWEST", "OLDEST", "iso"]

OLDEST = 300.0
"""Seconds by which the time in a msg_id may lie before server time. The client ignores an older message; the server
refuses it with code 16."""

NEWEST = 30.0
"""Seconds by which the time in a msg_id may lie ahead of server time. The server refuses a newer message with code 17.
The client raises its idea of server time instead, because only authentic ids reach this check."""

NEVER = float("inf")
"""The deadline of something that nobody waits for."""


def iso(seconds: float) -> str:
    """Return Unix seconds as `2018-04-01T12:00:00+00:00`; a time that no calendar holds stays a number."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.0f} s"
