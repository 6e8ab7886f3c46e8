"""Whoever has had least of late is served next, nobody starves, and the event loop goes round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.net.servers.turns import BURST, CREDIT, SPARE, Line, Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

LARGEST = 50
"""Units of the largest turn in these tests."""


class Crowd:
    """Turns on a loop that the test turns.

    Attributes:
        served: the names of those who had a turn, in their order.
        rounds: how often the loop went round.

    """

    def __init__(self) -> None:
        self.turns: Turns[Somebody] = Turns(self._call_soon)
        self.served: list[str] = []
        self.rounds = 0
        self._soon: list[Callable[[], None]] = []

    def _call_soon(self, callback: Callable[[], None]) -> None:
        self._soon.append(callback)

    def go_round(self) -> bool:
        """Let the loop go round; return whether it had something to do."""
        soon, self._soon = self._soon, []
        self.rounds += bool(soon)
        for callback in soon:
            callback()
        return bool(soon)

    def somebody(self, name: str, *costs: int, group: Hashable = "all") -> Somebody:
        """Return somebody who wants one turn for each of these costs."""
        return Somebody(self, name, list(costs), group)


class Somebody:
    def __init__(self, crowd: Crowd, name: str, costs: list[int], group: Hashable) -> None:
        self.crowd, self.name, self.costs, self.group = crowd, name, costs, group

    @property
    def wants_turn(self) -> bool:
        return bool(self.costs)

    def take_turn(self) -> int:
        self.crowd.served.append(self.name)
        return self.costs.pop(0)

    def come(self) -> None:
        self.crowd.turns.want(self)


def test_where_nobody_waits_a_turn_is_taken_at_once() -> None:
    crowd = Crowd()
    for name in "abc":
        crowd.somebody(name, 1).come()
    assert crowd.served == ["a", "b", "c"]
    assert crowd.turns.waiting == 0


def test_the_loop_goes_round_after_so_many_units() -> None:
    crowd = Crowd()
    crowd.somebody("a", *[LARGEST] * 100).come()
    before = len(crowd.served)
    crowd.go_round()
    assert len(crowd.served) - before == BURST // LARGEST
    crowd.somebody("late", 1).come()  # the loop's turn is used up
    assert "late" not in crowd.served


def test_without_anything_to_do_the_loop_is_left_alone() -> None:
    crowd = Crowd()
    crowd.somebody("a", 1).come()
    assert crowd.go_round()
    assert not crowd.go_round()


@pytest.mark.parametrize("floods", [1, 500])
@pytest.mark.parametrize("groups", ["one group", "groups"])
def test_who_comes_back_from_a_pause_waits_for_no_flood(floods: int, groups: str) -> None:
    crowd = Crowd()
    for number in range(floods):
        group = "floods" if groups == "one group" else number
        crowd.somebody(f"flood {number}", *[LARGEST + number % 7] * 1000, group=group).come()
    for _ in range(floods):
        crowd.go_round()
    healthy = crowd.somebody("healthy", 1, group="healthy")
    healthy.come()
    crowd.go_round()
    assert "healthy" in crowd.served[-BURST // LARGEST - 1 :]


def test_500_connections_of_a_group_are_given_no_more_than_one_of_another() -> None:
    crowd = Crowd()
    for _number in range(500):
        crowd.somebody("many", *[10] * 100, group="many").come()
    crowd.somebody("one", *[10] * 1000, group="one").come()
    while "one" in crowd.served[-5:] or len(crowd.served) < 1000:
        crowd.go_round()
    ones = crowd.served[:1000].count("one")
    assert abs(ones - 500) <= 1 + BURST // 10


def test_a_burst_of_long_ago_is_not_held_against_anybody() -> None:
    crowd = Crowd()
    once = crowd.somebody("once", *[LARGEST] * 200, group="once")
    once.come()
    while crowd.go_round():
        pass
    crowd.somebody("other", *[LARGEST] * 200, group="other").come()
    crowd.go_round()
    once.costs = [LARGEST] * 200
    once.come()
    for _ in range(25):
        before = len(crowd.served)
        crowd.go_round()
    assert crowd.served[before:].count("once") == BURST // LARGEST // 2


def test_who_has_left_has_no_turn_and_who_joins_another_group_shares_that_ones() -> None:
    crowd = Crowd()
    crowd.somebody("a", *[BURST] * 3).come()
    gone, moved = crowd.somebody("gone", 1), crowd.somebody("moved", *[1] * 3)
    gone.come()
    moved.come()
    crowd.turns.leave(gone)
    crowd.turns.leave(gone)
    moved.group = "another"
    while crowd.go_round():
        pass
    assert "gone" not in crowd.served
    assert crowd.served.count("moved") == 3
    assert crowd.turns._members == {}


def test_turns_that_are_cleared_go_on_with_whoever_comes_next() -> None:
    crowd = Crowd()
    crowd.somebody("a", *[BURST] * 3).come()
    crowd.turns.clear()
    assert crowd.turns.waiting == 0
    crowd.go_round()
    crowd.somebody("b", 1).come()
    assert crowd.served == ["a", "b"]


def test_a_turn_in_the_midst_of_a_turn_waits() -> None:
    crowd = Crowd()
    inner = crowd.somebody("inner", 1)

    class Outer(Somebody):
        def take_turn(self) -> int:
            inner.come()
            return super().take_turn()

    Outer(crowd, "outer", [1], "all").come()
    assert crowd.served == ["outer"]
    crowd.go_round()
    assert crowd.served == ["outer", "inner"]


def test_a_turn_that_is_interrupted_does_not_end_the_turns() -> None:
    crowd = Crowd()

    class Interrupted(Somebody):
        def take_turn(self) -> int:
            self.costs.clear()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Interrupted(crowd, "a", [1], "all").come()
    crowd.somebody("b", 1).come()
    assert crowd.served == ["b"]


# One line ------------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, LARGEST)), max_size=80))
def test_of_those_who_wait_all_the_time_none_gets_much_more_than_another(steps: list[tuple[int, int]]) -> None:
    line: Line[int] = Line()
    given_to = dict.fromkeys(range(6), 0)
    for one in given_to:
        line.add(one)
    for _, units in steps:
        one = line.pop()
        assert given_to[one] == min(given_to.values())
        given_to[one] += units
        line.charge(one, units)
        line.add(one)
        assert max(given_to.values()) - min(given_to.values()) <= LARGEST


@given(st.lists(st.tuples(st.sampled_from(["add", "pop", "leave", "forget", "charge"]), st.integers(0, 5))))
def test_a_line_holds_whoever_was_added_and_has_neither_left_nor_been_served(steps: list[tuple[str, int]]) -> None:
    line: Line[int] = Line()
    waiting: set[int] = set()
    for step, one in steps:
        match step:
            case "add":
                line.add(one)
                waiting.add(one)
            case "pop" if waiting:
                waiting.remove(line.pop())
            case "leave":
                line.leave(one)
                waiting.discard(one)
            case "forget":
                line.forget(one)
                waiting.discard(one)
            case "charge":
                line.charge(one, 7)
        assert len(line) == len(waiting)
        assert all(other in line for other in waiting)
    assert {line.pop() for _ in range(len(line))} == waiting
    with pytest.raises(IndexError):
        line.pop()


def test_whoever_waits_is_served_though_others_come_for_the_first_time_all_the_time() -> None:
    line: Line[int] = Line()
    line.add(-1)
    line.charge(line.pop(), 1)
    line.add(-1)
    served = -2
    for one in range(2 * CREDIT):
        line.add(one)
        served = line.pop()
        if served == -1:
            break
        line.charge(served, 10)
    assert served == -1


def test_those_who_come_and_go_are_forgotten() -> None:
    line: Line[int] = Line()
    line.add(-1)
    for one in range(5 * SPARE):
        line.add(one)
        line.leave(one)
        assert len(line._heap) <= SPARE + 3
    for one in range(5 * SPARE):
        line.add(one)
        line.charge(line.pop(), LARGEST)
    assert len(line._had) <= SPARE + 3
