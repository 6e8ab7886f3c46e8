"""What a client does with the service messages on salts, pings, sessions, keys and long polls.

core.telegram.org/mtproto/service_messages, from future salts to new sessions and HTTP wait.
Each test is named after the message it is about.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mtproto.errors import LocalProtocolError, OutcomeUnknown
from mtproto.session import HttpWait, RequestState, wire
from mtproto.session.events import (
    Anomaly,
    AuthKeyDestroyed,
    NewSession,
    Pong,
    RequestLost,
    Resent,
    Result,
    SaltChanged,
    SessionDestroyed,
    UpdatesGap,
)
from tests.session.harness import MAX_BYTES, START, Pair, of, settled
from tl import service

types, functions = service.types, service.functions


@pytest.fixture
def pair() -> Pair:
    return settled()


# get_future_salts and future_salts


def test_get_future_salts_is_sent_before_the_last_salt_ends() -> None:
    pair = Pair()
    pair.state.salts = [replace(pair.state.salts[0], valid_since=0, valid_until=int(START) + 7200)]
    known = pair.state.salts[0].salt
    pair.send(1)
    pair.run()
    pair.state.salts = [replace(pair.state.salts[0], valid_until=int(START) + 7200)]
    pair.client._parts.salts.plan(pair.now)
    deadline = pair.client._parts.salts.due
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
    pair.client._parts.salts.plan(pair.now)
    for _ in range(3):
        pair.client.tick(pair.now)
        for packet in pair.from_client():
            for message in pair.open_client(packet):
                if wire.constructor_id(message.body) == 0xB921BD04:
                    pair.from_server_now(types.FutureSalts(req_msg_id=message.msg_id, now=int(pair.now), salts=[]))
    assert pair.client._parts.salts.due >= pair.now + 59


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


@pytest.mark.parametrize("name", ["destroy_auth_key_ok", "destroy_auth_key_none", "destroy_auth_key_fail"])
def test_destroy_auth_key_that_was_sent_as_a_call_ends_in_a_result(pair: Pair, name: str) -> None:
    request = pair.client.send(functions.DestroyAuthKey().to_bytes(), idempotent=True)
    other = pair.client.send(b"else")
    pair.from_client()
    answer = service.schema[name]()
    assert pair.from_server_now(answer) == [Result(request, answer.to_bytes())]
    assert [*pair.client.requests] == [other]


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


def test_new_session_created_counts_once_for_each_pair_of_ids(pair: Pair) -> None:
    first = pair.client_id()
    assert of(pair.from_server_now(new_session(first, 5), 1, 3), NewSession)
    assert pair.from_server_now(new_session(first, 5), 1, 3) == []
    assert of(pair.from_server_now(new_session(first, 6), 1, 3), NewSession)
    assert of(pair.from_server_now(new_session(pair.client_id(), 5), 1, 3), NewSession)


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
