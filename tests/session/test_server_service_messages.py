"""What a server does with each service message, one test or more for each, named after it.

core.telegram.org/mtproto/service_messages and core.telegram.org/mtproto/service_messages_about_messages.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mtproto.errors import LocalProtocolError
from mtproto.limits import DEFAULT_LIMITS
from mtproto.message.envelope import Sender, unseal
from mtproto.session import wire
from mtproto.session.constructors import RPC_RESULT
from mtproto.session.events import (
    Anomaly,
    AnswersAcked,
    CloseAfter,
    DestroyAuthKey,
    DestroySession,
    Flooded,
    HttpWaited,
    Pong,
    Query,
    QueryDropped,
    Refused,
    Result,
    SessionCreated,
    Undecodable,
    Update,
)
from mtproto.session.wire import Message
from tests.session.harness import Pair, api_body, of
from tl import service

types, functions = service.types, service.functions


@pytest.fixture
def pair() -> Pair:
    """Return a pair that has said hello; queries stay open until a test answers them."""
    pair = Pair(compress=False)
    pair.send(99)
    pair.run()
    pair.wait(60)
    pair.server_events.clear()
    pair.executed.clear()
    pair.answer = lambda _query: None
    return pair


def query(pair: Pair, number: int = 1) -> int:
    """Hand the server a query made by hand; return its msg_id."""
    msg_id = pair.client_id()
    pair.to_server(pair.forge_client(api_body(number), msg_id, pair.next_content_seqno()))
    return msg_id


def results(pair: Pair) -> list[tuple[int, int, bytes]]:
    """Return (own id, id of the query, result) of all results that the server has to send now."""
    return [
        (message.msg_id, *wire.read_rpc_result(message.body))
        for payload in pair.from_server()
        for message in pair.open_server(payload)
        if wire.constructor_id(message.body) == RPC_RESULT
    ]


# rpc_result


def test_rpc_result_answers_and_acks_a_query(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    (packet,) = pair.from_server()
    (message,) = pair.open_server(packet)
    assert wire.read_rpc_result(message.body) == (msg_id, api_body(7))
    assert message.msg_id % 4 == 1
    assert message.seqno % 2 == 1


def test_rpc_result_is_sent_again_until_it_is_acked(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    (first,) = results(pair)
    pair.server.disconnected(pair.now)
    pair.server.connected(pair.now)
    assert results(pair) == [first]
    pair.from_client_now(types.MsgsAck(msg_ids=[first[0]]))
    pair.server.disconnected(pair.now)
    pair.server.connected(pair.now)
    assert results(pair) == []


def test_rpc_result_is_sent_again_for_a_repeated_query(pair: Pair) -> None:
    msg_id = pair.client_id()
    packet = pair.forge_client(api_body(1), msg_id, pair.next_content_seqno())
    assert of(pair.to_server(packet), Query)
    pair.server.answer(msg_id, api_body(7))
    (first,) = results(pair)
    assert pair.to_server(packet) == []
    assert results(pair) == [first]


def test_rpc_result_waits_in_the_queue_once_however_often_it_is_wanted(pair: Pair) -> None:
    msg_id = pair.client_id()
    packet = pair.forge_client(api_body(1), msg_id, pair.next_content_seqno())
    pair.to_server(packet)
    pair.server.answer(msg_id, api_body(7))
    for _ in range(3):
        pair.to_server(packet)
    assert len(results(pair)) == 1


def test_rpc_result_is_forgotten_after_ten_minutes(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    results(pair)
    pair.now += 600
    pair.server.disconnected(pair.now)
    pair.server.connected(pair.now)
    assert results(pair) == []
    pair.from_client_now(types.MsgsStateReq(msg_ids=[msg_id]))
    (info,) = pair.said_by_server()
    assert info.info == b"\x01"  # type: ignore[attr-defined]


def test_rpc_result_needs_a_query_that_is_open(pair: Pair) -> None:
    msg_id = query(pair)
    with pytest.raises(LocalProtocolError):
        pair.server.answer(msg_id + 4, api_body(7))
    pair.server.answer(msg_id, api_body(7))
    with pytest.raises(LocalProtocolError):
        pair.server.answer(msg_id, api_body(7))


def test_gzip_packed_is_sent_as_rpc_result_where_that_is_shorter() -> None:
    pair = Pair(answer=lambda _query: api_body(7) + bytes(1000))
    request = pair.send(1)
    assert of(pair.run(), Result) == [Result(request, api_body(7) + bytes(1000))]
    assert max(len(payload) for payload in pair.seen_by_client) < 700


# rpc_error


def test_rpc_error_is_the_result_of_a_query_and_sent_again_until_it_is_acked(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, wire.write_rpc_error(420, "FLOOD_WAIT_31"))
    (first,) = results(pair)
    assert first[1:] == (msg_id, types.RpcError(error_code=420, error_message="FLOOD_WAIT_31").to_bytes())
    pair.reconnect()
    assert results(pair) == [first]


# gzip_packed


def test_gzip_packed_query_is_unpacked(pair: Pair) -> None:
    msg_id = pair.client_id()
    packed = wire.write_gzip(api_body(1, 400))
    events = pair.to_server(pair.forge_client(packed, msg_id, pair.next_content_seqno()))
    assert events == [Query(msg_id, api_body(1, 400))]


def test_gzip_packed_that_cannot_be_unpacked_is_answered_with_an_error(pair: Pair) -> None:
    msg_id = pair.client_id()
    packed = wire.write_gzip(wire.write_gzip(api_body(1)))
    events = pair.to_server(pair.forge_client(packed, msg_id, pair.next_content_seqno()))
    assert [type(event) for event in events] == [Undecodable]
    assert [result[1:] for result in results(pair)] == [(msg_id, wire.write_rpc_error(400, "INPUT_FETCH_ERROR"))]


def test_gzip_packed_that_cannot_be_unpacked_and_was_no_query_is_not_answered(pair: Pair) -> None:
    events = pair.from_client_now(wire.write_gzip(wire.write_gzip(api_body(1))))
    assert [type(event) for event in events] == [Undecodable]
    assert results(pair) == []


def test_gzip_packed_bomb_is_answered_with_an_error(pair: Pair) -> None:
    pair.server._limits = replace(DEFAULT_LIMITS, inflated=10_000)
    msg_id = pair.client_id()
    pair.to_server(pair.forge_client(wire.write_gzip(bytes(10_001)), msg_id, pair.next_content_seqno()))
    assert [result[1] for result in results(pair)] == [msg_id]


# msg_container, msg_copy


def test_msg_container_is_accepted_as_a_whole(pair: Pair) -> None:
    seqno = pair.next_content_seqno()
    first, second = pair.client_id(), pair.client_id()
    messages = [Message(first, seqno, api_body(1)), Message(second, seqno + 2, api_body(2))]
    events = pair.to_server(pair.forge_client(wire.write_container(messages), None, seqno + 3))
    assert events == [Query(first, api_body(1)), Query(second, api_body(2))]


def test_msg_container_that_comes_twice_is_handled_once(pair: Pair) -> None:
    seqno = pair.next_content_seqno()
    messages = [Message(pair.client_id(), seqno, api_body(1))]
    packet = pair.forge_client(wire.write_container(messages), pair.client_id(), seqno + 1)
    assert len(of(pair.to_server(packet), Query)) == 1
    pair.server.answer(messages[0].msg_id, api_body(7))
    answers = results(pair)
    assert pair.to_server(packet) == []
    assert results(pair) == answers != []


def test_msg_container_with_a_message_that_came_before_handles_the_rest(pair: Pair) -> None:
    seqno = pair.next_content_seqno()
    old = Message(pair.client_id(), seqno, api_body(1))
    pair.to_server(pair.forge_client(old.body, old.msg_id, old.seqno))
    new = Message(pair.client_id(), seqno + 2, api_body(2))
    events = pair.to_server(pair.forge_client(wire.write_container([old, new]), None, seqno + 3))
    assert events == [Query(new.msg_id, api_body(2))]


def test_msg_container_with_more_than_1024_messages_is_a_flood(pair: Pair) -> None:
    messages = [Message(pair.client_id(), 2, types.MsgsAck(msg_ids=[]).to_bytes()) for _ in range(1025)]
    events = pair.to_server(pair.forge_client(wire.write_container(messages), None, 2))
    assert [type(event) for event in events] == [Flooded]


def test_msg_container_is_sent_around_several_messages(pair: Pair) -> None:
    msg_ids = [query(pair, number) for number in range(3)]
    for msg_id in msg_ids:
        pair.server.answer(msg_id, api_body(7))
    (packet,) = pair.from_server()
    outer = unseal(pair.key, Sender.SERVER, packet)
    inner = wire.read_container(outer.body, 3)
    assert [wire.read_rpc_result(message.body)[0] for message in inner] == msg_ids
    assert [message.seqno % 2 for message in inner] == [1, 1, 1]
    assert outer.seqno % 2 == 0
    assert outer.msg_id > max(message.msg_id for message in inner)
    assert outer.seqno > max(message.seqno for message in inner)


def test_msg_container_with_an_answer_has_the_id_of_an_answer(pair: Pair) -> None:
    kinds = []
    for answered in (False, True):
        pair.server.push(api_body(1))
        pair.server.push(api_body(2))
        if answered:
            pair.server.answer(query(pair), api_body(7))
        (packet,) = pair.from_server()
        kinds.append(unseal(pair.key, Sender.SERVER, packet).msg_id % 4)
    assert kinds == [3, 1]


def test_msg_copy_is_treated_as_the_message_inside(pair: Pair) -> None:
    copied = Message(pair.client_id(), pair.next_content_seqno(), api_body(1))
    copy = wire.write_copy(copied)
    assert pair.to_server(pair.forge_client(copy, None, copied.seqno + 1)) == [Query(copied.msg_id, api_body(1))]
    assert pair.to_server(pair.forge_client(copy, None, copied.seqno + 1)) == []


def test_msg_copy_of_a_message_with_an_impossible_id_is_undecodable(pair: Pair) -> None:
    copied = Message(pair.client_id() + 1, pair.next_content_seqno(), api_body(1))
    assert [type(event) for event in pair.from_client_now(wire.write_copy(copied))] == [Undecodable]


# rpc_drop_answer


def drop(pair: Pair, msg_id: int) -> list[Any]:
    """Let the client drop an answer; return the events."""
    seqno = pair.next_content_seqno()
    pair.drop_id = pair.client_id()
    return pair.to_server(pair.forge_client(functions.RpcDropAnswer(req_msg_id=msg_id), pair.drop_id, seqno))


def test_rpc_answer_dropped_running_answers_rpc_drop_answer_of_a_running_query(pair: Pair) -> None:
    msg_id = query(pair)
    assert drop(pair, msg_id) == [QueryDropped(msg_id)]
    running = types.RpcAnswerDroppedRunning().to_bytes()
    assert [result[1:] for result in results(pair)] == [(pair.drop_id, running)]
    pair.server.answer(msg_id, api_body(7))
    assert [result[1:] for result in results(pair)] == [(msg_id, running)]


def test_rpc_drop_answer_that_comes_twice_is_told_once(pair: Pair) -> None:
    msg_id = query(pair)
    assert drop(pair, msg_id) == [QueryDropped(msg_id)]
    assert drop(pair, msg_id) == []
    assert len(results(pair)) == 2


def test_rpc_answer_dropped_answers_rpc_drop_answer_of_an_answer_that_waits(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    ((answer_id, _, _),) = results(pair)
    assert drop(pair, msg_id) == []
    ((_, dropped_id, outcome),) = results(pair)
    assert dropped_id == pair.drop_id
    answer: Any = service.decode(outcome)
    assert (answer.NAME, answer.msg_id, answer.bytes) == ("rpc_answer_dropped", answer_id, 12 + 8)
    pair.server.disconnected(pair.now)
    pair.server.connected(pair.now)
    assert msg_id not in [result[1] for result in results(pair)]


def test_rpc_answer_unknown_answers_rpc_drop_answer_of_an_answer_that_was_acked(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    ((answer_id, _, _),) = results(pair)
    pair.from_client_now(types.MsgsAck(msg_ids=[answer_id]))
    drop(pair, msg_id)
    assert [result[1:] for result in results(pair)] == [(pair.drop_id, types.RpcAnswerUnknown().to_bytes())]


def test_rpc_answer_unknown_answers_rpc_drop_answer_of_something_unknown(pair: Pair) -> None:
    drop(pair, pair.client_id())
    assert [result[1:] for result in results(pair)] == [(pair.drop_id, types.RpcAnswerUnknown().to_bytes())]


# get_future_salts, future_salts


def test_future_salts_answer_get_future_salts_directly(pair: Pair) -> None:
    asked = pair.client_id()
    pair.to_server(pair.forge_client(functions.GetFutureSalts(num=3), asked))
    told: Any = pair.said_by_server()[0]
    assert (told.NAME, told.req_msg_id, told.now, len(told.salts)) == ("future_salts", asked, int(pair.now), 3)
    assert told.salts[0].salt == pair.salts.current(pair.now)


def test_get_future_salts_in_one_container_with_the_first_query_and_no_salt() -> None:
    pair = Pair(salt_known=False)
    pair.client._ask_salts(pair.now)
    request = pair.send(1)
    assert of(pair.run(), Result) == [Result(request, api_body(1))]
    assert [event.code for event in of(pair.server_events, Refused)] == [48]
    assert pair.executed == [api_body(1)]


# ping, ping_delay_disconnect, pong


def test_ping_is_answered_with_pong(pair: Pair) -> None:
    ping_id = pair.client_id()
    pair.to_server(pair.forge_client(functions.Ping(ping_id=-5), ping_id))
    assert pair.said_by_server() == [types.Pong(msg_id=ping_id, ping_id=-5)]


def test_ping_that_is_marked_as_content_is_acked_by_its_pong(pair: Pair) -> None:
    pair.to_server(pair.forge_client(functions.Ping(ping_id=5), None, pair.next_content_seqno()))
    assert [said.NAME for said in pair.said_by_server()] == ["pong"]


def test_ping_delay_disconnect_is_answered_and_closes_later(pair: Pair) -> None:
    ping_id = pair.client_id()
    events = pair.to_server(pair.forge_client(functions.PingDelayDisconnect(ping_id=5, disconnect_delay=75), ping_id))
    assert events == [CloseAfter(75)]
    assert pair.said_by_server() == [types.Pong(msg_id=ping_id, ping_id=5)]


def test_ping_of_the_server_is_answered_with_pong(pair: Pair) -> None:
    ping_id = pair.server.ping()
    for packet in pair.from_server():
        pair.to_client(packet)
    pair.now += 0.5
    pair.run()
    assert of(pair.server_events, Pong) == [Pong(ping_id, 0.5)]


def test_pong_that_comes_twice_is_taken_once(pair: Pair) -> None:
    ping_id = pair.server.ping()
    (ping,) = [message for packet in pair.from_server() for message in pair.open_server(packet)]
    pong = types.Pong(msg_id=ping.msg_id, ping_id=ping_id)
    assert pair.from_client_now(pong) == [Pong(ping_id, 0.0)]
    assert [type(event) for event in pair.from_client_now(pong)] == [Anomaly]


def test_pong_to_a_ping_that_was_not_sent_is_reported(pair: Pair) -> None:
    events = pair.from_client_now(types.Pong(msg_id=pair.server_id(3), ping_id=1))
    assert [type(event) for event in events] == [Anomaly]


# destroy_session, destroy_auth_key


@pytest.mark.parametrize(("existed", "answer"), [(True, types.DestroySessionOk), (False, types.DestroySessionNone)])
def test_destroy_session(pair: Pair, existed: bool, answer: Any) -> None:
    msg_id = pair.client_id()
    body = functions.DestroySession(session_id=77)
    events = pair.to_server(pair.forge_client(body, msg_id, pair.next_content_seqno()))
    assert events == [DestroySession(msg_id, 77)]
    pair.server.session_destroyed(msg_id, 77, existed)
    assert pair.said_by_server() == [answer(session_id=77)]
    assert not pair.server._acks  # the answer is the acknowledgement


@pytest.mark.parametrize(
    ("existed", "name"),
    [(True, "destroy_auth_key_ok"), (False, "destroy_auth_key_none"), (None, "destroy_auth_key_fail")],
)
def test_destroy_auth_key(pair: Pair, existed: bool | None, name: str) -> None:
    msg_id = pair.client_id()
    packet = pair.forge_client(functions.DestroyAuthKey(), msg_id, pair.next_content_seqno())
    assert pair.to_server(packet) == [DestroyAuthKey(msg_id)]
    pair.server.auth_key_destroyed(msg_id, existed)
    assert [said.NAME for said in pair.said_by_server()] == [name]
    assert not pair.server._acks  # the answer is the acknowledgement


# new_session_created


def test_new_session_created_comes_with_the_first_message() -> None:
    pair = Pair()
    request = pair.sent_request(1)
    (event, *_) = pair.to_server(pair.lost_packets[0])
    assert isinstance(event, SessionCreated)
    assert event.first_msg_id == request.msg_id
    message = pair.open_server(pair.from_server()[0])[0]
    told: Any = service.decode(message.body)
    assert (told.NAME, told.first_msg_id, told.unique_id) == ("new_session_created", request.msg_id, event.unique_id)
    assert told.server_salt == pair.salts.current(pair.now)
    assert message.seqno % 2 == 1


def test_new_session_created_names_the_first_message_of_a_container() -> None:
    pair = Pair()
    first, _ = pair.send(1), pair.send(2)
    (packet,) = pair.from_client()
    (created,) = of(pair.to_server(packet), SessionCreated)
    assert created.first_msg_id == first.msg_id


def test_new_session_created_comes_again_for_an_older_message() -> None:
    pair = Pair()
    first = pair.sent_request(1)
    (overtaken,) = pair.lost_packets
    pair.now += 1
    second = pair.sent_request(2)
    created = of(pair.to_server(pair.lost_packets[0]), SessionCreated) + of(pair.to_server(overtaken), SessionCreated)
    assert [event.first_msg_id for event in created] == [second.msg_id, first.msg_id]
    assert created[0].unique_id != created[1].unique_id


def test_new_session_created_does_not_come_for_what_is_refused() -> None:
    pair = Pair(salt_known=False)
    pair.send(1)
    events = [event for packet in pair.from_client() for event in pair.to_server(packet)]
    assert [type(event) for event in events] == [Refused]


# http_wait


def test_http_wait(pair: Pair) -> None:
    events = pair.from_client_now(types.HttpWait(max_delay=1, wait_after=2, max_wait=25000))
    assert events == [HttpWaited(1, 2, 25000)]
    assert pair.from_server() == []


# msgs_ack


def test_msgs_ack_forgets_answers_and_tells_which(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    ((answer_id, _, _),) = results(pair)
    events = pair.from_client_now(types.MsgsAck(msg_ids=[answer_id, answer_id + 4]))
    assert events == [AnswersAcked((answer_id,), (msg_id,))]
    assert not pair.server._stored


def test_msgs_ack_with_more_than_8192_ids_is_a_flood(pair: Pair) -> None:
    assert [type(event) for event in pair.from_client_now(types.MsgsAck(msg_ids=[1] * 8193))] == [Flooded]


def test_msgs_ack_is_sent_for_a_query_that_takes_long(pair: Pair) -> None:
    msg_id = query(pair)
    assert pair.from_server() == []
    deadline = pair.server.next_deadline()
    assert deadline is not None
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
    assert pair.to_server(late) == [Refused(late_id, 0)]
    pair.from_server()
    inside = wire.write_container([Message(late_id, seqno, api_body(1))])
    assert pair.to_server(pair.forge_client(inside)) == [Refused(late_id, 0)]


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


# calls, updates, undecodable messages


def test_anything_else_is_a_query(pair: Pair) -> None:
    msg_id = query(pair, 5)
    assert pair.server_events == [Query(msg_id, api_body(5))]


def test_a_query_is_told_once_however_often_it_comes(pair: Pair) -> None:
    packet = pair.forge_client(api_body(1), pair.client_id(), pair.next_content_seqno())
    for _ in range(3):
        pair.to_server(packet)
    assert pair.executed == [api_body(1)]


def test_a_service_message_that_does_not_decode_says_so_and_is_acked(pair: Pair) -> None:
    msg_id = pair.client_id()
    body = functions.Ping(ping_id=1).to_bytes()[:-4]
    (event,) = pair.to_server(pair.forge_client(body, msg_id, pair.next_content_seqno()))
    assert isinstance(event, Undecodable)
    assert msg_id in pair.server._acks


def test_an_update_is_pushed_and_sent_again_until_it_is_acked(pair: Pair) -> None:
    pair.server.push(api_body(7))
    lost = pair.from_server()
    assert lost
    pair.reconnect()
    assert [event.body for event in of(pair.run(), Update)] == [api_body(7)]
    pair.wait(60)
    assert not pair.server._stored


def test_updates_for_a_client_that_is_away_are_bounded(pair: Pair) -> None:
    pair.disconnect()
    for number in range(DEFAULT_LIMITS.queued_updates + 10):
        pair.server.push(api_body(number))
    pair.connect()
    bodies = [event.body for event in of(pair.run(100), Update)]
    assert bodies == [api_body(number) for number in range(10, DEFAULT_LIMITS.queued_updates + 10)]


def test_more_unanswered_queries_than_allowed_are_a_flood(pair: Pair) -> None:
    pair.server._limits = replace(DEFAULT_LIMITS, unanswered_requests=3)
    for number in range(3):
        query(pair, number)
    over = pair.client_id()
    events = pair.to_server(pair.forge_client(api_body(9), over, pair.next_content_seqno()))
    assert [type(event) for event in events] == [Flooded]
    assert pair.server._register.find(over) is None
    assert over not in pair.server._acks
    pair.server._limits = DEFAULT_LIMITS  # as if the others were answered
    again = pair.client_id()
    events = pair.to_server(pair.forge_client(api_body(9), again, pair.next_content_seqno()))
    assert events == [Query(again, api_body(9))]


def test_a_client_that_takes_nothing_is_not_listened_to_for_ever(pair: Pair) -> None:
    with_ping = functions.Ping(ping_id=1).to_bytes()
    for _ in range(20_000):
        events = pair.server.receive(pair.opened(with_ping), pair.now)
        if events:
            break
    assert [type(event) for event in events] == [Flooded]
