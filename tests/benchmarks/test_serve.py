from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from benchmarks.peers.serve import Calls, Fixture, Operation, Statement, _answer


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_a_statement_yields_the_converted_value_of_its_expression() -> None:
    assert Statement("number + 1", {"number": 41}, str).value() == "42"


def test_what_stands_before_runs_ahead_of_every_evaluation() -> None:
    seen: list[int] = []
    statement = Statement("len(seen)", {"seen": seen}, lambda length: length, "seen.append(0)")
    assert statement.value() == 1
    count = statement.sample(0.0001)["count"]
    assert len(seen) > count


def test_the_garbage_collector_is_on_while_samples_are_taken() -> None:
    states: list[bool] = []
    Statement("states.append(isenabled())", {"states": states, "isenabled": gc.isenabled}, str).sample(0.0001)
    assert states
    assert all(states)


def test_a_sample_says_cpu_and_wall_time_of_one_run(loop: asyncio.AbstractEventLoop) -> None:
    async def call() -> int:
        return sum(range(100))

    async def disconnect() -> None:
        closed.append(True)

    closed: list[bool] = []

    for operation in (Statement("sum(range(100))", {}, int), Calls(loop, call, int, disconnect)):
        assert operation.value() == 4950
        sample = operation.sample(0.001)
        assert set(sample) == {"cpu", "wall", "count"}
        assert sample["count"] >= 1
        assert 0 < sample["cpu"] < 1
        operation.close()
    assert closed == [True]


def test_the_same_fixture_again_prepares_nothing_a_new_one_does() -> None:
    made: list[Fixture] = []

    def operation(fixture: Fixture) -> Operation:
        made.append(fixture)
        return Statement("1", {}, int)

    prepared: dict[str, tuple[Fixture, Operation]] = {}
    for number in (1, 1, 2):
        question = {"do": "prepare", "operation": "one", "fixture": {"number": number}}
        assert _answer(question, {"one": operation}, prepared) == {"value": 1}
    assert made == [{"number": 1}, {"number": 2}]
    assert _answer({"do": "sample", "operation": "one", "seconds": 0.0001}, {}, prepared)["count"]
