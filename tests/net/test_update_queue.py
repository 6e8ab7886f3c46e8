"""The queue of updates has a bound in items and in bytes; what goes is told, and the rest comes in order."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import RemoteProtocolError
from mtproto.limits import Limits
from mtproto.net.shells.update_queue import Item, UpdateQueue, UpdatesDropped
from mtproto.session import Undecodable, Update, UpdatesGap, wire
from mtproto.session.constructors import RPC_ERROR
from mtproto.session.wire import Message
from tests.session.harness import Pair, api_body, settled
from tl import DecodeError, service

MOST, MOST_BYTES = 20, 20_000

sizes = st.sampled_from([0, 4, 1000, 9_000, 30_000])
bodies = sizes.map(bytes)
items: st.SearchStrategy[Item] = st.one_of(
    st.builds(Update, st.just(5), bodies),
    st.builds(UpdatesGap, st.integers(0, 9)),
    st.builds(Undecodable, st.just(5), bodies, st.builds(RemoteProtocolError, st.just("gzip_packed"))),
    st.builds(Undecodable, st.just(5), bodies, bodies.map(lambda raw: DecodeError("bad", "", 0, len(raw), raw=raw))),
)
steps = st.lists(items | st.none(), max_size=60)


def size(item: Item) -> int:
    """Return the bytes of an item that a peer chooses."""
    raw = item.error.raw if isinstance(item, Undecodable) and isinstance(item.error, DecodeError) else b""
    return len(raw) + (0 if isinstance(item, UpdatesGap) else len(item.body))


@given(steps)
def test_what_goes_is_counted_and_the_rest_comes_in_order(steps: list[Item | None]) -> None:
    queue = UpdateQueue(Limits(queued_updates=MOST, queued_update_bytes=MOST_BYTES))
    sent: list[Item] = []
    place = 0

    def read() -> Item | None:
        nonlocal place
        if isinstance(item := queue.take(), UpdatesDropped):
            place += item.count
            item = queue.take()
        assert not isinstance(item, UpdatesDropped)
        if item is not None:
            assert item is sent[place]
            place += 1
        return item

    for step in steps:
        if step is None:
            read()
        else:
            sent.append(step)
            queue.put(step)
    left: list[Item] = []
    while (item := read()) is not None:
        left.append(item)
    assert place == len(sent)
    assert queue.held == 0
    assert len(left) <= MOST
    assert sum(size(item) for item in left) <= MOST_BYTES or len(left) == 1


@pytest.mark.parametrize("steps", [[4] * 19, [4] * 20, [9_000] * 2, [30_000]])
def test_nothing_goes_within_the_bounds(steps: list[int]) -> None:
    queue = UpdateQueue(Limits(queued_updates=MOST, queued_update_bytes=MOST_BYTES))
    for length in steps:
        queue.put(Update(5, bytes(length)))
    came = list(iter(queue.take, None))
    assert [len(item.body) for item in came if isinstance(item, Update)] == steps


def test_a_queue_for_nothing_keeps_nothing() -> None:
    queue = UpdateQueue(Limits(queued_updates=0))
    queue.put(UpdatesGap(1))
    queue.put(UpdatesGap(2))
    assert queue.take() == UpdatesDropped(2)
    assert queue.take() is None


# What a hostile server sends: each makes an item out of an authentic message.

Body: TypeAlias = Callable[[Pair], bytes]
PACKED = 4
LARGE = 1 << 17
LIMITS = Limits(queued_updates=1 << 30, queued_update_bytes=1 << 18)
DAMAGED = wire.write_gzip(api_body(1) + bytes(LARGE))[:-8] + bytes(8)
SPARE = 40_000
"""Bytes for what the session itself remembers of the packets."""


def tiny_update(_pair: Pair) -> bytes:
    return api_body(1)[:4]


def inflated_update(_pair: Pair) -> bytes:
    return wire.write_gzip(api_body(1) + bytes(LARGE))


def tiny_undecodable(_pair: Pair) -> bytes:
    return bytes(service.types.Pong(msg_id=1, ping_id=1).to_bytes())[:4]


def inflated_undecodable(_pair: Pair) -> bytes:
    head = bytes(service.types.MsgsAllInfo(msg_ids=[], info=b"").to_bytes())[:8]
    return wire.write_gzip(head + (LARGE // 8).to_bytes(4, "little") + bytes(LARGE))


def damaged_at_its_end(_pair: Pair) -> bytes:
    return DAMAGED


def unreadable_answer(pair: Pair) -> bytes:
    error = RPC_ERROR.to_bytes(4, "little") + bytes(LARGE)
    return wire.write_rpc_result(pair.sent_request(1).msg_id, wire.write_gzip(error))


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (tiny_update, 3000),
        (inflated_update, 12),
        (tiny_undecodable, 400),
        (inflated_undecodable, 12),
        (damaged_at_its_end, 400),
        (unreadable_answer, 12),
    ],
)
def test_a_full_queue_takes_no_more_memory_than_its_bound(body: Body, count: int) -> None:
    pair = settled()
    first, *packets = packed(pair, body, count)
    queue = UpdateQueue(LIMITS)

    def receive(payload: bytes) -> None:
        for event in pair.client.receive(payload, pair.now):
            if isinstance(event, Update | UpdatesGap | Undecodable):
                queue.put(event)

    receive(first)
    while queue.take() is not None:
        pass
    gc.collect()
    gc.disable()  # what goes must not wait for the collector
    tracemalloc.start()
    try:
        for payload in packets:
            receive(payload)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        gc.enable()
    assert 0 < queue.held <= LIMITS.queued_update_bytes
    assert held <= LIMITS.queued_update_bytes + SPARE


def packed(pair: Pair, body: Body, count: int) -> list[bytes]:
    """Return packets with so many messages of a kind, in containers."""
    packets = []
    for _ in range(0, count, PACKED):
        messages = [Message(pair.server_id(3), 0, body(pair)) for _ in range(PACKED)]
        packets.append(pair.forge(wire.write_container(messages), pair.server_id(3)))
    return packets
