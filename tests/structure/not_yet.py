"""What does not hold yet: `not_yet/ROOM.txt` lists findings, one a line. The owner of a room empties its file."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from tests.structure.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.structure.house import House
    from tests.structure.rules import Finding

HERE = Path(__file__).parent
FOLDER = HERE / "not_yet"


def found_in(house: House, rules: Iterable[str] = RULES) -> list[Finding]:
    """Return everything that breaks one of the rules."""
    return sorted({finding for rule in rules for finding in RULES[rule](house)})


def listed(rules: Iterable[str] = RULES) -> set[str]:
    """Return the lines of all files that belong to the rules."""
    lines = {line for file in FOLDER.glob("*.txt") for line in file.read_text("utf-8").splitlines()}
    return {line for line in lines if line.partition(" | ")[0] in rules}


def write(findings: Iterable[Finding]) -> None:
    """Write the files again; a room without findings has no file."""
    rooms: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        rooms[finding.room].append(f"{finding}\n")
    FOLDER.mkdir(exist_ok=True)
    for file in FOLDER.glob("*.txt"):
        if file.stem not in rooms:
            file.unlink()
    for room, lines in rooms.items():
        (FOLDER / f"{room}.txt").write_text("".join(sorted(lines)), "utf-8")
