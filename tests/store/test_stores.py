"""What every store of accounts does: memory, a file, a database; with a passphrase and without."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings

from mtproto.errors import OptionError
from mtproto.store import (
    ROOM,
    AccountRecord,
    FileStore,
    MemoryStore,
    PassphraseNeeded,
    PassphraseWrong,
    SQLiteStore,
    Store,
    StoreDamaged,
    StoreError,
    StoreLocked,
    drafts,
    store_of,
)
from tests.store.disk import DRAFT, Disk
from tests.store.records import SECRETS, accounts, full_account, key_of

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")

Maker = Callable[[Path], Store]

ON_DISK: dict[str, Maker] = {
    "file": lambda folder: FileStore(folder / "store"),
    "database": lambda folder: SQLiteStore(folder / "store", "me"),
}
WITH_PASSPHRASE: dict[str, Callable[[Path, str | None], Store]] = {
    "file": lambda folder, passphrase: FileStore(folder / "store", passphrase=passphrase),
    "database": lambda folder, passphrase: SQLiteStore(folder / "store", "me", passphrase=passphrase),
}

HOLD = """
import sys
from mtproto.store import FileStore, SQLiteStore
store = FileStore(sys.argv[2]) if sys.argv[1] == "file" else SQLiteStore(sys.argv[2], "me")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scrypt cost little."""
    monkeypatch.setattr("mtproto.store.wrapping.LOG_N", 4)


@pytest.fixture(params=ON_DISK)
def make(request: pytest.FixtureRequest) -> Maker:
    return ON_DISK[request.param]


@pytest.fixture(params=WITH_PASSPHRASE)
def secretly(request: pytest.FixtureRequest) -> Callable[[Path, str | None], Store]:
    return WITH_PASSPHRASE[request.param]


@pytest.fixture(params=["memory", *ON_DISK])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = MemoryStore() if request.param == "memory" else ON_DISK[request.param](tmp_path)
    with closing(made):
        yield made


def keep(make: Maker, folder: Path, record: AccountRecord) -> None:
    with closing(make(folder)) as store:
        store.save(record)


def kept(make: Maker, folder: Path) -> AccountRecord:
    with closing(make(folder)) as store:
        return store.load()


# What is kept ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("passphrase", [None, "pass phrase"])
@pytest.mark.parametrize("kind", WITH_PASSPHRASE)
@settings(max_examples=15)
@given(first=accounts(), second=accounts())
def test_any_account_comes_back(kind: str, passphrase: str | None, first: AccountRecord, second: AccountRecord) -> None:
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("mtproto.store.wrapping.LOG_N", 4)
        for record in (first, second, first):
            with closing(WITH_PASSPHRASE[kind](Path(name), passphrase)) as store:
                store.save(record)
            with closing(WITH_PASSPHRASE[kind](Path(name), passphrase)) as store:
                assert store.load() == record


def test_an_empty_store_holds_a_new_account(store: Store) -> None:
    assert store.load() == AccountRecord()
    assert store.load().is_new


def test_what_was_saved_is_loaded(store: Store) -> None:
    store.save(full_account())
    assert store.load() == full_account()


def test_what_may_be_lost_is_kept_apart_from_what_may_not(store: Store) -> None:
    store.save(full_account())
    store.save_soft(AccountRecord(home_dc=5, user_id=1, peers={"a": 1}, updates={"b": 2}))
    assert store.load() == replace(full_account(), peers={"a": 1}, updates={"b": 2})
    store.save_soft(AccountRecord())
    assert store.load() == replace(full_account(), peers={}, updates={})


def test_what_may_be_lost_may_come_first(store: Store) -> None:
    store.save_soft(AccountRecord(user_id=1, peers={"a": 1}))
    assert store.load() == AccountRecord(peers={"a": 1})


def test_both_kinds_are_on_disk(make: Maker, tmp_path: Path) -> None:
    with closing(make(tmp_path)) as store:
        store.save(full_account())
        store.save_soft(AccountRecord(peers={"a": 1}))
    assert kept(make, tmp_path) == replace(full_account(), peers={"a": 1}, updates={})


def test_what_changed_inside_is_written(make: Maker, tmp_path: Path) -> None:
    inside: list[Any] = [1]
    record = AccountRecord(peers={"a": inside})
    with closing(make(tmp_path)) as store:
        store.save(record)
        inside.append(2)
        store.save_soft(record)
    assert kept(make, tmp_path).peers == {"a": [1, 2]}


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), b"bytes", {1, 2}, object()])
def test_what_json_can_not_hold_is_refused_and_the_old_content_stands(store: Store, wrong: Any) -> None:
    store.save(full_account())
    for save in (store.save, store.save_soft):
        with pytest.raises(OptionError, match="can't be written as JSON"):
            save(AccountRecord(updates={"secret name": wrong}))
    assert store.load() == full_account()


def test_threads_may_save_at_once(make: Maker, tmp_path: Path) -> None:
    with closing(make(tmp_path)) as store:
        threads = [threading.Thread(target=store.save, args=(full_account(user),)) for user in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        last = store.load()
    assert kept(make, tmp_path) == last
    assert last.user_id in range(1, 9)


# Who uses it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ON_DISK)
def test_another_process_is_refused_and_told_who_uses_the_account(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "store"
    command = [sys.executable, "-c", HOLD, kind, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreLocked, match=f"store: .*in use by process {holder.pid} on ") as caught:
            ON_DISK[kind](tmp_path)
        assert caught.value.pid == holder.pid
        holder.kill()
    ON_DISK[kind](tmp_path).close()


def test_after_close_others_may_use_it_and_the_owner_may_not(make: Maker, tmp_path: Path) -> None:
    store = make(tmp_path)
    store.save(full_account())
    store.close()
    store.close()
    with pytest.raises(StoreError, match="store: can't be written"):
        store.save(AccountRecord())
    assert kept(make, tmp_path) == full_account()


# The disk --------------------------------------------------------------------------------------------------------


@POSIX
def test_nobody_else_can_read_any_file(make: Maker, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with closing(make(tmp_path)) as store:
            store.save(full_account())
            modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_file()}
            folders = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_dir()}
    finally:
        os.umask(before)
    assert modes == {0o600}
    assert folders <= {0o700}


@POSIX
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_takes_nothing_is_told_before_anything_is_sent(
    make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    keep(make, tmp_path, full_account())
    disk = Disk(monkeypatch, tmp_path)
    disk.error = number
    with pytest.raises(StoreError, match=f"store: can't be .*: {os.strerror(number)}"):
        make(tmp_path)
    disk.free()
    assert kept(make, tmp_path) == full_account()


def test_a_disk_with_less_room_than_a_login_needs_is_full(
    make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(make, tmp_path, full_account())
    fill = drafts._fill

    def small(handle: int, data: bytes, mode: int) -> None:
        fill(handle, data[:ROOM], mode)
        if len(data) >= ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(drafts, "_fill", small)
        with pytest.raises(StoreError, match=r"store: can't be .*: No space left on device"):
            make(tmp_path)
    assert list(tmp_path.rglob("*.holder")) == []
    assert list(tmp_path.rglob(DRAFT)) == []
    assert kept(make, tmp_path) == full_account()


@POSIX
def test_a_disk_that_fills_up_leaves_the_old_content(
    make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, tmp_path)
    with closing(make(tmp_path)) as store:
        store.save(full_account())
        if isinstance(store, SQLiteStore):  # SQLite's own files do not pass through Python
            assert store._database is not None
            pages = store._database.execute("PRAGMA page_count").fetchone()[0]
            store._database.execute(f"PRAGMA max_page_count = {pages}")
        disk.fill()
        larger = AccountRecord(peers={"a": "x" * 100_000})
        for save in (store.save, store.save_soft):
            with pytest.raises(StoreError, match=r"store: can't be written: .*(full|No space left)"):
                save(larger)
        assert store.load() == full_account()
        disk.free()
    assert kept(make, tmp_path) == full_account()
    assert list(tmp_path.rglob(DRAFT)) == []


def test_a_folder_that_is_not_there_is_told(make: Maker, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"store: (there is no folder |can't be .*: No such file)"):
        make(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()


@POSIX
def test_a_link_is_followed_to_the_account_and_the_account_is_locked(make: Maker, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "store").symlink_to(tmp_path / "real" / "store")
    keep(make, tmp_path / "linked", full_account())
    with closing(make(tmp_path / "real")) as store:
        assert store.load() == full_account()
        with pytest.raises(StoreLocked):
            make(tmp_path / "linked")
    assert {path.name for path in (tmp_path / "linked").iterdir()} == {"store"}


# Damage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"not a store", b'{"version": 1}', bytes(4096), b"SQLite format 3\0" + bytes(100)])
def test_a_file_that_is_no_store_is_damage_and_is_not_overwritten(make: Maker, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "store"
    path.write_bytes(data)
    with pytest.raises(StoreDamaged, match="store: not a"), closing(make(tmp_path)) as store:
        store.save(full_account())
    assert path.read_bytes() == data


def test_an_empty_file_is_damage_and_an_empty_database_is_what_an_interrupted_start_leaves(tmp_path: Path) -> None:
    (tmp_path / "store").touch()
    with pytest.raises(StoreDamaged):
        kept(ON_DISK["file"], tmp_path)
    assert kept(ON_DISK["database"], tmp_path).is_new


def test_a_store_of_one_kind_is_none_of_the_other(tmp_path: Path) -> None:
    for one, other in ((ON_DISK["file"], ON_DISK["database"]), (ON_DISK["database"], ON_DISK["file"])):
        folder = tmp_path / str(id(one))
        folder.mkdir()
        keep(one, folder, full_account())
        with pytest.raises(StoreDamaged):
            keep(other, folder, AccountRecord())
        assert kept(one, folder) == full_account()


# Passphrases -----------------------------------------------------------------------------------------------------


def test_what_has_a_passphrase_shows_nothing(secretly: Callable[[Path, str | None], Store], tmp_path: Path) -> None:
    with closing(secretly(tmp_path, "pass phrase")) as store:
        store.save(full_account())
        assert "pass phrase" not in repr(vars(store))
    found = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for text in (b"777", b"home_dc", b"pass phrase", b"peers_", *(secret.encode() for secret in SECRETS)):
        assert text not in found
    assert key_of(2).auth_key.data[:8] not in found


def test_without_the_passphrase_nothing_opens_and_nothing_is_overwritten(
    secretly: Callable[[Path, str | None], Store], tmp_path: Path
) -> None:
    with closing(secretly(tmp_path, "pass phrase")) as store:
        store.save(full_account())
    for passphrase, error in (
        (None, PassphraseNeeded),
        ("Pass phrase", PassphraseWrong),
        ("pass phrase ", PassphraseWrong),
    ):
        with closing(secretly(tmp_path, passphrase)) as store:
            for attempt in (store.load, lambda store=store: store.save(AccountRecord())):
                with pytest.raises(error) as caught:
                    attempt()
                assert "phrase " not in str(caught.value).replace("passphrase ", "")
                assert caught.value.__cause__ is None
    with closing(secretly(tmp_path, "pass phrase")) as store:
        assert store.load() == full_account()


def test_a_plain_store_does_not_open_with_a_passphrase(
    secretly: Callable[[Path, str | None], Store], tmp_path: Path
) -> None:
    with closing(secretly(tmp_path, None)) as store:
        store.save(full_account())
    with closing(secretly(tmp_path, "pass phrase")) as store, pytest.raises(StoreDamaged, match="not encrypted"):
        store.load()


def test_a_passphrase_is_the_same_however_its_letters_are_composed(
    secretly: Callable[[Path, str | None], Store], tmp_path: Path
) -> None:
    with closing(secretly(tmp_path, "schl\u00fcssel")) as store:
        store.save(full_account())
    with closing(secretly(tmp_path, "schlu\u0308ssel")) as store:
        assert store.load() == full_account()


def test_an_empty_passphrase_is_refused(secretly: Callable[[Path, str | None], Store], tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="an empty passphrase"):
        secretly(tmp_path, "")
    assert list(tmp_path.iterdir()) == []


# What may stand where a store is asked for -----------------------------------------------------------------------


def test_a_path_is_a_file_and_a_store_is_itself(tmp_path: Path) -> None:
    store = MemoryStore()
    assert store_of(store) is store
    for path in (tmp_path / "one", str(tmp_path / "two")):
        with closing(store_of(path, passphrase="x")) as made:
            assert isinstance(made, FileStore)
            made.save(full_account())
        with closing(store_of(path)) as made, pytest.raises(PassphraseNeeded):
            made.load()
    with pytest.raises(OptionError, match="a passphrase is for a file"):
        store_of(store, passphrase="x")


def test_importing_the_room_is_light() -> None:
    code = (
        "import sys, mtproto.store\n"
        "assert not {'sqlite3', 'cryptography', 'filelock', 'asyncio'} & sys.modules.keys()\n"
        "from mtproto.store import AccountRecord, FileStore, MemoryStore, SQLiteStore, export_string, store_of\n"
        "assert not {'sqlite3', 'cryptography', 'filelock', 'asyncio'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
