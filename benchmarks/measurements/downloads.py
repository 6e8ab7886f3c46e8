"""Files from the local DC: what a large one costs a client and how much memory it takes, how long the pictures of a
user take over a long way, and what a thousand downloads at once leave behind.

Telethon fetches by `download_file`, in parts of 512 KiB, the largest that it takes. Bytes are dropped as they come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from statistics import median
from typing import Any

from benchmarks.bench import Bench, Samples
from benchmarks.dc import running
from benchmarks.delayed import delayed
from benchmarks.peer import Peer, commands, started
from benchmarks.rows import OURS, Row, Spec, Unit

__all__ = ["measure"]

MIB = 1 << 20
LARGE, LARGER = 50, 400
"""MiB of the two files."""

WINDOW = 2 * MIB
MOST_PEAK = 12 * MIB
"""What the peak may be at, whatever the file's size."""

PHOTOS = 250
DELAY = 0.02
"""Seconds that each byte takes each way."""

MANY = 1000
LEAST_SHARE = 0.35
"""The least speed, as a share of that of AES-IGE alone on the same bytes."""

FEW = 3
"""Samples of a row whose samples take long."""

_CPU = Spec("downloads.cpu", f"client CPU time of a file of {LARGE} MiB", "fetch", Unit.MILLISECONDS, {"telethon": 1.3})
_AES = Spec("downloads.aes", "AES-IGE alone on the same bytes", "aes")
_PEAK = Spec("downloads.peak", f"peak memory above idle of a file of {LARGE} MiB", "fetch", Unit.MEBIBYTES)
_PEAK_LARGER = Spec("downloads.peak-large", f"the same of a file of {LARGER} MiB", "fetch", Unit.MEBIBYTES)
_PHOTOS = Spec(
    "downloads.photos",
    f"wall time of all sizes of {PHOTOS} photos, {DELAY * 1000:.0f} ms of delay each way",
    "photos",
    Unit.SECONDS,
    {"telethon": 4.0},
)
_MANY = Spec("downloads.many", f"memory left by each of {MANY} downloads of 1 MiB at once", "fetch", Unit.BYTES)

Fixture = Mapping[str, Any]


def measure(bench: Bench) -> Iterator[Row]:
    """The rows; the DC runs in a process of its own, and so does the relay that stands before it."""
    share = bench.settings.share
    sizes = [max(MIB, round(size * share * MIB)) for size in (LARGE, LARGER, 1)]
    with running(*(f"--document={size}" for size in sizes)) as fixture:
        large, larger, small = ({**fixture, "documents": [each]} for each in fixture["documents"])
        yield _cpu(bench, large)
        for spec, one in ((_PEAK, large), (_PEAK_LARGER, larger)):
            yield _peak(bench, spec, {**one, "window": WINDOW, "is_first_sample": True})
        yield _photos(bench, {**fixture, "photos": round(PHOTOS * share)})
        yield _many(bench, {**small, "times": round(MANY * share)})


def _cpu(bench: Bench, fixture: Fixture) -> Row:
    """CPU time beside Telethon's, and beside that of AES-IGE alone."""
    size = fixture["documents"][0]["size"]
    with _peers(bench) as peers:
        row = bench.samples(peers, _CPU.operation, lambda: fixture).row(_CPU, "cpu")
        alone = bench.row([peer for peer in peers if peer.name == OURS], _AES, lambda: {"size": size}).medians()[OURS]
    medians = row.medians()
    speeds = ", ".join(f"{name} {size / 1e6 / cpu:.0f}" for name, cpu in medians.items())
    part = alone / medians[OURS]
    verdict = f"≥ {LEAST_SHARE:.0%}: {'met' if part >= LEAST_SHARE else 'missed'}"
    note = (
        f"MB per CPU second: {speeds}, AES-IGE alone {size / 1e6 / alone:.0f}, of which ours is {part:.0%} ({verdict})"
    )
    return replace(row, notes=[note])


def _peak(bench: Bench, spec: Spec, fixture: Fixture) -> Row:
    """Peak memory of the first download of fresh processes, beyond what they took once logged in."""
    samples: list[Samples] = []
    for _ in range(min(bench.settings.starts, FEW)):
        with _peers(bench) as peers:
            samples.append(_fewer(bench, 1).samples(peers, spec.operation, lambda: fixture))
    taken = {name: [one for each in samples for one in each.taken[name]] for name in samples[0].taken}
    row = Samples(taken, samples[0].differences).row(spec, "peak")
    verdict = "met" if row.medians()[OURS] <= MOST_PEAK else "missed"
    return replace(row, notes=[f"at most {Unit.MEBIBYTES.show(MOST_PEAK)}: {verdict}"])


def _photos(bench: Bench, fixture: Fixture) -> Row:
    """Wall time beside that of Telethon, one size after another; a note says how Telethon does with all at once."""
    with delayed(fixture["dc"], DELAY) as (dc, _), _peers(bench) as peers:
        far = {**fixture, "dc": dc}
        row = _fewer(bench).samples(peers, _PHOTOS.operation, lambda: far).row(_PHOTOS, "wall")
        notes = []
        for peer in peers:
            if peer.name != OURS:
                peer.prepare("photos-at-once", far)
                wall = peer.sample("photos-at-once", 0.0)["wall"]
                notes.append(f"{peer.name} with all calls at once over its one connection: {Unit.SECONDS.show(wall)}")
    return replace(row, notes=notes)


def _many(bench: Bench, fixture: Fixture) -> Row:
    """What downloads leave behind: the first thousand are not counted, so that all that is kept for ever is there."""
    times = fixture["times"]
    with delayed(fixture["dc"], 0.0) as (dc, counts), _peers(bench, OURS) as peers:
        samples = _fewer(bench).samples(peers, _MANY.operation, lambda: {**fixture, "dc": dc})
        connections = counts()
    taken = samples.taken[OURS]
    left = [{**one, "memory": one["memory"] / times} for one in taken]
    objects, files = (median(one[name] for one in taken) for name in ("objects", "files"))
    note = f"left by {times} downloads: {objects:.0f} objects, {files:.0f} open files"
    reached = f"{connections['all']} connections for all {(len(taken) + 1) * times}, {connections['most']} at once"
    return replace(Samples({OURS: left}, ()).row(_MANY, "memory"), notes=[note, reached])


@contextmanager
def _peers(bench: Bench, *names: str) -> Iterator[list[Peer]]:
    """Start the libraries that fetch files: ours and Telethon, or those that are named."""
    programs = commands(bench.settings.peer_python)
    with started({name: programs[name] for name in names or (OURS, "telethon")}) as peers:
        bench.about.update({peer.name: peer.about for peer in peers})
        yield peers


def _fewer(bench: Bench, rounds: int = FEW) -> Bench:
    """The same with no more than so many samples of each library."""
    return replace(bench, settings=replace(bench.settings, rounds=min(bench.settings.rounds, rounds)))
