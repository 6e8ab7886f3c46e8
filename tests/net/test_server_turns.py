"""A data centre takes turns: no connection waits for all that another one has sent."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING

import pytest

from mtproto.link import ServerLink
from mtproto.message.auth_key import AuthKey
from mtproto.net.servers.server_pump import LARGEST_SLICE, LITTLE, MUCH, READ, SLICE, ServerPump
from mtproto.net.servers.turns import BURST
from mtproto.transport import client_transport
from tests.hostile.peers import INTERMEDIATE, HostileClient, frame
from tests.net.fake_transport import FakeTransport
from tests.net.support import ANSWER, QUERY, SOON, body_of, connection, listener, run
from tests.net.test_told_to_close import WEBSOCKET
from tl import service

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.link import ServerLinkEvent
    from mtproto.net import Listener, ServerQuery

PING = service.functions.Ping(ping_id=1).to_bytes()


def known_client(server: Listener) -> HostileClient:
    """Return a client whose key the server knows."""
    key = AuthKey(os.urandom(256))
    server.state.add_key(key, first_salt=5)
    return HostileClient(key, 5)


def visit(server: Listener) -> tuple[ServerPump, FakeTransport]:
    """Return one connection of a server."""
    pump = ServerPump(server, asyncio.get_running_loop())
    return pump, FakeTransport(pump)


def much(piece: bytes) -> bytes:
    """Return as much as is read at once."""
    return piece * (READ // len(piece))


async def settled(server: Listener) -> None:
    """Let the loop go round until nobody wants a turn, and answers are written."""
    while server.inputs.turns.waiting:
        await asyncio.sleep(0)
    for _ in range(4):
        await asyncio.sleep(0)


# Floods --------------------------------------------------------------------------------------------------------------


def of_packets(server: Listener) -> tuple[bytes, bytes]:
    client = known_client(server)
    packets = [frame(client.packet(PING, content=False)) for _ in range(READ // 100)]
    return INTERMEDIATE, b"".join(packets)


def of_wrong_salts(server: Listener) -> tuple[bytes, bytes]:
    client = known_client(server)
    client.salt ^= 1
    return INTERMEDIATE, b"".join(frame(client.packet(PING, content=False)) for _ in range(300))


def of_options(server: Listener) -> tuple[bytes, bytes]:
    return b"", much(b"OPTIONS /apiw HTTP/1.1\r\nHost: x\r\n\r\n")


def of_options_behind_a_body(server: Listener) -> tuple[bytes, bytes]:
    head = b"OPTIONS /apiw HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n" + bytes(30000)
    return b"", head + much(b"OPTIONS /apiw HTTP/1.1\r\nHost: x\r\n\r\n")[: READ - len(head)]


def of_chunks(server: Listener) -> tuple[bytes, bytes]:
    head = b"POST /apiw HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head, much(b"1\r\nx\r\n")


def of_empty_fragments(server: Listener) -> tuple[bytes, bytes]:
    header = client_transport("obfuscated-intermediate", os.urandom).opening()
    begun = WEBSOCKET + b"\x02" + bytes([0x80 | len(header)]) + bytes(4) + header
    return begun, much(b"\x00\x80" + bytes(4))


def of_websocket_pings(server: Listener) -> tuple[bytes, bytes]:
    return WEBSOCKET, much(b"\x89\x80" + bytes(4))


FLOODS = [
    of_packets,
    of_wrong_salts,
    of_options,
    of_options_behind_a_body,
    of_chunks,
    of_empty_fragments,
    of_websocket_pings,
]


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("floods", [1, 20])
def test_a_client_waits_for_one_turn_of_a_flood_at_most(
    flood: Callable[[Listener], tuple[bytes, bytes]], floods: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[ServerPump] = []
    take_turn = ServerPump.take_turn

    def counted(pump: ServerPump) -> int:
        turns.append(pump)
        return take_turn(pump)

    monkeypatch.setattr(ServerPump, "take_turn", counted)

    async def main() -> None:
        async with listener() as server:
            begins, goes_on = flood(server)
            healthy, heard = visit(server)
            client = known_client(server)
            healthy.data_received(INTERMEDIATE + frame(client.packet(PING, content=False)))
            await settled(server)
            flooding = [visit(server)[0] for _ in range(floods)]
            for pump in flooding:
                pump.data_received(begins)
            await settled(server)
            for pump in flooding:
                pump.data_received(goes_on)
            await asyncio.sleep(0)
            before, said = len(turns), heard.written
            healthy.data_received(frame(client.packet(PING, content=False)))
            while healthy.wants_turn:
                await asyncio.sleep(0)
            assert turns[before:].index(healthy) <= 1
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert heard.written > said
            assert any(pump.wants_turn for pump in flooding)

    run(main())


@pytest.mark.parametrize("flood", FLOODS)
def test_the_work_of_one_turn_is_bounded(
    flood: Callable[[Listener], tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with listener() as server:
            begins, goes_on = flood(server)
            pump, transport = visit(server)
            pump.data_received(begins)
            await settled(server)
            monkeypatch.setattr(server.inputs.turns, "want", lambda *_, **__: None)
            pump.data_received(goes_on[: READ // 4])
            turns = 0
            while pump.wants_turn:
                assert pump.take_turn() <= 3 * BURST
                turns += 1
            assert turns > 4
            assert not transport.aborted

    run(main())


# What waits ----------------------------------------------------------------------------------------------------------


def test_a_connection_of_which_too_much_waits_is_not_read_until_less_does() -> None:
    async def main() -> None:
        async with listener() as server:
            pump, transport = visit(server)
            begins, goes_on = of_packets(server)
            pump.data_received(begins + goes_on)
            assert transport.is_reading()
            pump.data_received(goes_on)
            assert not transport.is_reading()
            assert server.inputs.total == len(pump._input) > READ
            while not transport.is_reading():
                assert len(pump._input) > READ // 2
                await asyncio.sleep(0)
            assert len(pump._input) <= READ // 2
            await settled(server)
            assert server.inputs.total == 0

    run(main())


def test_where_much_waits_of_all_together_little_is_read_of_each() -> None:
    async def main() -> None:
        async with listener() as server:
            assert len(server.inputs.buffer()) == READ
            server.inputs.came(MUCH)
            pump, transport = visit(server)
            assert len(pump.get_buffer(-1)) == LITTLE
            pump.data_received(INTERMEDIATE + (1 << 20).to_bytes(4, "little") + bytes(2 * LITTLE))
            assert not transport.is_reading()
            await settled(server)
            assert transport.is_reading()
            assert server.inputs.total == MUCH

    run(main())


def test_who_is_gone_leaves_no_input_behind() -> None:
    async def main() -> None:
        async with listener() as server:
            pump, transport = visit(server)
            begins, goes_on = of_packets(server)
            pump.data_received(begins + goes_on)
            assert server.inputs.total > 0
            transport.abort()
            await pump.closed.wait()
            assert server.inputs.total == 0
            assert server.inputs.turns.waiting == 0

    run(main())


def test_a_large_packet_comes_in_large_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    cut = ServerPump._cut

    def noted(pump: ServerPump) -> bytes:
        sizes.append(len(data := cut(pump)))
        return data

    monkeypatch.setattr(ServerPump, "_cut", noted)

    async def main() -> None:
        async with listener() as server:
            pump, _ = visit(server)
            pump.data_received(INTERMEDIATE)
            pump.data_received((1 << 20).to_bytes(4, "little"))
            for _ in range(8):
                pump.data_received(bytes(READ))
                await settled(server)

    run(main())
    assert max(sizes) == LARGEST_SLICE
    assert len(sizes) <= 8 * READ // LARGEST_SLICE + LARGEST_SLICE // SLICE


# Calls ---------------------------------------------------------------------------------------------------------------


def test_of_many_calls_in_a_packet_few_are_begun_in_one_turn_of_the_loop() -> None:
    begun = 0

    def count(query: ServerQuery) -> bytes:
        nonlocal begun
        begun += 1
        return ANSWER

    async def main() -> None:
        async with listener(count) as server:
            pump, _ = visit(server)
            client = known_client(server)
            pump.data_received(INTERMEDIATE)
            await settled(server)
            pump.data_received(frame(client.container(client.message(QUERY) for _ in range(100))))
            before = begun
            while pump.wants_turn:
                await asyncio.sleep(0)
                assert begun - before <= 4 * 4
                before = begun
            assert begun == 100

    run(main())


def test_calls_of_a_connection_that_is_gone_are_made_all_the_same() -> None:
    bodies: list[bytes] = []

    def note(query: ServerQuery) -> bytes:
        bodies.append(query.body)
        return ANSWER

    async def main() -> None:
        async with listener(note) as server:
            pump, transport = visit(server)
            client = known_client(server)
            pump.data_received(INTERMEDIATE)
            await settled(server)
            pump.data_received(frame(client.container(client.message(QUERY) for _ in range(50))))
            transport.abort()
            await pump.closed.wait()
            assert len(bodies) < 50
            await settled(server)
            assert len(bodies) == 50

    run(main())


def test_a_call_under_a_key_that_is_forgotten_meanwhile_is_made_no_more(caplog: pytest.LogCaptureFixture) -> None:
    calls = 0

    async def main() -> None:
        def forget(query: ServerQuery) -> bytes:
            nonlocal calls
            calls += 1
            server.state.forget_key(query.key_id)
            return ANSWER

        async with listener(forget) as server:
            pump, _ = visit(server)
            client = known_client(server)
            pump.data_received(INTERMEDIATE + frame(client.container(client.message(QUERY) for _ in range(20))))
            await settled(server)

    run(main())
    assert calls == 1
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


# Ends ----------------------------------------------------------------------------------------------------------------


def test_what_came_before_the_end_of_a_connection_is_handled_before_it_is_closed() -> None:
    async def main() -> None:
        async with listener() as server, connection(server, transport="intermediate") as client:
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY
            heard: list[ServerLinkEvent] = []
            server.on_event(heard.append)
            sender = known_client(server)
            packets = [frame(sender.packet(QUERY)) for _ in range(300)]
            _, writer = await asyncio.open_connection(*server.address)
            writer.write(INTERMEDIATE + b"".join(packets))
            writer.write_eof()
            async with asyncio.timeout(SOON):
                while sum(type(event).__name__ == "ServerQuery" for event in heard) < len(packets):
                    await asyncio.sleep(0)
                while server.connections > 1:
                    await asyncio.sleep(0)
            writer.close()

    run(main())


def test_nothing_is_written_after_a_reset() -> None:
    async def main() -> None:
        async with listener() as server:
            pump, transport = visit(server)
            client = known_client(server)
            pump.data_received(INTERMEDIATE + frame(client.packet(PING, content=False)))
            await settled(server)
            written = transport.written
            pump.data_received(b"".join(frame(client.packet(PING, content=False)) for _ in range(5)))
            transport._closing = True  # as after a write that failed
            pump._flush()
            link = pump.link
            assert isinstance(link, ServerLink)
            assert transport.written == written
            assert link.data_to_send(server.now())  # for the next connection

    run(main())


def test_an_unexpected_error_ends_its_own_connection_only(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with listener() as server:
            pump, transport = visit(server)
            other, heard = visit(server)
            client = known_client(server)
            bad = known_client(server)

            def explode(event: ServerLinkEvent) -> None:
                if pump.link is not None and pump.group == bad.key.id:
                    raise ZeroDivisionError("a cause")

            server.on_event(explode)
            pump.data_received(INTERMEDIATE + frame(bad.packet(QUERY)) + bytes(2 * READ))
            await pump.closed.wait()
            assert transport.aborted
            assert server.inputs.total == 0
            other.data_received(INTERMEDIATE + frame(client.packet(QUERY)))
            await settled(server)
            assert heard.written > 0

    run(main())
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ZeroDivisionError)
