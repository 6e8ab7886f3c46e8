"""The msg_key is compared as a whole, byte by byte, in both versions of the protocol."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from mtproto.crypto.aes import ige
from mtproto.crypto.hashes import sha1
from mtproto.crypto.kdf import kdf_v1
from mtproto.errors import RemoteProtocolError
from mtproto.message import envelope
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, Unsealed, seal, seal_v1, unseal, unseal_v1

KEY = AuthKey(os.urandom(256))
PLAINTEXT = bytes(24) + (7).to_bytes(4, "little") + (16).to_bytes(4, "little") + b"body" * 4 + bytes(16)
PLAINTEXT_V1 = PLAINTEXT[:48]

Opener = Callable[[bytes], Unsealed]


def packet(msg_key: bytes) -> bytes:
    """Return a packet that decrypts to `PLAINTEXT`, whatever its msg_key is."""
    return KEY.id_bytes + msg_key + ige().encrypt(PLAINTEXT, *KEY.client.key_iv(msg_key))


def packet_v1(msg_key: bytes) -> bytes:
    return KEY.id_bytes + msg_key + ige().encrypt(PLAINTEXT_V1, *kdf_v1(KEY.data, msg_key, Sender.CLIENT))


VERSIONS = [
    pytest.param(packet, KEY.client.msg_key_large(PLAINTEXT)[8:24], unseal, id="2.0"),
    pytest.param(packet_v1, sha1(PLAINTEXT_V1)[4:], unseal_v1, id="1.0"),
]


@pytest.mark.parametrize(("made", "right", "opens"), VERSIONS)
def test_every_byte_of_the_msg_key_counts(
    made: Callable[[bytes], bytes], right: bytes, opens: Callable[[AuthKey, Sender, bytes], Unsealed]
) -> None:
    assert opens(KEY, Sender.CLIENT, made(right)).body == b"body" * 4
    for place in range(16):
        wrong = bytearray(right)
        wrong[place] ^= 1
        with pytest.raises(RemoteProtocolError, match="packet"):
            opens(KEY, Sender.CLIENT, made(bytes(wrong)))


def test_both_versions_compare_the_whole_msg_key_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr(envelope, "compare_digest", compare)
    for seals, opens in ((seal, unseal), (seal_v1, unseal_v1)):
        sealed = seals(KEY, Sender.CLIENT, salt=1, session_id=2, msg_id=4, seqno=1, body=b"body", random=os.urandom)
        payload = sealed.payload
        opens(KEY, Sender.CLIENT, payload)
        [(one, other)] = compared
        assert one == other == payload[8:24]
        compared.clear()


def test_what_is_not_legal_in_version_1_is_refused_although_its_msg_key_is_right() -> None:
    """The key is that of the whole plaintext, which is what an illegal length is hashed as."""
    for length in (-4, 1 << 20, 0):
        plaintext = PLAINTEXT[:28] + length.to_bytes(4, "little", signed=True) + bytes(32)
        msg_key = sha1(plaintext if length else plaintext[:32])[4:]
        payload = KEY.id_bytes + msg_key + ige().encrypt(plaintext, *kdf_v1(KEY.data, msg_key, Sender.CLIENT))
        with pytest.raises(RemoteProtocolError, match="packet"):
            unseal_v1(KEY, Sender.CLIENT, payload)
