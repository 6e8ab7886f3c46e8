"""The handle of a call: which changes of its record are possible, and what they leave."""

from __future__ import annotations

import pytest

from mtproto.session.request import (
    ASK_ABOUT_ACKED,
    ASK_ABOUT_LOST,
    ASK_AFTER,
    INVALID_CONTAINER,
    OLD_IDS,
    TRIES,
    TRIES_ABOUT_LOST,
    Request,
    RequestState,
)


def sent(msg_id: int = 4, now: float = 0.0) -> Request:
    """Return a call that was sealed."""
    request = Request(b"body")
    request.joined(object(), 1)
    request.sealed(msg_id, 1, msg_id, now, timed=True)
    return request


def test_a_call_is_acknowledged_once() -> None:
    request = sent()
    assert request.acked(1.0)
    assert not request.acked(2.0)
    assert (request.state, request.ask_at) == (RequestState.ACKED, 1.0 + ASK_ABOUT_ACKED)


def test_the_answer_of_a_call_that_is_acknowledged_after_its_connection_was_lost_is_due_sooner() -> None:
    request = sent()
    request.connection_lost()
    assert (request.state, request.lost) == (RequestState.UNKNOWN, True)
    assert request.acked(1.0)
    assert request.ask_at == 1.0 + ASK_AFTER
    assert not request.lost


def test_a_lost_connection_leaves_an_acknowledged_call_acknowledged() -> None:
    request = sent()
    request.acked(0.0)
    request.connection_lost()
    request.connection_made(20.0)
    assert (request.state, request.ask_at) == (RequestState.ACKED, 20.0 + ASK_AFTER)


def test_an_unknown_call_is_asked_about_as_soon_as_a_connection_is_there() -> None:
    request = sent()
    request.connection_lost()
    request.connection_made(20.0)
    assert request.ask_at == 20.0


@pytest.mark.parametrize(
    ("lost", "acked", "pause", "tries"),
    [
        (False, False, ASK_AFTER, TRIES),
        (False, True, ASK_ABOUT_ACKED, TRIES),
        (True, False, ASK_ABOUT_LOST, TRIES_ABOUT_LOST),
        (True, True, ASK_ABOUT_LOST, 1),
    ],
)
def test_how_often_a_call_is_asked_about(lost: bool, acked: bool, pause: float, tries: int) -> None:
    request = sent()
    if acked:
        request.acked(0.0)
    if lost:
        request.session_lost()
    assert (request.ask_pause, request.tries_allowed) == (pause, tries)
    request.asked(100.0, newest=3)
    assert (request.ask_at, request.tries, request.asked_after) == (100.0 + pause, 1, 3)
    request.unask()
    request.unask()
    assert request.tries == 0


def test_sealing_again_tells_which_earlier_id_is_forgotten() -> None:
    request = sent()
    forgotten = [request.sealed(msg_id, 1, msg_id, 0.0, timed=True) for msg_id in range(8, 4 * OLD_IDS + 16, 4)]
    assert forgotten == [0] * OLD_IDS + [4, 8]
    assert len(request.old_ids) == OLD_IDS


def test_refusals_are_counted_by_code_and_forgotten_with_an_acknowledgement() -> None:
    request = sent()
    assert [request.refused(code) for code in (48, 48, INVALID_CONTAINER)] == [1, 2, 1]
    assert request.uncontained
    request.acked(0.0)
    assert not request.uncontained


def test_a_call_waits_for_those_before_it_and_for_a_patient_one_longer() -> None:
    before = sent()
    request = Request(b"body", [before])
    request.joined(object(), 2)
    assert before.followers == [request]
    assert (request.ready, request.waits_for()) == (True, [4])
    request.wait_patiently()
    assert not request.ready
    before.settle(failed=False)
    assert (request.ready, request.waits_for()) == (True, [])


def test_a_settled_call_keeps_none_of_those_before_it_and_can_begin_again() -> None:
    before = sent()
    request = Request(b"body", [before])
    request.settle(failed=True)
    assert (request.state, request.failed, request.after) == (RequestState.SETTLED, True, ())
    request.reset()
    request.follow([before])
    assert (request.state, request.failed, request.after) == (RequestState.QUEUED, False, (before,))


def test_a_call_that_ends_before_any_session_has_it_counts_as_failed() -> None:
    request = Request(b"body")
    request.end_unsent()
    assert (request.state, request.failed) == (RequestState.SETTLED, True)
