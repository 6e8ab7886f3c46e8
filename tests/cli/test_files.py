"""Files that are there whole or not at all."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from mtproto.cli.files import PRIVATE, PUBLIC, write_whole

if TYPE_CHECKING:
    from pathlib import Path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_mode_is_the_one_asked_for(tmp_path: Path) -> None:
    write_whole(tmp_path / "private", b"key", PRIVATE)
    write_whole(tmp_path / "public", b"picture", PUBLIC)
    assert mode(tmp_path / "private") == 0o600
    assert mode(tmp_path / "public") == 0o644


def test_an_existing_file_is_replaced_and_loses_its_wider_mode(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"a longer text than the new one")
    path.chmod(0o666)
    write_whole(path, b"new", PRIVATE)
    assert path.read_bytes() == b"new"
    assert mode(path) == 0o600


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new", PRIVATE)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
