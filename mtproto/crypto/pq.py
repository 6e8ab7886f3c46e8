"""Factorization of `pq`, the proof of work of the key exchange (core.telegram.org/mtproto/auth_key, step 3).

Brent's variant of Pollard's rho: about 10 ms for the 62-bit numbers that servers send. The server chooses the number,
so the work on a number that is no product of two primes is bounded as well.
"""

from __future__ import annotations

from math import gcd, isqrt

from mtproto.crypto.errors import CryptoError
from mtproto.crypto.primes import SMALL_PRIMES, is_small_prime

__all__ = ["factorize"]

MAX_BITS = 64
"""`pq` is sent in 8 bytes; honest servers send numbers below 2^63."""

BATCH = 128
"""Differences multiplied together before one gcd."""

MAX_STEPS = 1 << 19
"""The smaller prime is below 2^32, so its cycle closes after about 2^16 steps. If 8 times as many steps find no cycle,
the next polynomial is tried."""


def factorize(pq: int) -> tuple[int, int]:
    """Return the two primes `(p, q)`, `p <= q`, whose product is `pq`.

    The specification demands `p < q`; the key exchange refuses the square of a prime.

    Args:
        pq: a natural number of at most 64 bits.

    Raises:
        CryptoError: `pq` is not a product of two primes, or is longer.

    """
    if not 4 <= pq < 1 << MAX_BITS:
        raise CryptoError("pq is out of range")
    if is_small_prime(pq):
        raise CryptoError("pq is a prime")
    p = _divisor(pq)
    p, q = sorted((p, pq // p))
    if not (is_small_prime(p) and is_small_prime(q)):
        raise CryptoError("pq has more than two prime factors")
    return p, q


def _divisor(n: int) -> int:
    """Return a divisor, neither 1 nor `n`, of the composite `n`."""
    for prime in SMALL_PRIMES:
        if n % prime == 0:
            return prime
    root = isqrt(n)
    if root * root == n:
        return root
    for c in (1, 3, 5, 7):
        divisor = _brent(n, c)
        if divisor is not None:
            return divisor
    raise CryptoError("pq was not factorized within the bound of work")


def _brent(n: int, c: int) -> int | None:
    """Follow `y -> y*y + c` modulo `n` until it closes a cycle, and return the divisor; None if none is found."""
    y = product = stride = divisor = 1
    steps = 0
    while divisor == 1 and steps < MAX_STEPS:
        x = y
        for _ in range(stride):
            y = (y * y + c) % n
        done = 0
        while done < stride and divisor == 1:
            batch_start = y
            count = min(BATCH, stride - done)
            for _ in range(count):
                y = (y * y + c) % n
                product = product * (x - y) % n
            divisor = gcd(product, n)
            done += count
        steps += 2 * stride
        stride *= 2
    if divisor == n:  # both primes fell into one batch: walk it again, one gcd for each step
        divisor, y = 1, batch_start
        while divisor == 1:
            y = (y * y + c) % n
            divisor = gcd(x - y, n)
    return divisor if 1 < divisor < n else None
