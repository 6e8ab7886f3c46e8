"""The project's own vectors: the library still makes them, and an independent implementation comes to the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mtproto.crypto.dh import KNOWN_PRIME
from mtproto.message.key_state import KeyState
from tests.vectors import independent
from tests.vectors.generate import KEYS, OWN, generate, to_text

Vector = dict[str, Any]

VECTORS: list[Vector] = json.loads(OWN.read_text())["vectors"]


def hexed(vector: Vector, *names: str) -> list[bytes]:
    return [bytes.fromhex(vector[name]) for name in names]


def matches(vector: Vector, output: bytes, start: str) -> None:
    assert independent.sha256(output).hex() == vector["sha256"]
    assert output.hex().startswith(vector[start])


def confirm_ige(vector: Vector) -> None:
    key, iv = hexed(vector, "key", "iv")
    plaintext = independent.stream(vector["stream"], vector["length"])
    encrypted = independent.ige_encrypt(plaintext, key, iv)
    matches(vector, encrypted, "first_blocks")
    assert independent.ige_decrypt(encrypted, key, iv) == plaintext


def confirm_ctr(vector: Vector) -> None:
    key, iv = hexed(vector, "key", "iv")
    matches(vector, independent.ctr(independent.stream(vector["stream"], sum(vector["cuts"])), key, iv), "first_blocks")


def confirm_auth_key(vector: Vector) -> None:
    auth_key, key_id, aux_hash, new_nonce = hexed(vector, "auth_key", "id", "aux_hash", "new_nonce")
    assert independent.auth_key_id(auth_key) == key_id == vector["id_long"].to_bytes(8, "little", signed=True)
    assert independent.auth_key_aux_hash(auth_key) == aux_hash
    hashes = [independent.new_nonce_hash(number, new_nonce, auth_key).hex() for number in (1, 2, 3)]
    assert hashes == vector["new_nonce_hashes"]


def confirm_kdf(derive: Callable[[bytes, bytes, int], tuple[bytes, bytes]]) -> Callable[[Vector], None]:
    def confirm(vector: Vector) -> None:
        auth_key, msg_key, *expected = hexed(vector, "auth_key", "msg_key", "aes_key", "aes_iv")
        assert derive(auth_key, msg_key, vector["x"]) == tuple(expected)

    return confirm


def confirm_tmp_aes(vector: Vector) -> None:
    new_nonce, server_nonce, *expected = hexed(vector, "new_nonce", "server_nonce", "aes_key", "aes_iv")
    assert independent.tmp_aes_key_iv(new_nonce, server_nonce) == tuple(expected)


def confirm_dh(vector: Vector) -> None:
    key = independent.auth_key(KNOWN_PRIME, vector["g"], int(vector["a"], 16), int(vector["b"], 16))
    assert key.hex() == vector["auth_key"]
    assert key.startswith(bytes(2))


def plaintext_of(vector: Vector) -> tuple[bytes, bytes]:
    body, padding = independent.stream(vector["stream"], vector["length"]), vector["padding"]
    numbers = (vector["salt"], vector["session_id"], vector["msg_id"], vector["seqno"])
    padding = (
        independent.stream("padding", int(padding.split()[-1]))
        if padding.startswith("stream")
        else bytes.fromhex(padding)
    )
    return independent.header(*numbers, len(body)) + body, padding


def confirm_packet_v2(vector: Vector) -> None:
    plaintext, padding = plaintext_of(vector)
    packet, token = independent.packet_v2(KEYS[vector["key"]], vector["x"], plaintext + padding)
    matches(vector, packet, "start")
    assert token == vector["quick_ack_token"]


def confirm_packet_v1(vector: Vector) -> None:
    packet, token = independent.packet_v1(KEYS[vector["key"]], vector["x"], *plaintext_of(vector))
    matches(vector, packet, "start")
    assert token == vector["quick_ack_token"]


def confirm_plain(vector: Vector) -> None:
    assert independent.plain_message(vector["msg_id"], *hexed(vector, "body")).hex() == vector["payload"]


def confirm_fingerprint(vector: Vector) -> None:
    assert independent.rsa_fingerprint(int(vector["n"], 16), vector["e"]) == vector["fingerprint"]


def confirm_rsa_pad(vector: Vector) -> None:
    data, padding = hexed(vector, "data", "padding")
    tried = [
        independent.rsa_pad(data, int(vector["n"], 16), vector["e"], padding, bytes.fromhex(temp_key))
        for temp_key in vector["temp_keys"]
    ]
    *refused, encrypted = tried
    assert not any(refused)
    assert encrypted is not None
    assert encrypted.hex() == vector["encrypted"]


def confirm_rsa_sha1(vector: Vector) -> None:
    data, padding = hexed(vector, "data", "padding")
    encrypted = independent.rsa_encrypt_sha1(data, int(vector["n"], 16), vector["e"], padding)
    assert encrypted.hex() == vector["encrypted"]


def confirm_pq(vector: Vector) -> None:
    p, q = vector["p"], vector["q"]
    assert p * q == vector["pq"]
    assert p <= q
    assert independent.is_prime(p)
    assert independent.is_prime(q)


def confirm_msg_id(vector: Vector) -> None:
    time = vector["seconds"], vector["microseconds"]
    assert independent.client_msg_id(*time, *hexed(vector, "random")) == vector["client"]
    assert independent.server_msg_id(*time, reply=True) == vector["reply"]
    assert independent.server_msg_id(*time, reply=False) == vector["other"]


def confirm_key_state(vector: Vector) -> None:
    (data,) = hexed(vector, "bytes")
    assert data[:5] == b"MTKS\x01"
    assert data[5 : 5 + 256] == KEYS["ordinary"]
    assert data[-8:] == independent.sha256(data[:-8])[:8]
    again = KeyState.from_bytes(data).to_bytes()
    assert again == data or vector["name"] == "full-with-layer"
    assert KeyState.from_bytes(again) == KeyState.from_bytes(data)


CONFIRM: dict[str, Callable[[Vector], None]] = {
    "aes-256-ige": confirm_ige,
    "aes-256-ctr": confirm_ctr,
    "auth-key": confirm_auth_key,
    "mtproto1-kdf": confirm_kdf(independent.kdf_v1),
    "mtproto2-kdf": confirm_kdf(independent.kdf_v2),
    "tmp-aes-key-iv": confirm_tmp_aes,
    "dh": confirm_dh,
    "mtproto1-packet": confirm_packet_v1,
    "mtproto2-packet": confirm_packet_v2,
    "plain-message": confirm_plain,
    "rsa-fingerprint": confirm_fingerprint,
    "rsa-pad": confirm_rsa_pad,
    "rsa-sha1": confirm_rsa_sha1,
    "pq": confirm_pq,
    "msg-id": confirm_msg_id,
    "key-state": confirm_key_state,
}


@pytest.mark.parametrize("kind", sorted({vector["kind"] for vector in VECTORS}))
def test_an_independent_implementation_confirms_the_vectors(kind: str) -> None:
    for vector in VECTORS:
        if vector["kind"] == kind:
            CONFIRM[kind](vector)


def test_the_library_makes_the_committed_vectors() -> None:
    assert to_text(generate()) == OWN.read_text()
