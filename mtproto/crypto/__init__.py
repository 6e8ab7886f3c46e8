"""Cryptography of MTProto: functions from bytes and numbers to bytes and numbers.

`aes` (IGE and CTR), `rsa` (RSA_PAD, fingerprints, PEM), `dh` (checks of parameters and public values), `pq`
(factorization), `kdf` (keys and hashes derived from secrets), `powers` (modular powers). No input or output, no clock,
no randomness of its own: whoever needs random bytes takes `random`, a function from a number to that many bytes.
Nothing here imports `cryptography`, `cryptg`, `tgcrypto` or `gmpy2` before it is first used.
"""

from __future__ import annotations

from mtproto.crypto.aes import backend
from mtproto.crypto.errors import CryptoError, DHCheckFailed
from mtproto.crypto.powers import power_backend

__all__ = ["CryptoError", "DHCheckFailed", "backend", "power_backend"]
