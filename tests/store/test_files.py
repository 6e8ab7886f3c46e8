"""Key files: who has the lock, what is read, what a link means, what an error says."""

from __future__ import annotations

import errno
import json
import os
import platform
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mtproto.store import LockedFile, StoreError, StoreLocked, read_file
from tests.store.disk import DRAFT, Disk

LIMIT = 1000

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such owners, pipes and folders")
ROOT = pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a file away")

HOLD = """
import sys
from mtproto.store import LockedFile
with LockedFile(sys.argv[1], limit=1000):
    print("locked", flush=True)
    sys.stdin.read()
"""


def lock(path: Path) -> LockedFile:
    return LockedFile(path, limit=LIMIT)


@POSIX
def test_what_is_written_is_read_and_no_one_else_can_read_it(tmp_path: Path) -> None:
    with lock(tmp_path / "state") as file:
        assert file.read() is None
        file.write(b"key")
        assert file.read() == b"key"
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
        assert {path.name for path in tmp_path.iterdir()} == {"state", "state.lock", "state.holder"}
    assert read_file(tmp_path / "state", LIMIT) == b"key"


# The lock --------------------------------------------------------------------------------------------------------


def test_another_process_is_refused_and_told_who_has_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(StoreLocked) as caught:
            lock(path)
        holder.communicate("")
    assert str(caught.value) == f"{path}: in use by process {holder.pid} on {platform.node()}"
    assert (caught.value.pid, caught.value.host) == (holder.pid, platform.node())
    lock(path).close()


def test_a_process_that_is_killed_holds_nothing_and_its_drafts_go(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        holder.kill()
    for name in ("state", "state.holder"):
        (tmp_path / f".{name}.{'0' * 16}.draft").write_bytes(b"key")
    with lock(path):
        assert list(tmp_path.glob(DRAFT)) == []
        assert json.loads((tmp_path / "state.holder").read_bytes())["pid"] == os.getpid()


def test_two_objects_of_one_process_are_two_users_of_the_file(tmp_path: Path) -> None:
    with lock(tmp_path / "state"), pytest.raises(StoreLocked, match=f"process {os.getpid()} on "):
        lock(tmp_path / "state")


def test_who_is_refused_removes_neither_drafts_nor_the_holders_name(tmp_path: Path) -> None:
    draft = tmp_path / f".state.{'0' * 16}.draft"
    with lock(tmp_path / "state"):
        draft.write_bytes(b"being written")
        before = (tmp_path / "state.holder").read_bytes()
        with pytest.raises(StoreLocked):
            lock(tmp_path / "state")
        assert draft.exists()
        assert (tmp_path / "state.holder").read_bytes() == before


@pytest.mark.parametrize(
    "named",
    [
        b"",
        b"{}",
        b"[" * 900,
        b'{"pid": 0, "host": "h"}',
        b'{"pid": 1, "host": "\\u001b[2J"}',
        b'{"pid": 1, "host": "h"}' + b" " * 1024,
    ],
)
def test_a_holder_that_does_not_say_who_it_is_is_another_process(tmp_path: Path, named: bytes) -> None:
    with lock(tmp_path / "state"):
        (tmp_path / "state.holder").write_bytes(named)
        with pytest.raises(StoreLocked, match="in use by another process") as caught:
            lock(tmp_path / "state")
    assert caught.value.pid is None


def test_the_lock_is_given_back_in_any_thread_and_once(tmp_path: Path) -> None:
    file = lock(tmp_path / "state")
    closing = threading.Thread(target=file.close)
    closing.start()
    closing.join()
    with lock(tmp_path / "state"):
        file.close()
        with pytest.raises(StoreError, match="its lock was given back"):
            file.write(b"late")
        assert (tmp_path / "state.holder").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"state.lock"}


def test_without_its_library_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "filelock", None)
    with pytest.raises(StoreError, match=r"state: .*filelock.*mtproto-raw\[store\]"):
        lock(tmp_path / "state")


def test_importing_the_room_does_not_need_the_library() -> None:
    code = "import sys; sys.modules['filelock'] = None; import mtproto.store, mtproto.localdc.dc"
    subprocess.run([sys.executable, "-c", code], check=True)


# Links and foreign things ----------------------------------------------------------------------------------------


@POSIX
def test_where_the_file_is_a_link_its_target_is_locked_and_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link, other = tmp_path / "elsewhere" / "real", tmp_path / "state", tmp_path / "other"
    link.symlink_to(target)
    other.symlink_to(link)
    with lock(link) as file:
        file.write(b"key")
        with pytest.raises(StoreLocked):
            lock(other)
    assert link.is_symlink()
    assert target.read_bytes() == b"key"
    assert read_file(other, LIMIT) == b"key"
    assert {path.name for path in tmp_path.iterdir()} == {"elsewhere", "state", "other"}


@POSIX
def test_a_link_in_the_locks_place_is_not_followed(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"of somebody else")
    (tmp_path / "state.lock").symlink_to(foreign)
    with pytest.raises(StoreError, match=r"state: can't be locked"):
        lock(tmp_path / "state")
    assert foreign.read_bytes() == b"of somebody else"


@POSIX
def test_a_link_that_leads_to_itself_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "state").symlink_to(tmp_path / "state")
    with pytest.raises(StoreError, match="state"):
        read_file(tmp_path / "state", LIMIT)


@ROOT
@pytest.mark.parametrize("kind", ["link", "file", "lock", "target of an own link"])
def test_what_another_user_put_where_anybody_may_put_things_is_refused(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    (tmp_path / "target").write_bytes(b"key")
    path = folder / "state"
    foreign = folder / "state.lock" if kind == "lock" else path
    if kind == "link":
        path.symlink_to(tmp_path / "target")
    else:
        foreign.write_bytes(b"")
    if kind == "target of an own link":
        path = tmp_path / "own"
        path.symlink_to(foreign)
    os.chown(foreign, 12345, 12345, follow_symlinks=False)
    with pytest.raises(StoreError, match="belongs to another user"):
        lock(path)
    os.chown(foreign, 0, 0, follow_symlinks=False)
    lock(path).close()


# Reading ---------------------------------------------------------------------------------------------------------


def test_a_file_has_a_largest_size_in_both_directions(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with lock(path) as file:
        file.write(bytes(LIMIT))
        assert file.read() == bytes(LIMIT)
        with pytest.raises(StoreError, match="state: can't be written: larger than 1000 bytes"):
            file.write(bytes(LIMIT + 1))
        assert file.read() == bytes(LIMIT)
    path.write_bytes(bytes(LIMIT + 1))
    with pytest.raises(StoreError, match="state: can't be read: larger than 1000 bytes"):
        read_file(path, LIMIT)


@POSIX
@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_only_regular_files_are_read_and_nobody_waits(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "state"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path = Path(os.devnull)
    with pytest.raises(StoreError, match="can't be read: not a regular file"):
        read_file(path, LIMIT)


def test_a_path_that_can_be_none_is_an_error_of_ours(tmp_path: Path) -> None:
    for path in (tmp_path / "a\0b", tmp_path / ("x" * 300)):
        with pytest.raises(StoreError):
            lock(path)
        with pytest.raises(StoreError):
            read_file(path, LIMIT)


# What the system refuses -----------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"state: there is no folder .*absent$"):
        lock(tmp_path / "absent" / "state")


@POSIX
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_the_file_and_the_systems_own_words_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    disk = Disk(monkeypatch, tmp_path)
    path = tmp_path / "state"
    words = os.strerror(number)
    with lock(path) as file:
        file.write(b"old")
        disk.error = number
        with pytest.raises(StoreError, match=f"{path}: can't be written: {words}") as caught:
            file.write(b"new")
        assert isinstance(caught.value.__cause__, OSError)
        with pytest.raises(StoreError, match=f"{path}: can't be written: {words}"):
            file.check_room(10)
        assert file.read() == b"old"
    with pytest.raises(StoreError, match=f"{path}: can't be locked: {words}"):
        lock(path)
    disk.free()
    lock(path).close()
