"""What key files have to bear: kills, two writers, a full disk, a read-only folder, foreign links.

Each function tries one thing with one kind of file in a folder, and returns a row for the table of
`python -m tests.store`: what was tried, what came of it, whether that is as promised.
"""

from __future__ import annotations

import os
import random
import stat
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mtproto.store import FileStore, SQLiteStore, StoreError, StoreLocked
from tests.store.writer import hold, number_in

__all__ = ["Row", "foreign_links", "kills", "two_writers"]

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    kind: str
    tried: str
    outcome: str
    good: bool


def writer(kind: str, path: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a process that writes a file."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.writer", kind, str(path), *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def kills(kind: str, folder: Path, count: int, within: float = 0.0) -> Row:
    """Kill a writer `count` times, and look each time at what it leaves.

    Args:
        kind: which file.
        folder: where.
        count: how often.
        within: seconds after a finished writing within which the kill comes, at a random moment; 0 kills at once.

    """
    moments = random.Random(229)
    path = folder / "state"
    lost = damaged = wide = left = kept = 0
    for _ in range(count):
        with writer(kind, path) as process:
            assert process.stdout is not None
            told = int(process.stdout.readline())
            if within:
                time.sleep(moments.uniform(0, within))
            process.kill()
            told = max([told, *(int(line) for line in process.stdout if line.endswith("\n"))])
        left += len(list(folder.glob(".state.*.draft")))
        try:
            lost += number_in(kind, path) < told
        except StoreError:
            damaged += 1
        wide += any(stat.S_IMODE(file.stat().st_mode) != 0o600 for file in folder.rglob("*") if file.is_file())
        damaged += not _next_holder(kind, path)
        kept += len(list(folder.glob(".state.*.draft")))
    outcome = (
        f"{damaged} damaged, {lost} older than told, {wide} with a wide mode; "
        f"drafts left by kills: {left}, after the next holder: {kept}"
    )
    return Row(kind, f"{count} kills during writes", outcome, not (damaged or lost or wide or kept))


def _next_holder(kind: str, path: Path) -> bool:
    """Lock what a killed writer left, and tell whether the next holder can go on with it."""
    with closing(hold(kind, path)) as held:
        if isinstance(held, FileStore | SQLiteStore):
            try:
                held.save(held.load())
            except StoreError:
                return False
    return True


def two_writers(kind: str, folder: Path, count: int) -> Row:
    """Let two processes write one file at a time, each `count` times, and read all the while."""
    path = folder / "state"
    reads = missing = damaged = back = highest = 0
    with writer(kind, path, str(count)) as one, writer(kind, path, str(count)) as other:
        while one.poll() is None or other.poll() is None:
            try:
                number = number_in(kind, path)
            except StoreError:
                damaged += 1
                continue
            reads += 1
            missing += number == 0 and highest > 0
            back += 0 < number < highest
            highest = max(highest, number)
        refused = sum(int(process.stdout.read()) for process in (one, other) if process.stdout is not None)
    lost = 2 * count - number_in(kind, path)
    outcome = (
        f"{2 * count} writes ({lost} lost), {refused} refused; "
        f"{reads} reads: {missing} missing, {damaged} damaged, {back} older than before"
    )
    return Row(kind, "two writers", outcome, not (lost or missing or damaged or back))


def foreign_links(kind: str, folder: Path) -> list[Row]:
    """Put links where the file, its lock and its drafts are."""
    foreign = folder / "foreign"
    foreign.write_bytes(b"of somebody else")
    rows = []

    def row(tried: str, outcome: str, good: bool) -> None:
        untouched = foreign.read_bytes() == b"of somebody else"
        rows.append(
            Row(kind, tried, outcome if untouched else f"{outcome}; THE FOREIGN FILE CHANGED", good and untouched)
        )

    for name in ("state.new", ".state.new", "state.draft"):
        (folder / name).symlink_to(foreign)
    path, real = folder / "state", folder / "real"
    path.symlink_to(real)
    _write_once(kind, path)
    row("FILE is a link", "its target is replaced, the link stays", path.is_symlink() and number_in(kind, real) > 0)
    path = folder / "other"
    (folder / "other.lock").symlink_to(foreign)
    row("FILE.lock is a link", *_refused(kind, path))
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        shared = folder / "shared"
        shared.mkdir()
        shared.chmod(0o1777)
        path = shared / "state"
        path.symlink_to(real)
        os.chown(path, 12345, 12345, follow_symlinks=False)
        row("FILE is another user's link in a folder like /tmp", *_refused(kind, path))
    return rows


def _write_once(kind: str, path: Path) -> None:
    with writer(kind, path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()


def _refused(kind: str, path: Path) -> tuple[str, bool]:
    try:
        hold(kind, path).close()
    except StoreLocked:
        return "taken for locked", False
    except StoreError as error:
        return f"refused: {error.reason}", True
    return "TAKEN", False
