"""Attacks that make a client keep much."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mtproto.session import wire
from tests.hostile.attack import against_client
from tests.hostile.attacks.client_work import INFLATED, nearly_updates, stream_of_containers
from tests.hostile.peers import gzipped
from tests.hostile.scene_client import answer_truly
from tl import api, service

if TYPE_CHECKING:
    from mtproto.session.wire import Message
    from tests.hostile.peers import SealingServer
    from tests.hostile.scene_client import ClientScene, Visitor


async def send_updates(scene: ClientScene, packed: bytes, count: int) -> None:
    await scene.begin()
    for _ in range(count):
        if not scene.on:
            break
        visitor = await scene.visitor()
        visitor.send(packed, content=True)
        await visitor.writer.drain()
        await asyncio.sleep(0.01)
    await scene.rest()


@against_client("inflated-updates", "120 updates of 16 KB that inflate to 16 MiB each; nobody reads them", reads=False)
async def inflated_updates(scene: ClientScene) -> None:
    body = api.types.UpdatesTooLong().to_bytes() + bytes(INFLATED)
    await send_updates(scene, gzipped(body), scene.count(120, 24))


@against_client("inflated-undecodable", "120 messages of 16 KB that inflate to 16 MiB and can't be read", reads=False)
async def inflated_undecodable(scene: ClientScene) -> None:
    # A service message, which the session itself decodes: what it refuses must not be kept.
    whole = service.types.MsgsAllInfo(msg_ids=[], info=b"").to_bytes()
    count = INFLATED // 8
    body = whole[:8] + count.to_bytes(4, "little") + bytes(8 * count)
    await send_updates(scene, gzipped(body), scene.count(120, 24))


@against_client("inflated-not-quite", "120 messages of 16 KB that fail to inflate at the end of 16 MiB", reads=False)
async def inflated_not_quite(scene: ClientScene) -> None:
    packed = bytearray(gzipped(nearly_updates(INFLATED)))
    packed[-12] ^= 0xFF  # in the checksum of the stream, or in its padding
    packed[-8] ^= 0xFF
    await send_updates(scene, bytes(packed), scene.count(120, 24))


@against_client("many-updates", "updates of 1 MB each, without pause; nobody reads them", reads=False)
async def many_updates(scene: ClientScene) -> None:
    body = api.types.UpdatesTooLong().to_bytes() + bytes(1 << 20)
    await send_updates(scene, body, scene.count(200, 100))


@against_client("unread-pongs-of-the-client", "pings to a client by a server that does not read")
async def unread_pongs(scene: ClientScene) -> None:
    ping = service.functions.Ping(ping_id=1).to_bytes()
    await scene.begin()
    visitor = await scene.visitor()
    visitor.writer.transport.pause_reading()  # type: ignore[attr-defined]
    server = visitor.sealing
    while scene.on:
        messages = [server.message(ping) for _ in range(1000)]
        if not await visitor.pour([visitor.framed(server.packet(wire.write_container(messages)))]):
            break
        await asyncio.sleep(0.01)
    await scene.rest()


@against_client("announced-answers", "announcements of answers that never come, each for the client to ask for")
async def announced_answers(scene: ClientScene) -> None:
    def announcement(server: SealingServer) -> Message:
        news = service.types.MsgNewDetailedInfo(answer_msg_id=server.msg_id(), bytes=100, status=0)
        return server.message(news.to_bytes())

    await stream_of_containers(scene, 500, announcement)


@against_client("answers-to-nobody", "answers of 1 MB to calls that nobody made")
async def answers_to_nobody(scene: ClientScene) -> None:
    async def answer(visitor: Visitor, message: Message) -> None:
        await answer_truly(visitor, message)

    scene.answer = answer
    await scene.begin()
    while scene.on:
        visitor = await scene.visitor()
        server = visitor.sealing
        body = wire.write_rpc_result(server.msg_id() & -4, bytes(1 << 20))
        visitor.send(body, content=True, answer=True)
        await visitor.writer.drain()
        await asyncio.sleep(0.02)
