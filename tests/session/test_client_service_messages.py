"""What a client does with each service message, one test or more for each, named after it.

core.telegram.org/mtproto/service_messages and core.telegram.org/mtproto/service_messages_about_messages.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mtproto.errors import LocalProtocolError, OutcomeUnknown, RemoteProtocolError
from mtproto.limits import DEFAULT_LIMITS
from mtproto.session import HttpWait, Request, RequestState, wire
from mtproto.session.events import (
    Acked,
    Anomaly,
    AnswerDropped,
    AuthKeyDestroyed,
    NewSession,
    Pong,
    RequestLost,
    Resent,
    Result,
    RpcFailed,
    SaltChanged,
    SessionDestroyed,
    Stale,
    Undecodable,
    Update,
    UpdatesGap,
)
from mtproto.session.wire import Message
from tests.session.harness import MAX_BYTES, START, Pair, api_body, of
from tl import DecodeError, service

types, functions = service.types, service.functions


@pytest.fixture
def pair() -> Pair:
    """Return a pair that has said hello, so that salts and time are settled."""
    pair = Pair()
    pair.send(99)
    pair.run()
    pair.wait(60)
    pair.client_events.clear()
    pair.executed.clear()
    return pair


# rpc_result


def test_rpc_result(pair: Pair) -> None:
    request = pair.sent_request(1)
    events = pair.from_server_now(wire.write_rpc_result(request.msg_id, api_body(7)), seqno=1)
    assert events == [Result(request, api_body(7))]
    assert request.state is RequestState.SETTLED
    assert pair.client.in_flight == 0


def test_rpc_result_packed(pair: Pair) -> None:
    request = pair.sent_request(1)
    packed = wire.write_gzip(api_body(7, 400))
    assert pair.from_server_now(wire.write_rpc_result(request.msg_id, packed), 1) == [Result(request, api_body(7, 400))]


def test_rpc_result_inside_gzip_packed(pair: Pair) -> None:
    request = pair.sent_request(1)
    packed = wire.write_gzip(wire.write_rpc_result(request.msg_id, api_body(7)))
    assert pair.from_server_now(packed, 1) == [Result(request, api_body(7))]


def test_rpc_result_to_something_that_was_not_sent_is_reported(pair: Pair) -> None:
    events = pair.from_server_now(wire.write_rpc_result(pair.client_id(), api_body(7)), 1)
    assert [type(event) for event in events] == [Anomaly]


def test_rpc_result_that_comes_twice_settles_once(pair: Pair) -> None:
    request = pair.sent_request(1)
    packet = pair.forge(wire.write_rpc_result(request.msg_id, api_body(7)), pair.server_id(1), 1)
    assert of(pair.to_client(packet), Result) == [Result(request, api_body(7))]
    assert pair.to_client(packet) == []
    again = pair.from_server_now(wire.write_rpc_result(request.msg_id, api_body(7)), 1)
    assert not of(again, Result)


def test_rpc_result_that_cannot_be_read_ends_the_call(pair: Pair) -> None:
    request = pair.sent_request(1)
    body = wire.write_rpc_result(request.msg_id, wire.write_gzip(api_body(7, 400))[:-4])
    events = pair.from_server_now(body, 1)
    assert [type(event) for event in events] == [RequestLost, Undecodable]
    lost = of(events, RequestLost)[0]
    assert lost.request is request
    assert isinstance(lost.error, RemoteProtocolError)


def test_rpc_result_of_a_bomb_ends_the_call_and_no_other(pair: Pair) -> None:
    pair.client._limits = replace(DEFAULT_LIMITS, inflated=10_000)
    request, other = pair.send(1), pair.send(2)
    pair.from_client()
    events = pair.from_server_now(wire.write_rpc_result(request.msg_id, wire.write_gzip(bytes(10_001))), 1)
    assert [event.request for event in of(events, RequestLost)] == [request]
    events = pair.from_server_now(wire.write_rpc_result(other.msg_id, api_body(7)), 1)
    assert of(events, Result) == [Result(other, api_body(7))]


# rpc_error


def test_rpc_error(pair: Pair) -> None:
    request = pair.sent_request(1)
    events = pair.from_server_now(wire.write_rpc_result(request.msg_id, wire.write_rpc_error(420, "FLOOD_WAIT_31")), 1)
    assert events == [RpcFailed(request, 420, "FLOOD_WAIT_31")]


def test_rpc_error_packed(pair: Pair) -> None:
    request = pair.sent_request(1)
    packed = wire.write_gzip(wire.write_rpc_error(400, "A" * 400))
    assert pair.from_server_now(wire.write_rpc_result(request.msg_id, packed), 1) == [
        RpcFailed(request, 400, "A" * 400)
    ]


def test_rpc_error_that_is_not_text_ends_the_call(pair: Pair) -> None:
    request = pair.sent_request(1)
    error = bytearray(wire.write_rpc_error(400, "AAA"))
    error[9] = 0xFF
    events = pair.from_server_now(wire.write_rpc_result(request.msg_id, bytes(error)), 1)
    assert [event.request for event in of(events, RequestLost)] == [request]


def test_rpc_error_outside_of_a_result_is_reported(pair: Pair) -> None:
    assert [type(event) for event in pair.from_server_now(wire.write_rpc_error(400, "X"), 1)] == [Anomaly]


# rpc_drop_answer and its three answers


def cancelled_request(pair: Pair) -> tuple[Request, int]:
    request = pair.sent_request(1)
    pair.client.cancel(request, pair.now)
    (packet,) = pair.from_client()
    dropped = [message for message in pair.open_client(packet) if wire.constructor_id(message.body) == 0x58E4A740]
    assert service.decode(dropped[0].body).req_msg_id == request.msg_id
    return request, dropped[0].msg_id


def test_rpc_drop_answer_is_not_sent_for_a_call_that_was_not_sent(pair: Pair) -> None:
    request = pair.send(1)
    pair.client.cancel(request, pair.now)
    assert pair.from_client() == []
    assert pair.client.in_flight == 0
    assert pair.run() == []


def test_rpc_drop_answer_is_sent_for_a_call_that_was_sent(pair: Pair) -> None:
    request, _ = cancelled_request(pair)
    assert request.state is RequestState.SETTLED
    assert pair.client.in_flight == 0


def test_rpc_answer_unknown(pair: Pair) -> None:
    request, drop_id = cancelled_request(pair)
    events = pair.from_server_now(wire.write_rpc_result(drop_id, types.RpcAnswerUnknown().to_bytes()), 1)
    assert events == [AnswerDropped(request, "rpc_answer_unknown")]


def test_rpc_answer_dropped(pair: Pair) -> None:
    request, drop_id = cancelled_request(pair)
    answer = types.RpcAnswerDropped(msg_id=1, seq_no=1, bytes=8).to_bytes()
    events = pair.from_server_now(wire.write_rpc_result(drop_id, answer), 1)
    assert events == [AnswerDropped(request, "rpc_answer_dropped")]


def test_rpc_answer_dropped_running(pair: Pair) -> None:
    request, drop_id = cancelled_request(pair)
    answer = types.RpcAnswerDroppedRunning().to_bytes()
    events = pair.from_server_now(wire.write_rpc_result(drop_id, answer), 1)
    assert events == [AnswerDropped(request, "rpc_answer_dropped_running")]
    late = pair.from_server_now(wire.write_rpc_result(request.msg_id, answer), 1)
    assert late == []


def test_rpc_drop_answer_swallows_the_late_result_and_acks_it(pair: Pair) -> None:
    request, _ = cancelled_request(pair)
    late = pair.forge(wire.write_rpc_result(request.msg_id, api_body(7)), late_id := pair.server_id(1), 1)
    assert pair.to_client(late) == []
    assert late_id in pair.client._inbox.acks


def test_rpc_drop_answer_survives_a_lost_connection(pair: Pair) -> None:
    request = pair.sent_request(1)
    pair.client.cancel(request, pair.now)
    pair.from_client()
    pair.reconnect()
    assert "rpc_drop_answer" in [said.NAME for said in pair.said_by_client()]


def test_cancelling_a_settled_call_does_nothing(pair: Pair) -> None:
    request = pair.send(1)
    pair.run()
    pair.client.cancel(request, pair.now)
    assert request.state is RequestState.SETTLED
    assert pair.client.in_flight == 0
    assert not pair.client._services


# get_future_salts and future_salts


def test_get_future_salts_is_sent_before_the_last_salt_ends() -> None:
    pair = Pair()
    pair.state.salts = [replace(pair.state.salts[0], valid_since=0, valid_until=int(START) + 7200)]
    known = pair.state.salts[0].salt
    pair.send(1)
    pair.run()
    pair.state.salts = [replace(pair.state.salts[0], valid_until=int(START) + 7200)]
    pair.client._plan_salts(pair.now)
    deadline = pair.client._salts_due
    assert deadline == START + 5400
    pair.now = deadline
    pair.client.tick(pair.now)
    assert "get_future_salts" in [said.NAME for said in pair.said_by_client()]
    assert known


def test_future_salts_are_used_in_time(pair: Pair) -> None:
    refused_before = len(pair.server_events)
    for _ in range(40):
        pair.wait(1700)
        pair.send(1)
        pair.run()
    assert [type(event).__name__ for event in pair.server_events[refused_before:]].count("Refused") == 0
    assert len(pair.executed) == 40


def test_future_salts_to_a_question_that_was_not_asked_are_reported(pair: Pair) -> None:
    before = list(pair.state.salts)
    salts = types.FutureSalts(req_msg_id=pair.client_id(), now=int(pair.now), salts=[])
    assert [type(event) for event in pair.from_server_now(salts)] == [Anomaly]
    assert pair.state.salts == before


def test_future_salts_inside_a_result_are_accepted(pair: Pair) -> None:
    pair.client._ask_salts(pair.now)
    (packet,) = pair.from_client()
    asked = pair.open_client(packet)[0]
    salt = types.FutureSalt(valid_since=int(pair.now), valid_until=int(pair.now) + 99999, salt=4242)
    salts = types.FutureSalts(req_msg_id=asked.msg_id, now=int(pair.now), salts=[salt]).to_bytes()
    events = pair.from_server_now(wire.write_rpc_result(asked.msg_id, salts), 1)
    assert events == [SaltChanged()]
    assert 4242 in [salt.salt for salt in pair.state.salts]


def test_get_future_salts_is_not_sent_again_at_once_when_the_answer_is_of_no_use(pair: Pair) -> None:
    pair.state.salts = []
    pair.client._plan_salts(pair.now)
    for _ in range(3):
        pair.client.tick(pair.now)
        for packet in pair.from_client():
            for message in pair.open_client(packet):
                if wire.constructor_id(message.body) == 0xB921BD04:
                    pair.from_server_now(types.FutureSalts(req_msg_id=message.msg_id, now=int(pair.now), salts=[]))
    assert pair.client._salts_due >= pair.now + 59


def test_get_future_salts_is_not_sent_while_another_one_waits_for_its_answer(pair: Pair) -> None:
    pair.client._ask_salts(pair.now)
    assert [said.NAME for said in pair.said_by_client()] == ["get_future_salts"]
    pair.client._ask_salts(pair.now + 60)
    assert pair.said_by_client() == []


# ping, ping_delay_disconnect, pong


def test_ping_is_answered_with_pong(pair: Pair) -> None:
    ping_id = pair.server_id(3)
    pair.to_client(pair.forge(functions.Ping(ping_id=-5), ping_id))
    assert pair.said_by_client()[0] == types.Pong(msg_id=ping_id, ping_id=-5)


def test_ping_delay_disconnect_is_answered_with_pong(pair: Pair) -> None:
    ping_id = pair.server_id(3)
    pair.to_client(pair.forge(functions.PingDelayDisconnect(ping_id=6, disconnect_delay=75), ping_id))
    assert pair.said_by_client()[0] == types.Pong(msg_id=ping_id, ping_id=6)


def test_ping_is_sent(pair: Pair) -> None:
    ping_id = pair.client.ping()
    assert functions.Ping(ping_id=ping_id) in pair.said_by_client()


def test_ping_delay_disconnect_is_sent(pair: Pair) -> None:
    ping_id = pair.client.ping(disconnect_delay=75)
    assert functions.PingDelayDisconnect(ping_id=ping_id, disconnect_delay=75) in pair.said_by_client()


def test_pong_tells_how_long_it_took(pair: Pair) -> None:
    ping_id = pair.client.ping()
    packets = pair.from_client()
    pair.now += 0.25
    for packet in packets:
        pair.to_server(packet)
    assert of(pair.run(), Pong) == [Pong(ping_id, 0.25)]


def test_pong_inside_a_result_is_accepted(pair: Pair) -> None:
    ping_id = pair.client.ping()
    asked = pair.open_client(pair.from_client()[0])[0]
    pong = types.Pong(msg_id=asked.msg_id, ping_id=ping_id).to_bytes()
    assert of(pair.from_server_now(wire.write_rpc_result(asked.msg_id, pong), 1), Pong) == [Pong(ping_id, 0.0)]


def test_pong_to_another_ping_is_reported(pair: Pair) -> None:
    ping_id = pair.client.ping()
    asked = pair.open_client(pair.from_client()[0])[0]
    for wrong in (
        types.Pong(msg_id=asked.msg_id, ping_id=ping_id ^ 1),
        types.Pong(msg_id=asked.msg_id + 4, ping_id=ping_id),
    ):
        assert [type(event) for event in pair.from_server_now(wrong)] == [Anomaly]


# destroy_session


@pytest.mark.parametrize(("answer", "existed"), [(types.DestroySessionOk, True), (types.DestroySessionNone, False)])
def test_destroy_session(pair: Pair, answer: Any, existed: bool) -> None:
    pair.client.destroy_session(77)
    assert functions.DestroySession(session_id=77) in pair.said_by_client()
    assert pair.from_server_now(answer(session_id=77)) == [SessionDestroyed(77, existed)]


def test_destroy_session_of_itself_is_refused(pair: Pair) -> None:
    with pytest.raises(LocalProtocolError):
        pair.client.destroy_session(pair.client.session_id)


def test_destroy_session_ok_that_was_not_asked_for_is_reported(pair: Pair) -> None:
    assert [type(event) for event in pair.from_server_now(types.DestroySessionOk(session_id=77))] == [Anomaly]


def test_destroy_session_is_asked_again_after_a_lost_connection(pair: Pair) -> None:
    pair.client.destroy_session(77)
    pair.from_client()
    pair.reconnect()
    assert functions.DestroySession(session_id=77) in pair.said_by_client()


# destroy_auth_key


@pytest.mark.parametrize("name", ["destroy_auth_key_ok", "destroy_auth_key_none", "destroy_auth_key_fail"])
def test_destroy_auth_key(pair: Pair, name: str) -> None:
    pair.client.destroy_auth_key()
    assert functions.DestroyAuthKey() in pair.said_by_client()
    assert pair.from_server_now(service.schema[name]()) == [AuthKeyDestroyed(name)]


def test_destroy_auth_key_ok_that_was_not_asked_for_is_reported(pair: Pair) -> None:
    assert [type(event) for event in pair.from_server_now(types.DestroyAuthKeyOk())] == [Anomaly]


# new_session_created


def new_session(first_msg_id: int, unique_id: int = 5, salt: int = 123) -> Any:
    return types.NewSessionCreated(first_msg_id=first_msg_id, unique_id=unique_id, server_salt=salt)


def test_new_session_created_gives_the_salt(pair: Pair) -> None:
    events = pair.from_server_now(new_session(pair.client_id(), salt=4242), 1, 3)
    assert of(events, SaltChanged)
    assert pair.state.salt_at(pair.now) == 4242


@pytest.mark.parametrize("kind", [1, 3])
def test_new_session_created_may_have_either_parity_of_a_server(pair: Pair, kind: int) -> None:
    assert of(pair.from_server_now(new_session(pair.client_id()), 1, kind), NewSession)


def test_new_session_created_counts_once_for_each_unique_id(pair: Pair) -> None:
    assert of(pair.from_server_now(new_session(pair.client_id(), 5), 1, 3), NewSession)
    assert pair.from_server_now(new_session(pair.client_id(), 5), 1, 3) == []
    assert of(pair.from_server_now(new_session(pair.client_id(), 6), 1, 3), NewSession)


def test_new_session_created_later_on_tells_of_a_gap_in_the_updates(pair: Pair) -> None:
    fresh = Pair()
    fresh.send(1)
    assert not of(fresh.run(), UpdatesGap)
    events = pair.from_server_now(new_session(pair.client_id(), 5), 1, 3)
    assert of(events, UpdatesGap) == [UpdatesGap(5)]


def test_new_session_created_after_a_server_forgot_loses_the_calls_that_it_had(pair: Pair) -> None:
    pair.answer = lambda _query: None
    sent, acked = pair.sent_request(1), pair.sent_request(2)
    for packet in pair.lost_packets:
        pair.to_server(packet)
    pair.from_server_now(types.MsgsAck(msg_ids=[acked.msg_id]))
    pair.server_forgets()
    pair.client.ping()
    lost = of(pair.run(), RequestLost)
    assert [event.request for event in lost] == [sent, acked]
    for event in lost:
        assert isinstance(event.error, OutcomeUnknown)
        assert event.error.request is event.request


@pytest.mark.parametrize("acked", [False, True])
def test_new_session_created_asks_about_older_calls(pair: Pair, acked: bool) -> None:
    request = pair.sent_request(1)
    if acked:
        pair.from_server_now(types.MsgsAck(msg_ids=[request.msg_id]))
    pair.now += 1
    assert not of(pair.from_server_now(new_session(pair.client_id()), 1, 3), RequestLost)
    assert types.MsgsStateReq(msg_ids=[request.msg_id]) in pair.said_by_client()


def test_new_session_created_sends_an_idempotent_call_again(pair: Pair) -> None:
    request = pair.sent_request(1, idempotent=True)
    old = request.msg_id
    pair.now += 1
    pair.from_server_now(new_session(pair.client_id()), 1, 3)
    pair.from_client()
    assert of(pair.client_events, Resent) == [Resent(request, old, request.msg_id)]


def test_new_session_created_spares_all_calls_of_the_packet_that_it_names(pair: Pair) -> None:
    first, second = pair.send(1), pair.send(2)
    pair.from_client()
    assert first.msg_id < second.msg_id
    pair.from_server_now(new_session(second.msg_id), 1, 3)
    assert [said for said in pair.said_by_client() if said.NAME == "msgs_state_req"] == []
    assert first.state is RequestState.SENT


# msg_container


def container(pair: Pair, *bodies: tuple[bytes, int]) -> bytes:
    messages = [Message(pair.server_id(1), seqno, body) for body, seqno in bodies]
    return pair.forge(wire.write_container(messages), pair.server_id(1), 2)


def test_msg_container(pair: Pair) -> None:
    one, two = pair.send(1), pair.send(2)
    pair.from_client()
    events = pair.to_client(
        container(
            pair,
            (wire.write_rpc_result(one.msg_id, api_body(7)), 1),
            (api_body(8), 3),
            (wire.write_rpc_result(two.msg_id, api_body(9)), 5),
        )
    )
    assert [type(event) for event in events] == [Result, Update, Result]
    assert len(pair.client._inbox.acks) == 3


def test_msg_container_that_is_empty_is_accepted(pair: Pair) -> None:
    assert pair.to_client(container(pair)) == []


def test_msg_container_with_1025_messages_is_undecodable(pair: Pair) -> None:
    events = pair.to_client(container(pair, *[(types.MsgsAck(msg_ids=[]).to_bytes(), 0)] * 1025))
    assert [type(event) for event in events] == [Undecodable]


def test_msg_container_inside_a_container_is_undecodable_as_a_whole(pair: Pair) -> None:
    request = pair.sent_request(1)
    inner = wire.write_container([])
    events = pair.to_client(container(pair, (wire.write_rpc_result(request.msg_id, api_body(7)), 1), (inner, 2)))
    assert [type(event) for event in events] == [Undecodable]
    assert request.state is RequestState.SENT


def test_msg_container_whose_inner_id_is_above_its_own_is_reported(pair: Pair) -> None:
    outer = pair.server_id(1)
    inner = Message(outer + 4, 1, api_body(7))
    events = pair.to_client(pair.forge(wire.write_container([inner]), outer, 2))
    assert [type(event) for event in events] == [Anomaly, Update]


def test_msg_container_with_an_even_inner_id_drops_that_message(pair: Pair) -> None:
    inner = Message(pair.client_id(), 1, api_body(7))
    events = pair.to_client(pair.forge(wire.write_container([inner]), pair.server_id(1), 2))
    assert [type(event) for event in events] == [Anomaly]


def test_msg_container_checks_inner_content_messages_for_repetition(pair: Pair) -> None:
    inner = Message(pair.server_id(3), 1, api_body(7))
    first = pair.to_client(pair.forge(wire.write_container([inner]), pair.server_id(1), 2))
    again = pair.to_client(pair.forge(wire.write_container([inner]), pair.server_id(1), 2))
    assert [type(event) for event in first] == [Update]
    assert again == []
    assert pair.client._inbox.acks.count(inner.msg_id) == 2


def test_msg_container_may_carry_old_inner_ids(pair: Pair) -> None:
    request = pair.sent_request(1)
    answer = Message(pair.server_id(1, -5000), 1, wire.write_rpc_result(request.msg_id, api_body(7)))
    events = pair.to_client(pair.forge(wire.write_container([answer]), pair.server_id(1), 2))
    assert of(events, Result) == [Result(request, api_body(7))]


def test_msg_container_brings_an_answer_that_is_older_than_all_that_is_remembered(pair: Pair) -> None:
    pair.client._inbox._floor = pair.server_id(1)
    request = pair.sent_request(1)
    answer = Message(pair.server_id(1, -50), 1, wire.write_rpc_result(request.msg_id, api_body(7)))
    update = Message(pair.server_id(3, -50), 3, api_body(8))
    events = pair.to_client(pair.forge(wire.write_container([answer, update]), pair.server_id(1, 1), 4))
    assert [type(event) for event in events if not isinstance(event, Anomaly)][-2:] == [Result, Stale]


# msg_copy


def test_msg_copy_is_treated_as_the_message_inside(pair: Pair) -> None:
    copied = Message(pair.server_id(3), 1, api_body(7))
    assert pair.from_server_now(wire.write_copy(copied)) == [Update(copied.msg_id, api_body(7))]
    assert pair.from_server_now(wire.write_copy(copied)) == []
    assert pair.client._inbox.acks.count(copied.msg_id) == 2


def test_msg_copy_of_a_container_is_undecodable(pair: Pair) -> None:
    copied = Message(pair.server_id(3), 0, wire.write_container([]))
    assert [type(event) for event in pair.from_server_now(wire.write_copy(copied))] == [Undecodable]


# gzip_packed


def test_gzip_packed_around_an_update(pair: Pair) -> None:
    (event,) = pair.from_server_now(wire.write_gzip(api_body(7, 400)), 1, 3)
    assert isinstance(event, Update)
    assert event.body == api_body(7, 400)


def test_gzip_packed_in_gzip_packed_is_undecodable_and_acked(pair: Pair) -> None:
    msg_id = pair.server_id(3)
    events = pair.to_client(pair.forge(wire.write_gzip(wire.write_gzip(api_body(7))), msg_id, 1))
    assert [type(event) for event in events] == [Undecodable]
    assert msg_id in pair.client._inbox.acks


def test_gzip_packed_around_a_container_is_undecodable(pair: Pair) -> None:
    events = pair.from_server_now(wire.write_gzip(wire.write_container([])))
    assert [type(event) for event in events] == [Undecodable]


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
    assert pair.client._inbox.acks == [content]


def test_msgs_ack_repeats_for_a_repeated_message(pair: Pair) -> None:
    packet = pair.forge(api_body(7), msg_id := pair.server_id(3), 1)
    assert of(pair.to_client(packet), Update)
    assert pair.to_client(packet) == []
    assert pair.client._inbox.acks.count(msg_id) == 2


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
    assert pair.client._inbox.acks.count(answer_id) == 2
    assert not pair.client._services


def test_msg_detailed_info_acks_an_answer_that_nobody_waits_for(pair: Pair) -> None:
    answer_id = pair.server_id(1)
    pair.from_server_now(types.MsgDetailedInfo(msg_id=pair.client_id(), answer_msg_id=answer_id, bytes=1, status=0))
    assert answer_id in pair.client._inbox.acks


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
    assert pair.client._inbox.acks.count(came) == 2


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
    pair.client._ask_answer(request.msg_id)
    asked = pair.open_client(pair.from_client()[0])[0]
    events = pair.from_server_now(types.MsgsStateInfo(req_msg_id=asked.msg_id, info=bytes([state])))
    assert [event.request for event in of(events, RequestLost)] == [request] * gone


# http_wait


def test_http_wait_is_sent_with_a_long_poll(pair: Pair) -> None:
    pair.run()
    packet = pair.client.next_packet(pair.now, max_bytes=MAX_BYTES, http_wait=HttpWait(0, 0, 25000))
    assert packet is not None
    messages = pair.open_client(packet.payload)
    assert service.decode(messages[0].body) == types.HttpWait(max_delay=0, wait_after=0, max_wait=25000)
    assert messages[0].seqno % 2 == 0


def test_http_wait_travels_with_a_query(pair: Pair) -> None:
    request = pair.send(1)
    packet = pair.client.next_packet(pair.now, max_bytes=MAX_BYTES, http_wait=HttpWait(0, 0, 25000))
    assert packet is not None
    assert packet.requests == (request,)
    assert len(pair.open_client(packet.payload)) >= 2


@pytest.mark.parametrize(
    "body",
    [
        types.HttpWait(max_delay=0, wait_after=0, max_wait=0),
        functions.RpcDropAnswer(req_msg_id=4),
        functions.GetFutureSalts(num=1),
        functions.DestroySession(session_id=1),
        functions.DestroyAuthKey(),
    ],
)
def test_what_only_a_client_sends_is_reported(pair: Pair, body: Any) -> None:
    assert [type(event) for event in pair.from_server_now(body)] == [Anomaly]


# updates and undecodable messages


def test_anything_else_is_an_update(pair: Pair) -> None:
    msg_id = pair.server_id(3)
    assert pair.to_client(pair.forge(api_body(7), msg_id, 1)) == [Update(msg_id, api_body(7))]


def test_a_service_message_that_does_not_decode_says_so_and_is_acked(pair: Pair) -> None:
    msg_id = pair.server_id(1)
    body = types.Pong(msg_id=1, ping_id=1).to_bytes() + bytes(4)
    (event,) = pair.to_client(pair.forge(body, msg_id, 1))
    assert isinstance(event, Undecodable)
    assert event.msg_id == msg_id
    assert event.body == body
    assert isinstance(event.error, DecodeError)
    assert msg_id in pair.client._inbox.acks


def test_a_message_without_a_body_is_undecodable(pair: Pair) -> None:
    assert [type(event) for event in pair.from_server_now(b"", 1)] == [Undecodable]
