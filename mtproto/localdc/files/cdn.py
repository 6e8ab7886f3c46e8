"""What a CDN DC and its masters agree on: tokens, keys, and which files the CDN has (core.telegram.org/cdn)."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, NamedTuple

from mtproto.crypto import CTR

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CdnFiles", "CdnSecrets"]

ID = 8
"""Bytes of the id of a document at the start of a token (little-endian)."""

PROOF = 16
"""Bytes behind it that nobody else can make."""

BLOCK = 16
"""Bytes that one step of the counter encrypts."""


class CdnSecrets(NamedTuple):
    """How a CDN DC encrypts a file.

    Attributes:
        key: 32 bytes, of AES-256-CTR.
        iv: 16 bytes; the last four are the number of the 16-byte block, big-endian, in place of those given.

    """

    key: bytes
    iv: bytes

    def encrypt(self, data: bytes, offset: int) -> bytes:
        """Return bytes of the file, which begin at `offset`, as the CDN DC has them."""
        number = (offset // BLOCK) % (1 << 32)
        encrypted: bytes = CTR(self.key, self.iv[:12] + number.to_bytes(4, "big")).update(data)
        return encrypted


class CdnFiles:
    """The files that CDN DCs have: all that may be there, but for those that were lost.

    Args:
        random: a cryptographically secure source of bytes.

    """

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._secret = random(32)
        self._lost: set[int] = set()

    def token(self, document_id: int) -> bytes:
        """Return the file token of a document."""
        return self._token("file", document_id)

    def request_token(self, document_id: int) -> bytes:
        """Return what a CDN DC gives out for a document that it lost."""
        return self._token("request", document_id)

    def read_token(self, token: bytes) -> int | None:
        """Return which document a file token is for; None for a token that nobody gave out."""
        document_id = int.from_bytes(token[:ID], "little", signed=True)
        return document_id if hmac.compare_digest(token, self._token("file", document_id)) else None

    def is_request_token(self, token: bytes, document_id: int) -> bool:
        """Say whether a CDN DC gave this request token out for a document."""
        return hmac.compare_digest(token, self._token("request", document_id))

    def secrets(self, document_id: int) -> CdnSecrets:
        """Return how the file of a document is encrypted."""
        return CdnSecrets(self._derived("key", document_id), self._derived("iv", document_id)[:16])

    def has(self, document_id: int) -> bool:
        """Say whether the CDN DCs have the file of a document."""
        return document_id not in self._lost

    def lose(self, document_id: int) -> None:
        """Have the CDN DCs lose a file."""
        self._lost.add(document_id)

    def upload_again(self, document_id: int) -> None:
        """Give the CDN DCs a file again."""
        self._lost.discard(document_id)

    def _token(self, kind: str, document_id: int) -> bytes:
        return document_id.to_bytes(ID, "little", signed=True) + self._derived(kind, document_id)[:PROOF]

    def _derived(self, kind: str, document_id: int) -> bytes:
        return hmac.digest(self._secret, f"{kind} of {document_id}".encode(), hashlib.sha256)
