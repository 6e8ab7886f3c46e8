"""Lanes: sessions of their own over one key, opened when first needed, closed when idle."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mtproto.errors import ConnectionLost, TransportError
from mtproto.localdc import LocalDCThread
from tests.account.faces import FACES, KeptInMemory, account_of, play
from tl import api

NEAREST = api.functions.help.GetNearestDc()
LANES = ("main", "file-1", "file-2", "file-3")


def sessions(dc: LocalDCThread) -> list[tuple[int, int]]:
    """Note key and session of each call."""
    seen: list[tuple[int, int]] = []

    @dc.handler(api.functions.help.GetNearestDc)
    def note(call: Any) -> Any:
        seen.append((call.key.auth_key.id, call.session_id))
        return call.default()

    return seen


@pytest.mark.parametrize("face", FACES)
def test_each_lane_has_a_session_of_its_own_and_all_have_one_key(face: str, local_dc: LocalDCThread) -> None:
    seen = sessions(local_dc)

    async def scene() -> None:
        async with account_of(face, KeptInMemory(), local_dc) as account:
            assert account.open_lanes == set()
            await asyncio.gather(*[account(NEAREST, lane=lane) for lane in LANES * 5])
            assert account.open_lanes == {(local_dc.dc_id, lane) for lane in LANES}

    play(scene)
    assert len(seen) == 20
    assert len({session for _, session in seen}) == 4
    assert len({key for key, _ in seen}) == 1


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("face", FACES)
def test_idle_lanes_are_closed_but_the_one_that_gets_updates_and_those_with_calls(
    face: str, local_dc: LocalDCThread
) -> None:
    clock = Clock()

    async def scene() -> None:
        async with account_of(face, KeptInMemory(), local_dc, clock=clock, idle_after=50.0) as account:
            inner = getattr(account, "account", account)
            home = local_dc.dc_id
            await asyncio.gather(*[account(NEAREST, lane=lane) for lane in ("main", "a", "b")])

            async def close_idle() -> None:
                done = inner._lanes.close_idle()
                if done is not None:
                    await done

            clock.now += 49
            await account(NEAREST, lane="b")
            await close_idle()
            assert account.open_lanes == {(home, "main"), (home, "a"), (home, "b")}
            clock.now += 2
            await close_idle()
            assert account.open_lanes == {(home, "main"), (home, "b")}
            assert (await account(NEAREST, lane="a")).this_dc == home
            assert account.open_lanes == {(home, "main"), (home, "a"), (home, "b")}

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_dc_that_can_not_be_reached_is_tried_again_with_the_next_call(face: str, local_dc: LocalDCThread) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
        address = local_dc.address
        later = account_of(face, store, local_dc)
        local_dc.close()
        async with later as account:
            with pytest.raises(ConnectionLost):
                await account(NEAREST)
            with LocalDCThread(*address, key=local_dc.private_key) as again:
                with pytest.raises(TransportError, match="-404"):
                    await account(NEAREST)  # reached: it knows nothing of the key, whose login is not given up for that
                assert account.user_id == again.bot.id

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_key_that_the_server_has_forgotten_is_replaced_and_the_new_one_is_kept(
    face: str, local_dc: LocalDCThread
) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, local_dc) as account:
            await account(NEAREST)
        old = store.record.key(local_dc.dc_id)
        assert old is not None
        for record in list(local_dc._centre.keys.records.values()):
            local_dc._centre.keys.drop(record)
        async with account_of(face, store, local_dc) as account:
            await account(NEAREST)
            await account(NEAREST, lane="file")
            new = store.record.key(local_dc.dc_id)
            assert new is not None
            assert new.auth_key.id != old.auth_key.id
            assert len(local_dc._centre.keys.records) == 1

    play(scene)
