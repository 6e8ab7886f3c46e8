"""When a temporary key is replaced, and when the next key is bound."""

from __future__ import annotations

import pytest

from mtproto.link.key_renewal import RENEW_AGAIN, RENEW_EARLY, SETTLE_TIME, KeyRenewal
from tests.link.support import NOW


@pytest.mark.parametrize(("life", "early"), [(86_400, RENEW_EARLY), (1000, 100), (9000, RENEW_EARLY), (10, 1)])
def test_a_key_is_replaced_in_time_but_not_in_the_first_nine_tenths_of_its_life(life: int, early: float) -> None:
    assert KeyRenewal(life).renew_at(NOW + life) == NOW + life - early


def test_a_new_key_waits_for_calls_under_the_old_one_for_a_bounded_time() -> None:
    renewal = KeyRenewal(1000)
    assert renewal.settle_until is None
    assert not renewal.has_settled(1, NOW)
    assert renewal.settle_until == NOW + SETTLE_TIME
    assert not renewal.has_settled(1, NOW + SETTLE_TIME - 0.1)
    assert renewal.has_settled(1, NOW + SETTLE_TIME)


def test_a_new_key_waits_for_nothing_where_no_call_is_open() -> None:
    assert KeyRenewal(1000).has_settled(0, NOW)


def test_the_time_to_settle_begins_anew_with_each_succession() -> None:
    renewal = KeyRenewal(1000)
    renewal.has_settled(1, NOW)
    renewal.done()
    assert not renewal.has_settled(1, NOW + 100)
    assert renewal.settle_until == NOW + 100 + SETTLE_TIME


def test_after_a_failure_the_next_attempt_waits() -> None:
    renewal = KeyRenewal(1000)
    renewal.has_settled(1, NOW)
    renewal.failed(NOW)
    assert renewal.settle_until is None
    assert renewal.renew_at(NOW + 50) == NOW + RENEW_AGAIN
    assert renewal.renew_at(NOW + 1000) == NOW + 900
