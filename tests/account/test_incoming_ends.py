"""How an iteration over updates ends or goes on: lanes that are replaced, a home that moves, calls that fail."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from mtproto.account import Gap, UndecodableUpdate
from mtproto.localdc import LocalDCThread, Refused
from tests.account.chatty import QUESTIONS, Chats
from tests.account.dcs import HOME, OTHER, TwoDCs
from tests.account.faces import FACES, account_of, play
from tests.flows.update_world import CHANNEL, FRIEND, GROUP, told
from tl import api

t = api.types
SELF = api.functions.users.GetUsers(id=[t.InputUserSelf()])


async def next_message(stream: Any) -> tuple[int, int] | None:
    """Return chat and number of the next message; nothing else may come."""
    return told(await anext(stream))


@pytest.mark.parametrize("face", FACES)
def test_an_iteration_goes_on_at_another_home_dc(face: str, network: TwoDCs) -> None:
    chats = Chats(network.home)
    for question in QUESTIONS:
        network.other.handler(question)(chats.answer)

    async def scene() -> None:
        async with account_of(face, chats.store(), network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            stream = account.incoming()
            chats.send(FRIEND)
            assert await next_message(stream) == (FRIEND, 1)
            chats.send(FRIEND, push=0)
            network.refuse(HOME, api.functions.users.GetUsers, 303, f"USER_MIGRATE_{OTHER}")
            await account(SELF)
            assert account.home_dc == OTHER
            assert await next_message(stream) == (FRIEND, 2)
            chats.dc = network.other
            chats.send(FRIEND)
            assert await next_message(stream) == (FRIEND, 3)

    play(scene)


def test_an_iteration_goes_on_over_another_lane(local_dc: LocalDCThread) -> None:
    chats = Chats(local_dc)

    async def scene() -> None:
        async with account_of("asyncio", chats.store(), local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            stream = account.incoming()
            chats.send(FRIEND)
            assert await next_message(stream) == (FRIEND, 1)
            reading = asyncio.create_task(next_message(stream))
            await asyncio.sleep(0)
            await account._lanes.retire(local_dc.dc_id)
            chats.send(FRIEND)
            assert await reading == (FRIEND, 2)

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_difference_that_can_not_be_read_is_told_and_left_out(face: str, local_dc: LocalDCThread) -> None:
    chats = Chats(local_dc)
    wrong = [b"\x7f\xff\xff\xff"]

    @local_dc.handler(api.functions.updates.GetDifference)
    def answer(call: Any) -> Any:
        return wrong.pop() if wrong else chats.answer(call)

    async def scene() -> None:
        async with account_of(face, chats.store(), local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            stream = account.incoming()
            assert isinstance(await anext(stream), UndecodableUpdate)
            assert await anext(stream) == Gap(None)
            chats.send(FRIEND)
            assert await next_message(stream) == (FRIEND, 1)

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_channel_whose_difference_is_refused_is_told_as_a_gap(face: str, local_dc: LocalDCThread) -> None:
    chats = Chats(local_dc)
    store = chats.store()

    @local_dc.handler(api.functions.updates.GetChannelDifference)
    def answer(call: Any) -> Any:
        if call.request.channel.channel_id == CHANNEL:
            raise Refused(400, "CHANNEL_PRIVATE")
        return chats.answer(call)

    async def scene() -> None:
        async with account_of(face, store, local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            stream = account.incoming()
            assert await anext(stream) == Gap(t.PeerChannel(channel_id=CHANNEL))
            chats.send(GROUP)
            assert await next_message(stream) == (GROUP, 1)

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_an_account_that_is_closed_while_a_difference_is_asked_for_leaves_nothing(
    face: str, local_dc: LocalDCThread
) -> None:
    chats = Chats(local_dc)
    asked = threading.Event()

    @local_dc.handler(api.functions.updates.GetDifference)
    async def answer(call: Any) -> Any:
        asked.set()
        await asyncio.Event().wait()

    async def scene() -> None:
        tasks = asyncio.all_tasks()
        async with account_of(face, chats.store(), local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)

            async def read() -> list[Any]:
                return [item async for item in account.incoming()]

            reader = asyncio.create_task(read())
            await asyncio.to_thread(asked.wait)
            await account.close()
            assert await reader == []
        assert asyncio.all_tasks() == tasks

    play(scene)


def test_an_iteration_that_is_cancelled_while_a_difference_is_asked_for_gives_the_call_up(
    local_dc: LocalDCThread,
) -> None:
    chats = Chats(local_dc)
    asked = threading.Event()

    @local_dc.handler(api.functions.updates.GetDifference)
    async def answer(call: Any) -> Any:
        asked.set()
        await asyncio.Event().wait()

    async def scene() -> None:
        async with account_of("asyncio", chats.store(), local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            tasks = asyncio.all_tasks()
            reader = asyncio.ensure_future(anext(account.incoming()))
            await asyncio.to_thread(asked.wait)
            reader.cancel()
            await asyncio.wait([reader])
            assert asyncio.all_tasks() == tasks

    play(scene)
