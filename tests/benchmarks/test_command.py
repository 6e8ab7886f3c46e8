from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.command import main


def measured(group: str, path: Path) -> list[dict[str, Any]]:
    """Run one group at its quickest; the rows of its document."""
    assert main([group, "--quick", "--json", str(path)]) == 0
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return rows


def test_the_language_is_measured_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = measured("tl", tmp_path / "new" / "rows.json")
    assert [row["key"] for row in rows] == ["tl.decode", "tl.encode", "tl.request"]
    assert all(row["medians"]["ours"] > 0 for row in rows)
    table = capsys.readouterr().out
    assert all(row["title"] in table for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("group", "keys"),
    [
        ("envelope", {"envelope.cryptography"}),
        ("import", {"import.wall"}),
        ("calls", {"calls.cpu", "calls.wall", "calls.account"}),
        (
            "downloads",
            {f"downloads.{name}" for name in ("cpu", "peak", "peak-large", "photos", "many")},
        ),
    ],
)
def test_every_other_group_runs(group: str, keys: set[str], tmp_path: Path) -> None:
    assert keys <= {row["key"] for row in measured(group, tmp_path / "rows.json")}


def test_an_unknown_group_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["tea"])
    assert "no such group: tea" in capsys.readouterr().err


def test_a_peer_that_breaks_off_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "python"
    wrong.write_text("#!/bin/sh\nexit 7\n", encoding="utf-8")
    wrong.chmod(0o755)
    assert main(["tl", "--quick", "--peer-python", str(wrong), "--json", str(tmp_path / "rows.json")]) == 2
    assert "status 7" in capsys.readouterr().err
