"""Calls that carry parts of files: each in a packet without another one, as the data centre sees it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from mtproto import blocking, connect
from mtproto.errors import RpcError
from mtproto.localdc import LocalDCThread
from tests.client.packets import packets_with
from tl import api

PART = api.functions.upload.GetFile(
    location=api.types.InputPhotoFileLocation(id=1, access_hash=2, file_reference=b"", thumb_size="a"),
    offset=0,
    limit=4096,
)
NEAREST = api.functions.help.GetNearestDc()
MANY = 12


def options_of(dc: LocalDCThread) -> dict[str, Any]:
    return {"keys": dc.keys, "api_id": dc.api_id, "api_hash": dc.api_hash}


async def at_once(dc: LocalDCThread, **options: Any) -> None:
    """Make many calls in one turn of the loop, so that what may go together goes together."""
    async with connect(dc.address, **options_of(dc)) as client:
        await client(NEAREST)
        calls: list[Any] = [client(PART, **options) for _ in range(MANY)] + [client(NEAREST) for _ in range(MANY)]
        answers: list[Any] = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(answer, RpcError) for answer in answers[:MANY])  # nobody is logged in
    assert all(answer.NAME == "nearestDc" for answer in answers[MANY:])


def test_parts_of_files_never_share_a_packet(local_dc: LocalDCThread) -> None:
    counts = packets_with(local_dc, api.functions.upload.GetFile, api.functions.help.GetNearestDc)
    asyncio.run(at_once(local_dc))
    assert sum(parts for parts, _ in counts) == MANY
    assert max(parts for parts, _ in counts) == 1
    assert max(nearest for _, nearest in counts) > 1


def test_a_caller_may_send_them_together_all_the_same(local_dc: LocalDCThread) -> None:
    counts = packets_with(local_dc, api.functions.upload.GetFile)
    asyncio.run(at_once(local_dc, alone=False))
    assert max(counts) > [1]


def test_a_caller_may_send_any_call_alone(local_dc: LocalDCThread) -> None:
    async def scene() -> None:
        async with connect(local_dc.address, **options_of(local_dc)) as client:
            await client(NEAREST)
            await asyncio.gather(*[client(NEAREST, alone=True) for _ in range(MANY)])
            await asyncio.gather(*[client.api_with(alone=True).help.getNearestDc() for _ in range(MANY)])
            await asyncio.gather(*[client.call_bytes(NEAREST.to_bytes(), alone=True) for _ in range(MANY)])

    counts = packets_with(local_dc, api.functions.help.GetNearestDc)
    asyncio.run(scene())
    assert len(counts) == 3 * MANY + 1


def test_parts_of_files_from_many_threads_never_share_a_packet(local_dc: LocalDCThread) -> None:
    counts = packets_with(local_dc, api.functions.upload.GetFile)
    with blocking.connect(local_dc.address, **options_of(local_dc)) as client, ThreadPoolExecutor(MANY) as threads:
        client(NEAREST)
        tasks = [threads.submit(partial(client, PART)) for _ in range(3 * MANY)]
        assert all(isinstance(task.exception(), RpcError) for task in tasks)
    assert sum(parts for [parts] in counts) == 3 * MANY
    assert max(counts) == [1]
