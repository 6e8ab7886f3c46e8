"""Exchanges that are the same in each run and cost little: RSA that changes nothing, exponents of eleven bits.

What is left out is arithmetic alone; every check is made on what an honest or a hostile peer may send.
"""

from __future__ import annotations

import copy
from functools import cache
from random import Random
from typing import Any, TypeVar

from mtproto.crypto import aes
from mtproto.crypto.rsa import RSAPrivateKey, RSAPublicKey, rsa_encrypt_sha1, rsa_pad, unpad
from mtproto.exchange import ClientExchange, ServerExchange
from mtproto.exchange.common import seal_inner
from mtproto.message.envelope import pack_plain, unpack_plain
from tl import TLError, TLObject, service

__all__ = ["DC", "NOW", "OpenKey", "Source", "body_of", "fork", "inner_of", "states", "with_inner"]

NOW = 1_750_000_000.25
DC = 2
_CHEAP_PQ = (11, 13)
_KEY_LENGTH = 256
_HASH_LENGTH = 20
_LEAST_EXPONENT = 1256  # 3 to this power has 1991 bits: enough for a public value, and quickly computed

Half = TypeVar("Half", ClientExchange, ServerExchange)


class Source:
    """Random bytes, the same in each run; as a secret exponent they are a small number."""

    def __init__(self, seed: int) -> None:
        self._stream = Random(seed)

    def __call__(self, size: int) -> bytes:
        if size == _KEY_LENGTH:
            return (_LEAST_EXPONENT + self._stream.randrange(32)).to_bytes(size, "big")
        return self._stream.randbytes(size)


class _OpenPublicKey(RSAPublicKey):
    __slots__ = ()

    def encrypt_raw(self, number: int) -> int:
        return number


class OpenKey(RSAPrivateKey):
    """A key under which a ciphertext is its own plaintext, so that what is sent can be changed inside."""

    def __init__(self) -> None:
        self.public = _OpenPublicKey((1 << 2048) - 1, 65537)

    def decrypt_raw(self, number: int) -> int:
        return number


def halves(seed: int = 0, *, expires_in: int | None = None, **options: Any) -> tuple[ClientExchange, ServerExchange]:
    """Return a client's half and a server's half that trust each other."""
    key = OpenKey()
    client = ClientExchange([key.public], DC, Source(2 * seed), expires_in=expires_in)
    server = ServerExchange([key], Source(2 * seed + 1), pq=_CHEAP_PQ, dc_ids={DC}, **options)
    return client, server


@cache
def states() -> tuple[list[tuple[ClientExchange, bytes]], list[tuple[ServerExchange, bytes]]]:
    """Return each half in each state in which it waits, with the message that it waits for. Fork before use."""
    client, server = halves()
    clients, servers = [], []
    payload: bytes | None = client.start(NOW)
    while payload is not None:
        servers.append((fork(server), payload))
        answer = server.receive(payload, NOW)
        clients.append((fork(client), answer))
        payload = client.receive(answer, NOW)
    return clients, servers


def fork(half: Half) -> Half:
    """Return a half in the same state, which may be spoiled."""
    twin = copy.copy(half)
    twin._random = Source(77)
    if isinstance(twin, ClientExchange):
        twin.steps = list(twin.steps)
    else:
        twin._answers = dict(twin._answers)
    return twin


def body_of(payload: bytes) -> Any:
    """Return the object in a plain payload."""
    return service.decode_prefix(unpack_plain(payload).body)[0]


_ENCRYPTED = {
    "req_DH_params": "encrypted_data",
    "server_DH_params_ok": "encrypted_answer",
    "set_client_DH_params": "encrypted_data",
}


def inner_of(message: TLObject, aes_key_iv: tuple[bytes, bytes]) -> bytes | None:
    """Return the inner data of a message, None if there is none, or none under these keys."""
    field = _ENCRYPTED.get(message.NAME)
    if field is None:
        return None
    encrypted: bytes = getattr(message, field)
    if message.NAME == "req_DH_params":
        plain = unpad(encrypted)
    else:
        plain = aes.ige_decrypt(encrypted, *aes_key_iv)[_HASH_LENGTH:]
    try:
        return plain[: service.decode_prefix(plain)[1]]
    except TLError:
        return None


def with_inner(
    message: TLObject, inner: bytes, aes_key_iv: tuple[bytes, bytes], *, old_padding: bool = False, msg_id: int = 4
) -> bytes:
    """Return a plain payload with a message like this one around other inner data, well encrypted."""
    changed = copy.copy(message)
    if message.NAME == "req_DH_params":
        encrypt, most = (rsa_encrypt_sha1, 235) if old_padding else (rsa_pad, 144)
        encrypted = encrypt(inner[:most], OpenKey().public, Source(9))
    else:
        encrypted = seal_inner(inner, aes_key_iv, Source(9))
    setattr(changed, _ENCRYPTED[message.NAME], encrypted)
    return pack_plain(msg_id, changed.to_bytes())
