"""The engine: old inputs are changed, new ones are judged, and those that did something new are changed further.

It needs no native code. What an input does is known from its verdict alone (what was said or raised); where more is
wanted, `with_atheris` runs the same targets guided by coverage.
"""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

from tests.fuzz.mutate import Mutator
from tests.fuzz.target import Target, judge

__all__ = ["HERE", "Campaign", "Finding", "Hang", "Tally", "examine", "seeds_of", "watchdog"]

HERE = Path(__file__).resolve().parent

SLOW = 0.1
"""Seconds of CPU time that no packet may take: it would hold up an event loop."""

HANG = 20.0
"""Seconds of CPU time after which an input counts as endless, on any machine."""

_POOL = 3000
_REPEATS = 3
_SHRINK_TRIES = 600
_OUR_CODE = ("mtproto", "tl")


class Hang(BaseException):
    """The watchdog's alarm: no handler of the code under test may swallow it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that did what none may do.

    Attributes:
        what: the kind: an exception and the function that raised it, `slow`, or `hang`. One of each kind is kept.
        data: the input, made small where that is possible.
        detail: a traceback, or a time.

    """

    what: str
    data: bytes
    detail: str


@dataclass(slots=True)
class Tally:
    """What a campaign did so far."""

    target: str
    inputs: int = 0
    parsed: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    traces: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """How many inputs were refused by an error of ours, or told as an event."""
        return self.inputs - self.parsed - len(self.findings)


@contextmanager
def watchdog(seconds: float = HANG) -> Iterator[Callable[[], None]]:
    """Give a function that starts the clock anew; when it runs out, `Hang` is raised. Not on Windows.

    The clock counts what the process spends: a parser waits for nothing, and a busy machine must not look like a hang.
    """
    if not hasattr(signal, "setitimer"):
        yield lambda: None
        return

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, ring)
    try:
        yield lambda: void(signal.setitimer(signal.ITIMER_PROF, seconds))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def void(_value: object) -> None:
    """Return nothing."""


def seeds_of(target: str, kind: str) -> list[bytes]:
    """Return what is committed for a target: its `corpus`, or its `cases`."""
    return [path.read_bytes() for path in sorted((HERE / kind / target).glob("*"))]


def examine(target: Target, data: bytes) -> Finding | None:
    """Judge one input; return what is wrong with it, if anything is."""
    try:
        judge(target, data)
    except (Exception, Hang) as error:
        return _finding(data, error)
    return None


def _finding(data: bytes, error: BaseException) -> Finding:
    if isinstance(error, Hang):
        return Finding("hang", data, "".join(traceback.format_tb(error.__traceback__)))
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if set(_OUR_CODE) & set(Path(frame.filename).parts)] or list(frames)
    place = f"{Path(ours[-1].filename).stem}.{ours[-1].name}"
    return Finding(f"{type(error).__name__} in {place}", data, "".join(traceback.format_exception(error)))


class Campaign:
    """A run of one target, which may be interrupted and go on. The same seed makes the same inputs.

    Args:
        target: what is run.
        seed: of all choices.
        slow: seconds of CPU time from which an input is a finding.

    """

    def __init__(self, target: Target, seed: int, slow: float = SLOW) -> None:
        self.target = target
        self.tally = Tally(target.name)
        self._slow = slow * target.patience
        self._random = Random(f"{target.name} {seed}")
        self._mutator = Mutator(self._random, target.words(), target.longest)
        self._pools: tuple[list[bytes], list[bytes]] = ([], [])  # refused, understood
        corpus, cases = [b"", *seeds_of(target.name, "corpus")], seeds_of(target.name, "cases")
        self._seeds = [*cases, *corpus][::-1]
        self._cases = len(cases)  # judged first, and not changed further: what they need is bulk
        self._given = len(self._seeds)
        self._traces: set[str] = set()
        self._known: set[str] = set()

    def run(self, inputs: int | None, seconds: float | None) -> Tally:
        """Judge so many inputs in all, for so many more seconds at most."""
        start = time.perf_counter()
        end = float("inf") if seconds is None else start + seconds
        with watchdog() as wind_up:
            while (inputs is None or self.tally.inputs < inputs) and time.perf_counter() < end:
                wind_up()
                self._judge(self._next())
        self.tally.seconds += time.perf_counter() - start
        return self.tally

    def _next(self) -> bytes:
        if self._seeds:
            return self._seeds.pop()
        return self._mutator.mutate(self._parent(), self._parent())

    def _parent(self) -> bytes:
        """Return an input to change: what was understood gets as many turns as what was refused, however few they are.

        Later ones are chosen more often: they went further.
        """
        refused, understood = self._pools
        pool = understood if understood and (not refused or self._random.random() < 0.5) else refused
        return pool[max(self._random.randrange(len(pool)), self._random.randrange(len(pool)))]

    def _judge(self, data: bytes) -> None:
        tally, start = self.tally, time.perf_counter()
        tally.inputs += 1
        try:
            verdict = judge(self.target, data)
        except (Exception, Hang) as error:
            self._found(_finding(data, error))
            return
        taken = time.perf_counter() - start
        tally.parsed += verdict.parsed
        seed = tally.inputs <= self._given
        if tally.inputs > self._cases and (seed or verdict.trace not in self._traces):
            self._traces.add(verdict.trace)
            tally.traces = len(self._traces)
            self._keep(self._pools[verdict.parsed], data)
        if taken > self._slow:
            taken = self._look_again(data)
        tally.slowest = max(tally.slowest, taken)

    def _keep(self, pool: list[bytes], data: bytes) -> None:
        if len(pool) < _POOL:
            pool.append(data)
        else:
            pool[self._random.randrange(_POOL)] = data

    def _look_again(self, data: bytes) -> float:
        """Return the least CPU time of some more runs, since what else the machine does must not count."""
        times = []
        for _ in range(_REPEATS):
            start = time.process_time()
            try:
                judge(self.target, data)
            except Hang as hang:
                self._found(_finding(data, hang))
                return HANG
            times.append(time.process_time() - start)
        if min(times) > self._slow:
            self._found(Finding("slow", data, f"{min(times):.3f} s of CPU time"))
        return min(times)

    def _found(self, finding: Finding) -> None:
        if finding.what not in self._known:
            self._known.add(finding.what)
            self.tally.findings.append(self._shrink(finding))

    def _shrink(self, finding: Finding) -> Finding:
        """Make an input smaller while the same goes wrong."""
        if finding.what in ("slow", "hang"):
            return finding
        best, tries, size = finding, 0, max(1, len(finding.data) // 2)
        while size and tries < _SHRINK_TRIES:
            at, before = 0, len(best.data)
            while at < len(best.data) and tries < _SHRINK_TRIES:
                tries += 1
                smaller = examine(self.target, best.data[:at] + best.data[at + size :])
                if smaller is not None and smaller.what == finding.what:
                    best = smaller
                else:
                    at += size
            if len(best.data) == before:
                size //= 2
        return best
