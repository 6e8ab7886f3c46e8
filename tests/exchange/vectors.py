"""The recorded exchange of the public vectors (kind `handshake`), played through the client's half."""

from __future__ import annotations

from typing import Any

from mtproto.crypto.rsa import RSAPublicKey
from mtproto.exchange import ClientExchange
from mtproto.message.envelope import pack_plain, unpack_plain
from tests.exchange.support import Randomness
from tl import TLObject, service


class OlderClient(ClientExchange):
    """Sends the inner data that names no data centre, as the recorded client did."""

    def _p_q_inner_data(self, **fields: bytes) -> TLObject:
        inner: TLObject = service.types.PQInnerData(**fields)
        return inner


def run_handshake(vector: dict[str, Any], key: RSAPublicKey) -> None:
    """Compare every byte that the client sends, and the key, with the record; bodies only, as it has no envelopes."""

    def raw(name: str) -> bytes:
        return bytes.fromhex(vector[name])

    drawn = raw("step2_random")
    b, padding = raw("b"), raw("client_DH_padding")
    # The recorded client drew more padding than it needed; the values that it used stand beside what it drew.
    assert drawn.startswith(raw("new_nonce") + raw("rsa_pad_random_padding"))
    assert drawn.endswith(raw("rsa_pad_temp_key"))
    assert raw("step3_random").startswith(b + padding)
    random = Randomness(
        forced={
            16: [raw("step1_random")],
            32: [raw("new_nonce"), raw("rsa_pad_temp_key")],
            len(raw("rsa_pad_random_padding")): [raw("rsa_pad_random_padding")],
            256: [b],
            len(padding): [padding],
        }
    )
    client = OlderClient([key], 2, random)
    now = float(vector["step3_now"])
    payload: bytes | None = client.start(now)
    for step in (1, 2, 3):
        assert payload is not None
        assert unpack_plain(payload).body == raw(f"step{step}_request")
        payload = client.receive(pack_plain(1, raw(f"step{step}_response")), now)
    assert payload is None
    assert client.result is not None
    assert client.result.auth_key.data == raw("expected_auth_key")
    assert client.result.server_salt == vector["expected_first_salt_i64"]
    assert client.result.time_offset == vector["server_time"] - now
    inner = [taken.inner.to_bytes() for taken in client.steps if taken.inner is not None]
    assert inner == [raw("server_DH_inner_data"), raw("client_DH_inner_data")]
