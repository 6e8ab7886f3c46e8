"""Calls that no session has: what waits for the session, what waits for another link, and in which order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mtproto.link.unplaced_calls import UnplacedCalls
from mtproto.link.waiting_calls import WaitingCalls
from mtproto.session import Request, RequestState
from tests.link.support import QUERY


def chain(length: int) -> list[Request]:
    """Return calls of which each follows the one before it."""
    calls: list[Request] = []
    for _ in range(length):
        calls.append(Request(QUERY, tuple(calls[-1:])))
    return calls


@given(st.permutations(range(6)))
def test_calls_are_handed_over_behind_those_that_they_follow(order: list[int]) -> None:
    calls, waiting = chain(6), WaitingCalls()
    for number in order:
        waiting.add(calls[number])
    assert waiting.take_in_order() == calls
    assert len(waiting) == 0


def test_calls_that_follow_nothing_keep_their_order() -> None:
    calls, waiting = [Request(QUERY) for _ in range(5)], WaitingCalls()
    for call in calls:
        waiting.add(call)
    assert waiting.take_in_order() == calls


def test_a_cancelled_call_is_settled_and_fails_those_that_follow_it() -> None:
    waiting, call = WaitingCalls(), Request(QUERY)
    waiting.add(call)
    assert waiting.cancel(call)
    assert (call.state, call.failed) == (RequestState.SETTLED, True)
    assert call not in waiting
    assert not waiting.cancel(call)


def test_calls_that_were_given_back_do_not_wait_for_the_session() -> None:
    waiting, call = WaitingCalls(), Request(QUERY)
    waiting.give_back([call])
    assert (len(waiting), call in waiting, waiting.was_given_back(call)) == (0, False, True)
    assert waiting.take() == []
    assert waiting.take_given_back() == [call]
    assert not waiting.was_given_back(call)


def test_a_call_that_was_not_executed_is_sent_again_behind_what_it_followed() -> None:
    calls = UnplacedCalls()
    first, second = chain(2)
    for call in (first, second):
        calls.begin(call)
    second.follow(())  # as a session does at the end of a call
    calls.send_again(second)
    assert second.after == (first,)
    assert calls.take() == [second]


def test_only_a_call_that_follows_one_not_executed_waited_in_vain() -> None:
    calls = UnplacedCalls()
    first, second = chain(2)
    alone = Request(QUERY)
    for call in (first, second, alone):
        calls.begin(call)
    assert not calls.follows_one_not_executed(second)
    calls.send_again(first)
    assert calls.follows_one_not_executed(second)
    assert not calls.follows_one_not_executed(alone)
    calls.forget_not_executed()
    assert not calls.follows_one_not_executed(second)


def test_a_call_that_ended_leaves_nothing_behind() -> None:
    calls = UnplacedCalls()
    first, second = chain(2)
    calls.begin(second)
    calls.keep([first])
    calls.end(second)
    calls.cancel(first)
    assert len(calls) == 0
    assert not calls._predecessors
