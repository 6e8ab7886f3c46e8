"""The two-step verification password: Telegram's variant of SRP-6a, both halves (core.telegram.org/api/srp).

The client proves that it knows the password, and the server learns nothing by which the password could be used again.
The server keeps a *verifier*, `g^x mod p`, where `x` is a slow hash of the password; both are as secret as the
password itself.

In the words of the specification, where H is SHA-256 and each number in a hash is written big-endian in 256 bytes:

    x   = PH2(password, salt1, salt2)       v = g^x mod p        k = H(p | g)        u = H(g_a | g_b)
    g_a = g^a mod p                         g_b = (k * v + g^b) mod p
    s   = (g_b - k * v)^(a + u * x) mod p   at the client
    s   = (g_a * v^u)^b mod p               at the server
    M1  = H((H(p) xor H(g)) | H(salt1) | H(salt2) | g_a | g_b | H(s))

A password is bytes: its text in UTF-8. No error and no repr of this module shows a password, a verifier or an exponent.
`password_hash` takes about 0.1 s of computation; it lets go of the interpreter's lock meanwhile, so that a thread can
make it beside an event loop. `prove_password`, `new_password` and `password_verifier` call it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import pbkdf2_hmac, sha256
from hmac import compare_digest
from typing import TYPE_CHECKING

from mtproto.crypto.dh import check_dh_parameters, check_dh_public
from mtproto.crypto.errors import CryptoError, DHCheckFailed
from mtproto.crypto.powers import power

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "PasswordAlgo",
    "PasswordChallenge",
    "new_password",
    "password_challenge",
    "password_hash",
    "password_is_proven",
    "password_verifier",
    "prove_password",
]

ROUNDS = 100_000
"""Iterations of PBKDF2, as the name of the algorithm says."""

SIZE = 256
"""Bytes of the prime, and of each number in a hash."""

SHORTEST_G_B = 248
"""Bytes of `srp_B`, at least: what TDLib accepts."""

NEW_SALT = 32
"""Random bytes that a client adds to `salt1` when it sets a password."""


@dataclass(frozen=True, slots=True)
class PasswordAlgo:
    """The fields of `passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow`, the one known algorithm.

    A caller that is given another constructor refuses it.

    Attributes:
        salt1: of the client and the server: the client adds bytes of its own when it sets a password.
        salt2: of the server.
        g: the generator.
        p: the prime, big-endian.

    """

    salt1: bytes = field(repr=False)
    salt2: bytes = field(repr=False)
    g: int
    p: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PasswordChallenge:
    """What a server makes for one attempt, and keeps until the answer comes; it serves once.

    Attributes:
        b: the exponent, secret.
        g_b: `srp_B`, 256 bytes, for the client.

    """

    b: int = field(repr=False)
    g_b: bytes = field(repr=False)


def password_hash(password: bytes, algo: PasswordAlgo) -> bytes:
    """Return PH2, the 32 bytes of `x`: about 0.1 s of computation, during which the interpreter's lock is free.

    Args:
        password: the text in UTF-8.
        algo: with the salts.

    """
    first = _salted(_salted(password, algo.salt1), algo.salt2)
    return _salted(pbkdf2_hmac("sha512", first, algo.salt1, ROUNDS), algo.salt2)


def prove_password(
    password: bytes, algo: PasswordAlgo, g_b: bytes, random: Callable[[int], bytes]
) -> tuple[bytes, bytes]:
    """Return `A` (256 bytes) and `M1` (32 bytes) for an `inputCheckPasswordSRP`.

    Every value of the server is checked before the password is used. A caller with an event loop runs all of this
    beside it: the hash, and three modular powers; for a prime never seen before about 40 more.

    Args:
        password: the text in UTF-8.
        algo: `current_algo` of `account.password`.
        g_b: `srp_B` of the same object, big-endian.
        random: gives that many random bytes, from a cryptographic source.

    Raises:
        DHCheckFailed: the server's parameters or `g_b` are not acceptable (core.telegram.org/api/srp#checking-params).

    """
    p = _checked_prime(algo, random)
    if not SHORTEST_G_B <= len(g_b) <= SIZE:
        raise DHCheckFailed(f"srp_B has {len(g_b)} bytes, not {SHORTEST_G_B} to {SIZE}")
    check_dh_public(_number(g_b), p)
    a = _number(random(SIZE))
    g_a = power(algo.g, a, p)
    check_dh_public(g_a, p)
    x = _number(password_hash(password, algo))
    return _padded(g_a), _client_m1(algo, x, a, g_a, _number(g_b))


def new_password(password: bytes, algo: PasswordAlgo, random: Callable[[int], bytes]) -> tuple[PasswordAlgo, bytes]:
    """Return `new_algo` and `new_password_hash` (256 bytes) for an `account.passwordInputSettings`.

    A caller with an event loop runs this beside it.

    Args:
        password: the text in UTF-8.
        algo: `new_algo` of `account.password`; 32 random bytes are added to its `salt1`.
        random: gives that many random bytes, from a cryptographic source.

    Raises:
        DHCheckFailed: the server's parameters are not acceptable.

    """
    _checked_prime(algo, random)
    salted = replace(algo, salt1=algo.salt1 + random(NEW_SALT))
    return salted, password_verifier(password, salted)


def password_verifier(password: bytes, algo: PasswordAlgo) -> bytes:
    """Return `v`, 256 bytes: what a server keeps of a password, and what `new_password_hash` carries to the server.

    Nothing is checked: `algo` is the caller's own.
    """
    return _padded(power(algo.g, _number(password_hash(password, algo)), _number(algo.p)))


def password_challenge(verifier: bytes, algo: PasswordAlgo, random: Callable[[int], bytes]) -> PasswordChallenge:
    """Make the server's half of one attempt: `b` and `g_b`.

    Args:
        verifier: as `password_verifier` gives it, or as a client sent it when it set the password.
        algo: with which the verifier was made; `p` and `g` are the server's own.
        random: gives that many random bytes, from a cryptographic source.

    Raises:
        CryptoError: the verifier is no number between 0 and `p`.
        DHCheckFailed: `random` gave bytes of which no good `g_b` comes.

    """
    p = _number(algo.p)
    v = _checked_verifier(verifier, p)
    b = _number(random(SIZE))
    g_b = (_multiplier(algo) * v + power(algo.g, b, p)) % p
    check_dh_public(g_b, p)
    return PasswordChallenge(b, _padded(g_b))


def password_is_proven(
    verifier: bytes, algo: PasswordAlgo, challenge: PasswordChallenge, g_a: bytes, m1: bytes
) -> bool:
    """Say whether a client's answer to a challenge proves the password, in constant time where `g_a` is acceptable.

    Args:
        verifier: as for `password_challenge`.
        algo: as for `password_challenge`.
        challenge: that the client was given. Nobody may be given it again, whatever comes out here.
        g_a: `A` of the client's `inputCheckPasswordSRP`, big-endian, as received.
        m1: `M1` of it, as received.

    Returns:
        False, too, for an `A` outside its range: with 0 or `p` anybody could prove any password.

    Raises:
        CryptoError: the verifier is no number between 0 and `p`.

    """
    p = _number(algo.p)
    v = _checked_verifier(verifier, p)
    public = _number(g_a)
    try:
        check_dh_public(public, p)
        u = _scrambler(public, _number(challenge.g_b))
    except DHCheckFailed:
        return False
    shared = power(public * power(v, u, p) % p, challenge.b, p)
    return compare_digest(_m1(algo, public, _number(challenge.g_b), shared), m1)


def _checked_prime(algo: PasswordAlgo, random: Callable[[int], bytes]) -> int:
    p = _number(algo.p)
    check_dh_parameters(p, algo.g, random)
    return p


def _checked_verifier(verifier: bytes, p: int) -> int:
    v = _number(verifier)
    if not 0 < v < p:
        raise CryptoError("a password's verifier is out of range")
    return v


def _client_m1(algo: PasswordAlgo, x: int, a: int, g_a: int, g_b: int) -> bytes:
    """Return `M1` by the client's formula; of checks it makes one: `u` is not 0."""
    p = _number(algo.p)
    u = _scrambler(g_a, g_b)
    base = (g_b - _multiplier(algo) * power(algo.g, x, p)) % p
    return _m1(algo, g_a, g_b, power(base, a + u * x, p))


def _multiplier(algo: PasswordAlgo) -> int:
    """Return `k`."""
    return _number(_hash(_padded(_number(algo.p)), _padded(algo.g)))


def _scrambler(g_a: int, g_b: int) -> int:
    """Return `u`. With 0 the password would not matter."""
    u = _number(_hash(_padded(g_a), _padded(g_b)))
    if u == 0:
        raise DHCheckFailed("u is 0")
    return u


def _m1(algo: PasswordAlgo, g_a: int, g_b: int, shared: int) -> bytes:
    group = zip(_hash(_padded(_number(algo.p))), _hash(_padded(algo.g)), strict=True)
    return _hash(
        bytes(of_p ^ of_g for of_p, of_g in group),
        _hash(algo.salt1),
        _hash(algo.salt2),
        _padded(g_a),
        _padded(g_b),
        _hash(_padded(shared)),
    )


def _salted(data: bytes, salt: bytes) -> bytes:
    """Return SH of the specification."""
    return _hash(salt, data, salt)


def _hash(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _padded(value: int) -> bytes:
    return value.to_bytes(SIZE, "big")
