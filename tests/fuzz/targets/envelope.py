"""Envelopes: any payload, any plaintext that whoever has the key might have sealed; and what a store keeps of a key."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from random import Random

from mtproto.crypto.aes import ige_encrypt
from mtproto.crypto.hashes import sha1
from mtproto.crypto.kdf import kdf_v1
from mtproto.errors import RemoteProtocolError
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import (
    Sender,
    Unsealed,
    pack_plain,
    payload_key_id,
    seal,
    seal_v1,
    unpack_plain,
    unseal,
    unseal_v1,
)
from mtproto.message.key_state import KeyState, KeyStateDamaged
from tests.fuzz.tape import Tape
from tests.fuzz.target import Target, Verdict, Violation

__all__ = ["TARGETS", "fixed_key", "seal_plaintext"]

_BLOCK = 16
_HEADER = 32
_CHECKSUM = 8


@cache
def fixed_key() -> AuthKey:
    """Return the key under which the targets seal."""
    return AuthKey(Random("a key for fuzzing").randbytes(256))


def seal_plaintext(plaintext: bytes, sender: Sender, key: AuthKey | None = None) -> bytes:
    """Return a packet of MTProto 2.0 with the right msg_key around any plaintext, filled up to whole blocks."""
    key = key or fixed_key()
    plaintext += bytes(-len(plaintext) % _BLOCK)
    derivation = key.server if sender is Sender.SERVER else key.client
    msg_key = derivation.msg_key_large(plaintext)[8:24]
    return key.id_bytes + msg_key + ige_encrypt(plaintext, *derivation.key_iv(msg_key))


def _seal_plaintext_v1(plaintext: bytes, sender: Sender) -> bytes:
    """Return a packet of MTProto 1.0 whose msg_key is right for the length in the plaintext, if that is possible."""
    key = fixed_key()
    plaintext += bytes(-len(plaintext) % _BLOCK)
    length = int.from_bytes(plaintext[28:32], "little", signed=True)
    msg_key = sha1(plaintext[: max(0, _HEADER + length)])[4:]
    return key.id_bytes + msg_key + ige_encrypt(plaintext, *kdf_v1(key.data, msg_key, sender))


def _plain(data: bytes) -> Verdict:
    payload_key_id(data)
    message = unpack_plain(data)
    if pack_plain(message.msg_id, message.body) != data:
        raise Violation("what was read is not what was sent")
    return Verdict(True, "plain")


def _raw(data: bytes) -> Verdict:
    """Open anything: nobody without the key gets past the first check, in either version."""
    key_id = payload_key_id(data)
    for open_packet in (unseal, unseal_v1):
        for sender in Sender:
            try:
                open_packet(fixed_key(), sender, data)
            except RemoteProtocolError as error:
                if error.check != "packet":
                    raise Violation("a forged packet was told from another") from error
            else:
                raise Violation("a packet was opened that nobody sealed")
    raise RemoteProtocolError("packet", "own key" if key_id == fixed_key().id else "other key")


def _sealed(data: bytes) -> Verdict:
    return _open(data, seal_plaintext, unseal)


def _sealed_v1(data: bytes) -> Verdict:
    return _open(data, _seal_plaintext_v1, unseal_v1)


def _open(
    data: bytes, make: Callable[[bytes, Sender], bytes], open_packet: Callable[[AuthKey, Sender, bytes], Unsealed]
) -> Verdict:
    tape = Tape(data)
    sender = Sender.SERVER if tape.number() & 1 else Sender.CLIENT
    plaintext = tape.rest()
    payload = make(plaintext, sender)
    opened = open_packet(fixed_key(), sender, payload)
    padding = (plaintext + bytes(-len(plaintext) % _BLOCK))[_HEADER + len(opened.body) :]
    fields = {name: getattr(opened, name) for name in ("salt", "session_id", "msg_id", "seqno", "body")}
    if open_packet is unseal_v1:
        again = seal_v1(fixed_key(), sender, **fields, random=lambda _: padding)
    else:
        again = seal(fixed_key(), sender, **fields, random=lambda _: padding, padding=len(padding))
    if again != (payload, opened.quick_ack_token):
        raise Violation("what was opened is not what was sealed")
    return Verdict(True, f"{sender.name} {len(opened.body) // 64}")


def _key_state(data: bytes) -> Verdict:
    """Read what a store gives back, with a right checksum or without: it may be damaged, or somebody else's."""
    tape = Tape(data)
    mended = tape.number() & 1
    content = tape.rest()
    stored = content + sha256(content).digest()[:_CHECKSUM] if mended else content
    state = KeyState.from_bytes(stored)
    repr(state)
    if KeyState.from_bytes(state.to_bytes()).to_bytes() != state.to_bytes():
        raise Violation("what was stored reads differently")
    return Verdict(True, f"{len(state.salts)} {state.expires_at is None}")


TARGETS = (
    Target("envelope-plain", "envelope", _plain, (RemoteProtocolError,), longest=512),
    Target("envelope-raw", "envelope", _raw, (RemoteProtocolError,), longest=512),
    Target("envelope-sealed", "envelope", _sealed, (RemoteProtocolError,), longest=2048),
    Target("envelope-sealed-v1", "envelope", _sealed_v1, (RemoteProtocolError,), longest=2048),
    Target("key-state", "envelope", _key_state, (KeyStateDamaged,), longest=1024),
)
