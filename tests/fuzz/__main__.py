"""The command: run targets, say what came of it, keep what was found."""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path

import tests.fuzz
from tests.fuzz.campaign import HERE, SLOW, Campaign, Finding, Tally, examine, watchdog
from tests.fuzz.target import Target, judge
from tests.fuzz.targets import TARGETS

__all__ = ["main"]

CI_SECONDS = {
    "tl": 60.0,
    "envelope": 60.0,
    "session": 60.0,
    "exchange": 60.0,
    "framing": 30.0,
    "link": 20.0,
    "web": 10.0,
}
"""Seconds of each group in CI, shared by its targets; groups run side by side on as many cores as there are."""

CI_SEED = 229
"""A change is judged by the same inputs wherever it is judged: a faster machine only gets further among them."""

CI_SLOW = 1.0
"""Seconds of CPU time for a packet in CI, whose machines may be slow and busy."""

TURN = 10.0
"""Seconds of each target in turn, where nothing says when to end."""

MEMORY = 4 << 30
"""Bytes of address space: an input that wants more is a finding, and the machine lives."""

_ROW = "{:<32}{:>10}{:>10}{:>10}{:>8}{:>10}{:>8}{:>9}"


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line says; return 1 if anything was found."""
    options = _options(arguments)
    if options.replay:
        return _replay(options.replay)
    seed = _seed(options)
    targets = [target for target in TARGETS.values() if _chosen(target, options)]
    _say(f"seed {seed}, {len(targets)} targets")
    _say(_ROW.format("target", "inputs", "parsed", "refused", "traces", "findings", "s", "worst ms"))
    if options.ci:
        tallies = _in_parallel(
            [(one.name, seed, None, _share(one, targets), CI_SLOW) for one in targets], os.cpu_count()
        )
    elif options.inputs is None and options.seconds is None:
        tallies = _for_ever(targets, seed)
    else:
        jobs = [(one.name, seed, options.inputs, options.seconds, SLOW) for one in targets]
        tallies = _in_parallel(jobs, options.jobs) if options.jobs > 1 else map(_work, jobs)
    found = 0
    for tally in tallies:
        _report(tally, seed)
        found += len(tally.findings)
    return 1 if found else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=tests.fuzz.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="The exit status is 1 if there is a finding.",
    )
    parser.add_argument("--target", action="append", choices=list(TARGETS), help="only this one; may be repeated")
    parser.add_argument(
        "--group",
        action="append",
        choices=sorted({one.group for one in TARGETS.values()}),
        help="only its targets; may be repeated",
    )
    parser.add_argument("--inputs", type=int, help="how many for each target")
    parser.add_argument("--seconds", type=float, help="how long for each target")
    parser.add_argument("--seed", type=int, help="of all choices; by default a new one, in CI always the same")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--ci", action="store_true", help="a minute or less for each group, a process for each core")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run one input of the target that its folder names")
    return parser.parse_args(arguments)


def _seed(options: argparse.Namespace) -> int:
    if options.seed is None:
        return CI_SEED if options.ci else int.from_bytes(os.urandom(3), "big")
    return int(options.seed)


def _chosen(target: Target, options: argparse.Namespace) -> bool:
    everything = not options.target and not options.group
    return everything or target.name in (options.target or ()) or target.group in (options.group or ())


def _share(target: Target, targets: list[Target]) -> float:
    return CI_SECONDS[target.group] / sum(other.group == target.group for other in targets)


Job = tuple[str, int, int | None, float | None, float]


def _work(job: Job) -> Tally:
    name, seed, inputs, seconds, slow = job
    _limit_memory()
    return Campaign(TARGETS[name], seed, slow).run(inputs, seconds)


def _in_parallel(jobs: list[Job], processes: int | None) -> Iterable[Tally]:
    with ProcessPoolExecutor(processes) as workers:
        yield from workers.map(_work, jobs)


def _for_ever(targets: list[Target], seed: int) -> Iterable[Tally]:
    """Give each target its turn until the user has seen enough; tell the sums then."""
    _limit_memory()
    campaigns: dict[str, Campaign] = {}
    told: set[tuple[str, str]] = set()
    try:
        for number in count():
            target = targets[number % len(targets)]
            campaign = campaigns.setdefault(target.name, Campaign(target, seed))
            tally = campaign.run(None, TURN)
            for finding in tally.findings:
                if (target.name, finding.what) not in told:
                    told.add((target.name, finding.what))
                    _say(f"{target.name}: {finding.what}: {_save(target.name, finding)}")
    except KeyboardInterrupt:
        _say("")
        yield from (campaign.tally for campaign in campaigns.values())


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY if hard < 0 else min(MEMORY, hard), hard))


def _report(tally: Tally, seed: int) -> None:
    figures = (tally.inputs, tally.parsed, tally.refused, tally.traces, len(tally.findings))
    _say(_ROW.format(tally.target, *figures, f"{tally.seconds:.0f}", f"{tally.slowest * 1000:.1f}"))
    for finding in tally.findings:
        path = _save(tally.target, finding)
        _say(f"  {finding.what} (seed {seed})\n    python -m tests.fuzz --replay {path}")


def _save(target: str, finding: Finding) -> Path:
    """Keep a finding, and how to see it again; return where."""
    folder = HERE / "findings" / target
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"\W+", "-", finding.what).strip("-").lower()
    path = folder / f"{name}-{hashlib.sha256(finding.data).hexdigest()[:8]}"
    path.write_bytes(finding.data)
    replay = f"python -m tests.fuzz --replay {path.relative_to(HERE.parent.parent)}"
    path.with_name(f"{path.name}.txt").write_text(f"{replay}\n{finding.what}\n{finding.detail}\n")
    return path.relative_to(HERE.parent.parent)


def _replay(path: Path) -> int:
    target, data = TARGETS[path.resolve().parent.name], path.read_bytes()
    with watchdog() as wind_up:
        wind_up()
        finding = examine(target, data)
    if finding is None:
        _say(f"{target.name}: {judge(target, data)}")
        return 0
    _say(f"{target.name}: {finding.what}\n{finding.detail}")
    return 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
