"""The authorization key (core.telegram.org/mtproto/description#authorization-key)."""

from __future__ import annotations

from hmac import compare_digest

from mtproto.crypto import Derivation, sha1
from mtproto.errors import LocalProtocolError

__all__ = ["AUTH_KEY_LENGTH", "AuthKey"]

AUTH_KEY_LENGTH = 256
"""Bytes of a key: 2048 bits, leading zero bytes included."""


class AuthKey:
    """256 secret bytes, and the parts of them that packets need. Immutable; the repr shows the id only.

    Attributes:
        data: the key, 256 bytes.
        id_bytes: `auth_key_id` as it stands in a packet, 8 bytes: the last ones of the SHA-1.
        id: `auth_key_id` as a TL long: signed 64 bit, little-endian.
        aux_hash: `auth_key_aux_hash`, 8 bytes: the first ones of the SHA-1.
        client: the derivation of what the client sends (x = 0).
        server: the derivation of what the server sends (x = 8).

    """

    __slots__ = ("aux_hash", "client", "data", "id", "id_bytes", "server")

    def __init__(self, data: bytes) -> None:
        """Take a key of 256 bytes.

        Raises:
            LocalProtocolError: `data` has another length.

        """
        if len(data) != AUTH_KEY_LENGTH:
            raise LocalProtocolError(f"an auth key has {AUTH_KEY_LENGTH} bytes, not {len(data)}")
        self.data = bytes(data)
        digest = sha1(self.data)
        self.aux_hash = digest[:8]
        self.id_bytes = digest[12:]
        self.id = int.from_bytes(self.id_bytes, "little", signed=True)
        self.client = Derivation(self.data, 0)
        self.server = Derivation(self.data, 8)

    def __eq__(self, other: object) -> bool:
        return compare_digest(self.data, other.data) if isinstance(other, AuthKey) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"AuthKey(id={self.id})"
