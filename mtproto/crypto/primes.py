"""Primality by the Miller-Rabin test: without error for small numbers, with random bases for large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.crypto.powers import power

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SMALL_PRIMES", "is_probable_prime", "is_small_prime", "miller_rabin", "random_base"]

SMALL_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
"""As bases these decide primality without error below 3.18 * 10^23 (OEIS A014233), far past 2^64."""


def is_small_prime(n: int) -> bool:
    """Say whether `n`, at most 64 bits, is a prime. Never wrong in that range."""
    if n <= SMALL_PRIMES[-1] or any(n % prime == 0 for prime in SMALL_PRIMES):
        return n in SMALL_PRIMES
    return all(miller_rabin(n, base) for base in SMALL_PRIMES)


def is_probable_prime(n: int, random: Callable[[int], bytes], rounds: int) -> bool:
    """Say whether `n` is a prime; a composite is taken for one with a probability below `4**-rounds`.

    The bases are random because whoever chose `n` could have chosen it to pass fixed ones.

    Args:
        n: any integer.
        random: gives that many random bytes, from a cryptographic source.
        rounds: how many bases to try; each takes one modular power.

    """
    if n <= SMALL_PRIMES[-1] or any(n % prime == 0 for prime in SMALL_PRIMES):
        return n in SMALL_PRIMES
    return all(miller_rabin(n, random_base(n, random)) for _ in range(rounds))


def random_base(n: int, random: Callable[[int], bytes]) -> int:
    """Return a base in 2…n-2 for `n > 4`; eight more bytes than `n` has make the bias of the remainder negligible."""
    return 2 + int.from_bytes(random((n.bit_length() + 7) // 8 + 8), "big") % (n - 3)


def miller_rabin(n: int, base: int) -> bool:
    """Say whether the odd `n > 2` passes one round: one modular power, at most. False means composite, for certain."""
    odd = n - 1
    twos = (odd & -odd).bit_length() - 1
    x = power(base, odd >> twos, n)
    if x in (1, n - 1):
        return True
    for _ in range(twos - 1):
        x = x * x % n
        if x == n - 1:
            return True
    return False
