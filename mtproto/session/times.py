"""Server time as people read it, for errors that name two times."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["iso"]


def iso(seconds: float) -> str:
    """Return Unix seconds as `2018-04-01T12:00:00+00:00`; what no calendar holds stays a number."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.0f} s"
