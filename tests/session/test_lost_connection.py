"""The three-way rule: what becomes of a call when its connection is lost.

Not sent, it is sent; sent and not acknowledged, the server is asked; acknowledged, its answer is waited for.
"""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.errors import ConnectionLost, LocalProtocolError, OutcomeUnknown, RemoteProtocolError, TransportError
from mtproto.session import ClientSession, Request, RequestState, wire
from mtproto.session.events import (
    Acked,
    RequestLost,
    Resent,
    Result,
    Sent,
    SessionBroken,
)
from tests.session.harness import MAX_BYTES, Pair, api_body, of
from tl import service

types = service.types


@pytest.fixture
def pair() -> Pair:
    """Return a pair that has said hello; queries are executed and answered when a test says so."""
    pair = Pair()
    pair.send(99)
    pair.run()
    pair.wait(60)
    pair.client_events.clear()
    pair.executed.clear()
    return pair


def names(pair: Pair, packet: bytes) -> list[str]:
    """Return the constructors in a packet of the client; calls as `call`."""
    found = []
    for message in pair.open_client(packet):
        known = service.schema.get(wire.constructor_id(message.body))
        found.append(known.NAME if known is not None else "call")
    return found


def test_a_call_that_was_not_sent_is_sent(pair: Pair) -> None:
    pair.disconnect()
    request = pair.send(1)
    assert pair.from_client() == []
    pair.connect()
    events = pair.run()
    assert of(events, Sent) == [Sent(request, request.msg_id)]
    assert of(events, Result) == [Result(request, api_body(1))]


def test_a_call_that_the_server_did_not_receive_is_sent_again(pair: Pair) -> None:
    request = pair.sent_request(1)
    old = request.msg_id
    pair.reconnect()
    assert request.state is RequestState.UNKNOWN
    events = pair.run()
    assert of(events, Resent) == [Resent(request, old, request.msg_id)]
    assert of(events, Result) == [Result(request, api_body(1))]
    assert pair.executed == [api_body(1)]


def test_a_call_that_the_server_has_is_not_sent_again(pair: Pair) -> None:
    pair.answer = lambda _query: None
    request = pair.sent_request(1)
    pair.to_server(pair.lost_packets[0])
    pair.reconnect()
    events = pair.run()
    assert of(events, Acked) == [Acked(request)]
    assert not of(events, Resent)
    pair.server.answer(request.msg_id, api_body(7))
    assert of(pair.run(), Result) == [Result(request, api_body(7))]
    assert pair.executed == [api_body(1)]


def test_an_answer_that_was_lost_comes_again(pair: Pair) -> None:
    request = pair.sent_request(1)
    pair.to_server(pair.lost_packets[0])
    assert pair.from_server()
    pair.reconnect()
    assert of(pair.run(), Result) == [Result(request, api_body(1))]
    assert pair.executed == [api_body(1)]


def test_unknown_calls_are_asked_about_before_anything_else(pair: Pair) -> None:
    pair.sent_request(1)
    pair.disconnect()
    pair.send(2)
    pair.client.ping()
    pair.connect()
    (packet,) = pair.from_client()
    assert names(pair, packet) == ["msgs_state_req", "ping", "call"]


def test_nothing_is_sent_again_on_a_guess(pair: Pair) -> None:
    pair.sent_request(1, idempotent=True)
    for _ in range(3):
        pair.reconnect()
        for packet in pair.from_client():
            assert "call" not in names(pair, packet)


def acknowledged(pair: Pair) -> Request:
    """Return a call that the server has acknowledged and does not answer."""
    pair.answer = lambda _query: None
    request = pair.sent_request(1)
    pair.to_server(pair.lost_packets[0])
    pair.now += 1
    pair.run()
    assert request.state is RequestState.ACKED
    return request


def test_an_acknowledged_call_is_asked_about_when_nothing_came_for_ten_seconds(pair: Pair) -> None:
    request = acknowledged(pair)
    pair.reconnect()
    assert not any("msgs_state_req" in names(pair, packet) for packet in pair.from_client())
    pair.now += 10
    pair.client.tick(pair.now)
    asked = [message for packet in pair.from_client() for message in pair.open_client(packet)]
    assert types.MsgsStateReq(msg_ids=[request.msg_id]).to_bytes() in [message.body for message in asked]


def test_an_acknowledged_call_is_asked_about_after_a_minute_on_a_living_connection(pair: Pair) -> None:
    acknowledged(pair)
    asked = []
    for seconds in (59, 2):
        pair.now += seconds
        pair.client.tick(pair.now)
        asked.append("msgs_state_req" in [said.NAME for said in pair.said_by_client()])
    assert asked == [False, True]


def test_a_call_without_any_news_is_asked_about_on_a_living_connection(pair: Pair) -> None:
    request = pair.sent_request(1)
    events = pair.wait(11)
    assert of(events, Result) == [Result(request, api_body(1))]
    assert pair.executed == [api_body(1)]


@pytest.mark.parametrize("state", ["sent", "acked"])
def test_a_server_that_forgot_leaves_the_outcome_unknown(pair: Pair, state: str) -> None:
    pair.answer = lambda _query: None
    request = pair.sent_request(1)
    pair.to_server(pair.lost_packets[0])
    if state == "acked":
        pair.now += 1
        pair.run()
    pair.server_forgets()
    pair.reconnect()
    pair.client.ping()
    (lost,) = of(pair.run(), RequestLost)
    assert lost.request is request
    assert isinstance(lost.error, OutcomeUnknown)
    assert len(pair.executed) == 1


def test_a_server_that_forgot_is_sent_an_idempotent_call_again(pair: Pair) -> None:
    pair.answer = lambda _query: None
    request = pair.sent_request(1, idempotent=True)
    pair.to_server(pair.lost_packets[0])
    pair.server_forgets()
    pair.reconnect()
    pair.answer = lambda query: query.body
    assert of(pair.run(), Result) == [Result(request, api_body(1))]
    assert len(pair.executed) == 2


def test_a_server_that_never_had_the_session_is_sent_the_call_again() -> None:
    pair = Pair()
    request = pair.sent_request(1)
    pair.reconnect()
    events = pair.run()
    assert not of(events, RequestLost)
    assert of(events, Result) == [Result(request, api_body(1))]
    assert pair.executed == [api_body(1)]


def test_a_copy_that_comes_after_the_server_forgot_is_not_executed(pair: Pair) -> None:
    request = pair.sent_request(1)
    (packet,) = pair.lost_packets
    pair.to_server(packet)
    pair.server_forgets()
    pair.to_server(packet)
    assert pair.executed == [api_body(1)]
    assert request.state is RequestState.SENT


def test_a_call_that_was_cancelled_while_its_state_is_asked_stays_cancelled(pair: Pair) -> None:
    request = pair.sent_request(1)
    pair.reconnect()
    pair.from_client()
    pair.client.cancel(request, pair.now)
    assert not of(pair.run(), Resent)
    assert pair.executed == []


def test_calls_keep_their_order_when_they_are_sent_again(pair: Pair) -> None:
    requests = [pair.send(number) for number in range(5)]
    pair.from_client()
    pair.disconnect()
    requests += [pair.send(number) for number in range(5, 8)]
    pair.connect()
    pair.run()
    assert sorted(pair.executed) == [api_body(number) for number in range(8)]
    again = [event.request for event in of(pair.client_events, Resent)]
    assert again == requests[:5]


def test_a_packet_carries_no_id_from_before_it_was_pulled(pair: Pair) -> None:
    pair.disconnect()
    request = pair.send(1)
    pair.now += 3600
    pair.connect()
    pair.run()
    assert request.msg_id >> 32 == int(pair.now)


# The end of a session.


def test_calls_that_were_never_sent_are_given_back(pair: Pair) -> None:
    sent = pair.sent_request(1)
    waiting = [pair.send(2), pair.send(3)]
    assert pair.client.unsent() == waiting
    assert pair.client.in_flight == 1
    other = Pair(seed=5)
    for request in waiting:
        other.client.add(request)
    assert [event.request for event in of(other.run(), Result)] == waiting
    assert sent.state is RequestState.SENT


def test_a_session_that_is_given_up_frees_what_may_be_sent_elsewhere(pair: Pair) -> None:
    sent, idempotent = pair.send(1), pair.send(2, idempotent=True)
    pair.from_client()
    waiting = pair.send(3)
    free, events = pair.client.give_up("the key is gone")
    assert free == [idempotent, waiting]
    assert [event.request for event in of(events, RequestLost)] == [sent]
    assert isinstance(of(events, RequestLost)[0].error, OutcomeUnknown)
    assert pair.client.in_flight == 0
    other = Pair(seed=5)
    for request in free:
        other.client.add(request)
    assert {event.request for event in of(other.run(), Result)} == {idempotent, waiting}


def test_a_session_that_fails_ends_every_call(pair: Pair) -> None:
    requests = [pair.sent_request(1), pair.send(2), pair.send(3, idempotent=True)]
    error = ConnectionLost("closed")
    assert pair.client.fail(error) == [RequestLost(request, error) for request in requests]
    assert pair.client.in_flight == 0


def test_a_call_is_in_one_session_at_a_time(pair: Pair) -> None:
    request = pair.send(1)
    other = Pair(seed=5)
    with pytest.raises(LocalProtocolError):
        other.client.add(request)


def test_a_handle_can_be_made_before_there_is_a_session(pair: Pair) -> None:
    request = Request(api_body(1), idempotent=True)
    pair.client.add(request)
    assert of(pair.run(), Result) == [Result(request, api_body(1))]


# Broken connections.


def test_after_a_protocol_error_nothing_happens_until_the_connection_is_gone(pair: Pair) -> None:
    request = pair.sent_request(1)
    for packet in pair.lost_packets:
        pair.to_server(packet)
    good = pair.from_server()
    with pytest.raises(RemoteProtocolError):
        pair.client.receive(good[0][:-16] + bytes(16), pair.now)
    assert pair.client.receive(good[0], pair.now) == []
    pair.client.ping()
    assert pair.client.next_packet(pair.now, max_bytes=MAX_BYTES) is None
    assert pair.client.next_deadline() is None
    pair.reconnect()
    assert of(pair.run(), Result) == [Result(request, api_body(1))]


def test_events_from_before_a_protocol_error_are_on_the_error(pair: Pair) -> None:
    pair.client._parts.events.tell(Acked(request := pair.send(1)))
    with pytest.raises(RemoteProtocolError) as caught:
        pair.client.receive(bytes(100), pair.now)
    assert caught.value.events == (Acked(request),)


@pytest.mark.parametrize("code", [-404, -429, -444])
def test_a_transport_error_breaks_the_connection_and_nothing_more(pair: Pair, code: int) -> None:
    request = pair.sent_request(1)
    (event,) = pair.client.transport_error(code)
    assert isinstance(event, SessionBroken)
    assert isinstance(event.error, TransportError)
    assert event.error.code == code
    assert pair.client.key_state.auth_key == pair.key
    pair.reconnect()
    assert of(pair.run(), Result) == [Result(request, api_body(1))]


def test_nothing_is_sent_before_the_connection() -> None:
    pair = Pair()
    client = ClientSession(pair.state, random=pair.random)
    client.send(api_body(1))
    assert client.next_packet(pair.now, max_bytes=MAX_BYTES) is None
    assert client.next_deadline() is None


def test_a_deadline_that_was_served_is_not_named_again(pair: Pair) -> None:
    pair.answer = lambda _query: None
    pair.from_server_now(api_body(7), 1, 3)
    pair.sent_request(1)
    for _ in range(50):
        deadline = pair.client.next_deadline()
        if deadline is None:
            break
        pair.now = max(pair.now, deadline)
        pair.client.tick(pair.now)
        later: Any = pair.client.next_deadline()
        assert later is None or later > pair.now
