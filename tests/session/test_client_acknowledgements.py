"""What a client does with acknowledgements, questions about states, and requests to send again.

core.telegram.org/mtproto/service_messages_about_messages, all but the notices of ignored errors.
Each test is named after the message it is about.
"""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.errors import OutcomeUnknown
from mtproto.session import Request, RequestState, wire
from mtproto.session.events import (
    Acked,
    Anomaly,
    RequestLost,
    Resent,
    Result,
    Undecodable,
    Update,
)
from mtproto.session.wire import Message
from tests.session.harness import Pair, api_body, of, settled
from tl import service

types = service.types


@pytest.fixture
def pair() -> Pair:
    return settled()


# msgs_ack


def test_msgs_ack_moves_a_call_on(pair: Pair) -> None:
    request = pair.sent_request(1)
    assert pair.from_server_now(types.MsgsAck(msg_ids=[request.msg_id])) == [Acked(request)]
    assert request.state is RequestState.ACKED
    assert pair.from_server_now(types.MsgsAck(msg_ids=[request.msg_id])) == []


def test_msgs_ack_of_something_else_does_nothing(pair: Pair) -> None:
    request = pair.sent_request(1)
    assert pair.from_server_now(types.MsgsAck(msg_ids=[request.msg_id + 4])) == []
    assert request.state is RequestState.SENT


def test_msgs_ack_with_more_than_8192_ids_is_undecodable(pair: Pair) -> None:
    events = pair.from_server_now(types.MsgsAck(msg_ids=[4] * 8193))
    assert [type(event) for event in events] == [Undecodable]


def test_msgs_ack_that_does_not_decode_is_undecodable_and_the_session_lives_on(pair: Pair) -> None:
    request = pair.sent_request(1)
    events = pair.from_server_now(types.MsgsAck(msg_ids=[1]).to_bytes()[:-4])
    assert [type(event) for event in events] == [Undecodable]
    assert of(pair.from_server_now(wire.write_rpc_result(request.msg_id, api_body(7)), 1), Result)


def test_msgs_ack_travels_with_the_next_packet(pair: Pair) -> None:
    msg_id = pair.server_id(3)
    pair.from_client()
    pair.to_client(pair.forge(api_body(7), msg_id, 1))
    assert pair.from_client() == []
    pair.send(1)
    (packet,) = pair.from_client()
    acks, query = pair.open_client(packet)
    assert service.decode(acks.body) == types.MsgsAck(msg_ids=[msg_id])
    assert acks.seqno % 2 == 0
    assert query.seqno % 2 == 1


def test_msgs_ack_goes_alone_when_more_than_sixteen_wait(pair: Pair) -> None:
    pair.wait(60)
    for _ in range(16):
        pair.from_server_now(api_body(7), 1, 3)
    assert pair.from_client() == []
    pair.from_server_now(api_body(7), 1, 3)
    said: Any = pair.said_by_client()[0]
    assert len(said.msg_ids) == 17


def test_msgs_ack_goes_alone_after_a_while(pair: Pair) -> None:
    pair.from_server_now(api_body(7), 1, 3)
    assert pair.from_client() == []
    deadline = pair.client.next_deadline()
    assert deadline is not None
    assert deadline <= pair.now + 60
    pair.now = deadline
    pair.client.tick(pair.now)
    assert [said.NAME for said in pair.said_by_client()] == ["msgs_ack"]
    pair.client.tick(pair.now)
    assert pair.from_client() == []


def test_msgs_ack_goes_by_the_inner_seqno(pair: Pair) -> None:
    content, service_message = pair.server_id(3), pair.server_id(3)
    messages = [Message(content, 1, api_body(7)), Message(service_message, 2, types.MsgsAck(msg_ids=[]).to_bytes())]
    pair.to_client(pair.forge(wire.write_container(messages), pair.server_id(1), 2))
    assert pair.client._parts.inbox.acks == [content]


def test_msgs_ack_repeats_for_a_repeated_message(pair: Pair) -> None:
    packet = pair.forge(api_body(7), msg_id := pair.server_id(3), 1)
    assert of(pair.to_client(packet), Update)
    assert pair.to_client(packet) == []
    assert pair.client._parts.inbox.acks.count(msg_id) == 2


# msgs_state_req and msgs_state_info


def test_msgs_state_req_is_answered_with_the_documented_bytes(pair: Pair) -> None:
    received, acked = pair.server_id(3), pair.server_id(3)
    pair.to_client(pair.forge(api_body(1), acked, 1))
    pair.send(1)
    pair.from_client()
    pair.to_client(pair.forge(api_body(1), received, 3))
    between = received - 4
    later = pair.server_id(3, 100)
    question = pair.server_id(3)
    ours = pair.client_id()
    pair.to_client(pair.forge(types.MsgsStateReq(msg_ids=[received, acked, between + 2, later, ours]), question))
    answers = [said for said in pair.said_by_client() if said.NAME == "msgs_state_info"]
    assert answers == [types.MsgsStateInfo(req_msg_id=question, info=bytes([4, 12, 2, 3, 1]))]


def asked_about(pair: Pair, **options: bool) -> tuple[Request, int]:
    request = pair.sent_request(1, **options)
    pair.reconnect()
    (packet, *_) = pair.from_client()
    question = pair.open_client(packet)[0]
    assert service.decode(question.body) == types.MsgsStateReq(msg_ids=[request.msg_id])
    return request, question.msg_id


def test_msgs_state_req_is_sent_about_what_a_lost_connection_left_unknown(pair: Pair) -> None:
    requests = [pair.sent_request(number) for number in range(3)]
    pair.from_server_now(types.MsgsAck(msg_ids=[requests[1].msg_id]))
    pair.reconnect()
    asked = [requests[0].msg_id, requests[2].msg_id]
    assert pair.said_by_client()[0] == types.MsgsStateReq(msg_ids=asked)


@pytest.mark.parametrize("state", [2, 3])
def test_msgs_state_info_not_received_sends_again_under_a_new_id(pair: Pair, state: int) -> None:
    request, question = asked_about(pair)
    old = request.msg_id
    pair.from_server_now(types.MsgsStateInfo(req_msg_id=question, info=bytes([state])))
    pair.from_client()
    assert of(pair.client_events, Resent) == [Resent(request, old, request.msg_id)]
    assert request.msg_id > old


def test_msgs_state_info_received_acks(pair: Pair) -> None:
    request, question = asked_about(pair)
    events = pair.from_server_now(types.MsgsStateInfo(req_msg_id=question, info=b"\x04"))
    assert events == [Acked(request)]


def test_msgs_state_info_nothing_known_loses_the_call(pair: Pair) -> None:
    request, question = asked_about(pair)
    (lost,) = pair.from_server_now(types.MsgsStateInfo(req_msg_id=question, info=b"\x01"))
    assert isinstance(lost, RequestLost)
    assert lost.request is request
    assert isinstance(lost.error, OutcomeUnknown)


@pytest.mark.parametrize("state", [2, 3])
def test_msgs_state_info_not_received_loses_a_call_that_the_server_had_acked(pair: Pair, state: int) -> None:
    request = pair.sent_request(1)
    pair.from_server_now(types.MsgsAck(msg_ids=[request.msg_id]))
    pair.reconnect()
    pair.now += 10
    pair.client.tick(pair.now)
    question = pair.open_client(pair.from_client()[0])[0]
    events = pair.from_server_now(types.MsgsStateInfo(req_msg_id=question.msg_id, info=bytes([state])))
    assert [event.request for event in of(events, RequestLost)] == [request]


def test_msgs_state_info_nothing_known_sends_an_idempotent_call_again(pair: Pair) -> None:
    request, question = asked_about(pair, idempotent=True)
    assert pair.from_server_now(types.MsgsStateInfo(req_msg_id=question, info=b"\x01")) == []
    pair.from_client()
    assert [event.request for event in of(pair.client_events, Resent)] == [request]


def test_msgs_state_info_of_another_length_is_undecodable(pair: Pair) -> None:
    _, question = asked_about(pair)
    events = pair.from_server_now(types.MsgsStateInfo(req_msg_id=question, info=b"\x04\x04"))
    assert [type(event) for event in events] == [Undecodable]


def test_msgs_state_info_that_was_not_asked_for_is_reported(pair: Pair) -> None:
    request, question = asked_about(pair)
    events = pair.from_server_now(types.MsgsStateInfo(req_msg_id=question + 4, info=b"\x01"))
    assert [type(event) for event in events] == [Anomaly]
    assert request.state is RequestState.UNKNOWN


def test_msgs_state_info_with_an_undocumented_state_is_reported(pair: Pair) -> None:
    _, question = asked_about(pair)
    events = pair.from_server_now(types.MsgsStateInfo(req_msg_id=question, info=b"\x07"))
    assert [type(event) for event in events] == [Anomaly]


# msgs_all_info


def test_msgs_all_info(pair: Pair) -> None:
    here, gone, missing = pair.send(1), pair.send(2), pair.send(3)
    pair.from_client()
    msg_ids = [here.msg_id, gone.msg_id, missing.msg_id, pair.client_id()]
    events = pair.from_server_now(types.MsgsAllInfo(msg_ids=msg_ids, info=b"\x04\x01\x03\x04"))
    assert [type(event) for event in events] == [Acked, RequestLost]
    assert [request.state.name for request in (here, gone, missing)] == ["ACKED", "SETTLED", "QUEUED"]


def test_msgs_all_info_of_different_lengths_is_undecodable(pair: Pair) -> None:
    events = pair.from_server_now(types.MsgsAllInfo(msg_ids=[4, 8], info=b"\x04"))
    assert [type(event) for event in events] == [Undecodable]


# msg_detailed_info, msg_new_detailed_info


def test_msg_detailed_info_leads_to_msg_resend_req_for_an_answer_that_did_not_come(pair: Pair) -> None:
    request = pair.sent_request(1)
    answer_id = pair.server_id(1)
    news = types.MsgDetailedInfo(msg_id=request.msg_id, answer_msg_id=answer_id, bytes=100, status=0)
    assert pair.from_server_now(news) == [Acked(request)]
    pair.from_server_now(news)
    said = [said for said in pair.said_by_client() if said.NAME == "msg_resend_req"]
    assert said == [types.MsgResendReq(msg_ids=[answer_id])]


def test_msg_detailed_info_acks_an_answer_that_came(pair: Pair) -> None:
    request = pair.sent_request(1)
    answer_id = pair.server_id(1)
    pair.to_client(pair.forge(wire.write_rpc_result(request.msg_id, api_body(7)), answer_id, 1))
    pair.from_server_now(types.MsgDetailedInfo(msg_id=request.msg_id, answer_msg_id=answer_id, bytes=100, status=0))
    assert pair.client._parts.inbox.acks.count(answer_id) == 2
    assert not pair.client._parts.questions._waiting


def test_msg_detailed_info_acks_an_answer_that_nobody_waits_for(pair: Pair) -> None:
    answer_id = pair.server_id(1)
    pair.from_server_now(types.MsgDetailedInfo(msg_id=pair.client_id(), answer_msg_id=answer_id, bytes=1, status=0))
    assert answer_id in pair.client._parts.inbox.acks


def test_msg_detailed_info_about_an_answer_that_was_forgotten_leads_to_a_question(pair: Pair) -> None:
    request = pair.sent_request(1)
    news = types.MsgDetailedInfo(msg_id=request.msg_id, answer_msg_id=pair.server_id(1), bytes=100, status=0)
    pair.from_server_now(news)
    asked = pair.open_client(pair.from_client()[0])[0]
    pair.from_server_now(types.MsgsStateInfo(req_msg_id=asked.msg_id, info=b"\x01"))
    assert types.MsgsStateReq(msg_ids=[request.msg_id]) in pair.said_by_client()


def test_msg_new_detailed_info_leads_to_msg_resend_req_for_a_message_that_did_not_come(pair: Pair) -> None:
    wanted = pair.server_id(3)
    pair.from_server_now(types.MsgNewDetailedInfo(answer_msg_id=wanted, bytes=100, status=0))
    assert types.MsgResendReq(msg_ids=[wanted]) in pair.said_by_client()


def test_msg_new_detailed_info_acks_a_message_that_came(pair: Pair) -> None:
    came = pair.server_id(3)
    pair.to_client(pair.forge(api_body(7), came, 1))
    pair.from_server_now(types.MsgNewDetailedInfo(answer_msg_id=came, bytes=100, status=0))
    assert pair.client._parts.inbox.acks.count(came) == 2


# msg_resend_req, msg_resend_ans_req


def test_msg_resend_req_is_answered_with_the_stored_message(pair: Pair) -> None:
    request = pair.sent_request(1)
    (packet,) = pair.lost_packets
    original = pair.open_client(packet)[-1]
    pair.from_server_now(types.MsgResendReq(msg_ids=[request.msg_id]))
    (again, *_) = pair.from_client()
    assert pair.open_client(again) == [original]
    assert pair.to_server(again)
    assert pair.executed == [api_body(1)]


def test_msg_resend_req_for_a_call_that_is_answered_meanwhile_sends_nothing(pair: Pair) -> None:
    request = pair.sent_request(1)
    pair.from_server_now(types.MsgResendReq(msg_ids=[request.msg_id]))
    pair.from_server_now(wire.write_rpc_result(request.msg_id, api_body(7)), 1)
    assert pair.from_client() == []


def test_msg_resend_req_for_much_is_answered_in_several_packets(pair: Pair) -> None:
    requests = [pair.sent_request(number, size=600_000) for number in range(2)]
    pair.from_server_now(types.MsgResendReq(msg_ids=[request.msg_id for request in requests]))
    again = [[message.msg_id for message in pair.open_client(packet)] for packet in pair.from_client()]
    assert again == [[request.msg_id] for request in requests]


def test_msg_resend_req_for_an_unknown_message_is_answered_with_states(pair: Pair) -> None:
    request = pair.sent_request(1)
    question = pair.server_id(3)
    pair.to_client(pair.forge(types.MsgResendReq(msg_ids=[request.msg_id, request.msg_id + 4]), question))
    (said,) = [said for said in pair.said_by_client() if said.NAME == "msgs_state_info"]
    assert said == types.MsgsStateInfo(req_msg_id=question, info=b"\x01\x01")


def test_msg_resend_ans_req_from_a_server_is_reported(pair: Pair) -> None:
    assert [type(event) for event in pair.from_server_now(types.MsgResendAnsReq(msg_ids=[4]))] == [Anomaly]


def test_msg_resend_ans_req_is_sent_when_an_answer_does_not_come(pair: Pair) -> None:
    request = pair.sent_request(1)
    for packet in pair.lost_packets:
        pair.to_server(packet)
    pair.from_server()  # the answer is lost, the connection is not
    assert not of(pair.wait(9), Result)
    assert of(pair.wait(30), Result) == [Result(request, api_body(1))]
    assert pair.executed == [api_body(1)]


@pytest.mark.parametrize(("state", "gone"), [(4, True), (4 + 32, False), (4 + 32 + 64, True), (1, True)])
def test_msg_resend_ans_req_answered_with_states(pair: Pair, state: int, gone: bool) -> None:
    request, question = asked_about(pair)
    pair.from_server_now(types.MsgsStateInfo(req_msg_id=question, info=b"\x04"))
    pair.client._parts.calls._recover(request, pair.now)
    asked = pair.open_client(pair.from_client()[0])[0]
    events = pair.from_server_now(types.MsgsStateInfo(req_msg_id=asked.msg_id, info=bytes([state])))
    assert [event.request for event in of(events, RequestLost)] == [request] * gone
