"""How packets are put together: ids and numbers, containers, limits, packing, backpressure, quick acks."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError
from mtproto.limits import DEFAULT_LIMITS
from mtproto.message.message_ids import msg_id_time
from mtproto.session import ClientSession, HttpWait, SendContext, wire
from mtproto.session.events import QuickAcked, RequestLost, Resent, Result, Sent
from mtproto.session.request import RequestState
from mtproto.session.sealer import new_session_id
from mtproto.session.wire import PACKET_OVERHEAD
from tests.session.harness import MAX_BYTES, Pair, api_body, of
from tl import service

types = service.types


@pytest.fixture
def pair() -> Pair:
    pair = Pair()
    pair.send(99)
    pair.run()
    pair.wait(60)
    pair.client_events.clear()
    pair.executed.clear()
    return pair


def calls(pair: Pair, packet: bytes) -> list[bytes]:
    return [message.body for message in pair.open_client(packet) if message.seqno & 1]


def test_one_call_goes_without_a_container(pair: Pair) -> None:
    request = pair.send(1)
    (packet,) = pair.from_client()
    message = pair.opened_packet(packet)
    assert (message.msg_id, message.body) == (request.msg_id, api_body(1))
    assert message.seqno % 2 == 1


def test_msg_container_is_sent_around_several_calls(pair: Pair) -> None:
    requests = [pair.send(number) for number in range(5)]
    (packet,) = pair.from_client()
    outer = pair.opened_packet(packet)
    assert outer.seqno % 2 == 0
    assert all(request.msg_id < outer.msg_id for request in requests)
    assert calls(pair, packet) == [api_body(number) for number in range(5)]


@given(st.lists(st.sampled_from(["call", "ping"]), min_size=1, max_size=30), st.integers(1, 30))
def test_numbers_and_ids_grow_together(wanted: list[str], at_once: int) -> None:
    pair = Pair()
    content = 0
    last_id = 0
    while wanted:
        for what in wanted[:at_once]:
            pair.send(1) if what == "call" else pair.client.ping()
        del wanted[:at_once]
        pair.now += 0.001
        for packet in pair.from_client():
            outer = pair.opened_packet(packet)
            messages = pair.open_client(packet)
            for message in messages:
                assert message.msg_id > last_id
                assert message.msg_id % 4 == 0
                last_id = message.msg_id
                is_call = message.body == api_body(1)
                assert message.seqno == 2 * content + is_call
                content += is_call
            if len(messages) > 1:
                assert outer.msg_id > last_id
                assert outer.seqno == 2 * content
                last_id = outer.msg_id


def test_at_most_1020_messages_go_into_a_container(pair: Pair) -> None:
    for number in range(1500):
        pair.send(number)
    packets = pair.from_client()
    counts = [len(pair.open_client(packet)) for packet in packets]
    assert sum(counts) >= 1500
    assert max(counts) <= 1021
    assert len(of([event for packet in packets for event in pair.to_server(packet)], object)) >= 1500


def test_calls_together_stay_below_32_kib(pair: Pair) -> None:
    for number in range(20):
        pair.send(number, size=5000)
    packets = pair.from_client()
    assert all(len(packet) < 33 * 1024 for packet in packets)
    assert sum(len(calls(pair, packet)) for packet in packets) == 20


@pytest.mark.parametrize("left", [16, 4, 0])
def test_a_large_call_goes_alone_up_to_the_hard_limit(pair: Pair, left: int) -> None:
    pair.send(1)
    large = pair.client.send(api_body(2, DEFAULT_LIMITS.frame_sent - left))
    pair.send(3)
    packets = pair.from_client()
    assert [len(calls(pair, packet)) for packet in packets] == [1, 1, 1]
    for packet in packets:
        pair.to_server(packet)
    assert large in [event.request for event in of(pair.run(), Result)]


@pytest.mark.parametrize("size", [0, 1, 3, 5, DEFAULT_LIMITS.frame_sent + 4])
def test_a_body_of_impossible_length_is_refused_at_once(pair: Pair, size: int) -> None:
    with pytest.raises(LocalProtocolError):
        pair.client.send(bytes(size))
    assert pair.client.in_flight == 0


def test_a_packet_stays_within_what_its_puller_allows(pair: Pair) -> None:
    for number in range(50):
        pair.send(number, size=400)
    pair.send(50, size=5000)
    limit = 4000
    packets = []
    while (packet := pair.client.next_packet(pair.now, max_bytes=limit)) is not None:
        packets.append(packet)
    assert all(len(packet.payload) <= limit for packet in packets)
    assert sum(len(packet.requests) for packet in packets) == 50
    assert pair.client.next_packet(pair.now, max_bytes=5000 + PACKET_OVERHEAD + 16) is not None


def test_the_packet_names_its_calls_and_what_happened_to_them(pair: Pair) -> None:
    requests = (pair.send(1), pair.send(2))
    packet = pair.client.next_packet(pair.now, max_bytes=MAX_BYTES)
    assert packet is not None
    assert packet.requests == requests
    assert packet.events == tuple(Sent(request, request.msg_id) for request in requests)
    assert packet.quick_ack_token is None
    old = requests[0].msg_id
    pair.from_server_now(types.BadMsgNotification(bad_msg_id=old, bad_msg_seqno=1, error_code=16))
    packet = pair.client.next_packet(pair.now, max_bytes=MAX_BYTES)
    assert packet is not None
    assert packet.events == (Resent(requests[0], old, requests[0].msg_id),)


# Bodies that are made when they are sealed.


def test_a_body_may_be_made_when_it_is_sealed(pair: Pair) -> None:
    contexts: list[SendContext] = []

    def make(context: SendContext) -> bytes:
        contexts.append(context)
        return api_body(1) + context.msg_id.to_bytes(8, "little")

    request = pair.client.send(make)
    assert not contexts
    pair.run()
    (context,) = contexts
    assert context.msg_id == request.msg_id
    assert context.session_id == pair.client.session_id
    assert context.server_time == pytest.approx(pair.now, abs=1)
    assert pair.executed == [api_body(1) + request.msg_id.to_bytes(8, "little")]


def test_a_body_is_made_anew_for_each_id(pair: Pair) -> None:
    request = pair.client.send(lambda context: context.msg_id.to_bytes(8, "little"))
    (packet,) = pair.from_client()
    pair.server.refuse_next(48)
    pair.to_server(packet)
    pair.run()
    assert pair.executed == [request.msg_id.to_bytes(8, "little")]


@pytest.mark.parametrize("bad", [b"", b"123", "text", None, 1 / 1])
def test_a_function_that_makes_no_body_ends_its_call_only(pair: Pair, bad: Any) -> None:
    good = pair.send(1)
    call = pair.client.send(lambda _context: bad)
    after = pair.send(2)
    events = pair.run()
    (lost,) = of(events, RequestLost)
    assert lost.request is call
    assert isinstance(lost.error, LocalProtocolError)
    assert [event.request for event in of(events, Result)] == [good, after]
    assert pair.client.in_flight == 0


def test_a_function_that_raises_ends_its_call_only(pair: Pair) -> None:
    def fail(_context: SendContext) -> bytes:
        raise ValueError("mine")

    call = pair.client.send(fail)
    (lost,) = of(pair.run(), RequestLost)
    assert lost.request is call
    assert isinstance(lost.error.__cause__, ValueError)


# Packing.


def test_gzip_packed_is_sent_around_calls_where_that_is_shorter(pair: Pair) -> None:
    long = pair.client.send(api_body(1) + bytes(1000))
    short = pair.client.send(api_body(2) + bytes(200))
    (packet,) = pair.from_client()
    first, second = calls(pair, packet)
    assert wire.read_gzip(first, DEFAULT_LIMITS.inflated) == long.body
    assert second == short.body


def test_calls_are_not_packed_where_the_owner_said_so() -> None:
    pair = Pair(compress=False)
    call = pair.client.send(api_body(1) + bytes(1000))
    (packet,) = pair.from_client()
    assert calls(pair, packet) == [call.body]


# Backpressure.


def test_there_is_room_for_as_many_calls_as_the_limits_say() -> None:
    pair = Pair(limits=replace(DEFAULT_LIMITS, unanswered_requests=3))
    requests = [pair.send(number) for number in range(3)]
    assert (pair.client.in_flight, pair.client.room) == (3, 0)
    with pytest.raises(LocalProtocolError):
        pair.send(4)
    assert pair.client.requests == tuple(requests)
    pair.run()
    assert (pair.client.in_flight, pair.client.room) == (0, 3)
    pair.send(4)


def test_a_server_that_asks_without_end_fills_no_memory(pair: Pair) -> None:
    for number in range(6000):
        pair.from_server_now(service.functions.Ping(ping_id=number), 0, 3)
    assert len(pair.client._parts.questions._waiting) <= 4096


def test_cancelled_calls_fill_no_memory(pair: Pair) -> None:
    pair.disconnect()
    pair.connect()
    for number in range(6000):
        request = pair.sent_request(number)
        pair.client.cancel(request, pair.now)
        pair.now += 0.001
    assert pair.client.in_flight == 0
    assert len(pair.client._parts.outbox.dropped) <= 4096
    assert len(pair.client._parts.outbox._by_id) == 0
    assert len(pair.client._parts.questions._open) <= 1000
    assert len(pair.client._parts.sent._carriers) <= 1000


class Body:
    """A call's body that can be watched."""

    def __call__(self, _context: SendContext) -> bytes:
        return api_body(1)


def test_a_cancelled_call_keeps_no_body(pair: Pair) -> None:
    body = Body()
    watched = weakref.ref(body)
    request = pair.client.send(body)
    del body
    pair.from_client()
    assert watched() is not None
    pair.client.cancel(request, pair.now)
    assert watched() is None
    assert any(said.NAME == "rpc_drop_answer" for said in pair.said_by_client())


@pytest.mark.parametrize("answer", [api_body(2), wire.write_gzip(bytes(1000))[:-8] + bytes(8)])
def test_an_answered_call_keeps_no_body(pair: Pair, answer: bytes) -> None:
    body = Body()
    watched = weakref.ref(body)
    request = pair.client.send(body, want_quick_ack=True)
    other = pair.client.send(Body())  # so that the two go in a container, which may be refused
    pair.from_client()
    pair.client.receive(pair.forge(wire.write_rpc_result(request.msg_id, answer)), pair.now)
    pair.client_events.clear()  # of its sealing
    del body, request
    assert other.state is RequestState.SENT
    assert watched() is None


def test_states_that_the_server_does_not_read_fill_no_memory(pair: Pair) -> None:
    body = bytes(types.MsgsStateReq(msg_ids=[1] * 300).to_bytes())
    for _ in range(4):
        messages = [wire.Message(pair.server_id(3), 0, body) for _ in range(50)]
        pair.from_server_now(wire.write_container(messages), 0, 3)
    states = [said for said in pair.said_by_client() if said.NAME == "msgs_state_info"]
    assert len(states) == 128


def test_nothing_is_left_after_many_calls(pair: Pair) -> None:
    for number in range(300):
        pair.send(number)
        pair.run()
        pair.now += 1
    pair.wait(100)
    assert len(pair.client._parts.outbox._by_id) == 0
    assert not pair.client._parts.sent._quick_acks
    assert len(pair.client._parts.sent._carriers) <= 40
    assert not pair.server._outbox._stored
    assert not pair.server._acks
    assert pair.server._register.running == 0


# Quick acks.


def test_a_quick_ack_reaches_the_calls_that_asked_for_it(pair: Pair) -> None:
    hurried, other = pair.send(1, want_quick_ack=True), pair.send(2)
    packet = pair.client.next_packet(pair.now, max_bytes=MAX_BYTES)
    assert packet is not None
    assert packet.requests == (hurried, other)
    assert packet.quick_ack_token == pair.opened_packet(packet.payload).quick_ack_token
    assert pair.client.quick_ack(packet.quick_ack_token) == [QuickAcked(hurried)]


def test_quick_acks_that_never_come_fill_no_memory(pair: Pair) -> None:
    for number in range(1100):
        pair.send(number, want_quick_ack=True)
        pair.from_client()
    assert len(pair.client._parts.sent._quick_acks) == 1000


def test_a_quick_ack_after_the_answer_is_ignored(pair: Pair) -> None:
    pair.send(1, want_quick_ack=True)
    packet = pair.client.next_packet(pair.now, max_bytes=MAX_BYTES)
    assert packet is not None
    pair.to_server(packet.payload)
    pair.run()
    assert packet.quick_ack_token is not None
    assert pair.client.quick_ack(packet.quick_ack_token) == []


# Long polls.


def test_a_long_poll_is_a_packet_even_if_nothing_else_waits(pair: Pair) -> None:
    assert pair.client.next_packet(pair.now, max_bytes=MAX_BYTES) is None
    packet = pair.client.next_packet(pair.now, max_bytes=MAX_BYTES, http_wait=HttpWait(0, 0, 25_000))
    assert packet is not None
    assert packet.requests == ()


# Sessions.


def test_a_session_id_is_random_and_never_zero() -> None:
    stream = iter([bytes(8), bytes(8), b"\x01" + bytes(7)])
    assert new_session_id(lambda _count: next(stream)) == 1
    pair = Pair()
    assert ClientSession(pair.state, random=pair.random).session_id != pair.client.session_id


def test_ids_carry_the_fraction_of_the_second(pair: Pair) -> None:
    pair.now += 0.75
    request = pair.sent_request(1)
    assert msg_id_time(request.msg_id) == pytest.approx(pair.now, abs=0.01)
    assert request.msg_id & 0xFFFFFFFF


def test_no_repr_shows_bodies_or_keys(pair: Pair) -> None:
    secret = api_body(5, 400)
    request = pair.client.send(secret)
    packet = pair.client.next_packet(pair.now, max_bytes=MAX_BYTES)
    texts = [repr(request), repr(packet), repr(pair.client), repr(pair.server), repr(Result(request, secret))]
    for text in texts:
        assert repr(secret[8:])[2:20] not in text
        assert pair.key.data.hex()[:20] not in text
    assert len(repr(packet)) < 300
