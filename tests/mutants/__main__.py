"""The command: change a copy of the tree, run the tests that have to notice, say which mutants survived."""

from __future__ import annotations

import argparse
import compileall
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import tests.mutants
from tests.mutants.table import MUTANTS, Mutant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["main", "misplaced"]

ROOT = Path(__file__).parents[2]
COPIED = ("mtproto", "tl", "tests", "pyproject.toml", "README.md", "SECURITY.md", "CHANGELOG.md", "Makefile")
VERDICTS = """\
Each mutant is one line of output: its number, the verdict, seconds, the file, the old text and the new one. "killed"
says that a test failed, "hung" that the tests did not end, "SURVIVED" that no test noticed, "broken" that the mutant
could not be imported. The tree itself is never changed. All of them take about half an hour; -j 2 halves that on two
cores.
The exit status is 1 if a mutant survived, and 2 if the table does not fit the tree, or a test fails without a mutant.
"""
WITHIN = 600
"""Seconds for the tests of one mutant; one that makes them hang is noticed, too."""


def misplaced(root: Path = ROOT) -> list[str]:
    """Return a line for each mutant whose text is not found exactly once."""
    found = []
    for number, mutant in enumerate(MUTANTS, 1):
        path = root / mutant.path
        count = path.read_text("utf-8").count(mutant.old) if path.exists() else 0
        if count != 1:
            found.append(f"mutant {number}: {mutant.path} has {mutant.old!r} {count} times, not once")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for. Exit status 1 if a mutant survived, 2 if the table does not fit the tree."""
    options = _parser().parse_args(arguments)
    if lines := misplaced():
        _say("\n".join(lines))
        return 2
    if options.check:
        _say(f"{len(MUTANTS)} mutants, each found once")
        return 0
    chosen = [
        (number, mutant)
        for number, mutant in enumerate(MUTANTS, 1)
        if not options.which or any(word == str(number) or word in mutant.path for word in options.which)
    ]
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(options.jobs) as pool:
        for job in range(options.jobs):
            copies.put(_copy(Path(folder) / str(job)))
        if not options.trust and (broken := _unmutated(copies, (mutant.tests for _, mutant in chosen))):
            _say(f"without a mutant these tests fail already: {broken}")
            return 2

        def run(numbered: tuple[int, Mutant]) -> bool:
            copy = copies.get()
            try:
                return _killed(copy, *numbered)
            finally:
                copies.put(copy)

        killed = list(pool.map(run, chosen))
    _say(f"{sum(killed)} of {len(killed)} mutants were noticed")
    return 0 if all(killed) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants",
        description=tests.mutants.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=VERDICTS,
    )
    parser.add_argument("which", nargs="*", help="numbers of mutants, or parts of their paths; all if none is named")
    parser.add_argument("--check", action="store_true", help="only see whether each text is found exactly once")
    parser.add_argument("--trust", action="store_true", help="don't run the tests without a mutant first")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="copies that are worked on at a time (%(default)s)")
    return parser


def _copy(target: Path) -> Path:
    target.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
        else:
            shutil.copy2(source, target / name)
    # Found again by the hash of the source, or a mutant as large and as old as the one before would be taken for it.
    compileall.compile_dir(target, quiet=1, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    return target


def _killed(copy: Path, number: int, mutant: Mutant) -> bool:
    path = copy / mutant.path
    text = path.read_text("utf-8")
    path.write_text(text.replace(mutant.old, mutant.new), "utf-8")
    began = time.monotonic()
    try:
        how = _pytest(copy, mutant.tests)
    finally:
        path.write_text(text, "utf-8")
    what = f"{mutant.old!r} -> {mutant.new!r}"
    _say(f"{number:4} {how or 'SURVIVED':8} {time.monotonic() - began:5.1f} s  {mutant.path}  {what}")
    return how in ("killed", "hung")


def _unmutated(copies: SimpleQueue[Path], tests: Iterable[str]) -> str:
    """Return the tests that fail in a copy without any mutant."""
    copy = copies.get()
    try:
        names = dict.fromkeys(name for line in tests for name in line.split())
        return " ".join(name for name in names if _pytest(copy, name))
    finally:
        copies.put(copy)


def _pytest(copy: Path, tests: str) -> str:
    """Run tests in a copy; return how they failed, or nothing."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(copy),  # before the tree that is installed
        "MTPROTO_SHARED": os.environ.get("MTPROTO_SHARED", str(ROOT.parent / "shared")),
    }
    command = (sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", "-m", "not slow")
    try:
        done = subprocess.run(
            [*command, *tests.split()], cwd=copy, env=environment, capture_output=True, timeout=WITHIN, check=False
        )
    except subprocess.TimeoutExpired:
        return "hung"
    if done.returncode not in (0, 1):  # a mutant that can't even be imported proves nothing
        return f"broken {done.returncode}"
    return "killed" if done.returncode else ""


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
