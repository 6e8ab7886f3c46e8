"""A payload is copied once when it is packed, and once when it comes in: memory holds no more of it.

What is obfuscated and comes in one piece is decrypted in one piece, which makes one more.
"""

from __future__ import annotations

import tracemalloc
from functools import partial
from typing import TYPE_CHECKING

import pytest

from mtproto.transport import Role
from tests.transport.support import EVERY_WAY, between, encrypted

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 24 + (8 << 20) - 16
CHUNK = 1 << 16

every_way = pytest.mark.parametrize("way", [way for way in EVERY_WAY if way != "fake TLS"])
both_ends = pytest.mark.parametrize("receiver", Role, ids=lambda role: f"to the {role.value}")


def is_encrypted(way: str) -> bool:
    return way.startswith("obfuscated-")


def most_held(do: Callable[[], object]) -> float:
    """Return how many payloads of `SIZE` there was room for in what was allocated meanwhile, at the worst moment."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        made = do()
        _, peak = tracemalloc.get_traced_memory()
        del made
    finally:
        tracemalloc.stop()
    return (peak - before) / SIZE


@every_way
@both_ends
def test_packing_makes_one_copy(way: str, receiver: Role) -> None:
    sender, _ = between(way, receiver)
    payload = encrypted(SIZE)
    assert most_held(lambda: sender.pack(payload)) < 1.1


@every_way
@both_ends
def test_receiving_makes_one_copy(way: str, receiver: Role) -> None:
    sender, end = between(way, receiver)
    payload = encrypted(SIZE)
    whole = sender.pack(payload)
    assert most_held(lambda: end.receive(whole)) < 1.1 + is_encrypted(way)
    wire = sender.pack(payload)
    chunks = [wire[start : start + CHUNK] for start in range(0, len(wire), CHUNK)]
    assert most_held(lambda: [end.receive(chunk) for chunk in chunks]) < 1.2  # it may grow by an eighth too much


@every_way
@both_ends
def test_a_length_that_is_only_announced_costs_no_memory(way: str, receiver: Role) -> None:
    sender, end = between(way, receiver)
    wire = sender.pack(encrypted(SIZE))
    for start in range(0, 4 * CHUNK, CHUNK):
        held = most_held(partial(end.receive, wire[start : start + CHUNK]))
        assert held * SIZE < 6 * (start + CHUNK)
