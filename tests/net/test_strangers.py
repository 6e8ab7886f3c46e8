"""All connections without an accepted packet share one budget of memory: the largest goes first."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.message.auth_key import AuthKey
from mtproto.net.servers import listener as listener_module
from mtproto.net.servers.server_pump import ServerPump
from mtproto.net.servers.strangers import ROOM, StrangersBudget
from mtproto.transport import Framing, Intermediate, Role, obfuscate
from tests.hostile.peers import INTERMEDIATE, HostileClient, frame
from tests.net.fake_transport import FakeTransport
from tests.net.support import listener, run
from tests.net.test_told_to_close import WEBSOCKET
from tl import service

if TYPE_CHECKING:
    from mtproto.net import Listener

LIMIT = 10_000 * ROOM
SIZE = 4_000
"""Bytes that each stranger sends: two fit into the budget, three do not."""

PING = service.functions.Ping(ping_id=1).to_bytes()


def begun_stream() -> bytes:
    """Return the beginning of a large packet in an obfuscated stream."""
    framing = obfuscate(Framing(Intermediate, Role.CLIENT, os.urandom), os.urandom)
    return framing.opening() + framing.frame(bytes(1 << 20), False)[:4]


UNFINISHED = {
    "a packet": INTERMEDIATE + (1 << 20).to_bytes(4, "little"),
    "a POST": b"POST /apiw HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n",
    "a frame of a WebSocket": WEBSOCKET + b"\x82\xfe\xff\xff" + bytes(4) + begun_stream(),
    "headers": b"POST /apiw HTTP/1.1\r\nX: ",
}


def visit(server: Listener, *said: bytes) -> tuple[ServerPump, FakeTransport]:
    pump = ServerPump(server, asyncio.get_running_loop())
    transport = FakeTransport(pump)
    for piece in said:
        pump.data_received(piece)
    return pump, transport


async def settled(server: Listener) -> None:
    """Let all turns be taken that are wanted."""
    while server.inputs.turns.waiting:
        await asyncio.sleep(0)


def of_size(head: bytes, size: int = SIZE) -> bytes:
    return head + b"x" * (size - len(head))


@pytest.mark.parametrize("head", UNFINISHED.values(), ids=UNFINISHED)
def test_where_strangers_hold_too_much_the_largest_is_cut(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "STRANGERS_MEMORY", LIMIT)

    async def main() -> None:
        async with listener() as server:
            _, first = visit(server, of_size(head))
            await settled(server)
            _, largest = visit(server, of_size(head, SIZE + 500))
            await settled(server)
            assert not largest.aborted
            _, third = visit(server, of_size(head))
            assert (first.aborted, largest.aborted, third.aborted) == (False, True, False)
            assert 2 * SIZE * ROOM <= server.strangers.total <= LIMIT

    run(main())


def test_what_strangers_do_not_read_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "STRANGERS_MEMORY", LIMIT)

    async def main() -> None:
        async with listener() as server:
            pump = ServerPump(server, asyncio.get_running_loop())
            transport = FakeTransport(pump, reads=False)
            options = b"OPTIONS /apiw HTTP/1.1\r\nHost: x\r\n\r\n"
            said = 0
            while not transport.aborted:
                pump.data_received(options)
                await asyncio.sleep(0)
                said += len(options)
            assert said < LIMIT / 4

    run(main())


@pytest.mark.parametrize("http", [False, True], ids=["a stream", "HTTP"])
def test_a_client_of_which_a_packet_was_accepted_counts_no_longer(http: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "STRANGERS_MEMORY", LIMIT)

    async def main() -> None:
        async with listener() as server:
            key = AuthKey(os.urandom(256))
            server.state.add_key(key, first_salt=5)
            packet = HostileClient(key, 5).packet(PING)
            head = f"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: {len(packet)}\r\n\r\n".encode()
            pump, transport = visit(server, head + packet if http else INTERMEDIATE + frame(packet))
            assert server.strangers.total == 0
            await asyncio.sleep(0)
            pump.data_received((1 << 20).to_bytes(4, "little") + bytes(2 * LIMIT))
            assert server.strangers.total == 0
            assert not transport.aborted

    run(main())


def test_who_is_gone_counts_no_longer() -> None:
    async def main() -> None:
        async with listener() as server:
            pump, transport = visit(server, of_size(UNFINISHED["a packet"]))
            assert server.strangers.total == SIZE * ROOM
            transport.abort()
            await pump.closed.wait()
            assert server.strangers.total == 0

    run(main())


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=60))
def test_the_total_never_exceeds_the_limit_and_the_largest_goes(steps: list[tuple[int, int]]) -> None:
    budget: StrangersBudget[int] = StrangersBudget(100)
    held: dict[int, int] = {}
    for connection, size in steps:
        held[connection] = size
        gone = budget.note(connection, size)
        if gone is not None:
            largest = max(held.values())
            assert held.pop(gone) == largest
        assert budget.total == sum(held.values()) <= 100
