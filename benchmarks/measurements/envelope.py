"""The receiving path: open a sealed packet that holds the answer of 100 photos, and decode it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.material import sealed
from benchmarks.rows import Row, Spec

__all__ = ["measure"]

_SPECS = {
    "tgcrypto": Spec(
        "envelope.tgcrypto",
        "open (decrypt, check) and decode that answer, ours with tgcrypto",
        "open",
        targets={"telethon": 3.0, "kurigram": 4.0},
    ),
    "cryptg": Spec(
        "envelope.cryptg",
        "the same, ours with cryptg",
        "open",
        targets={"telethon": 3.7, "kurigram": 5.0},
    ),
    "cryptography": Spec("envelope.cryptography", "the same, ours with cryptography alone", "open"),
}


def measure(bench: Bench) -> Iterator[Row]:
    """One row for each AES of ours that is installed; the peers keep their own choice (`aes` in what they say)."""
    for backend, spec in _SPECS.items():
        with bench.peers(["--aes", backend]) as peers:
            if peers[0].about["aes"] == backend:
                yield bench.row(peers, spec, sealed)
