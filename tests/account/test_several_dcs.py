"""An account over several data centres: migration, the login taken elsewhere, a key for each."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from mtproto.errors import LocalProtocolError, Unauthorized
from mtproto.localdc import Refused
from mtproto.message import KeyState
from tests.account.dcs import HOME, OTHER, TwoDCs
from tests.account.faces import FACES, KeptInMemory, account_of, play
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])
NEAREST = api.functions.help.GetNearestDc()
EXPORT, IMPORT = "auth.exportAuthorization", "auth.importAuthorization"
LOGIN = "auth.importBotAuthorization"


def account_on(face: str, store: KeptInMemory, network: TwoDCs, **options: Any) -> Any:
    return account_of(face, store, network.home, network.other, **options)


@pytest.mark.parametrize("face", FACES)
def test_a_login_follows_the_server_to_the_home_dc_which_is_kept(face: str, network: TwoDCs) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_on(face, store, network) as account:
            assert account.home_dc == OTHER
            await account.login(bot_token=network.home.bot_token)
            assert account.home_dc == store.record.home_dc == HOME
            assert set(store.record.keys) == {HOME, OTHER}
            assert (await account(NEAREST)).this_dc == HOME

    play(scene)
    assert (network.calls[OTHER, LOGIN], network.calls[HOME, LOGIN]) == (1, 1)


@pytest.mark.parametrize("face", FACES)
def test_the_login_is_taken_to_a_dc_once_also_over_runs(face: str, network: TwoDCs) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        for _ in range(2):
            async with account_on(face, store, network) as account:
                await account.login(bot_token=network.home.bot_token)
                users = await asyncio.gather(*[account(SELF, dc=OTHER) for _ in range(5)])
                assert {found[0].id for found in users} == {network.home.bot.id}
                assert (await account(NEAREST, dc=OTHER)).this_dc == OTHER
                assert (await account(NEAREST)).this_dc == HOME

    play(scene)
    assert (network.calls[HOME, EXPORT], network.calls[OTHER, IMPORT]) == (1, 1)
    assert (network.keys(HOME), network.keys(OTHER)) == (1, 1)
    assert network.calls[HOME, LOGIN] == 1
    assert store.record.authorized == {OTHER}


@pytest.mark.parametrize("face", FACES)
def test_a_dc_that_has_forgotten_the_login_gets_it_once_more_and_home_stays(face: str, network: TwoDCs) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_on(face, store, network) as account:
            await account.login(bot_token=network.home.bot_token)
            await account(SELF, dc=OTHER)
            network.log_out_all(OTHER)
            found = await asyncio.gather(*[account(SELF, dc=OTHER) for _ in range(4)])
            assert {users[0].id for users in found} == {network.home.bot.id}
            assert (await account(SELF))[0].id == network.home.bot.id

    play(scene)
    assert (network.calls[HOME, EXPORT], network.calls[OTHER, IMPORT]) == (2, 2)
    assert (store.record.user_id, store.record.ended) == (network.home.bot.id, None)


@pytest.mark.parametrize("face", FACES)
def test_a_key_that_another_dc_has_forgotten_costs_an_export_and_never_the_login(face: str, network: TwoDCs) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_on(face, store, network) as account:
            await account.login(bot_token=network.home.bot_token)
            await account(SELF, dc=OTHER)
        home = store.record.keys[HOME]
        centre = network.other._centre
        for record in list(centre.keys.records.values()):
            centre.keys.drop(record)
        async with account_on(face, store, network) as account:
            assert (await account(SELF, dc=OTHER))[0].id == network.home.bot.id
            assert (await account(SELF))[0].id == network.home.bot.id
        assert KeyState.from_bytes(store.record.keys[HOME]).auth_key.id == KeyState.from_bytes(home).auth_key.id

    play(scene)
    assert (network.calls[HOME, EXPORT], network.keys(HOME), network.keys(OTHER)) == (2, 1, 1)
    assert (store.record.user_id, store.record.authorized) == (network.home.bot.id, frozenset({OTHER}))


@pytest.mark.parametrize("face", FACES)
def test_a_second_401_elsewhere_is_raised_and_home_stays(face: str, network: TwoDCs) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_on(face, store, network) as account:
            await account.login(bot_token=network.home.bot_token)
            network.refuse(OTHER, api.functions.users.GetUsers, 401, "AUTH_KEY_UNREGISTERED", times=2)
            with pytest.raises(Unauthorized):
                await account(SELF, dc=OTHER)
            assert (await account(SELF))[0].id == network.home.bot.id

    play(scene)
    assert network.calls[HOME, EXPORT] == 2


@pytest.mark.parametrize("face", FACES)
def test_a_refusal_that_names_the_dc_of_one_call_moves_that_call_only(face: str, network: TwoDCs) -> None:
    @network.home.handler(api.functions.help.GetConfig)
    def elsewhere(call: Any) -> Any:
        raise Refused(303, f"FILE_MIGRATE_{OTHER}")

    async def scene() -> None:
        async with account_on(face, KeptInMemory(), network) as account:
            await account.login(bot_token=network.home.bot_token)
            assert (await account(api.functions.help.GetConfig())).this_dc == OTHER
            assert account.home_dc == HOME

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_user_migrate_of_a_business_connection_moves_that_call_only(face: str, network: TwoDCs) -> None:
    @network.home.handler(api.functions.help.GetConfig)
    def elsewhere(call: Any) -> Any:
        raise Refused(303, f"USER_MIGRATE_{OTHER}")

    async def scene() -> None:
        async with account_on(face, KeptInMemory(), network) as account:
            await account.login(bot_token=network.home.bot_token)
            query = api.functions.help.GetConfig()
            wrapped = api.functions.InvokeWithBusinessConnection(connection_id="c", query=query)
            assert (await account(wrapped)).this_dc == OTHER
            assert account.home_dc == HOME
            assert network.calls[HOME, "auth.exportAuthorization"] == 1

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_dc_that_nobody_knows_is_an_error_that_names_those_that_are_known(face: str, network: TwoDCs) -> None:
    async def scene() -> None:
        async with account_on(face, KeptInMemory(), network) as account:
            with pytest.raises(LocalProtocolError, match="no data centre 7 is known; known are 1, 2"):
                await account(NEAREST, dc=7)

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_calls_in_flight_outlive_the_move_of_the_home_dc(face: str, network: TwoDCs) -> None:
    held = threading.Event()  # set in another thread than the one that waits for it
    started = asyncio.Event()

    @network.other.handler(api.functions.help.GetNearestDc)
    async def late(call: Any) -> Any:
        loop.call_soon_threadsafe(started.set)
        await asyncio.to_thread(held.wait, 10)
        return call.default()

    loop: Any = None

    async def scene() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        async with account_on(face, KeptInMemory(), network) as account:
            early = asyncio.create_task(account(NEAREST))
            await started.wait()
            await account.login(bot_token=network.home.bot_token)
            held.set()
            assert (await early).this_dc == OTHER
            assert (OTHER, "main") not in account.open_lanes

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_method_that_a_dc_refuses_for_ever_costs_one_export_more(face: str, network: TwoDCs) -> None:
    """An export too many is refused for most of an hour."""
    network.refuse(OTHER, api.functions.users.GetUsers, 401, "AUTH_KEY_UNREGISTERED", times=4)

    async def scene() -> None:
        async with account_of(face, KeptInMemory(), network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            for _ in range(3):
                with pytest.raises(Unauthorized, match="AUTH_KEY_UNREGISTERED"):
                    await account(SELF, dc=OTHER)
            assert network.calls[HOME, "auth.exportAuthorization"] == 2
            await account(SELF, dc=OTHER)
            network.log_out_all(OTHER)  # what was answered meanwhile may be lost again
            await account(SELF, dc=OTHER)
            assert network.calls[HOME, "auth.exportAuthorization"] == 3

    play(scene)
