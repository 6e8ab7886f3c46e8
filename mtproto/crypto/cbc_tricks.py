"""AES-256-IGE on a library that offers CBC only (`cryptography`).

IGE is `c[i] = E(p[i] ^ c[i-1]) ^ p[i-1]`, block by block, with `c[0] = iv[:16]` and `p[0] = iv[16:]`
(core.telegram.org/mtproto/description). A block cipher called from Python once for each block is slow. CBC does the
chaining in C; what is left over are exclusive ors of whole buffers, which Python's big integers do quickly.

Encryption. Put `y[i] = c[i] ^ p[i-1]`. Then `y[i] = E(p[i] ^ p[i-2] ^ y[i-1])`, with `p[-1] = 0` and `y[0] = c[0]`:
this is CBC encryption of the blocks `p[i] ^ p[i-2]` with the iv `c[0]`.

Decryption. Put `u[i] = c[i] ^ p[i-1]`. Then `p[i] = D(u[i]) ^ c[i-1]`, hence `u[i+1] = D(u[i]) ^ c[i+1] ^ c[i-1]`.
The feedback is on the output of D, which no standard mode does for a whole buffer. But a CBC decryptor that is
given two blocks `x | u` returns `… | D(u) ^ x`: so one call per block does the cipher and the exclusive or at once.
"""

from __future__ import annotations

from functools import cache
from struct import iter_unpack
from typing import Any

__all__ = ["ige_decrypt", "ige_encrypt"]

CHUNK = 16 * 1024
"""Bytes of one exclusive or: beyond this size the integers leave the processor's nearest cache, and speed halves."""

ZERO = bytes(16)


@cache
def _cbc() -> tuple[Any, Any, Any]:
    """Return what a cipher in CBC mode is made of; imported here, since it takes 20 ms and few processes need it."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher, algorithms.AES, modes.CBC


def _xor(a: bytes, b: bytes) -> bytes:
    """Return the exclusive or of two strings of the same length."""
    return (int.from_bytes(a, "little") ^ int.from_bytes(b, "little")).to_bytes(len(a), "little")


def ige_encrypt(data: bytes, key: bytes, iv: bytes) -> bytes:
    """Encrypt whole blocks; arguments and result as `mtproto.crypto.aes.IGEBackend` says."""
    cipher, aes, cbc = _cbc()
    update = cipher(aes(key), cbc(iv[:16])).encryptor().update
    earlier = ZERO + iv[16:] + data  # at the offset of p[i] stands p[i-2], 16 bytes further p[i-1]
    chunks = []
    for start in range(0, len(data), CHUNK):
        part = data[start : start + CHUNK]
        end = start + len(part)
        y = update(_xor(part, earlier[start:end]))
        chunks.append(_xor(y, earlier[start + 16 : end + 16]))
    return b"".join(chunks)


def ige_decrypt(data: bytes, key: bytes, iv: bytes) -> bytes:
    """Decrypt whole blocks; arguments and result as `mtproto.crypto.aes.IGEBackend` says."""
    cipher, aes, cbc = _cbc()
    update = cipher(aes(key), cbc(ZERO)).decryptor().update
    following = data[16:] + ZERO  # at the offset of c[i] stands c[i+1]; after the last block comes a zero one
    u = _xor(data[:16], iv[16:])
    us = []
    for (x,) in iter_unpack("16s", _xor(following, iv[:16] + data[:-16])):
        u = update(x + u)[16:]
        us.append(u)
    return _xor(b"".join(us), following)
