"""`--state` on a disk that is full or read-only, and in two runs at a time: no key is made in vain, no answer lost."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from mtproto.cli.exits import Exit
from mtproto.cli.state_file import lock_state, read_state
from mtproto.link import ServerLinkEvent
from mtproto.localdc import LocalDCThread, Refused
from mtproto.localdc.calls import IncomingCall
from tests.cli.conftest import Run
from tests.store.disk import Disk
from tl import api

GET_CONFIG = ("call", "help.getConfig")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with nothing in it."""
    path = tmp_path / "states"
    path.mkdir()
    return path


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Disk:
    """Return what can fill up under `folder`."""
    return Disk(monkeypatch, folder)


def fills_up_in(dc: LocalDCThread, disk: Disk, answer: Any) -> None:
    """Let the disk fill up while the DC answers `help.getConfig`."""

    @dc.handler(api.functions.help.GetConfig)
    def config(call: IncomingCall) -> Any:
        disk.fill()
        return answer(call)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("kept", [False, True])
def test_what_cannot_be_saved_is_said_before_anything_is_sent(
    run: Run,
    dc: LocalDCThread,
    reach: list[str],
    bot: dict[str, str],
    folder: Path,
    disk: Disk,
    number: int,
    kept: bool,
) -> None:
    path = folder / "state"
    options = [*GET_CONFIG, *reach, "--state", str(path)]
    if kept:
        assert run(*options, env=bot).exit_code == 0
    before = len(dc._centre.keys.records), path.read_bytes() if kept else None
    disk.error = number
    result = run(*options, env=bot)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"error: {path}: can't be locked: {os.strerror(number)}\n"
    assert before == (len(dc._centre.keys.records), path.read_bytes() if kept else None)


def test_a_disk_with_less_room_than_a_state_needs_is_full(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def little(_: Path, size: int) -> None:
        asked.append(size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("mtproto.store.files.check_room", little)  # a lock's few bytes still fit
    result = run(*GET_CONFIG, *reach, "--state", str(folder / "state"), env=bot)
    assert result.exit_code == 1
    assert result.stderr == f"error: {folder / 'state'}: can't be written: {os.strerror(errno.ENOSPC)}\n"
    assert asked == [64 * 1024]
    assert len(dc._centre.keys.records) == 0


def test_an_answer_that_came_is_shown_when_the_disk_fills_up_meanwhile(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], folder: Path, disk: Disk
) -> None:
    fills_up_in(dc, disk, IncomingCall.default)
    result = run(*GET_CONFIG, *reach, "--state", str(folder / "state"), env=bot)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["_"] == "config"
    assert result.stderr == f"error: {folder / 'state'}: can't be written: {os.strerror(errno.ENOSPC)}\n"


def test_photos_that_came_are_shown_when_the_disk_fills_up_meanwhile(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], folder: Path, disk: Disk
) -> None:

    @dc.handler(api.functions.photos.GetUserPhotos)
    def photos(call: IncomingCall) -> Any:
        disk.fill()
        return call.default()

    for options, shows in (([], "1 of 1 photos"), (["--json"], '"count": 1')):
        disk.free()
        result = run("photos", "single", *options, *reach, "--state", str(folder / "state"), env=bot)
        assert result.exit_code == 1
        assert shows in result.stdout
        assert os.strerror(errno.ENOSPC) in result.stderr


def test_a_call_that_is_refused_and_a_disk_that_is_full_are_both_told(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], folder: Path, disk: Disk
) -> None:
    def refused(_: IncomingCall) -> Any:
        raise Refused(400, "NOT_TODAY")

    fills_up_in(dc, disk, refused)
    result = run(*GET_CONFIG, *reach, "--state", str(folder / "state"), env=bot)
    assert result.exit_code == Exit.REFUSED
    assert "NOT_TODAY" in result.stderr
    assert f"{folder / 'state'}: can't be written: {os.strerror(errno.ENOSPC)}" in result.stderr


def test_a_key_that_the_server_has_forgotten_and_a_disk_that_is_full_are_both_told(
    run: Run,
    dc: LocalDCThread,
    reach: list[str],
    bot: dict[str, str],
    folder: Path,
    disk: Disk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = [*GET_CONFIG, *reach, "--state", str(folder / "state")]
    assert run(*options, env=bot).exit_code == 0
    for key in list(dc._centre.keys.records):
        dc._centre.listener.state.forget_key(key)
    dispatch = dc._centre.listener.dispatch

    def filling(events: Iterable[ServerLinkEvent]) -> None:
        disk.fill()
        dispatch(events)

    monkeypatch.setattr(dc._centre.listener, "dispatch", filling)
    result = run(*options, env=bot)
    assert result.exit_code == Exit.CONNECTION
    assert f"delete {folder / 'state'}" in result.stderr
    assert f"{folder / 'state'}: can't be written: {os.strerror(errno.ENOSPC)}" in result.stderr


def test_a_second_run_with_the_same_file_is_refused_before_anything_is_sent(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], folder: Path
) -> None:
    with lock_state(folder / "state"):
        result = run(*GET_CONFIG, *reach, "--state", str(folder / "state"), env=bot)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"state: in use by process {os.getpid()} on " in result.stderr
    assert len(dc._centre.keys.records) == 0


def test_where_the_state_is_a_link_it_stays_one(
    run: Run, reach: list[str], bot: dict[str, str], folder: Path, tmp_path: Path
) -> None:
    (folder / "state").symlink_to(tmp_path / "real")
    assert run(*GET_CONFIG, *reach, "--state", str(folder / "state"), env=bot).exit_code == 0
    assert (folder / "state").is_symlink()
    assert read_state(tmp_path / "real") is not None


def test_a_mistyped_name_leaves_nothing_behind(run: Run, folder: Path) -> None:
    assert run(*GET_CONFIG, "--state", str(folder / "state")).exit_code == 2
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("field", "value"), [("dc_id", float("inf")), ("public_keys", [7]), ("port", None), ("key_state", {})]
)
def test_a_file_with_a_wrong_value_is_one_line_that_names_it(
    run: Run, reach: list[str], bot: dict[str, str], folder: Path, field: str, value: Any
) -> None:
    path = folder / "state"
    assert run(*GET_CONFIG, *reach, "--state", str(path), env=bot).exit_code == 0
    path.write_text(json.dumps({**json.loads(path.read_bytes()), field: value}))
    result = run(*GET_CONFIG, "--state", str(path), env=bot)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {path}: not a state file of this program, or damaged")
    assert result.stderr.count("\n") == 1


def test_a_deep_file_is_one_line_that_names_it(run: Run, bot: dict[str, str], folder: Path) -> None:
    (folder / "state").write_bytes(b"[" * 200_000)
    result = run(*GET_CONFIG, "--state", str(folder / "state"), env=bot)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {folder / 'state'}: not a state file of this program, or damaged")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("content", [b"MTKS of a key state that was cut short", b"[" * 200_000, b'{"version": 1}'])
def test_decode_names_a_damaged_state_in_one_line(run: Run, folder: Path, content: bytes) -> None:
    (folder / "state").write_bytes(content)
    result = run("decode", "--state", str(folder / "state"), "00" * 40)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {folder / 'state'}: not a state file of this program, or damaged")
    assert result.stderr.count("\n") == 1


def test_an_answer_that_cannot_be_read_and_a_disk_that_is_full_are_both_told(
    run: Run, dc: LocalDCThread, reach: list[str], bot: dict[str, str], folder: Path, disk: Disk, tmp_path: Path
) -> None:
    fills_up_in(dc, disk, lambda _: b"\x01\x02\x03\x04")
    kept = tmp_path / "answer"
    result = run(*GET_CONFIG, *reach, "--state", str(folder / "state"), "--save-undecodable", str(kept), env=bot)
    assert result.exit_code == 1
    assert kept.read_bytes() == b"\x01\x02\x03\x04"
    assert "the answer can't be read" in result.stderr
    assert f"{folder / 'state'}: can't be written: {os.strerror(errno.ENOSPC)}" in result.stderr
