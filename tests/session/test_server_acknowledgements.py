"""What a server does with acknowledgements, questions about states, and requests to send again.

core.telegram.org/mtproto/service_messages_about_messages, all but the notices of ignored errors.
Each test is named after the message it is about.
"""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.session import wire
from mtproto.session.events import (
    Anomaly,
    AnswersAcked,
    Flooded,
    NotAccepted,
    Result,
    Undecodable,
    Update,
)
from mtproto.session.wire import Message
from tests.session.harness import Pair, api_body, of, query, results, unanswered
from tl import service

types = service.types


@pytest.fixture
def pair() -> Pair:
    return unanswered()


# msgs_ack


def test_msgs_ack_forgets_answers_and_tells_which(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    ((answer_id, _, _),) = results(pair)
    events = pair.from_client_now(types.MsgsAck(msg_ids=[answer_id, answer_id + 4]))
    assert events == [AnswersAcked((answer_id,), (msg_id,))]
    assert not pair.server._outbox._stored


def test_msgs_ack_with_more_than_8192_ids_is_a_flood(pair: Pair) -> None:
    assert [type(event) for event in pair.from_client_now(types.MsgsAck(msg_ids=[1] * 8193))] == [Flooded]


def test_msgs_ack_is_sent_for_a_query_that_takes_long(pair: Pair) -> None:
    msg_id = query(pair)
    assert pair.from_server() == []
    deadline = pair.server.next_deadline()
    assert deadline is not None
    assert deadline - pair.now == pytest.approx(1)
    pair.now = deadline
    pair.server.tick(pair.now)
    assert pair.said_by_server() == [types.MsgsAck(msg_ids=[msg_id])]
    assert pair.server.next_deadline() is None


def test_msgs_ack_repeats_for_a_repeated_query(pair: Pair) -> None:
    msg_id = pair.client_id()
    packet = pair.forge_client(api_body(1), msg_id, pair.next_content_seqno())
    for _ in range(2):
        pair.to_server(packet)
        pair.now += 5
        pair.server.tick(pair.now)
        assert pair.said_by_server() == [types.MsgsAck(msg_ids=[msg_id])]


def test_msgs_ack_goes_alone_when_more_than_sixteen_wait(pair: Pair) -> None:
    for number in range(16):
        query(pair, number)
    assert pair.from_server() == []
    query(pair, 16)
    said: Any = pair.said_by_server()[0]
    assert len(said.msg_ids) == 17


# msgs_state_req, msgs_state_info, msgs_all_info


def test_msgs_state_req_is_answered_with_the_documented_bytes(pair: Pair) -> None:
    running = query(pair, 1)
    answered = query(pair, 2)
    pair.server.answer(answered, api_body(7))
    service_message = pair.client_id()
    pair.to_server(pair.forge_client(types.MsgsAck(msg_ids=[]), service_message, pair.content_seqno + 1))
    pair.from_server()
    never = running + 1_000_000_000 & -4
    pair.now += 2
    late = query(pair, 3)
    asked = pair.client_id()
    msg_ids = [1, never, pair.client_id(5), late, running, answered, service_message, pair.server_id(1)]
    pair.server._register.floor = 1 << 40
    body = types.MsgsStateReq(msg_ids=msg_ids)
    pair.to_server(pair.forge_client(body, asked, pair.content_seqno + 1))
    info = [said for said in pair.said_by_server() if said.NAME == "msgs_state_info"]
    states = bytes([1, 2, 3, 4 + 32, 4 + 8 + 32, 4 + 8 + 32 + 64, 4 + 8 + 16, 1])
    assert info == [types.MsgsStateInfo(req_msg_id=asked, info=states)]


def test_msgs_state_req_promises_that_what_was_not_received_is_never_accepted(pair: Pair) -> None:
    late_id, seqno = pair.client_id(), pair.next_content_seqno()
    late = pair.forge_client(api_body(1), late_id, seqno)
    pair.to_server(pair.forge_client(types.MsgsStateReq(msg_ids=[late_id]), None, seqno + 1))
    info: Any = pair.said_by_server()[0]
    assert info.info == b"\x02"
    assert pair.to_server(late) == [NotAccepted(late_id, 0)]
    pair.from_server()
    inside = wire.write_container([Message(late_id, seqno, api_body(1))])
    assert pair.to_server(pair.forge_client(inside)) == [NotAccepted(late_id, 0)]


def test_msgs_state_req_makes_no_more_promises_than_are_kept_in_mind(pair: Pair) -> None:
    first = pair.client_id(1)
    for start in (first, first + 4 * 8192):
        pair.from_client_now(types.MsgsStateReq(msg_ids=list(range(start, start + 4 * 8192, 4))))
        assert len(pair.server._register._denied) == 8192
    assert not pair.server._register.denied(first)


def test_msgs_all_info_tells_what_becomes_of_a_copy_that_comes_after_that_promise(pair: Pair) -> None:
    late_id, seqno = pair.client_id(), pair.next_content_seqno()
    pair.from_client_now(types.MsgsStateReq(msg_ids=[late_id]))
    pair.from_server()
    pair.to_server(pair.forge_client(api_body(1), late_id, seqno))
    assert pair.said_by_server() == [types.MsgsAllInfo(msg_ids=[late_id], info=b"\x02")]


def test_msgs_state_req_of_the_server_gets_msgs_state_info_that_acks_and_asks(pair: Pair) -> None:
    pair.answer = lambda _query: None
    pair.server.push(api_body(1))
    pair.server.push(api_body(2))
    first, second = [message for packet in pair.from_server() for message in pair.open_server(packet)]
    pair.to_client(pair.forge(first.body, first.msg_id, first.seqno))
    pair.server.ask_states()
    for packet in pair.from_server():
        pair.to_client(packet)
    events = pair.run()
    assert [event.body for event in of(events, Update)] == [api_body(2)]
    assert of(pair.server_events, AnswersAcked)[0] == AnswersAcked((first.msg_id,), ())
    assert second.msg_id != first.msg_id


def test_msgs_state_info_that_was_not_asked_for_is_reported(pair: Pair) -> None:
    events = pair.from_client_now(types.MsgsStateInfo(req_msg_id=pair.server_id(3), info=b"\x04"))
    assert [type(event) for event in events] == [Anomaly]


def test_msgs_state_info_that_comes_twice_is_taken_once(pair: Pair) -> None:
    pair.server.push(api_body(1))
    (sent,) = [message for packet in pair.from_server() for message in pair.open_server(packet)]
    pair.server.ask_states()
    (question,) = [message for packet in pair.from_server() for message in pair.open_server(packet)]
    info = types.MsgsStateInfo(req_msg_id=question.msg_id, info=b"\x04")
    assert pair.from_client_now(info) == [AnswersAcked((sent.msg_id,), ())]
    assert [type(event) for event in pair.from_client_now(info)] == [Anomaly]


def test_msgs_state_info_of_another_length_is_undecodable(pair: Pair) -> None:
    pair.server.push(api_body(1))
    pair.from_server()
    pair.server.ask_states()
    (question,) = [message for packet in pair.from_server() for message in pair.open_server(packet)]
    events = pair.from_client_now(types.MsgsStateInfo(req_msg_id=question.msg_id, info=b"\x04\x04"))
    assert [type(event) for event in events] == [Undecodable]


def test_msgs_all_info_of_a_client_acks_and_asks(pair: Pair) -> None:
    pair.server.push(api_body(1))
    pair.server.push(api_body(2))
    first, second = [message for packet in pair.from_server() for message in pair.open_server(packet)]
    msg_ids = [first.msg_id, second.msg_id]
    events = pair.from_client_now(types.MsgsAllInfo(msg_ids=msg_ids, info=b"\x04\x02"))
    assert events == [AnswersAcked((first.msg_id,), ())]
    assert [message for packet in pair.from_server() for message in pair.open_server(packet)] == [second]


def test_msgs_all_info_of_different_lengths_is_undecodable(pair: Pair) -> None:
    events = pair.from_client_now(types.MsgsAllInfo(msg_ids=[1], info=b""))
    assert [type(event) for event in events] == [Undecodable]


# msg_detailed_info, msg_new_detailed_info


def test_msg_detailed_info_is_sent_instead_of_an_announced_answer() -> None:
    pair = Pair(answer=lambda _query: None, compress=False)
    request = pair.sent_request(1)
    for packet in pair.lost_packets:
        pair.to_server(packet)
    pair.server.answer(request.msg_id, api_body(7), announced=True)
    packets = pair.from_server()
    names = [service.decode(message.body).NAME for packet in packets for message in pair.open_server(packet)]
    assert "msg_detailed_info" in names
    for packet in packets:
        pair.to_client(packet)
    assert of(pair.run(), Result) == [Result(request, api_body(7))]


def test_msg_new_detailed_info_is_sent_instead_of_an_announced_update(pair: Pair) -> None:
    pair.server.push(api_body(7), announced=True)
    assert [event.body for event in of(pair.run(), Update)] == [api_body(7)]


@pytest.mark.parametrize("name", ["msg_detailed_info", "msg_new_detailed_info"])
def test_msg_detailed_info_of_a_client_leads_to_msg_resend_req_or_msgs_ack(pair: Pair, name: str) -> None:
    known = query(pair)
    pair.from_server()
    more = {"msg_id": pair.server_id(3)} if name == "msg_detailed_info" else {}
    cls = service.schema[name]
    pair.from_client_now(cls(answer_msg_id=known, bytes=8, status=0, **more))
    assert known in pair.server._acks
    missing = pair.client_id()
    pair.from_client_now(cls(answer_msg_id=missing, bytes=8, status=0, **more))
    assert types.MsgResendReq(msg_ids=[missing]) in pair.said_by_server()


# msg_resend_req, msg_resend_ans_req


def test_msg_resend_req_is_answered_with_the_stored_message(pair: Pair) -> None:
    pair.server.push(api_body(1))
    (sent,) = [message for packet in pair.from_server() for message in pair.open_server(packet)]
    pair.from_client_now(types.MsgResendReq(msg_ids=[sent.msg_id]))
    (packet,) = pair.from_server()
    assert pair.open_server(packet) == [sent]


def test_msg_resend_req_for_an_unknown_message_is_answered_with_states(pair: Pair) -> None:
    pair.server.push(api_body(1))
    (sent,) = [message for packet in pair.from_server() for message in pair.open_server(packet)]
    asked = pair.client_id()
    pair.to_server(pair.forge_client(types.MsgResendReq(msg_ids=[sent.msg_id, sent.msg_id + 4]), asked))
    assert pair.said_by_server() == [types.MsgsStateInfo(req_msg_id=asked, info=b"\x01\x01")]


def test_msg_resend_ans_req_is_answered_with_the_answer(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    (first,) = results(pair)
    pair.from_client_now(types.MsgResendAnsReq(msg_ids=[msg_id]))
    assert results(pair) == [first]


def test_msg_resend_ans_req_for_a_query_without_an_answer_is_answered_with_states(pair: Pair) -> None:
    msg_id = query(pair)
    asked = pair.client_id()
    pair.to_server(pair.forge_client(types.MsgResendAnsReq(msg_ids=[msg_id]), asked))
    info = [said for said in pair.said_by_server() if said.NAME == "msgs_state_info"]
    assert [said.req_msg_id for said in info] == [asked]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "body",
    [
        types.NewSessionCreated(first_msg_id=4, unique_id=1, server_salt=1),
        types.FutureSalts(req_msg_id=4, now=1, salts=[]),
        types.DestroySessionOk(session_id=1),
        types.DestroyAuthKeyOk(),
        types.BadServerSalt(bad_msg_id=4, bad_msg_seqno=1, error_code=48, new_server_salt=1),
        types.BadMsgNotification(bad_msg_id=4, bad_msg_seqno=1, error_code=16),
        types.RpcError(error_code=400, error_message="X"),
        wire.write_rpc_result(4, api_body(1)),
    ],
)
def test_what_only_a_server_sends_is_reported(pair: Pair, body: Any) -> None:
    assert [type(event) for event in pair.from_client_now(body)] == [Anomaly]
