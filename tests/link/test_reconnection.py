"""When a link connects again, and when it gives up: no storm, whatever the peer does."""

from __future__ import annotations

import pytest

from mtproto.errors import RemoteProtocolError
from mtproto.link import Broken, Failed, LinkStatus, StatusChanged
from mtproto.link.backoff import DEFAULT_BACKOFF
from mtproto.link.reconnection import SENSELESS_CONNECTIONS, Reconnection
from mtproto.message.envelope import Sender, seal
from mtproto.message.message_ids import server_msg_id
from mtproto.session import Pong, Result, Stale
from mtproto.session.wire import write_rpc_error
from tests.link.support import ANSWER, DC, NOW, QUERY, Pair, seeded

HOUR = 3600.0
DAY = 86400.0
YEAR = 365 * DAY


class Fickle(Pair):
    """A DC that answers the first ping, and closes the connection then."""

    def connect(self) -> None:
        super().connect()
        self.cut()


def test_a_server_that_greets_and_closes_is_not_visited_at_once_for_ever() -> None:
    pair = Fickle()
    pair.connect()
    pair.advance(HOUR)
    assert len(pair.of(Pong)) == len(pair.attempts)
    assert 60 <= len(pair.attempts) <= 150
    assert pair.of(Failed) == []


def test_what_happens_to_a_connection_can_be_followed_by_its_states() -> None:
    pair = Pair(known_key=False)
    pair.connect()
    pair.cut()
    pair.reachable = False
    pair.advance(3)
    pair.reachable = True
    pair.advance(10)
    pair.client.close()
    states = [event.status.name for event in pair.of(StatusChanged)]
    assert states == ["EXCHANGING", "READY", "DISCONNECTED", "READY"]


def test_a_connection_that_stood_for_a_while_is_replaced_at_once() -> None:
    pair = Pair()
    pair.connect()
    for _ in range(5):
        pair.advance(11)
        pair.cut()
        assert pair.client.connect_at == pair.now
        pair.advance(0)
        assert pair.ready


@pytest.mark.parametrize("answer", [ANSWER, write_rpc_error(400, "NO")], ids=["a result", "an error"])
def test_a_connection_that_brought_an_answer_is_replaced_at_once(answer: bytes) -> None:
    pair = Pair()
    pair.answer = lambda query: answer
    pair.connect()
    for _ in range(5):
        pair.client.send(QUERY)
        pair.settle()
        pair.cut()
        assert pair.client.connect_at == pair.now
        pair.advance(0)


def test_a_server_that_cuts_each_connection_is_visited_ever_more_rarely() -> None:
    pair = Pair()
    pair.answer = lambda query: None
    pair.client.send(QUERY)
    pair.connect()
    for _ in range(6):
        pair.cut()
        assert pair.client.connect_at is not None
        pair.now = pair.client.connect_at
        pair.connect()
    waits = [later - earlier for earlier, later in zip(pair.attempts, pair.attempts[1:], strict=False)]
    assert waits[0] == 0
    assert all(wait > 0.4 for wait in waits[1:])
    assert waits[-1] >= 8


def test_refusals_with_anything_authentic_between_them_are_not_in_a_row() -> None:
    pair = Pair()
    state = pair.client.state
    assert state is not None
    for _ in range(6):
        pair.state.forget_key(state.auth_key.id)
        pair.connect()
        pair.state.add_key(state.auth_key)
        assert pair.client.connect_at is not None
        pair.now = pair.client.connect_at
        pair.connect()  # a pong comes, and no answer to any call
        pair.cut()
        pair.now = pair.client.connect_at
    assert pair.of(Failed) == []


def test_what_went_wrong_before_a_key_was_made_does_not_count_any_more() -> None:
    memory = Reconnection(seeded(), DEFAULT_BACKOFF)
    for _ in range(2):
        assert [memory.refused(-404) for _ in range(2)] == [False] * 2
        assert [memory.fruitless() for _ in range(4)] == [False] * 4
        assert memory.next_attempt(NOW) == NOW < memory.next_attempt(NOW)
        memory.key_made()
    assert [memory.refused(-404) for _ in range(3)] == [False, False, True]
    assert [memory.fruitless() for _ in range(5)] == [False] * 4 + [True]


# A peer without a sense of time ---------------------------------------------------------------------------------------


def senseless(pair: Pair) -> None:
    """Let the DC send a packet whose id is of another day, and then some of today, until the client has enough."""
    session, server = pair.client.session, pair.server
    assert session is not None
    assert server is not None
    assert server._intake.wire.transport is not None
    state = session.key_state
    for number in range(20):
        time = pair.now + number + (0 if number else 1e6)
        payload = seal(
            state.auth_key,
            Sender.SERVER,
            salt=0,
            session_id=session.session_id,
            msg_id=server_msg_id(time, 0, reply=False),
            seqno=1,
            body=QUERY,
            random=seeded(number),
        ).payload
        pair._tell(pair.client.received(server._intake.wire.transport.pack(payload), pair.client_now))
    assert pair.client_broken()
    pair.cut()


def test_ids_that_make_no_sense_end_in_an_error_that_names_both_times() -> None:
    pair = Pair()
    pair.answer = lambda query: None
    pair.connect()
    pair.client.send(QUERY)
    for _ in range(SENSELESS_CONNECTIONS):
        assert pair.client.status is not LinkStatus.CLOSED
        senseless(pair)
        if pair.client.connect_at is not None:
            pair.now = pair.client.connect_at
            pair.connect()
    [failed] = pair.of(Failed)
    assert isinstance(failed.error, RemoteProtocolError)
    assert failed.error.check == "msg_id"
    assert "2025-06-15" in str(failed.error)
    assert "2025-06-27" in str(failed.error)
    assert len(pair.of(Stale)) >= 8
    with pytest.raises(RemoteProtocolError):
        pair.client.send(QUERY)


def test_a_server_that_broke_the_protocol_now_and_then_is_not_given_up() -> None:
    pair = Pair()
    pair.connect()
    for _ in range(2 * SENSELESS_CONNECTIONS):
        senseless(pair)
        pair.advance(61)
        request = pair.client.send(QUERY)
        pair.advance(11)
        assert pair.of(Result)[-1].request is request
    assert pair.of(Failed) == []
    assert len(pair.of(Broken)) == 2 * SENSELESS_CONNECTIONS


# A wrong clock --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known_key", [True, False], ids=["a key", "no key"])
@pytest.mark.parametrize("skew", [-YEAR, -DAY, -31.0, 31.0, DAY, YEAR])
def test_a_clock_that_is_wrong_costs_nothing_but_a_refusal(skew: float, known_key: bool) -> None:
    pair = Pair(known_key=known_key)
    pair.skew = skew
    pair.connect()
    requests = [pair.client.send(QUERY + bytes((number, 0, 0, 0))) for number in range(3)]
    pair.advance(5)
    assert {event.request for event in pair.of(Result)} == set(requests)
    assert len(pair.queries) == 3
    assert pair.of(Broken) == []
    pair.advance(600)
    assert pair.of(Broken) == []
    assert pair.ready


@pytest.mark.parametrize("counted", [True, False], ids=["by a clock that slept, too", "by a clock that did not"])
def test_a_suspend_of_a_day_is_survived(counted: bool) -> None:
    pair = Pair()
    pair.connect()
    pair.client.send(QUERY)
    pair.settle()
    waiting = pair.client.send(QUERY + QUERY)
    pair.client.data_to_send(pair.client_now)  # sent into the night
    pair.now += DAY
    if not counted:
        pair.skew = -DAY
    pair.advance(100)
    request = pair.client.send(QUERY)
    pair.advance(10)
    assert [event.request for event in pair.of(Result)][1:] == [waiting, request]
    assert len(pair.queries) == 3
    assert pair.of(Failed) == []


@pytest.mark.parametrize("step", [-YEAR, -DAY, DAY, YEAR])
def test_a_clock_that_jumps_although_it_should_not_is_survived(step: float) -> None:
    pair = Pair()
    pair.connect()
    pair.advance(20)
    pair.skew += step
    request = pair.client.send(QUERY)
    pair.advance(120)  # a clock that is ahead is believed until a row of packets has contradicted it
    assert [event.request for event in pair.of(Result)] == [request]
    assert len(pair.queries) == 1


@pytest.mark.parametrize("step", [-YEAR, -HOUR, HOUR, YEAR])
def test_a_state_that_was_kept_under_another_clock_serves(step: float) -> None:
    first = Pair(known_key=False)
    first.connect()
    assert first.client.state is not None
    kept = first.client.state.from_bytes(first.client.state.to_bytes())
    second = Pair(state=kept)
    second.state, second.skew = first.state, step
    request = second.client.send(QUERY)
    second.connect()
    second.advance(5)
    assert [event.request for event in second.of(Result)] == [request]
    assert second.client.state is not None
    assert abs(second.client.state.server_time(second.client_now) - second.now) < 2
    assert (second.client.state.dc_id, NOW) == (DC, first.now)
