"""Which uploaded files each account has a DC keep, and which of them make room for new ones."""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KeptFiles"]

KEPT_OF_ACCOUNT = 64 * 1024 * 1024
"""Bytes of uploaded photos and documents of one account: older files make room; a larger file alone is refused."""

KEPT_IN_ALL = 256 * 1024 * 1024
"""The same of all accounts: the account that has most forgets files."""

COST_OF_FILE = 8_192
"""Bytes that a file is counted for beside its own: its names and attributes."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    cost: int
    forget: Callable[[], object]


@dataclass(slots=True)
class _FilesOfAccount:
    """The files by id, the oldest first: those that nobody was sent, and those that are in use."""

    unused: OrderedDict[int, _Kept] = field(default_factory=OrderedDict)
    used: OrderedDict[int, _Kept] = field(default_factory=OrderedDict)

    def use(self, file_id: int) -> None:
        if file_id in self.unused:
            self.used[file_id] = self.unused.pop(file_id)

    def remove(self, file_id: int) -> _Kept | None:
        return self.unused.pop(file_id, None) or self.used.pop(file_id, None)


class KeptFiles:
    """Files that were uploaded and are kept, until the DC ends, the file is deleted, or a new file needs the room."""

    def __init__(self) -> None:
        self._files: dict[int, _FilesOfAccount] = {}
        self._owners: dict[int, int] = {}
        self._costs: Counter[int] = Counter()  # by account

    @property
    def cost(self) -> int:
        """Bytes that all files take."""
        return self._costs.total()

    def make_room(self, user_id: int, size: int) -> bool:
        """Forget files until one more of an account has room: first those that nobody was sent, then the oldest.

        Returns False, and forgets nothing, for a file that is larger than all that an account may have.
        """
        if size > KEPT_OF_ACCOUNT:
            logger.warning(
                "a file of %d bytes is refused: this data centre keeps %d bytes for an account", size, KEPT_OF_ACCOUNT
            )
            return False
        forgotten, cost = 0, size + COST_OF_FILE
        while self._costs[user_id] and self._costs[user_id] + cost > KEPT_OF_ACCOUNT:
            self._forget_first(user_id)
            forgotten += 1
        while self.cost and self.cost + cost > KEPT_IN_ALL:
            self._forget_first(max(self._costs, key=lambda each: self._costs[each]))
            forgotten += 1
        if forgotten:
            logger.info("%d uploaded files are forgotten: they make room for one of %d bytes", forgotten, size)
        return True

    def add(self, user_id: int, file_id: int, size: int, forget: Callable[[], object], *, is_used: bool) -> None:
        """Count one more file of an account, for which `make_room` was called.

        Args:
            user_id: the account.
            file_id: of the photo or the document.
            size: how many bytes there are.
            forget: is called where the file has to make room.
            is_used: False for a document that nobody was sent yet.

        """
        mine = self._files.setdefault(user_id, _FilesOfAccount())
        kept = _Kept(size + COST_OF_FILE, forget)
        (mine.used if is_used else mine.unused)[file_id] = kept
        self._owners[file_id] = user_id
        self._costs[user_id] += kept.cost

    def was_sent(self, file_id: int) -> None:
        """Note that somebody was sent a document; does nothing for one that nobody uploaded."""
        mine = self._files.get(self._owners.get(file_id, 0))
        if mine is not None:
            mine.use(file_id)

    def remove(self, file_id: int) -> None:
        """Count one file less; does nothing for one that nobody uploaded."""
        user_id = self._owners.pop(file_id, None)
        kept = None if user_id is None else self._files[user_id].remove(file_id)
        if user_id is not None and kept is not None:
            self._costs[user_id] -= kept.cost

    def _forget_first(self, user_id: int) -> None:
        mine = self._files[user_id]
        file_id = next(iter(mine.unused or mine.used))
        kept = (mine.unused or mine.used)[file_id]
        self.remove(file_id)
        kept.forget()
