"""A link handles what came in until a budget of work is used up, keeps the rest, and goes on when it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtproto.errors import ConnectionLost
from mtproto.link import Broken, ClientLink, Hangup, InSession, LinkStatus, ServerLink, ServerQuery, server_intake
from mtproto.message.envelope import Sender, Unsealed, seal, unseal
from mtproto.session import CloseAfter, Flooded, HttpWaited, Result, Update, wire
from mtproto.session.wire import Message
from mtproto.transport import client_transport
from tests.link.support import NOW, QUERY, Pair, known_state, of_type, rsa_key, seeded
from tl import service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mtproto.link import LinkEvent, ServerLinkEvent
    from mtproto.message.auth_key import AuthKey
    from mtproto.transport import ClientTransport

BUDGET = 100
PING = service.functions.Ping(ping_id=1).to_bytes()
UPDATE = bytes.fromhex("0d0c0b0a") + bytes(8)


class Client:
    """A client that seals whatever a test wants, over one connection of a data centre after the other."""

    def __init__(self) -> None:
        self.pair = Pair()
        key = self.pair.state.find_key(known_state().auth_key.id, NOW)
        assert key is not None
        self.key = key
        self.seqno = 1
        self.last = int(NOW) << 32

    def connect(self) -> tuple[ServerLink, ClientTransport]:
        link = ServerLink(self.pair.state, [rsa_key()], NOW, seeded())
        transport = client_transport("abridged", seeded())
        assert link.received(transport.opening(), NOW) == []
        return link, transport

    def id(self) -> int:
        self.last += 4
        return self.last

    def container(self, bodies: Sequence[bytes], *, content: bool = False) -> bytes:
        """Return a packet with these messages."""
        messages = []
        for body in bodies:
            messages.append(Message(self.id(), self.seqno - (not content), body))
            self.seqno += 2 * content
        return self.packet(wire.write_container(messages))

    def packet(self, body: bytes) -> bytes:
        return seal(
            self.key.auth_key,
            Sender.CLIENT,
            salt=self.key.salts(NOW).current(NOW),
            session_id=7,
            msg_id=self.id(),
            seqno=self.seqno - 1,
            body=body,
            random=seeded(),
        ).payload


def finished(link: ServerLink) -> list[ServerLinkEvent]:
    """Let a link go on until nothing is left."""
    events: list[ServerLinkEvent] = []
    while link.unread:
        before = link.work
        events += link.read_on(NOW, BUDGET)
        assert link.work - before <= BUDGET + 250  # of which reading a container of 100 may take 200
    return events


def test_a_data_centre_handles_a_packet_in_steps_and_what_came_behind_it_in_its_order() -> None:
    client = Client()
    link, transport = client.connect()
    bodies = [QUERY + bytes([number, 0, 0, 0]) for number in range(100)]
    data = transport.pack(client.container(bodies[:90], content=True))
    data += b"".join(transport.pack(client.container([body], content=True)) for body in bodies[90:])
    first = of_type(link.received(data, NOW, BUDGET), ServerQuery)
    assert 0 < len(first) < 50
    assert link.unread
    queries = first + of_type(finished(link), ServerQuery)
    assert [query.body for query in queries] == bodies


def test_without_a_budget_all_is_handled_at_once() -> None:
    client = Client()
    link, transport = client.connect()
    events = link.received(transport.pack(client.container([QUERY] * 100, content=True)), NOW)
    assert len(of_type(events, ServerQuery)) == 100
    assert not link.unread


def test_bytes_that_come_meanwhile_stand_behind_the_rest() -> None:
    client = Client()
    link, transport = client.connect()
    bodies = [QUERY + bytes([number, 0, 0, 0]) for number in range(91)]
    events = link.received(transport.pack(client.container(bodies[:90], content=True)), NOW, BUDGET)
    events += link.received(transport.pack(client.container(bodies[90:], content=True)), NOW, BUDGET)
    events += finished(link)
    assert [query.body for query in of_type(events, ServerQuery)] == bodies


def test_a_quick_ack_is_sent_when_all_of_the_packet_is_handled() -> None:
    client = Client()
    link, transport = client.connect()
    link.received(transport.pack(client.container([PING] * 100), quick_ack=True), NOW, BUDGET)
    assert link.unread
    assert link._intake.wire.queued == 0
    finished(link)
    assert link._intake.wire.queued == 1


@pytest.mark.parametrize("first", ["new", "repeated"])
def test_a_packet_over_another_connection_waits_for_the_rest_of_the_one_before_it(first: str) -> None:
    client = Client()
    link, transport = client.connect()
    bodies = [QUERY + bytes([number, 0, 0, 0]) for number in range(101)]
    packet = client.container(bodies[:100], content=True)
    queries = of_type(link.received(transport.pack(packet), NOW, BUDGET), ServerQuery)
    other, other_transport = client.connect()
    if first == "new":
        packet = client.container(bodies[100:], content=True)
    queries += of_type(other.received(other_transport.pack(packet), NOW, BUDGET), ServerQuery)
    assert len(queries) < 80
    assert other.unread
    queries += of_type(finished(other) + finished(link), ServerQuery)
    assert [query.body for query in queries] == bodies[: 100 + (first == "new")]
    assert not link.unread


def test_a_packet_that_waits_for_a_rest_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[bytes] = []

    def counted(key: AuthKey, sender: Sender, payload: bytes) -> Unsealed:
        opened.append(payload)
        return unseal(key, sender, payload)

    client = Client()
    link, transport = client.connect()
    link.received(transport.pack(client.container([QUERY] * 90, content=True)), NOW, 1)
    other, other_transport = client.connect()
    monkeypatch.setattr(server_intake, "unseal", counted)
    packets = [client.container([QUERY], content=True) for _ in range(2)]
    other.received(b"".join(map(other_transport.pack, packets)), NOW, 1)
    turns = 0
    while other.unread:
        other.read_on(NOW, 1)
        turns += 1
    assert turns > 20
    assert opened == packets


def test_a_packet_that_waits_is_refused_when_its_key_is_destroyed_meanwhile() -> None:
    client = Client()
    link, transport = client.connect()
    link.received(transport.pack(client.container([QUERY] * 90, content=True)), NOW, 1)
    other, other_transport = client.connect()
    other.received(other_transport.pack(client.container([QUERY], content=True)), NOW, 1)
    assert other.unread
    finished(link)
    client.pair.state.forget_key(client.key.auth_key.id)
    assert of_type(other.read_on(NOW), ServerQuery) == []
    assert other.closing


def another_begins_meanwhile(last: bytes, packet: Callable[[Client, bytes], bytes]) -> tuple[ServerLink, ServerLink]:
    """Return a link whose client sent a container with this last message, and one over which a packet came meanwhile.

    Args:
        last: a serialized message that is no call; it stands behind many calls.
        packet: makes the packet, of the client and the packet that the client sent first.

    """
    client = Client()
    link, transport = client.connect()
    first = client.container([QUERY], content=True)
    link.received(transport.pack(first), NOW)
    messages = [Message(client.id(), 1 + 2 * number, QUERY) for number in range(1, 60)]
    client.seqno = messages[-1].seqno + 2
    messages.append(Message(client.id(), client.seqno - 1, last))
    events = link.received(transport.pack(client.packet(wire.write_container(messages))), NOW, 1)
    assert link.unread
    other, other_transport = client.connect()
    events += other.received(other_transport.pack(packet(client, first)), NOW)
    assert not client.key.sessions[7].session.unread
    assert len(of_type(events, ServerQuery)) >= 59
    return link, other


def a_replay(client: Client, first: bytes) -> bytes:
    return first


def a_new_one(client: Client, first: bytes) -> bytes:
    return client.container([QUERY], content=True)


OF_A_CONNECTION = {
    CloseAfter: service.functions.PingDelayDisconnect(ping_id=1, disconnect_delay=3000).to_bytes(),
    Flooded: service.types.MsgsStateReq(msg_ids=[4] * 9000).to_bytes(),
    HttpWaited: service.types.HttpWait(max_delay=0, wait_after=0, max_wait=7).to_bytes(),
}


@pytest.mark.parametrize("packet", [a_replay, a_new_one])
@pytest.mark.parametrize("kind", OF_A_CONNECTION)
def test_what_a_rest_asks_of_its_connection_is_done_there_although_another_read_it(
    kind: type, packet: Callable[[Client, bytes], bytes]
) -> None:
    link, other = another_begins_meanwhile(OF_A_CONNECTION[kind], packet)
    assert not other.closing
    events = finished(link)
    assert kind in [type(event.event) for event in of_type(events, InSession)]
    assert link.closing == (kind is Flooded)
    assert bool(of_type(other.tick(NOW + 61), Hangup)) == (packet is a_replay)
    assert of_type(other.tick(NOW + 3001), Hangup) == []
    assert bool(of_type(link.tick(NOW + 3001), Hangup)) == (kind is CloseAfter)


def test_a_packet_is_refused_whose_key_the_rest_of_another_has_destroyed() -> None:
    link, other = another_begins_meanwhile(service.functions.DestroyAuthKey().to_bytes(), a_new_one)
    assert other.closing
    assert not other.accepted
    assert not link.closing


def test_what_a_rest_asks_of_a_connection_that_is_gone_is_dropped() -> None:
    link, other = another_begins_meanwhile(OF_A_CONNECTION[Flooded], a_replay)
    link.disconnected(NOW)
    assert not link.unread
    assert link.read_on(NOW, BUDGET) == []
    assert not other.closing


def test_what_is_wrong_with_the_stream_is_told_behind_what_came_before_it() -> None:
    client = Client()
    link, transport = client.connect()
    data = transport.pack(client.container([QUERY] * 60, content=True)) + b"\x7f\x00\x00\x00"
    events = link.received(data, NOW, BUDGET)
    assert link.unread
    events += finished(link)
    assert len(of_type(events, ServerQuery)) == 60
    assert isinstance(events[-1], Hangup)


def test_a_link_that_closes_drops_the_rest() -> None:
    client = Client()
    link, transport = client.connect()
    link.received(transport.pack(client.container([PING] * 100)), NOW, BUDGET)
    link.disconnected(NOW)
    assert not link.unread
    assert link.read_on(NOW, BUDGET) == []


class Server:
    """A server that seals whatever a test wants for a client that is connected."""

    def __init__(self) -> None:
        self.pair = Pair()
        self.pair.connect()
        self.link: ClientLink = self.pair.client
        self.last = (int(NOW) + 1) << 32

    def id(self) -> int:
        self.last += 4
        return self.last + 1

    def container(self, bodies: Sequence[bytes]) -> bytes:
        messages = [Message(self.id(), 2 * number + 1, body) for number, body in enumerate(bodies)]
        return self.framed(wire.write_container(messages), 2 * len(bodies))

    def framed(self, body: bytes, seqno: int = 0) -> bytes:
        session = self.link.session
        assert session is not None
        packet = seal(
            known_state().auth_key,
            Sender.SERVER,
            salt=0,
            session_id=session.session_id,
            msg_id=self.id(),
            seqno=seqno,
            body=body,
            random=seeded(),
        ).payload
        return len(packet).to_bytes(4, "little") + packet

    def finish(self) -> list[LinkEvent]:
        events: list[LinkEvent] = []
        while self.link.unread:
            events += self.link.read_on(self.pair.now, BUDGET)
        return events


def test_a_client_handles_a_packet_in_steps_and_what_came_behind_it_in_its_order() -> None:
    server = Server()
    bodies = [UPDATE + bytes([number, 0, 0, 0]) for number in range(100)]
    data = server.container(bodies[:90]) + b"".join(server.framed(body, 1) for body in bodies[90:])
    events = server.link.received(data, server.pair.now, BUDGET)
    assert 0 <= len(of_type(events, Update)) < 50
    assert server.link.unread
    events += server.finish()
    assert [event.body for event in of_type(events, Update)] == bodies


def test_a_client_ends_the_calls_whose_answers_came_before_the_end_of_the_connection() -> None:
    server = Server()
    call = server.link.send(QUERY)
    server.link.data_to_send(server.pair.now)
    answer = wire.write_rpc_result(call.msg_id, UPDATE)
    server.link.received(server.container([UPDATE] * 90 + [answer]), server.pair.now, BUDGET)
    assert server.link.unread
    events = server.link.disconnected(server.pair.now)
    assert not server.link.unread
    assert [event.request for event in of_type(events, Result)] == [call]
    assert len(of_type(events, Update)) > 50


def test_a_client_drops_the_rest_after_an_exception_that_nobody_expected() -> None:
    server = Server()
    server.link.received(server.container([UPDATE] * 90), server.pair.now, BUDGET)
    events = server.link.fault(ConnectionLost("a cause"), server.pair.now)
    assert len(of_type(events, Broken)) == 1
    assert not server.link.unread
    assert of_type(server.link.disconnected(server.pair.now), Update) == []


def test_a_client_that_is_closed_has_nothing_left() -> None:
    server = Server()
    server.link.received(server.container([UPDATE] * 90), server.pair.now, BUDGET)
    server.link.close()
    assert server.link.status is LinkStatus.CLOSED
    assert not server.link.unread
    assert server.link.read_on(server.pair.now, BUDGET) == []
