"""A server keeps nothing of clients that left for ever; who is connected stays, and nothing is executed twice."""

from __future__ import annotations

import pytest

from mtproto.link import (
    KEY_AGE,
    SESSION_AGE,
    InSession,
    ServerKey,
    ServerLink,
    ServerQuery,
    ServerSessions,
    SessionSlot,
)
from mtproto.link.server_sessions import SESSIONS_OF_A_KEY
from mtproto.message.auth_key import AuthKey
from mtproto.transport import client_transport
from tests.link.support import NOW, QUERY, Pair, kept_session, of_type, rsa_key, seeded


def talked() -> tuple[Pair, SessionSlot, list[bytes]]:
    """Return a pair in which a call was executed, its session, and the bytes that carried the call."""
    pair = Pair()
    pair.connect()
    pair.client.send(QUERY)
    pair.settle()
    pair.client.send(QUERY)
    sent = [client_transport("intermediate", seeded()).opening(), pair.client.data_to_send(pair.now)]
    assert pair.server is not None
    pair._tell_server(pair.server.received(sent[1], pair.now))
    pair.settle()
    return pair, pair.queries[0].slot, sent


def test_a_session_without_a_connection_is_forgotten_with_age() -> None:
    pair, slot, _ = talked()
    pair.now += 100
    pair.cut()
    for age, kept in ((SESSION_AGE, True), (SESSION_AGE + 1, False)):
        assert pair.state.forget_old(pair.now + age) == []
        assert (slot.session_id in slot.key.sessions) is kept
    assert list(pair.state) == [slot.key]


def test_what_a_session_of_age_executed_is_not_executed_again() -> None:
    pair, slot, sent = talked()
    pair.cut()
    pair.state.forget_old(pair.now + SESSION_AGE + 1)
    assert slot.key.sessions == {}
    replayed = ServerLink(pair.state, [rsa_key()], NOW, seeded()).received(b"".join(sent), NOW)
    assert of_type(replayed, ServerQuery) == []
    assert of_type(replayed, InSession)


def test_what_is_connected_never_ages() -> None:
    pair, slot, _ = talked()
    assert pair.state.forget_old(pair.now + 100 * KEY_AGE) == []
    assert slot.key.sessions == {slot.session_id: slot}
    pair.now += 100 * KEY_AGE  # silent for years, it ends its connection, and its age begins
    assert pair.server is not None
    pair.server.disconnected(pair.now)
    assert pair.state.forget_old(pair.now + SESSION_AGE) == []
    assert slot.key.sessions == {slot.session_id: slot}


def test_a_key_that_nobody_uses_is_forgotten_and_nothing_is_accepted_under_it() -> None:
    pair, slot, sent = talked()
    pair.cut()
    assert pair.state.forget_old(pair.now + SESSION_AGE + 1) == []
    assert pair.state.forget_old(pair.now + KEY_AGE) == []
    assert pair.state.forget_old(pair.now + KEY_AGE + 1) == [slot.key]
    assert list(pair.state) == []
    link = ServerLink(pair.state, [rsa_key()], NOW, seeded())
    assert of_type(link.received(b"".join(sent), NOW), ServerQuery) == []
    assert link.closing


def new_key(state: ServerSessions, number: int, *, used_at: float = 0.0, expires_at: float | None = None) -> ServerKey:
    return state.add_key(AuthKey(seeded(number)(256)), used_at=used_at, expires_at=expires_at)


def test_the_age_of_a_key_counts_from_the_moment_that_is_known() -> None:
    state = ServerSessions(seeded())
    old, unknown = new_key(state, 1, used_at=NOW - KEY_AGE - 1), new_key(state, 2)
    assert state.forget_old(NOW) == [old]
    assert state.forget_old(NOW + KEY_AGE) == []
    assert state.forget_old(NOW + KEY_AGE + 1) == [unknown]


def test_a_permanent_key_is_used_as_long_as_its_temporary_one_is() -> None:
    state = ServerSessions(seeded())
    permanent = new_key(state, 1, used_at=NOW)
    temporary = new_key(state, 2, used_at=NOW + KEY_AGE, expires_at=NOW + KEY_AGE + 86_400)
    state.bind(temporary, permanent)
    assert state.forget_old(NOW + KEY_AGE + 1) == []
    assert state.forget_old(NOW + KEY_AGE + 86_401) == [temporary]
    assert state.forget_old(NOW + 2 * KEY_AGE) == []
    assert state.forget_old(NOW + 2 * KEY_AGE + 1) == [permanent]


def test_a_temporary_key_that_expired_is_forgotten_and_stands_for_nothing() -> None:
    state = ServerSessions(seeded())
    permanent, temporary = new_key(state, 1, used_at=NOW), new_key(state, 2, used_at=NOW, expires_at=NOW + 10)
    state.bind(temporary, permanent)
    assert state.forget_old(NOW + 9) == []
    assert state.forget_old(NOW + 10) == [temporary]
    assert permanent.temporary is None


@pytest.mark.parametrize("clients", [500])
def test_of_clients_that_left_nothing_remains(clients: int) -> None:
    state = ServerSessions(seeded())
    for number in range(clients):
        kept_session(state, new_key(state, number, used_at=NOW), 1, NOW)
    assert len(state.forget_old(NOW + KEY_AGE + 1)) == clients
    assert list(state) == []


def test_ages_may_be_turned_off() -> None:
    state = ServerSessions(seeded(), session_age=None, key_age=None)
    key = new_key(state, 1, used_at=NOW)
    slot = kept_session(state, key, 1, NOW)
    assert state.forget_old(NOW + 1000 * KEY_AGE) == []
    assert key.sessions == {1: slot}


def test_a_session_that_is_connected_is_not_the_one_to_go_when_a_key_has_too_many() -> None:
    pair, slot, _ = talked()
    for number in range(2 * SESSIONS_OF_A_KEY):
        kept_session(pair.state, slot.key, 1_000 + number, pair.now)
    assert slot.session_id in slot.key.sessions
    assert len(slot.key.sessions) == SESSIONS_OF_A_KEY
