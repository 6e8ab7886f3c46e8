"""Server time: how a client learns it, and what a wrong clock does (nothing lasting)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtproto.errors import RemoteProtocolError
from mtproto.message.key_state import KeyState
from mtproto.message.message_ids import msg_id_time
from mtproto.session import ClientSession, wire
from mtproto.session.events import (
    BadMessage,
    RequestLost,
    Result,
    SessionRenewed,
    Stale,
    TimeLearned,
    Update,
)
from mtproto.session.server_time import STALE_IN_A_ROW
from mtproto.session.wire import Message
from tests.session.harness import START, Pair, api_body, of
from tl import service

types = service.types
YEAR = 365 * 86400.0


@pytest.fixture
def pair() -> Pair:
    pair = Pair()
    pair.send(99)
    pair.run()
    pair.wait(60)
    pair.client_events.clear()
    return pair


@pytest.mark.parametrize("clock_error", [-YEAR, -3600.0, -31.0, 0.0, 31.0, 3600.0, YEAR])
def test_a_client_with_a_wrong_clock_works(clock_error: float) -> None:
    pair = Pair(clock_error=clock_error)
    requests = [pair.send(number) for number in range(3)]
    events = pair.run()
    assert {event.request for event in of(events, Result)} == set(requests)
    assert not of(events, RequestLost)
    assert pair.state.server_time(pair.client_now) == pytest.approx(pair.now, abs=1)
    assert sorted(pair.executed) == [api_body(number) for number in range(3)]
    pair.send(9)
    refusals = len(of(pair.client_events, BadMessage))
    pair.run()
    assert len(of(pair.client_events, BadMessage)) == refusals


@pytest.mark.parametrize("clock_error", [-YEAR, YEAR])
def test_a_kept_state_with_another_clock_is_corrected(clock_error: float) -> None:
    pair = Pair(clock_error=clock_error)
    pair.send(1)
    pair.run()
    again = KeyState.from_bytes(pair.state.to_bytes())
    again.time_offset += YEAR / 2
    pair.client = ClientSession(again, random=pair.random)
    pair.client.connected(pair.client_now)
    request = pair.send(2)
    assert of(pair.run(), Result) == [Result(request, api_body(2))]


def test_the_first_authentic_id_sets_the_offset() -> None:
    pair = Pair(clock_error=-1000.0)
    assert not pair.state.time_known
    events = pair.from_server_now(api_body(1), 1, 3)
    assert of(events, TimeLearned)
    assert pair.state.time_known
    assert pair.state.time_offset == pytest.approx(1000.0, abs=0.1)


def test_a_later_id_raises_the_offset_and_does_not_lower_it(pair: Pair) -> None:
    before = pair.state.time_offset
    pair.to_client(pair.forge(api_body(1), pair.server_id(3, -10), 1))
    assert pair.state.time_offset == before
    events = pair.to_client(pair.forge(api_body(1), pair.server_id(3, 10), 3))
    assert of(events, TimeLearned)
    assert pair.state.time_offset == pytest.approx(before + 10, abs=0.1)


def test_an_inner_id_teaches_no_time(pair: Pair) -> None:
    before = pair.state.time_offset
    inner = Message(pair.server_id(3, 1000), 1, api_body(1))
    pair.to_client(pair.forge(wire.write_container([inner]), pair.server_id(1), 2))
    assert pair.state.time_offset == pytest.approx(before, abs=0.1)


@pytest.mark.parametrize(("older", "lowered"), [(14.0, False), (16.0, True)])
def test_an_answer_older_than_its_question_lowers_the_offset(pair: Pair, older: float, lowered: bool) -> None:
    before = pair.state.time_offset
    request = pair.sent_request(1)
    packet = pair.forge(wire.write_rpc_result(request.msg_id, api_body(1)), pair.server_id(1, -older), 1)
    assert of(pair.to_client(packet), Result)
    expected = before - older if lowered else before
    assert pair.state.time_offset == pytest.approx(expected, abs=0.1)


def test_code_17_lowers_the_offset(pair: Pair) -> None:
    before = pair.state.time_offset
    request = pair.sent_request(1)
    notice = types.BadMsgNotification(bad_msg_id=request.msg_id, bad_msg_seqno=1, error_code=17)
    pair.to_client(pair.forge(notice, pair.server_id(1, -100)))
    assert pair.state.time_offset == pytest.approx(before - 100, abs=0.1)
    pair.from_client()
    assert msg_id_time(request.msg_id) == pytest.approx(pair.now - 100, abs=0.1)


@pytest.mark.parametrize(("age", "accepted"), [(299.0, True), (301.0, False)])
def test_the_window_of_300_seconds(pair: Pair, age: float, accepted: bool) -> None:
    msg_id = pair.server_id(3, -age)
    events = pair.to_client(pair.forge(api_body(1), msg_id, 1))
    assert [type(event) for event in events] == [Update if accepted else Stale]
    assert (msg_id in pair.client._parts.inbox.acks) == accepted


def test_a_message_outside_the_window_is_not_held_against_its_id(pair: Pair) -> None:
    msg_id = pair.server_id(3, -301)
    packet = pair.forge(api_body(1), msg_id, 1)
    pair.to_client(packet)
    pair.state.time_offset -= 10
    assert of(pair.to_client(packet), Update)


def test_senseless_ids_end_in_an_error_that_names_both_times(pair: Pair) -> None:
    pair.to_client(pair.forge(api_body(1), pair.server_id(3, YEAR), 1))  # one id from next year
    for _ in range(STALE_IN_A_ROW - 1):
        assert [type(event) for event in pair.from_server_now(api_body(1), 1, 3)] == [Stale]
    with pytest.raises(RemoteProtocolError) as caught:
        pair.from_server_now(api_body(1), 1, 3)
    assert "2023-11-14T22:14" in str(caught.value)
    assert "2024-11-13T22:14" in str(caught.value)
    pair.reconnect()
    request = pair.send(1)
    assert [event.request for event in of(pair.run(), Result)] == [request]


def test_an_id_of_the_last_day_of_ids_is_refused(pair: Pair) -> None:
    with pytest.raises(RemoteProtocolError):
        pair.to_client(pair.forge(api_body(1), (1 << 63) - 1, 1))
    assert pair.state.time_offset == pytest.approx(0, abs=1)


def test_a_suspend_of_a_day_is_survived(pair: Pair) -> None:
    """The local clock stood still while the machine slept; the connection is gone."""
    pair.sent_request(1)
    pair.disconnect()
    pair.now += 86400
    pair.clock_error -= 86400
    pair.connect()
    request = pair.send(2)
    events = pair.run()
    assert request in [event.request for event in of(events, Result)]
    assert not of(events, RequestLost)
    assert not of(events, SessionRenewed)


@pytest.mark.parametrize("step", [-YEAR, -7200.0, 7200.0, YEAR])
def test_a_step_of_the_clock_during_a_connection_is_survived(pair: Pair, step: float) -> None:
    pair.clock_error += step
    request = pair.send(1)
    for _ in range(STALE_IN_A_ROW + 1):
        try:
            pair.run()
        except RemoteProtocolError:
            pair.reconnect()
        pair.client.ping()
    assert request in [event.request for event in of(pair.client_events, Result)]
    assert pair.executed.count(api_body(1)) == 1


def test_ids_grow_within_a_session_whatever_the_clock_does(pair: Pair) -> None:
    last = 0
    for step in (0.0, -100.0, 50.0, -20.0, 0.0):
        pair.clock_error = step
        pair.send(1)
        for packet in pair.from_client():
            for message in pair.open_client(packet):
                assert message.msg_id > last
                assert message.msg_id % 4 == 0
                assert message.msg_id & 0xFFFFFFFF
                last = message.msg_id


def test_sessions_of_one_key_never_give_out_the_same_id(pair: Pair) -> None:
    other = ClientSession(pair.state, random=pair.random)
    other.connected(pair.client_now)
    given: list[int] = []
    for _ in range(5):
        for session in (pair.client, other):
            session.ping()
            packet = session.next_packet(pair.client_now, max_bytes=1 << 20)
            assert packet is not None
            given += [message.msg_id for message in pair.open_client(packet.payload)]
    assert given == sorted(set(given))


def test_the_salt_is_chosen_by_server_time() -> None:
    pair = Pair(clock_error=-YEAR)
    pair.state.time_offset = YEAR
    first = replace(pair.state.salts[0], valid_since=0, valid_until=int(START) + 10, salt=1)
    second = replace(first, valid_since=int(START) + 10, valid_until=int(START) + 10_000, salt=2)
    pair.state.salts = [second, first]
    salts = []
    for _ in range(2):
        pair.send(1)
        salts += [pair.opened_packet(packet).salt for packet in pair.from_client()]
        pair.now += 61
    assert salts == [1, 2]
