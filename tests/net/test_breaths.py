"""The thread of a blocking connection lets the other threads of the program in, however much it has to do.

No time is measured here: the clock moves when a callback or a wait of the test moves it.
"""

from __future__ import annotations

import selectors
from typing import Any

import pytest

from mtproto.net.shells.thread_loop import BREATH, BUSY, ThreadLoop


class Scene:
    """A loop whose callbacks and waits take as long as the test says."""

    def __init__(self, patch: pytest.MonkeyPatch, *, waits: float = 0.0) -> None:
        self.time = 1000.0
        self.slept: list[float] = []
        scene = self

        class Selector(selectors.DefaultSelector):
            """A selector that takes its time, and finds nothing."""

            def select(self, timeout: float | None = None) -> Any:
                scene.time += waits
                return []

        patch.setattr(selectors, "DefaultSelector", Selector)
        self.loop = ThreadLoop(lambda: self.time, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept.append(seconds)

    def work(self, times: int, seconds: float) -> None:
        """Make a callback that comes again so many times, each of so many seconds, and go through all."""
        left = times

        def again() -> None:
            nonlocal left
            left -= 1
            self.time += seconds
            if left:
                self.loop.call_soon(again)

        self.loop.call_soon(again)
        self.loop.run(lambda: not left)


@pytest.mark.parametrize("seconds", [BUSY / 10, BUSY / 4, BUSY, 5 * BUSY])
def test_a_loop_that_has_work_without_end_takes_a_breath_again_and_again(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(monkeypatch)
    scene.work(200, seconds)
    worked = 200 * seconds
    between = max(BUSY, seconds) + seconds  # a callback is not interrupted
    assert len(scene.slept) >= worked / between - 1
    assert set(scene.slept) == {BREATH}


def test_a_loop_that_waits_between_its_callbacks_takes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch, waits=2 * BREATH)
    scene.work(200, BUSY)
    assert scene.slept == []


def test_what_a_call_needs_is_done_without_a_breath(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(monkeypatch)
    scene.work(3, BUSY / 4)
    assert scene.slept == []
