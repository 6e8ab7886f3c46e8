"""An answer that the server has and that does not come: the link takes a new connection before it gives the call up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import ConnectionLost, OutcomeUnknown
from mtproto.link import Broken
from mtproto.message.envelope import Sender, unseal
from mtproto.session import RequestLost, Result, constructors
from tests.link.support import ANSWER, QUERY, Pair, known_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.link import IncomingPacket, OutgoingPacket

RPC_RESULT = constructors.RPC_RESULT.to_bytes(4, "little")


class AnswersLost:
    """Faults of a link: packets with answers vanish, over the first connections."""

    armed = True

    def __init__(self, pair: Pair, connections: int) -> None:
        self._pair = pair
        self._connections = connections

    def reading(self, data: bytes) -> tuple[bytes, bool]:
        return data, False

    def incoming(self, packet: IncomingPacket) -> int | None:
        return None

    def outgoing(self, packet: OutgoingPacket) -> Sequence[bytes]:
        body = unseal(known_state().auth_key, Sender.SERVER, packet.payload).body
        lost = RPC_RESULT in body and len(self._pair.attempts) <= self._connections
        return () if lost else (packet.payload,)

    def writing(self, data: bytes) -> tuple[bytes, bool]:
        return data, False


def stage(connections: int) -> Pair:
    pair = Pair()
    pair.faults = AnswersLost(pair, connections)
    pair.connect()
    pair.advance(5)
    return pair


def test_an_answer_that_does_not_come_over_one_connection_comes_over_the_next() -> None:
    pair = stage(connections=1)
    request = pair.client.send(QUERY)
    pair.advance(60)
    assert pair.of(Result) == [Result(request, ANSWER + QUERY)]
    (broken,) = pair.of(Broken)
    assert isinstance(broken.error, ConnectionLost)
    assert "an answer" in str(broken.error)
    assert len(pair.attempts) == 2
    assert len(pair.queries) == 1


def test_an_answer_that_does_not_come_over_any_connection_ends_the_call() -> None:
    pair = stage(connections=100)
    request = pair.client.send(QUERY)
    pair.advance(120)
    (lost,) = pair.of(RequestLost)
    assert lost.request is request
    assert isinstance(lost.error, OutcomeUnknown)
    assert len(pair.attempts) == 2
    assert len(pair.queries) == 1
