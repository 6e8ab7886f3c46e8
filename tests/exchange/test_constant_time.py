"""What an exchange compares that an attacker must not learn by time goes through one function, whole."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from mtproto.exchange import ClientExchange, ServerExchange, common
from tests.exchange.support import CHEAP_PQ, Randomness, join

if TYPE_CHECKING:
    import pytest

    from mtproto.crypto.rsa import RSAPrivateKey


def compared_by(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes]]:
    """Return a list that takes what `hmac.compare_digest` is given from now on."""
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    return compared


def test_comparing_takes_constant_time_and_all_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = compared_by(monkeypatch)
    values = bytes(range(16)), bytes(range(15)) + b"\xff"
    assert common.same(values[0], values[0])
    assert not common.same(*values)
    assert compared == [(values[0], values[0]), values]


def test_the_nonces_and_hashes_of_an_exchange_are_compared_in_constant_time(
    key: RSAPrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Randomness(1)
    client = ClientExchange([key.public], dc_id=2, random=random)
    server = ServerExchange([key], Randomness(2), pq=CHEAP_PQ)
    compared = compared_by(monkeypatch)
    join(client, server)
    lengths = [len(one) for one, other in compared if one == other]
    # The client: its nonce 4 times, the server's 3 times; the server: both in each of its two queries, and inside them.
    assert lengths.count(16) >= 4 + 3 + 8 + 1
    assert lengths.count(20) >= 2  # the hash inside each of the two encrypted answers
