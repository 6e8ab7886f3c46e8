"""Cryptography of MTProto: functions from bytes and numbers to bytes and numbers.

`aes` (IGE and CTR), `rsa` (RSA_PAD, fingerprints, PEM), `dh` (checks of parameters and public values), `pq`
(factorization), `kdf` (keys and hashes derived from secrets), `powers` (modular powers), `srp` (the two-step
verification password). The room does no input or output, and reads no clock. A function that needs random bytes takes
`random`, a function from a number to that many bytes. No module of the room imports `cryptography`, `cryptg`,
`tgcrypto` or `gmpy2` before it is first used. The names below are resolved on first use: a session needs no RSA.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._lazy import lazy_names

if TYPE_CHECKING:
    from mtproto.crypto.aes import CTR, backend, ige, ige_decrypt, ige_encrypt
    from mtproto.crypto.dh import KNOWN_PRIME, check_dh_parameters, check_dh_public
    from mtproto.crypto.errors import CryptoError, DHCheckFailed
    from mtproto.crypto.hashes import sha1
    from mtproto.crypto.kdf import Derivation, kdf_v1, new_nonce_hash, tmp_aes_key_iv
    from mtproto.crypto.powers import power, power_backend
    from mtproto.crypto.pq import factorize
    from mtproto.crypto.primes import is_small_prime
    from mtproto.crypto.rsa import (
        PRODUCTION_KEYS,
        TEST_KEYS,
        RSAPrivateKey,
        RSAPublicKey,
        rsa_decrypt,
        rsa_pad,
        unpad,
        unpad_sha1,
    )
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

__all__ = [
    "CTR",
    "KNOWN_PRIME",
    "PRODUCTION_KEYS",
    "TEST_KEYS",
    "CryptoError",
    "DHCheckFailed",
    "Derivation",
    "PasswordAlgo",
    "PasswordChallenge",
    "RSAPrivateKey",
    "RSAPublicKey",
    "backend",
    "check_dh_parameters",
    "check_dh_public",
    "factorize",
    "ige",
    "ige_decrypt",
    "ige_encrypt",
    "is_small_prime",
    "kdf_v1",
    "new_nonce_hash",
    "new_password",
    "password_challenge",
    "password_hash",
    "password_is_proven",
    "password_verifier",
    "power",
    "power_backend",
    "prove_password",
    "rsa_decrypt",
    "rsa_pad",
    "sha1",
    "tmp_aes_key_iv",
    "unpad",
    "unpad_sha1",
]

if not TYPE_CHECKING:  # checkers read the imports above: names that are not there are errors
    __getattr__, __dir__ = lazy_names(
        globals(),
        {
            "mtproto.crypto.aes": ("CTR", "backend", "ige", "ige_decrypt", "ige_encrypt"),
            "mtproto.crypto.dh": ("KNOWN_PRIME", "check_dh_parameters", "check_dh_public"),
            "mtproto.crypto.errors": ("CryptoError", "DHCheckFailed"),
            "mtproto.crypto.hashes": ("sha1",),
            "mtproto.crypto.kdf": ("Derivation", "kdf_v1", "new_nonce_hash", "tmp_aes_key_iv"),
            "mtproto.crypto.powers": ("power", "power_backend"),
            "mtproto.crypto.pq": ("factorize",),
            "mtproto.crypto.primes": ("is_small_prime",),
            "mtproto.crypto.rsa": (
                "PRODUCTION_KEYS",
                "RSAPrivateKey",
                "RSAPublicKey",
                "TEST_KEYS",
                "rsa_decrypt",
                "rsa_pad",
                "unpad",
                "unpad_sha1",
            ),
            "mtproto.crypto.srp": (
                "PasswordAlgo",
                "PasswordChallenge",
                "new_password",
                "password_challenge",
                "password_hash",
                "password_is_proven",
                "password_verifier",
                "prove_password",
            ),
        },
    )
