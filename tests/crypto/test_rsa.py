"""RSA: keys and fingerprints, PEM both ways, and the two paddings with every way to be refused."""

from __future__ import annotations

import os
from hashlib import sha1
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import rsa as other
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.crypto.errors import CryptoError
from mtproto.crypto.rsa import (
    PRODUCTION_KEYS,
    TEST_KEYS,
    RSAPrivateKey,
    RSAPublicKey,
    rsa_decrypt,
    rsa_encrypt_sha1,
    rsa_pad,
    rsa_unpad,
    unpad,
    unpad_sha1,
)
from mtproto.datacenters import PublicKey
from tests.vectors import independent
from tests.vectors.generate import RSA_KEY, Recorder, random_from

if TYPE_CHECKING:
    from collections.abc import Callable

PUBLIC = RSA_KEY.public


def cryptography_key(key: RSAPrivateKey) -> other.RSAPrivateKey:
    numbers = other.RSAPrivateNumbers(
        key.p,
        key.q,
        key.d,
        key.d % (key.p - 1),
        key.d % (key.q - 1),
        pow(key.q, -1, key.p),
        other.RSAPublicNumbers(key.public.e, key.public.n),
    )
    return numbers.private_key()


@given(data=st.binary(max_size=144), seed=st.text())
def test_what_was_padded_comes_back(data: bytes, seed: str) -> None:
    random = Recorder(seed)
    encrypted = rsa_pad(data, PUBLIC, random)
    assert len(encrypted) == 256
    padding, *_, temp_key = random.drawn
    assert rsa_unpad(encrypted, RSA_KEY) == data + padding
    assert encrypted == independent.rsa_pad(data, PUBLIC.n, PUBLIC.e, padding, temp_key)


@given(data=st.binary(max_size=235), seed=st.text())
def test_what_had_the_old_padding_comes_back(data: bytes, seed: str) -> None:
    random = Recorder(seed)
    encrypted = rsa_encrypt_sha1(data, PUBLIC, random)
    assert encrypted == independent.rsa_encrypt_sha1(data, PUBLIC.n, PUBLIC.e, random.drawn[0])
    assert unpad_sha1(rsa_decrypt(encrypted, RSA_KEY)) == (sha1(data).digest(), data + random.drawn[0])


def test_a_number_that_is_not_below_the_modulus_costs_another_temp_key() -> None:
    data, padding = bytes(100), bytes(92)
    temp_keys = [independent.stream(f"temp key {i}", 32) for i in range(40)]
    results = [independent.rsa_pad(data, PUBLIC.n, PUBLIC.e, padding, temp_key) for temp_key in temp_keys]
    first_good = next(i for i, result in enumerate(results) if result is not None)
    refused = [temp_key for temp_key, result in zip(temp_keys, results, strict=True) if result is None]
    draws = [refused[0], refused[1], temp_keys[first_good]]
    assert rsa_pad(data, PUBLIC, random_from(padding, *draws)) == results[first_good]
    with pytest.raises(CryptoError, match="random"):
        rsa_pad(data, PUBLIC, lambda size: padding if size == 92 else refused[0])


@pytest.mark.parametrize(("pad", "size"), [(rsa_pad, 145), (rsa_encrypt_sha1, 236)])
def test_too_much_data_is_refused(
    pad: Callable[[bytes, RSAPublicKey, Callable[[int], bytes]], bytes], size: int
) -> None:
    with pytest.raises(CryptoError):
        pad(bytes(size), PUBLIC, os.urandom)
    assert len(pad(bytes(size - 1), PUBLIC, os.urandom)) == 256


def test_every_changed_bit_of_a_padded_block_is_refused() -> None:
    block = rsa_decrypt(rsa_pad(b"data", PUBLIC, os.urandom), RSA_KEY)
    assert unpad(block).startswith(b"data")
    for bit in range(8 * len(block)):
        changed = (int.from_bytes(block, "big") ^ (1 << bit)).to_bytes(256, "big")
        with pytest.raises(CryptoError):
            unpad(changed)


def test_only_a_ciphertext_under_the_key_is_decrypted() -> None:
    encrypted = rsa_pad(b"data", PUBLIC, os.urandom)
    for bad in (encrypted[:-1], b"\0" + encrypted, b"", PUBLIC.n.to_bytes(256, "big"), b"\xff" * 256):
        with pytest.raises(CryptoError, match="ciphertext"):
            rsa_decrypt(bad, RSA_KEY)
    with pytest.raises(CryptoError, match="RSA_PAD"):
        rsa_unpad((int.from_bytes(encrypted, "big") ^ 1).to_bytes(256, "big"), RSA_KEY)


def test_the_old_padding_begins_with_a_zero_byte() -> None:
    with pytest.raises(CryptoError):
        unpad_sha1(b"\x01" + bytes(255))
    assert unpad_sha1(bytes(256)) == (bytes(20), bytes(235))


def test_other_key_sizes_are_refused() -> None:
    short = RSAPrivateKey.generate(bits=1024)
    with pytest.raises(CryptoError, match="2048"):
        rsa_pad(b"", short.public, os.urandom)
    with pytest.raises(CryptoError, match="2048"):
        rsa_encrypt_sha1(b"", short.public, os.urandom)
    with pytest.raises(CryptoError, match="2048"):
        rsa_unpad(bytes(256), short)


@settings(max_examples=25)
@given(number=st.integers(0, PUBLIC.n - 1) | st.sampled_from([0, 1, RSA_KEY.p, RSA_KEY.q, PUBLIC.n - 1]))
def test_the_private_operation_is_the_power_and_undoes_the_public_one(number: int) -> None:
    assert RSA_KEY.decrypt_raw(PUBLIC.encrypt_raw(number)) == number
    assert RSA_KEY.decrypt_raw(number) == pow(number, RSA_KEY.d, PUBLIC.n)


def test_a_generated_key_works() -> None:
    key = RSAPrivateKey.generate()
    assert key.public.n.bit_length() == 2048
    assert key.public.e == 65537
    assert rsa_unpad(rsa_pad(b"data", key.public, os.urandom), key).startswith(b"data")


def test_pem_is_pkcs1_both_ways() -> None:
    reference = cryptography_key(RSA_KEY)
    public = reference.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1).decode()
    private = reference.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    assert PUBLIC.to_pem() == public
    assert public.startswith("-----BEGIN RSA PUBLIC KEY-----")
    assert RSA_KEY.to_pem() == private
    assert RSAPublicKey.from_pem(public) == PUBLIC
    read = RSAPrivateKey.from_pem(private)
    assert (read.public, read.d, read.p, read.q) == (PUBLIC, RSA_KEY.d, RSA_KEY.p, RSA_KEY.q)


def test_the_newer_forms_of_pem_are_read_too() -> None:
    reference = cryptography_key(RSA_KEY)
    public = reference.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    private = reference.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert RSAPublicKey.from_pem(public) == PUBLIC
    assert RSAPrivateKey.from_pem(private).public == PUBLIC


def test_other_texts_are_not_keys() -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    locked = cryptography_key(RSA_KEY).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
    )
    curve_public = curve.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    curve_private = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for public in ("", "no key", "ключ", PUBLIC.to_pem()[:-60], RSA_KEY.to_pem(), curve_public.decode()):
        with pytest.raises(CryptoError):
            RSAPublicKey.from_pem(public)
    for private in ("", "no key", RSA_KEY.to_pem()[:-80], PUBLIC.to_pem(), curve_private.decode(), locked.decode()):
        with pytest.raises(CryptoError):
            RSAPrivateKey.from_pem(private)


def test_numbers_that_are_no_key_have_no_pem() -> None:
    with pytest.raises(CryptoError):
        RSAPublicKey(15, 2).to_pem()


@pytest.mark.parametrize("field", ["n", "e", "d", "p", "q"])
def test_a_private_key_with_a_wrong_number_is_refused(field: str) -> None:
    numbers = {"n": PUBLIC.n, "e": PUBLIC.e, "d": RSA_KEY.d, "p": RSA_KEY.p, "q": RSA_KEY.q}
    RSAPrivateKey(**numbers)
    for change in (1, -1, 2, -numbers[field]):
        with pytest.raises(CryptoError):
            RSAPrivateKey(**{**numbers, field: numbers[field] + change})


@given(n=st.integers(1, 1 << 2100), e=st.integers(1, 1 << 32))
def test_the_fingerprint_of_any_numbers(n: int, e: int) -> None:
    assert RSAPublicKey(n, e).fingerprint == independent.rsa_fingerprint(n, e)


def test_telegrams_keys_have_the_documented_fingerprints() -> None:
    assert [key.fingerprint for key in PRODUCTION_KEYS] == [-3414540481677951611]
    assert [key.fingerprint for key in TEST_KEYS] == [-5595554452916591101]


def test_a_key_with_a_false_fingerprint_is_refused() -> None:
    assert RSAPublicKey.from_data(PublicKey(PUBLIC.n, PUBLIC.e, PUBLIC.fingerprint)) == PUBLIC
    with pytest.raises(CryptoError):
        RSAPublicKey.from_data(PublicKey(PUBLIC.n, PUBLIC.e, PUBLIC.fingerprint + 1))


def test_a_repr_shows_the_fingerprint_and_no_number() -> None:
    fingerprint = f"{PUBLIC.fingerprint % 2**64:#018x}"
    assert repr(PUBLIC) == f"RSAPublicKey(2048 bits, fingerprint {fingerprint})"
    assert repr(RSA_KEY) == f"RSAPrivateKey(public={PUBLIC!r})"
    assert str(RSA_KEY) == repr(RSA_KEY)
