"""In any weather each call ends once and is executed at most once; only a server that forgot leaves it unknown."""

from __future__ import annotations

import pytest

from tests.session.storm import Storm


@pytest.mark.parametrize("seed", range(60))
def test_calls_survive_lost_repeated_delayed_and_overtaken_packets(seed: int) -> None:
    storm = Storm(seed)
    for _ in range(150):
        storm.step()
    storm.heal()


@pytest.mark.parametrize("seed", range(60))
def test_calls_survive_a_server_that_forgets(seed: int) -> None:
    storm = Storm(1000 + seed)
    for step in range(150):
        storm.step()
        if step % 50 == 25:
            storm.forget()
    storm.heal()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("clock_error", [-86400.0 * 365, 86400.0 * 365])
def test_calls_survive_with_a_clock_that_is_wrong_by_a_year(seed: int, clock_error: float) -> None:
    storm = Storm(2000 + seed, clock_error=clock_error)
    for _ in range(150):
        storm.step()
    storm.heal()
