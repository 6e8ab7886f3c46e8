"""A store that ends with its process."""

from __future__ import annotations

import threading

from mtproto.store.record import AccountRecord
from mtproto.store.record_json import login_bytes

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps an account in memory, under the rules of the stores on disk.

    Args:
        record: what the store holds at first.

    """

    def __init__(self, record: AccountRecord | None = None) -> None:
        self._kept = record or AccountRecord()
        self._lock = threading.Lock()

    def load(self) -> AccountRecord:
        """Return what was kept last; `AccountRecord()` if nothing was."""
        with self._lock:
            return self._kept

    def save(self, record: AccountRecord) -> None:
        """Keep all of the record.

        Raises:
            OptionError: the record holds what no store could keep.

        """
        login_bytes(record, soft=True)
        with self._lock:
            self._kept = record

    def save_soft(self, record: AccountRecord) -> None:
        """Keep `peers` and `updates` of the record. All else stays.

        Raises:
            OptionError: as `save`.

        """
        login_bytes(record, soft=True)
        with self._lock:
            self._kept = self._kept.with_soft(record)

    def close(self) -> None:
        """Do nothing: nobody else has the place."""
