"""What a peer nests in a plain message ends the exchange, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtproto.errors import ExchangeFailed
from mtproto.exchange import ClientExchange, ExchangeRejected, ServerExchange
from mtproto.message.envelope import pack_plain
from mtproto.session import wire
from tests.exchange.support import NOW, Randomness
from tl import service

if TYPE_CHECKING:
    from mtproto.crypto.rsa import RSAPrivateKey

DEEP = 5000


def test_plain_messages_that_nest_end_the_exchange(key: RSAPrivateKey) -> None:
    body = service.types.Pong(msg_id=1, ping_id=1).to_bytes()
    for _ in range(DEEP):
        body = wire.write_rpc_result(4, body)
    client = ClientExchange([key.public], 2, Randomness(1))
    client.start(NOW)
    with pytest.raises(ExchangeFailed):
        client.receive(pack_plain(5, body), NOW)
    server = ServerExchange([key], Randomness(2))
    with pytest.raises(ExchangeRejected):
        server.receive(pack_plain(4, body), NOW)
