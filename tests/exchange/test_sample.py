"""The worked sample of core.telegram.org/mtproto/samples-auth_key: every value that it determines, byte for byte.

The sample leaves out RSA_PAD's temp_key and the server's secret `a`, so two values are put in where they would be
computed: the RSA ciphertext on the client's side, `g_a` on the server's side.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mtproto.crypto import kdf
from mtproto.crypto.rsa import RSAPrivateKey, RSAPublicKey
from mtproto.datacenters import PRODUCTION_KEYS
from mtproto.exchange import ClientExchange, ExchangeFaults, ServerExchange
from mtproto.exchange.common import first_salt, params_fail_hash
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import pack_plain, unpack_plain
from tests.exchange.support import BareClient, Randomness, plain
from tl import service

SAMPLE: dict[str, Any] = json.loads((Path(__file__).parent / "auth_key_sample.json").read_text())

PRODUCTION_KEY = RSAPublicKey.from_data(PRODUCTION_KEYS[0])
"""The key that the sample's server uses."""


def raw(name: str) -> bytes:
    return bytes.fromhex(SAMPLE[name])


def whole(name: str) -> bytes:
    """Return a server's packet with the random tail whose length it announces, which the sample leaves out."""
    packet = raw(name)
    return packet + bytes(20 + int.from_bytes(packet[16:20], "little") - len(packet))


def same_message(payload: bytes, name: str) -> None:
    """Compare a payload with a printed packet: the body, and the envelope around it once it has the same id."""
    expected = raw(name)
    msg_id = int.from_bytes(expected[8:16], "little", signed=True)
    length = int.from_bytes(expected[16:20], "little")
    body = unpack_plain(payload).body
    assert body == expected[20:]
    tail = bytes(length - len(body))
    assert pack_plain(msg_id, body + tail) == expected + tail


def test_the_client_reproduces_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    encrypted: list[bytes] = []

    def rsa_pad(data: bytes, key: RSAPublicKey, _: object) -> bytes:
        assert key is PRODUCTION_KEY
        encrypted.append(data)
        return raw("rsa_encrypted_data")

    monkeypatch.setattr("mtproto.exchange.client.rsa_pad", rsa_pad)
    random = Randomness(
        forced={
            16: [raw("nonce")],
            32: [raw("new_nonce")],
            256: [raw("b")],
            12: [raw("client_DH_padding")],
        }
    )
    client = ClientExchange([PRODUCTION_KEY], SAMPLE["dc"], random)
    now = SAMPLE["server_time"] - 1000.0

    same_message(client.start(now), "req_pq_multi_packet")
    request = client.receive(whole("resPQ_packet"), now)
    assert encrypted == [raw("p_q_inner_data_dc")]
    assert request is not None
    same_message(request, "req_DH_params_packet")
    request = client.receive(whole("server_DH_params_ok_packet"), now)
    assert request is not None
    same_message(request, "set_client_DH_params_packet")
    inner = client.steps[-1].inner
    assert inner is not None
    assert inner.to_bytes() == raw("client_DH_inner_data")

    assert client.receive(whole("dh_gen_ok_packet"), now) is None
    result = client.result
    assert result is not None
    assert result.auth_key.data == raw("auth_key")
    assert result.auth_key.id_bytes == raw("auth_key_id_wire")
    assert result.auth_key.aux_hash == raw("auth_key_aux_hash")
    assert result.server_salt == SAMPLE["derived_first_server_salt_int_le_signed"]
    assert result.time_offset == 1000.0
    assert result.expires_at is None


def test_the_server_reproduces_the_sample(key: RSAPrivateKey) -> None:
    fingerprints = [
        int.from_bytes(bytes.fromhex(wire), "little", signed=True)
        for wire in SAMPLE["server_public_key_fingerprints_wire"]
    ]
    answer = raw("answer_with_hash")
    faults = ExchangeFaults()
    faults.override("resPQ", server_public_key_fingerprints=lambda _: fingerprints)
    faults.override("server_DH_inner_data", g_a=lambda _: raw("g_a"))
    random = Randomness(forced={16: [raw("server_nonce")], 8: [answer[-8:]]})
    server = ServerExchange([key], random, dc_ids=[SAMPLE["dc"]], pq=(SAMPLE["p"], SAMPLE["q"]), faults=faults)
    client = BareClient(key.public, source=Randomness(forced={16: [raw("nonce")], 32: [raw("new_nonce")]}))

    payload = server.receive(client.req_pq(), SAMPLE["server_time"])
    same_message(payload, "resPQ_packet")
    payload = client.req_dh_params(payload, (SAMPLE["p"], SAMPLE["q"]))
    same_message(server.receive(payload, SAMPLE["server_time"]), "server_DH_params_ok_packet")


def test_the_values_that_both_derive() -> None:
    new_nonce, server_nonce = raw("new_nonce"), raw("server_nonce")
    auth_key = AuthKey(raw("auth_key"))
    assert kdf.tmp_aes_key_iv(new_nonce, server_nonce) == (raw("tmp_aes_key"), raw("tmp_aes_iv"))
    for number in (1, 2, 3):
        expected = raw(f"derived_new_nonce_hash{number}")
        assert kdf.new_nonce_hash(number, new_nonce, auth_key.aux_hash) == expected
    assert first_salt(new_nonce, server_nonce) == SAMPLE["derived_first_server_salt_int_le_signed"]
    assert params_fail_hash(new_nonce) == raw("derived_server_DH_params_fail_new_nonce_hash")
    answer = service.types.DhGenOk(
        nonce=raw("nonce"), server_nonce=server_nonce, new_nonce_hash1=raw("new_nonce_hash1")
    )
    same_message(plain(answer), "dh_gen_ok_packet")
