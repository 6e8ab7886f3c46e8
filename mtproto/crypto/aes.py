"""AES-256 in the two modes of MTProto: IGE for packets and the key exchange, CTR for obfuscated transports.

IGE chains each block with the block before it on both sides of the cipher (core.telegram.org/mtproto/description):
`c[i] = E(p[i] ^ c[i-1]) ^ p[i-1]`, with `c[0] = iv[:16]` and `p[0] = iv[16:]`. `cryptography` does not offer IGE. So
IGE runs on the first package of `LOADERS` that is installed: `cryptg`, `tgcrypto`, or CBC of `cryptography`
(`cbc_tricks.py`), which is always there. CTR runs on `cryptography`, whose OpenSSL is faster at CTR than the other two
packages.

Nothing is imported before it is needed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from mtproto.crypto.errors import CryptoError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["CTR", "LOADERS", "BackendName", "IGEBackend", "backend", "choose", "ige", "ige_decrypt", "ige_encrypt"]

BackendName: TypeAlias = Literal["cryptg", "tgcrypto", "cryptography"]

BLOCK = 16
"""Bytes in a block of AES; the length of what IGE takes is a multiple of it."""

KEY = 32
"""Bytes in a key of AES-256, and in an iv of IGE (two blocks)."""


class IGEBackend(NamedTuple):
    """One implementation of AES-256-IGE.

    The two functions take `(data, key, iv)`, all of type `bytes`: the data are a multiple of 16 bytes and not empty,
    key and iv have 32 bytes. The functions check nothing of this: callers that do not build these values themselves use
    `ige_encrypt` and `ige_decrypt`.
    """

    name: BackendName
    encrypt: Callable[[bytes, bytes, bytes], bytes]
    decrypt: Callable[[bytes, bytes, bytes], bytes]


def _cryptg() -> IGEBackend:
    import cryptg

    return IGEBackend("cryptg", cryptg.encrypt_ige, cryptg.decrypt_ige)


def _tgcrypto() -> IGEBackend:
    import tgcrypto

    return IGEBackend("tgcrypto", tgcrypto.ige256_encrypt, tgcrypto.ige256_decrypt)


def _cryptography() -> IGEBackend:
    import cryptography  # noqa: F401  (so that its absence is found here, not at the first packet)

    from mtproto.crypto import cbc_tricks

    return IGEBackend("cryptography", cbc_tricks.ige_encrypt, cbc_tricks.ige_decrypt)


LOADERS: Mapping[BackendName, Callable[[], IGEBackend]] = {
    "cryptg": _cryptg,
    "tgcrypto": _tgcrypto,
    "cryptography": _cryptography,
}
"""Every implementation by its name, the fastest first. A loader raises `ImportError` where its package is missing."""


def choose(loaders: Mapping[BackendName, Callable[[], IGEBackend]] = LOADERS) -> IGEBackend:
    """Return the first implementation of `loaders` whose package can be imported.

    Raises:
        CryptoError: no package can be imported.

    """
    for load in loaders.values():
        try:
            return load()
        except ImportError:
            continue
    raise CryptoError("no implementation of AES-IGE is installed")


@cache
def ige() -> IGEBackend:
    """Return the implementation that this process uses, chosen at the first call."""
    return choose()


def backend() -> BackendName:
    """Return the name of the package on which AES-IGE runs in this process."""
    return ige().name


def ige_encrypt(data: bytes, key: bytes, iv: bytes) -> bytes:
    """Encrypt `data` (a multiple of 16 bytes) with AES-256-IGE; the result is as long.

    Args:
        data: the plaintext, already padded.
        key: 32 bytes.
        iv: 32 bytes: the ciphertext block, then the plaintext block, that precede the first.

    Raises:
        CryptoError: a length is not as stated.

    """
    _check(data, key, iv)
    return ige().encrypt(data, key, iv) if data else b""


def ige_decrypt(data: bytes, key: bytes, iv: bytes) -> bytes:
    """Decrypt `data` (a multiple of 16 bytes) with AES-256-IGE; arguments and errors as in `ige_encrypt`."""
    _check(data, key, iv)
    return ige().decrypt(data, key, iv) if data else b""


def _check(data: bytes, key: bytes, iv: bytes) -> None:
    if len(data) % BLOCK:
        raise CryptoError(f"AES-IGE takes whole blocks of 16 bytes, not {len(data)} bytes")
    if len(key) != KEY:
        raise CryptoError(f"a key of AES-256 has 32 bytes, not {len(key)}")
    if len(iv) != KEY:
        raise CryptoError(f"an iv of AES-256-IGE has 32 bytes, not {len(iv)}")


class CTR:
    """One direction of an AES-256-CTR stream (core.telegram.org/mtproto/mtproto-transports#transport-obfuscation).

    Encryption and decryption are the same operation. The counter goes on from one `update` to the next, wherever the
    stream is cut. The counter is the whole iv, big-endian, and wraps around. One owner.
    """

    __slots__ = ("update",)

    update: Callable[[bytes], bytes]
    """Take the next bytes of the stream, of any number, and return as many."""

    def __init__(self, key: bytes, iv: bytes) -> None:
        """Start a stream.

        Args:
            key: 32 bytes.
            iv: 16 bytes, the first counter block.

        Raises:
            CryptoError: a length is not as stated.

        """
        if len(key) != KEY or len(iv) != BLOCK:
            raise CryptoError(f"AES-256-CTR takes a key of 32 bytes and an iv of 16, not {len(key)} and {len(iv)}")
        self.update = _ctr(key, iv)


def _ctr(key: bytes, iv: bytes) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    return Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor().update
