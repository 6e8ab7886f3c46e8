"""Which photos of a user a command lists: by place, by id, and by the time at which they were set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["Window", "moment_of"]

_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}")


@dataclass(frozen=True, slots=True)
class Window:
    """Which photos of a user are listed.

    Attributes:
        offset: photos to skip.
        max_id: only photos with a lower id; 0: all.
        limit: photos at most.
        since: the first second (Unix); None: no bound.
        until: the last second; None: no bound.

    """

    offset: int = 0
    max_id: int = 0
    limit: int = 1
    since: int | None = None
    until: int | None = None

    def holds(self, photo: Any) -> bool:
        """Tell whether a photo was set between the two moments. A photo without a date was not, where one is named."""
        if self.since is None and self.until is None:
            return True
        date = getattr(photo, "date", None)
        return (
            date is not None
            and (self.since is None or self.since <= date)
            and (self.until is None or date <= self.until)
        )


def moment_of(text: str, *, is_end: bool) -> int:
    """Return a date, or a date and a time (ISO 8601), as Unix seconds; it is UTC where no zone is named.

    A date alone means its first second, or its last where `is_end`.

    Raises:
        ValueError: the text is no date.

    """
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text)
        if is_end and _DAY.fullmatch(text):
            moment += timedelta(days=1, seconds=-1)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no date: 2021-05-20, or 2021-05-20T12:30:00") from error
