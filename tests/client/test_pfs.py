"""Both clients under temporary keys, over sockets (core.telegram.org/api/pfs)."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.client import blocking
from mtproto.client.blocking import Client as BlockingClient
from mtproto.link import EXPIRES_IN, KeyBound
from mtproto.link.key_renewal import RENEW_EARLY
from mtproto.localdc import LocalDCThread
from mtproto.message.key_state import KeyState
from mtproto.session import RequestLost
from tests.client.test_clients import PHOTOS, blocking_client_of, client_of, login
from tests.net.support import ShiftedClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.crypto.rsa import RSAPrivateKey


def photos(dc: LocalDCThread, answer: Any) -> bool:
    return [photo.id for photo in answer.photos] == [photo.id for photo in dc.world.bot.photos]


def run_asyncio(dc: LocalDCThread, calls: list[Any], **options: Any) -> tuple[list[Any], KeyState]:
    async def run() -> tuple[list[Any], KeyState]:
        async with client_of(dc, **options) as client:
            answers = [await client(call) for call in calls]
            return answers, KeyState.from_bytes(client.state.to_bytes())

    return asyncio.run(run())


def run_blocking(dc: LocalDCThread, calls: list[Any], **options: Any) -> tuple[list[Any], KeyState]:
    with blocking_client_of(dc, **options) as client:
        answers = [client(call) for call in calls]
        return answers, KeyState.from_bytes(client.state.to_bytes())


@pytest.mark.parametrize("transport", ["intermediate", "http", "websocket"])
@pytest.mark.parametrize("run", [run_asyncio, run_blocking])
def test_the_headline_call_with_pfs(local_dc: LocalDCThread, run: Any, transport: str) -> None:
    answers, state = run(local_dc, [login(local_dc), PHOTOS], pfs=True, transport=transport)
    assert photos(local_dc, answers[1])
    assert state.expires_at is None
    records = list(local_dc._records.values())
    assert [record.expires_at is None for record in records] == [True, False]
    assert records[0].auth_key.id == state.auth_key.id
    assert records[1].permanent is records[0]
    assert not records[0].inited  # nothing came under it


@pytest.mark.parametrize("run", [run_asyncio, run_blocking])
def test_a_state_serves_with_pfs_and_without(local_dc: LocalDCThread, run: Any) -> None:
    steps: list[Any] = []
    _, state = run(local_dc, [login(local_dc)], pfs=True)
    answers, state = run(local_dc, [PHOTOS], state=state, trace=steps.append)
    assert steps == []
    assert photos(local_dc, answers[0])
    answers, _ = run(local_dc, [PHOTOS], pfs=True, state=state, trace=steps.append)
    assert [step.message.NAME for step in steps].count("req_pq_multi") == 1
    assert photos(local_dc, answers[0])


def client_by(clock: Callable[[], float], dc: LocalDCThread, **options: Any) -> BlockingClient:
    """Return a client with a clock of the test's."""
    return blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id, pfs=True, clock=clock, **options)


def test_a_key_that_is_replaced_under_calls_of_many_threads(local_dc_key: RSAPrivateKey) -> None:
    events: list[Any] = []
    clock = ShiftedClock()
    with (
        LocalDCThread(key=local_dc_key, clock=clock) as dc,
        client_by(clock, dc, on_event=events.append) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        client(login(dc))
        for replaced in (1, 2):
            clock.ahead += EXPIRES_IN - RENEW_EARLY / 2
            while len([event for event in events if isinstance(event, KeyBound)]) <= replaced:
                answers = list(pool.map(client, [PHOTOS] * 20))
                assert all(photos(dc, answer) for answer in answers)
    assert not [event for event in events if isinstance(event, RequestLost)]


@pytest.mark.parametrize("ahead", [-365 * 86400.0, 365 * 86400.0])
def test_a_client_whose_clock_is_wrong_by_a_year_binds_all_the_same(local_dc: LocalDCThread, ahead: float) -> None:
    with client_by(ShiftedClock(ahead), local_dc) as client:
        client(login(local_dc))
        assert photos(local_dc, client(PHOTOS))
