"""Rows of the table: samples of each library, their medians, and the ratio of a peer's median to ours."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

__all__ = ["OURS", "PEERS", "RAW", "TITLES", "Row", "Spec", "Summary", "Unit", "Verdict", "summarize", "verdict"]

OURS = "ours"
PEERS = ("telethon", "kurigram")
RAW = "raw"
"""Our own client, where a row is about what an account costs beside it."""

TITLES = {OURS: "ours", "telethon": "Telethon", "kurigram": "Kurigram", RAW: "raw client"}

_TOLERANCE = 0.95
"""A ratio within 5 % below its target counts as met if the note shows it."""


class Unit(enum.Enum):
    """What a sample counts, as (suffix, samples for each one of it)."""

    MICROSECONDS = ("us", 1e-6)
    MILLISECONDS = ("ms", 1e-3)
    SECONDS = ("s", 1.0)
    BYTES = ("B", 1.0)
    MEBIBYTES = ("MiB", 1024.0 * 1024.0)

    def show(self, sample: float) -> str:
        """Text of a sample that is held in seconds or bytes: three significant digits or more, and the unit."""
        suffix, size = self.value
        number = sample / size
        return f"{number:.{0 if number >= 1000 else 1 if number >= 100 else 2}f} {suffix}"


class Verdict(enum.Enum):
    """How a ratio stands to its target."""

    MET = "met"
    CLOSE = "within 5 %"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Spec:
    """One row before it is measured: `operation` names what each peer program times, `targets` the ratios aimed at."""

    key: str
    title: str
    operation: str
    unit: Unit = Unit.MICROSECONDS
    targets: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of one run: samples (seconds or bytes, for one operation) by library, and what differed between them."""

    spec: Spec
    samples: Mapping[str, Sequence[float]]
    differences: Sequence[str] = ()
    notes: Sequence[str] = ()

    def medians(self) -> dict[str, float]:
        """The median sample of each library."""
        return {name: median(samples) for name, samples in self.samples.items()}

    def ratios(self) -> dict[str, float]:
        """Peer's median ÷ ours, by peer."""
        medians = self.medians()
        return {name: medians[name] / medians[OURS] for name in medians if name != OURS}


@dataclass(frozen=True, slots=True)
class Summary:
    """One row over several whole runs: the median of the runs' medians and of the runs' ratios."""

    spec: Spec
    runs: Sequence[Row]
    medians: Mapping[str, float]
    ratios: Mapping[str, float]

    def verdict(self, name: str) -> Verdict | None:
        """How the ratio of peer `name` stands to its target; None where either is missing."""
        if name not in self.ratios or name not in self.spec.targets:
            return None
        return verdict(self.ratios[name], self.spec.targets[name])


def verdict(ratio: float, target: float) -> Verdict:
    """Met at or above the target, close within 5 % below it, missed otherwise."""
    if ratio >= target:
        return Verdict.MET
    return Verdict.CLOSE if ratio >= target * _TOLERANCE else Verdict.MISSED


def summarize(rows: Iterable[Row]) -> list[Summary]:
    """Join the rows of whole runs by key, in the order of their first appearance."""
    runs: dict[str, list[Row]] = {}
    for row in rows:
        runs.setdefault(row.spec.key, []).append(row)
    return [
        Summary(same[0].spec, same, _medians([row.medians() for row in same]), _medians([row.ratios() for row in same]))
        for same in runs.values()
    ]


def _medians(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Median over the runs, by library; a library that is missing from a run is judged by the others."""
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: median([run[name] for run in runs if name in run]) for name in names}
