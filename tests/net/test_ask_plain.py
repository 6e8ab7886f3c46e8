"""One plain question, asked any way that a connection can be made."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

import pytest

from mtproto.errors import ConnectionLost, DeadlineExceeded, LocalProtocolError, RemoteProtocolError, TransportError
from mtproto.exchange import ClientExchange
from mtproto.link import OtherEnd
from mtproto.net import Listener, ask_plain
from mtproto.net.route_options import TRANSPORT_NAMES
from mtproto.net.shells.plain_question import _Question
from mtproto.proxy import ProxyServer
from mtproto.transport import Framing, Full, Role, Secret, client_transport
from tests.net.certificate import contexts
from tests.net.streams import served, unused_address
from tests.net.support import SOON, listener, rsa_key, run
from tests.proxy.support import EVERY_SECRET

NOW = 1_750_000_000.0
UNREADABLE = bytes(8) + b"\1" * 8 + b"\4\0\0\0" + b"what"


async def ask(server: Listener, **options: Any) -> bytes:
    """Ask the first question of an exchange, and see that it was answered."""
    exchange = ClientExchange([rsa_key().public], 2, random=os.urandom)
    reply = await ask_plain(server.address, exchange.start(NOW), timeout=SOON, **options)
    assert exchange.receive(reply, NOW) is not None
    return reply


@pytest.mark.parametrize("transport", TRANSPORT_NAMES)
def test_a_plain_question_gets_its_answer(transport: str) -> None:
    server_tls, trusted = contexts()

    async def main() -> None:
        async with listener(tls=server_tls if transport == "websocket-tls" else None) as server:
            await ask(server, transport=transport, tls=trusted if transport == "websocket-tls" else None)

    run(main())


@pytest.mark.parametrize("transport", ["intermediate", "websocket"])
def test_what_is_no_question_gets_an_error(transport: str) -> None:
    async def main() -> None:
        async with listener() as server:
            with pytest.raises(TransportError):
                await ask_plain(server.address, UNREADABLE, transport=transport, timeout=SOON)

    run(main())


@pytest.mark.parametrize("secret", EVERY_SECRET.values(), ids=EVERY_SECRET)
def test_a_proxy_that_speaks_mtproto_passes_it_on(secret: Secret) -> None:
    async def main() -> None:
        async with listener() as server, ProxyServer([secret], {2: server.address}) as proxy:
            await ask(server, proxy=proxy.links()[0])
            await ask(server, proxy=proxy.links()[0].link, transport="padded")

    run(main())


def test_a_question_to_nobody_is_an_error() -> None:
    async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        """Say nothing."""

    async def main() -> None:
        async with served(hang_up) as address:
            with pytest.raises(ConnectionLost):
                await ask_plain(address, bytes(24), timeout=SOON)
        with pytest.raises(ConnectionLost, match="could not talk to 127"):
            await ask_plain(unused_address(), bytes(24), timeout=SOON)

    run(main())


def test_what_is_not_this_transport_is_told() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\xff\xff\xff\x7f")
        await reader.read()

    async def main() -> None:
        async with served(talk) as address:
            with pytest.raises(RemoteProtocolError):
                await ask_plain(address, bytes(24), timeout=SOON)

    run(main())


def test_whoever_has_an_answer_closes_the_connection() -> None:
    async def main() -> None:
        closed = asyncio.Event()

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(4 + 4 + 24)
            writer.write((24).to_bytes(4, "little") + bytes(24))
            assert await reader.read() == b""
            closed.set()

        async with served(talk) as address:
            assert await ask_plain(address, bytes(24), timeout=SOON) == bytes(24)
            await closed.wait()

    run(main())


def test_only_the_first_answer_counts() -> None:
    async def main() -> None:
        question = _Question(client_transport("full", os.urandom), bytes(24), OtherEnd(2, None))
        server = Framing(Full, Role.SERVER, os.urandom)
        question.received(server.pack(b"one " * 6))
        question.received(server.pack(b"two " * 6))
        question.lost(None)
        assert await question.answer == b"one " * 6

    run(main())


def test_a_question_has_a_deadline() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(DeadlineExceeded, match=r"127\.0\.0\.1"):
            await ask_plain(silent.getsockname(), bytes(24), timeout=0.05)

    run(main())


def test_a_transport_that_does_not_exist_is_named() -> None:
    async def main() -> None:
        with pytest.raises(LocalProtocolError, match="carrier pigeon"):
            await ask_plain(("192.0.2.1", 443), bytes(24), transport="carrier pigeon")

    run(main())
