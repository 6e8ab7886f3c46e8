"""Whatever a carrier and a server do, each call ends once, and none is executed twice that may not be.

`python -m pytest tests/model --model-examples=2000` looks further than the suite does by itself; hypothesis keeps some
0.3 MB of each example.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Links
from tests.model.mutants import MUTANTS, MUTANTS_WITH_TEMPORARY_KEYS
from tests.model.temporary import LinksWithTemporaryKeys, make_keys_cheaply

WITHIN = 20
"""Examples in which a check that is missing has to show: as many as the suite takes of the library as it is."""

MODEL = settings(stateful_step_count=100, suppress_health_check=list(HealthCheck), print_blob=True)
ONCE = settings(
    MODEL, max_examples=WITHIN, phases=[Phase.generate], derandomize=True, database=None, report_multiple_bugs=False
)


def test_calls_survive_whatever_happens(pytestconfig: pytest.Config) -> None:
    examples = int(pytestconfig.getoption("--model-examples"))
    run_state_machine_as_test(Links, settings=settings(MODEL, max_examples=examples))


def test_calls_survive_whatever_happens_under_temporary_keys(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_keys_cheaply(monkeypatch)
    examples = int(pytestconfig.getoption("--model-examples"))
    run_state_machine_as_test(LinksWithTemporaryKeys, settings=settings(MODEL, max_examples=examples))


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_the_model_notices_what_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Links, settings=ONCE)


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS_WITH_TEMPORARY_KEYS)
def test_the_model_notices_what_is_missing_under_temporary_keys(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_keys_cheaply(monkeypatch)
    MUTANTS_WITH_TEMPORARY_KEYS[name](monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(LinksWithTemporaryKeys, settings=ONCE)
