"""Connections that end, and bits that flip, at every position: no call is lost, and none is executed twice.

In memory at every byte there is, over sockets at fifty positions that are drawn, in every framing.
"""

from __future__ import annotations

import asyncio
import random
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.link import BackoffPolicy, Broken, Failed, StatusChanged
from mtproto.localdc import Faults
from mtproto.session import RequestLost, Result
from mtproto.transport import TRANSPORTS
from tests.link.support import ANSWER, QUERY, Pair, seeded
from tests.localdc.stage import Stage, opened_and_used, perform, perform_exchange

if TYPE_CHECKING:
    from collections.abc import Iterable

SEED = 20_250_615

DRAWN = 50
"""Positions over sockets, over all framings."""

PLAIN = 16
"""Bytes at the beginning of a connection of which every bit is flipped: a tag, a length and a key id."""

PATIENCE = 120.0
"""Seconds until a call is settled, whatever happened to one packet: a dead connection is noticed after 30."""


# In memory


class Wire(Pair):
    """Two links face to face; counts what goes over the first connection, and lets a fault spoil it."""

    def __init__(self) -> None:
        super().__init__()
        self.faults = self.spoilt = Faults(seeded(3))

    def sizes(self) -> tuple[int, int]:
        """Return how many bytes the client and the server send until a first call is answered."""
        counted = [0, 0]
        self.spoilt.reading = lambda data: _counted(counted, 0, data)  # type: ignore[method-assign]
        self.spoilt.writing = lambda data: _counted(counted, 1, data)  # type: ignore[method-assign]
        self.spoilt.cut(1 << 30, packet=1 << 30)  # links ask only while something is armed
        self.client.send(QUERY)
        self.connect()
        assert len(self.of(Result)) == 1
        return counted[0], counted[1]


def _counted(counted: list[int], which: int, data: bytes) -> tuple[bytes, bool]:
    counted[which] += len(data)
    return data, False


@cache
def read() -> int:
    """Return how many bytes the server reads in the first exchange of packets."""
    return Wire().sizes()[0]


@cache
def sent() -> int:
    """Return how many it sends."""
    return Wire().sizes()[1]


def outcome(name: str, place: int) -> str:
    """Let a fault happen to the first packets; return what is wrong with the outcome, if anything."""
    wire = Wire()
    getattr(wire.spoilt, name)(place)
    first = wire.client.send(QUERY)
    wire.connect()
    end = wire.now + PATIENCE
    while len(wire.of(Result)) < 1 and wire.now < end:
        wire.advance(5)
    second = wire.client.send(QUERY)
    wire.settle()
    wire.advance(20)
    checks = {
        "it did not happen": wire.spoilt.applied[name] == 1,
        "not answered": [event.request for event in wire.of(Result)] == [first, second],
        "answered wrongly": all(event.body == ANSWER + QUERY for event in wire.of(Result)),
        "not executed once": len(wire.queries) == 2,
        "lost": not wire.of(RequestLost),
        "given up": not wire.of(Failed),
    }
    return ", ".join(what for what, holds in checks.items() if not holds)


def failures(name: str, positions: Iterable[int]) -> dict[int, str]:
    found = {place: outcome(name, place) for place in positions}
    return {place: what for place, what in found.items() if what}


def bits_of(size: int, thorough: bool) -> Iterable[int]:
    """Return positions of bits in so many bytes: all at the beginning, where lengths and key ids stand unencrypted.

    Behind that, one bit of each byte is enough, each of the eight in its turn: a key decides over whole blocks.
    """
    if thorough:
        return range(8 * size)
    return [*range(8 * PLAIN), *range(8 * PLAIN, 8 * size, 9)]


def test_a_connection_that_ends_at_any_byte_that_the_client_sends() -> None:
    assert failures("cut_received", range(read() + 1)) == {}


def test_a_connection_that_ends_at_any_byte_that_the_server_sends() -> None:
    assert failures("cut", range(sent() + 1)) == {}


@pytest.mark.slow
def test_bits_flipped_of_what_the_client_sends(thorough: bool) -> None:
    assert failures("flip_received_bit", bits_of(read(), thorough)) == {}


@pytest.mark.slow
def test_bits_flipped_of_what_the_server_sends(thorough: bool) -> None:
    assert failures("flip_bit", bits_of(sent(), thorough)) == {}


# Over sockets


@pytest.mark.parametrize("transport", sorted(TRANSPORTS))
@pytest.mark.parametrize("name", ["cut", "cut_received", "flip_bit", "flip_received_bit"])
def test_drawn_positions_over_a_socket(name: str, transport: str) -> None:
    rng = random.Random(f"{SEED} {name} {transport}")
    times = -(-DRAWN // len(TRANSPORTS))

    def arguments() -> tuple[int, ...]:
        place = rng.randrange(150 if name.startswith("cut") else 1200)
        return (place,) if "received" in name else (place, rng.randrange(3))

    async def scene(stage: Stage) -> None:
        faults = stage.dc.faults
        for number in range(1, times + 1):
            drawn = arguments()
            getattr(faults, name)(*drawn)
            while faults.applied[name] < number:
                assert await stage.send(timeout=PATIENCE) == 1, drawn
            assert await stage.send(timeout=PATIENCE) == 1, drawn
        assert faults.applied[name] == times
        assert not stage.of(RequestLost)
        assert not stage.of(Failed)
        assert len(stage.of(StatusChanged)) >= 2

    perform(scene, transport=transport)


@pytest.mark.parametrize("times", [1, 5])
def test_many_calls_over_a_connection_that_is_cut(times: int) -> None:
    """What had gone out and was not answered is asked about, never sent again on a guess."""
    rng = random.Random(SEED + times)

    async def scene(stage: Stage) -> None:
        for _ in range(times):
            stage.dc.faults.cut(rng.randrange(2000), packet=rng.randrange(3))
            stage.dc.faults.cut_received(rng.randrange(2000))
        assert await asyncio.gather(*(stage.send(timeout=None) for _ in range(100))) == [1] * 100
        assert stage.dc.faults.applied["cut"] + stage.dc.faults.applied["cut_received"] >= 1

    perform(scene)


@pytest.mark.slow
def test_more_connections_that_end_than_calls_may_be_nested_are_no_recursion() -> None:
    allowed, fewer = sys.getrecursionlimit(), 400
    times = fewer + 100

    async def scene(stage: Stage) -> None:
        for _ in range(times):
            stage.dc.faults.cut(0)
        sys.setrecursionlimit(fewer)
        assert await stage.send(timeout=None) == 1
        assert stage.dc.faults.applied["cut"] == times
        assert not stage.of(Failed)

    try:
        perform(scene, backoff=BackoffPolicy(first=0.001, ceiling=0.01))
    finally:
        sys.setrecursionlimit(allowed)


def test_an_exchange_over_a_connection_that_is_cut_anywhere() -> None:
    rng = random.Random(SEED)
    places: list[tuple[str, tuple[int, ...]]] = [
        *(("cut", (rng.randrange(700), packet)) for packet in (0, 1, 2)),
        *(("cut_received", (rng.randrange(900),)) for _ in range(4)),
    ]

    async def scene(stage: Stage) -> None:
        for name, arguments in places:
            before = stage.dc.faults.applied[name]
            getattr(stage.dc.faults, name)(*arguments)
            await opened_and_used(stage, stage.new_client())
            assert stage.dc.faults.applied[name] == before + 1

    perform_exchange(scene)


def test_a_cut_is_no_news_to_a_connection_that_it_does_not_meet() -> None:
    async def scene(stage: Stage) -> tuple[Any, ...]:
        stage.dc.faults.cut(5, packet=4)
        for _ in range(2):
            assert await stage.send() == 1
        return stage.dc.faults.applied["cut"], stage.of(Broken), stage.of(StatusChanged)

    assert perform(scene) == (0, [], [])
