"""`--help` of each program of a checkout says what the program does, what each option means, and does nothing."""

from __future__ import annotations

import re
import runpy
import shutil
import sys
from pathlib import Path

import pytest

PROGRAMS = (
    "benchmarks",
    "tests.fuzz",
    "tests.fuzz.make_corpus",
    "tests.hostile",
    "tests.mutants",
    "tests.pictures",
    "tests.store",
    "tests.structure",
    "tests.structure.faces",
    "tests.vectors.generate",
)


JUDGES = ("benchmarks", "tests.fuzz", "tests.hostile", "tests.mutants", "tests.store", "tests.structure")
"""Programs that tell by their exit status whether something is wrong."""


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("--help wrote something")


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.filterwarnings("ignore:.*found in sys.modules:RuntimeWarning")
def test_help_explains_and_does_nothing(
    program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("PIL", reason="the pictures are drawn with Pillow") if program == "tests.pictures" else None
    for writes in ("write_text", "write_bytes", "mkdir"):
        monkeypatch.setattr(Path, writes, refuse)
    monkeypatch.setattr(shutil, "rmtree", refuse)
    monkeypatch.setattr(sys, "argv", [program, "--help"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(program, run_name="__main__")
    assert not ended.value.code
    said = capsys.readouterr().out
    assert said.startswith(f"usage: python -m {program}")
    above = said.partition("options:")[0].partition("positional arguments:")[0].partition("\n\n")[2]
    assert len(above.split()) > 8, "what the program does"
    assert "exit status" in said.lower() or program not in JUDGES
    for line, after in re.findall(r"^  (-.*)\n(.*)", said, flags=re.MULTILINE):
        assert re.search(r"\S  +\S", line) or after.startswith("       "), f"no word on {line.strip()}"
