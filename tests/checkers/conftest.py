"""The library as users have it, and pyright, which npm installs (`npm ci --prefix tests/checkers/node`).

Where pyright is not installed, its tests are left out, with the reason; with `MTPROTO_REQUIRE_PYRIGHT=1` that is a
failure.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PYRIGHT = Path(__file__).parent / "node" / "node_modules" / "pyright"

SECONDS = 120
"""More than building or installing takes."""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, as `python -m build` does, with the tools that are installed here."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT))
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an interpreter that has the wheel installed, and sees the packages that the wheel depends on."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=os.name != "nt")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    run(sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel))
    site = run(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    dependencies = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    Path(site, "dependencies.pth").write_text("\n".join(dependencies), encoding="utf-8")
    return python


@pytest.fixture(scope="session")
def editable() -> Path:
    """Return the interpreter of the tests, where this checkout is an editable install."""
    origin = distribution("mtproto-raw").read_text("direct_url.json") or "{}"
    if not json.loads(origin).get("dir_info", {}).get("editable"):
        pytest.skip("the library is no editable install here (make test makes one)")
    return Path(sys.executable)


@pytest.fixture(scope="session", params=["installed", "editable"])
def python(request: pytest.FixtureRequest) -> Path:
    """Return the interpreter of each of the two environments."""
    chosen: Path = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture(scope="session")
def node() -> str:
    """Return the program `node`, where pyright is installed for it."""
    found = shutil.which("node")
    if found is None:
        leave_out("pyright needs Node: the program `node` was not found")
    if not PYRIGHT.is_dir():
        leave_out("pyright is not installed (npm ci --prefix tests/checkers/node)")
    return str(found)


def leave_out(reason: str) -> None:
    """Skip the test, or let it fail where pyright is required."""
    if os.environ.get("MTPROTO_REQUIRE_PYRIGHT") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def run(*command: str) -> str:
    """Run a program to its end, and return what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS, cwd=ROOT)
    assert done.returncode == 0, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
