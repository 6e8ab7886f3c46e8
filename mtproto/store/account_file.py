"""A store that is one file for one account."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mtproto.store.files import ROOM, LockedFile
from mtproto.store.record import AccountRecord
from mtproto.store.record_json import login_bytes, read_record
from mtproto.store.wrapping import Wrapping

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ACCOUNT_SIZE", "FileStore"]

ACCOUNT_SIZE = 64 * 1024 * 1024
"""Bytes that an account may have on disk: far more than its peers have."""

_WHAT = "account"


class FileStore:
    """Keeps an account in a file, which this process alone uses until `close`.

    `save` and `save_soft` both write the file whole: what may be lost must not cost what may not.

    Args:
        path: the file, which need not exist, in a folder that does.
        passphrase: encrypts the file; None: whoever reads the file is logged in. A file is opened as it was written:
            with its passphrase, or without one.

    Raises:
        StoreLocked: another process, or another object of this process, uses the file. The error names the process.
        StoreError: the folder can't be written, or the disk is full.

    """

    def __init__(self, path: str | Path, *, passphrase: str | None = None) -> None:
        self._wrapping = Wrapping(passphrase)
        self._file = LockedFile(path, limit=ACCOUNT_SIZE)
        self._kept: AccountRecord | None = None
        self._written = b""
        self._lock = threading.Lock()
        try:
            self._file.check_room(ROOM)
        except BaseException:
            self.close()
            raise

    def load(self) -> AccountRecord:
        """Return what was kept last; `AccountRecord()` if there is no file.

        Raises:
            PassphraseNeeded: the file is encrypted.
            PassphraseWrong: the file does not open with the passphrase.
            StoreDamaged: the file is no account's, or damaged.
            StoreError: the file can't be read.

        """
        with self._lock:
            return self._load()

    def save(self, record: AccountRecord) -> None:
        """Write the file, whole or not at all. When this returns, the record is on disk.

        Raises:
            OptionError: the record holds what JSON can't hold.
            StoreError: the file can't be written, or the old contents can't be read: those stand.

        """
        with self._lock:
            self._load()
            self._write(record)

    def save_soft(self, record: AccountRecord) -> None:
        """Keep `peers` and `updates` of the record. All else stays as `save` left it.

        Raises:
            OptionError, StoreError: as `save`.

        """
        with self._lock:
            self._write(self._load().with_soft(record))

    def close(self) -> None:
        """Give the lock back. May be called twice."""
        self._file.close()

    def _load(self) -> AccountRecord:
        """Read the file once: nobody else writes it."""
        if self._kept is None:
            path, data = self._file.path, self._file.read()
            if data is None:
                self._kept = AccountRecord()
            else:
                content = self._wrapping.unwrap(path, data, _WHAT)
                self._kept, self._written = read_record(path, content), content
        return self._kept

    def _write(self, record: AccountRecord) -> None:
        """Write the file, unless the same stands there."""
        content = login_bytes(record, soft=True)
        if content != self._written:
            self._file.write(self._wrapping.wrap(content, _WHAT))
        self._kept, self._written = record, content
