"""The complete recorded exchange of the public vectors: every random value of the client is known."""

from __future__ import annotations

import json
from pathlib import Path

from mtproto.crypto.rsa import RSAPublicKey
from mtproto.datacenters import TEST_KEYS
from tests.exchange.vectors import run_handshake


def test_the_client_reproduces_the_recorded_exchange(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "vectors.json").read_text())["vectors"]
    (vector,) = (vector for vector in vectors if vector["kind"] == "handshake")
    run_handshake(vector, RSAPublicKey.from_data(TEST_KEYS[0]))
