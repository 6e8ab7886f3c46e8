"""What meets what: a call and the end of its login, waits and the end of the account, opening and closing."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mtproto import Account
from mtproto.account.waiting_async import whole
from mtproto.errors import FloodWait, LocalProtocolError, LoggedOut, RequestCancelled
from mtproto.flows import LoggedIn, NextUpdate, Save, Wait
from mtproto.localdc import Refused
from tests.account.dcs import HOME, OTHER, TwoDCs
from tests.account.faces import FACES, KeptInMemory, account_at, account_of, play
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])
NEAREST = api.functions.help.GetNearestDc()
CDN = api.functions.help.GetCdnConfig()


def sent_on(call: Any) -> Any:
    """Refuse a call: it belongs to the other DC."""
    raise Refused(303, f"USER_MIGRATE_{OTHER}")


@pytest.mark.parametrize("face", FACES)
def test_a_log_out_that_is_sent_to_another_dc_comes_to_its_end(face: str, network: TwoDCs) -> None:
    """The log-out is inside the gate of logins, and so is no move."""
    store = KeptInMemory()
    network.home.handler(api.functions.auth.LogOut)(sent_on)

    async def scene() -> None:
        async with account_of(face, store, network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            await account.log_out()
            assert (account.home_dc, account.user_id) == (OTHER, None)

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_late_refusal_of_an_earlier_login_leaves_the_new_one_alone(face: str, network: TwoDCs) -> None:
    store = KeptInMemory()
    asked, answer = threading.Event(), threading.Event()

    async def held(call: Any) -> Any:
        asked.set()
        await asyncio.to_thread(answer.wait, 10)
        raise Refused(401, "SESSION_REVOKED")

    network.home.handler(api.functions.help.GetCdnConfig)(held)

    async def scene() -> None:
        async with account_of(face, store, network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            old = asyncio.create_task(account(CDN))
            await asyncio.to_thread(asked.wait, 10)
            await account.log_out(destroy_keys=False)
            await account.login(bot_token=network.home.bot_token)
            key = store.record.key(HOME)
            answer.set()
            with pytest.raises(LoggedOut, match="SESSION_REVOKED"):
                await old
            assert account.user_id == network.home.bot.id
            assert (store.record.ended, store.record.key(HOME)) == (None, key)
            await account(SELF)

    play(scene)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("ahead", [-3600, 3600])
def test_a_deadline_does_not_follow_the_servers_clock_when_that_is_learnt(
    face: str, network: TwoDCs, ahead: int
) -> None:
    async def scene() -> None:
        account = account_of(
            face, KeptInMemory(), network.home, network.other, clock=lambda: time.monotonic() + ahead + 1_700_000_000
        )
        async with account:
            await account(NEAREST, timeout=10)
            await account(NEAREST, timeout=10)

    play(scene)


def wait_for(step: Any, begun: Any) -> Any:
    """Be a flow that makes one step; `begun` is called before."""
    begun()
    yield step


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("step", [Wait(1000.0), NextUpdate(lambda update: False, 1000.0)], ids=["pause", "update"])
def test_a_flow_that_waits_ends_with_its_account(face: str, network: TwoDCs, step: Any) -> None:
    async def scene() -> None:
        loop = asyncio.get_running_loop()
        begun = asyncio.Event()
        async with account_of(face, KeptInMemory(), network.home, network.other) as account:
            flow = wait_for(step, lambda: loop.call_soon_threadsafe(begun.set))
            waiting = asyncio.create_task(account.run(flow))
            await begun.wait()
        with pytest.raises(RequestCancelled):
            await waiting

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_call_that_waits_for_a_flood_ends_with_its_account(face: str, network: TwoDCs) -> None:
    network.refuse(HOME, api.functions.users.GetUsers, 420, "FLOOD_WAIT_1000")

    async def scene() -> None:
        async with account_of(face, KeptInMemory(), network.home, network.other, flood_wait=5000) as account:
            await account.login(bot_token=network.home.bot_token)
            with pytest.raises(FloodWait):
                await account(SELF, timeout=10)
            waiting = asyncio.create_task(account(SELF))  # the flood is remembered, nothing is sent
            await asyncio.sleep(0)
            assert not waiting.done()
        with pytest.raises(RequestCancelled):
            await waiting

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_call_that_waits_for_a_silent_dc_ends_with_its_account(face: str, network: TwoDCs) -> None:
    async def scene() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.setblocking(False)
            addresses = {HOME: network.home.address, OTHER: silent.getsockname()[:2]}
            application = {"api_id": network.home.api_id, "api_hash": network.home.api_hash}
            half = SimpleNamespace(addresses=addresses, keys=network.home.keys, **application)
            account = account_at(face, KeptInMemory(), half)
            async with account:
                waiting = asyncio.create_task(account(NEAREST, dc=OTHER))
                connection, _ = await asyncio.get_running_loop().sock_accept(silent)
            with pytest.raises(RequestCancelled):
                await waiting
            connection.close()

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_an_account_is_opened_once(face: str, network: TwoDCs) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        account = account_of(face, store, network.home, network.other)
        async with account:
            with pytest.raises(LocalProtocolError, match="opened already"):
                await account.__aenter__()
            assert not store.closed
            await account(NEAREST)
        with pytest.raises(LocalProtocolError, match="was closed; make another"):
            await account.__aenter__()
        with pytest.raises(RequestCancelled):
            await account(NEAREST)

    play(scene)


def test_an_account_that_is_closed_while_it_opens_is_closed_in_the_end(network: TwoDCs, tmp_path: Path) -> None:
    async def scene() -> None:
        account = account_of("asyncio", tmp_path / "me", network.home, network.other)
        outcomes = await asyncio.gather(account.open(), account.close(), return_exceptions=True)
        # threads decide which of them comes first
        assert outcomes[0] is account or isinstance(outcomes[0], RequestCancelled)
        with pytest.raises(RequestCancelled):
            await account(NEAREST)
        async with account_of("asyncio", tmp_path / "me", network.home, network.other) as other:
            assert other.user_id is None  # nothing of the first one has the store

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_an_account_that_is_closed_twice_at_once_lets_its_store_go_when_the_last_one_is_done(
    face: str, network: TwoDCs
) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            kept = (account if face == "asyncio" else account.account)._kept
            keep, began, go = kept.keep_keys, threading.Event(), threading.Event()

            def keep_later(states: Any) -> None:
                kept.keep_keys = keep  # for the second one
                began.set()
                go.wait(10)
                keep(states)

            kept.keep_keys = keep_later
            first = asyncio.ensure_future(account.close())
            await asyncio.to_thread(began.wait, 10)
            await account.close()
            closed = [store.closed]
            go.set()
            await first
            assert [*closed, store.closed] == [0, 1]

    play(scene)


def test_lanes_that_are_closed_by_a_task_that_is_cancelled_are_closed_all(network: TwoDCs) -> None:
    async def scene() -> None:
        account: Account = account_of("asyncio", KeptInMemory(), network.home, network.other, idle_after=0)
        async with account:
            await account.login(bot_token=network.home.bot_token)
            for lane in ("a", "b", "c"):
                await account(NEAREST, lane=lane)
            clients = [lane.client for (_, name), lane in account._lanes._open.items() if name != "main"]
            closing = asyncio.create_task(account._lanes.close_idle())
            await asyncio.sleep(0)
            closing.cancel()
            with pytest.raises(asyncio.CancelledError):
                await closing
            assert [client.connection.is_open for client in clients] == [False] * 3

    play(scene)


def test_a_change_whose_task_is_cancelled_takes_its_lanes_along(network: TwoDCs) -> None:
    """A key that the store has dropped is in no lane, whenever the task was cancelled."""
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of("asyncio", store, network.home, network.other) as account:
            await account.login(bot_token=network.home.bot_token)
            forgetting = asyncio.create_task(account.forget_login())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            forgetting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await forgetting
            assert store.record.key(HOME) is None
            assert not account.open_lanes
            await account.login(bot_token=network.home.bot_token)
            assert (await account(SELF))[0].id == network.home.bot.id

    play(scene)


def test_a_whole_step_ends_before_its_cancelled_task(network: TwoDCs) -> None:
    async def scene() -> None:
        go, done = asyncio.Event(), []

        async def step(name: str) -> str:
            await go.wait()
            done.append(name)
            return name

        go.set()
        assert await whole(step, "first") == "first"
        go.clear()
        task = asyncio.create_task(whole(step, "second"))
        for _ in range(3):  # however often
            await asyncio.sleep(0)
            task.cancel()
        assert not task.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert done == ["first", "second"]

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_what_a_flow_of_the_user_keeps_counts(face: str, network: TwoDCs) -> None:
    def flow() -> Any:
        yield Save(LoggedIn(user_id=7, is_bot=True))

    async def scene() -> None:
        async with account_of(face, KeptInMemory(), network.home, network.other) as account:
            await account.run(flow())
            assert account.user_id == 7

    play(scene)
