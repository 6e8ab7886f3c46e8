"""What waits for a peer that does not read is bounded, however much the peer sends: it is not read any more."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from mtproto.message.auth_key import AuthKey
from mtproto.net.servers import endings
from mtproto.net.servers.endings import STALL_TIME
from mtproto.net.servers.server_pump import ServerPump
from mtproto.session import wire
from mtproto.transport import client_transport
from tests.hostile.peers import INTERMEDIATE, HostileClient, frame, state_request
from tests.net.fake_transport import HIGH_WATER, FakeTransport
from tests.net.support import listener, move_on, run
from tl import service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mtproto.net import Listener

OUTPUT = 4 * 1024
"""Bytes that may wait in these tests."""

READ = 16 * 1024
"""Bytes of one read in these tests."""

MOST_ANSWERED = 64
"""Bytes of answers for each byte that comes in: more than any of these requests makes."""

READS = 200
"""Reads after which a server that still goes on is taken not to stop."""

CALL = b"call" + os.urandom(508)
"""A call whose answer can't be packed."""

WEBSOCKET = (
    b"GET /apiws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: binary\r\n\r\n"
)


def known_client(server: Listener) -> HostileClient:
    """Return a client whose key the server knows."""
    key = AuthKey(os.urandom(256))
    server.state.add_key(key, first_salt=5)
    return HostileClient(key, 5)


def repeated(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece * (READ // len(piece))


def of_websocket_pings(server: Listener) -> Iterator[bytes]:
    yield WEBSOCKET
    yield from repeated(b"\x89\xfd" + bytes(4) + bytes(125))


def of_options(server: Listener) -> Iterator[bytes]:
    yield from repeated(b"OPTIONS /apiw HTTP/1.1\r\nHost: x\r\n\r\n")


def of_packets_with_quick_acks(server: Listener) -> Iterator[bytes]:
    client, framing = known_client(server), client_transport("abridged", os.urandom)
    yield framing.opening()
    ack = wire.write_acks([4])
    while True:
        yield b"".join(framing.pack(client.packet(ack, content=False), True) for _ in range(READ // 120))


def containers(server: Listener, body: bytes, count: int, *, content: bool = False) -> Iterator[bytes]:
    client = known_client(server)
    yield INTERMEDIATE
    while True:
        yield frame(client.container(client.message(body, content=content) for _ in range(count)))


def of_pings(server: Listener) -> Iterator[bytes]:
    yield from containers(server, service.functions.Ping(ping_id=1).to_bytes(), 500)


def of_questions_for_salts(server: Listener) -> Iterator[bytes]:
    yield from containers(server, service.functions.GetFutureSalts(num=64).to_bytes(), 15)


def of_states(server: Listener) -> Iterator[bytes]:
    yield from containers(server, state_request(4000), 1)


def of_content_to_acknowledge(server: Listener) -> Iterator[bytes]:
    yield from containers(server, service.functions.Ping(ping_id=1).to_bytes(), 500, content=True)


def of_calls(server: Listener) -> Iterator[bytes]:
    yield from containers(server, CALL, 10, content=True)


async def read_by(pump: ServerPump, transport: FakeTransport, pieces: Iterator[bytes]) -> int:
    """Let the connection be read for as long as it wants to be; return how many reads that were."""
    for number, piece in enumerate(pieces):
        if number == READS or not transport.is_reading():
            return number
        pump.data_received(piece)
        await settled(pump)
    return 0


async def settled(pump: ServerPump) -> None:
    """Let all turns be taken that are wanted."""
    while pump.wants_turn:
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "requests",
    [
        of_websocket_pings,
        of_options,
        of_packets_with_quick_acks,
        of_pings,
        of_questions_for_salts,
        of_states,
        of_content_to_acknowledge,
        of_calls,
    ],
)
def test_a_peer_that_does_not_read_is_not_read_and_cut_in_the_end(
    requests: Callable[[Listener], Iterator[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endings, "OUTPUT", OUTPUT)

    async def main() -> None:
        async with listener() as server:
            pump = ServerPump(server, asyncio.get_running_loop())
            transport = FakeTransport(pump, reads=False)
            transport.write(bytes(HIGH_WATER + 1))
            pieces = requests(server)
            for _ in range(3):
                assert 0 < await read_by(pump, transport, pieces) < READS
                assert pump._link is not None
                assert OUTPUT < pump._link.unsent < OUTPUT + MOST_ANSWERED * READ
                assert len(pump._input) <= READ
                while not transport.is_reading():  # whoever takes something is read again
                    transport.read_all()
                    await settled(pump)
                transport.write(bytes(HIGH_WATER + 1))
            await read_by(pump, transport, pieces)
            move_on(STALL_TIME + 0.1)
            await pump.closed.wait()
            assert transport.aborted

    run(main())


def test_a_peer_that_reads_slowly_is_read_while_little_waits_for_it() -> None:
    async def main() -> None:
        async with listener() as server:
            pump = ServerPump(server, asyncio.get_running_loop())
            transport = FakeTransport(pump, reads=False)
            transport.write(bytes(HIGH_WATER + 1))
            pieces = of_pings(server)
            pump.data_received(next(pieces))
            pump.data_received(next(pieces))
            assert transport.is_reading()
            move_on(STALL_TIME + 0.1)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert not transport.aborted

    run(main())


def test_a_peer_that_takes_something_is_not_cut_however_slow_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endings, "OUTPUT", OUTPUT)
    monkeypatch.setattr(endings, "STALL_TIME", 5.0)

    async def main() -> None:
        async with listener() as server:
            pump = ServerPump(server, asyncio.get_running_loop())
            transport = FakeTransport(pump, reads=False)
            transport.write(bytes(HIGH_WATER + 1000))
            await read_by(pump, transport, of_calls(server))
            for _ in range(3):
                assert not transport.is_reading()
                transport.held = transport.held[:-1]
                move_on(5.1)
                for _ in range(3):
                    await asyncio.sleep(0)
                assert not transport.aborted
            move_on(5.1)
            await pump.closed.wait()
            assert transport.aborted

    run(main())
