"""Links count the work that their peer makes, in the same units whatever the machine does besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtproto.link import ServerLink, ServerQuery
from mtproto.message.envelope import Sender, seal
from mtproto.session import wire
from mtproto.session.wire import Message
from mtproto.transport import client_transport
from tests.link.support import NOW, QUERY, Pair, known_state, of_type, rsa_key, seeded
from tl import service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PING = service.functions.Ping(ping_id=1).to_bytes()
STATES = service.types.MsgsStateReq(msg_ids=[5] * 1600).to_bytes()


def container(bodies: Sequence[bytes], *, content: bool = False) -> bytes:
    first = int(NOW) << 32
    messages = [Message(first + 4 * number, content * (2 * number + 1), body) for number, body in enumerate(bodies)]
    return wire.write_container(messages)


def server_work(body: bytes, count: int = 1) -> tuple[int, list[ServerQuery]]:
    """Return the work that so many packets make at a server, and the calls in them."""
    pair = Pair()
    key = pair.state.find_key(known_state().auth_key.id, NOW)
    assert key is not None
    link = ServerLink(pair.state, [rsa_key()], NOW, seeded())
    transport = client_transport("intermediate", seeded())
    data = transport.opening()
    for number in range(count):
        data += transport.pack(
            seal(
                key.auth_key,
                Sender.CLIENT,
                salt=key.salts(NOW).current(NOW),
                session_id=7,
                msg_id=int(NOW) + 1 << 32 | 4 * number + 4,
                seqno=2 * count + 2,
                body=body,
                random=seeded(),
            ).payload
        )
    events = link.received(data, NOW)
    assert not link.closing
    return link.work, of_type(events, ServerQuery)


def client_work(body: bytes) -> int:
    """Return the work that a packet makes at a client that is connected."""
    pair = Pair()
    pair.connect()
    session = pair.client.session
    transport = pair.client._wire.transport
    assert session is not None
    assert transport is not None
    before = pair.client.work
    packet = seal(
        known_state().auth_key,
        Sender.SERVER,
        salt=0,
        session_id=session.session_id,
        msg_id=int(NOW) + 1 << 32 | 3,
        seqno=0,
        body=body,
        random=seeded(),
    ).payload
    pair.client.received(len(packet).to_bytes(4, "little") + packet, NOW)
    assert pair.ready
    return pair.client.work - before


def test_each_packet_counts() -> None:
    first, _ = server_work(PING)
    assert server_work(PING, 50)[0] == first + 49 * 8


def test_a_session_that_the_server_does_not_know_counts_more() -> None:
    assert server_work(PING)[0] == 8 + 10


@pytest.mark.parametrize("work", [lambda body: server_work(body)[0], client_work])
def test_what_a_packet_holds_counts_at_both_ends(work: Callable[[bytes], int]) -> None:
    alone = work(PING)
    assert work(container([PING] * 100)) - alone >= 200
    assert work(STATES) - alone >= 100
    packed = len(STATES) // 1536  # what is not decrypted then
    assert work(wire.write_gzip(STATES)) - work(STATES) + packed >= 9


def test_the_calls_of_one_packet_share_its_budget() -> None:
    _, queries = server_work(container([QUERY] * 2, content=True))
    assert len(queries) == 2
    assert queries[0].budget is not None
    assert queries[0].budget is queries[1].budget
    _, queries = server_work(wire.write_gzip(QUERY), 2)
    assert queries[0].budget is not queries[1].budget
