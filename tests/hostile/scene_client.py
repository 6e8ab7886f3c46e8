"""The scene of an attack on a client: the client's process, and a hostile server that shares a key with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import TYPE_CHECKING, Any, TypeAlias

from mtproto.errors import MTProtoError
from mtproto.exchange import ExchangeFaults, ServerExchange
from mtproto.limits import DEFAULT_LIMITS
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, payload_key_id, unseal
from mtproto.session import wire
from mtproto.transport import Payload, detect
from tests.hostile.peers import SealingServer, flattened
from tests.hostile.scene import Scene
from tl import service

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mtproto.crypto.rsa import RSAPrivateKey
    from mtproto.session.wire import Message
    from mtproto.transport import ServerTransport
    from tests.hostile.process import Victim

    Answer: TypeAlias = Callable[["Visitor", Message], Awaitable[None]]
    Raw: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

__all__ = ["ClientScene", "Visitor", "answer_truly"]

EMPTY_VECTOR = bytes.fromhex("15c4b51c00000000")
"""What the client's calls want for an answer: a list of no users."""


class Visitor:
    """One connection of the client that is attacked.

    Attributes:
        server: seals packets for it, once it has shown its session.
        exchange: the exchange under way on it.

    """

    def __init__(self, scene: ClientScene, writer: asyncio.StreamWriter) -> None:
        self.scene = scene
        self.writer = writer
        self.transport: ServerTransport | None = None
        self.server: SealingServer | None = None
        self.exchange = self._new_exchange()
        self._head = b""

    @property
    def sealing(self) -> SealingServer:
        """What seals packets for it."""
        if self.server is None:
            raise ConnectionError("the client has sent no packet yet")
        return self.server

    def framed(self, payload: bytes) -> bytes:
        """Return a payload in the framing of the connection."""
        if self.transport is None:
            raise ConnectionError("the client has told no framing yet")
        return self.transport.pack(payload)

    def send(self, body: bytes, *, content: bool = False, answer: bool = False) -> None:
        """Seal and send one message."""
        self.write(self.framed(self.sealing.packet(body, content=content, answer=answer)))

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if not self.writer.is_closing():
            self.writer.write(data)

    async def pour(self, pieces: list[bytes]) -> bool:
        """Send all of it, as fast as the client takes it; return whether the connection still stands."""
        return await self.scene.pour(self.writer, pieces)

    def reply(self, message: Message, result: bytes) -> None:
        """Answer a call."""
        self.send(wire.write_rpc_result(message.msg_id, result), content=True, answer=True)

    # What comes in -----------------------------------------------------------------------------------------------

    async def received(self, data: bytes) -> None:
        """Take bytes of the client."""
        if self.transport is None:
            self._head += data
            found = detect(self._head, os.urandom, limits=DEFAULT_LIMITS)
            if found is None or found.transport is None:
                return
            self.transport, data = found.transport, found.rest
        for item in self.transport.receive(data):
            if isinstance(item, Payload):
                await self.received_payload(item.data)

    async def received_payload(self, payload: bytes) -> None:
        """Take one packet of the client."""
        if payload_key_id(payload) == 0:
            await self._received_query(payload)
            return
        message = unseal(self.scene.auth_key, Sender.CLIENT, payload)
        if self.server is None or self.server.session_id != message.session_id:
            self.server = SealingServer(self.scene.auth_key, message.session_id)
            self.scene.seen(self)
        for inner in flattened(message):
            await self.scene.answer(self, inner)

    async def _received_query(self, payload: bytes) -> None:
        if self.exchange.begins_another(payload):
            self.exchange = self._new_exchange()
        answer = self.exchange.receive(payload, time.time())
        if self.exchange.result is not None:
            self.scene.auth_key = self.exchange.result.auth_key
            await asyncio.sleep(self.scene.last_answer_after)
        self.write(self.framed(answer))

    def _new_exchange(self) -> ServerExchange:
        return ServerExchange([self.scene.rsa_key], os.urandom, faults=self.scene.exchange_faults)


async def answer_truly(visitor: Visitor, message: Message) -> None:
    """Answer a call with an empty list and a ping with a pong."""
    name = service_name(message.body)
    if name in ("ping", "ping_delay_disconnect"):
        ping: Any = service.decode(message.body)
        body = service.types.Pong(msg_id=message.msg_id, ping_id=ping.ping_id).to_bytes()
        visitor.send(body, answer=True)
    elif name is None:
        visitor.reply(message, EMPTY_VECTOR)


def service_name(body: bytes) -> str | None:
    """Return the name of a service message; None for a call of the API."""
    return service.schema.name_of(wire.constructor_id(body))


class ClientScene(Scene):
    """An attack on a client.

    Attributes:
        client: its process.
        auth_key: what client and hostile server share.
        rsa_key: of the hostile server.
        answer: what the server does with each message of the client; an attack may replace it.
        raw: serves connections instead of all that stands here, where an attack sets it.
        exchange_faults: how its exchanges misbehave.
        last_answer_after: seconds that it waits before the answer which ends an exchange.
        honest: host and port of a data centre that means well.
        connections: how many there were.

    """

    def __init__(self, client: Victim, rsa_key: RSAPrivateKey, *, short: bool) -> None:
        super().__init__(short=short)
        self.client = client
        self.rsa_key = rsa_key
        self.auth_key = AuthKey(os.urandom(256))
        self.answer: Answer = answer_truly
        self.raw: Raw | None = None
        self.exchange_faults = ExchangeFaults()
        self.last_answer_after = 0.0
        self.honest: tuple[str, int] = ("", 0)
        self.connections = 0
        self._visitor: asyncio.Future[Visitor] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> tuple[str, int]:
        """Listen; return where."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1000)
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def stop(self) -> None:
        """Stop listening, and end all connections."""
        self._server.close()
        self.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stall(self) -> None:
        """Attack with silence: take all that the client says, over every connection, and answer nothing."""

        async def raw(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            while await reader.read(1 << 16):
                pass

        self.raw = raw
        await self.begin()
        await self.rest()

    async def visitor(self) -> Visitor:
        """Wait for a connection over which the client sends packets."""
        if self._visitor is None or (self._visitor.done() and self._visitor.result().writer.is_closing()):
            self._visitor = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._visitor)

    def seen(self, visitor: Visitor) -> None:
        """Note a connection that has shown its session."""
        if self._visitor is None or self._visitor.done():
            self._visitor = asyncio.get_running_loop().create_future()
        self._visitor.set_result(visitor)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.connections += 1
        self._open.add(writer)
        try:
            # Whatever comes of a client under attack ends its connection, not the attacker.
            with contextlib.suppress(OSError, EOFError, MTProtoError, asyncio.CancelledError):
                if self.raw is not None:
                    await self.raw(reader, writer)
                    return
                visitor = Visitor(self, writer)
                while data := await reader.read(1 << 18):
                    await visitor.received(data)
        finally:
            self.drop(writer)
