"""Fixtures for every room's tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("project", deadline=None)  # no test asserts how long something takes
# A change is judged by the same examples wherever it is judged; on a developer's machine they vary.
settings.register_profile("ci", settings.get_profile("project"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "project")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the suite can be told."""
    parser.addoption("--model-examples", type=int, default=40, help="examples of tests/model (default: 40)")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder with public vectors and older layers, or skip: a user's checkout does not have it."""
    root = Path(__file__).resolve().parent.parent
    folder = (root / os.environ.get("MTPROTO_SHARED", "../shared")).resolve()
    if not folder.is_dir():
        pytest.skip(f"the shared folder is absent ({folder.name}); set MTPROTO_SHARED to read public vectors from it")
    return folder
