"""The file of a download on disk: what is claimed to be there after cuts, kills and power cuts, and what is refused."""

from __future__ import annotations

import errno
import itertools
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.account.part_file import FileNotWritten, PartFile, PartMark, joined
from tests.store.disk import DRAFT, Disk

SIZE = 100
TRUTH = bytes(range(SIZE))
MARK = PartMark.of(b"a photo", SIZE, 0, None, 16, verified=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photo.jpg"


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


def opened(path: Path, mark: PartMark, *, resume: bool = True) -> PartFile:
    file = PartFile(path, mark)
    file.open(resume=resume)
    return file


def put(file: PartFile, *ranges: tuple[int, int]) -> None:
    for start, stop in ranges:
        file.write(start, TRUTH[start:stop])


def left(path: Path, *ranges: tuple[int, int], mark: PartMark = MARK) -> None:
    """Leave these ranges of a download on disk."""
    file = opened(path, mark)
    put(file, *ranges)
    file.close()


def test_a_whole_file_gets_its_name_and_nothing_else_stays(path: Path) -> None:
    file = opened(path, MARK)
    put(file, (60, SIZE), (0, 60))
    file.sync()
    assert names(path) == ["photo.jpg.part", "photo.jpg.part.log"]
    file.finish(SIZE)
    assert (path.read_bytes(), names(path)) == (TRUTH, ["photo.jpg"])
    file.close()
    assert names(path) == ["photo.jpg"]


def test_a_file_that_is_there_is_replaced_at_the_end(path: Path) -> None:
    path.write_bytes(b"old")
    file = opened(path, MARK)
    put(file, (0, SIZE))
    file.sync()
    assert path.read_bytes() == b"old"
    file.finish(SIZE)
    assert path.read_bytes() == TRUTH


def test_a_later_download_goes_on_with_what_is_there_and_the_holes_between(path: Path) -> None:
    left(path, (40, 50), (10, 20), (20, 30))
    file = opened(path, MARK)
    assert file.have == [(10, 30), (40, 50)]
    put(file, (0, 10), (30, 40), (50, SIZE))
    file.finish(SIZE)
    assert path.read_bytes() == TRUTH


def test_a_range_of_a_file_is_written_from_the_beginning(path: Path) -> None:
    mark = replace(MARK, offset=20, length=30)
    left(path, (20, 30), mark=mark)
    file = opened(path, mark)
    assert file.have == [(20, 30)]
    put(file, (30, 50))
    file.finish(30)
    assert path.read_bytes() == TRUTH[20:50]


CHANGES: list[dict[str, Any]] = [
    {"file": "another"},
    {"size": SIZE + 1},
    {"size": None},
    {"offset": 4},
    {"length": 90},
    {"part_size": 32},
    {"verified": True},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_where_the_file_has_changed_the_download_begins_anew(path: Path, change: dict[str, Any]) -> None:
    left(path, (0, 50))
    changed = replace(MARK, **change)
    file = opened(path, changed)
    assert file.have == []
    assert file.part.stat().st_size == 0
    assert names(path) == ["photo.jpg.part"]
    file.close()


def test_bytes_that_were_checked_do_for_a_download_that_does_not_check(path: Path) -> None:
    left(path, (0, 50), mark=replace(MARK, verified=True))
    file = opened(path, MARK)
    assert file.have == [(0, 50)]
    put(file, (50, 60))
    file.close()
    assert opened(path, replace(MARK, verified=True)).have == []


def test_without_resume_the_download_begins_anew(path: Path) -> None:
    left(path, (0, 50))
    assert opened(path, MARK, resume=False).have == []


def test_the_name_of_the_file_in_the_log_tells_nothing_of_its_access_hash() -> None:
    assert PartMark.of(b"a photo", 1, 0, None, 16, verified=False).file == MARK.file
    assert len(MARK.file) == 64


DAMAGES = [
    b"",
    b"\x00" * 40,
    b"{}",
    b"[" * 100_000,
    b'{"kind": "mtproto download log"}',
    b'[["a"]]',
]


@pytest.mark.parametrize("damage", DAMAGES, ids=range(len(DAMAGES)))
def test_a_damaged_log_claims_nothing(path: Path, damage: bytes) -> None:
    left(path, (0, 50))
    path.with_name("photo.jpg.part.log").write_bytes(damage)
    assert opened(path, MARK).have == []


def test_a_log_that_is_too_long_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left(path, (0, 50))
    monkeypatch.setattr("mtproto.account.part_file.LOG_LIMIT", 10)
    with pytest.raises(FileNotWritten, match="larger than 10 bytes"):
        opened(path, MARK)


@pytest.mark.parametrize("ranges", [[[5, 5]], [[-4, 5]], [[1]], [["a", "b"]], [[0, 1e999]], 7, [[9, 4]]], ids=str)
def test_a_log_with_impossible_ranges_claims_nothing(path: Path, ranges: Any) -> None:
    left(path, (0, 50))
    log = path.with_name("photo.jpg.part.log")
    log.write_text(json.dumps({**json.loads(log.read_text()), "ranges": ranges}))
    assert opened(path, MARK).have == []


def test_a_part_file_that_was_cut_or_is_gone_claims_no_more_than_it_has(path: Path) -> None:
    left(path, (0, 50), (60, 80))
    part = path.with_name("photo.jpg.part")
    os.truncate(part, 70)
    file = opened(path, MARK)
    assert file.have == [(0, 50), (60, 70)]
    file.close()
    part.unlink()
    assert opened(path, MARK).have == []


def test_a_download_that_was_cut_before_its_first_byte_leaves_nothing(path: Path) -> None:
    opened(path, MARK).close()
    assert names(path) == []


def test_a_file_with_too_few_bytes_gets_no_name(path: Path) -> None:
    file = opened(path, MARK)
    put(file, (0, 50))
    with pytest.raises(FileNotWritten, match="has 50 bytes instead of 100"):
        file.finish(SIZE)
    assert not path.exists()


def test_bytes_behind_the_end_go(path: Path) -> None:
    file = opened(path, MARK)
    put(file, (0, SIZE))
    file.finish(SIZE - 1)
    assert path.read_bytes() == TRUTH[:-1]


# What the disk refuses.


def test_one_download_at_a_time_writes_a_file(path: Path) -> None:
    first = opened(path, MARK)
    with pytest.raises(FileNotWritten, match="another download writes the file"):
        opened(path, MARK)
    put(first, (0, SIZE))
    first.finish(SIZE)
    opened(path, MARK).close()
    assert path.read_bytes() == TRUTH


def test_a_full_disk_is_told_and_what_is_there_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left(path, (0, 50))
    file = opened(path, MARK)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("os.pwrite", full)
        text = r"No space left on device; 50 bytes stay in .*photo\.jpg\.part, and a later download goes on from there"
        with pytest.raises(FileNotWritten, match=text) as caught:
            put(file, (50, 60))
    assert (caught.value.path, isinstance(caught.value.__cause__, OSError)) == (path, True)
    file.close()
    assert opened(path, MARK).have == [(0, 50)]


@pytest.mark.parametrize("where", ["os.fsync", "mtproto.account.part_file.write_whole"])
def test_what_did_not_reach_the_disk_is_never_claimed(path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    left(path, (0, 50))
    file = opened(path, MARK)
    put(file, (50, 60))

    def broken(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(where, broken)
        with pytest.raises(FileNotWritten, match="Input/output error"):
            file.sync()
    file.sync()
    file.close()
    assert opened(path, MARK).have == [(0, 50)]


@pytest.mark.parametrize("error", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_can_not_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    disk = Disk(monkeypatch, tmp_path)
    disk.error = error
    with pytest.raises(FileNotWritten, match=os.strerror(error)):
        opened(tmp_path / "photo.jpg", MARK)


def test_places_where_no_file_can_be_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(FileNotWritten, match="Is a directory"):
        opened(folder, MARK)
    with pytest.raises(FileNotWritten, match="No such file"):
        opened(tmp_path / "nothing" / "photo.jpg", MARK)
    with pytest.raises(FileNotWritten, match="null"):
        opened(tmp_path / "a\0b", MARK)
    os.mkfifo(tmp_path / "pipe.part")
    with pytest.raises(FileNotWritten, match="not a regular file"):
        opened(tmp_path / "pipe", MARK)
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    (tmp_path / "link.part").symlink_to(victim)
    with pytest.raises(FileNotWritten):
        opened(tmp_path / "link", MARK)
    assert victim.read_bytes() == b"mine"


# Cuts at any moment.


class Crashed(BaseException):
    """The process is gone."""


class Machine:
    """A machine whose power goes: of what was written since the last `fsync`, anything may be lost.

    Attributes:
        durable: the bytes of the part file that are on the platters.
        fuse: how many steps of the disk still go well.

    """

    def __init__(self, patch: pytest.MonkeyPatch, path: Path) -> None:
        self.path = path
        self.durable = b""
        self.fuse = 1 << 30
        fsync, replaced = os.fsync, os.replace

        def counted_fsync(handle: int) -> None:
            self.step()
            fsync(handle)
            part = path.with_name(f"{path.name}.part")
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), part.stat()):
                    self.durable = part.read_bytes()
            self.step()

        def counted_replace(source: Any, target: Any) -> None:
            self.step()
            replaced(source, target)
            self.step()

        patch.setattr("os.fsync", counted_fsync)
        patch.setattr("os.replace", counted_replace)
        patch.setattr("pathlib.Path.replace", lambda source, target: counted_replace(source, target))

    def step(self) -> None:
        if not self.fuse:
            raise Crashed
        self.fuse -= 1

    def power_cut(self, draw: Any) -> None:
        """Lose what was not durable: it is not there, or there are other bytes in its place."""
        part = self.path.with_name(f"{self.path.name}.part")
        if part.exists():
            now = part.read_bytes()
            kept = self.durable.ljust(len(now), b"\xff")[: len(now)]
            part.write_bytes(kept if draw(st.booleans()) else self.durable)


@st.composite
def ranges_of_parts(draw: st.DrawFn) -> list[tuple[int, int] | None]:
    """Return writes in any order, and None for each sync."""
    edges = sorted({0, SIZE, *draw(st.lists(st.integers(1, SIZE - 1), max_size=8))})
    parts: list[tuple[int, int] | None] = list(itertools.pairwise(edges))
    return draw(st.permutations([*parts, *[None] * draw(st.integers(0, 4))]))


@settings(max_examples=25)
@given(st.lists(st.tuples(ranges_of_parts(), st.integers(0, 30)), min_size=1, max_size=4), st.data())
def test_the_log_never_claims_what_is_not_on_disk(
    runs: list[tuple[list[tuple[int, int] | None], int]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "photo.jpg"
        machine = Machine(patch, path)
        for steps, fuse in runs:
            machine.fuse = 1 << 30
            file = opened(path, MARK)
            for start, stop in file.have:
                assert file.part.read_bytes()[start:stop] == TRUTH[start:stop]
            machine.fuse = fuse
            try:
                run(file, steps)
                file.finish(SIZE)
            except Crashed:
                file._give_back()
                machine.power_cut(data.draw)
            assert not path.exists() or path.read_bytes() == TRUTH
            if path.exists():
                break
        machine.fuse = 1 << 30
        if not path.exists():
            file = opened(path, MARK)
            missing: Iterator[int] = (at for at in range(SIZE) if not any(a <= at < b for a, b in file.have))
            put(file, *((at, at + 1) for at in missing))
            file.finish(SIZE)
        assert path.read_bytes() == TRUTH
        opened(path, MARK).close()
        assert names(path) == ["photo.jpg"]
        assert not list(Path(folder).glob(DRAFT))


def run(file: PartFile, steps: list[tuple[int, int] | None]) -> None:
    for step in steps:
        if step is None:
            file.sync()
        else:
            put(file, step)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12))
def test_joined_ranges_hold_the_same_bytes_in_order(ranges: list[tuple[int, int]]) -> None:
    found = joined(ranges)
    assert {at for start, stop in found for at in range(start, stop)} == {
        at for start, stop in ranges for at in range(start, stop)
    }
    assert all(start < stop for start, stop in found)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))
