"""The memory of all sessions and keys of a server is bounded; what gives way to the bound is not executed again."""

from __future__ import annotations

from typing import cast

import pytest

from mtproto.link import ServerKey, ServerLink, ServerSessions, SessionSlot, server_sessions
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Unsealed
from mtproto.session import Verdict
from mtproto.session.server import SHRUNK, WEIGHT
from mtproto.session.server_records import PROMISE, RECORD
from mtproto.session.verdicts import Finding
from tests.link.support import NOW, QUERY, kept_session, seeded

BASE = int(NOW) << 32


def new_key(state: ServerSessions, number: int, *, used_at: float = NOW) -> ServerKey:
    return state.add_key(AuthKey(seeded(number)(256)), used_at=used_at)


def packet(slot: SessionSlot, number: int) -> Unsealed:
    """Return the packet with this number of a session, as the link opens it: a call."""
    return Unsealed(slot.key.salts(NOW).current(NOW), slot.session_id, BASE + 4 * number, 2 * number + 1, QUERY, 0)


def receive(state: ServerSessions, slot: SessionSlot, number: int) -> bool:
    """Hand a session a packet as a link does; return whether it was new and was executed."""
    verdict: Verdict = slot.session.check(packet(slot, number), NOW)
    if verdict.finding is not Finding.NEW or not state.keep_session(slot, NOW + number / 1000):
        return False
    slot.session.receive(packet(slot, number), NOW, verdict)
    slot.session.answer(BASE + 4 * number, b"\0\0\0\0")
    slot.session.release(1 << 20, unsent=True)  # the client took the answer
    return True


def busy(state: ServerSessions, key: ServerKey, session_id: int, count: int, *, first: int = 0) -> SessionSlot:
    """Return a session that has executed so many calls."""
    slot = state.find_session(key, session_id, NOW)
    assert all(receive(state, slot, number) for number in range(first, first + count))
    return slot


def weight(state: ServerSessions) -> int:
    """Return what all that is there takes."""
    return sum(key.remains + sum(slot.weight for slot in key.sessions.values()) for key in state)


def test_the_session_that_remembers_most_remembers_less_and_executes_nothing_again() -> None:
    state = ServerSessions(seeded())
    state._weight.limit = 2 * WEIGHT + 210 * RECORD
    heavy, light = busy(state, new_key(state, 1), 1, 150), busy(state, new_key(state, 2), 1, 50)
    assert busy(state, light.key, 1, 20, first=50) is light
    assert len(heavy.session._register._records) == SHRUNK
    assert len(light.session._register._records) == 70
    assert not any(receive(state, heavy, number) for number in range(150))
    assert receive(state, heavy, 150)
    assert state._weight.bytes == weight(state) <= state._weight.limit


def test_what_was_promised_never_to_be_accepted_is_not_when_the_promise_is_forgotten() -> None:
    state = ServerSessions(seeded())
    slot = busy(state, new_key(state, 1), 1, 1)
    for number in range(1, 100):
        slot.session._register.deny(BASE + 4 * number)
    assert slot.session.weight == WEIGHT + RECORD + 99 * PROMISE
    slot.session.shrink()
    assert slot.session.weight == WEIGHT + RECORD + SHRUNK * PROMISE
    assert not any(receive(state, slot, number) for number in range(1, 100))
    assert receive(state, slot, 100)


def test_sessions_without_a_connection_go_the_longest_silent_first() -> None:
    state = ServerSessions(seeded())
    state._weight.limit = 5 * WEIGHT
    key = new_key(state, 1)
    slots = [kept_session(state, key, number, NOW + number) for number in range(1, 6)]
    slots[0].link = cast("ServerLink", object())
    kept_session(state, new_key(state, 2), 1, NOW + 10)
    assert list(key.sessions) == [1, 5]  # a quarter of the room is free again, and one came in
    assert state._weight.bytes == weight(state) <= state._weight.limit


def test_where_all_have_a_connection_no_new_session_is_accepted_and_none_is_lost() -> None:
    state = ServerSessions(seeded())
    state._weight.limit = 5 * WEIGHT
    key = new_key(state, 1)
    for number in range(1, 6):
        kept_session(state, key, number, NOW).link = cast("ServerLink", object())
    late = state.find_session(new_key(state, 2), 1, NOW)
    assert not state.keep_session(late, NOW)
    assert list(key.sessions) == [1, 2, 3, 4, 5]
    assert late.key.sessions == {}
    assert state.keep_session(key.sessions[1], NOW)
    assert state._weight.bytes == weight(state) == 5 * WEIGHT


def test_what_remains_of_forgotten_sessions_gives_way_and_nothing_of_them_is_executed_again() -> None:
    state = ServerSessions(seeded())
    state._weight.limit = 4 * WEIGHT
    key = new_key(state, 1)
    for number in range(1, 200):
        busy(state, key, number, 2, first=2 * number)
        state.forget_session(key, number)
        assert state._weight.bytes == weight(state) <= state._weight.limit
    assert len(key._forgotten) < 100
    for number in range(1, 200):
        slot = state.find_session(key, number, NOW)
        assert not receive(state, slot, 2 * number)
        assert not receive(state, slot, 2 * number + 1)
    assert receive(state, state.find_session(key, 1, NOW), 400)


def test_what_is_forgotten_weighs_nothing() -> None:
    state = ServerSessions(seeded())
    keys = [new_key(state, number) for number in range(3)]
    for key in keys:
        busy(state, key, 1, 10)
        busy(state, key, 2, 10)
        state.forget_session(key, 2)
    for key in keys:
        assert state._weight.bytes == weight(state) > 0
        state.forget_key(key.auth_key.id)
    assert state._weight.bytes == 0


def test_of_too_many_keys_those_go_that_were_used_longest_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_sessions, "KEYS_IN_ALL", 4)
    state = ServerSessions(seeded())
    keys = [new_key(state, number, used_at=NOW + number) for number in range(7)]
    kept_session(state, keys[0], 1, NOW).link = cast("ServerLink", object())
    state.keep_lasting(lambda key_id: key_id == keys[1].auth_key.id)
    assert state.forget_old(NOW + 10) == keys[2:5]
    assert list(state) == [keys[0], keys[1], *keys[5:]]
    assert state.forget_old(NOW + 10) == []
