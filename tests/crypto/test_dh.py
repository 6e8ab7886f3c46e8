"""Diffie-Hellman parameters and public values: what is accepted, and each way to be refused."""

from __future__ import annotations

import os

import pytest

from mtproto.crypto import dh, primes
from mtproto.crypto.dh import KNOWN_PRIME, Verdicts, check_dh_parameters, check_dh_public, parameter_steps
from mtproto.crypto.errors import DHCheckFailed
from mtproto.crypto.primes import is_probable_prime, is_small_prime
from tests.vectors.generate import RSA_KEY
from tests.vectors.independent import is_prime

# Group 14 of RFC 3526, a safe prime of 2048 bits for which 2 is a residue: good, and not the known one.
OTHER_PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)


class CountedRandom:
    """The system's randomness, with a record of how many bytes were asked for."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, size: int) -> bytes:
        self.sizes.append(size)
        return os.urandom(size)


def no_random(size: int) -> bytes:
    raise AssertionError("no random bytes should be needed")


def accepts(p: int, g: int, *, bits: int | None = None) -> bool:
    try:
        check_dh_parameters(p, g, os.urandom, bits=p.bit_length() if bits is None else bits, verdicts=Verdicts())
    except DHCheckFailed:
        return False
    return True


def test_exactly_safe_primes_with_a_residue_as_generator_are_accepted() -> None:
    for p in (*range(5), *range(6, 1500)):  # for 5 the documented conditions do not hold; every other one is 3 mod 4
        safe = is_prime(p) and is_prime((p - 1) // 2)
        for g in range(10):
            residue = 2 <= g <= 7 and g < p - 1 and pow(g, (p - 1) // 2, p) == 1
            assert accepts(p, g) == (safe and residue), (p, g)


def test_the_known_prime_passes_without_work_for_its_three_generators() -> None:
    for g in range(-1, 10):
        if g in (3, 4, 7):
            check_dh_parameters(KNOWN_PRIME, g, no_random)
        else:
            with pytest.raises(DHCheckFailed, match="g does not"):
                check_dh_parameters(KNOWN_PRIME, g, no_random)


def test_behind_each_power_of_the_test_others_get_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def noted_power(base: int, exponent: int, modulus: int) -> int:
        order.append("power")
        return pow(base, exponent, modulus)

    monkeypatch.setattr(dh, "power", noted_power)
    monkeypatch.setattr(primes, "power", noted_power)
    check_dh_parameters(2039, 2, os.urandom, bits=11, verdicts=Verdicts(), rest=lambda: order.append("rest"))
    assert order == ["power", "rest"] * (1 + dh.ROUNDS)


def test_another_safe_prime_is_tested_with_random_bases_once() -> None:
    random, verdicts = CountedRandom(), Verdicts()
    steps = sum(1 for _ in parameter_steps(OTHER_PRIME, 2, random, verdicts=verdicts))
    assert steps == dh.ROUNDS + 1  # one modular power in each
    assert random.sizes == [256 + 8] * dh.ROUNDS
    assert dh.ROUNDS >= 30
    check_dh_parameters(OTHER_PRIME, 2, no_random, verdicts=verdicts)
    assert (OTHER_PRIME, 3) not in verdicts  # a verdict is about the pair


def test_an_unfinished_check_is_not_a_verdict() -> None:
    verdicts = Verdicts()
    steps = parameter_steps(OTHER_PRIME, 2, os.urandom, verdicts=verdicts)
    next(steps)
    assert (OTHER_PRIME, 2) not in verdicts


def test_a_composite_of_the_right_size_is_refused_by_the_first_power() -> None:
    with pytest.raises(DHCheckFailed, match="not a safe prime"):
        check_dh_parameters(RSA_KEY.public.n, 4, no_random)


@pytest.mark.parametrize("p", [0, -7, 23, OTHER_PRIME >> 1, (OTHER_PRIME << 1) + 1, KNOWN_PRIME << 1, -KNOWN_PRIME])
def test_a_prime_of_another_size_is_refused(p: int) -> None:
    with pytest.raises(DHCheckFailed, match="2048 bits"):
        check_dh_parameters(p, 3, no_random, verdicts=Verdicts())


def test_a_verdict_does_not_stand_for_the_size() -> None:
    verdicts = Verdicts()
    check_dh_parameters(23, 2, os.urandom, bits=5, verdicts=verdicts)
    assert (23, 2) in verdicts
    with pytest.raises(DHCheckFailed, match="2048 bits"):
        check_dh_parameters(23, 2, os.urandom, verdicts=verdicts)


def test_verdicts_are_bounded_and_hold_what_is_good_only() -> None:
    verdicts = Verdicts(size=2)
    for p in (23, 47, 13, 167):
        try:
            check_dh_parameters(p, 2, os.urandom, bits=p.bit_length(), verdicts=verdicts)
        except DHCheckFailed:
            assert p == 13
    assert [(p, 2) in verdicts for p in (23, 47, 13, 167)] == [False, True, False, True]
    assert len(verdicts) == 2


@pytest.mark.parametrize(
    ("value", "good"),
    [
        (-1, False),
        (0, False),
        (1, False),
        (2, False),
        ((1 << 1984) - 1, False),
        (1 << 1984, True),
        (KNOWN_PRIME >> 1, True),
        (KNOWN_PRIME - (1 << 1984), True),
        (KNOWN_PRIME - (1 << 1984) + 1, False),
        (KNOWN_PRIME - 1, False),
        (KNOWN_PRIME, False),
        (KNOWN_PRIME + (1 << 1984), False),
    ],
)
def test_a_public_value_keeps_its_distance_from_both_ends(value: int, good: bool) -> None:
    if good:
        check_dh_public(value, KNOWN_PRIME)
    else:
        with pytest.raises(DHCheckFailed, match="out of range"):
            check_dh_public(value, KNOWN_PRIME)


def test_short_primes_refuse_the_trivial_values_only() -> None:
    for value in range(-1, 25):
        if 2 <= value <= 21:
            check_dh_public(value, 23)
        else:
            with pytest.raises(DHCheckFailed):
                check_dh_public(value, 23)


def test_random_bases_find_a_composite_that_passes_the_fixed_ones() -> None:
    pseudoprime = 318665857834031151167461  # to every prime base up to 37 (OEIS A014233)
    assert is_small_prime(pseudoprime)
    assert not is_probable_prime(pseudoprime, os.urandom, 30)


def test_primality_of_every_small_number() -> None:
    for number in range(-2, 2000):
        expected = is_prime(number)
        assert is_small_prime(number) == expected
        assert is_probable_prime(number, os.urandom, 20) == expected
