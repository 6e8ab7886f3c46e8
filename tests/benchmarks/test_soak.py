"""The soak: its relay cuts where it is told, and a short run ends well."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from benchmarks.command import main
from benchmarks.soak import MIB, Relay, Soak


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
    writer.close()


async def _came_back(relay_cuts: list[int], sent: bytes) -> tuple[bytes, int]:
    """Send bytes to an echo behind a relay; return what came back, and how many cuts were made."""
    server = await asyncio.start_server(_echo, "127.0.0.1")
    async with server:
        relay = Relay(server.sockets[0].getsockname()[:2])
        for size in relay_cuts:
            relay.cut_after(size)
        async with relay.running() as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(sent)
            try:
                received = await reader.readexactly(len(sent))
            except asyncio.IncompleteReadError as short:
                received = short.partial
            writer.close()
    return received, relay.cuts


@pytest.mark.parametrize(
    ("cuts", "received", "made"),
    [([], 100, 0), ([150], 50, 1), ([100], 0, 1), ([0], 0, 1), ([1000], 100, 0), ([150, 10], 50, 1)],
)
def test_a_relay_cuts_behind_the_byte_that_it_is_told(cuts: list[int], received: int, made: int) -> None:
    assert asyncio.run(_came_back(cuts, bytes(100))) == (bytes(received), made)


@pytest.mark.parametrize(("end", "grown"), [(20 * MIB, False), (22 * MIB, False), (22 * MIB + 1, True)])
def test_memory_may_grow_by_five_percent_and_a_mebibyte(end: int, grown: bool) -> None:
    assert Soak(Relay(("", 0)), [], (), Random(), memory=[20 * MIB, end]).grown == grown


@pytest.mark.slow
def test_a_short_soak_loses_nothing_and_executes_nothing_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["soak", "--calls", "150", "--cuts", "4", "--seed", "1"]) == 0
    report = capsys.readouterr().out
    assert "seed 1," in report
    assert "150 calls, 50 in flight, cut 4 times" in report
    assert "answered 150, lost 0; executed never 0, twice 0" in report
