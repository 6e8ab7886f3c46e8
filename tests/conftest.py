"""Fixtures for every room's tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A change is judged by the same examples wherever it is judged, and never by how long anything takes.
settings.register_profile(
    "project",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    database=None,
    print_blob=True,
)
# For `--hypothesis-profile=vary`: examples that are new in each run, to look further.
settings.register_profile("vary", settings.get_profile("project"), derandomize=False)
settings.load_profile("project")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the suite can be told."""
    parser.addoption("--model-examples", type=int, default=20, help="examples of tests/model (default: 20)")
    parser.addoption("--thorough", action="store_true", help="take every position where the suite takes a share")


_ROOT = Path(__file__).resolve().parent.parent
_SHARED = (_ROOT / os.environ.get("MTPROTO_SHARED", "../shared")).resolve()
_LEFT_OUT = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a folder that was named and is not there."""
    if "MTPROTO_SHARED" in os.environ and not _SHARED.is_dir():
        raise pytest.UsageError(f"MTPROTO_SHARED names {_SHARED}, which is no folder")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what compares with files that a user's checkout does not have: a skip would look like a fault."""
    if _SHARED.is_dir():
        return
    wanting = [item for item in items if "shared" in getattr(item, "fixturenames", ())]
    if wanting:
        config.stash[_LEFT_OUT] = len(wanting)
        config.hook.pytest_deselected(items=wanting)
        items[:] = [item for item in items if item not in wanting]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one line what was left out, and how to have it."""
    if left_out := config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{left_out} tests were left out: they compare with public vectors and older schemas, which are not in "
            "this repository; MTPROTO_SHARED=FOLDER names a folder with vectors/vectors.json, schema/layers/api-*.tl …"
        )


@pytest.fixture(scope="session")
def thorough(pytestconfig: pytest.Config) -> bool:
    """Return whether to take every position; otherwise a share that has each kind of position in it is enough."""
    return bool(pytestconfig.getoption("--thorough"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with public vectors and older layers; tests that want it are left out where there is none."""
    return _SHARED
