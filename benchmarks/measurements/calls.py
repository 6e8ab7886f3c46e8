"""The whole way, over one connection to the local DC, one call after another: `photos.getUserPhotos` with 100 photos
each; and the least call there is, `help.getNearestDc`, through an `Account` and through the raw client below it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace

from benchmarks.bench import Bench
from benchmarks.dc import running
from benchmarks.peer import started
from benchmarks.rows import OURS, RAW, Row, Spec

__all__ = ["measure"]

_CPU = Spec(
    "calls.cpu",
    "client CPU time of a photos.getUserPhotos call",
    "calls",
    targets={"telethon": 2.5, "kurigram": 3.0},
)
_WALL = Spec("calls.wall", "wall time of the same call, the DC's share included", "calls")
_ACCOUNT = Spec(
    "calls.account",
    "client CPU time of a help.getNearestDc call through an account",
    "nearest",
    targets={RAW: 0.87},  # an account's call costs at most 15 % more than the raw one
)
_LONGER = 5.0
"""One call takes milliseconds; a sample should hold dozens."""


def measure(bench: Bench) -> Iterator[Row]:
    """Two rows of the same samples: the DC runs in a process of its own, its work counts in the wall time alone."""
    with running() as fixture, bench.peers() as peers:
        samples = bench.samples(peers, _CPU.operation, lambda: fixture, _LONGER)
        yield samples.row(_CPU, "cpu")
        rates = (f"{name} {1 / wall:.0f}" for name, wall in samples.row(_WALL, "wall").medians().items())
        yield samples.row(_WALL, "wall", [f"calls per second: {', '.join(rates)}"])
        yield _account(bench, fixture)


def _account(bench: Bench, fixture: Mapping[str, object]) -> Row:
    """An account beside the raw client: two processes of our own program, which take turns."""
    program = [sys.executable, "-m", f"benchmarks.peers.{OURS}_peer"]
    with started({OURS: program, RAW: [*program, "--raw"]}) as both:
        row = bench.samples(both, _ACCOUNT.operation, lambda: fixture, _LONGER).row(_ACCOUNT, "cpu")
    least = {name: min(samples) for name, samples in row.samples.items()}
    note = f"the least samples: the account costs {least[OURS] / least[RAW] - 1:+.1%}"
    return replace(row, notes=[note])
