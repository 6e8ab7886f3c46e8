"""What a checkout without the files from outside runs: the rest of the suite, and a line that says what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROBE = """
def test_that_compares(shared): assert shared.is_dir()
def test_that_does_not(): pass
"""


def run_probe(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run two tests in a checkout of their own, whose neighbour is not there."""
    tests = folder / "checkout" / "tests"
    tests.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "conftest.py", tests)
    (tests / "test_probe.py").write_text(PROBE)
    kept = {name: value for name, value in os.environ.items() if name != "MTPROTO_SHARED"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-ra", str(tests)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tests,
        env={**kept, **environment},
    )


def test_tests_that_want_what_is_not_there_are_left_out_and_a_line_says_so(tmp_path: Path) -> None:
    done = run_probe(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed, 1 deselected" in done.stdout
    assert "skipped" not in done.stdout.lower()
    assert "1 tests were left out" in done.stdout
    assert "MTPROTO_SHARED=FOLDER" in done.stdout


def test_a_folder_that_is_named_and_not_there_is_an_error(tmp_path: Path) -> None:
    done = run_probe(tmp_path, MTPROTO_SHARED="nowhere")
    assert done.returncode == 4
    assert "MTPROTO_SHARED names" in done.stderr
