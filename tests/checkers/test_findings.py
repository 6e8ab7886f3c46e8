"""What a program says that checkers find is compared line by line, and nothing is overlooked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checkers.findings import Finding, differences, expected

PROGRAM = """\
call(
    # mypy says: one … argument
    # mypy says: another
    # pyright says: something else
    limmit=1,
)
"""


@pytest.mark.parametrize(
    ("found", "different"),
    [
        (["one wrong argument", "another one"], []),
        (["another one", "one wrong argument"], []),
        (["one wrong argument"], ["program.py:5: is not found: another"]),
        (
            ["one wrong argument", "another one", "a third"],
            ["program.py:5: is found: a third"],
        ),
        (
            ["argument one", "another one"],
            ["program.py:5: is not found: one … argument", "program.py:5: is found: argument one"],
        ),
    ],
)
def test_each_finding_is_expected_and_each_expectation_is_met_once(
    tmp_path: Path, found: list[str], different: list[str]
) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    findings = [Finding("program.py", 5, message) for message in found]
    assert differences(findings, expected(tmp_path, "mypy")) == different


def test_a_finding_of_another_line_or_program_is_not_the_expected_one() -> None:
    hoped = [Finding("program.py", 5, "one")]
    assert len(differences([Finding("program.py", 6, "one")], hoped)) == 2
    assert len(differences([Finding("other.py", 5, "one")], hoped)) == 2
