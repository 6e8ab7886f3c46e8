"""Attacks in key exchanges, on a client that is opening a connection."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tests.hostile.attack import Goals, against_client

if TYPE_CHECKING:
    from tests.hostile.scene_client import ClientScene


@against_client("dh-gen-retry", "an exchange that rejects every key", state=False)
async def dh_gen_retry(scene: ClientScene) -> None:
    scene.exchange_faults.dh_gen_retry(1000)
    await scene.begin()
    await scene.rest()


@against_client(
    "server-time-beyond",
    "a server_time that a msg_id can hold just when it comes, and no longer when it is used",
    state=False,
)
async def server_time_beyond(scene: ClientScene) -> None:
    scene.last_answer_after = 1.2
    for _ in range(200):
        scene.exchange_faults.override("server_DH_inner_data", server_time=lambda _: (1 << 31) - 1)
    await scene.begin()
    await scene.rest()


@against_client("server-time-negative", "a server_time before 1970", state=False)
async def server_time_negative(scene: ClientScene) -> None:
    for _ in range(200):
        scene.exchange_faults.override("server_DH_inner_data", server_time=lambda _: -(1 << 31))
    await scene.begin()
    await scene.rest()


@against_client("bad-primes", "exchanges whose prime is none", state=False)
async def bad_primes(scene: ClientScene) -> None:
    for _ in range(200):
        scene.exchange_faults.bad_prime()
    await scene.begin()
    await scene.rest()


@against_client("silent-exchange", "a server that takes everything and never answers", state=False)
async def silent_exchange(scene: ClientScene) -> None:
    await scene.stall()


@against_client(
    "pfs-spoiled-answers",
    "spoils two plain answers of the exchange that is to replace a temporary key, between client and data centre",
    goals=Goals(attacked_answered=True),
    pfs=True,
    expires_in=4,
    honest_behind=True,
    at_least=8.0,
)
async def pfs_spoiled_answers(scene: ClientScene) -> None:
    spoiled = 0

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, backwards: bool) -> None:
        nonlocal spoiled
        try:
            while True:
                if not backwards:
                    data = await reader.read(1 << 16)
                    if not data:
                        break
                else:
                    head = await reader.readexactly(4)
                    size = int.from_bytes(head, "little")
                    data = await reader.readexactly(size)
                    if scene.go.is_set() and data[:8] == bytes(8) and spoiled < 2:
                        spoiled += 1
                        data = data[:-1] + bytes([data[-1] ^ 1])
                        data = data[:40] + bytes([data[40] ^ 1]) + data[41:]  # in the nonce
                    data = head + data
                writer.write(data)
                await writer.drain()
        finally:
            writer.transport.abort()

    async def raw(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*scene.honest)
        await asyncio.gather(
            pass_on(reader, far_writer, False), pass_on(far_reader, writer, True), return_exceptions=True
        )

    scene.raw = raw
    await scene.begin()
    end = time.monotonic() + 8
    while spoiled < 2 and time.monotonic() < end:
        await asyncio.sleep(0.05)
    scene.notes.append(f"{spoiled} answers spoiled")
    await scene.rest()
