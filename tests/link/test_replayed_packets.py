"""A packet that fails a check has no effect at a server: it is refused on its own connection at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtproto.link import Hangup, HttpLink, InSession, ServerLink, ServerQuery, ServerSessions, server_keys
from mtproto.link.server_sessions import SESSIONS_OF_A_KEY
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, seal, unseal
from mtproto.session import NotAccepted, Result, Update, wire
from mtproto.session.wire import Message, write_container
from mtproto.transport import Payload, QuickAck, client_transport
from tests.link.support import ANSWER, NOW, QUERY, Pair, of_type, rsa_key, seeded
from tl import service

if TYPE_CHECKING:
    from mtproto.link import ServerKey, ServerLinkEvent
    from mtproto.message.envelope import Unsealed

KEY = AuthKey(seeded(21)(256))
SALT = 7
FIRST = 5
"""The id of the client's session."""

types = service.types


class Wire:
    """A connection to a server over which packets made by hand travel."""

    def __init__(self, state: ServerSessions, now: float = NOW) -> None:
        self.link = ServerLink(state, [rsa_key()], now, seeded())
        self.framing = client_transport("intermediate", seeded())
        self.link.received(self.framing.opening(), now)

    def send(self, *payloads: bytes, now: float = NOW, quick_ack: bool = False) -> list[ServerLinkEvent]:
        data = b"".join(self.framing.pack(payload, quick_ack=quick_ack) for payload in payloads)
        return self.link.received(data, now)

    def receive(self, now: float = NOW) -> list[object]:
        return list(self.framing.receive(self.link.data_to_send(now)))

    def opened(self, now: float = NOW) -> list[Unsealed]:
        return [unseal(KEY, Sender.SERVER, item.data) for item in of_type(self.receive(now), Payload)]

    def said(self, now: float = NOW) -> list[str]:
        """Return what came, the messages of a packet one by one."""
        return [service.decode(body).NAME for body in bodies(self.opened(now))]


def bodies(packets: list[Unsealed]) -> list[bytes]:
    found = []
    for packet in packets:
        if packet.body[:4] == write_container([])[:4]:
            found += [message.body for message in wire.read_container(packet.body, 1000)]
        else:
            found.append(packet.body)
    return found


def packet(
    number: int, *, session_id: int = FIRST, salt: int = SALT, at: float = NOW, seqno: int = 1, body: bytes = QUERY
) -> bytes:
    """Return a sealed packet of the client; `number` tells those of one time apart."""
    msg_id = (int(at) << 32) + 4 * number
    return seal(
        KEY, Sender.CLIENT, salt=salt, session_id=session_id, msg_id=msg_id, seqno=seqno, body=body, random=seeded()
    ).payload


def container(number: int, *inner: Message, seqno: int = 0, **options: int) -> bytes:
    return packet(number, seqno=seqno, body=write_container(list(inner)), **options)


def server() -> tuple[ServerSessions, ServerKey]:
    state = ServerSessions(seeded())
    return state, state.add_key(KEY, first_salt=SALT)


def answer(events: list[ServerLinkEvent], body: bytes = ANSWER) -> None:
    for query in of_type(events, ServerQuery):
        query.slot.session.answer(query.msg_id, body)


REFUSED = {
    "salt": (packet(9, salt=1), "bad_server_salt"),
    "16": (packet(9, at=NOW - 400), "bad_msg_notification"),
    "17": (packet(9, at=NOW + 400), "bad_msg_notification"),
    "18": (
        seal(
            KEY,
            Sender.CLIENT,
            salt=SALT,
            session_id=FIRST,
            msg_id=(int(NOW) << 32) + 41,
            seqno=1,
            body=QUERY,
            random=seeded(),
        ).payload,
        "bad_msg_notification",
    ),
    "34": (packet(9, body=types.MsgsAck(msg_ids=[1]).to_bytes()), "bad_msg_notification"),
    "35": (packet(9, seqno=0), "bad_msg_notification"),
    "64": (container(9, Message((int(NOW) << 32) + 44, 1, QUERY)), "bad_msg_notification"),
    "32 in a container": (
        container(9, Message((int(NOW) << 32) + 24, 5, QUERY), Message((int(NOW) << 32) + 28, 3, QUERY)),
        "bad_msg_notification",
    ),
}
STRICT_ONLY = {"34"}


@pytest.mark.parametrize("kind", [kind for kind in REFUSED if kind not in STRICT_ONLY])
@pytest.mark.parametrize("known", [False, True])
def test_a_refused_packet_is_told_so_on_its_own_connection_and_moves_nothing(kind: str, known: bool) -> None:
    state, key = server()
    live = Wire(state)
    if known:
        answer(live.send(packet(1)))
        live.receive()
    slots = dict(key.sessions)
    used_at = key.used_at
    other = Wire(state, NOW + 1)
    payload, told = REFUSED[kind]
    events = other.send(payload, now=NOW + 1, quick_ack=True)
    assert of_type(events, ServerQuery) == []
    assert [type(event.event) for event in of_type(events, InSession)] == [NotAccepted]
    received = other.receive(NOW + 1)
    assert of_type(received, QuickAck) == []
    [notice] = [unseal(KEY, Sender.SERVER, item.data) for item in of_type(received, Payload)]
    assert (service.decode(notice.body).NAME, notice.session_id) == (told, FIRST)
    assert key.sessions == slots
    assert key.used_at == used_at
    assert all(slot.link is live.link for slot in slots.values())
    assert live.receive(NOW + 1) == []
    assert of_type(other.link.tick(NOW + 61), Hangup)  # the limit for clients that show no key stays


def test_a_repeated_packet_takes_no_session_over_and_is_acked_where_it_is_carried() -> None:
    state, key = server()
    live = Wire(state)
    answer(live.send(packet(1)))
    assert "new_session_created" in str(live.said())
    other = Wire(state)
    assert of_type(other.send(packet(1), quick_ack=True), ServerQuery) == []
    assert other.receive() == []
    slot = key.sessions[FIRST]
    assert slot.link is live.link
    slot.session.push(ANSWER)
    assert of_type(other.link.tick(NOW + 60), Hangup)
    live.link.tick(NOW + 2)
    pushed, *acks = bodies(live.opened(NOW + 2))
    assert pushed == ANSWER
    assert [service.decode(ack).NAME for ack in acks] == ["msgs_ack"]


def test_a_repetition_lifts_no_time_limit_while_a_packet_of_its_session_is_handled_in_steps() -> None:
    state, _ = server()
    live = Wire(state)
    live.send(packet(1))
    ping = service.functions.PingDelayDisconnect(ping_id=1, disconnect_delay=3000).to_bytes()
    first = (int(NOW) << 32) + 8
    inner = [Message(first + 4 * number, 3 + 2 * number, QUERY) for number in range(40)]
    long = container(50, *inner, Message(first + 160, 82, ping), seqno=82)
    live.link.received(live.framing.pack(long), NOW, 1)
    assert live.link.unread
    other = Wire(state)
    other.send(packet(1), quick_ack=True)
    assert not other.link.accepted
    assert other.receive() == []
    assert of_type(other.link.tick(NOW + 60), Hangup)
    live.link.read_on(NOW)
    assert of_type(live.link.tick(NOW + 2999), Hangup) == []
    assert of_type(live.link.tick(NOW + 3000), Hangup)


def test_a_repetition_elsewhere_does_not_send_a_long_answer_again() -> None:
    state, _ = server()
    live = Wire(state)
    answer(live.send(packet(1)), ANSWER + bytes(100_000))
    live.receive()
    other = Wire(state)
    for _ in range(20):
        other.send(packet(1))
    live.link.tick(NOW + 2)
    assert live.said(NOW + 2) == ["msgs_ack"]


def test_a_repetition_on_the_connection_of_its_session_is_answered_again() -> None:
    state, _ = server()
    live = Wire(state)
    answer(live.send(packet(1)))
    live.receive()
    live.send(packet(1))
    assert any(ANSWER in body for body in bodies(live.opened()))


def test_a_repetition_of_a_session_without_a_connection_attaches_nothing_until_something_new_comes() -> None:
    """A client that sends the same bytes again after a cut gets its answer with the next packet that is new."""
    state, key = server()
    first = Wire(state)
    events = first.send(packet(1))
    first.link.disconnected(NOW)
    answer(events)
    again = Wire(state)
    again.send(packet(1))
    assert again.receive() == []
    assert not key.sessions[FIRST].connected
    again.send(packet(2, seqno=2, body=service.functions.Ping(ping_id=3).to_bytes()))
    said = bodies(again.opened())
    assert any(ANSWER in body for body in said)
    assert key.sessions[FIRST].link is again.link
    assert again.link.next_deadline() is None or again.link.tick(NOW + 100) == []


@pytest.mark.parametrize("containers", [False, True])
def test_the_first_packets_of_earlier_sessions_evict_nothing(containers: bool) -> None:
    state, key = server()
    earlier = [
        container(3, Message((int(NOW) << 32) + 4, 1, QUERY), session_id=1000 + number)
        if containers
        else packet(1, session_id=1000 + number)
        for number in range(70)
    ]
    for payload in earlier:
        old = Wire(state)
        answer(old.send(payload))
        old.link.disconnected(NOW)
    live = Wire(state)
    [query] = of_type(live.send(packet(1)), ServerQuery)
    live.receive()
    before = list(key.sessions)
    replay = Wire(state)
    events = replay.send(*earlier)
    assert of_type(events, ServerQuery) == []
    assert list(key.sessions) == before
    assert [slot.session_id for slot in key.sessions.values() if slot.connected] == [FIRST]
    codes = {event.event.code for event in of_type(events, InSession) if isinstance(event.event, NotAccepted)}
    assert codes == {20}  # of those that were forgotten; of the others nothing is said
    query.slot.session.answer(query.msg_id, ANSWER)
    assert any(ANSWER in body for body in bodies(live.opened()))
    assert of_type(replay.link.tick(NOW + 60), Hangup)


def test_eviction_never_takes_a_session_with_a_connection() -> None:
    state, key = server()
    wires = [Wire(state) for _ in range(SESSIONS_OF_A_KEY)]
    for number, one in enumerate(wires):
        assert of_type(one.send(packet(1, session_id=100 + number)), ServerQuery)
    late = Wire(state)
    assert of_type(late.send(packet(1)), ServerQuery) == []
    assert [getattr(item, "code", 0) for item in late.receive()] == [-429]
    assert late.link.closing
    assert [slot.link for slot in key.sessions.values()] == [one.link for one in wires]
    wires[40].link.disconnected(NOW)
    again = Wire(state)
    assert of_type(again.send(packet(2)), ServerQuery)
    assert set(range(100, 164)) - set(key.sessions) == {140}


def test_a_client_with_an_old_salt_recovers_on_its_connection() -> None:
    pair = Pair()
    assert pair.client.state is not None
    request = pair.client.send(QUERY)
    pair.client.send(QUERY)
    pair.connect()
    assert request in [event.request for event in pair.of(Result)]
    [key] = pair.state
    pair.cut()
    key.salts(pair.now).rotate(pair.now)
    later = pair.client.send(QUERY)
    pair.advance(30)
    assert later in [event.request for event in pair.of(Result)]
    assert len(pair.attempts) == 2


def test_containers_with_an_old_salt_are_refused_and_their_calls_are_answered_later() -> None:
    state, key = server()
    one = Wire(state)
    inner = Message((int(NOW) << 32) + 4, 1, QUERY)
    one.send(container(2, inner, salt=1))
    one.send(container(3, inner, salt=1))
    first, notice = one.opened()
    refusal = service.decode(first.body)
    assert (refusal.NAME, refusal.bad_msg_id) == ("bad_server_salt", (int(NOW) << 32) + 8)
    assert first.msg_id < notice.msg_id
    assert key.sessions == {}
    [query] = of_type(one.send(container(4, inner, salt=refusal.new_server_salt)), ServerQuery)
    assert query.slot.link is one.link
    later = one.opened()
    assert all(packet.msg_id > notice.msg_id for packet in later)  # the client would drop an id that it has seen


def test_what_was_refused_for_good_before_there_was_a_session_is_not_executed_later() -> None:
    """Its id was too high when it came; it comes true, and a copy of it is late by as much."""
    state, _ = server()
    early = packet(1, at=NOW + 45)
    Wire(state).send(early)
    late = Wire(state, NOW + 40)
    assert of_type(late.send(early, now=NOW + 40), ServerQuery) == []
    assert of_type(late.send(packet(2, at=NOW + 45, seqno=3), now=NOW + 40), ServerQuery)


def test_what_was_refused_for_good_stays_refused_when_its_session_is_one_of_too_many_forgotten_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_keys, "FORGOTTEN_SESSIONS", 1)
    state, key = server()
    early = packet(1, at=NOW + 45)
    Wire(state).send(early)
    Wire(state).send(packet(2, session_id=FIRST + 1))
    state.forget_session(key, FIRST + 1)
    late = Wire(state, NOW + 40)
    assert of_type(late.send(early, now=NOW + 40), ServerQuery) == []


def test_a_session_that_is_forgotten_again_is_not_the_oldest_of_the_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_keys, "FORGOTTEN_SESSIONS", 2)
    state, key = server()
    for session, at in ((FIRST, 0), (FIRST + 1, 1), (FIRST, 20), (FIRST + 2, 21)):
        wire = Wire(state, NOW + at)
        assert of_type(wire.send(packet(1, at=NOW + at, session_id=session), now=NOW + at), ServerQuery)
        wire.link.disconnected(NOW + at)
        state.forget_session(key, session)
    slow = packet(1, at=NOW + 19, session_id=FIRST + 3)
    assert of_type(Wire(state, NOW + 21).send(slow, now=NOW + 21), ServerQuery)


@pytest.mark.parametrize("ahead", [0, 20])
def test_what_was_executed_before_a_restart_is_not_executed_after_it(ahead: int) -> None:
    state, _ = server()
    call = packet(1, at=NOW + ahead)
    assert of_type(Wire(state).send(call), ServerQuery)
    restarted = ServerSessions(seeded(3))
    key = restarted.add_key(KEY)
    key.forget_before(NOW + 1)
    one = Wire(restarted, NOW + 1)
    assert of_type(one.send(call, now=NOW + 1), ServerQuery) == []
    assert key.sessions == {}
    [notice] = one.opened(NOW + 1)
    assert service.decode(notice.body).error_code == (48 if ahead else 20)


def test_a_repetition_does_not_keep_a_session_from_ageing() -> None:
    state, key = server()
    old = Wire(state)
    answer(old.send(packet(1)))
    old.link.disconnected(NOW)
    Wire(state, NOW + 100).send(packet(1), now=NOW + 100)
    assert (key.sessions[FIRST].used_at, key.used_at) == (NOW, NOW)


def test_who_is_only_refused_is_cut_off() -> None:
    state, _ = server()
    one = Wire(state)
    for number in range(1, 2000):
        one.send(packet(number, salt=1))
        if one.link.closing:
            break
    assert [getattr(item, "code", 0) for item in one.receive()][-1] == -429
    assert number > 256


def test_over_http_a_replayed_request_takes_nothing_over() -> None:
    state, key = server()
    flushed: list[object] = []

    def post(payload: bytes) -> tuple[HttpLink, list[ServerLinkEvent]]:
        link = HttpLink(state, [rsa_key()], NOW, seeded(), flush=flushed.append)
        return link, link.received(payload, NOW)

    live, events = post(packet(1))
    answer(events)
    live.next_body(NOW)
    live.answered()
    live.received(packet(2, seqno=2, body=types.HttpWait(max_delay=0, wait_after=0, max_wait=9).to_bytes()), NOW)
    slot = key.sessions[FIRST]
    thief, _ = post(packet(1))
    assert (slot.link, slot.polls) == (live, [live])
    assert thief.next_body(NOW) == thief.empty_body(NOW) == b""
    assert of_type(thief.tick(NOW + 60), Hangup)
    stale, _ = post(packet(7, salt=1))
    assert stale.has_news
    notice = unseal(KEY, Sender.SERVER, stale.next_body(NOW))
    assert service.decode(notice.body).NAME == "bad_server_salt"
    assert (slot.link, slot.polls) == (live, [live])
    slot.session.push(ANSWER)
    assert live.has_news
    assert unseal(KEY, Sender.SERVER, live.next_body(NOW)).body


def test_a_replay_changes_nothing_for_a_live_client() -> None:
    pair = Pair()
    pair.connect()
    pair.client.send(QUERY)
    pair.settle()
    pair.client.send(QUERY)
    sent = [client_transport("intermediate", seeded()).opening(), pair.client.data_to_send(pair.now)]
    assert pair.server is not None
    pair._tell_server(pair.server.received(sent[1], pair.now))
    pair.settle()
    thief = ServerLink(pair.state, [rsa_key()], pair.now, seeded())
    thief.received(sent[0], pair.now)
    for number in range(20):
        thief.received(sent[1], pair.now)
        assert thief.data_to_send(pair.now) == b""
        pair.client.send(QUERY + number.to_bytes(4, "little"))
        pair.queries[0].slot.session.push(QUERY)
        pair.settle()
    assert len(pair.of(Result)) == 22
    assert len(pair.of(Update)) == 20
    assert pair.attempts == [pair.now]
