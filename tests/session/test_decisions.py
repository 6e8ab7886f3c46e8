"""A service question that is refused, or never answered, ends in a decision: no call waits for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtproto.errors import OutcomeUnknown
from mtproto.session import RequestState, wire
from mtproto.session import constructors as ids
from mtproto.session.events import (
    AnswerDropped,
    NewSession,
    QuestionRefused,
    RequestLost,
    Resent,
    Result,
    SessionBroken,
)
from mtproto.session.inbox import MessageStatus
from mtproto.session.service_messages import MAX_REFUSALS, MessageKind
from tests.session.harness import START, Pair, api_body, of, unanswered
from tl import service

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.session import Request
    from mtproto.session.events import ClientEvent

types = service.types

REFUSAL = wire.write_rpc_error(400, "METHOD_INVALID")


class Stranger:
    """A server of another make: it pongs, and answers each service question as `answers` says, by constructor."""

    def __init__(self, pair: Pair, answers: dict[int, bytes | Callable[[int, bytes], bytes] | None]) -> None:
        self.pair = pair
        self.answers = answers
        self.events: list[ClientEvent] = []
        self.heard: list[str] = []
        self.broken_at: list[float] = []

    def run(self, seconds: float, *, step: float = 0.5) -> list[ClientEvent]:
        """Let time pass; answer what comes, and connect anew where the client wants that."""
        pair, start = self.pair, len(self.events)
        for number in range(int(seconds / step)):
            pair.now += step
            events = pair.client.tick(pair.now)
            if number % 10 == 0:
                pair.client.ping()
            packets = pair.from_client()
            events += [event for event in pair.client_events if isinstance(event, Resent)]
            pair.client_events.clear()
            for payload in packets:
                for message in pair.open_client(payload):
                    events += self._answer(message)
            self.events += events
            if of(events, SessionBroken):
                self.broken_at.append(pair.now)
                pair.client.disconnected(pair.now)
                pair.client.connected(pair.now)
        return self.events[start:]

    def run_until(self, kind: type[ClientEvent]) -> None:
        """Let time pass until there is such an event, for ten minutes at most."""
        for _ in range(600):
            if of(self.run(1), kind):
                return
        raise AssertionError(f"no {kind}")

    def _answer(self, message: wire.Message) -> list[ClientEvent]:
        constructor = wire.constructor_id(message.body)
        known = service.schema.get(constructor)
        self.heard.append(known.NAME if known is not None else "call")
        answer = self.answers.get(constructor)
        if constructor == ids.PING:
            pong = types.Pong(msg_id=message.msg_id, ping_id=service.decode(message.body).ping_id)
            return self.pair.from_server_now(pong)
        if answer is None:
            return []
        body = answer(message.msg_id, message.body) if callable(answer) else answer
        if wire.constructor_id(body) == ids.RPC_ERROR:
            body = wire.write_rpc_result(message.msg_id, body)
        return self.pair.from_server_now(body, seqno=1)


def states(state: int) -> Callable[[int, bytes], bytes]:
    """Return an answer to `msgs_state_req` that gives every message this state."""

    def answer(msg_id: int, body: bytes) -> bytes:
        info = bytes([state]) * len(service.decode(body).msg_ids)
        told: bytes = types.MsgsStateInfo(req_msg_id=msg_id, info=info).to_bytes()
        return told

    return answer


def in_flight(pair: Pair, *, acked: bool, idempotent: bool) -> Request:
    """Return a call that was sent, and acknowledged or not."""
    request = pair.sent_request(1, idempotent=idempotent)
    if acked:
        pair.from_server_now(types.MsgsAck(msg_ids=[request.msg_id]))
    return request


def check_outcome(events: list[ClientEvent], request: Request) -> None:
    """See that the three-way rule was applied: sent again where that does no harm, else the outcome is unknown."""
    if request.idempotent:
        assert [event.request for event in of(events, Resent)] == [request]
        assert not of(events, RequestLost)
    else:
        (lost,) = of(events, RequestLost)
        assert lost.request is request
        assert isinstance(lost.error, OutcomeUnknown)


every_call = pytest.mark.parametrize(
    ("acked", "idempotent"), [(False, False), (False, True), (True, False), (True, True)]
)
no_answer = pytest.mark.parametrize("answer", [REFUSAL, None, api_body(3)], ids=["refused", "never", "nonsense"])


@every_call
@no_answer
def test_a_call_of_a_lost_connection_is_settled_soon(acked: bool, idempotent: bool, answer: bytes | None) -> None:
    pair = unanswered()
    request = in_flight(pair, acked=acked, idempotent=idempotent)
    pair.reconnect()
    peer = Stranger(pair, {ids.MSGS_STATE_REQ: _wrapped(answer)})
    check_outcome(peer.run(15), request)


def _wrapped(answer: bytes | None) -> Callable[[int, bytes], bytes] | None:
    if answer is None:
        return None
    return lambda msg_id, _body: wire.write_rpc_result(msg_id, answer)


@every_call
def test_a_session_that_a_refusing_server_has_lost_settles_its_calls(acked: bool, idempotent: bool) -> None:
    pair = unanswered()
    unique_id = pair.client.session_id
    pair.from_server_now(types.NewSessionCreated(first_msg_id=4, unique_id=unique_id, server_salt=1), seqno=1)
    request = in_flight(pair, acked=acked, idempotent=idempotent)
    pair.now += 1
    pair.reconnect()
    news = types.NewSessionCreated(first_msg_id=pair.client_id(), unique_id=unique_id, server_salt=1)
    events = pair.from_server_now(news, seqno=3)
    assert of(events, NewSession)
    peer = Stranger(pair, {ids.MSGS_STATE_REQ: REFUSAL})
    check_outcome(peer.run(11), request)


@every_call
@no_answer
def test_a_call_without_news_on_a_live_connection_is_settled(
    acked: bool, idempotent: bool, answer: bytes | None
) -> None:
    pair = unanswered()
    request = in_flight(pair, acked=acked, idempotent=idempotent)
    peer = Stranger(pair, {ids.MSGS_STATE_REQ: _wrapped(answer)})
    assert not of(peer.run(45), RequestLost)
    assert request.state is not RequestState.SETTLED
    peer.run_until(Resent if idempotent else RequestLost)
    check_outcome(peer.events, request)
    assert peer.heard.count("msgs_state_req") < 10


def test_an_idempotent_call_that_nobody_ever_speaks_of_ends_too() -> None:
    pair = unanswered()
    request = in_flight(pair, acked=False, idempotent=True)
    peer = Stranger(pair, {})
    (lost,) = of(peer.run(600, step=1), RequestLost)
    assert lost.request is request
    assert peer.heard.count("call") == 3


def test_silence_of_the_whole_connection_decides_nothing() -> None:
    pair = unanswered()
    request = in_flight(pair, acked=False, idempotent=False)
    pair.reconnect()
    for _ in range(100):
        pair.now += 5
        assert not of(pair.client.tick(pair.now), RequestLost)
        pair.from_client()
    assert request.state is RequestState.UNKNOWN
    pair.reconnect()
    assert of(pair.run(), Result) == [Result(request, api_body(1))] or pair.executed == [api_body(1)]


def test_packets_that_were_kept_back_decide_nothing() -> None:
    pair = unanswered()
    kept = [pair.forge(types.Pong(msg_id=1, ping_id=number), pair.server_id(1)) for number in range(100)]
    request = in_flight(pair, acked=False, idempotent=False)
    pair.reconnect()
    for packet in kept:
        pair.now += 1
        assert not of(pair.client.tick(pair.now), RequestLost)
        pair.from_client()
        pair.to_client(packet)
    assert request.state is RequestState.UNKNOWN


def test_each_connection_asks_anew() -> None:
    pair = unanswered()
    request = in_flight(pair, acked=False, idempotent=False)
    for _ in range(5):
        pair.reconnect()
        assert not of(Stranger(pair, {}).run(9), RequestLost)
    assert request.state is RequestState.UNKNOWN


def test_an_answer_that_comes_by_itself_after_the_refusal_is_taken() -> None:
    pair = unanswered()
    request = in_flight(pair, acked=False, idempotent=False)
    pair.reconnect()
    Stranger(pair, {ids.MSGS_STATE_REQ: REFUSAL}).run(3)
    events = pair.from_server_now(wire.write_rpc_result(request.msg_id, api_body(8)), seqno=3)
    assert of(events, Result) == [Result(request, api_body(8))]


@pytest.mark.parametrize("code", [16, 20, 34, 35, 64])
def test_a_question_about_calls_that_is_refused_as_a_message_is_not_sent_for_ever(code: int) -> None:
    pair = unanswered()
    request = in_flight(pair, acked=False, idempotent=False)
    pair.reconnect()

    def refuse(msg_id: int, _body: bytes) -> bytes:
        notice: bytes = types.BadMsgNotification(bad_msg_id=msg_id, bad_msg_seqno=0, error_code=code).to_bytes()
        return notice

    peer = Stranger(pair, {ids.MSGS_STATE_REQ: refuse})
    check_outcome(peer.run(15), request)
    assert of(peer.events, QuestionRefused)
    assert peer.heard.count("msgs_state_req") <= MAX_REFUSALS + 1


def test_a_call_that_the_server_calls_running_waits_for_as_long_as_it_says_so() -> None:
    pair = unanswered()
    request = in_flight(pair, acked=True, idempotent=False)
    pair.reconnect()
    peer = Stranger(pair, {ids.MSGS_STATE_REQ: states(MessageStatus.RECEIVED | MessageStatus.RUNNING)})
    peer.run(3600, step=5)
    assert request.state is RequestState.ACKED
    assert not peer.broken_at


# An answer that the server has and that does not come.


@pytest.mark.parametrize("resend", [None, REFUSAL], ids=["never", "refused"])
@pytest.mark.parametrize("idempotent", [False, True])
def test_an_answer_that_does_not_come_is_got_in_three_ways(resend: bytes | None, idempotent: bool) -> None:
    pair = unanswered()
    request = in_flight(pair, acked=False, idempotent=idempotent)
    answered = states(MessageStatus.RECEIVED | MessageStatus.RUNNING | MessageStatus.ANSWERED)
    peer = Stranger(pair, {ids.MSGS_STATE_REQ: answered, ids.MSG_RESEND_ANS_REQ: resend})
    peer.run_until(Resent if idempotent else RequestLost)
    assert peer.heard.count("msg_resend_ans_req") == 1
    assert len(peer.broken_at) == 1  # then a new connection, over which servers send what was not acknowledged
    first = peer.heard.index("msg_resend_ans_req")
    assert "msgs_state_req" in peer.heard[:first]
    assert peer.heard[first:].count("msgs_state_req") >= 2
    check_outcome(peer.events, request)
    assert pair.now < START + 200


def test_an_answer_that_comes_over_the_new_connection_is_taken() -> None:
    pair = unanswered()
    request = in_flight(pair, acked=False, idempotent=False)
    answered = states(MessageStatus.RECEIVED | MessageStatus.RUNNING | MessageStatus.ANSWERED)
    peer = Stranger(pair, {ids.MSGS_STATE_REQ: answered})
    peer.run_until(SessionBroken)
    events = pair.from_server_now(wire.write_rpc_result(request.msg_id, api_body(8)), seqno=9)
    assert of(events, Result) == [Result(request, api_body(8))]


# The other questions.


@pytest.mark.parametrize(
    "kind",
    [MessageKind.PING, MessageKind.SALTS, MessageKind.DROP, MessageKind.DESTROY_SESSION, MessageKind.DESTROY_AUTH_KEY],
)
def test_each_service_question_may_be_refused(kind: MessageKind) -> None:
    pair = unanswered()
    request = in_flight(pair, acked=False, idempotent=False)
    match kind:
        case MessageKind.PING:
            pair.client.ping()
        case MessageKind.SALTS:
            pair.client._ask_salts(pair.now)
        case MessageKind.DROP:
            pair.client.cancel(request, pair.now)
        case MessageKind.DESTROY_SESSION:
            pair.client.destroy_session(5)
        case MessageKind.DESTROY_AUTH_KEY:
            pair.client.destroy_auth_key()
    pair.from_client()
    question = next(item for item in pair.client._parts.questions._open.values() if item.kind is kind)
    events = pair.from_server_now(wire.write_rpc_result(question.msg_id, REFUSAL), seqno=1)
    assert events == [QuestionRefused(kind.value, 400, "METHOD_INVALID")]
    assert not of(events, AnswerDropped)
    assert question.msg_id not in pair.client._parts.questions._open
    assert question not in pair.client._parts.questions._waiting


def test_salts_that_are_refused_are_not_asked_for_each_minute() -> None:
    pair = unanswered()
    pair.state.salts = []
    pair.reconnect()
    peer = Stranger(pair, {ids.GET_FUTURE_SALTS: REFUSAL})
    peer.run(1700, step=5)
    assert peer.heard.count("get_future_salts") == 1


def test_a_held_back_message_that_is_refused_leads_to_a_question_about_its_call() -> None:
    pair = unanswered()
    request = in_flight(pair, acked=False, idempotent=False)
    news = types.MsgDetailedInfo(msg_id=request.msg_id, answer_msg_id=pair.server_id(1), bytes=8, status=0)
    pair.from_server_now(news)
    peer = Stranger(pair, {ids.MSG_RESEND_REQ: REFUSAL})
    peer.run(2)
    assert peer.heard.index("msg_resend_req") < peer.heard.index("msgs_state_req")


def test_what_lasts_over_connections_does_not_last_for_ever() -> None:
    pair = unanswered()
    pair.client.destroy_session(5)
    heard: list[str] = []
    for _ in range(3 * MAX_REFUSALS):
        peer = Stranger(pair, {})
        peer.run(1)
        heard += peer.heard
        pair.reconnect()
    assert heard.count("destroy_session") == MAX_REFUSALS + 1


def test_questions_refused_in_a_session_that_is_given_up_begin_the_new_one() -> None:
    pair = unanswered()
    first, second = pair.sent_request(1), pair.sent_request(2)
    notice = types.BadMsgNotification(bad_msg_id=second.msg_id, bad_msg_seqno=3, error_code=32)
    pair.from_server_now(notice)
    session_id = pair.client.session_id
    events = Stranger(pair, {ids.MSGS_STATE_REQ: REFUSAL}).run(2)
    assert [event.request for event in of(events, RequestLost)] == [first]
    assert pair.client.session_id != session_id
