"""A payload is copied once when it is packed, and twice when it comes in pieces: memory holds no more of it.

Obfuscation encrypts what was copied, which makes one more at a time.
"""

from __future__ import annotations

import tracemalloc
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
    assert most_held(lambda: sender.pack(payload)) < 1.1 + is_encrypted(way)


@every_way
@both_ends
def test_receiving_makes_one_copy_of_what_comes_whole_and_two_of_what_comes_in_pieces(way: str, receiver: Role) -> None:
    sender, end = between(way, receiver)
    payload = encrypted(SIZE)
    whole = sender.pack(payload)
    assert most_held(lambda: end.receive(whole)) < 1.1 + is_encrypted(way)
    wire = sender.pack(payload)
    chunks = [wire[start : start + CHUNK] for start in range(0, len(wire), CHUNK)]
    # The buffer has a little more room than it needs, so that growing does not copy each time.
    assert most_held(lambda: [end.receive(chunk) for chunk in chunks]) < 2.2
