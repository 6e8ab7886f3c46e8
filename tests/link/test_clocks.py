"""A client's clock may stand anywhere between 1970 and 2100, and a stored number may be anything: links work.

The server's clock is right. A server whose own clock is beyond what message ids can hold does not begin.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError
from mtproto.exchange import ServerExchange
from mtproto.link import KeyBound, KeyCreated, ServerLink, ServerSessions
from mtproto.message.key_state import KeyState, Salt
from mtproto.session import RequestLost, Result
from tests.link.pfs_stage import RENEWAL, Stage, query, results
from tests.link.support import NOW, QUERY, Pair, known_state, rsa_key, seeded


def clock(year: int, day: int = 1) -> float:
    return datetime(year, 1, day, tzinfo=UTC).timestamp()


CLOCKS = [0.0, 5.0, clock(1970, 2), clock(2037), clock(2038, 19), clock(2038, 20), clock(2039), clock(2099)]
every_clock = pytest.mark.parametrize("shown", CLOCKS)

longs = st.integers(-(2**63), 2**63 - 1)
salts = st.builds(Salt, longs, longs, longs)


def pair(shown: float, state: KeyState | None) -> Pair:
    made = Pair(known_key=False) if state is None else Pair(state=state)
    made.skew = shown - made.now
    return made


def call_works(pair: Pair) -> None:
    request = pair.client.send(QUERY)
    if pair.server is None:
        pair.connect()
    pair.advance(60)
    assert [event.request for event in pair.of(Result)][-1:] == [request]
    assert not pair.of(RequestLost)
    state = pair.client.state
    assert state is not None
    assert state.server_time(pair.client_now) == pytest.approx(pair.now, abs=1)


@every_clock
def test_a_client_with_any_clock_makes_a_key_and_calls(shown: float) -> None:
    fresh = pair(shown, None)
    call_works(fresh)
    assert fresh.of(KeyCreated)


@every_clock
@pytest.mark.parametrize("offset", [0.0, 1.7e9, -1.7e9, 4e9, -4e9, 1e300, float("inf"), float("-inf"), float("nan")])
def test_a_state_that_was_kept_under_another_clock_is_taken_up(shown: float, offset: float) -> None:
    kept = known_state()
    kept.time_offset = offset
    call_works(pair(shown, KeyState.from_bytes(kept.to_bytes())))


@every_clock
def test_a_state_that_was_used_lately_is_taken_up_under_any_clock(shown: float) -> None:
    first = pair(shown, known_state())
    call_works(first)
    state = first.client.state
    assert state is not None
    again = pair(NOW + 100, KeyState.from_bytes(state.to_bytes()))
    again.now += 100
    again.skew = 0.0
    call_works(again)


@settings(deadline=None, max_examples=40)
@given(
    shown=st.floats(0, clock(2100)),
    offset=st.floats(),
    last=longs,
    known=st.lists(salts, max_size=3),
)
def test_no_stored_number_bricks_a_key(shown: float, offset: float, last: int, known: list[Salt]) -> None:
    kept = known_state()
    kept.time_offset, kept.last_msg_id, kept.salts = offset, last, known
    made = pair(shown, KeyState.from_bytes(kept.to_bytes()))
    call_works(made)
    state = made.client.state
    assert state is not None
    call_works(pair(shown, KeyState.from_bytes(state.to_bytes())))


@pytest.mark.parametrize(
    ("shown", "known_key"), [(0.0, False), (clock(2099), False), *((shown, True) for shown in CLOCKS[1:-1:2])]
)
def test_temporary_keys_are_made_bound_and_renewed_under_any_clock(shown: float, known_key: bool) -> None:
    stage = Stage(known_key=known_key)
    stage.skew = shown - stage.now
    first = stage.client.send(query(1))
    stage.advance(5)
    assert list(results(stage)) == [first]
    assert len(stage.of(KeyBound)) == 1
    assert stage.bindings
    stage.advance(RENEWAL + 30)
    second = stage.client.send(query(2))
    stage.advance(5)
    assert list(results(stage)) == [first, second]
    assert len(stage.of(KeyBound)) == 2
    assert not stage.of(RequestLost)


@pytest.mark.parametrize("shown", [0.0, clock(2038, 19), clock(2039), clock(2099), 1e300, float("inf"), float("nan")])
def test_a_server_with_an_impossible_clock_does_not_begin(shown: float) -> None:
    random = seeded()
    with pytest.raises(LocalProtocolError, match="the clock of this server"):
        ServerLink(ServerSessions(random), [rsa_key()], shown, random)
    with pytest.raises(LocalProtocolError, match="the clock of this server"):
        ServerExchange([rsa_key()], random).receive(bytes(40), shown)
