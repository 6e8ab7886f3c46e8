"""A WebSocket is closed with a Close frame by either end (RFC 6455, section 7), and TLS with close_notify."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, Request

from mtproto.link import ClientLink
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.net import BlockingConnection, Connection
from mtproto.net.carriers.route import Route
from mtproto.net.shells.pump import CLOSE_TIME, Pump
from tests.link.support import known_state, seeded
from tests.net.certificate import contexts
from tests.net.fake_loop import FakeLoop
from tests.net.streams import visiting
from tests.net.support import SOON, connection, listener, rsa_key, run

if TYPE_CHECKING:
    from collections.abc import Callable

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "websocket-tls"])


class Judge:
    """A server on a blocking socket in a thread, with `wsproto`: takes one WebSocket and notes how it ends."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.listening.getsockname()
        self.tls = tls
        self.closes: list[CloseConnection] = []
        self.clean_end = False
        self.thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        taken, _ = self.listening.accept()
        taken.settimeout(SOON)
        if self.tls is not None:
            taken = self.tls.wrap_socket(taken, server_side=True, suppress_ragged_eofs=False)
        with taken:
            machine = WSConnection(ConnectionType.SERVER)
            while data := taken.recv(1 << 16):
                machine.receive_data(data)
                for event in machine.events():
                    if isinstance(event, Request):
                        taken.sendall(machine.send(AcceptConnection(subprotocol="binary")))
                    elif isinstance(event, CloseConnection):
                        self.closes.append(event)
                        taken.sendall(machine.send(event.response()))
            self.clean_end = True  # without close_notify `recv` would have raised

    def __enter__(self) -> Judge:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join(SOON)
        self.listening.close()


def options(transport: str) -> dict[str, Any]:
    return {
        "state": KeyState(auth_key=AuthKey(bytes(range(256))), dc_id=2),
        "transport": transport,
        "tls": contexts()[1] if transport == "websocket-tls" else None,
    }


def close_with_asyncio(address: tuple[str, int], transport: str) -> None:
    async def main() -> None:
        client = Connection(address, [rsa_key().public], **options(transport))
        await client.open(timeout=SOON)
        await client.close()

    run(main())


def close_without_asyncio(address: tuple[str, int], transport: str) -> None:
    client = BlockingConnection(address, [rsa_key().public], **options(transport))
    client.open(timeout=SOON)
    client.close()


@TRANSPORTS
@pytest.mark.parametrize("close", [close_with_asyncio, close_without_asyncio])
def test_a_client_that_closes_says_so_with_1000(close: Callable[[tuple[str, int], str], None], transport: str) -> None:
    with Judge(contexts()[0] if transport == "websocket-tls" else None) as judge:
        close(judge.address, transport)
    assert [event.code for event in judge.closes] == [1000]
    assert judge.clean_end


def test_a_server_that_shuts_down_says_so_with_1000_and_waits_for_the_answer() -> None:
    async def main() -> None:
        server = listener()
        await server.start()
        async with visiting(server.address) as (reader, writer):
            machine = WSConnection(ConnectionType.CLIENT)
            writer.write(machine.send(Request(host="x", target="/apiws", subprotocols=["binary"])))
            [accepted] = await events_of(machine, reader)
            assert isinstance(accepted, AcceptConnection)
            shutting_down = asyncio.ensure_future(server.close())
            [closed] = await events_of(machine, reader)
            assert isinstance(closed, CloseConnection)
            assert closed.code == 1000
            writer.write(machine.send(closed.response()))
            assert await reader.read() == b""
            await shutting_down

    run(main())


async def events_of(machine: WSConnection, reader: asyncio.StreamReader) -> list[Event]:
    while not (events := list(machine.events())):
        machine.receive_data(await reader.read(1 << 16))
    return events


@TRANSPORTS
def test_both_ends_of_ours_part_without_waiting_for_a_time_to_be_over(transport: str) -> None:
    async def main() -> None:
        tls: dict[str, Any] = {"tls": contexts()[0]} if transport == "websocket-tls" else {}
        async with listener(**tls) as server:
            trusted: dict[str, Any] = {"transport": transport, "tls": contexts()[1] if tls else None}
            async with connection(server, **trusted) as client:
                assert client.is_open
            async with connection(server, **trusted) as client:
                await server.close()
                assert server.connections == 0

    run(main())


class Scene:
    """A pump with a WebSocket that is open, on a loop that the test turns, and the server's machine."""

    def __init__(self) -> None:
        self.loop = FakeLoop()
        link = ClientLink([rsa_key().public], dc_id=2, random=seeded(), state=known_state())
        route = Route(addresses=(("192.0.2.1", 80),), carrier="websocket", path="/apiws")
        self.link = link
        self.pump = Pump(link, self.loop, route, lambda _events: False, *[lambda _error: None] * 3)
        self.pump.connect()
        [self.below] = self.loop.carriers
        self.server = WSConnection(ConnectionType.SERVER)
        self.below.open()
        assert isinstance(self.heard()[0], Request)
        self.say(AcceptConnection(subprotocol="binary"))
        self.loop.turn()
        self.heard()

    def heard(self) -> list[Event]:
        """Return what the client has said since the last time."""
        data, self.below.written = b"".join(self.below.written), []
        self.server.receive_data(data)
        return list(self.server.events())

    def say(self, event: Event) -> None:
        self.below.owner.received(self.server.send(event))

    def close(self) -> None:
        self.link.close()
        self.pump.close()


def test_nothing_but_a_close_counts_after_a_close() -> None:
    scene = Scene()
    scene.close()
    [closed] = scene.heard()
    assert isinstance(closed, CloseConnection)
    for frame in (b"\x89\x01a", b"\x8a\x01a", b"\x82\x01a"):  # a ping, a pong, a message that crossed the Close
        scene.below.owner.received(frame)
    assert scene.below.written == []
    scene.say(closed.response())
    scene.loop.turn()
    assert scene.below.over
    assert scene.loop.planned == 0


def test_a_server_that_does_not_answer_a_close_is_left_in_time() -> None:
    scene = Scene()
    scene.close()
    scene.loop.wait(CLOSE_TIME - 0.01)
    assert not scene.below.over
    scene.loop.wait(0.02)
    assert scene.below.over
    assert scene.loop.planned == 0


def test_a_second_close_does_not_wait() -> None:
    scene = Scene()
    scene.close()
    scene.close()
    scene.loop.turn()
    assert scene.below.over


def test_a_close_of_the_server_is_answered() -> None:
    scene = Scene()
    scene.say(CloseConnection(code=1000))
    [answer] = scene.heard()
    assert isinstance(answer, CloseConnection)
    assert answer.code == 1000
    scene.loop.turn()
    assert scene.below.over
