"""What the DC keeps is bounded."""

from __future__ import annotations

import pytest

from mtproto.localdc import outcomes
from mtproto.localdc.cache import Remembered
from mtproto.localdc.desk import FILES, PAGES
from mtproto.localdc.outcomes import Outcomes
from tests.localdc.conftest import Caller


def test_what_was_asked_for_last_is_kept() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name

    kept: Remembered[str] = Remembered(2)
    for name in "abacab":
        assert kept.get(name, lambda name=name: make(name)) == name  # type: ignore[misc]  # bound at once, on purpose
    assert made == ["a", "b", "c", "b"]


def test_a_dc_keeps_few_pages_and_files(caller: Caller) -> None:
    for number in range(100):
        caller.desk.pages.get(number, lambda: b"a page")
        caller.desk.files.get(number, lambda: b"a file")
    assert (len(caller.desk.pages._kept), len(caller.desk.files._kept)) == (PAGES, FILES)


def test_outcomes_of_old_calls_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "REMEMBERED", 3)
    kept = Outcomes()
    for msg_id in range(10):
        kept.settle(1, msg_id, True)
    assert list(kept._settled) == [(1, 7), (1, 8), (1, 9)]
