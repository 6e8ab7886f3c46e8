"""Each call under way is settled once, with an outcome or an error of its own, unless its caller has given it up."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from mtproto.errors import ConnectionLost, OutcomeUnknown, RequestCancelled
from mtproto.net.shells.calls_under_way import CallsUnderWay, Outcome
from mtproto.session import Request
from mtproto.session.events import Result

LOST = ConnectionLost("the line is dead")


def under_way(count: int) -> tuple[CallsUnderWay[Future[Outcome]], list[tuple[Request, Future[Outcome]]]]:
    calls: CallsUnderWay[Future[Outcome]] = CallsUnderWay()
    made = [(Request(b"call"), Future[Outcome]()) for _ in range(count)]
    for request, future in made:
        calls.add(request, future)
    return calls, made


def test_an_answer_settles_its_call_and_no_other() -> None:
    calls, [(one, answered), (_, waiting)] = under_way(2)
    calls.answer(Result(one, b"answer"))
    calls.answer(Result(one, b"another"))
    assert answered.result(0) == Result(one, b"answer")
    assert not waiting.done()
    assert len(calls) == 1


def test_each_caller_gets_an_error_object_of_its_own() -> None:
    calls, made = under_way(2)
    calls.fail_all(LOST)
    errors = [future.exception(0) for _, future in made]
    assert [str(error) for error in errors] == [str(LOST)] * 2
    assert len({id(error) for error in [LOST, *errors]}) == 3
    assert len(calls) == 0


def test_a_call_that_was_given_up_is_not_settled_again() -> None:
    calls, [(one, taken), (other, cancelled)] = under_way(2)
    assert calls.take(one) is taken
    assert calls.take(one) is None
    cancelled.cancel()
    calls.answer(Result(one, b""))
    calls.answer(Result(other, b""))
    calls.fail(one, RequestCancelled("late"))
    assert not taken.done()


def test_calls_that_the_link_no_longer_knows_have_an_unknown_outcome() -> None:
    calls, [(known, waiting), (_, lost)] = under_way(2)
    calls.fail_unknown(lambda request: request is known, LOST)
    with pytest.raises(OutcomeUnknown, match="the line is dead"):
        lost.result(0)
    assert not waiting.done()
    assert calls.get(known) is waiting


def test_what_is_forgotten_is_never_settled() -> None:
    calls, [(one, future)] = under_way(1)
    calls.forget()
    calls.answer(Result(one, b""))
    assert not future.done()
