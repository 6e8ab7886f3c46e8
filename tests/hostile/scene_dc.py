"""The scene of an attack on a data centre: the victim, a healthy client of it, and the attacker's means."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING, Any

from mtproto.message.key_state import KeyState
from tests.hostile.peers import INTERMEDIATE, HostileClient, exchange, frame, initialized
from tests.hostile.scene import Scene
from tl import api

if TYPE_CHECKING:
    from mtproto.crypto.rsa import RSAPublicKey
    from tests.hostile.process import Victim

__all__ = ["DcScene", "Relay"]

REMEMBERED = 1 << 20


class Relay:
    """Passes bytes on to the victim, and keeps what the healthy client sends."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._tasks: set[asyncio.Task[None]] = set()
        self.sent = bytearray()

    async def start(self) -> tuple[str, int]:
        """Listen; return where."""
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        return host, port

    async def close(self) -> None:
        """Stop."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        loop = asyncio.get_running_loop()
        for source, sink, keep in ((reader, far_writer, True), (far_reader, writer, False)):
            task = loop.create_task(self._pass_on(source, sink, keep))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, keep: bool) -> None:
        try:
            with contextlib.suppress(ConnectionError):
                while data := await source.read(1 << 16):
                    if keep and len(self.sent) < REMEMBERED:
                        self.sent += data
                    sink.write(data)
                    await sink.drain()
        finally:
            sink.transport.abort()


class DcScene(Scene):
    """An attack on a data centre.

    Attributes:
        dc: its process.
        address: where it listens.
        keys: its RSA keys.
        ready: what a client has to know to log in.
        healthy: the key of the healthy client; no attacker knows it.
        earlier: the first packets of earlier sessions of that key, as anybody on the way has recorded them.
        relay: what keeps the bytes of the healthy client, where the attack wants it.

    """

    def __init__(self, dc: Victim, ready: dict[str, Any], keys: list[RSAPublicKey], *, short: bool) -> None:
        super().__init__(short=short)
        self.dc = dc
        self.ready = ready
        self.keys = keys
        self.address: tuple[str, int] = (ready["address"][0], ready["address"][1])
        self.healthy: KeyState
        self.earlier: list[bytes] = []
        self.relay: Relay | None = None

    async def prepare(self, earlier: int) -> None:
        """Make the healthy client's key, and earlier sessions of it."""
        self.healthy = KeyState.from_exchange(await exchange(self.address, self.keys), dc_id=2)
        for _ in range(earlier):
            client = HostileClient(self.healthy.auth_key, self.healthy.salts[0].salt)
            reader, writer = await self.connect()
            body = initialized(api.functions.help.GetConfig())
            message = client.message(body)
            packet = client.seal(message)
            self.earlier.append(packet)
            writer.write(frame(packet))
            await reader.readexactly(4)
            self.drop(writer)

    async def stranger(self, *, logged_in: bool = False) -> HostileClient:
        """Return a client with a key of its own, made by an exchange."""
        result = await exchange(self.address, self.keys)
        client = HostileClient(result.auth_key, result.server_salt)
        reader, writer = await self.connect()
        query: Any = api.functions.help.GetConfig()
        if logged_in:
            login = {name: self.ready[name] for name in ("api_id", "api_hash")}
            query = api.functions.auth.ImportBotAuthorization(flags=0, bot_auth_token=self.ready["bot_token"], **login)
        await client.call(reader, writer, initialized(query))
        self.drop(writer)
        return client

    async def connect(
        self, *, tag: bytes = INTERMEDIATE, read_ahead: int | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the data centre, and send the tag of a framing."""
        reader, writer = await self.connect_to(self.address, read_ahead=read_ahead)
        if tag:
            writer.write(tag)
        return reader, writer

    async def websocket(self, *, read_ahead: int | None = None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect, and become a WebSocket."""
        reader, writer = await self.connect(tag=b"", read_ahead=read_ahead)
        writer.write(
            b"GET /apiws HTTP/1.1\r\nHost: dc\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Protocol: binary\r\n\r\n"
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise ConnectionError("no WebSocket")
        return reader, writer

    async def stats(self) -> dict[str, Any]:
        """Return how many connections, sessions and keys the victim has."""
        return await self.dc.ask(10.0, do="stats")

    @staticmethod
    def noise(size: int) -> bytes:
        """Return random bytes."""
        return os.urandom(size)
