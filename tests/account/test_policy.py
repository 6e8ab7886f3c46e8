"""Floods and failures of the server: what an account waits for, and what it raises at once."""

from __future__ import annotations

import pytest

from mtproto.errors import FloodWait, InternalServerError
from tests.account.dcs import HOME, TwoDCs
from tests.account.faces import FACES, KeptInMemory, account_of, play
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])
NEAREST = api.functions.help.GetNearestDc()
GET_USERS = (HOME, "users.getUsers")


@pytest.mark.parametrize("face", FACES)
def test_a_flood_is_raised_and_remembered_for_its_method(face: str, network: TwoDCs) -> None:
    async def scene() -> None:
        async with account_of(face, KeptInMemory(), network.home) as account:
            await account.login(bot_token=network.home.bot_token)
            network.refuse(HOME, api.functions.users.GetUsers, 420, "FLOOD_WAIT_300")
            for _ in range(3):
                with pytest.raises(FloodWait) as refused:
                    await account(SELF)
                assert 298 <= refused.value.seconds <= 300
            assert network.calls[GET_USERS] == 1  # a call that is known to be refused is not sent
            assert (await account(NEAREST)).this_dc == HOME

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_flood_is_waited_for_up_to_the_seconds_that_the_account_allows(face: str, network: TwoDCs) -> None:
    async def scene() -> None:
        async with account_of(face, KeptInMemory(), network.home, flood_wait=5) as account:
            await account.login(bot_token=network.home.bot_token)
            network.refuse(HOME, api.functions.users.GetUsers, 420, "FLOOD_WAIT_0")
            assert (await account(SELF))[0].id == network.home.bot.id
            network.refuse(HOME, api.functions.users.GetUsers, 420, "FLOOD_WAIT_6")
            with pytest.raises(FloodWait):
                await account(SELF)

    play(scene)
    assert network.calls[GET_USERS] == 3


@pytest.mark.parametrize("face", FACES)
def test_a_failure_of_the_server_is_raised_where_no_retry_is_wanted(face: str, network: TwoDCs) -> None:
    async def scene() -> None:
        async with account_of(face, KeptInMemory(), network.home, retries=0) as account:
            await account.login(bot_token=network.home.bot_token)
            network.refuse(HOME, api.functions.users.GetUsers, 500, "RPC_CALL_FAIL")
            with pytest.raises(InternalServerError):
                await account(SELF)
            assert (await account(SELF))[0].id == network.home.bot.id

    play(scene)
