"""Runs one row: the libraries take turns, round after round, and what they yield is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from benchmarks.compare import differences
from benchmarks.peer import Peer, PeerError, commands, started
from benchmarks.rows import OURS, Row, Spec

__all__ = ["Bench", "Samples", "Settings", "turns"]

Fixture = Mapping[str, object]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Settings:
    """How long and how often.

    `rounds` turns for each library, a sample of about `seconds` in each turn; `starts` fresh processes of each. Many
    short turns spread each library over the same stretch of time, whatever else the machine does meanwhile. Files that
    are fetched have `share` of the size that a row names, and there are so many of them.
    """

    rounds: int = 15
    seconds: float = 0.05
    starts: int = 11
    share: float = 1.0
    peer_python: str = ""

    @classmethod
    def quick(cls, peer_python: str) -> Settings:
        """Enough to see that everything works; the figures mean little."""
        return cls(rounds=2, seconds=0.005, starts=2, share=0.02, peer_python=peer_python)


@dataclass(frozen=True, slots=True)
class Samples:
    """What every peer answered (`cpu` and `wall` seconds of one run, `count` …), and what their values differ in."""

    taken: Mapping[str, Sequence[Mapping[str, float]]]
    differences: Sequence[str]

    def row(self, spec: Spec, clock: str, notes: Sequence[str] = ()) -> Row:
        """The row of one clock, "cpu" or "wall", or of another figure that the peers answered."""
        samples = {name: [sample[clock] for sample in samples] for name, samples in self.taken.items()}
        return Row(spec, samples, self.differences, notes)


@dataclass(slots=True)
class Bench:
    """What a group of measurements works with; `about` collects what each library said of itself."""

    settings: Settings
    about: dict[str, dict[str, Any]] = field(default_factory=dict)

    @contextmanager
    def peers(self, ours: Sequence[str] = ()) -> Iterator[list[Peer]]:
        """Start every library that is there; `ours` are arguments for our own program."""
        with started(commands(self.settings.peer_python, ours)) as peers:
            self.about.update({peer.name: peer.about for peer in peers})
            yield peers

    def row(self, peers: Sequence[Peer], spec: Spec, fixture: Callable[[], Fixture]) -> Row:
        """Measure `spec` with every peer, by CPU time."""
        return self.samples(peers, spec.operation, fixture).row(spec, "cpu")

    def samples(
        self, peers: Sequence[Peer], operation: str, fixture: Callable[[], Fixture], longer: float = 1.0
    ) -> Samples:
        """Let the peers take turns at `operation`, each sample `longer` than the settings say.

        `fixture` is asked anew each round: a sealed packet must not grow old.
        """
        taken: dict[str, list[dict[str, float]]] = {peer.name: [] for peer in peers}
        differing: list[str] = []
        for turn in range(self.settings.rounds):
            material = fixture()
            values = {peer.name: peer.prepare(operation, material) for peer in peers}
            if turn == 0:
                differing = _compare(values)
            for peer in turns(peers, turn):
                taken[peer.name].append(peer.sample(operation, self.settings.seconds * longer))
        return Samples(taken, differing)


def turns(participants: Sequence[_T], turn: int) -> list[_T]:
    """Who goes when: each round begins with another, so that no one always runs behind the same neighbour."""
    first = turn % len(participants)
    return [*participants[first:], *participants[:first]]


def _compare(values: Mapping[str, object]) -> list[str]:
    """What each peer's value differs in from ours."""
    if OURS not in values:
        raise PeerError("our own program did not start")
    return [
        f"{name}: {line}" for name, value in values.items() if name != OURS for line in differences(values[OURS], value)
    ]
