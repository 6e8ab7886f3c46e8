"""A connection that is told to close is gone after a while, whether its peer reads or not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from mtproto.link.server_intake import AUTHENTICATE_TIME
from mtproto.net.servers.endings import LINGER
from mtproto.net.servers.server_pump import ServerPump
from mtproto.net.servers.web_server import REQUEST_TIME
from tests.net.fake_transport import HIGH_WATER, FakeTransport
from tests.net.support import ShiftedClock, listener, move_on, run

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.link import ServerLinkEvent
    from mtproto.net import Listener

WEBSOCKET = (
    b"GET /apiws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: binary\r\n\r\n"
)
TAG = b"\xee" * 4
UNKNOWN_KEY = (64).to_bytes(4, "little") + b"\xaa" * 64
"""A packet that is answered with the transport error 404 and the end."""

CLOSE_FRAME = b"\x88\x80" + bytes(4)


async def turns(count: int = 4) -> None:
    """Let the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


def visit(server: Listener) -> tuple[ServerPump, FakeTransport]:
    """Return one connection of a server, whose peer does not read."""
    pump = ServerPump(server, asyncio.get_running_loop())
    return pump, FakeTransport(pump, reads=False)


def clog(transport: FakeTransport) -> None:
    """Fill what the peer would have to read."""
    transport.write(bytes(HIGH_WATER + 1))


def by_a_refusal(pump: ServerPump, clock: ShiftedClock) -> None:
    pump.data_received(TAG + UNKNOWN_KEY)


def by_silence(pump: ServerPump, clock: ShiftedClock) -> None:
    pump.data_received(TAG)
    clock.ahead += AUTHENTICATE_TIME + 1
    move_on(AUTHENTICATE_TIME + 1)


def by_http(pump: ServerPump, clock: ShiftedClock) -> None:
    pump.data_received(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")


def by_slow_http(pump: ServerPump, clock: ShiftedClock) -> None:
    pump.data_received(b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
    clock.ahead += REQUEST_TIME + 1
    move_on(REQUEST_TIME + 1)


def by_an_unobfuscated_websocket(pump: ServerPump, clock: ShiftedClock) -> None:
    pump.data_received(WEBSOCKET + b"\x82\x84" + bytes(4) + TAG)


def by_a_silent_websocket(pump: ServerPump, clock: ShiftedClock) -> None:
    pump.data_received(WEBSOCKET)
    clock.ahead += AUTHENTICATE_TIME + 1
    move_on(AUTHENTICATE_TIME + 1)


def by_the_peer_of_a_websocket(pump: ServerPump, clock: ShiftedClock) -> None:
    pump.data_received(WEBSOCKET + CLOSE_FRAME)


@pytest.mark.parametrize(
    "tell",
    [
        by_a_refusal,
        by_silence,
        by_http,
        by_slow_http,
        by_an_unobfuscated_websocket,
        by_a_silent_websocket,
        by_the_peer_of_a_websocket,
    ],
)
def test_a_connection_told_to_close_is_gone_though_its_peer_reads_nothing(
    tell: Callable[[ServerPump, ShiftedClock], None],
) -> None:
    async def main() -> None:
        clock = ShiftedClock()
        async with listener(clock=clock) as server:
            pump, transport = visit(server)
            clog(transport)
            tell(pump, clock)
            await turns()
            assert not pump.closed.is_set()
            move_on(LINGER + 0.1)
            await turns()
            assert pump.closed.is_set()
            assert server.connections == 0

    run(main())


def test_a_connection_that_was_closed_in_good_order_leaves_no_timer_behind() -> None:
    async def main() -> None:
        async with listener() as server:
            pump, transport = visit(server)
            pump.data_received(TAG + UNKNOWN_KEY)
            await turns()
            transport.read_all()
            transport._end()
            await turns()
            assert pump.closed.is_set()
            move_on(LINGER + 0.1)
            await turns()
            assert not transport.aborted

    run(main())


def test_a_deadline_that_is_over_is_not_looked_at_again_and_again_while_nothing_can_be_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        clock = ShiftedClock()
        ticks: list[float] = []
        async with listener(clock=clock) as server:
            pump, transport = visit(server)
            clog(transport)
            by_silence(pump, clock)
            link = pump.link
            assert link is not None
            tick = link.tick

            def counted(now: float) -> list[ServerLinkEvent]:
                ticks.append(now)
                return tick(now)

            monkeypatch.setattr(link, "tick", counted)
            await turns(50)
            assert len(ticks) == 1

    run(main())
