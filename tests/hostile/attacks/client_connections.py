"""Attacks on the connections and the deadlines of a client."""

from __future__ import annotations

import asyncio
import os
from itertools import cycle
from typing import TYPE_CHECKING

from mtproto.session.wire import write_rpc_error
from mtproto.transport import Framing, Packets, Role
from tests.hostile.attack import Goals, against_client
from tests.hostile.scene_client import Visitor, answer_truly, service_name

if TYPE_CHECKING:
    from mtproto.session.wire import Message
    from tests.hostile.scene_client import ClientScene


@against_client("silent-server", "a server that takes calls and never answers")
async def silent_server(scene: ClientScene) -> None:
    async def answer(visitor: Visitor, message: Message) -> None:
        if not scene.go.is_set():
            await answer_truly(visitor, message)

    scene.answer = answer
    await scene.begin()
    await scene.rest()


@against_client(
    "full-room", "a server that never answers a client with room for four calls", limits={"unanswered_requests": 4}
)
async def full_room(scene: ClientScene) -> None:
    await silent_server(scene)


@against_client("not-inited-late", "answers CONNECTION_NOT_INITED when a call's time is nearly over")
async def not_inited_late(scene: ClientScene) -> None:
    late: set[asyncio.Task[None]] = set()

    async def refuse(visitor: Visitor, message: Message) -> None:
        await asyncio.sleep(0.8)
        if not visitor.writer.is_closing():
            visitor.reply(message, write_rpc_error(400, "CONNECTION_NOT_INITED"))

    async def answer(visitor: Visitor, message: Message) -> None:
        if scene.go.is_set() and service_name(message.body) is None:
            task = asyncio.get_running_loop().create_task(refuse(visitor, message))
            late.add(task)
            task.add_done_callback(late.discard)
        else:
            await answer_truly(visitor, message)

    scene.answer = answer
    await scene.begin()
    await scene.rest()
    for task in list(late):
        task.cancel()


@against_client("resets", "resets every connection as soon as the client has sent something")
async def resets(scene: ClientScene) -> None:
    await scene.begin()
    (await scene.visitor()).writer.transport.abort()

    async def raw(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        scene.reset(writer)

    scene.raw = raw
    await scene.rest()


@against_client("transport-errors", "transport errors, quick acks and nonsense, without pause")
async def transport_errors(scene: ClientScene) -> None:
    await scene.begin()
    pieces = [(4).to_bytes(4, "little") + (-429).to_bytes(4, "little", signed=True), os.urandom(64), b"\xff" * 64]
    number = 0
    while scene.on:
        visitor = await scene.visitor()
        number += 1
        visitor.write(pieces[number % len(pieces)])
        await asyncio.sleep(0.02)


@against_client(
    "stalling-http-proxy", "an HTTP proxy that takes CONNECT and never answers", through="http", state=False
)
async def stalling_http_proxy(scene: ClientScene) -> None:
    await scene.stall()


@against_client(
    "stalling-socks-proxy", "a SOCKS proxy that takes its greeting and never answers", through="socks5", state=False
)
async def stalling_socks_proxy(scene: ClientScene) -> None:
    await scene.stall()


@against_client("endless-http-proxy", "an HTTP proxy whose answer never ends", through="http", state=False)
async def endless_http_proxy(scene: ClientScene) -> None:
    async def raw(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 200 ")
        while scene.on:
            writer.write(b"x" * 65536)
            await writer.drain()
            await asyncio.sleep(0)

    scene.raw = raw
    await scene.begin()
    await scene.rest()


@against_client(
    "stalling-fake-tls", "a proxy of fake TLS that takes the hello and never answers", through="tg", state=False
)
async def stalling_fake_tls(scene: ClientScene) -> None:
    await scene.stall()


@against_client(
    "unasked-http-answers",
    "HTTP answers that nobody asked for, behind those that somebody did",
    goals=Goals(),
    transport="http",
)
async def unasked_http_answers(scene: ClientScene) -> None:
    unasked = cycle((b"HTTP/1.1 200 OK\r\n\r\n", _http(b""), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123"))

    async def raw(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visitor = _HttpVisitor(scene, writer)
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            size = next(
                int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
            )
            body = await reader.readexactly(size)
            await visitor.received_payload(body)
            answers = visitor.packets or [b""]
            if not scene.go.is_set():
                writer.write(_http(answers.pop(0)))  # one answer to one question; the others wait
                visitor.packets = answers if visitor.packets else []
                continue
            # What comes behind the first answer reaches a line on which nothing is asked.
            writer.write(b"".join(_http(packet) for packet in answers) + next(unasked))
            visitor.packets.clear()

    scene.raw = raw
    await scene.begin()
    await scene.rest()


class _HttpVisitor(Visitor):
    """Keeps the packets for the client until they can be the bodies of answers."""

    def __init__(self, scene: ClientScene, writer: asyncio.StreamWriter) -> None:
        super().__init__(scene, writer)
        self.transport = Framing(Packets, Role.SERVER, os.urandom)
        self.packets: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Keep a packet."""
        self.packets.append(data)


def _http(body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
