"""The language alone: decode and encode an answer of 100 photos, build and encode the request for it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.material import language
from benchmarks.rows import Row, Spec

__all__ = ["measure"]

_SPECS = (
    Spec("tl.decode", "decode a photosSlice of 100 photos", "decode", targets={"telethon": 4.0, "kurigram": 5.0}),
    Spec("tl.encode", "encode it", "encode", targets={"telethon": 2.6, "kurigram": 4.5}),
    Spec("tl.request", "build and encode the request", "request", targets={"telethon": 1.6, "kurigram": 3.1}),
)


def measure(bench: Bench) -> Iterator[Row]:
    """Three rows in one set of processes."""
    material = language()
    with bench.peers() as peers:
        for spec in _SPECS:
            yield bench.row(peers, spec, lambda: material)
