"""A store of many accounts in one database of SQLite, each of which one process uses at a time.

The database has a rollback journal, no write-ahead log: between two writings the database is one file, which a person
can copy whole; it works wherever a file can be locked. A writing takes some milliseconds, and other processes wait for
it. `synchronous` is EXTRA, since with less a power cut could undo the last writing.

The lock on an account is a file of its own in the folder `PATH.locks`: the lock of a killed process is free at once.
Database files are opened by SQLite alone: where a process closes a file that SQLite has open, its locks are lost.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from mtproto.errors import OptionError
from mtproto.store.account_file import ACCOUNT_SIZE
from mtproto.store.drafts import PRIVATE, check_room, remove_drafts
from mtproto.store.errors import StoreDamaged, StoreError
from mtproto.store.files import ROOM
from mtproto.store.locks import HeldLock
from mtproto.store.reading import refuse_foreign, target_of, words
from mtproto.store.record import AccountRecord
from mtproto.store.record_json import login_bytes, read_record, read_soft, soft_bytes
from mtproto.store.wrapping import Wrapping

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

__all__ = ["SQLiteStore"]

BUSY_TIME = 30
"""Seconds that a writing waits for those of other processes."""

LONGEST_NAME = 200
"""Characters of an account's name."""

_APPLICATION = 0x4D54_4B53
"""`PRAGMA application_id`: "MTKS"."""

_VERSION = 1
"""`PRAGMA user_version`."""

_TABLE = (
    "CREATE TABLE kept (account TEXT NOT NULL, part TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (account, part))"
)
_LOGIN = "login"
_SOFT = ("peers", "updates")
_COMPANIONS = ("-journal", "-wal", "-shm")
"""Ends of the names of files that SQLite reads beside a database."""


class SQLiteStore:
    """Keeps one account of a database, which this process alone uses until `close`; others use the other accounts.

    What must not be lost, peers and updates have a row each: a `save_soft` leaves the row of the login alone.

    Args:
        path: the database, which need not exist, in a folder that does.
        name: which account: a line of up to 200 characters.
        passphrase: encrypts what is kept of this account, but not its name; None: nothing is encrypted.

    Raises:
        StoreLocked: another process, or another object of this process, uses the account. The error names the process.
        StoreDamaged: the file is no database of accounts, or damaged.
        StoreError: the folder can't be written, or the disk is full.
        OptionError: the name can't be one.

    """

    def __init__(self, path: str | Path, name: str, *, passphrase: str | None = None) -> None:
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
            raise OptionError(f"the name of an account is a line of up to {LONGEST_NAME} characters", "name")
        self._path = Path(path)
        self._name = name
        self._wrapping = Wrapping(passphrase)
        self._lock = threading.Lock()
        self._kept: AccountRecord | None = None
        self._written: dict[str, bytes] = {}
        with contextlib.ExitStack() as undo:
            target = _checked_target(self._path)
            self._holding = HeldLock(self._path, _lock_place(self._path, target, name), what=f"the account {name!r}")
            undo.callback(self._holding.close)
            self._database: sqlite3.Connection | None = _open(self._path, target)
            undo.pop_all()

    def load(self) -> AccountRecord:
        """Return what was kept last of the account; `AccountRecord()` if nothing was.

        Raises:
            PassphraseNeeded: the account is encrypted.
            PassphraseWrong: the account does not open with the passphrase.
            StoreDamaged: the database is damaged.
            StoreError: the database can't be read.

        """
        with self._lock:
            return self._load()

    def save(self, record: AccountRecord) -> None:
        """Write all rows of the account, or none. When this returns, the record is on disk.

        Raises:
            OptionError: the record holds what JSON can't hold.
            StoreError: the database can't be written, or what is there can't be read: that stands.

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
        """Let others use the account. May be called twice."""
        with self._lock:
            database, self._database = self._database, None
            if database is not None:
                database.close()
            self._holding.close()

    def _load(self) -> AccountRecord:
        """Read the account once: nobody else writes it."""
        if self._kept is None:
            with self._connected("read") as database:
                rows = database.execute("SELECT part, content FROM kept WHERE account = ?", (self._name,)).fetchall()
            parts = {part: self._unwrapped(part, content) for part, content in rows}
            record = read_record(self._path, parts[_LOGIN]) if _LOGIN in parts else AccountRecord()
            soft = {name: read_soft(self._path, parts[name], name) if name in parts else {} for name in _SOFT}
            self._kept = record.with_soft(AccountRecord(peers=soft["peers"], updates=soft["updates"]))
            self._written = parts
        return self._kept

    def _unwrapped(self, part: str, content: object) -> bytes:
        if not isinstance(content, bytes):
            raise StoreDamaged(self._path, "not a database of accounts, or damaged: a row is of another type")
        return self._wrapping.unwrap(self._path, content, self._what(part))

    def _what(self, part: str) -> str:
        """Name a row for its encryption, so that a row is of use in its own place only."""
        return f"{part} of {self._name}"

    def _write(self, record: AccountRecord) -> None:
        """Write those rows that have changed, in one transaction."""
        parts = {_LOGIN: login_bytes(record)}
        for name, value in (("peers", record.peers), ("updates", record.updates)):
            if value or name in self._written:
                parts[name] = soft_bytes(name, value)
        changed = {part: data for part, data in parts.items() if self._written.get(part) != data}
        rows = [(self._name, part, self._wrapping.wrap(data, self._what(part))) for part, data in changed.items()]
        with self._connected("written") as database:
            if rows:
                with _transaction(database):
                    database.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)
        self._kept, self._written = record, parts

    @contextlib.contextmanager
    def _connected(self, done: str) -> Iterator[sqlite3.Connection]:
        if self._database is None:
            raise StoreError(self._path, f"can't be {done}: it was closed")
        with _told(self._path, done):
            yield self._database


def _checked_target(path: Path) -> Path:
    """Return the database with links resolved; refuses what is another user's where anybody may write."""
    with _told(path, "opened"):
        target = target_of(path)
        for end in _COMPANIONS:
            refuse_foreign(path, target.with_name(target.name + end))
        if target.exists() and not target.is_file():
            raise StoreError(path, "can't be opened: not a regular file")
    return target


def _lock_place(path: Path, target: Path, name: str) -> Path:
    """Return where the lock of an account is; makes the folder of the locks."""
    folder = target.with_name(f"{target.name}.locks")
    with _told(path, "locked"):
        folder.parent.stat()
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        refuse_foreign(path, folder)
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise StoreError(path, f"can't be locked: {folder.name} is no folder")
    return folder / hashlib.sha256(name.encode()).hexdigest()[:32]


def _open(path: Path, target: Path) -> sqlite3.Connection:
    """Open the database, or make it. One process at a time does so."""
    import sqlite3

    opening = HeldLock(path, target, wait=BUSY_TIME, named=False)
    try:
        with _told(path, "opened"):
            remove_drafts(target)
            check_room(target, ROOM)
            _make_private(target)
            database = sqlite3.connect(target, timeout=BUSY_TIME, isolation_level=None, check_same_thread=False)
            try:
                _set_up(path, database)
            except BaseException:
                database.close()
                raise
            return database
    finally:
        opening.close()


def _make_private(target: Path) -> None:
    """Make an empty file for its owner alone if there is none. SQLite gives the files beside it the same mode."""
    if target.exists():
        if sys.platform != "win32" and stat.S_IMODE(target.stat().st_mode) != PRIVATE:
            target.chmod(PRIVATE)
        return
    flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | int(getattr(os, "O_NOFOLLOW", 0))
    handle = os.open(target, flags, PRIVATE)
    try:
        if sys.platform != "win32":
            os.fchmod(handle, PRIVATE)  # the umask may have taken some of it away
    finally:
        os.close(handle)


def _set_up(path: Path, database: sqlite3.Connection) -> None:
    import sqlite3

    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, ACCOUNT_SIZE)
    for pragma in ("journal_mode = DELETE", "synchronous = EXTRA", "secure_delete = ON", "trusted_schema = OFF"):
        database.execute(f"PRAGMA {pragma}").fetchall()
    with _transaction(database):
        application, version = (
            database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        if database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0 and (application, version) == (
            0,
            0,
        ):
            database.execute(f"PRAGMA application_id = {_APPLICATION}")
            database.execute(f"PRAGMA user_version = {_VERSION}")
            database.execute(_TABLE)
        elif application != _APPLICATION:
            raise StoreDamaged(path, "not a database of accounts, or damaged: that of another program")
        elif version != _VERSION:
            raise StoreDamaged(path, "not a database of accounts, or damaged: one of another version")


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def _told(path: Path, done: str) -> Iterator[None]:
    """Turn errors of the system and of SQLite into those of stores. None of them quotes a row."""
    import sqlite3

    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StoreDamaged(path, "not a database of accounts, or damaged: SQLite can't read it") from None
        raise StoreError(path, f"can't be {done}: {error}") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        if isinstance(error, OptionError):
            raise
        raise StoreError(path, f"can't be {done}: {words(error)}") from error
