"""The relay's shell, with links that pass all bytes on: what one side says the other one hears, and no faster."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import pytest

from mtproto.errors import LocalProtocolError
from mtproto.net.servers import relay as relay_module
from mtproto.net.servers.endings import LINGER
from mtproto.net.servers.relay import CONNECT_TIME, READ, SLICE, Relay
from tests.net.fake_transport import FakeTransport
from tests.net.streams import served, unused_address, visiting
from tests.net.support import ShiftedClock, move_on, run

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter


class Through:
    """A link that leads everybody to one place, and turns away who asks for it."""

    def __init__(self, place: tuple[str, int], deadline: float | None = None) -> None:
        self._place = place
        self.deadline = deadline
        self._up = b""
        self._down = b""
        self.upstream: tuple[str, int] | None = None
        self.closing = False
        self.refusal: str | None = None

    def received(self, data: bytes, now: float) -> None:
        if data == b"go away":
            self.refusal, self.closing, self._down = "asked to", True, b"farewell"
        else:
            self.upstream = self._place
            self._up += data

    def upstream_received(self, data: bytes, now: float) -> None:
        self._down += data

    def data_for_visitor(self) -> bytes:
        data, self._down = self._down, b""
        return data

    def data_for_upstream(self) -> bytes:
        data, self._up = self._up, b""
        return data

    def next_deadline(self) -> float | None:
        return self.deadline

    def tick(self, now: float) -> None:
        self.refusal, self.closing = "too slow", True


async def echo(reader: StreamReader, writer: StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


def relay_to(place: tuple[str, int]) -> Relay:
    return Relay(lambda now: Through(place), time.time)


def test_what_is_said_comes_back() -> None:
    async def main() -> None:
        said = bytes(range(256)) * 20_000
        async with served(echo) as place, relay_to(place) as relay, visiting(relay.address) as (reader, writer):
            writer.write(said)
            assert await reader.readexactly(len(said)) == said
            assert relay.visitors == 1

    run(main())


def test_the_end_of_one_side_is_told_to_the_other_which_may_go_on() -> None:
    async def answer_at_the_end(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(b"you said " + await reader.read())

    async def main() -> None:
        async with (
            served(answer_at_the_end) as place,
            relay_to(place) as relay,
            visiting(relay.address) as (reader, writer),
        ):
            writer.write(b"this")
            writer.write_eof()
            assert await reader.read() == b"you said this"
            while relay.visitors:  # when both have ended, nothing is left of it
                await asyncio.sleep(0)

    run(main())


def test_a_side_that_does_not_read_stops_the_other() -> None:
    async def deaf(reader: StreamReader, writer: StreamWriter) -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        async with served(deaf) as place, relay_to(place) as relay, visiting(relay.address) as (_, writer):
            writer.write(b"first")
            while not (relay._visitors and (upstream := (visitor := next(iter(relay._visitors)))._upstream)):
                await asyncio.sleep(0)
            assert visitor._side._transport is not None
            while visitor._side._transport.is_reading():  # for ever, if nothing stopped it
                writer.write(bytes(1 << 16))
                await asyncio.sleep(0)
            assert upstream._transport is not None
            assert upstream._transport.get_write_buffer_size() < 1 << 20

    run(main())


def test_when_nobody_is_there_the_visitor_is_told_by_the_end() -> None:
    async def main() -> None:
        async with relay_to(unused_address()) as relay, visiting(relay.address) as (reader, writer):
            writer.write(b"hello")
            assert await reader.read() == b""

    run(main())


def test_a_visit_whose_other_end_does_not_come_about_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()

    async def never(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def main() -> None:
        async with relay_to(("192.0.2.1", 1)) as relay, visiting(relay.address) as (reader, writer):
            monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
            writer.write(b"hello")
            await begun.wait()
            move_on(CONNECT_TIME + 0.1)
            assert await reader.read() == b""

    run(main())


def test_who_is_turned_away_hears_what_there_is_to_say(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with relay_to(unused_address()) as relay, visiting(relay.address) as (reader, writer):
            writer.write(b"go away")
            assert await reader.read() == b"farewell"

    with caplog.at_level(logging.INFO, logger="mtproto.net.servers.relay"):
        run(main())
    assert "asked to" in caplog.text


def test_time_is_told_to_the_link() -> None:
    async def main() -> None:
        async with (
            Relay(lambda now: Through(("", 0), deadline=now), lambda: 5.0) as relay,
            visiting(relay.address) as (reader, _),
        ):
            assert await reader.read() == b""

    run(main())


def test_a_deadline_that_moves_on_is_told_when_it_comes() -> None:
    clock = ShiftedClock()
    links: list[Through] = []

    async def main() -> None:
        def new_link(now: float) -> Through:
            links.append(Through(place, now + 100))
            return links[-1]

        async with (
            served(echo) as place,
            Relay(new_link, clock) as relay,
            visiting(relay.address) as (reader, writer),
        ):
            writer.write(b"one")
            assert await reader.readexactly(3) == b"one"
            links[0].deadline = clock() + 200
            clock.ahead += 50
            move_on(50)
            links[0].deadline = clock() + 10
            writer.write(b"two")
            assert await reader.readexactly(3) == b"two"
            clock.ahead += 51
            move_on(51)
            assert await reader.read() == b""

    run(main())


def test_a_visitor_who_is_sent_away_is_gone_though_it_reads_nothing() -> None:
    async def main() -> None:
        async with served(echo) as place, Relay(lambda now: Through(place), lambda: 0.0) as relay:
            visitor = relay_module._Visitor(relay, asyncio.get_running_loop())
            transport = FakeTransport(visitor, reads=False)
            visitor.data_received(b"go away")
            assert transport.held == b"farewell"
            assert not visitor.closed.is_set()
            move_on(LINGER + 0.1)
            await visitor.closed.wait()
            assert relay.visitors == 0

    run(main())


def test_too_many_visitors_are_sent_away() -> None:
    async def main() -> None:
        async with (
            served(echo) as place,
            Relay(lambda now: Through(place), lambda: 0.0, max_visitors=1) as relay,
            visiting(relay.address) as (reader, writer),
        ):
            writer.write(b"one")
            assert await reader.readexactly(3) == b"one"
            async with visiting(relay.address) as (other, _):
                assert await other.read() == b""

    run(main())


def test_closing_ends_all_visits_and_may_be_done_twice() -> None:
    async def main() -> None:
        async with served(echo) as place:
            relay = relay_to(place)
            with pytest.raises(LocalProtocolError):
                _ = relay.address
            await relay.start()
            async with visiting(relay.address) as (reader, writer):
                writer.write(b"one")
                assert await reader.readexactly(3) == b"one"
                await relay.close()
                await relay.close()
                assert relay.visitors == 0
                assert await reader.read() == b""

    run(main())


def test_a_visitor_waits_for_one_turn_of_a_flood_of_another() -> None:
    heard: list[str] = []

    class Named(Through):
        def __init__(self, name: str) -> None:
            super().__init__(("192.0.2.1", 1))
            self.name = name

        def received(self, data: bytes, now: float) -> None:
            heard.append(self.name)

    async def main() -> None:
        names = iter(("flood", "healthy"))
        async with Relay(lambda now: Named(next(names)), time.time) as relay:
            flood, healthy = (relay_module._Visitor(relay, asyncio.get_running_loop()) for _ in range(2))
            flooding, _ = FakeTransport(flood), FakeTransport(healthy)
            for _ in range(4):
                flood.data_received(bytes(READ))
            assert not flooding.is_reading()
            before = len(heard)
            healthy.data_received(b"hello")
            while flood.wants_turn:
                await asyncio.sleep(0)
            assert heard[before:].index("healthy") <= 1
            assert len(heard) == 4 * READ // SLICE + 1
            assert flooding.is_reading()

    run(main())


def test_what_came_before_the_end_of_a_visit_is_passed_on_before_it() -> None:
    async def main() -> None:
        said = bytes(range(256)) * 2_000
        async with served(echo) as place, relay_to(place) as relay, visiting(relay.address) as (reader, writer):
            writer.write(said)
            writer.write_eof()
            assert await reader.read(-1) == said

    run(main())


def test_an_unexpected_error_ends_its_own_visit_only(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Through):
        def received(self, data: bytes, now: float) -> None:
            raise ZeroDivisionError("a cause")

    async def main() -> None:
        async with Relay(lambda now: Broken(("192.0.2.1", 1)), time.time) as relay:
            visitor = relay_module._Visitor(relay, asyncio.get_running_loop())
            transport = FakeTransport(visitor)
            visitor.data_received(bytes(READ))
            await visitor.closed.wait()
            assert transport.aborted
            assert relay.visitors == 0

    run(main())
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None
