"""Both policies of binding that servers have: one temporary key a permanent key, or one a session."""

from __future__ import annotations

import os

import pytest

from mtproto.errors import OptionError
from mtproto.link.server_sessions import ServerSessions
from mtproto.localdc import LocalDC
from mtproto.localdc.auth_keys import AuthKeys
from mtproto.localdc.data_centre import BINDINGS
from mtproto.localdc.keys import KeyRecord
from mtproto.localdc.world.model import World
from mtproto.message.auth_key import AuthKey
from tests.localdc.conftest import NOW
from tests.vectors.generate import RSA_KEY


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
