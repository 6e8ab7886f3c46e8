"""The server's salts: thirty minutes each, thirty more accepted, the next ones told in advance."""

from __future__ import annotations

import pytest

from mtproto.session.salts import SALT_PERIOD, ServerSalts
from tests.session.harness import START, make_random


def make_salts(first: int | None = None) -> ServerSalts:
    return ServerSalts(make_random(1), START, first=first)


def test_the_first_salt_is_the_one_of_the_exchange() -> None:
    assert make_salts(first=42).current(START + 1799) == 42


def test_a_salt_is_current_for_thirty_minutes_and_accepted_for_thirty_more() -> None:
    salts = make_salts(first=42)
    assert salts.accepts(42, START + 3599)
    assert not salts.accepts(42, START + 3600)
    second = salts.current(START + 1800)
    assert second != 42
    assert salts.accepts(second, START + 1800)
    assert not salts.accepts(42, START + 1800 + SALT_PERIOD)


def test_two_salts_are_valid_at_a_time() -> None:
    salts = make_salts()
    told = [salt.salt for salt in salts.future(START, 10)]
    for period in range(1, 9):
        now = START + period * SALT_PERIOD + 1
        assert [salt for salt in told if salts.accepts(salt, now)] == [told[period - 1], told[period]]


def test_future_salts_come_true() -> None:
    salts = make_salts()
    for salt in salts.future(START + 100, 20):
        assert salts.current(salt.valid_since) == salt.salt
        assert salts.accepts(salt.salt, salt.valid_until - 1)
        assert not salts.accepts(salt.salt, salt.valid_until)


@pytest.mark.parametrize(("asked", "told"), [(-1, 1), (0, 1), (1, 1), (64, 64), (1000, 64)])
def test_at_most_sixty_four_salts_are_told(asked: int, told: int) -> None:
    assert len(make_salts().future(START, asked)) == told


def test_memory_does_not_grow_with_time() -> None:
    salts = make_salts()
    for period in range(1000):
        salts.current(START + period * SALT_PERIOD)
    assert len(salts._salts) <= 2


def test_rotating_ends_every_salt() -> None:
    salts = make_salts(first=42)
    told = [salt.salt for salt in salts.future(START, 3)]
    salts.rotate(START + 1)
    assert not any(salts.accepts(salt, START + 1) for salt in told)
    assert salts.accepts(salts.current(START + 1), START + 1)


@pytest.mark.parametrize("seconds", [0, 100, 1799, 1800, 5000])
def test_advancing_makes_the_next_salt_current_and_still_accepts_the_one_before(seconds: int) -> None:
    salts = make_salts()
    now = START + seconds
    before, after = [salt.salt for salt in salts.future(now, 2)]
    salts.advance(now)
    assert salts.current(now) == after
    assert salts.accepts(before, now)
    assert not salts.accepts(before, now + SALT_PERIOD)
