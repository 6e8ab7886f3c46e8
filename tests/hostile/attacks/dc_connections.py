"""Attacks on a data centre by many connections, or by connections that do not end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import TYPE_CHECKING

from mtproto.exchange import ClientExchange
from tests.hostile.attack import MANY, Goals, against_dc
from tests.hostile.attacks.dc_memory import READS_NOTHING
from tests.hostile.peers import frame, plain, read_frame
from tl import api, service

if TYPE_CHECKING:
    from tests.hostile.scene_dc import DcScene

CLOSES_WITHIN = 8.0
"""Seconds after which a connection that was told to close is gone: `LINGER` and some more."""


@against_dc("half-open", "2,000 connections that send one byte", goals=Goals(p99=MANY))
async def half_open(scene: DcScene) -> None:
    await scene.begin()
    for number in range(scene.count(2000, 400)):
        if not scene.on:
            break
        _, writer = await scene.connect(tag=b"\xee" if number % 2 else b"P")
        if number % 50 == 0:
            await asyncio.sleep(0)
        del writer
    await scene.rest()


@against_dc("slow-posts", "500 connections that POST one byte at a time", goals=Goals(p99=MANY))
async def slow_posts(scene: DcScene) -> None:
    await scene.begin()
    writers = []
    for _ in range(scene.count(500, 100)):
        _, writer = await scene.connect(tag=b"POST /apiw HTTP/1.1\r\nHost: dc\r\nContent-Length: 1000\r\n\r\n")
        writers.append(writer)
    while scene.on:
        for writer in writers:
            if not writer.is_closing():
                writer.write(b"x")
        await asyncio.sleep(0.1)


@against_dc("connect-and-reset", "connections that are reset in the midst of their answers")
async def connect_and_reset(scene: DcScene) -> None:
    client = await scene.stranger(logged_in=True)
    call = api.functions.photos.GetUserPhotos(
        user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100
    ).to_bytes()
    await scene.begin()
    while scene.on:
        _, writer = await scene.connect(read_ahead=READS_NOTHING)
        writer.write(frame(client.container(client.message(call) for _ in range(20))))
        await asyncio.sleep(0.1)
        scene.reset(writer)


@against_dc(
    "told-to-close",
    "connections that are told to close, and read nothing: all must be gone in seconds",
    patience=2 * CLOSES_WITHIN,
)
async def told_to_close(scene: DcScene) -> None:
    client = await scene.stranger()
    call = api.functions.help.GetPassportConfig(
        hash=0
    ).to_bytes()  # whose answer is large: more of them than a kernel keeps
    await scene.begin()
    before = (await scene.stats())["connections"]
    count = scene.count(20, 4)

    async def one() -> None:
        reader, writer = await scene.connect(read_ahead=READS_NOTHING)
        client.session_id += 1
        writer.write(frame(client.container(client.message(call) for _ in range(8))))
        await reader.readexactly(4)  # the answers have begun; from now on nobody reads them
        await asyncio.sleep(0.3)
        writer.write(frame(os.urandom(64)))  # of a key that is not known: -404, and the end

    await asyncio.gather(*(one() for _ in range(count)))
    end = asyncio.get_running_loop().time() + CLOSES_WITHIN
    left = count
    while left > 0 and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(0.25)
        left = (await scene.stats())["connections"] - before
    if left > 0:
        scene.complaints.append(f"{left} of {count} connections that were told to close are still there")


@against_dc("exchange-flood", "exchanges that end with nonsense, over 50 connections", goals=Goals(p99=MANY))
async def exchange_flood(scene: DcScene) -> None:
    await scene.begin()

    async def one() -> None:
        while scene.on:
            reader, writer = await scene.connect()
            nonce = os.urandom(16)
            with contextlib.suppress(ConnectionError, EOFError):
                writer.write(frame(plain(service.functions.ReqPqMulti(nonce=nonce).to_bytes())))
                await read_frame(reader)
                await scene.pour(writer, [frame(plain(os.urandom(340)))])
                await reader.read(64)
            scene.drop(writer)

    await asyncio.gather(*(one() for _ in range(scene.count(50, 20))))


@against_dc("modular-powers", "exchanges up to the costly step, over 20 connections", goals=Goals(p99=MANY))
async def modular_powers(scene: DcScene) -> None:
    await scene.begin()

    async def one() -> None:
        while scene.on:
            reader, writer = await scene.connect()
            client = ClientExchange(scene.keys, dc_id=2, random=os.urandom)
            with contextlib.suppress(ConnectionError, EOFError):
                writer.write(frame(client.start(time.time())))
                query = await asyncio.to_thread(client.receive, await read_frame(reader), time.time())
                if query is not None:
                    writer.write(frame(query))
                    await read_frame(reader)
            scene.drop(writer)

    await asyncio.gather(*(one() for _ in range(scene.count(20, 8))))


@against_dc("wrong-salts", "packets under a wrong salt, each answered with the right one, which is not taken")
async def wrong_salts(scene: DcScene) -> None:
    from tests.hostile.attacks.dc_work import blocks, flood, pings

    client = await scene.stranger()
    client.salt ^= 1
    pieces = blocks(pings(client, scene.count(20_000, 3_000)))
    await scene.begin()
    await flood(scene, pieces)


@against_dc("unknown-keys", "packets of unknown keys, each on a connection of its own")
async def unknown_keys(scene: DcScene) -> None:
    await scene.begin()
    while scene.on:
        reader, writer = await scene.connect()
        writer.write(frame(os.urandom(120)))
        with contextlib.suppress(ConnectionError):
            await reader.read(64)
        scene.drop(writer)


@against_dc("uvloop", "nothing: a data centre and a client on uvloop, which must work", uvloop=True)
async def on_uvloop(scene: DcScene) -> None:
    await scene.begin()
    await scene.rest()
