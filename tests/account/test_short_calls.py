"""`account.api.photos.getUserPhotos(...)` in both faces: the call, its options, and who is meant."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from mtproto import blocking
from mtproto.errors import LocalProtocolError
from mtproto.flows import WrongReference
from mtproto.localdc import LocalDCThread
from mtproto.store import MemoryStore
from tests.account.dcs import TwoDCs
from tests.account.faces import FACES, account_of, play
from tl import EncodeError, api

MYSELF = {"_": "inputUserSelf"}


async def call(face: str, method: Any, **fields: Any) -> Any:
    """Make a call of an account's `api`, in a thread of its own if the account is a blocking one."""
    if face == "blocking":
        return await asyncio.to_thread(method, **fields)
    return await method(**fields)


@pytest.mark.parametrize("face", FACES)
def test_the_one_line_call(face: str, local_dc: LocalDCThread) -> None:
    async def scene() -> Any:
        async with account_of(face, MemoryStore(), local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            short = await call(face, account.api.photos.getUserPhotos, user_id=MYSELF, limit=100)
            request = api.functions.photos.GetUserPhotos(
                user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100
            )
            assert short == await account(request)
            with pytest.raises(WrongReference, match=r"1\.5"):
                await call(face, account.api.photos.getUserPhotos, user_id=1.5, limit=100)
            return short

    assert [photo.id for photo in play(scene).photos] == [photo.id for photo in local_dc.world.bot.photos]


@pytest.mark.parametrize("face", FACES)
def test_a_message_gets_a_number_of_the_accounts_random_source(face: str, local_dc: LocalDCThread) -> None:
    drawn: list[bytes] = []

    def random(size: int) -> bytes:
        drawn.append(os.urandom(size))
        return drawn[-1]

    async def scene() -> None:
        async with account_of(face, MemoryStore(), local_dc, random=random) as account:
            await account.login(bot_token=local_dc.bot_token)
            for _ in range(2):
                await call(face, account.api.messages.sendMessage, peer="me", message="hello")

    play(scene)
    sent: list[Any] = [call.arguments for call in local_dc.calls if call.method == "messages.sendMessage"]
    numbers = {request.random_id.to_bytes(8, "little", signed=True) for request in sent}
    assert len(numbers) == 2
    assert numbers <= set(drawn)


@pytest.mark.parametrize("face", FACES)
def test_a_misspelt_name_fails_before_anything_is_opened(face: str, local_dc: LocalDCThread) -> None:
    account: Any = account_of(face, MemoryStore(), local_dc)
    with pytest.raises(AttributeError, match=r"did you mean 'photos\.getUserPhotos'"):
        account.api.photos.getUserFotos  # noqa: B018
    fetch = account.account.api if face == "blocking" else account.api
    with pytest.raises(TypeError, match="did you mean 'limit'"):
        fetch.photos.getUserPhotos(user_id=MYSELF, limmit=100)


@pytest.mark.parametrize("face", FACES)
def test_options_of_a_call_are_those_of_a_call_of_an_object(face: str, network: TwoDCs) -> None:
    home, other = network.home, network.other
    met: list[tuple[Any, Any]] = []

    async def scene() -> None:
        async with account_of(face, MemoryStore(), home, other) as account:
            await account.login(bot_token=home.bot_token)
            met.append(((await call(face, with_options(account, dc=other.dc_id).help.getNearestDc)).this_dc, None))
            await call(face, with_options(account, lane="files", idempotent=True).help.getNearestDc)
            met.append((None, account.open_lanes))

    def with_options(account: Any, **options: Any) -> Any:
        return (account.account if face == "blocking" else account).api_with(**options)

    play(scene)
    assert met[0][0] == other.dc_id
    assert (home.dc_id, "files") in met[1][1]


@pytest.mark.parametrize("face", FACES)
def test_who_is_meant_is_resolved_in_short_calls_alone(face: str, local_dc: LocalDCThread) -> None:
    async def scene() -> None:
        async with account_of(face, MemoryStore(), local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            photos = await call(face, account.api.photos.getUserPhotos, user_id=" @Dozen", limit=100)
            assert len(photos.photos) == 12
            [user] = await call(face, account.api.users.getUsers, id=["me"])
            assert user.id == local_dc.bot.id
            written: Any = "me"
            with pytest.raises(EncodeError):
                await account(api.functions.users.GetUsers(id=[written]))

    play(scene)


def test_an_account_that_is_not_open_says_so(local_dc: LocalDCThread) -> None:
    account: Any = blocking.Account(MemoryStore(), api_id=1, dcs={2: local_dc.address}, keys=local_dc.keys)
    with pytest.raises(LocalProtocolError):
        account.api.help.getConfig()
