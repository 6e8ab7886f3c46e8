"""Modular powers, the work of the key exchange: `power(base, exponent, modulus)`.

With `gmpy2` (extra `fast`) a power is GMP's `mpz_powm_sec`: its time and its access to memory depend on the lengths of
the three numbers, in words of 64 bits, and not on their values (gmplib.org/manual/Integer-Exponentiation). Without, it
is Python's `pow`, which is slower and whose time depends on the values. Every power of the library is made here, also
those of public numbers, where the careful way costs a quarter more than GMP's other one.

Nothing is imported before it is needed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PowerBackend", "PowerBackendName", "power", "power_backend"]

PowerBackendName: TypeAlias = Literal["gmpy2", "python"]


class PowerBackend(NamedTuple):
    """One implementation: its name, and a function with the arguments, result and errors of `power`."""

    name: PowerBackendName
    power: Callable[[int, int, int], int]


def _gmpy2() -> PowerBackend:
    from gmpy2 import powmod_sec

    def power(base: int, exponent: int, modulus: int) -> int:
        if exponent > 0 and modulus > 0 and modulus & 1:
            return int(powmod_sec(base, exponent, modulus))
        return pow(base, exponent, modulus)  # what powmod_sec refuses, or reduces otherwise (a modulus below zero)

    return PowerBackend("gmpy2", power)


@cache
def _powers() -> PowerBackend:
    """Return the implementation that this process uses, chosen at the first call."""
    try:
        return _gmpy2()
    except ImportError:
        return PowerBackend("python", pow)


def power(base: int, exponent: int, modulus: int) -> int:
    """Return `base ** exponent % modulus`, as Python's `pow` does for integers of any size and sign.

    Where the exponent is positive and the modulus positive and odd, as in each use with a secret, the time does not
    depend on their values, if `power_backend()` is `gmpy2`. One call holds the interpreter's lock from its start to
    its end: 20 ms for 2048 bits with Python's own integers, 3 ms with `gmpy2`.

    Raises:
        ValueError: the modulus is 0, or the exponent is negative and the base has no inverse.

    """
    return _powers().power(base, exponent, modulus)


def power_backend() -> PowerBackendName:
    """Return what modular powers run on in this process: `gmpy2`, or `python` where that package is missing."""
    return _powers().name
