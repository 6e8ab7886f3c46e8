"""Attacks that give a client much to do for few bytes."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from mtproto.session import wire
from tests.hostile.attack import Goals, against_client
from tests.hostile.peers import gzipped, state_request
from tests.hostile.scene_client import answer_truly, service_name
from tl import api, service

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.session.wire import Message
    from tests.hostile.peers import SealingServer
    from tests.hostile.scene_client import ClientScene, Visitor

IDS = 8192
INFLATED = 16 * 1024 * 1024 - 64
READ = 256 * 1024


async def stream_of_packets(scene: ClientScene, body: bytes) -> None:
    """Send one packet with this message after the other, without pause."""
    await scene.begin()
    while scene.on:
        visitor = await scene.visitor()
        server = visitor.sealing
        await visitor.pour([b"".join(visitor.framed(server.packet(body)) for _ in range(500))])
        await asyncio.sleep(0)


async def stream_of_containers(scene: ClientScene, count: int, make: Callable[[SealingServer], Message]) -> None:
    """Send containers of so many messages, with a short pause behind each."""
    await scene.begin()
    while scene.on:
        visitor = await scene.visitor()
        visitor.send(wire.write_container([make(visitor.sealing) for _ in range(count)]))
        await asyncio.sleep(0.02)


@against_client("gzipped-state-requests-250", "250 gzipped state requests about 8192 messages each, in 43 KiB")
async def gzipped_state_requests(scene: ClientScene) -> None:
    packed = gzipped(state_request(IDS))
    await scene.begin()
    while scene.on:
        visitor = await scene.visitor()
        server = visitor.sealing
        messages = [server.message(packed) for _ in range(250)]
        visitor.send(wire.write_container(messages))
        await asyncio.sleep(0.5)


@against_client("unasked-future-salts", "future_salts with a million entries in 30 KiB, to no question")
async def unasked_future_salts(scene: ClientScene) -> None:
    count = INFLATED // 16
    head = service.types.FutureSalts(req_msg_id=4, now=0, salts=[]).to_bytes()[:-4]
    packed = gzipped(head + count.to_bytes(4, "little") + bytes(16) * count)
    await scene.begin()
    while scene.on:
        visitor = await scene.visitor()
        visitor.send(packed)
        await asyncio.sleep(0.5)


@against_client("state-requests-4mb", "4 MB of state requests at once, again and again")
async def state_requests_in_the_buffer(scene: ClientScene) -> None:
    body = state_request(IDS)
    await scene.begin()
    while scene.on:
        visitor = await scene.visitor()
        server = visitor.sealing
        messages = [server.message(body) for _ in range(15)]
        packets = [visitor.framed(server.packet(wire.write_container(messages))) for _ in range(4)]
        await visitor.pour(packets)
        await asyncio.sleep(0)


@against_client("small-state-requests", "a stream of packets with one state request about one message each")
async def small_state_requests(scene: ClientScene) -> None:
    await stream_of_packets(scene, state_request(1))


@against_client("result-fails-at-its-end", "answers of gzip whose decoding fails at the last of 16 MiB")
async def result_fails_at_its_end(scene: ClientScene) -> None:
    empty = api.types.UserEmpty(id=1).to_bytes()
    count = INFLATED // len(empty)
    body = bytes.fromhex("15c4b51c") + count.to_bytes(4, "little") + empty * (count - 1) + b"\xff" * len(empty)
    packed = gzipped(body)
    sent = 0

    async def answer(visitor: Visitor, message: Message) -> None:
        nonlocal sent
        if scene.go.is_set() and service_name(message.body) is None and sent < 10:
            sent += 1
            visitor.reply(message, packed)
        else:
            await answer_truly(visitor, message)

    scene.answer = answer
    await scene.begin()
    await scene.rest()


@against_client("update-fails-at-its-end", "updates of 16 KB whose decoding fails at the last of 16 MiB")
async def update_fails_at_its_end(scene: ClientScene) -> None:
    packed = gzipped(nearly_updates(INFLATED))
    await scene.begin()
    while scene.on:
        visitor = await scene.visitor()
        visitor.send(packed, content=True)
        await asyncio.sleep(0.5)


@against_client("acks-flood", "packets with one ack each, without pause")
async def acks_flood(scene: ClientScene) -> None:
    await stream_of_packets(scene, wire.write_acks([4]))


@against_client("repeated-packet", "one and the same packet, without pause")
async def repeated_packet(scene: ClientScene) -> None:
    await scene.begin()
    while scene.on:
        visitor = await scene.visitor()
        packet = visitor.framed(visitor.sealing.packet(wire.write_acks([4]), content=True))
        await visitor.pour([packet * (READ // len(packet))] * 20)
        await asyncio.sleep(0)


@against_client("new-sessions", "notices of new sessions, without pause")
async def new_sessions(scene: ClientScene) -> None:
    def notice(server: SealingServer) -> Message:
        created = service.types.NewSessionCreated(
            first_msg_id=server.msg_id() & -4,
            unique_id=int.from_bytes(os.urandom(8), "little", signed=True),
            server_salt=1,
        )
        return server.message(created.to_bytes(), content=True)

    await stream_of_containers(scene, 200, notice)


@against_client("salt-ping-pong", "every packet is refused for its salt")
async def salt_ping_pong(scene: ClientScene) -> None:
    async def answer(visitor: Visitor, message: Message) -> None:
        if not scene.go.is_set():
            await answer_truly(visitor, message)
            return
        notice = service.types.BadServerSalt(
            bad_msg_id=message.msg_id,
            bad_msg_seqno=message.seqno,
            error_code=48,
            new_server_salt=int.from_bytes(os.urandom(8), "little", signed=True),
        )
        visitor.send(notice.to_bytes(), answer=True)

    scene.answer = answer
    await scene.begin()
    await scene.rest()


@against_client(
    "code-17-for-a-foreign-id",
    "refusals with code 17 of messages that were never sent: the clock must not move",
    goals=Goals(attacked_answered=True),
)
async def code_17_for_a_foreign_id(scene: ClientScene) -> None:
    async def answer(visitor: Visitor, message: Message) -> None:
        if service_name(message.body) is None:
            drift = abs((message.msg_id >> 32) - (visitor.sealing.msg_id() >> 32))
            if drift > 20 and not scene.complaints:
                scene.complaints.append(f"the client's clock was moved by {drift} s")
        await answer_truly(visitor, message)

    scene.answer = answer
    await scene.begin()
    while scene.on:
        visitor = await scene.visitor()
        for ahead in (-1000, 200, 1000):
            notice = service.types.BadMsgNotification(
                bad_msg_id=(visitor.sealing.msg_id() & -4) + (ahead << 32), bad_msg_seqno=0, error_code=17
            )
            visitor.send(notice.to_bytes(), answer=True)
        await asyncio.sleep(0.05)


def nearly_updates(size: int) -> bytes:
    """Return an `updates` with a vector whose last element only is wrong."""
    too_long: bytes = api.types.UpdateConfig().to_bytes()
    count = size // len(too_long) - 16
    whole: bytes = api.types.Updates(updates=[], users=[], chats=[], date=0, seq=0).to_bytes()
    return whole[:8] + count.to_bytes(4, "little") + too_long * (count - 1) + b"\xff" * 4
