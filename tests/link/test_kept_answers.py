"""What all sessions of a key, and all keys of a server, keep for clients that do not take it is bounded together."""

from __future__ import annotations

from typing import cast

import pytest

from mtproto.link import ServerKey, ServerLink, ServerState, SessionSlot
from mtproto.link.server_state import KEPT_IN_ALL, KEPT_OF_A_KEY, WEIGHT_OF_SESSIONS
from mtproto.message.auth_key import AuthKey
from mtproto.session.server_outbox import ANSWER_LIFETIME, KEPT_BYTES, KEPT_WITH_EACH
from tests.link.support import NOW, kept_session, seeded

BODY = bytes(1000)
ONE = len(BODY) + KEPT_WITH_EACH


@pytest.fixture
def state() -> ServerState:
    """Return a server that keeps eight updates, and four of a key."""
    state = ServerState(seeded())
    state._kept.limit = 8 * ONE
    return state


def new_key(state: ServerState, number: int) -> ServerKey:
    key = state.add_key(AuthKey(seeded(number)(256)), used_at=NOW)
    key.kept.limit = 4 * ONE
    return key


def push(slot: SessionSlot, count: int, *, sent: bool = False) -> None:
    """Let a session keep so many updates more, which do not shrink when they are packed."""
    slot.session._outbox._compress = False
    if sent:
        slot.session.connected(NOW)
    for _ in range(count):
        slot.session.push(BODY)
        if sent:
            assert slot.session.next_packet(NOW, max_bytes=1 << 20) is not None
    if sent:
        slot.session.disconnected(NOW)


def held(*slots: SessionSlot) -> list[int]:
    """Return how many updates each of the sessions keeps."""
    return [slot.session.kept // ONE for slot in slots]


def test_a_server_begins_with_the_limits_that_are_named() -> None:
    state = ServerState(seeded())
    key = state.add_key(AuthKey(seeded(1)(256)))
    session = kept_session(state, key, 1, NOW).session
    assert (state._weight.limit, state._kept.limit) == (WEIGHT_OF_SESSIONS, KEPT_IN_ALL)
    assert (key.kept.limit, session._outbox._kept.limit) == (KEPT_OF_A_KEY, KEPT_BYTES)


def test_of_the_sessions_of_a_key_the_one_that_keeps_most_forgets(state: ServerState) -> None:
    key = new_key(state, 1)
    small, large = (kept_session(state, key, number, NOW) for number in (1, 2))
    push(large, 3)
    push(small, 2)
    assert held(small, large) == [2, 1]
    assert key.kept.bytes == 3 * ONE == state._kept.bytes


def test_of_all_keys_the_session_that_keeps_most_forgets(state: ServerState) -> None:
    slots = [kept_session(state, new_key(state, number), number, NOW) for number in range(1, 5)]
    for slot, count in zip(slots, (1, 4, 1, 3), strict=True):
        push(slot, count)
    assert held(*slots) == [1, 1, 1, 3]
    assert state._kept.bytes == 6 * ONE


def test_what_was_sent_goes_first_and_what_waits_for_a_connection_that_is_there_last(state: ServerState) -> None:
    keys = [new_key(state, number) for number in range(1, 4)]
    connected, away, sent = (kept_session(state, key, 1, NOW) for key in keys)
    connected.link = cast("ServerLink", object())
    push(sent, 1, sent=True)
    push(connected, 4)
    push(away, 3)
    assert held(connected, away, sent) == [4, 3, 1]
    push(away, 1)
    assert held(connected, away, sent) == [4, 2, 0]


def test_a_session_or_key_that_is_forgotten_counts_no_longer(state: ServerState) -> None:
    key, other = new_key(state, 1), new_key(state, 2)
    slots = [kept_session(state, key, 1, NOW), kept_session(state, key, 2, NOW), kept_session(state, other, 1, NOW)]
    for slot in slots:
        push(slot, 1)
    assert state.forget_session(key, 2)
    assert (key.kept.bytes, state._kept.bytes) == (ONE, 2 * ONE)
    push(slots[1], 1)  # by whoever still answers its calls
    assert state._kept.bytes == 2 * ONE
    state.forget_key(other.auth_key.id)
    assert state._kept.bytes == ONE


def test_what_sessions_keep_ends_with_age_though_no_connection_is_there(state: ServerState) -> None:
    slot = kept_session(state, new_key(state, 1), 1, NOW)
    push(slot, 2, sent=True)
    state.forget_old(NOW + ANSWER_LIFETIME - 1)
    assert held(slot) == [2]
    state.forget_old(NOW + ANSWER_LIFETIME)
    assert held(slot) == [0]
    assert state._kept.bytes == 0
