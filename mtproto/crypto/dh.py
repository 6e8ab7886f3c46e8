"""Checks of Diffie-Hellman parameters and public values (core.telegram.org/mtproto/security_guidelines).

The peer chooses the prime, the generator and its public value, so all three are checked before they are used. The
same rules serve the key exchange and the two-step verification password (SRP).
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

from mtproto.crypto.errors import DHCheckFailed
from mtproto.crypto.powers import power
from mtproto.crypto.primes import SMALL_PRIMES, is_probable_prime, miller_rabin, random_base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = [
    "KNOWN_PRIME",
    "PRIME_BITS",
    "ROUNDS",
    "Verdicts",
    "check_dh_parameters",
    "check_dh_public",
    "is_probable_prime",
    "parameter_steps",
]

KNOWN_PRIME = int(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DB"
    "FA336F6E0AC925139543AED44CCE7C3720FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F64"
    "2477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4A4A695811051907E162753B56B0F6B41"
    "0DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4"
    "E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F0D8115F635B105EE2E4E15D04B2454BF"
    "6F4FADF034B10403119CD8E3B92FCC5B",
    16,
)
"""The safe prime that Telegram's servers have sent for years (core.telegram.org/mtproto/samples-auth_key). It needs
no test of primality; admissible generators for it are 3, 4 and 7."""

PRIME_BITS = 2048
"""The length that the specification demands of `dh_prime`."""

MARGIN_BITS = 64
"""Public values stay 2^(2048-64) away from both ends of the range, as the guidelines recommend."""

ROUNDS = 40
"""Rounds of Miller-Rabin: the guidelines ask for 30 or more. A composite passes with a probability below 2^-80."""

RESIDUES: Mapping[int, tuple[int, frozenset[int]]] = {
    2: (8, frozenset({7})),
    3: (3, frozenset({2})),
    4: (1, frozenset({0})),
    5: (5, frozenset({1, 4})),
    6: (24, frozenset({19, 23})),
    7: (7, frozenset({3, 5, 6})),
}
"""For each admissible generator: the modulus, and the remainders of the prime for which the generator is a quadratic
residue, so that it generates the subgroup of prime order."""


class Verdicts:
    """Pairs `(p, g)` that were found good, so that the tests of primality (0.6 s) are not repeated.

    Only success is remembered, so nobody can make it refuse a good pair. It holds `size` pairs; the oldest go first.
    """

    __slots__ = ("_good", "_size")

    def __init__(self, size: int = 32) -> None:
        self._size = size
        self._good: dict[tuple[int, int], None] = {}

    def __contains__(self, pair: tuple[int, int]) -> bool:
        return pair in self._good

    def __len__(self) -> int:
        return len(self._good)

    def add(self, pair: tuple[int, int]) -> None:
        """Remember that the pair passed every check."""
        self._good[pair] = None
        while len(self._good) > self._size:
            self._good.pop(next(iter(self._good)), None)


_VERDICTS = Verdicts()  # facts about numbers, the same for every owner


def check_dh_parameters(
    p: int,
    g: int,
    random: Callable[[int], bytes],
    *,
    bits: int = PRIME_BITS,
    verdicts: Verdicts = _VERDICTS,
    rest: Callable[[], None] | None = None,
) -> None:
    """Refuse a prime or a generator that would weaken the exchange (core.telegram.org/mtproto/auth_key, step 5).

    Takes no time for the known prime or a pair seen before, else about 40 modular powers.

    Args:
        p: the prime, of exactly `bits` bits; `(p - 1) / 2` must be a prime too.
        g: the generator, 2…7, a quadratic residue modulo `p`.
        random: gives that many random bytes, from a cryptographic source.
        bits: 2048, but for tests.
        verdicts: where good pairs are remembered.
        rest: called behind each modular power, so that a thread can let others have the interpreter.

    Raises:
        DHCheckFailed: with the first condition that does not hold.

    """
    for _ in parameter_steps(p, g, random, bits=bits, verdicts=verdicts):
        if rest is not None:
            rest()


def parameter_steps(
    p: int, g: int, random: Callable[[int], bytes], *, bits: int = PRIME_BITS, verdicts: Verdicts = _VERDICTS
) -> Iterator[None]:
    """Do what `check_dh_parameters` does in steps of one modular power each, at most 20 ms, for a busy caller.

    The pair has passed when the iterator is exhausted, not before.

    Raises:
        DHCheckFailed: as in `check_dh_parameters`, from the step that finds it.

    """
    if p < 0 or p.bit_length() != bits:
        raise DHCheckFailed(f"dh_prime does not have {bits} bits")
    modulus, remainders = RESIDUES.get(g, (1, frozenset()))
    if p % modulus not in remainders or not 1 < g < p - 1:
        raise DHCheckFailed("g does not generate a subgroup of prime order")
    if p == KNOWN_PRIME or (p, g) in verdicts:
        return
    yield from _safe_prime_steps(p, random)
    verdicts.add((p, g))


def _safe_prime_steps(p: int, random: Callable[[int], bytes]) -> Iterator[None]:
    """Check that `p` and `q = (p - 1) / 2` are primes, one modular power in each step.

    `q` is tested with random bases. Then one power decides on `p` without error (Pocklington's criterion): where `q`
    is a prime above the root of `p`, `p` is a prime if and only if `2**(p-1) % p == 1` and `gcd(2**2 - 1, p) == 1`.
    That power comes first, since it finds nearly every bad `p` at once.
    """
    q = p >> 1
    if p % 2 == 0 or p < 5 or gcd(3, p) != 1 or power(2, p - 1, p) != 1:
        raise DHCheckFailed("dh_prime is not a safe prime")
    yield
    if q <= SMALL_PRIMES[-1]:
        if q not in SMALL_PRIMES:
            raise DHCheckFailed("dh_prime is not a safe prime")
        return
    if any(q % prime == 0 for prime in SMALL_PRIMES):
        raise DHCheckFailed("dh_prime is not a safe prime")
    for _ in range(ROUNDS):
        if not miller_rabin(q, random_base(q, random)):
            raise DHCheckFailed("dh_prime is not a safe prime")
        yield


def check_dh_public(value: int, p: int) -> None:
    """Refuse a public value `g_a` or `g_b` that lies near either end of its range.

    core.telegram.org/mtproto/security_guidelines#g-a-and-g-b-validation: it must lie in 2…p-2, and is better not
    within 2^(2048-64) of 0 or `p`. Both are enforced; for shorter primes (tests) the margin shrinks with the prime.

    Args:
        value: the public value as a natural number.
        p: a prime that `check_dh_parameters` accepted.

    Raises:
        DHCheckFailed: it lies outside.

    """
    margin = 1 << max(0, p.bit_length() - MARGIN_BITS)
    if not (1 < value < p - 1 and margin <= value <= p - margin):
        raise DHCheckFailed("a public value is out of range")
