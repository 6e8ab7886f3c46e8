"""Many accounts in one database: each by itself, and what else may lie in the place of the database."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from mtproto.errors import OptionError
from mtproto.store import AccountRecord, PassphraseWrong, SQLiteStore, StoreDamaged, StoreError, StoreLocked
from tests.store.records import SECRETS, full_account

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such owners, modes and links")
ROOT = pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a file away")

SAVE = """
import sys
from dataclasses import replace
from mtproto.store import SQLiteStore
store = SQLiteStore(sys.argv[1], sys.argv[2])
for user_id in range(1, 11):
    store.save(replace(store.load(), user_id=user_id, peers={"at": user_id}))
    store.save_soft(replace(store.load(), user_id=99, updates={"at": user_id}))
store.close()
"""


def keep(path: Path, name: str, record: AccountRecord) -> None:
    with closing(SQLiteStore(path, name)) as store:
        store.save(record)


def kept(path: Path, name: str) -> AccountRecord:
    with closing(SQLiteStore(path, name)) as store:
        return store.load()


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement, values)


def test_accounts_are_apart_and_open_at_once(tmp_path: Path) -> None:
    path = tmp_path / "store"
    names = ["me", "you", "Ich selbst", "a/b", "..", "me ", "x" * 200]
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(SQLiteStore(path, name))) for name in names]
        for number, store in enumerate(stores, 1):
            store.save(full_account(number))
        for name in names:
            with pytest.raises(
                StoreLocked, match=f"store: the account '{name}' is in use by process {os.getpid()} on "
            ):
                SQLiteStore(path, name)
    assert [kept(path, name).user_id for name in names] == list(range(1, 8))
    assert {entry.name for entry in tmp_path.iterdir()} == {"store", "store.lock", "store.locks"}


def test_processes_write_their_accounts_at_once_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store"
    names = ["one", "two", "three"]
    processes = [subprocess.Popen([sys.executable, "-c", SAVE, str(path), name]) for name in names]
    assert [process.wait() for process in processes] == [0, 0, 0]
    for name in names:
        assert kept(path, name) == AccountRecord(user_id=10, peers={"at": 10}, updates={"at": 10})


def test_what_may_be_lost_has_rows_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with closing(SQLiteStore(path, "me")) as store:
        store.save(full_account())
        change(path, "UPDATE kept SET content = 'kept' WHERE part = 'login'")
        store.save_soft(AccountRecord(peers={"a": 1}, updates={"b": 2}))
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT account, part, typeof(content) FROM kept ORDER BY part").fetchall()
    assert rows == [("me", "login", "text"), ("me", "peers", "blob"), ("me", "updates", "blob")]


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb", "\0", "\ud800"])
def test_a_name_is_a_line_of_text(tmp_path: Path, name: str) -> None:
    with pytest.raises(OptionError, match="the name of an account is a line of up to 200 characters"):
        SQLiteStore(tmp_path / "store", name)
    assert list(tmp_path.iterdir()) == []


def test_a_writing_is_durable_and_wipes_what_it_replaces(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with closing(SQLiteStore(path, "me")) as store:
        assert store._database is not None
        pragmas = ("journal_mode", "synchronous", "secure_delete", "trusted_schema")
        values = [store._database.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
        assert values == ["delete", 3, 1, 0]  # 3: EXTRA
        store.save(replace(full_account(), ended="x" * 180))
        store.save(full_account())
    assert {entry.name for entry in tmp_path.iterdir()} == {"store", "store.lock", "store.locks"}
    assert b"xxxxxxxx" not in path.read_bytes()


# Other databases -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "told"),
    [("PRAGMA application_id = 1", "that of another program"), ("PRAGMA user_version = 2", "one of another version")],
)
def test_another_database_is_refused_and_stays(tmp_path: Path, statement: str, told: str) -> None:
    path = tmp_path / "store"
    keep(path, "me", full_account())
    change(path, statement)
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match=f"store: not a database of accounts, or damaged: {told}"):
        SQLiteStore(path, "me")
    assert path.read_bytes() == before


def test_a_database_that_others_made_gets_no_table_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "store"
    change(path, "CREATE TABLE sessions (auth_key BLOB)")
    before = path.read_bytes()
    with pytest.raises(StoreDamaged, match="that of another program"):
        SQLiteStore(path, "me")
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ["text", b"", b"{}", 7, b"\xff"])
@pytest.mark.parametrize("part", ["login", "peers", "updates"])
def test_a_row_that_is_damaged_is_told_and_not_overwritten(tmp_path: Path, part: str, content: object) -> None:
    path = tmp_path / "store"
    keep(path, "me", full_account())
    keep(path, "you", full_account())
    change(path, "UPDATE kept SET content = ? WHERE account = 'me' AND part = ?", content, part)
    before = path.read_bytes()
    with closing(SQLiteStore(path, "me")) as store:
        for attempt in (store.load, lambda: store.save(AccountRecord())):
            with pytest.raises(StoreDamaged, match="store: not a"):
                attempt()
    assert path.read_bytes() == before
    assert kept(path, "you") == full_account()


def test_damage_in_the_database_itself_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store"
    keep(path, "me", replace(full_account(), peers={"a": "x" * 50_000}))
    data = path.read_bytes()
    path.write_bytes(data[:4096] + bytes(len(data) - 4096))
    with pytest.raises(StoreDamaged, match="store: not a database of accounts, or damaged") as caught:
        kept(path, "me")
    assert not [secret for secret in SECRETS if secret in str(caught.value)]


def test_an_account_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtproto.store.sqlite.ACCOUNT_SIZE", 10_000)
    with closing(SQLiteStore(tmp_path / "store", "me")) as store:
        store.save(full_account())
        with pytest.raises(StoreError, match=r"store: can't be written: .*too big"):
            store.save(AccountRecord(peers={"a": "x" * 10_000}))
        assert store.load() == full_account()


def test_a_row_of_one_account_is_of_no_use_to_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtproto.store.wrapping.LOG_N", 4)
    path = tmp_path / "store"
    for name in ("me", "you"):
        with closing(SQLiteStore(path, name, passphrase="one for both")) as store:
            store.save(full_account())
    of_you = "(SELECT content FROM kept WHERE account = 'you' AND part = 'login')"
    change(path, f"UPDATE kept SET content = {of_you} WHERE part = 'login'")
    with closing(SQLiteStore(path, "me", passphrase="one for both")) as store, pytest.raises(PassphraseWrong):
        store.load()
    with closing(SQLiteStore(path, "you", passphrase="one for both")) as store:
        assert store.load() == full_account()


# Other processes -------------------------------------------------------------------------------------------------


def test_a_database_that_somebody_keeps_busy_is_told_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "store"
    keep(path, "me", full_account())
    monkeypatch.setattr("mtproto.store.sqlite.BUSY_TIME", 0)
    with closing(SQLiteStore(path, "me")) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="store: can't be read: database is locked"):
            store.load()
        other.execute("ROLLBACK")
        assert store.load() == full_account()
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="store: can't be written: database is locked"):
            store.save(AccountRecord())
        other.execute("ROLLBACK")
        assert store.load() == full_account()
    assert kept(path, "me") == full_account()


def test_an_account_that_can_not_be_opened_is_free_again(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_bytes(b"not a database at all" * 10)
    for _ in range(2):
        with pytest.raises(StoreDamaged):
            SQLiteStore(path, "me")
        assert list(tmp_path.rglob("*.holder")) == []
    path.unlink()
    keep(path, "me", full_account())


@POSIX
def test_a_database_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.touch(0o644)
    keep(path, "me", full_account())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@POSIX
@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_only_a_regular_file_is_a_database_and_nobody_waits(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "store"
    if kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(StoreError, match="store: can't be opened: not a regular file"):
        SQLiteStore(path, "me")


@POSIX
@pytest.mark.parametrize("end", ["-journal", "-wal", "-shm", ".lock", ".locks"])
def test_a_link_beside_the_database_is_not_followed(tmp_path: Path, end: str) -> None:
    path = tmp_path / "store"
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"of somebody else")
    (tmp_path / f"store{end}").symlink_to(foreign)
    try:
        keep(path, "me", full_account())
    except StoreError:
        pass
    else:
        assert kept(path, "me") == full_account()
    assert foreign.read_bytes() == b"of somebody else"


@POSIX
def test_a_link_in_the_place_of_the_locks_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "store.locks").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match=r"store: can't be locked: store\.locks is no folder"):
        SQLiteStore(tmp_path / "store", "me")
    assert list((tmp_path / "elsewhere").iterdir()) == []


@ROOT
@pytest.mark.parametrize("end", ["", "-journal", "-wal", "-shm", ".lock", ".locks"])
def test_what_another_user_put_where_anybody_may_put_things_is_refused(tmp_path: Path, end: str) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    path = folder / "store"
    foreign = folder / f"store{end}"
    if end == ".locks":
        foreign.mkdir()
    else:
        foreign.write_bytes(b"")
    os.chown(foreign, 12345, 12345)
    with pytest.raises(StoreError, match="belongs to another user"):
        SQLiteStore(path, "me")
    os.chown(foreign, 0, 0)
    SQLiteStore(path, "me").close()
