"""`python -m tests.store`: what state files and accounts bear, as a table. About five minutes; `--kills 20` takes less.

The exit status is 1 if a file bears less than is promised.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.store.disks import cli_rows, dc_rows
from tests.store.endurance import Row, foreign_links, kills, two_writers
from tests.store.writer import KINDS

WITHIN = 0.02
"""Seconds within which a kill comes: some ten writings."""


def _rows(count: int, writes: int) -> Iterator[Row]:
    for kind in KINDS:
        with TemporaryDirectory() as folder:
            yield kills(kind, Path(folder), count, WITHIN)
        with TemporaryDirectory() as folder:
            yield two_writers(kind, Path(folder), writes)
        with TemporaryDirectory() as folder:
            yield from foreign_links(kind, Path(folder))
    if sys.platform == "linux" and os.geteuid() == 0:
        yield from cli_rows()
        yield from dc_rows()
    else:
        sys.stderr.write("full and read-only disks are left out: mounting one needs root on Linux\n")


def main() -> int:
    """Print the table; return 1 if anything is not as promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.store", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="times that a writer is killed (%(default)s)")
    parser.add_argument("--writes", type=int, default=1000, help="writings of two at once (%(default)s)")
    options = parser.parse_args()
    sys.stdout.write("| file | tried | outcome | as promised |\n|---|---|---|---|\n")
    good = True
    for row in _rows(options.kills, options.writes):
        good &= row.good
        sys.stdout.write(f"| {row.kind} | {row.tried} | {row.outcome} | {'yes' if row.good else 'NO'} |\n")
        sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
