"""The whole way: `photos.getUserPhotos` over one connection to the local DC, 100 photos each, one after another."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.dc import running
from benchmarks.rows import Row, Spec

__all__ = ["measure"]

_CPU = Spec(
    "calls.cpu",
    "client CPU time of a photos.getUserPhotos call",
    "calls",
    targets={"telethon": 2.5, "kurigram": 3.0},
)
_WALL = Spec("calls.wall", "wall time of the same call, the DC's share included", "calls")
_LONGER = 5.0
"""One call takes milliseconds; a sample should hold dozens."""


def measure(bench: Bench) -> Iterator[Row]:
    """Two rows of the same samples: the DC runs in a process of its own, its work counts in the wall time alone."""
    with running() as fixture, bench.peers() as peers:
        samples = bench.samples(peers, _CPU.operation, lambda: fixture, _LONGER)
        yield samples.row(_CPU, "cpu")
        rates = (f"{name} {1 / wall:.0f}" for name, wall in samples.row(_WALL, "wall").medians().items())
        yield samples.row(_WALL, "wall", [f"calls per second: {', '.join(rates)}"])
