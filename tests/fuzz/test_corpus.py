"""The corpus is worth starting from: every target has seeds, and understands what it should understand."""

from __future__ import annotations

import pytest

from tests.fuzz.campaign import HERE, Campaign, examine
from tests.fuzz.make_corpus import make
from tests.fuzz.target import judge
from tests.fuzz.targets import TARGETS

_INPUTS = 150
_MOST_BYTES = 200_000

every_target = pytest.mark.parametrize("name", TARGETS)


@every_target
def test_seeds_are_understood(name: str) -> None:
    """Run `python -m tests.fuzz.make_corpus` where an honest change of the code has made seeds stale."""
    seeds = sorted((HERE / "corpus" / name).iterdir())
    assert seeds
    for path in seeds:
        finding = examine(TARGETS[name], path.read_bytes())
        assert finding is None, finding.detail
        verdict = judge(TARGETS[name], path.read_bytes())
        assert verdict.parsed is not path.name.startswith("refused"), f"{path.name}: {verdict}"


@every_target
def test_changed_seeds_do_no_harm(name: str) -> None:
    tally = Campaign(TARGETS[name], seed=1, slow=float("inf")).run(_INPUTS, None)
    assert not tally.findings, tally.findings[0].detail
    assert tally.inputs == _INPUTS


def test_the_corpus_is_small_and_complete() -> None:
    folders = {folder.name for folder in (HERE / "corpus").iterdir()}
    assert folders == set(TARGETS) == set(make())
    assert sum(path.stat().st_size for path in (HERE / "corpus").rglob("*") if path.is_file()) < _MOST_BYTES
