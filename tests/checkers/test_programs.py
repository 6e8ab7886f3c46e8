"""Right programs pass both checkers, and run; each wrong program fails with the message that stands in it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.checkers.conftest import PYRIGHT
from tests.checkers.findings import CHECKERS, Finding, differences, expected, mypy, pyright

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).parent / "programs"
RIGHT, WRONG = PROGRAMS / "right", PROGRAMS / "wrong"

SECONDS = 120
"""More than all right programs take together."""

RUN = """
import runpy, sys
for path in sys.argv[1:]:
    print("running", path, file=sys.stderr)
    runpy.run_path(path, run_name="__main__")
"""


@pytest.fixture(scope="session", params=CHECKERS)
def checked(
    request: pytest.FixtureRequest, python: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, list[Finding]]:
    """Return a checker's name, and all that it finds in all programs, with the library of one environment.

    The programs stand in a folder of their own, from which no checker sees the checkout.
    """
    folder = tmp_path_factory.mktemp("programs")
    shutil.copytree(PROGRAMS, folder, dirs_exist_ok=True)
    if request.param == "mypy":
        return "mypy", mypy(python, folder)
    node: str = request.getfixturevalue("node")
    return "pyright", pyright([node, str(PYRIGHT / "index.js")], python, folder)


def test_both_checkers_find_the_mistakes_and_nothing_else(checked: tuple[str, list[Finding]]) -> None:
    checker, found = checked
    assert differences(found, expected(PROGRAMS, checker)) == []


def test_a_wrong_program_says_what_both_checkers_find_and_a_right_one_says_nothing() -> None:
    wrong = sorted(path.name for path in WRONG.glob("*.py"))
    assert len(wrong) >= 20
    for checker in CHECKERS:
        assert sorted({finding.program for finding in expected(WRONG, checker)}) == wrong
        assert expected(RIGHT, checker) == []


def test_right_programs_run(python: Path, tmp_path: Path) -> None:
    programs = sorted(map(str, RIGHT.glob("*.py")))
    command = [str(python), "-W", "error", "-c", RUN, *programs]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size <= 2_000_000
