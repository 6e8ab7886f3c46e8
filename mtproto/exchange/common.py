"""What both halves of the exchange do alike: plain envelopes, nonces, the encrypted inner data, the derived values.

Numbers are sent as big-endian byte strings, nonces as opaque bytes of fixed length (leading zero bytes included). A
check that fails raises `ExchangeFailed(step, check)` before the value in question is used.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from mtproto.crypto import RSAPublicKey, ige_decrypt, ige_encrypt, sha1
from mtproto.errors import ExchangeFailed, LocalProtocolError, RemoteProtocolError
from mtproto.message import unpack_plain
from tl import TLError, TLObject, service

__all__ = [
    "MAX_RETRIES",
    "Random",
    "Step",
    "first_salt",
    "minimal_bytes",
    "number",
    "open_inner",
    "open_plain",
    "params_fail_hash",
    "read_inner",
    "read_plain",
    "require",
    "require_key_sizes",
    "retry_id",
    "same",
    "seal_inner",
]

Random: TypeAlias = Callable[[int], bytes]
"""A cryptographically secure source of randomness: returns that many bytes."""

MAX_RETRIES = 5
"""Keys that may be rejected in one exchange: a collision of 64-bit ids is rare; two in a row are an attack or a
fault."""

_RSA_BITS = 2048
_HASH_LENGTH = 20
_BLOCK_LENGTH = 16
_MAX_PADDING = 15
# The honest ones have 336 and 592 bytes; the peer chooses the length, and it is hashed up to sixteen times.
_MAX_INNER_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class Step:
    """One message of an exchange, to be shown. It holds nothing secret.

    Attributes:
        sent: True if this half sent it, False if it received it.
        message: the query or the answer.
        inner: the inner data of `message` where it may be shown: `server_DH_inner_data` and `client_DH_inner_data`.
            The four `p_q_inner_data…` hold the secret `new_nonce` and are never kept.
        size: bytes of the whole plain payload, envelope and random tail included.

    """

    sent: bool
    message: TLObject
    inner: TLObject | None
    size: int


def require(condition: bool, step: str, check: str) -> None:
    """Raise `ExchangeFailed(step, check)` unless `condition` holds."""
    if not condition:
        raise ExchangeFailed(step, check)


def require_key_sizes(keys: Iterable[RSAPublicKey]) -> None:
    """Raise `LocalProtocolError` unless all keys have 2048 bits, as the padding demands."""
    if any(key.n.bit_length() != _RSA_BITS for key in keys):
        raise LocalProtocolError(f"RSA keys of an exchange have {_RSA_BITS} bits")


def same(one: bytes, other: bytes) -> bool:
    """Compare two byte strings in constant time; strings of different lengths differ."""
    return hmac.compare_digest(one, other)


def minimal_bytes(value: int) -> bytes:
    """Write a positive number big-endian without leading zero bytes, as `pq`, `p` and `q` are sent."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def number(data: bytes) -> int:
    """Read a big-endian number; leading zero bytes are allowed."""
    return int.from_bytes(data, "big")


def open_plain(payload: bytes, step: str) -> bytes:
    """Return the body of a plain message.

    The message id is not checked: nothing in a plain message is authenticated, and the clocks of both ends may be
    wrong.

    Raises:
        ExchangeFailed: with check "envelope".

    """
    try:
        return unpack_plain(payload).body
    except RemoteProtocolError as error:
        raise ExchangeFailed(step, "envelope") from error


def read_plain(body: bytes, step: str, result: Any = None) -> tuple[TLObject, bytes]:
    """Read the object at the start of a plain message's body; random bytes may follow, as real servers send them.

    Args:
        body: as `open_plain` gives it.
        step: the step to name in the error.
        result: the type of the object, as `TLFunction.result` gives it; None for any object of the service schema.

    Returns:
        the object, and the bytes that it took.

    Raises:
        ExchangeFailed: with check "constructor".

    """
    try:
        message, end = service.decode_prefix(body, 0, result)
    except TLError as error:
        raise ExchangeFailed(step, "constructor") from error
    if not isinstance(message, TLObject):
        raise ExchangeFailed(step, "constructor")
    return message, bytes(body[:end])


def seal_inner(data: bytes, aes_key_iv: tuple[bytes, bytes], random: Random) -> bytes:
    """Encrypt inner data: AES-256-IGE of SHA1(data) + data + 0 to 15 random bytes.

    core.telegram.org/mtproto/auth_key, steps 5 and 6.
    """
    padding = -(_HASH_LENGTH + len(data)) % _BLOCK_LENGTH
    tail = random(padding) if padding else b""
    return ige_encrypt(sha1(data) + data + tail, *aes_key_iv)


def open_inner(encrypted: bytes, aes_key_iv: tuple[bytes, bytes], name: str, step: str) -> TLObject:
    """Decrypt and read the inner data of a Diffie-Hellman message.

    The length of the padding is not sent. One of the sixteen allowed lengths must make the SHA1 right. So the hash is
    checked, and the padding bounded, before anything is read as TL.

    Args:
        encrypted: as received.
        aes_key_iv: as `mtproto.crypto.tmp_aes_key_iv` gives them.
        name: the constructor that the inner data must be.
        step: the message that carries the inner data, to be named in errors.

    Raises:
        ExchangeFailed: with check "length", "SHA1" or "constructor".

    """
    possible = _HASH_LENGTH < len(encrypted) <= _MAX_INNER_LENGTH and len(encrypted) % _BLOCK_LENGTH == 0
    require(possible, step, "length")
    plain = ige_decrypt(encrypted, *aes_key_iv)
    digest = plain[:_HASH_LENGTH]
    for padding in range(_MAX_PADDING + 1):
        data = plain[_HASH_LENGTH : len(plain) - padding]
        if same(sha1(data), digest):
            inner, end = read_inner(data, (name,), step)
            require(end == len(data), step, "constructor")
            return inner
    raise ExchangeFailed(step, "SHA1")


def read_inner(data: bytes, names: Collection[str], step: str) -> tuple[TLObject, int]:
    """Read the inner data at the start of `data`; its constructor must be one of `names`.

    Returns:
        the object, and the offset behind it; the caller checks what follows.

    Raises:
        ExchangeFailed: with check "constructor". The error of TL is left out, since the bytes are secret.

    """
    try:
        inner, end = service.decode_prefix(data)
    except TLError:
        inner, end = None, 0
    if not isinstance(inner, TLObject) or inner.NAME not in names:
        raise ExchangeFailed(step, "constructor")
    return inner, end


def first_salt(new_nonce: bytes, server_nonce: bytes) -> int:
    """Return the first server salt as a signed long: the first 8 bytes of both nonces, combined by exclusive or."""
    mixed = bytes(a ^ b for a, b in zip(new_nonce[:8], server_nonce[:8], strict=True))
    return int.from_bytes(mixed, "little", signed=True)


def retry_id(aux_hash: bytes) -> int:
    """Return the `retry_id` that names a rejected key: its auth_key_aux_hash (8 bytes) as a signed long."""
    return int.from_bytes(aux_hash, "little", signed=True)


def params_fail_hash(new_nonce: bytes) -> bytes:
    """Return the `new_nonce_hash` of server_DH_params_fail: the 128 lower-order bits of SHA1(new_nonce)."""
    return sha1(new_nonce)[4:20]
