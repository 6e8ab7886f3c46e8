"""Attacks that make a data centre keep much."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mtproto.session import wire
from mtproto.transport import client_transport
from tests.hostile.attack import MANY, Goals, against_dc
from tests.hostile.attacks.dc_work import OPTIONS, READ, blocks, flood, pings
from tests.hostile.peers import frame, gzipped
from tl import api, service

if TYPE_CHECKING:
    from tests.hostile.scene_dc import DcScene

READS_NOTHING = 4096
"""The receive buffer of an attacker who does not read, bytes."""


def waiting_call(count: int) -> bytes:
    """Return a call that is to wait for `count` others."""
    return wire.write_invoke_after(range(4, 4 * count + 4, 4), api.functions.help.GetConfig().to_bytes())


@against_dc("invoke-after", "calls of 1.6 MB that wait for 200,000 others each")
async def invoke_after(scene: DcScene) -> None:
    client = await scene.stranger()
    pieces = [frame(client.packet(waiting_call(200_000))) for _ in range(scene.count(10, 6))]
    await scene.begin()
    _, writer = await scene.connect()
    await scene.pour(writer, pieces)
    await scene.rest()


@against_dc("invoke-after-gzipped", "gzipped calls of 2.4 KB that wait for 250,000 others each")
async def invoke_after_gzipped(scene: DcScene) -> None:
    client = await scene.stranger()
    same = wire.write_invoke_after([4] * 250_000, api.functions.help.GetConfig().to_bytes())
    pieces = [frame(client.packet(gzipped(same))) for _ in range(scene.count(30, 8))]
    await scene.begin()
    _, writer = await scene.connect()
    await scene.pour(writer, pieces)
    await scene.rest()


@against_dc("unread-websocket-pongs", "WebSocket pings whose pongs nobody reads")
async def unread_websocket_pongs(scene: DcScene) -> None:
    ping = b"\x89\xfd" + bytes(4) + bytes(125)
    await scene.begin()
    _, writer = await scene.websocket(read_ahead=READS_NOTHING)
    piece = ping * (READ // len(ping))
    while scene.on and await scene.pour(writer, [piece]):
        pass
    await scene.rest()


@against_dc("unread-options", "OPTIONS requests whose answers nobody reads")
async def unread_options(scene: DcScene) -> None:
    piece = OPTIONS * (READ // len(OPTIONS))
    await scene.begin()
    _, writer = await scene.connect(tag=b"", read_ahead=READS_NOTHING)
    while scene.on and await scene.pour(writer, [piece]):
        pass
    await scene.rest()


@against_dc("unread-quick-acks", "packets that ask for quick acks, which nobody reads")
async def unread_quick_acks(scene: DcScene) -> None:
    client = await scene.stranger()
    framing = client_transport("abridged", scene.noise)
    ack = wire.write_acks([4])
    packets = [framing.pack(client.packet(ack, content=False), True) for _ in range(scene.count(20_000, 3_000))]
    pieces = blocks(packets)
    await scene.begin()
    _, writer = await scene.connect(tag=framing.opening(), read_ahead=READS_NOTHING)
    while scene.on and await scene.pour(writer, pieces):
        pass
    await scene.rest()


@against_dc("unread-pongs", "pings in sessions whose pongs nobody reads")
async def unread_pongs(scene: DcScene) -> None:
    client = await scene.stranger()
    ping = service.functions.Ping(ping_id=1).to_bytes()
    pieces = [
        frame(client.container(client.message(ping, content=False) for _ in range(1000)))
        for _ in range(scene.count(60, 10))
    ]
    await scene.begin()
    _, writer = await scene.connect(read_ahead=READS_NOTHING)
    while scene.on and await scene.pour(writer, pieces):
        pass
    await scene.rest()


@against_dc("unread-acks", "calls whose acknowledgements and answers nobody reads")
async def unread_acks(scene: DcScene) -> None:
    client = await scene.stranger()
    call = api.functions.help.GetConfig().to_bytes()
    pieces = [frame(client.container(client.message(call) for _ in range(500))) for _ in range(scene.count(40, 6))]
    await scene.begin()
    await flood(scene, pieces, read=False)


@against_dc("unread-answers", "calls whose 4,000 answers of 25 KB nobody reads, from sessions without a connection")
async def unread_answers(scene: DcScene) -> None:
    client = await scene.stranger(logged_in=True)
    call = api.functions.photos.GetUserPhotos(
        user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100
    ).to_bytes()
    pieces = [frame(client.container(client.message(call) for _ in range(100))) for _ in range(scene.count(40, 12))]
    await scene.begin()
    _, writer = await scene.connect(read_ahead=READS_NOTHING)
    await scene.pour(writer, pieces)
    await scene.rest()


@against_dc("unfinished-packets", "100 connections that announce a packet of 2 MB and keep its end back")
async def unfinished_packets(scene: DcScene) -> None:
    size = 2 * 1024 * 1024 - 1024
    head = size.to_bytes(4, "little") + bytes(size - 64)
    await scene.begin()
    for _ in range(scene.count(100, 60)):
        if not scene.on:
            break
        _, writer = await scene.connect()
        await scene.pour(writer, [head])
    await scene.rest()


@against_dc("unfinished-posts", "100 connections that POST 2 MB and keep the end back", goals=Goals(p99=MANY))
async def unfinished_posts(scene: DcScene) -> None:
    size = 2 * 1024 * 1024 - 1024
    head = f"POST /apiw HTTP/1.1\r\nHost: dc\r\nContent-Length: {size}\r\n\r\n".encode() + bytes(size - 64)
    await scene.begin()
    for _ in range(scene.count(100, 60)):
        if not scene.on:
            break
        _, writer = await scene.connect(tag=b"")
        await scene.pour(writer, [head])
    await scene.rest()


@against_dc("many-sessions", "a new session for each of thousands of pings")
async def many_sessions(scene: DcScene) -> None:
    client = await scene.stranger()
    packets: list[bytes] = []
    for number in range(scene.count(10_000, 2_000)):
        client.session_id = number + 1
        packets += pings(client, 1)
    await scene.begin()
    await flood(scene, blocks(packets))


@against_dc("many-keys", "complete exchanges, one after the other, whose keys nobody uses")
async def many_keys(scene: DcScene) -> None:
    from tests.hostile.peers import exchange

    await scene.begin()
    made = 0
    while scene.on:
        await exchange(scene.address, scene.keys)
        made += 1
        await asyncio.sleep(0)
    scene.notes.append(f"{made} keys")
