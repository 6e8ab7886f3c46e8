"""When a link connects again."""

from __future__ import annotations

import pytest

from mtproto.link.backoff import Backoff, BackoffPolicy
from tests.link.support import seeded


def test_the_first_attempt_is_made_at_once_and_the_waits_double_up_to_the_ceiling() -> None:
    backoff = Backoff(lambda size: b"\xff" * size, BackoffPolicy(first=1, factor=2, ceiling=10))
    delays = [backoff.next_delay() for _ in range(7)]
    assert delays == pytest.approx([0, 1, 2, 4, 8, 10, 10], abs=0.01)


def test_a_part_of_each_wait_is_drawn_at_random() -> None:
    policy = BackoffPolicy(first=8, jitter=0.5)
    lowest, highest = Backoff(bytes, policy), Backoff(lambda size: b"\xff" * size, policy)
    for backoff in (lowest, highest):
        backoff.next_delay()
    assert lowest.next_delay() == 4
    assert highest.next_delay() == pytest.approx(8, abs=0.01)
    drawn = Backoff(seeded(), policy)
    assert len({drawn.next_delay() for _ in range(20)}) == 20


def test_success_starts_over() -> None:
    backoff = Backoff(seeded())
    for _ in range(5):
        backoff.next_delay()
    backoff.succeeded()
    assert backoff.next_delay() == 0


def test_a_flooded_server_is_not_visited_at_once() -> None:
    assert Backoff(seeded()).next_delay(at_once=False) > 0


def test_many_failures_do_not_overflow() -> None:
    backoff = Backoff(seeded(), BackoffPolicy(ceiling=60))
    assert all(backoff.next_delay() <= 60 for _ in range(5000))
