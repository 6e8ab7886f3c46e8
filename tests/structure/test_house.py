"""The rules hold in the house, but for what `not_yet/` lists; the public names are those of `public_names.txt`."""

from __future__ import annotations

import pytest

from tests.structure.house import House
from tests.structure.not_yet import HERE, found_in, listed
from tests.structure.public import describe
from tests.structure.rules import DOORS, HOLD_NO_STATE, RULES, SHARED_NAMES


@pytest.fixture(scope="module")
def house() -> House:
    return House()


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_holds_but_for_what_is_listed(house: House, rule: str) -> None:
    found = {str(finding) for finding in found_in(house, [rule])}
    known = listed([rule])
    assert found - known == set(), "broken, and not listed"
    assert known - found == set(), "listed, and holds by now: python -m tests.structure --tidy"


def test_what_the_rules_except_is_there(house: House) -> None:
    assert set(DOORS) <= set(house.modules)
    assert set(HOLD_NO_STATE) <= set(house.classes)
    classes = {(found.module, found.name) for found in house.classes.values()}
    assert {(module, name) for name, modules in SHARED_NAMES.items() for module in modules} <= classes


def test_the_public_names_and_signatures_are_those_that_are_stored(house: House) -> None:
    stored = (HERE / "public_names.txt").read_text("utf-8").splitlines()
    assert describe(house) == stored, "if the change is meant: python -m tests.structure --names"
