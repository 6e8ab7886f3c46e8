"""A login that is over: calls and `incoming` say so, the store knows, and another login works."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mtproto.errors import LoggedOut
from mtproto.flows import Call
from tests.account.dcs import HOME, OTHER, TwoDCs
from tests.account.faces import FACES, KeptInMemory, account_of, play
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])
NEAREST = api.functions.help.GetNearestDc()


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("code", "reason", "key_dead"),
    [
        (401, "AUTH_KEY_UNREGISTERED", False),
        (401, "SESSION_REVOKED", True),
        (401, "USER_DEACTIVATED", False),
        (406, "AUTH_KEY_DUPLICATED", True),
    ],
)
def test_a_login_that_is_revoked_ends_calls_and_incoming_and_can_be_made_again(
    face: str, network: TwoDCs, code: int, reason: str, key_dead: bool
) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            await account(SELF, dc=OTHER)
            key = store.record.key(HOME)
            assert key is not None

            async def read() -> list[Any]:
                return [item async for item in account.incoming()]

            reader = asyncio.create_task(read())
            network.home.push(api.types.UpdatesTooLong())
            network.refuse(HOME, api.functions.users.GetUsers, code, reason)
            with pytest.raises(LoggedOut) as ended:
                await account(SELF)
            assert ended.value.reason == reason
            with pytest.raises(LoggedOut):
                await reader
            assert (store.record.ended, store.record.user_id, store.record.authorized) == (reason, None, frozenset())
            assert (HOME in store.record.keys) is not key_dead
            before = network.calls[HOME, "users.getUsers"]
            with pytest.raises(LoggedOut):
                await account(SELF)
            assert network.calls[HOME, "users.getUsers"] == before

            await account.login(bot_token=network.home.bot_token)
            assert (await account(SELF))[0].id == network.home.bot.id
            assert store.record.ended is None
            new = store.record.key(HOME)
            assert new is not None
            assert (new.auth_key.id != key.auth_key.id) is key_dead

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_the_next_run_knows_that_the_login_is_over(face: str, network: TwoDCs) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            network.log_out_all(HOME)
            with pytest.raises(LoggedOut):
                await account(SELF)
        async with account_of(face, store, network.home, network.other) as account:
            with pytest.raises(LoggedOut, match="AUTH_KEY_UNREGISTERED"):
                await account(NEAREST)
            await account.login(bot_token=network.home.bot_token)
            assert (await account(NEAREST)).this_dc == HOME

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_calls_in_flight_when_the_login_ends_are_told_that_it_is_over(face: str, network: TwoDCs) -> None:
    async def scene() -> None:
        async with account_of(face, KeptInMemory(), network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            network.refuse(HOME, api.functions.users.GetUsers, 401, "SESSION_REVOKED", times=20)
            outcomes = await asyncio.gather(*[account(SELF) for _ in range(20)], return_exceptions=True)
            assert {type(outcome) for outcome in outcomes} == {LoggedOut}

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_call_that_is_sent_late_makes_no_key_for_a_login_that_has_ended(face: str, network: TwoDCs) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            inner: Any = getattr(account, "account", account)
            hands = inner._calls._hands_of_login()  # a call that has begun has them
            network.refuse(HOME, api.functions.users.GetUsers, 401, "SESSION_REVOKED")
            with pytest.raises(LoggedOut):
                await account(SELF)
            late = hands.call(Call(SELF)) if face == "asyncio" else asyncio.to_thread(hands.call, Call(SELF))
            with pytest.raises(LoggedOut):
                await late
            assert HOME not in store.record.keys

    play(scene)
