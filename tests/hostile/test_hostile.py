"""A handful of the attacks in their short form, and that both tables fit what they speak of."""

from __future__ import annotations

import asyncio
import sys

import pytest

import tests.hostile.attacks  # noqa: F401  # fills the table
from tests.hostile.attack import CLIENT, DC, REGISTRY
from tests.hostile.harness import Course, percentile, run_attack
from tests.hostile.in_ci import IN_CI
from tests.hostile.not_yet import NOT_YET
from tests.mutants.__main__ import misplaced
from tests.mutants.table import MUTANTS

HANDFUL = [
    ("replayed-first-packets", "asyncio"),
    ("uvloop", "asyncio"),
    ("code-17-for-a-foreign-id", "asyncio"),
    ("inflated-updates", "blocking"),
]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="victims are measured through /proc")
@pytest.mark.parametrize(("name", "face"), HANDFUL)
def test_the_victim_keeps_to_its_goals_or_is_known_not_to(name: str, face: str) -> None:
    outcome = asyncio.run(run_attack(REGISTRY[name], Course(seconds=0.5, short=True), face))
    assert outcome.missed == [] or name in NOT_YET, "\n".join(outcome.missed)


def test_every_attack_says_against_whom_it_is_and_what_it_does() -> None:
    assert {attack.against for attack in REGISTRY.values()} == {DC, CLIENT}
    for attack in REGISTRY.values():
        assert attack.what, attack.name
        assert bool(attack.faces) == (attack.against == CLIENT), attack.name


def test_what_is_not_kept_yet_names_attacks_that_there_are() -> None:
    assert set(NOT_YET) <= set(REGISTRY)


def test_the_short_form_has_attacks_that_there_are_and_whose_goals_are_kept() -> None:
    for name, face in IN_CI:
        assert face in (REGISTRY[name].faces or ("asyncio",))
        assert name not in NOT_YET


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([], 0.99) == 0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(value) for value in range(1, 101)], 0.99) == 99.0


def test_the_text_of_every_mutant_is_found_exactly_once() -> None:
    assert len(MUTANTS) >= 100
    assert misplaced() == []
    assert all(mutant.new != mutant.old for mutant in MUTANTS)
