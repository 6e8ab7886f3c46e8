"""Session files of Telethon, Pyrogram and Kurigram: SQLite databases, as bytes.

A database is read and written in memory, by a connection that may read the columns below and do nothing else: a file
from elsewhere may hold views, triggers and statements without end.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtproto.errors import OptionError
from mtproto.store.errors import StoreDamaged
from mtproto.store.foreign.session import checked
from mtproto.store.foreign.texts import needed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from mtproto.store.foreign.session import ForeignLogin

__all__ = ["FOREIGN_FILES", "LARGEST_FILE", "export_foreign_file", "import_foreign_file"]

LARGEST_FILE = 128 * 1024 * 1024
"""Bytes of a session file of another client. Such files keep every user that was ever met."""

_PATH = Path("the session file")
_HEAD = b"SQLite format 3\0"
_WAL = slice(18, 20)
"""Where the head says that a file is used with a log beside it; a copy in memory has none."""

_STEPS = 10_000
"""Instructions after which SQLite asks whether to go on."""
_QUESTIONS = 100
"""How often it may ask: a million instructions are some hundred times what a session needs."""
_MOST_COLUMNS = 32
LONGEST_VALUE = 64 * 1024
"""Bytes of one value of a session."""

_TELETHON = (
    "CREATE TABLE version (version integer primary key)",
    "CREATE TABLE sessions (dc_id integer primary key, server_address text, port integer, auth_key blob, "
    "takeout_id integer, tmp_auth_key blob)",
    "CREATE TABLE entities (id integer primary key, hash integer not null, username text, phone integer, name text, "
    "date integer)",
    "CREATE TABLE sent_files (md5_digest blob, file_size integer, type integer, id integer, hash integer, "
    "primary key(md5_digest, file_size, type))",
    "CREATE TABLE update_state (id integer primary key, pts integer, qts integer, date integer, seq integer)",
    "INSERT INTO version VALUES (8)",
)
_PEERS = (
    "id INTEGER PRIMARY KEY, access_hash INTEGER, type INTEGER NOT NULL, {}phone_number TEXT, "
    "last_update_on INTEGER NOT NULL DEFAULT (CAST(STRFTIME('%s', 'now') AS INTEGER))"
)
_BOTH_PYROGRAMS = (
    "CREATE TABLE version (number INTEGER PRIMARY KEY)",
    "CREATE INDEX idx_peers_id ON peers (id)",
    "CREATE INDEX idx_peers_phone_number ON peers (phone_number)",
    "CREATE TRIGGER trg_peers_last_update_on AFTER UPDATE ON peers BEGIN UPDATE peers "
    "SET last_update_on = CAST(STRFTIME('%s', 'now') AS INTEGER) WHERE id = NEW.id; END",
)
_PYROGRAM = (
    "CREATE TABLE sessions (dc_id INTEGER PRIMARY KEY, api_id INTEGER, test_mode INTEGER, auth_key BLOB, "
    "date INTEGER NOT NULL, user_id INTEGER, is_bot INTEGER)",
    f"CREATE TABLE peers ({_PEERS.format('username TEXT, ')})",
    *_BOTH_PYROGRAMS,
    "CREATE INDEX idx_peers_username ON peers (username)",
    "INSERT INTO version VALUES (3)",
)
_KURIGRAM = (
    "CREATE TABLE sessions (dc_id INTEGER PRIMARY KEY, server_address TEXT, port INTEGER, api_id INTEGER, "
    "test_mode INTEGER, auth_key BLOB, date INTEGER NOT NULL, user_id INTEGER, is_bot INTEGER)",
    f"CREATE TABLE peers ({_PEERS.format('')})",
    "CREATE TABLE usernames (id INTEGER, username TEXT, FOREIGN KEY (id) REFERENCES peers(id))",
    "CREATE TABLE update_state (id INTEGER PRIMARY KEY, pts INTEGER, qts INTEGER, date INTEGER, seq INTEGER)",
    *_BOTH_PYROGRAMS,
    "CREATE INDEX idx_usernames_id ON usernames (id)",
    "CREATE INDEX idx_usernames_username ON usernames (username)",
    "INSERT INTO version VALUES (7)",
)

_COLUMNS = {
    "telethon": ("dc_id", "auth_key", "server_address", "port"),
    "pyrogram": ("dc_id", "auth_key", "api_id", "test_mode", "user_id", "is_bot"),
    "kurigram": ("dc_id", "auth_key", "api_id", "test_mode", "user_id", "is_bot", "server_address", "port"),
    "old pyrogram": ("dc_id", "auth_key", "test_mode", "user_id", "is_bot"),
}
_KINDS: dict[str, tuple[type, ...]] = {"auth_key": (bytes,), "server_address": (str, type(None))}
_WHOLE = (int, type(None))


def import_foreign_file(data: bytes, path: Path = _PATH) -> ForeignLogin:
    """Read a session file of Telethon, Pyrogram or Kurigram, of any of their versions.

    What a program has still to write from a log beside the file (`-wal`, `-journal`) is not in the bytes: the program
    has to be closed before the file is read.

    Args:
        data: the contents of the file.
        path: the name of the file, for errors.

    Raises:
        StoreDamaged: this is none of these files, or it is damaged, or nobody is logged in. The error quotes nothing.

    """
    if len(data) > LARGEST_FILE:
        raise StoreDamaged(path, f"larger than {LARGEST_FILE} bytes")
    if not data.startswith(_HEAD):
        raise StoreDamaged(path, "no session file of another client: it is no SQLite database")
    with _opened(data, path) as database:
        names = _column_names(database, path)
        client = _client_of(names, path)
        columns = _COLUMNS[client]
        rows = database.execute(f"SELECT {', '.join(columns)} FROM sessions LIMIT 2").fetchall()  # noqa: S608
    if len(rows) != 1:
        raise StoreDamaged(path, "the session file holds no session" if not rows else "more than one session")
    row = dict(zip(columns, rows[0], strict=True))
    for name, value in row.items():
        if not isinstance(value, _KINDS.get(name, _WHOLE)):
            raise StoreDamaged(path, f'no session, or nobody is logged in: "{name}" is of another type')
    return _session_of(row, path, f"a session file of {client.split()[-1].capitalize()}")


def export_foreign_file(session: ForeignLogin, client: str) -> bytes:
    """Return the session file that another client opens. Who has the file is logged in.

    Args:
        session: the login. Pyrogram and Kurigram need `user_id` and `api_id`, Telethon and Kurigram an address
            (`ForeignLogin.place`).
        client: "telethon", "pyrogram" (version 3 of its files, which Kurigram reads as well, without the address) or
            "kurigram".

    Raises:
        OptionError: there is no such client, or something that its layout needs is missing.

    """
    if client not in FOREIGN_FILES:
        raise OptionError(f"session files are known of {', '.join(FOREIGN_FILES)} alone", "client")
    statements, row_of = FOREIGN_FILES[client]
    row = row_of(session)
    import sqlite3

    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        for statement in statements:
            database.execute(statement)
        marks = ", ".join("?" * len(row))
        database.execute(f"INSERT INTO sessions VALUES ({marks})", row)  # noqa: S608
        database.commit()
        return bytes(database.serialize())


def _telethon_row(session: ForeignLogin) -> tuple[Any, ...]:
    return (session.dc_id, *session.place(), session.auth_key, None, b"")


def _pyrogram_row(session: ForeignLogin) -> tuple[Any, ...]:
    return (
        session.dc_id,
        needed(session, "api_id", "Pyrogram"),
        int(bool(session.test)),
        session.auth_key,
        0,
        needed(session, "user_id", "Pyrogram"),
        int(bool(session.is_bot)),
    )


def _kurigram_row(session: ForeignLogin) -> tuple[Any, ...]:
    dc_id, *others = _pyrogram_row(session)
    return (dc_id, *session.place(), *others)


FOREIGN_FILES: dict[str, tuple[tuple[str, ...], Callable[[ForeignLogin], tuple[Any, ...]]]] = {
    "telethon": (_TELETHON, _telethon_row),
    "pyrogram": (_PYROGRAM, _pyrogram_row),
    "kurigram": (_KURIGRAM, _kurigram_row),
}
"""Of each client whose files are written the statements that make the tables, and the row of `sessions`."""


@contextlib.contextmanager
def _opened(data: bytes, path: Path) -> Iterator[sqlite3.Connection]:
    """Open a copy of a database in memory, for reading alone. No error quotes what is in it."""
    import sqlite3

    if data[_WAL] == b"\2\2":
        data = data[: _WAL.start] + b"\1\1" + data[_WAL.stop :]
    asked = iter(range(_QUESTIONS))
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        try:
            database.deserialize(data)
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
            database.execute("PRAGMA trusted_schema = OFF")
            database.set_progress_handler(lambda: next(asked, None) is None, _STEPS)
            database.set_authorizer(_allowed)
            yield database
        except (sqlite3.Error, UnicodeDecodeError, OverflowError):
            raise StoreDamaged(path, "no session file of another client, or damaged: SQLite can't read it") from None


def _allowed(action: int, _first: str | None, _second: str | None, _database: str | None, _source: str | None) -> int:
    """Let statements read tables, and do nothing else; `_source` would be the name of a view or a trigger."""
    import sqlite3

    is_reading = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ) and _source is None
    return sqlite3.SQLITE_OK if is_reading else sqlite3.SQLITE_DENY


def _column_names(database: sqlite3.Connection, path: Path) -> frozenset[str]:
    """Return the columns of the table `sessions`, which has to be one of the file itself."""
    found = database.execute(
        "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = 'sessions' AND rootpage > 0"
    ).fetchall()
    if not found:
        raise StoreDamaged(path, "no session file of another client: it has no table of sessions")
    description = database.execute("SELECT * FROM sessions LIMIT 0").description[:_MOST_COLUMNS]
    return frozenset(name for name, *_ in description)


def _client_of(names: frozenset[str], path: Path) -> str:
    """Return whose file has these columns."""
    order = ("telethon",) if "test_mode" not in names else ("kurigram", "pyrogram", "old pyrogram")
    for client in order:
        if names.issuperset(_COLUMNS[client]):
            return client
    raise StoreDamaged(path, "no session file of another client: it has other columns")


def _session_of(row: dict[str, Any], path: Path, layout: str) -> ForeignLogin:
    host, port, test = row.get("server_address"), row.get("port"), row.get("test_mode")
    return checked(
        path,
        layout,
        auth_key=row["auth_key"],
        dc_id=row["dc_id"],
        address=None if host is None or port is None else (host, port),
        test=None if test is None else bool(test),
        api_id=row.get("api_id"),
        user_id=row.get("user_id"),
        is_bot=bool(row.get("is_bot")),
    )
