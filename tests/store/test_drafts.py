"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.store import PRIVATE, PUBLIC, remove_drafts, write_whole
from mtproto.store.drafts import check_room
from tests.store.disk import DRAFT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes, links and folders")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@POSIX
@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
def test_the_mode_is_the_one_asked_for_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "private", b"key", PRIVATE)
        write_whole(tmp_path / "public", b"picture", PUBLIC)
    finally:
        os.umask(before)
    assert mode(tmp_path / "private") == 0o600
    assert mode(tmp_path / "public") == 0o644


@POSIX
def test_a_draft_never_has_a_wider_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    fchmod = os.fchmod

    def watched(handle: int, wanted: int) -> None:
        seen.append(stat.S_IMODE(os.fstat(handle).st_mode))
        fchmod(handle, wanted)

    monkeypatch.setattr("os.fchmod", watched)
    before = os.umask(0)
    try:
        write_whole(tmp_path / "state", b"key", PRIVATE)
    finally:
        os.umask(before)
    assert seen == [0o600]


def test_an_existing_file_is_replaced_and_loses_its_wider_mode(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"a longer text than the new one")
    path.chmod(0o666)
    write_whole(path, b"new", PRIVATE)
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600


@POSIX
def test_contents_are_durable_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(handle: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else f"file of {os.fstat(handle).st_size}")
        fsync(handle)

    def replaced(*names: Any, **options: Any) -> None:
        steps.append("replace")
        replace(*names, **options)

    monkeypatch.setattr("os.fsync", synced)
    monkeypatch.setattr("os.replace", replaced)
    write_whole(tmp_path / "state", b"12345", PRIVATE)
    assert steps == ["file of 5", "replace", "folder"]


def _no_fsync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", _full)


def _no_replace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.replace", _full)


def _full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a draft")


@pytest.mark.parametrize("fail", [_no_fsync, _no_replace])
def test_a_failure_leaves_the_old_file_and_nothing_else_and_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fail: Callable[[pytest.MonkeyPatch], None]
) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")
    fail(monkeypatch)
    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(path, b"new", PRIVATE)
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_told_by_the_files_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(tmp_path / "absent" / "state", b"")
    assert caught.value.filename == str(tmp_path / "absent" / "state")


@POSIX
@pytest.mark.parametrize("in_the_way", ["file", "link"])
def test_what_lies_in_the_drafts_place_is_neither_followed_nor_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_the_way: str
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda count: "0" * 2 * count)
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"of somebody else")
    foreign.chmod(0o666)
    draft = tmp_path / f".state.{'0' * 16}.draft"
    if in_the_way == "link":
        draft.symlink_to(foreign)
    else:
        draft.write_bytes(b"of somebody else")
        draft.chmod(0o666)
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "state", b"key")
    assert foreign.read_bytes() == b"of somebody else"
    assert not (tmp_path / "state").exists()


def test_no_two_drafts_share_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: set[str] = set()
    replace = os.replace

    def replaced(source: Any, target: Any) -> None:
        names.add(os.fspath(source))
        replace(source, target)

    monkeypatch.setattr("os.replace", replaced)
    for _ in range(50):
        write_whole(tmp_path / "state", b"")
    assert len(names) == 50


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"of somebody else")
    (tmp_path / "picture").symlink_to(foreign)
    write_whole(tmp_path / "picture", b"new", PUBLIC)
    assert foreign.read_bytes() == b"of somebody else"
    assert not (tmp_path / "picture").is_symlink()


def test_room_is_tried_and_nothing_of_it_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")
    check_room(path, 100_000)
    _no_fsync(monkeypatch)
    with pytest.raises(OSError, match="No space left"):
        check_room(path, 1)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_only_drafts_of_that_very_file_are_removed(tmp_path: Path) -> None:
    number = "0123456789abcdef"
    ours = tmp_path / f".a.b.{number}.draft"
    others = [
        f".a.{number}.draft",
        f".axb.{number}.draft",
        f"a.b.{number}.draft",
        f".a.b.{number}.draft.old",
        f".a.b.{number[1:]}.draft",
        f".a.b.{number.upper()}.draft",
        ".a.b.draft",
        "a.b",
    ]
    for name in (ours.name, *others):
        (tmp_path / name).write_bytes(b"key")
    folder = tmp_path / f".a.b.{number[::-1]}.draft"
    folder.mkdir()
    remove_drafts(tmp_path / "a.b")
    assert {path.name for path in tmp_path.iterdir()} == {*others, folder.name}


@POSIX
@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give a file away")
def test_what_looks_like_a_draft_and_is_of_another_user_or_a_link_is_left_alone(tmp_path: Path) -> None:
    given, link = (tmp_path / f".state.{digit * 16}.draft" for digit in "01")
    given.write_bytes(b"")
    os.chown(given, 12345, 12345)
    link.symlink_to(given)
    remove_drafts(tmp_path / "state")
    assert sorted(tmp_path.glob(DRAFT)) == [given, link]
