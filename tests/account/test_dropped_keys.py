"""A line of the security checklist, for accounts: no reference to dropped keys is kept."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from mtproto.message import AuthKey
from tests.account.dcs import OTHER, TwoDCs
from tests.account.faces import FACES, KeptInMemory, account_of, play
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])


@pytest.fixture
def only_new_objects() -> Iterator[None]:
    """Let the garbage collector forget all that other tests have made."""
    gc.freeze()
    yield
    gc.unfreeze()


def keys_alive(key_id: int) -> int:
    gc.collect()
    return sum(isinstance(thing, AuthKey) and thing.id == key_id for thing in gc.get_objects())


def key_of(store: KeptInMemory) -> int:
    """Return the id of the key that a store has of the DC that is not home."""
    state = store.record.key(OTHER)
    assert state is not None
    return state.auth_key.id


@pytest.mark.usefixtures("only_new_objects")
@pytest.mark.parametrize("face", FACES)
def test_no_reference_to_dropped_keys_is_kept(face: str, network: TwoDCs) -> None:
    store = KeptInMemory()
    account = account_of(face, store, network.home, network.other)

    async def scene() -> int:
        async with account:
            await account.login(bot_token=network.home.bot_token)
            await account(SELF, dc=OTHER)
            dropped = key_of(store)
            keys = network.other._centre.keys
            while keys.records:
                keys.drop(next(iter(keys.records.values())))
            network.other.close()
            network.other.start()
            await account(SELF, dc=OTHER)
        return dropped

    dropped = play(scene)
    assert key_of(store) != dropped
    assert keys_alive(dropped) == 0  # the account itself is still there
    assert account.open_lanes == frozenset()
