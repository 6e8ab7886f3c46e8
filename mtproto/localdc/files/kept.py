"""How many bytes of uploaded files each account has a DC keep."""

from __future__ import annotations

from collections import Counter

__all__ = ["KeptBytes"]

KEPT_OF_ACCOUNT = 64 * 1024 * 1024
"""Bytes of uploaded photos and documents of one account."""

KEPT_IN_ALL = 256 * 1024 * 1024
"""The same of all accounts."""

COST_OF_FILE = 8_192
"""Bytes that a file is counted for beside its own: its names and attributes."""


class KeptBytes:
    """Counts the bytes of files that were uploaded, are used, and are kept until the DC ends or the file is deleted."""

    def __init__(self) -> None:
        self._kept: Counter[int] = Counter()

    def take(self, user_id: int, size: int) -> bool:
        """Count one more file of an account; return False, and count nothing, where there is no room."""
        cost = size + COST_OF_FILE
        if self._kept[user_id] + cost > KEPT_OF_ACCOUNT or self._kept.total() + cost > KEPT_IN_ALL:
            return False
        self._kept[user_id] += cost
        return True

    def give_back(self, user_id: int, size: int) -> None:
        """Count one file less."""
        self._kept[user_id] -= size + COST_OF_FILE
