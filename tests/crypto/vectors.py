"""Runs public vectors of the crypto room: a function for each kind, which raises where the library disagrees."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from hashlib import pbkdf2_hmac, sha256
from typing import Any, TypeAlias

import pytest

from mtproto.crypto import srp
from mtproto.crypto.aes import CTR, LOADERS, IGEBackend, ige_decrypt
from mtproto.crypto.dh import Verdicts, check_dh_parameters, check_dh_public
from mtproto.crypto.errors import DHCheckFailed
from mtproto.crypto.hashes import sha1
from mtproto.crypto.kdf import kdf_v1, kdf_v2, new_nonce_hash, tmp_aes_key_iv
from mtproto.crypto.pq import factorize
from mtproto.crypto.rsa import RSAPublicKey, rsa_pad
from tests.vectors.generate import random_from

Vector: TypeAlias = dict[str, Any]

__all__ = ["RUNNERS", "hexed"]


def hexed(vector: Vector, *names: str) -> list[bytes]:
    """Return the byte strings that stand in hexadecimal under these names."""
    return [bytes.fromhex(vector[name]) for name in names]


def installed_backends() -> Iterator[IGEBackend]:
    for load in LOADERS.values():
        try:
            yield load()
        except ImportError:
            continue


def congruential(seed: int) -> Callable[[int], bytes]:
    """Return the generator of TDLib's tests: each call goes on where the last one ended."""

    def take(size: int) -> bytes:
        nonlocal seed
        output = bytearray()
        for _ in range(size):
            seed = (seed * 123457567 + 987651241) % 2**32
            output.append(seed >> 23 & 255)
        return bytes(output)

    return take


def run_ige(vector: Vector) -> None:
    key, iv, plaintext, ciphertext = hexed(vector, "key", "iv", "plaintext", "ciphertext")
    for backend in installed_backends():
        assert backend.encrypt(plaintext, key, iv) == ciphertext
        assert backend.decrypt(ciphertext, key, iv) == plaintext


def run_ige_crc32(vector: Vector) -> None:
    for length, expected in vector["crc32_of_ciphertext"].items():
        take = congruential(int(length))
        plaintext, key, iv = take(int(length)), take(32), take(32)
        for backend in installed_backends():
            ciphertext = backend.encrypt(plaintext, key, iv) if plaintext else b""
            assert zlib.crc32(ciphertext) == expected
            assert not plaintext or backend.decrypt(ciphertext, key, iv) == plaintext


def run_ctr(vector: Vector) -> None:
    key, iv, block = hexed(vector, "key", "iv", "plaintext_block_repeated")
    cipher = CTR(key, iv)
    assert [cipher.update(block).hex() for _ in vector["ciphertext_blocks"]] == vector["ciphertext_blocks"]


def run_ctr_crc32(vector: Vector) -> None:
    for length, expected in vector["crc32_of_ciphertext"].items():
        take = congruential(int(length))
        plaintext, key, iv = take(int(length)), take(32), take(16)
        cut = int(length) // 3
        for counter, crc32 in zip((iv, b"\xff" * 16), expected, strict=True):
            cipher = CTR(key, counter)
            assert zlib.crc32(cipher.update(plaintext[:cut]) + cipher.update(plaintext[cut:])) == crc32


def run_kdf(derive: Callable[[bytes, bytes, int], tuple[bytes, bytes]]) -> Callable[[Vector], None]:
    def run(vector: Vector) -> None:
        auth_key, msg_key, *expected = hexed(vector, "auth_key", "msg_key", "aes_key", "aes_iv")
        assert derive(auth_key, msg_key, vector["x"]) == tuple(expected)

    return run


def run_new_nonce_hash(vector: Vector) -> None:
    auth_key, new_nonce, expected = hexed(vector, "auth_key", "new_nonce", "hash")
    assert new_nonce_hash(vector["number"], new_nonce, sha1(auth_key)[:8]) == expected


def run_tmp_aes_key_iv(vector: Vector) -> None:
    new_nonce, server_nonce, *expected = hexed(vector, "new_nonce", "server_nonce", "tmp_aes_key", "tmp_aes_iv")
    assert tmp_aes_key_iv(new_nonce, server_nonce) == tuple(expected)


def run_server_dh_inner_data(vector: Vector) -> None:
    run_tmp_aes_key_iv(vector)
    key, iv, encrypted, answer, padding = hexed(
        vector, "tmp_aes_key", "tmp_aes_iv", "encrypted_answer", "answer", "padding"
    )
    assert ige_decrypt(encrypted, key, iv) == sha1(answer) + answer + padding
    g, dh_prime = int.from_bytes(answer[36:40], "little"), int.from_bytes(answer[44:300], "big")
    with pytest.raises(DHCheckFailed, match="g does not"):  # the old sample joins the known prime with g = 2
        check_dh_parameters(dh_prime, g, os.urandom)


def run_pq(vector: Vector) -> None:
    assert factorize(int(vector["pq"])) == (int(vector["p"]), int(vector["q"]))
    assert int(vector["pq_be_hex"], 16) == int(vector["pq"])


def rsa_key(vector: Vector) -> RSAPublicKey:
    return RSAPublicKey(int(vector["n"], 16), vector["e"])


def run_rsa_pad(*temp_keys: str) -> Callable[[Vector], None]:
    def run(vector: Vector) -> None:
        data, padding, expected, *drawn = hexed(vector, "data", "random_padding", "encrypted_data", *temp_keys)
        assert rsa_pad(data, rsa_key(vector), random_from(padding, *drawn)) == expected

    return run


def run_rsa_fingerprint(vector: Vector) -> None:
    assert rsa_key(vector).fingerprint == vector["fingerprint_i64"]


def run_rsa_raw(vector: Vector) -> None:
    run_rsa_fingerprint(vector)
    (plaintext,) = hexed(vector, "plaintext")
    number = rsa_key(vector).encrypt_raw(int.from_bytes(plaintext, "big"))
    assert sha256(number.to_bytes(256, "big")).hexdigest() == vector["sha256_of_ciphertext"]


def run_dh_check(vector: Vector) -> None:
    for p, g in vector["valid"]:
        check_dh_parameters(p, g, os.urandom, bits=p.bit_length(), verdicts=Verdicts())
    for p, g in vector["invalid"]:
        with pytest.raises(DHCheckFailed):
            check_dh_parameters(p, g, os.urandom, bits=p.bit_length(), verdicts=Verdicts())


def password_algo(vector: Vector) -> srp.PasswordAlgo:
    salt1, salt2 = hexed(vector, "salt1", "salt2")
    return srp.PasswordAlgo(salt1, salt2, vector.get("g", 3), bytes.fromhex(vector.get("p", "")))


def run_pbkdf2(vector: Vector) -> None:
    password, salt, output = hexed(vector, "password", "salt", "output")
    assert pbkdf2_hmac("sha512", password, salt, vector["iterations"], vector["dklen"]) == output


def run_password_kdf(vector: Vector) -> None:
    password, x = hexed(vector, "password", "x")
    assert srp.password_hash(password, password_algo(vector)) == x


def run_password_new_hash(vector: Vector) -> None:
    password, extra, new_password_hash = hexed(vector, "password", "salt1_extra", "new_password_hash")
    algo, made = srp.new_password(password, password_algo(vector), random_from(extra))
    assert made == new_password_hash
    assert algo.salt1 == bytes.fromhex(vector["salt1"]) + extra


def run_srp(vector: Vector) -> None:
    """Compare the formulas, also those of a toy prime; what has an acceptable `A` is made by the public function."""
    algo, p = password_algo(vector), int(vector["p"], 16)
    password, g_b, a, g_a, m1 = hexed(vector, "password", "srp_B", "a", "A", "M1")
    x = srp.password_hash(password, algo)
    assert x.hex() == vector.get("x", x.hex())
    v = srp.password_verifier(password, algo)
    assert v.hex() == vector.get("v", v.hex())
    assert pow(algo.g, int(vector["a"], 16), p) == int(vector["A"], 16)
    numbers = [int.from_bytes(data, "big") for data in (x, a, g_a, g_b)]
    assert srp._client_m1(algo, *numbers) == m1
    try:
        check_dh_public(int(vector["A"], 16), p)
        check_dh_parameters(p, algo.g, os.urandom)
    except DHCheckFailed:
        with pytest.raises(DHCheckFailed):
            srp.prove_password(password, algo, g_b, random_from(a.rjust(256, b"\0")))
    else:
        assert srp.prove_password(password, algo, g_b, random_from(a)) == (g_a, m1)


RUNNERS: dict[str, Callable[[Vector], None]] = {
    "aes-256-ctr": run_ctr,
    "aes-256-ctr-crc32": run_ctr_crc32,
    "aes-256-ige": run_ige,
    "aes-256-ige-crc32": run_ige_crc32,
    "dh-check": run_dh_check,
    "mtproto1-kdf": run_kdf(kdf_v1),
    "mtproto2-kdf": run_kdf(kdf_v2),
    "new_nonce_hash": run_new_nonce_hash,
    "password-kdf": run_password_kdf,
    "password-new-hash": run_password_new_hash,
    "pbkdf2-sha512": run_pbkdf2,
    "pq": run_pq,
    "rsa-fingerprint": run_rsa_fingerprint,
    "rsa-pad": run_rsa_pad("temp_key"),
    "rsa-pad-retry": run_rsa_pad("rejected_temp_key", "accepted_temp_key"),
    "rsa-raw": run_rsa_raw,
    "server_DH_inner_data": run_server_dh_inner_data,
    "srp": run_srp,
    "tmp_aes_key_iv": run_tmp_aes_key_iv,
}
