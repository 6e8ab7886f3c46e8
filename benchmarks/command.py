"""Options of `python -m benchmarks`, and the order of events."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import checkers, kills, report, soak, transports
from benchmarks.bench import Bench, Settings
from benchmarks.measurements import GROUPS
from benchmarks.peer import ROOT, PeerError
from benchmarks.rows import PEERS, TITLES, Row, summarize

__all__ = ["main"]

_PEER_PYTHON = "MTPROTO_INTEROP_PYTHON"

ABOUT = """\
Measure this library side by side with Telethon and Kurigram, where they are installed, and print a table.

The libraries are measured in turns, each in a process of its own. A row of the table is a task, its figures are
medians, and the ratios say how many times as long another library takes. All groups take some minutes, on a quiet
machine; --quick only shows that everything works. Nothing leaves the machine: the peer is a data centre on a loopback
socket. The exit status is 1 if two libraries read the same bytes differently, and 2 if one of them broke off.
"""

PROGRAMS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "checkers": checkers.main,
    "kills": kills.main,
    "soak": soak.main,
    "transports": transports.main,
}
"""What is no comparison with other libraries and has options of its own."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write. Exit status 1 if libraries read the same bytes differently, 2 if a program broke off."""
    given = sys.argv[1:] if arguments is None else arguments
    if given and given[0] in PROGRAMS:
        return PROGRAMS[given[0]](given[1:])
    parser = _parser()
    options = parser.parse_args(given)
    if unknown := set(options.group) - GROUPS.keys():
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    settings = _settings(options)
    bench = Bench(settings)
    rows: list[Row] = []
    try:
        for run in range(options.runs):
            for name in options.group or GROUPS:
                for row in GROUPS[name](bench):
                    print(f"run {run + 1}/{options.runs}: {row.spec.key}", file=sys.stderr)
                    rows.append(row)
    except PeerError as error:
        print(error, file=sys.stderr)
        return 2
    summaries = summarize(rows)
    print("; ".join(report.machine().values()))
    for about in bench.about.values():
        print(", ".join(f"{name} {value}" for name, value in about.items()))
    absent = [TITLES[name] for name in PEERS if name not in bench.about]
    if absent:
        print(f"not installed, so not measured: {', '.join(absent)} (extra `bench`, or --peer-python)")
    print(report.table(summaries))
    report.write(options.json, report.document(summaries, settings, bench.about))
    print(f"samples: {options.json}")
    return 1 if any(row.differences for row in rows) else 0


def _parser() -> argparse.ArgumentParser:
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("group", nargs="*", help=f"what to measure: {', '.join(GROUPS)} (default: all)")
    about = {name: (sys.modules[run.__module__].__doc__ or "").partition(": `")[0] for name, run in PROGRAMS.items()}
    parser.epilog = "\n".join(
        ["Programs of their own, each with --help:"]
        + [f"  python -m benchmarks {name:<11} {' '.join(text.split())}" for name, text in about.items()]
    )
    parser.add_argument(
        "--rounds", type=int, help=f"samples of each library for a row, taken in turns ({Settings().rounds})"
    )
    parser.add_argument("--runs", type=int, default=1, help="whole runs; ratios are medians over them (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="see that everything works; the figures mean little")
    parser.add_argument(
        "--peer-python",
        default=os.environ.get(_PEER_PYTHON, sys.executable),
        metavar="PATH",
        help=f"interpreter that has Telethon and Kurigram (default: ${_PEER_PYTHON}, else this one)",
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=ROOT / "benchmarks" / "results" / f"{stamp}.json",
        metavar="FILE",
        help="where the samples go (benchmarks/results/TIME.json)",
    )
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    quick = Settings.quick if options.quick else Settings
    settings = quick(peer_python=options.peer_python)
    return replace(settings, rounds=options.rounds) if options.rounds else settings
