"""Factorization of pq: right for every product of two primes, bounded for everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.crypto import pq
from mtproto.crypto.errors import CryptoError
from mtproto.crypto.pq import factorize
from mtproto.crypto.primes import is_small_prime
from tests.vectors.independent import is_prime


def next_prime(number: int) -> int:
    return next(candidate for candidate in range(number, 2 * number + 3) if is_small_prime(candidate))


primes = st.integers(2, 31).flatmap(lambda bits: st.integers(2, 2**bits)).map(next_prime)


def test_every_small_number() -> None:
    small = [number for number in range(2, 10_000) if is_prime(number)]
    products = {p * q: (p, q) for p in small for q in small if p <= q and p * q < 10_000}
    for number in range(10_000):
        if number in products:
            assert factorize(number) == products[number]
        else:
            with pytest.raises(CryptoError):
                factorize(number)


@given(p=primes, q=primes)
def test_every_product_of_two_primes(p: int, q: int) -> None:
    assert factorize(p * q) == (min(p, q), max(p, q))


@pytest.mark.parametrize(
    ("absurd", "reason"),
    [
        (-15, "range"),
        (2**61 - 1, "is a prime"),
        (2**64 - 59, "is a prime"),  # the largest of 64 bits
        (2**64, "range"),
        (2**521 - 1, "range"),
        (2**63, "more than two"),
        (2**32 * (2**32 - 1), "more than two"),
        (2642239 * 2642257 * 2642239, "more than two"),
        (65521**4, "more than two"),
    ],
)
def test_absurd_numbers_are_refused(absurd: int, reason: str) -> None:
    with pytest.raises(CryptoError, match=reason):
        factorize(absurd)


def test_the_largest_square_of_a_prime() -> None:
    assert factorize((2**32 - 5) ** 2) == (2**32 - 5, 2**32 - 5)


def test_the_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pq, "MAX_STEPS", 1 << 8)
    with pytest.raises(CryptoError, match="bound"):
        factorize((2**32 - 5) * (2**32 - 17))
