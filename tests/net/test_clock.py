"""The clock that never steps."""

from __future__ import annotations

from mtproto.net import Clock


def test_a_step_of_the_wall_clock_changes_nothing() -> None:
    wall, monotonic = [1_750_000_000.0], [100.0]
    clock = Clock(lambda: wall[0], lambda: monotonic[0])
    assert clock() == 1_750_000_000.0
    wall[0] -= 86_400
    monotonic[0] += 5
    assert clock() == 1_750_000_005.0
