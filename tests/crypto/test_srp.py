"""The two-step verification password: both halves agree, nothing but the password is proven, and every check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import Phase, assume, example, given, settings
from hypothesis import strategies as st

from mtproto.crypto import srp
from mtproto.crypto.dh import KNOWN_PRIME
from mtproto.crypto.errors import CryptoError, DHCheckFailed
from mtproto.crypto.srp import (
    PasswordAlgo,
    PasswordChallenge,
    new_password,
    password_challenge,
    password_hash,
    password_is_proven,
    password_verifier,
    prove_password,
)
from tests.crypto.test_dh import OTHER_PRIME
from tests.vectors import independent
from tests.vectors.generate import RSA_KEY, random_from
from tests.vectors.independent import stream

P = KNOWN_PRIME.to_bytes(256, "big")
SHORTEST = 1 << 1984
"""The least public value that is accepted; the greatest is as far from the prime."""

PASSWORD = "correct horse – ключ".encode()
ALGO = PasswordAlgo(stream("salt1", 40), stream("salt2", 16), 3, P)
B = stream("b", 256)
A = stream("a", 256)

passwords = st.binary(max_size=40) | st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass"))
salts = st.binary(max_size=72)
algos = st.builds(PasswordAlgo, salts, salts, st.sampled_from([3, 4, 7]), st.just(P))
exponents = st.binary(min_size=256, max_size=256).filter(lambda data: any(data[:192]))


def examples(count: int) -> settings:
    """Return settings for a test that makes modular powers: few examples, and none smaller of one that failed."""
    return settings(max_examples=count, phases=[Phase.explicit, Phase.generate])


def padded(value: int) -> bytes:
    return value.to_bytes(256, "big")


def quick() -> Any:
    """Let a password's hash take one iteration, where many of them are made."""
    return patch.object(srp, "ROUNDS", 1)


def no_random(size: int) -> bytes:
    raise AssertionError("no random bytes should be needed")


def never_hashed(password: bytes, algo: PasswordAlgo) -> bytes:
    raise AssertionError("the password was used before the server's values were checked")


class Attempt:
    """A server that keeps a verifier, one challenge of it, and a client's right answer."""

    def __init__(self, password: bytes = PASSWORD, algo: PasswordAlgo = ALGO, b: bytes = B, a: bytes = A) -> None:
        self.verifier = password_verifier(password, algo)
        self.challenge = password_challenge(self.verifier, algo, random_from(b))
        self.g_a, self.m1 = prove_password(password, algo, self.challenge.g_b, random_from(a))


@examples(8)
@given(password=passwords, algo=algos, a=exponents, b=exponents)
@example(password=b"", algo=PasswordAlgo(b"", b"", 3, P), a=A, b=B)
def test_both_halves_agree_for_every_password(password: bytes, algo: PasswordAlgo, a: bytes, b: bytes) -> None:
    with quick():
        attempt = Attempt(password, algo, b, a)
        assert password_is_proven(attempt.verifier, algo, attempt.challenge, attempt.g_a, attempt.m1)
    assert [len(attempt.verifier), len(attempt.challenge.g_b), len(attempt.g_a), len(attempt.m1)] == [256, 256, 256, 32]


@examples(4)
@given(password=passwords, algo=algos, a=exponents, b=exponents)
def test_both_halves_compute_what_the_specification_says(
    password: bytes, algo: PasswordAlgo, a: bytes, b: bytes
) -> None:
    with quick():
        attempt = Attempt(password, algo, b, a)
    x = independent.password_x(password, algo.salt1, algo.salt2, rounds=1)
    group = (algo.p, algo.g, algo.salt1, algo.salt2)
    assert attempt.verifier == independent.srp_verifier(*group[:2], x)
    assert attempt.challenge.g_b == independent.srp_g_b(*group[:2], attempt.verifier, b)
    assert (attempt.g_a, attempt.m1) == independent.srp_client(*group, x, a, attempt.challenge.g_b)
    assert attempt.m1 == independent.srp_server(*group, attempt.verifier, b, attempt.challenge.g_b, attempt.g_a)


def test_a_hash_takes_a_hundred_thousand_rounds() -> None:
    """The value is that of `independent.password_x`, which takes its time for it."""
    assert password_hash(PASSWORD, ALGO).hex() == "cf9abfd331438b3e97adeec077fb319a631928094b3464af22e78207bd90eeaa"


@pytest.fixture(scope="module")
def attempt() -> Attempt:
    with quick():
        return Attempt()


@examples(4)
@given(password=passwords)
@example(password=PASSWORD + b" ")
@example(password=PASSWORD.upper())
@example(password=b"")
def test_another_password_proves_nothing(attempt: Attempt, password: bytes) -> None:
    assume(password != PASSWORD)
    with quick():
        g_a, m1 = prove_password(password, ALGO, attempt.challenge.g_b, random_from(A))
    assert not password_is_proven(attempt.verifier, ALGO, attempt.challenge, g_a, m1)


@examples(5)
@given(bit=st.integers(0, 8 * 256 - 1))
def test_a_changed_g_b_proves_nothing(attempt: Attempt, bit: int) -> None:
    changed = padded(int.from_bytes(attempt.challenge.g_b, "big") ^ 1 << bit)
    assume(SHORTEST <= int.from_bytes(changed, "big") <= KNOWN_PRIME - SHORTEST)
    with quick():
        g_a, m1 = prove_password(PASSWORD, ALGO, changed, random_from(A))
    assert not password_is_proven(attempt.verifier, ALGO, attempt.challenge, g_a, m1)


@examples(3)
@given(salt=salts)
@pytest.mark.parametrize("name", ["salt1", "salt2"])
def test_a_changed_salt_proves_nothing(attempt: Attempt, name: str, salt: bytes) -> None:
    assume(salt != getattr(ALGO, name))
    changes: dict[str, Any] = {name: salt}
    with quick():
        g_a, m1 = prove_password(PASSWORD, replace(ALGO, **changes), attempt.challenge.g_b, random_from(A))
    assert not password_is_proven(attempt.verifier, ALGO, attempt.challenge, g_a, m1)


def test_the_salts_are_proven_too_where_the_hash_is_the_same(attempt: Attempt) -> None:
    """A proof made with the right `x` and other salts in `M1` is refused."""
    with quick():
        x = password_hash(PASSWORD, ALGO)
    for changed in (replace(ALGO, salt1=b"other"), replace(ALGO, salt2=b"other")):
        with patch.object(srp, "password_hash", lambda password, algo: x):
            g_a, m1 = prove_password(PASSWORD, changed, attempt.challenge.g_b, random_from(A))
        assert not password_is_proven(attempt.verifier, ALGO, attempt.challenge, g_a, m1)


@examples(15)
@given(data=st.data())
def test_a_changed_m1_proves_nothing(attempt: Attempt, data: st.DataObject) -> None:
    flipped = st.integers(0, 255).map(lambda bit: (int.from_bytes(attempt.m1, "big") ^ 1 << bit).to_bytes(32, "big"))
    cut = st.integers(0, 31).map(lambda size: attempt.m1[:size])
    m1 = data.draw(flipped | cut | st.just(attempt.m1 + b"\0") | st.binary(max_size=40))
    assume(m1 != attempt.m1)
    assert not password_is_proven(attempt.verifier, ALGO, attempt.challenge, attempt.g_a, m1)


@examples(5)
@given(g_a=st.binary(max_size=256))
def test_a_changed_g_a_proves_nothing(attempt: Attempt, g_a: bytes) -> None:
    assume(int.from_bytes(g_a, "big") != int.from_bytes(attempt.g_a, "big"))
    assert not password_is_proven(attempt.verifier, ALGO, attempt.challenge, g_a, attempt.m1)


def test_an_answer_to_one_challenge_does_not_answer_another(attempt: Attempt) -> None:
    other = password_challenge(attempt.verifier, ALGO, random_from(stream("other b", 256)))
    assert not password_is_proven(attempt.verifier, ALGO, other, attempt.g_a, attempt.m1)


@pytest.mark.parametrize(
    "g_a",
    [0, 1, 2, SHORTEST - 1, KNOWN_PRIME - SHORTEST + 1, KNOWN_PRIME - 1, KNOWN_PRIME, KNOWN_PRIME + SHORTEST],
)
def test_a_server_refuses_a_g_a_out_of_range_even_with_the_m1_that_belongs_to_it(attempt: Attempt, g_a: int) -> None:
    """With 0 or `p` the shared number is 0, whatever the password."""
    group = (ALGO.p, ALGO.g, ALGO.salt1, ALGO.salt2)
    m1 = independent.srp_server(*group, attempt.verifier, B, attempt.challenge.g_b, padded(g_a))
    assert not password_is_proven(attempt.verifier, ALGO, attempt.challenge, padded(g_a), m1)


def test_a_server_takes_a_g_a_of_any_length(attempt: Attempt) -> None:
    """Leading zero bytes change no number."""
    assert password_is_proven(attempt.verifier, ALGO, attempt.challenge, bytes(3) + attempt.g_a, attempt.m1)


# What a client refuses of a server, before it uses the password

GROUPS = {
    "g of another subgroup": (replace(ALGO, g=2), "g does not"),
    "g of none": (replace(ALGO, g=1), "g does not"),
    "g below zero": (replace(ALGO, g=-3), "g does not"),
    "a short prime": (replace(ALGO, p=P[1:]), "2048 bits"),
    "a long prime": (replace(ALGO, p=P + b"\1"), "2048 bits"),
    "no prime": (replace(ALGO, p=b""), "2048 bits"),
    "a composite": (replace(ALGO, p=padded(RSA_KEY.public.n), g=4), "not a safe prime"),
}


@pytest.mark.parametrize(("algo", "check"), GROUPS.values(), ids=GROUPS)
def test_a_prime_and_a_generator_that_are_not_acceptable_are_refused(algo: PasswordAlgo, check: str) -> None:
    with patch.object(srp, "password_hash", never_hashed):
        with pytest.raises(DHCheckFailed, match=check):
            prove_password(PASSWORD, algo, padded(SHORTEST), no_random)
        with pytest.raises(DHCheckFailed, match=check):
            new_password(PASSWORD, algo, no_random)


@pytest.mark.parametrize(
    ("g_b", "check"),
    [
        (b"", "has 0 bytes"),
        (padded(SHORTEST)[9:], "has 247 bytes"),
        (b"\0" + padded(SHORTEST), "has 257 bytes"),
        (P + b"\0", "has 257 bytes"),
        (padded(0), "out of range"),
        (padded(1), "out of range"),
        (padded(SHORTEST - 1), "out of range"),
        (padded(SHORTEST - 1)[8:], "out of range"),
        (padded(KNOWN_PRIME - SHORTEST + 1), "out of range"),
        (padded(KNOWN_PRIME - 1), "out of range"),
        (P, "out of range"),
        (padded(KNOWN_PRIME + SHORTEST), "out of range"),
        (b"\xff" * 256, "out of range"),
    ],
)
def test_a_g_b_of_a_wrong_length_or_size_is_refused(g_b: bytes, check: str) -> None:
    with patch.object(srp, "password_hash", never_hashed), pytest.raises(DHCheckFailed, match=check):
        prove_password(PASSWORD, ALGO, g_b, random_from(A))


@pytest.mark.parametrize("g_b", [padded(SHORTEST), padded(SHORTEST)[7:], padded(KNOWN_PRIME - SHORTEST)])
def test_a_g_b_at_the_ends_of_its_range_is_accepted(g_b: bytes) -> None:
    with quick():
        _, m1 = prove_password(PASSWORD, ALGO, g_b, random_from(A))
    x = independent.password_x(PASSWORD, ALGO.salt1, ALGO.salt2, rounds=1)
    assert m1 == independent.srp_client(P, 3, ALGO.salt1, ALGO.salt2, x, A, g_b)[1]


@pytest.mark.parametrize("algo", [ALGO, replace(ALGO, p=padded(OTHER_PRIME), g=2)])
def test_the_prime_is_tested_with_bases_from_the_same_source_and_is_remembered(algo: PasswordAlgo) -> None:
    """`check_dh_parameters` does both, as for the key exchange."""
    checked: list[tuple[object, ...]] = []
    random = random_from(A)
    with quick(), patch.object(srp, "check_dh_parameters", lambda *arguments: checked.append(arguments)):
        prove_password(PASSWORD, algo, padded(SHORTEST), random)
    assert checked == [(int.from_bytes(algo.p, "big"), algo.g, random)]


@pytest.mark.parametrize("a", [0, 1, 1000])
def test_an_exponent_that_gives_no_good_g_a_or_g_b_is_not_used(a: int) -> None:
    with patch.object(srp, "password_hash", never_hashed), pytest.raises(DHCheckFailed, match="out of range"):
        prove_password(PASSWORD, ALGO, padded(SHORTEST), random_from(padded(a)))


def test_a_challenge_out_of_range_is_not_given() -> None:
    """Only a verifier that somebody made up leads there."""
    k = int.from_bytes(independent.sha256(P, padded(3)), "big")
    verifier = padded(pow(k, -1, KNOWN_PRIME) * (KNOWN_PRIME - 1) % KNOWN_PRIME)  # k * v = -1
    with pytest.raises(DHCheckFailed, match="out of range"):
        password_challenge(verifier, ALGO, random_from(padded(0)))


class Zeros:
    """A hash of which every digest is 0."""

    def __init__(self, data: bytes) -> None:
        pass

    def digest(self) -> bytes:
        return bytes(32)


def test_a_u_of_zero_is_refused_by_both_halves(attempt: Attempt) -> None:
    """Then the password would not matter: no input is known for which it happens."""
    with patch.object(srp, "sha256", Zeros):
        with quick(), pytest.raises(DHCheckFailed, match="u is 0"):
            prove_password(PASSWORD, ALGO, attempt.challenge.g_b, random_from(A))
        assert not password_is_proven(attempt.verifier, ALGO, attempt.challenge, attempt.g_a, bytes(32))


# Setting a password, and what a server keeps


def test_a_new_password_has_a_new_salt_and_can_be_proven() -> None:
    extra = stream("extra", 32)
    with quick():
        algo, verifier = new_password(PASSWORD, ALGO, random_from(extra))
        assert algo == replace(ALGO, salt1=ALGO.salt1 + extra)
        assert verifier == password_verifier(PASSWORD, algo) != password_verifier(PASSWORD, ALGO)
        challenge = password_challenge(verifier, algo, random_from(B))
        proof = prove_password(PASSWORD, algo, challenge.g_b, random_from(A))
    assert password_is_proven(verifier, algo, challenge, *proof)


@pytest.mark.parametrize("verifier", [b"", padded(0), P, P + b"\0", b"\xff" * 256])
def test_a_verifier_that_is_none_is_refused(verifier: bytes) -> None:
    with pytest.raises(CryptoError, match="verifier"):
        password_challenge(verifier, ALGO, no_random)
    with pytest.raises(CryptoError, match="verifier"):
        password_is_proven(verifier, ALGO, PasswordChallenge(2, padded(SHORTEST)), padded(SHORTEST), bytes(32))


def test_m1_is_compared_in_constant_time(attempt: Attempt, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(srp, "compare_digest", compare)
    wrong = attempt.m1[:31] + bytes([attempt.m1[31] ^ 1])
    assert password_is_proven(attempt.verifier, ALGO, attempt.challenge, attempt.g_a, attempt.m1)
    assert not password_is_proven(attempt.verifier, ALGO, attempt.challenge, attempt.g_a, wrong)
    assert compared == [(attempt.m1, attempt.m1), (attempt.m1, wrong)]


def test_nothing_secret_is_in_a_repr_or_an_error(attempt: Attempt) -> None:
    said = [repr(ALGO), repr(attempt.challenge)]
    refused: list[Callable[[], object]] = [
        lambda: prove_password(PASSWORD, replace(ALGO, g=2), attempt.challenge.g_b, no_random),
        lambda: prove_password(PASSWORD, ALGO, b"\1", no_random),
        lambda: prove_password(PASSWORD, ALGO, P, no_random),
        lambda: new_password(PASSWORD, replace(ALGO, p=b"\1"), no_random),
        lambda: password_challenge(attempt.verifier + b"\1", ALGO, no_random),
    ]
    for refuse in refused:
        with pytest.raises(CryptoError) as caught:
            refuse()
        said += [str(caught.value), repr(caught.value), repr(vars(caught.value))]
    secrets = [PASSWORD, attempt.verifier, attempt.challenge.g_b, ALGO.salt1, ALGO.salt2, B, A, P]
    for secret in secrets:
        number = int.from_bytes(secret, "big")
        for text in said:
            for form in (secret.hex(), repr(secret)[2:-1], str(number), f"{number:x}"):
                assert form[:12] not in text
