"""The short form of `python -m tests.store`: kills, two writers and foreign links, for state files and accounts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.store.endurance import foreign_links, kills, two_writers
from tests.store.writer import KINDS

KILLS = {"cli": 2, "dc": 2, "account": 5, "database": 5}
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL and no such modes")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_kill_leaves_a_whole_file_and_the_next_holder_no_drafts(tmp_path: Path, kind: str) -> None:
    row = kills(kind, tmp_path, KILLS[kind])
    assert row.good, row


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_two_writers_lose_nothing_and_readers_always_find_a_whole_file(tmp_path: Path, kind: str) -> None:
    row = two_writers(kind, tmp_path, 20)
    assert row.good, row


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_links_of_others_lead_nowhere(tmp_path: Path, kind: str) -> None:
    rows = foreign_links(kind, tmp_path)
    assert all(row.good for row in rows), rows
