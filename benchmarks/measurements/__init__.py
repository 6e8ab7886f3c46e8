"""The groups of measurements. To add one: a file with `measure(bench) -> Iterator[Row]`, and its entry in `GROUPS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from benchmarks.bench import Bench
from benchmarks.measurements import calls, downloads, envelope, startup, tl
from benchmarks.rows import Row

__all__ = ["GROUPS"]

GROUPS: Mapping[str, Callable[[Bench], Iterator[Row]]] = {
    "tl": tl.measure,
    "envelope": envelope.measure,
    "import": startup.measure,
    "calls": calls.measure,
    "downloads": downloads.measure,
}
