"""What the checkers find in programs, and what the programs say that they find.

A program says it in comments above the line of the mistake: a part of what the checker says, in which `…` is any text.

    # mypy says: Unexpected keyword argument "limmit" for …
    # pyright says: No parameter named "limmit"
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["CHECKERS", "Finding", "differences", "expected", "mypy", "pyright"]

SECONDS = 300
"""More than a checker takes for all programs; one that hangs ends here."""

CHECKERS = ("mypy", "pyright")

_EXPECTED = re.compile(r" *# (mypy|pyright) says: (.+)")


class Finding(NamedTuple):
    """One line of what a checker says."""

    program: str
    line: int
    message: str


def expected(folder: Path, checker: str) -> list[Finding]:
    """Return what the programs below a folder say that a checker finds."""
    return [finding for path in sorted(folder.rglob("*.py")) for finding in _expected(path, checker)]


def _expected(path: Path, checker: str) -> Iterator[Finding]:
    messages: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if found := _EXPECTED.fullmatch(line):
            if found[1] == checker:
                messages.append(found[2])
        elif line.strip():
            yield from (Finding(path.name, number, message) for message in messages)
            messages = []


def differences(found: Iterable[Finding], hoped: Iterable[Finding]) -> list[str]:
    """Return a line for each finding that is not expected, and for each that is and was not made."""
    left = list(found)
    lines = []
    for hope in hoped:
        met = next((one for one in left if one[:2] == hope[:2] and _says(one.message, hope.message)), None)
        if met is None:
            lines.append(f"{hope.program}:{hope.line}: is not found: {hope.message}")
        else:
            left.remove(met)
    return lines + [f"{one.program}:{one.line}: is found: {one.message}" for one in left]


def _says(message: str, part: str) -> bool:
    return re.search(".*".join(map(re.escape, part.split("…"))), message) is not None


def mypy(python: Path, folder: Path) -> list[Finding]:
    """Let mypy, in strict mode and without a cache, check every program below a folder, with an interpreter's packages.

    Raises AssertionError if mypy itself fails.
    """
    programs = [str(path) for path in sorted(folder.rglob("*.py"))]
    options = ["--strict", "--no-incremental", "--config-file=", "--output=json", f"--python-executable={python}"]
    done = _run([sys.executable, "-m", "mypy", *options, *programs], folder)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        Finding(found["file"].rpartition("/")[2], found["line"], f"{found['message']}  [{found['code']}]")
        for found in findings
        if found["severity"] == "error"
    ]


def pyright(command: Iterable[str], python: Path, folder: Path) -> list[Finding]:
    """Let pyright check every program below a folder, with an interpreter's packages; `right` in strict mode.

    Raises AssertionError if pyright itself fails.
    """
    settings = {"strict": ["right"], "include": ["right", "wrong"]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    done = _run([*command, "--outputjson", "--pythonpath", str(python), "--project", str(folder)], folder)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    findings: list[dict[str, Any]] = json.loads(done.stdout)["generalDiagnostics"]
    return [
        Finding(
            found["file"].rpartition("/")[2],
            found["range"]["start"]["line"] + 1,
            " ".join(f"{found['message']} ({found.get('rule', 'syntax')})".split()),
        )
        for found in findings
        if found["severity"] == "error"
    ]


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS, cwd=folder)
