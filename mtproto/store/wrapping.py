"""Encryption of what a store keeps, by a passphrase: a key by scrypt (RFC 7914), the contents by AES-256-GCM.

What scrypt was told and the salt stand beside the contents, and are authenticated with them.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mtproto.errors import OptionError
from mtproto.store.errors import PassphraseNeeded, PassphraseWrong, StoreDamaged
from mtproto.store.record_json import MARK, VERSION, account_fields, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from mtproto.store.fields import Fields

__all__ = ["SCRYPT_MEMORY", "Wrapping"]

SCRYPT_MEMORY = 256 * 1024 * 1024
"""Bytes that the scrypt of a file may ask for: twice what this program asks for."""

LOG_N = 17
"""The binary logarithm of scrypt's cost: 128 MiB, about 0.3 s (the first choice of OWASP's password cheat sheet)."""

_R = 8
_P = 1
_HIGHEST_P = 4
_SALT_SIZE = 16
_NONCE_SIZE = 12
_CIPHER = "scrypt, aes-256-gcm"
_FIELDS = ("format", "version", "cipher", "log_n", "r", "p", "salt", "nonce", "data")


@dataclass(frozen=True, slots=True)
class _Cost:
    """What scrypt is told, and the salt."""

    log_n: int
    r: int
    p: int
    salt: bytes = field(repr=False)

    def derive(self, passphrase: bytes) -> bytes:
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

        return Scrypt(salt=self.salt, length=32, n=1 << self.log_n, r=self.r, p=self.p).derive(passphrase)

    def associated(self, what: str) -> bytes:
        """Return what is authenticated with the contents: the parameters, and which contents these are."""
        return json.dumps([VERSION, what, self.log_n, self.r, self.p, self.salt.hex()]).encode()


class Wrapping:
    """Encrypts and opens the contents of one store; without a passphrase contents pass as they are.

    A key is derived once for each salt that is met; a nonce is drawn for each writing. One owner.

    Args:
        passphrase: text that a person knows; None: nothing is encrypted.

    Raises:
        OptionError: the passphrase is empty.

    """

    def __init__(self, passphrase: str | None) -> None:
        if passphrase == "":
            raise OptionError("an empty passphrase protects nothing; leave it out", "passphrase")
        self._passphrase = None if passphrase is None else _normal(passphrase)
        self._cost: _Cost | None = None
        self._key = b""

    def wrap(self, data: bytes, what: str) -> bytes:
        """Return what is written in place of `data`.

        Args:
            data: the contents.
            what: which contents these are; they open under this name only.

        """
        if self._passphrase is None:
            return data
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        cost = self._cost or _Cost(LOG_N, _R, _P, os.urandom(_SALT_SIZE))
        self._derive(self._passphrase, cost)
        nonce = os.urandom(_NONCE_SIZE)
        content: dict[str, Any] = {
            "format": MARK,
            "version": VERSION,
            "cipher": _CIPHER,
            "log_n": cost.log_n,
            "r": cost.r,
            "p": cost.p,
            "salt": text_of(cost.salt),
            "nonce": text_of(nonce),
            "data": text_of(AESGCM(self._key).encrypt(nonce, data, cost.associated(what))),
        }
        return (json.dumps(content, separators=(",", ":")) + "\n").encode()

    def unwrap(self, path: Path, data: bytes, what: str) -> bytes:
        """Return what `wrap` was given.

        Args:
            path: the file, for errors.
            data: what is written there.
            what: as for `wrap`.

        Raises:
            PassphraseNeeded: the contents are encrypted, and there is no passphrase.
            PassphraseWrong: the contents do not open: another passphrase, or damage.
            StoreDamaged: this is nothing that `wrap` returned, or it is not encrypted although a passphrase was given.

        """
        content = account_fields(path, data)
        if self._passphrase is None:
            if content.has("cipher"):
                raise PassphraseNeeded(path)
            return data
        if not content.has("cipher"):
            raise StoreDamaged(path, "not encrypted, although a passphrase was given")
        cost, nonce, sealed = _read(content)
        self._derive(self._passphrase, cost)
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._key).decrypt(nonce, sealed, cost.associated(what))
        except InvalidTag:
            raise PassphraseWrong(path) from None

    def _derive(self, passphrase: bytes, cost: _Cost) -> None:
        if cost != self._cost:
            self._key, self._cost = cost.derive(passphrase), cost


def _read(content: Fields) -> tuple[_Cost, bytes, bytes]:
    content.only(*_FIELDS)
    if content.line("cipher") != _CIPHER:
        raise content.damaged('"cipher" is another one')
    log_n, r = content.integer("log_n", 1, 30), content.integer("r", 1, 64)
    cost = _Cost(log_n, r, content.integer("p", 1, _HIGHEST_P), content.data("salt"))
    if 128 * r << log_n > SCRYPT_MEMORY:
        raise content.damaged(f"scrypt would need more than {SCRYPT_MEMORY} bytes")
    nonce, sealed = content.data("nonce"), content.data("data")
    if len(cost.salt) != _SALT_SIZE or len(nonce) != _NONCE_SIZE:
        raise content.damaged('"salt" or "nonce" has a wrong length')
    return cost, nonce, sealed


def _normal(passphrase: str) -> bytes:
    """Return the bytes of a passphrase, the same ones however a keyboard composes its letters."""
    import unicodedata

    return unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
