"""The table for people and the document for programs."""

from __future__ import annotations

import datetime
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.bench import Settings
from benchmarks.rows import OURS, PEERS, RAW, TITLES, Summary, Unit

__all__ = ["aligned", "document", "machine", "table", "write"]


def table(summaries: Sequence[Summary]) -> str:
    """Aligned rows (also valid Markdown): our median, then each measured peer's median, ratio, target and verdict."""
    peers = [name for name in (*PEERS, RAW) if any(name in summary.medians for summary in summaries)]
    head = ["what", TITLES[OURS]]
    for name in peers:
        head += [TITLES[name], f"{TITLES[name]} ÷ ours"]
    lines = [head, *([_title(summary), *_cells(summary, peers)] for summary in summaries)]
    notes = [f"{summary.spec.key}: {note}" for summary in summaries for note in _notes(summary)]
    return "\n".join([aligned(lines), *notes])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Rows of cells as a table, the head first: the first column to the left, the others to the right."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    texts = ["| " + " | ".join(_aligned(line, widths)) + " |" for line in lines]
    rule = "|" + "|".join("-" * (width + 1) + (":" if column else "-") for column, width in enumerate(widths)) + "|"
    return "\n".join([texts[0], rule, *texts[1:]])


def document(summaries: Sequence[Summary], settings: Settings, about: Mapping[str, Mapping[str, Any]]) -> str:
    """Everything as JSON: where, with what, every sample of every run, and what follows from them."""
    rows = [
        {
            "key": summary.spec.key,
            "title": summary.spec.title,
            "unit": "bytes" if summary.spec.unit in (Unit.BYTES, Unit.MEBIBYTES) else "seconds",
            "medians": summary.medians,
            "ratios": summary.ratios,
            "targets": dict(summary.spec.targets),
            "verdicts": {name: found.value for name in (*PEERS, RAW) if (found := summary.verdict(name)) is not None},
            "runs": [
                {"samples": row.samples, "ratios": row.ratios(), "differences": row.differences, "notes": row.notes}
                for row in summary.runs
            ],
        }
        for summary in summaries
    ]
    stamp = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    settled = {"measured": stamp, "machine": machine(), "libraries": about, "settings": asdict(settings)}
    return json.dumps({**settled, "rows": rows}, indent=1)


def machine() -> dict[str, str]:
    """What a reader needs to know of the place: interpreter, system, processor."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
    }


def write(path: Path, text: str) -> None:
    """Write the document, and make its folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


def _title(summary: Summary) -> str:
    return f"{summary.spec.title} [{summary.spec.key}]"


def _cells(summary: Summary, peers: Sequence[str]) -> list[str]:
    show = summary.spec.unit.show
    cells = [show(summary.medians[OURS])]
    for name in peers:
        if name not in summary.medians:
            cells += ["–", "–"]
            continue
        found = summary.verdict(name)
        target = f" (≥ {summary.spec.targets[name]:g}: {found.value})" if found is not None else ""
        cells += [show(summary.medians[name]), f"{summary.ratios[name]:.2f}{target}"]
    return cells


def _aligned(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.rjust(width) if column else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]


def _notes(summary: Summary) -> list[str]:
    """Notes and differences of all runs, each once."""
    found = [*(note for row in summary.runs for note in row.notes)]
    found += [f"DIFFERS {line}" for row in summary.runs for line in row.differences]
    return list(dict.fromkeys(found))


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")), "")
