"""A packet can be handled in steps: each has a budget of work, and nothing else comes of the packet than at once."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.limits import Limits
from mtproto.message.envelope import Sender, unseal
from mtproto.session import wire
from mtproto.session.constructors import MSG_CONTAINER
from mtproto.session.events import Anomaly, Query, RequestLost, Result, SessionRenewed, Undecodable, Update
from mtproto.session.packet_reader import Cost, PacketReader
from mtproto.session.wire import Message
from tests.session.harness import Pair, api_body, of
from tl import service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.session.events import ClientEvent, ServerEvent

STEP = 100
PING = service.functions.Ping(ping_id=1).to_bytes()
STATES = service.types.MsgsStateReq(msg_ids=[5] * 1600).to_bytes()
PACKED = wire.write_gzip(api_body() + bytes(300_000))
BODIES = (
    PING,
    STATES,
    PACKED,
    PACKED[:-8],
    api_body(1),
    wire.write_copy(Message(8_000_001, 1, PACKED)),
    wire.write_gzip(PING),
    service.types.MsgsAck(msg_ids=[8]).to_bytes(),
    service.types.NewSessionCreated(first_msg_id=8, unique_id=1, server_salt=1).to_bytes(),
    b"\x00\x00\x00\x00",
)


def container(first_id: int, step: int, bodies: Sequence[bytes], *, content: bool) -> bytes:
    """Return a container of messages with these bodies."""
    return wire.write_container(
        [Message(first_id + step * number, 2 * number + content, body) for number, body in enumerate(bodies)]
    )


def to_client(bodies: Sequence[bytes], budget: int | None, *, content: bool = True) -> tuple[Pair, list[ClientEvent]]:
    """Hand a client a container, step by step; return all events."""
    pair = Pair()
    call = pair.sent_request()
    known = [wire.write_rpc_result(call.msg_id, PACKED) if body == api_body(1) else body for body in bodies]
    packed = container(pair.server_id(1, -1), 4, known, content=content)
    events = pair.client.receive(pair.forge(packed, pair.server_id(3), 10), pair.now, budget)
    while pair.client.unread:
        events += pair.client.read_on(pair.now, budget)
    return pair, events


def to_server(bodies: Sequence[bytes], budget: int | None, *, content: bool = True) -> tuple[Pair, list[ServerEvent]]:
    """Hand a server a container, step by step; return all events."""
    pair = Pair()
    packed = container(pair.client_id(-1), 4, bodies, content=content)
    message = unseal(pair.key, Sender.CLIENT, pair.forge_client(packed, seqno=1000))
    events = pair.server.receive(message, pair.now, budget=budget)
    while pair.server.unread:
        events += pair.server.read_on(pair.now, budget)
    return pair, events


def told(events: Sequence[Any]) -> list[str]:
    """Return events as texts, budgets apart."""
    return [f"{event.msg_id} {event.body!r}" if isinstance(event, Query) else repr(event) for event in events]


@settings(max_examples=20)
@given(bodies=st.lists(st.sampled_from(BODIES), max_size=12), budget=st.integers(1, 3 * STEP), content=st.booleans())
def test_nothing_else_comes_of_steps_than_of_all_at_once(bodies: list[bytes], budget: int, content: bool) -> None:
    whole, events = to_client(bodies, None, content=content)
    parts, in_steps = to_client(bodies, budget, content=content)
    assert told(in_steps) == told(events)
    assert parts.said_by_client() == whole.said_by_client()
    calls = bodies if not content else [body for body in bodies if body != BODIES[-2]]
    server, server_events = to_server(calls, None, content=content)
    server_parts, server_in_steps = to_server(calls, budget, content=content)
    assert told(server_in_steps) == told(server_events)
    assert server_parts.said_by_server() == server.said_by_server()


def test_a_client_answers_many_pings_step_by_step() -> None:
    pair = Pair()
    packed = container(pair.server_id(1, -1), 4, [PING] * 1000, content=False)
    pair.client.receive(pair.forge(packed), pair.now, STEP)
    answered = []
    while pair.client.unread:
        answered.append(len(pair.said_by_client()))
        pair.client.read_on(pair.now, STEP)
    answered.append(len(pair.said_by_client()))
    assert sum(answered) == 1000
    assert max(answered) <= STEP


def test_a_client_makes_the_messages_of_a_container_one_by_one() -> None:
    """Many new objects, packet after packet, would have Python look for garbage among all objects of the program."""

    def made() -> int:
        return sum(type(each) is Message for each in gc.get_objects())

    pair = Pair()
    packet = pair.forge(container(pair.server_id(1, -1), 4, [PING] * 1000, content=False))
    before = made()
    pair.client.receive(packet, pair.now, STEP)
    assert pair.client.unread
    assert made() < before + 10


def test_a_server_answers_many_pings_step_by_step() -> None:
    pair = Pair()
    packed = container(pair.client_id(-1), 4, [PING] * 1000, content=False)
    pair.server.receive(unseal(pair.key, Sender.CLIENT, pair.forge_client(packed)), pair.now, budget=STEP)
    answered = []
    while pair.server.unread:
        answered.append([said.NAME for said in pair.said_by_server()].count("pong"))
        pair.server.read_on(pair.now, STEP)
    answered.append(len(pair.said_by_server()))
    assert sum(answered) == 1000
    assert max(answered) <= STEP


def test_a_step_handles_a_message_however_small_its_budget() -> None:
    pair, events = to_client([api_body(2)] * 5, 1)
    assert len(of(events, Update)) == 5
    assert not pair.client.unread


def test_nothing_is_acknowledged_before_it_is_handled() -> None:
    pair = Pair()
    first = pair.server_id(3, -1)
    packed = container(first, 4, [api_body(2)] * 100, content=True)
    handled = len(of(pair.client.receive(pair.forge(packed, seqno=1000), pair.now, STEP), Update))
    while pair.client.unread:
        pair.now += 20
        pair.client.tick(pair.now)
        acked = [msg_id for said in pair.said_by_client() if said.NAME == "msgs_ack" for msg_id in said.msg_ids]  # type: ignore[attr-defined]
        assert all(msg_id < first + 4 * handled for msg_id in acked)
        handled += len(of(pair.client.read_on(pair.now, STEP), Update))
    assert handled == 100


def test_a_client_handles_the_rest_of_a_packet_before_the_next_one() -> None:
    pair = Pair()
    packed = container(pair.server_id(3, -1), 4, [api_body(2)] * 100, content=True)
    events = pair.client.receive(pair.forge(packed, seqno=1000), pair.now, STEP)
    assert pair.client.unread
    events += pair.client.receive(pair.forge(api_body(3), pair.server_id(3), 1001), pair.now, STEP)
    assert [event.body for event in of(events, Update)] == [api_body(2)] * 100 + [api_body(3)]


@pytest.mark.parametrize("packed", [False, True])
def test_a_client_handles_the_rest_when_the_connection_is_lost(packed: bool) -> None:
    pair = Pair()
    call = pair.sent_request()
    answer = wire.write_rpc_result(call.msg_id, wire.write_gzip(api_body() + bytes(2_000_000)))
    body = answer if packed else container(pair.server_id(1, -1), 4, [PING] * 100 + [answer], content=True)
    assert of(pair.client.receive(pair.forge(body, pair.server_id(1), 1000 + packed), pair.now, STEP), Result) == []
    assert pair.client.unread
    pair.client.disconnected(pair.now)
    assert not pair.client.unread
    assert pair.client.next_deadline() == 0.0
    (result,) = of(pair.client.tick(pair.now), Result)
    assert result == Result(call, api_body() + bytes(2_000_000))


@pytest.mark.parametrize("damaged", [False, True])
def test_a_step_without_a_budget_after_one_with_a_budget_takes_all_that_is_left(damaged: bool) -> None:
    pair = Pair()
    call = pair.sent_request()
    packed = wire.write_gzip(api_body() + bytes(8_000_000))
    if damaged:
        packed = packed[:-8] + bytes(8)
    answer = wire.write_rpc_result(call.msg_id, packed)
    pair.client.receive(pair.forge(answer, pair.server_id(1), 1001), pair.now, STEP)
    assert pair.client.unread
    events = pair.client.read_on(pair.now)
    assert [event.body for event in of(events, Result)] == [api_body() + bytes(8_000_000)] * (not damaged)
    assert [event.request for event in of(events, RequestLost)] == [call] * damaged


def test_a_message_that_is_being_inflated_is_not_acknowledged_yet() -> None:
    pair = Pair()
    call = pair.sent_request()
    answer = wire.write_rpc_result(call.msg_id, wire.write_gzip(api_body() + bytes(8_000_000)))
    msg_id = pair.server_id(1)
    pair.client.receive(pair.forge(answer, msg_id, 1001), pair.now, STEP)
    assert pair.client.unread
    pair.now += 100
    pair.client.tick(pair.now)
    said = [said for said in pair.said_by_client() if said.NAME == "msgs_ack"]
    assert not any(msg_id in each.msg_ids for each in said)  # type: ignore[attr-defined]
    pair.client.read_on(pair.now)
    pair.now += 100
    pair.client.tick(pair.now)
    said = [said for said in pair.said_by_client() if said.NAME == "msgs_ack"]
    assert any(msg_id in each.msg_ids for each in said)  # type: ignore[attr-defined]


def test_a_session_is_not_renewed_while_an_answer_is_being_inflated() -> None:
    pair = Pair()
    call = pair.sent_request()
    answer = wire.write_rpc_result(call.msg_id, wire.write_gzip(api_body() + bytes(8_000_000)))
    pair.client._parts.renewal.begin(32, pair.now)
    pair.client.receive(pair.forge(answer, pair.server_id(1), 1001), pair.now, STEP)
    assert pair.client.unread
    pair.now += 1000
    events = pair.client.tick(pair.now) + pair.client.read_on(pair.now)
    ends = [type(event) for event in events if isinstance(event, Result | RequestLost | SessionRenewed)]
    assert ends == [Result, SessionRenewed]


def test_a_client_whose_key_is_gone_drops_the_rest() -> None:
    pair = Pair()
    packed = container(pair.server_id(3, -1), 4, [api_body(2)] * 100, content=True)
    pair.client.receive(pair.forge(packed, seqno=1000), pair.now, STEP)
    pair.client.give_up("its key is gone")
    assert not pair.client.unread


def test_a_server_drops_the_rest_when_the_connection_is_lost_and_says_that_it_never_came() -> None:
    pair = Pair()
    first = pair.client_id(-1)
    packed = container(first, 4, [api_body(number) for number in range(100)], content=True)
    message = unseal(pair.key, Sender.CLIENT, pair.forge_client(packed, seqno=1000))
    handled = len(of(pair.server.receive(message, pair.now, budget=STEP), Query))
    assert 0 < handled < 100
    pair.server.disconnected(pair.now)
    assert not pair.server.unread
    pair.server.connected(pair.now)
    pair.from_client_now(service.types.MsgsStateReq(msg_ids=[first + 4 * number for number in range(100)]))
    [info] = [said for said in pair.said_by_server() if said.NAME == "msgs_state_info"]
    states = [state & 7 for state in info.info]  # type: ignore[attr-defined]
    assert states == [4] * handled + [2] * (100 - handled)


def test_a_long_object_is_inflated_step_by_step() -> None:
    pair = Pair()
    call = pair.sent_request()
    body = api_body() + bytes(8_000_000)
    answer = wire.write_rpc_result(call.msg_id, wire.write_gzip(body))
    events = pair.client.receive(pair.forge(answer, pair.server_id(1), 1001), pair.now, STEP)
    steps = 1
    while pair.client.unread:
        assert of(events, Result) == []
        events = pair.client.read_on(pair.now, STEP)
        steps += 1
    assert [event.body for event in of(events, Result)] == [body]
    assert steps > len(body) // (1 << 20)


@pytest.mark.parametrize("wrap", [lambda body: body, lambda body: wire.write_copy(Message(8_000_001, 1, body))])
def test_a_long_object_that_is_damaged_is_told_as_at_once(wrap: Any) -> None:
    packed = bytearray(wire.write_gzip(api_body() + bytes(4_000_000)))
    packed[-12] ^= 0xFF
    for budget in (None, STEP):
        _, events = to_client([wrap(bytes(packed)), api_body(2)], budget)
        assert len(of(events, Undecodable)) == 1
        assert [event.body for event in of(events, Update)] == [api_body(2)]


def test_what_is_inflated_and_not_wanted_in_the_end_is_paid_for() -> None:
    reader = PacketReader(Limits(inflated=1_000_000))
    reader.begin()
    packed = [wire.write_gzip(bytes(number + 10_000)) for number in range(2)]
    for body in packed:
        while not reader.inflate_some(body):
            pass
    assert reader.budget._left[Cost.INFLATED] < 1_000_000 - 10_000
    assert len(reader.inflate(packed[1])) == 10_001


def test_a_repeated_object_is_not_inflated() -> None:
    pair = Pair()
    msg_id = pair.server_id(3, -1)
    pair.from_server_now(wire.write_container([Message(msg_id, 1, api_body(2))]), seqno=2)
    again = wire.write_container([Message(msg_id, 1, wire.write_gzip(api_body() + bytes(8_000_000)))])
    assert pair.client.receive(pair.forge(again, pair.server_id(3), 4), pair.now, STEP) == []
    assert not pair.client.unread
    assert pair.client._parts.reader.budget._left[Cost.INFLATED] == Limits().inflated


def test_a_repeated_message_in_the_rest_is_one_all_the_same() -> None:
    pair = Pair()
    msg_id = pair.server_id(3, -1)
    twice = wire.write_container([*[Message(msg_id, 1, api_body(2))] * 50])
    events = pair.client.receive(pair.forge(twice, pair.server_id(3), 4), pair.now, STEP)
    while pair.client.unread:
        events += pair.client.read_on(pair.now, STEP)
    assert len(of(events, Update)) == 1
    assert of(events, Anomaly) == []
    assert wire.constructor_id(twice) == MSG_CONTAINER
