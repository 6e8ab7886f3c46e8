"""The clock that never steps."""

from __future__ import annotations

import time

import pytest

from mtproto.net import Clock
from mtproto.net.clock import uptime


def test_a_step_of_the_wall_clock_changes_nothing() -> None:
    wall, monotonic = [1_750_000_000.0], [100.0]
    clock = Clock(lambda: wall[0], lambda: monotonic[0])
    assert clock() == 1_750_000_000.0
    wall[0] -= 86_400
    monotonic[0] += 5
    assert clock() == 1_750_000_005.0


def test_it_counts_the_time_that_the_machine_slept_where_the_system_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "clock_gettime", lambda clock: 1e6 if clock == time.CLOCK_BOOTTIME else 5.0)
    monkeypatch.setattr(time, "monotonic", lambda: 5.0)
    assert uptime() == (1e6 if hasattr(time, "CLOCK_BOOTTIME") else 5.0)


def test_it_does_not_go_back() -> None:
    clock = Clock()
    moments = [clock() for _ in range(100)]
    assert moments == sorted(moments)
