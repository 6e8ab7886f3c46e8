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
    parser.addoption("--model-examples", type=int, default=100, help="examples of tests/model (default: 100)")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with public vectors and older layers, or skip: a user's checkout does not have it."""
    root = Path(__file__).resolve().parent.parent
    folder = (root / os.environ.get("MTPROTO_SHARED", "../shared")).resolve()
    if not folder.is_dir():
        pytest.skip(f"the shared folder is absent ({folder.name}); set MTPROTO_SHARED to read public vectors from it")
    return folder
