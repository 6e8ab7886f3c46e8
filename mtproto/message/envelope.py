"""Messages and their envelopes: plain, MTProto 2.0 and MTProto 1.0, to bytes and back.

core.telegram.org/mtproto/description; MTProto 1.0 is core.telegram.org/mtproto/description_v1. A packet is

    auth_key_id:int64 | msg_key:int128 | encrypted
    where encrypted holds  salt:int64 | session_id:int64 | msg_id:int64 | seqno:int32 | length:int32 | body | padding

and a plain message, legal only while a key is being made, is

    0:int64 | msg_id:int64 | length:int32 | body

All numbers are little-endian and signed, lengths are bytes. `unseal` takes exact packets: a framing that adds padding
of its own cuts that padding off. All checks up to the message key fail with the same error.
"""

from __future__ import annotations

from enum import IntEnum
from hmac import compare_digest
from struct import Struct
from struct import error as struct_error
from typing import TYPE_CHECKING, NamedTuple

from mtproto.crypto import ige, kdf_v1, sha1
from mtproto.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.message.auth_key import AuthKey

__all__ = [
    "OUTER",
    "SMALLEST_V1",
    "PlainMessage",
    "Sealed",
    "Sender",
    "Unsealed",
    "pack_plain",
    "payload_key_id",
    "seal",
    "seal_v1",
    "unpack_plain",
    "unseal",
    "unseal_v1",
]

MIN_PADDING = 12
"""Random bytes at the end of a packet of MTProto 2.0, at least."""

MAX_PADDING = 1024
"""Random bytes at the end of a packet of MTProto 2.0, at most."""

OUTER = 24
"""Bytes before the encrypted part: key id and msg_key."""

INNER = 32
"""Bytes of the encrypted part before the body."""

BLOCK = 16
"""The encrypted part is a multiple of this many bytes."""

SMALLEST = OUTER + 48
"""Bytes of a packet without a body: header and padding are 44 bytes, rounded up to whole blocks."""

SMALLEST_V1 = OUTER + INNER
"""Bytes of a packet without a body in MTProto 1.0, which needs no padding."""

_INNER = Struct("<qqqii")
_PLAIN = Struct("<qqi")
_LONG = Struct("<q")
_HASH = Struct("<I4x16s8x")  # what a packet takes of its msg_key_large: the quick-ack token and the msg_key
_QUICK_ACK = Struct("<I")
_QUICK_ACK_BIT = 1 << 31


class Sender(IntEnum):
    """Who sealed a packet: the `x` of the key derivation."""

    CLIENT = 0
    SERVER = 8


_SERVER = Sender.SERVER


class PlainMessage(NamedTuple):
    """A message that is not encrypted.

    Attributes:
        msg_id: its id.
        body: a TL object, possibly with random bytes behind it.

    """

    msg_id: int
    body: bytes


class Sealed(NamedTuple):
    """A packet ready for a framing.

    Attributes:
        payload: the packet.
        quick_ack_token: the server sends this number back at once if the client asks for a quick ack: 32 bits, the top
            bit set.

    """

    payload: bytes
    quick_ack_token: int


class Unsealed(NamedTuple):
    """A packet that was opened. Its message key, length and padding are right; nothing else was checked.

    Attributes:
        salt: the server salt that the sender used.
        session_id: the session of the message.
        msg_id: the id of the message.
        seqno: the sequence number of the message.
        body: the message, a multiple of 4 bytes.
        quick_ack_token: a server sends this number back at once if the client asked for a quick ack.

    """

    salt: int
    session_id: int
    msg_id: int
    seqno: int
    body: bytes
    quick_ack_token: int

    def __repr__(self) -> str:
        return f"Unsealed(msg_id={self.msg_id}, seqno={self.seqno}, {len(self.body)} bytes)"


def payload_key_id(payload: bytes) -> int:
    """Return the auth key id at the start of a payload (signed 64 bit); 0 means a plain message.

    Raises:
        RemoteProtocolError: the payload is too short to have a key id.

    """
    if len(payload) < _LONG.size:
        raise RemoteProtocolError("packet")
    key_id: int = _LONG.unpack_from(payload)[0]
    return key_id


def pack_plain(msg_id: int, body: bytes) -> bytes:
    """Put a message of the key exchange into its envelope (core.telegram.org/mtproto/description#unencrypted-message).

    Args:
        msg_id: the id of the message, signed 64 bit.
        body: a TL object.

    Raises:
        LocalProtocolError: the id does not fit into 64 bits.

    """
    try:
        return _PLAIN.pack(0, msg_id, len(body)) + body
    except struct_error:
        raise LocalProtocolError("a message id has 64 bits") from None


def unpack_plain(payload: bytes) -> PlainMessage:
    """Take a message of the key exchange out of its envelope; the body may end with random bytes.

    Raises:
        RemoteProtocolError: with the check `packet` if the payload is too short or encrypted, with `length` if the
            length is not that of the bytes that follow.

    """
    if len(payload) < _PLAIN.size:
        raise RemoteProtocolError("packet")
    key_id, msg_id, length = _PLAIN.unpack_from(payload)
    if key_id:
        raise RemoteProtocolError("packet")
    if length != len(payload) - _PLAIN.size:
        raise RemoteProtocolError("length")
    return PlainMessage(msg_id, payload[_PLAIN.size :])


def seal(
    key: AuthKey,
    sender: Sender,
    *,
    salt: int,
    session_id: int,
    msg_id: int,
    seqno: int,
    body: bytes,
    random: Callable[[int], bytes],
    padding: int | None = None,
) -> Sealed:
    """Encrypt a message with MTProto 2.0 (core.telegram.org/mtproto/description).

    Args:
        key: the auth key.
        sender: who sends the message.
        salt: the server salt, signed 64 bit.
        session_id: signed 64 bit.
        msg_id: signed 64 bit.
        seqno: signed 32 bit.
        body: the message, a multiple of 4 bytes.
        random: returns that many random bytes; it is called once, for the padding.
        padding: bytes of padding, 12…1024; body and padding together are a multiple of 16. The default is the smallest
            such number.

    Raises:
        LocalProtocolError: the body or the padding has a length that is not allowed, or a number is too large.

    """
    length = len(body)
    if padding is None:
        padding = MIN_PADDING + (-(length + MIN_PADDING) & 15)
    if length & 3 or not MIN_PADDING <= padding <= MAX_PADDING or (length + padding) & 15:
        raise LocalProtocolError(f"a body of {length} bytes with {padding} bytes of padding is not allowed")
    try:
        header = _INNER.pack(salt, session_id, msg_id, seqno, length)
    except struct_error:
        raise LocalProtocolError("a number of the header does not fit into its field") from None
    plaintext = b"".join((header, body, random(padding)))
    derivation = key.server if sender == _SERVER else key.client
    token, msg_key = _HASH.unpack(derivation.msg_key_large(plaintext))
    encrypted = ige().encrypt(plaintext, *derivation.key_iv(msg_key))
    return Sealed(key.id_bytes + msg_key + encrypted, token | _QUICK_ACK_BIT)


def unseal(key: AuthKey, sender: Sender, payload: bytes) -> Unsealed:
    """Open a packet of MTProto 2.0, and make every check that needs nothing but the key.

    core.telegram.org/mtproto/security_guidelines. The order of the checks: length, key id, msg_key (over the whole
    plaintext, in constant time), length of the body, length of the padding.

    Args:
        key: the auth key.
        sender: who sealed the packet: the peer.
        payload: the packet, without the bytes that a framing added.

    Raises:
        RemoteProtocolError: with the check `packet` for every check up to the msg_key, then `length` or `padding`.

    """
    if len(payload) < SMALLEST or (len(payload) - OUTER) & 15 or payload[:8] != key.id_bytes:
        raise RemoteProtocolError("packet")
    derivation = key.server if sender == _SERVER else key.client
    msg_key = payload[8:24]
    plaintext = ige().decrypt(payload[24:], *derivation.key_iv(msg_key))
    token, expected = _HASH.unpack(derivation.msg_key_large(plaintext))
    if not compare_digest(expected, msg_key):
        raise RemoteProtocolError("packet")
    salt, session_id, msg_id, seqno, length = _INNER.unpack_from(plaintext)
    rest = len(plaintext) - INNER
    if not 0 <= length <= rest or length & 3:
        raise RemoteProtocolError("length")
    if not MIN_PADDING <= rest - length <= MAX_PADDING:
        raise RemoteProtocolError("padding")
    return Unsealed(salt, session_id, msg_id, seqno, plaintext[INNER : INNER + length], token | _QUICK_ACK_BIT)


def seal_v1(
    key: AuthKey,
    sender: Sender,
    *,
    salt: int,
    session_id: int,
    msg_id: int,
    seqno: int,
    body: bytes,
    random: Callable[[int], bytes],
) -> Sealed:
    """Encrypt a message with MTProto 1.0; arguments and errors as in `seal`. The padding has 0…15 bytes.

    For `auth.bindTempAuthKey` (core.telegram.org/api/pfs), where two random numbers take the place of salt and
    session id. No other message is sent so.
    """
    if len(body) & 3:
        raise LocalProtocolError(f"a body of {len(body)} bytes is not allowed")
    try:
        message = _INNER.pack(salt, session_id, msg_id, seqno, len(body)) + body
    except struct_error:
        raise LocalProtocolError("a number of the header does not fit into its field") from None
    digest = sha1(message)
    msg_key = digest[4:]
    encrypted = ige().encrypt(message + random(-len(message) & 15), *kdf_v1(key.data, msg_key, sender))
    return Sealed(key.id_bytes + msg_key + encrypted, _QUICK_ACK.unpack_from(digest)[0] | _QUICK_ACK_BIT)


def unseal_v1(key: AuthKey, sender: Sender, payload: bytes) -> Unsealed:
    """Open a packet of MTProto 1.0; arguments as in `unseal`.

    The msg_key of MTProto 1.0 does not cover the padding. So the length has to be read before the msg_key can be
    checked, and a wrong length fails with the same error as a wrong msg_key.

    Raises:
        RemoteProtocolError: with the check `packet`, or with `length` if the body is not a multiple of 4 bytes.

    """
    if len(payload) < SMALLEST_V1 or (len(payload) - OUTER) & 15 or payload[:8] != key.id_bytes:
        raise RemoteProtocolError("packet")
    msg_key = payload[8:24]
    plaintext = ige().decrypt(payload[24:], *kdf_v1(key.data, msg_key, sender))
    salt, session_id, msg_id, seqno, length = _INNER.unpack_from(plaintext)
    padding = len(plaintext) - INNER - length
    legal = length >= 0 and 0 <= padding < BLOCK
    end = INNER + length if legal else len(plaintext)
    digest = sha1(plaintext[:end])  # a wrong length takes the same time as a wrong msg_key
    if not compare_digest(digest[4:], msg_key) or not legal:
        raise RemoteProtocolError("packet")
    if length & 3:
        raise RemoteProtocolError("length")
    token = _QUICK_ACK.unpack_from(digest)[0] | _QUICK_ACK_BIT
    return Unsealed(salt, session_id, msg_id, seqno, plaintext[INNER:end], token)
