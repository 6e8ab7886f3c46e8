"""The three-way rule, and what follows from the end of a call."""

from __future__ import annotations

import pytest

from mtproto.errors import ConnectionLost, LocalProtocolError, OutcomeUnknown
from mtproto.session.calls import SILENCES
from mtproto.session.client_parts import ClientParts
from mtproto.session.events import Acked, Anomaly, RequestLost, RpcFailed, SessionBroken
from mtproto.session.inbox import TAKEN, MessageStatus
from mtproto.session.request import ASK_ABOUT_ACKED, TRIES, Request, RequestState
from mtproto.session.service_messages import MessageKind
from tests.session.harness import api_body
from tests.session.parts import NOW, make_parts, sealed, told

ALL = 1 << 30
ANSWER_IS_READY = TAKEN | MessageStatus.ANSWERED


def kinds_queued(parts: ClientParts) -> list[MessageKind]:
    return [item.kind for item in parts.questions.take(ALL, ALL)]


def follower_of(parts: ClientParts, before: Request) -> Request:
    request = Request(api_body(9), [before])
    parts.calls.add(request)
    return request


@pytest.mark.parametrize("acked", [False, True])
@pytest.mark.parametrize("status", [MessageStatus.NOT_RECEIVED, MessageStatus.NOT_RECEIVED_YET])
def test_what_was_not_received_is_sent_again_unless_it_was_received_before(status: int, acked: bool) -> None:
    parts = make_parts()
    [request] = sealed(parts)
    if acked:
        parts.calls.acked(request, NOW)
    parts.calls.told_state(request, status, 0, NOW)
    lost = told(parts, RequestLost)
    assert len(lost) == acked
    assert request.state is (RequestState.SETTLED if acked else RequestState.QUEUED)


@pytest.mark.parametrize("idempotent", [False, True])
def test_of_what_the_server_has_forgotten_the_outcome_is_unknown(idempotent: bool) -> None:
    parts = make_parts()
    [request] = sealed(parts, idempotent=idempotent)
    parts.calls.told_state(request, MessageStatus.UNKNOWN, 0, NOW)
    errors = [event.error for event in told(parts, RequestLost) if isinstance(event, RequestLost)]
    assert [type(error) for error in errors] == ([] if idempotent else [OutcomeUnknown])
    assert request.state is (RequestState.QUEUED if idempotent else RequestState.SETTLED)


def test_what_was_received_is_acknowledged_and_told_once() -> None:
    parts = make_parts()
    [request] = sealed(parts)
    parts.calls.told_state(request, TAKEN, 0, NOW)
    parts.calls.told_state(request, TAKEN, 0, NOW + 50)
    assert request.ask_at == NOW + 50 + ASK_ABOUT_ACKED
    assert len(told(parts, Acked)) == 1
    assert not parts.questions.waiting


def test_a_state_that_is_none_is_an_anomaly_and_changes_nothing() -> None:
    parts = make_parts()
    [request] = sealed(parts)
    parts.calls.told_state(request, 5, 0, NOW)
    assert len(told(parts, Anomaly)) == 1
    assert request.state is RequestState.SENT


def test_an_answer_that_does_not_come_is_asked_for_then_the_connection_goes_then_the_call() -> None:
    parts = make_parts()
    [request] = sealed(parts)
    parts.calls.told_state(request, ANSWER_IS_READY, 0, NOW)
    assert kinds_queued(parts) == [MessageKind.RESEND_ANSWER]
    parts.calls.told_state(request, ANSWER_IS_READY, 0, NOW)
    parts.calls.told_state(request, MessageStatus.RECEIVED, 0, NOW)
    assert parts.connection.broken
    assert len(told(parts, SessionBroken)) == 1
    parts.connection.made()
    parts.calls.told_state(request, ANSWER_IS_READY, 0, NOW)
    assert len(told(parts, RequestLost)) == 1


def test_a_call_that_the_server_never_speaks_of_is_decided_while_packets_come() -> None:
    parts = make_parts()
    [request] = sealed(parts)
    for round_ in range(1, TRIES + 3):
        parts.time.accepts(int((NOW + 100 * round_) * (1 << 32)) | 1, NOW + 100 * round_)
        parts.calls.ask_states(NOW + 100 * round_, ALL)
    assert kinds_queued(parts) == [MessageKind.STATE] * TRIES
    assert request.state is RequestState.SETTLED


def test_an_idempotent_call_is_sent_again_a_few_times_only() -> None:
    parts = make_parts()
    [request] = sealed(parts, idempotent=True)
    for _ in range(SILENCES):
        parts.calls._decide(request, "nobody says")
        assert request.state is RequestState.QUEUED
        assert parts.sealer.next_packet(NOW, ALL, None, poll=False) is not None
    parts.calls._decide(request, "nobody says")
    assert request.state is RequestState.SETTLED


def test_a_call_without_news_is_not_given_up_on_a_connection_that_is_silent_altogether() -> None:
    parts = make_parts()
    [request] = sealed(parts)
    for round_ in range(1, TRIES + 5):
        parts.calls.ask_states(NOW + 100 * round_, ALL)
    assert request.state is RequestState.SENT


@pytest.mark.parametrize("failed", [False, True])
def test_the_end_of_a_call_ends_its_queued_followers_if_it_failed(failed: bool) -> None:
    parts = make_parts()
    [before] = sealed(parts)
    first = follower_of(parts, before)
    second = follower_of(parts, first)
    parts.calls.settle(before, failed=failed)
    assert len(told(parts, RpcFailed)) == 2 * failed
    assert {first.state, second.state} == {RequestState.SETTLED if failed else RequestState.QUEUED}


def test_a_call_that_is_lost_takes_its_queued_followers_along() -> None:
    parts = make_parts()
    [before] = sealed(parts)
    follower = follower_of(parts, before)
    parts.calls.lose(before, ConnectionLost("gone"))
    assert follower.failed


def test_a_call_after_one_that_has_failed_fails_at_once() -> None:
    parts = make_parts()
    [before] = sealed(parts)
    parts.calls.lose(before, ConnectionLost("gone"))
    request = follower_of(parts, before)
    assert request.failed
    assert parts.outbox.count == 0


def test_a_call_can_follow_only_calls_of_its_session() -> None:
    [elsewhere] = sealed(make_parts())
    with pytest.raises(LocalProtocolError, match="its own session"):
        follower_of(make_parts(), elsewhere)


def test_a_cancelled_call_ends_without_an_event_and_its_late_answer_is_known() -> None:
    parts = make_parts()
    [request] = sealed(parts)
    parts.calls.cancel(request, NOW)
    parts.calls.cancel(request, NOW)
    assert kinds_queued(parts) == [MessageKind.DROP]
    assert request.body == b""
    assert parts.outbox.forget_dropped(request.msg_id)
    assert not parts.outbox.forget_dropped(request.msg_id)
    assert not parts.events


def test_an_end_that_was_not_fetched_yet_is_taken_back_by_a_cancel() -> None:
    parts = make_parts()
    first, second = sealed(parts, 2)
    parts.calls.lose(first, ConnectionLost("gone"))
    parts.calls.lose(second, ConnectionLost("gone"))
    parts.calls.cancel(first, NOW)
    assert [event.request for event in parts.events.take() if isinstance(event, RequestLost)] == [second]


def test_a_session_that_is_given_up_frees_what_another_one_may_send() -> None:
    parts = make_parts()
    [lost] = sealed(parts)
    [idempotent] = sealed(parts, idempotent=True)
    queued = Request(api_body())
    parts.calls.add(queued)
    assert parts.calls.give_up("its key is gone") == [idempotent, queued]
    assert [event.request for event in parts.events.take() if isinstance(event, RequestLost)] == [lost]
    assert (idempotent.outbox, queued.outbox, parts.outbox.count) == (None, None, 0)


def test_a_new_session_above_a_packet_settles_its_calls() -> None:
    parts = make_parts()
    old, newer = sealed(parts, 2)
    [idempotent] = sealed(parts, idempotent=True)
    parts.calls.sessions_lost(newer.packet_id, NOW)
    assert (old.lost, newer.lost) == (True, False)
    assert parts.outbox.next_ask == NOW
    parts.calls.sessions_lost(idempotent.packet_id + 4, NOW)
    assert idempotent.state is RequestState.QUEUED
