"""What was found once stays found: each committed case is judged again, and nothing may go wrong any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.campaign import HERE, examine
from tests.fuzz.targets import TARGETS

_CASES = sorted(path for path in (HERE / "cases").glob("*/*") if path.is_file())


@pytest.mark.parametrize("path", _CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_case_is_dealt_with(path: Path) -> None:
    finding = examine(TARGETS[path.parent.name], path.read_bytes())
    assert finding is None, finding.detail


def test_each_case_belongs_to_a_target() -> None:
    assert {path.parent.name for path in _CASES} <= set(TARGETS)
