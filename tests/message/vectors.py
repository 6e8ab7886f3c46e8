"""Runs public vectors of the message room: a function for each kind, which raises where the library disagrees."""

from __future__ import annotations

from collections.abc import Callable

from mtproto.crypto.aes import ige_encrypt
from mtproto.crypto.hashes import sha1
from mtproto.crypto.kdf import kdf_v1
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, payload_key_id, seal, seal_v1, unseal, unseal_v1
from tests.crypto.vectors import Vector, hexed
from tests.vectors.generate import random_from
from tests.vectors.independent import header

__all__ = ["RUNNERS"]


def long(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)


def run_auth_key_id(vector: Vector) -> None:
    auth_key, key_id, aux_hash = hexed(vector, "auth_key", "auth_key_id", "aux_hash")
    key = AuthKey(auth_key)
    assert (key.id_bytes, key.id, key.aux_hash) == (key_id, long(key_id), aux_hash)


def run_encrypt(vector: Vector) -> None:
    """The whole plaintext of this one is free text, which `seal` never writes: its parts are put together here."""
    auth_key, plaintext, padding, packet = hexed(vector, "auth_key", "plaintext", "padding", "packet")
    key = AuthKey(auth_key)
    derivation = {Sender.CLIENT: key.client, Sender.SERVER: key.server}[Sender(vector["x"])]
    large = derivation.msg_key_large(plaintext + padding)
    encrypted = ige_encrypt(plaintext + padding, *derivation.key_iv(large[8:24]))
    assert key.id_bytes + large[8:24] + encrypted == packet
    assert long(large[:4]) & 0xFFFFFFFF | 1 << 31 == int(vector["quick_ack_token"], 16)


def run_decrypt(vector: Vector) -> None:
    auth_key, packet, plaintext = hexed(vector, "auth_key", "packet", "plaintext_with_padding")
    key, sender = AuthKey(auth_key), Sender(vector["x"])
    assert payload_key_id(packet) == key.id == long(bytes.fromhex(vector["auth_key_id"]))
    message = unseal(key, sender, packet)
    length = len(message.body)
    head = header(message.salt, message.session_id, message.msg_id, message.seqno, length)
    assert plaintext.startswith(head + message.body)
    padding = plaintext[32 + length :]
    assert seal(
        key,
        sender,
        salt=message.salt,
        session_id=message.session_id,
        msg_id=message.msg_id,
        seqno=message.seqno,
        body=message.body,
        random=random_from(padding),
        padding=len(padding),
    ) == (packet, message.quick_ack_token)


def run_v1_msg_key(vector: Vector) -> None:
    plaintext, msg_key = hexed(vector, "plaintext", "msg_key")
    assert sha1(plaintext)[4:] == msg_key


def run_bind(vector: Vector) -> None:
    """`bind_auth_key_inner` under the permanent key, with random bytes in place of salt and session id."""
    auth_key, prefix, inner, plaintext, padding, msg_key, *key_iv = hexed(
        vector, "perm_auth_key", "random_prefix", "inner", "plaintext", "padding", "msg_key", "aes_key", "aes_iv"
    )
    key, msg_id = AuthKey(auth_key), int(vector["msg_id"], 16)
    assert key.id_bytes.hex() == vector["perm_auth_key_id"]
    salt, session_id = long(prefix[:8]), long(prefix[8:])
    fields = {"salt": salt, "session_id": session_id, "msg_id": msg_id, "seqno": 0}
    packet = seal_v1(key, Sender.CLIENT, **fields, body=inner, random=random_from(padding)).payload
    assert packet.hex() == vector["encrypted_message"]
    assert packet[8:24] == msg_key == sha1(plaintext)[4:]
    assert kdf_v1(auth_key, msg_key, 0) == tuple(key_iv)
    message = unseal_v1(key, Sender.CLIENT, packet)
    assert (message.salt, message.session_id, message.msg_id, message.seqno) == (salt, session_id, msg_id, 0)
    assert message.body == inner


RUNNERS: dict[str, Callable[[Vector], None]] = {
    "auth_key_id": run_auth_key_id,
    "bind-temp-auth-key": run_bind,
    "mtproto1-msg_key": run_v1_msg_key,
    "mtproto2-decrypt": run_decrypt,
    "mtproto2-encrypt": run_encrypt,
}
