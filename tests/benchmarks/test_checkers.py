"""What the library costs a checker: the figures are differences, and the goal judges the worst of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import checkers
from benchmarks.command import main
from benchmarks.peer import PeerError


def test_both_programs_have_ten_lines() -> None:
    assert len(checkers.WITH.splitlines()) == len(checkers.WITHOUT.splitlines()) == 10


@pytest.mark.parametrize(("worst", "status"), [(6.5, 0), (7.5, 1)])
def test_the_difference_is_judged_and_the_worst_checker_decides(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], worst: float, status: int
) -> None:
    taken = {"mypy": [(3.0, 2.0), (9.0, 2.0), (4.0, 2.0)], "pyright": [(worst, 3.0)]}
    monkeypatch.setattr(checkers, "_measure", lambda *_: taken)
    assert main(["checkers"]) == status
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[2:]]
    assert rows == [["mypy", "4.00", "2.00", "2.00"], ["pyright", f"{worst:.2f}", "3.00", f"{worst - 3:.2f}"]]


def test_a_checker_that_finds_fault_is_no_measurement(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('a fault')"]
    with pytest.raises(PeerError, match="a fault"):
        checkers._measure(tmp_path, {"mypy": command}, rounds=1)
