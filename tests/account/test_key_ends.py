"""The ends of permanent keys: destroyed after a log-out, and not known to the home data centre any more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mtproto.errors import KeyUnknown, LoggedOut, TransportError
from mtproto.link import InSession, ServerQuery
from mtproto.localdc import LocalDCThread
from mtproto.session import DestroyAuthKey
from tests.account.dcs import HOME, OTHER, TwoDCs
from tests.account.faces import FACES, KeptInMemory, account_of, play
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])


def sealed_under_permanent_keys(dc: LocalDCThread) -> list[str]:
    """Note the calls, and the messages that ask for the end of a key, which come under a permanent key."""
    seen: list[str] = []

    def watch(event: Any) -> None:
        match event:
            case ServerQuery(slot, _, _) if slot.key.expires_at is None:
                seen.append("call")
            case InSession(slot, DestroyAuthKey()) if slot.key.expires_at is None:
                seen.append("destroy_auth_key")

    dc._centre.listener.on_event(watch)
    return seen


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("pfs", [False, True])
def test_a_log_out_destroys_the_keys_of_all_data_centres(face: str, pfs: bool, network: TwoDCs) -> None:
    store = KeptInMemory()
    seen = {dc: sealed_under_permanent_keys(network.dcs[dc]) for dc in (HOME, OTHER)}

    async def scene() -> None:
        async with account_of(face, store, network.home, network.other, pfs=pfs) as account:
            await account.login(bot_token=network.home.bot_token)
            for lane in ("main", "file"):
                await account(SELF, lane=lane)
                await account(SELF, dc=OTHER, lane=lane)
            assert await account.log_out() is True
            assert (store.record.keys, store.record.user_id, account.user_id) == ({}, None, None)
            for dc in (HOME, OTHER):
                assert network.keys(dc) == 0
                assert all(record.is_unbound for record in network.dcs[dc]._centre.keys.records.values())
                assert seen[dc].count("destroy_auth_key") == 1
                assert ("call" in seen[dc]) is not pfs

            if not pfs:
                await account.login(bot_token=network.home.bot_token)
                assert (await account(SELF, dc=OTHER))[0].id == network.home.bot.id
                assert (network.keys(HOME), network.keys(OTHER)) == (1, 1)

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_the_key_of_a_data_centre_that_can_not_be_reached_stays_in_the_store(face: str, network: TwoDCs) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            await account(SELF, dc=OTHER)
            network.other.close()
            assert await account.log_out() is False
            assert (network.keys(HOME), [*store.record.keys], store.record.user_id) == (0, [OTHER], None)

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_log_out_leaves_the_keys_if_they_are_to_stay(face: str, network: TwoDCs) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            assert await account.log_out(destroy_keys=False) is True
            await account.login(bot_token=network.home.bot_token)
            assert network.keys(HOME) == 1

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_under_pfs_the_home_says_under_a_key_of_its_own_that_it_knows_no_permanent_key(
    face: str, network: TwoDCs
) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
        key = store.record.key(HOME)
        assert key is not None
        network.home._centre.keys.drop(network.home._centre.keys.records[key.auth_key.id])
        async with account_of(face, store, network.home, network.other, pfs=True) as account:
            with pytest.raises(LoggedOut, match="AUTH_KEY_UNREGISTERED"):
                await account(SELF)
            await account.login(bot_token=network.home.bot_token)
            assert (await account(SELF))[0].id == network.home.bot.id
            assert network.keys(HOME) == 1

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_home_that_does_not_know_the_key_costs_no_login_and_the_person_may_give_it_up(
    face: str, network: TwoDCs
) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            key, centre = store.record.key(HOME), network.home._centre
            assert key is not None
            record = centre.keys.records[key.auth_key.id]

            async def read() -> list[Any]:
                return [item async for item in account.incoming()]

            reader = asyncio.create_task(read())
            centre.keys.drop(record)
            with pytest.raises(KeyUnknown, match=r"data centre 1 .*-404.*forget_login") as unknown:
                await account(SELF)
            assert (unknown.value.dc, unknown.value.code) == (HOME, TransportError.NOT_FOUND)
            with pytest.raises(KeyUnknown):
                await reader
            assert (store.record.keys[HOME], account.user_id) == (key.to_bytes(), network.home.bot.id)

            centre.keys.add(record)  # it was somebody on the way who said so
            centre.listener.state.add_key(record.auth_key)
            assert (await account(SELF))[0].id == network.home.bot.id

            centre.keys.drop(record)
            with pytest.raises(KeyUnknown):
                await account.log_out()
            assert account.user_id == network.home.bot.id
            await account.forget_login()
            assert (account.user_id, store.record.ended, HOME in store.record.keys) == (None, None, False)
            await account.login(bot_token=network.home.bot_token)
            assert (await account(SELF))[0].id == network.home.bot.id

    play(scene)
