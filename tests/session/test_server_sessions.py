"""What a server does with the service messages on salts, pings, sessions, keys and long polls.

core.telegram.org/mtproto/service_messages, from future salts to new sessions and HTTP wait.
Each test is named after the message it is about.
"""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.session.events import (
    Anomaly,
    CloseAfter,
    DestroyAuthKey,
    DestroySession,
    HttpWaited,
    NotAccepted,
    Pong,
    Result,
    SessionCreated,
)
from tests.session.harness import Pair, api_body, of, unanswered
from tl import service

types, functions = service.types, service.functions


@pytest.fixture
def pair() -> Pair:
    return unanswered()


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
    assert [event.code for event in of(pair.server_events, NotAccepted)] == [48]
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
    assert [type(event) for event in events] == [NotAccepted]


# http_wait


def test_http_wait(pair: Pair) -> None:
    events = pair.from_client_now(types.HttpWait(max_delay=1, wait_after=2, max_wait=25000))
    assert events == [HttpWaited(1, 2, 25000)]
    assert pair.from_server() == []
