"""Both policies of binding that servers have: one temporary key a permanent key, or one a session."""

from __future__ import annotations

import asyncio
import os

import pytest

from mtproto.errors import OptionError
from mtproto.link.server_sessions import ServerSessions
from mtproto.localdc import LocalDC
from mtproto.localdc.auth_keys import AuthKeys
from mtproto.localdc.data_centre import BINDINGS, DataCentre
from mtproto.localdc.dispatch import Dispatcher
from mtproto.localdc.keys import KeyRecord
from mtproto.localdc.pushes import CountedPush, SendingSession
from mtproto.localdc.world.model import World
from mtproto.message.auth_key import AuthKey
from mtproto.session.server import ServerSession
from tests.localdc.conftest import NOW
from tests.vectors.generate import RSA_KEY
from tl import api


def made(bindings: int) -> tuple[AuthKeys, ServerSessions, KeyRecord, list[KeyRecord]]:
    """Return the keys of a DC with a permanent key, and one temporary key more than may be bound."""
    keys, sessions = AuthKeys(RSA_KEY, None, lambda: NOW, bindings), ServerSessions(os.urandom)
    keys.serve(sessions)
    records = [KeyRecord(AuthKey(os.urandom(256)), expires_at=None if not n else NOW + 60) for n in range(bindings + 2)]
    for record in records:
        keys.add(record)
        sessions.add_key(record.auth_key, expires_at=record.expires_at)
    return keys, sessions, records[0], records[1:]


@pytest.mark.parametrize("bindings", [1, 2, BINDINGS])
def test_so_many_temporary_keys_stand_for_a_permanent_one_and_the_oldest_goes(bindings: int) -> None:
    keys, sessions, permanent, temporary = made(bindings)
    for record in temporary:
        keys.bind(record, permanent)
        keys.bind(record, permanent)
    bound = [record for record in temporary if record.permanent is permanent]
    assert bound == temporary[1:]
    key = sessions.find_key(permanent.auth_key.id, NOW)
    assert key is not None
    assert [each.auth_key.id for each in key.temporaries] == [record.auth_key.id for record in bound]
    first = sessions.find_key(temporary[0].auth_key.id, NOW)
    assert first is not None
    assert first.bound_to is None


def test_a_temporary_key_that_is_forgotten_leaves_the_others_bound() -> None:
    keys, sessions, permanent, temporary = made(4)
    for record in temporary[:3]:
        keys.bind(record, permanent)
    keys.drop(temporary[1])
    key = sessions.find_key(permanent.auth_key.id, NOW)
    assert key is not None
    assert [each.auth_key.id for each in key.temporaries] == [temporary[n].auth_key.id for n in (0, 2)]


def test_a_policy_that_there_is_not_is_named(packaged_world: World) -> None:
    with pytest.raises(OptionError, match='bindings is "key" or "session", not \'lane\''):
        LocalDC(key=RSA_KEY, world=packaged_world, bindings="lane")


QUIET, LOUD = 1, 2
"""The last digits of the sessions under each key: one that wants no updates, and one that does."""


@pytest.mark.parametrize("how", ["counted", "own", "notice", "pushed"])
def test_each_temporary_key_has_its_own_quiet_sessions_and_its_own_layer(
    how: str, packaged_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre = DataCentre(key=RSA_KEY, world=packaged_world, clock=lambda: NOW, bindings="session")
    user = packaged_world.bot.id
    records = [KeyRecord(AuthKey(os.urandom(256)), expires_at=NOW + 60 if number else None) for number in range(4)]
    told: list[tuple[int, int, bytes]] = []
    places = {}
    state = centre.listener.state
    for number, record in enumerate(records):
        centre.keys.add(record)
        key = state.add_key(record.auth_key, expires_at=record.expires_at)
        if not number:
            record.log_in(user)
            continue
        centre.keys.bind(record, records[0], number)
        record.init(100 + number)
        for session_id in (10 * number + QUIET, 10 * number + LOUD):
            record.want_updates(session_id, session_id % 10 == LOUD)
            slot = state.find_session(key, session_id, NOW)
            key.hold(slot, NOW)
            places[id(slot.session)] = number, session_id

    monkeypatch.setattr(ServerSession, "push", lambda self, body: told.append((*places[id(self)], body)))
    monkeypatch.setattr(Dispatcher, "encode", lambda self, answer, result, key: f"{key.layer}".encode())
    update = api.types.UpdateShort(update=api.types.UpdateConfig(), date=1)
    all_of_them = [(number, 10 * number + kind) for number in (1, 2, 3) for kind in (QUIET, LOUD)]
    if how in ("counted", "own"):
        sender = SendingSession(records[0].auth_key.id, 20 + LOUD) if how == "own" else None
        centre._tell(CountedPush(user, update, sender))
        expected = [(1, 10 + LOUD), (2, 20 + LOUD), (3, 30 + LOUD)]
        if how == "own":
            del expected[1]
    elif how == "notice":
        centre._notify(records[0].auth_key.id, update)
        expected = all_of_them
    else:
        asyncio.run(centre.push(update, None))
        expected = all_of_them
    assert told == [(number, session_id, f"{100 + number}".encode()) for number, session_id in expected]
