"""The server's link: one connection, and what it shares with the others."""

from __future__ import annotations

import pytest

from mtproto.exchange import ServerExchange
from mtproto.link import Hangup, InSession, KeyMade, ServerKey, ServerLink, ServerQuery, ServerSessions
from mtproto.link.server_key_maker import LARGEST_QUERY, WAITING_QUERIES, ServerKeyMaker
from mtproto.message.auth_key import AuthKey
from mtproto.message.envelope import Sender, pack_plain, seal
from mtproto.session import AuthKeyDestroyed, QueryDropped, Result, SessionCreated, SessionDestroyed, Update
from mtproto.session.wire import Message, write_container
from mtproto.transport import QuickAck, client_transport
from tests.link.pfs_stage import Stage
from tests.link.support import ANSWER, NOW, QUERY, Pair, kept_session, known_state, of_type, rsa_key, seeded
from tl import service


def lone_link(state: ServerSessions | None = None) -> ServerLink:
    return ServerLink(state or ServerSessions(seeded()), [rsa_key()], NOW, seeded())


def sealed(session_id: int, key: AuthKey | None = None, salt: int = 0) -> bytes:
    packet = seal(
        key or known_state().auth_key,
        Sender.CLIENT,
        salt=salt,
        session_id=session_id,
        msg_id=int(NOW) << 32 | 4,
        seqno=1,
        body=QUERY,
        random=seeded(),
    )
    return packet.payload


def answered_with(link: ServerLink, *payloads: bytes) -> list[int]:
    """Send payloads as a client, and return the error codes that come back."""
    transport = client_transport("intermediate", seeded())
    link.received(transport.opening() + b"".join(transport.pack(payload) for payload in payloads), NOW)
    events = transport.receive(link.data_to_send(NOW))
    return [event.code for event in events if hasattr(event, "code")]


def test_a_packet_under_an_unknown_key_is_answered_with_404_and_the_end() -> None:
    link = lone_link()
    assert answered_with(link, sealed(1)) == [-404]
    assert link.closing


def test_a_session_id_of_zero_is_answered_with_404() -> None:
    pair = Pair()
    assert answered_with(lone_link(pair.state), sealed(0)) == [-404]


def test_a_packet_that_does_not_open_ends_the_connection_without_a_word() -> None:
    pair = Pair()
    payload = sealed(1)
    link = lone_link(pair.state)
    assert answered_with(link, payload[:-1] + bytes((payload[-1] ^ 1,))) == []
    assert link.closing


def test_what_came_before_a_broken_stream_counts() -> None:
    pair = Pair()
    pair.connect()
    pair.client.send(QUERY)
    assert pair.server is not None
    data = pair.client.data_to_send(NOW)
    events = pair.server.received(data + b"\xff\xff\xff\x7f", NOW)
    assert [type(event) for event in events if not isinstance(event, InSession)] == [ServerQuery, Hangup]


def test_a_packet_that_was_refused_gets_no_quick_ack() -> None:
    link = lone_link(Pair().state)
    transport = client_transport("intermediate", seeded())
    link.received(transport.opening() + transport.pack(sealed(1), quick_ack=True), NOW)  # its salt is wrong
    events = transport.receive(link.data_to_send(NOW))
    assert events
    assert not any(isinstance(event, QuickAck) for event in events)


def test_a_client_that_floods_is_told_429() -> None:
    pair = Pair()
    [key] = pair.state
    messages = [Message(int(NOW) << 32 | 4 * number, 0, QUERY) for number in range(1, 1026)]
    packet = seal(
        key.auth_key,
        Sender.CLIENT,
        salt=key.salts(NOW).current(NOW),
        session_id=1,
        msg_id=int(NOW) << 32 | 1 << 20,
        seqno=0,
        body=write_container(messages),
        random=seeded(),
    )
    link = lone_link(pair.state)
    assert answered_with(link, packet.payload) == [-429]
    assert link.closing


def test_what_a_forgotten_session_executed_is_not_executed_again() -> None:
    pair = Pair()
    pair.connect()
    pair.client.send(QUERY)
    sent = [client_transport("intermediate", seeded()).opening(), pair.client.data_to_send(NOW)]
    assert pair.server is not None
    pair._tell_server(pair.server.received(sent[1], NOW))
    pair.settle()
    pair.client.send(QUERY)
    sent[1] = pair.client.data_to_send(NOW)
    pair._tell_server(pair.server.received(sent[1], NOW))
    assert len(pair.queries) == 2
    slot = pair.queries[0].slot
    pair.state.forget_session(slot.key, slot.session_id)
    replayed = lone_link(pair.state).received(b"".join(sent), NOW)
    assert of_type(replayed, ServerQuery) == []
    assert of_type(replayed, InSession)


def test_what_a_server_executed_before_it_started_anew_is_not_executed_again() -> None:
    pair = Pair()
    pair.connect()
    pair.client.send(QUERY)
    sent = client_transport("intermediate", seeded()).opening() + pair.client.data_to_send(NOW)
    restarted = ServerSessions(seeded())
    [key] = pair.state
    restarted.add_key(key.auth_key).forget_before(NOW + 1)
    link = lone_link(restarted)
    assert of_type(link.received(sent, NOW + 1), ServerQuery) == []


def test_what_a_forgotten_session_refused_for_good_is_not_executed_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its ids were too high when it came; they come true, and a copy of it is late by as much."""
    pair = Pair()
    pair.skew = 45.0
    send, sent = pair.client.data_to_send, []

    def noted(now: float) -> bytes:
        sent.append(send(now))
        return sent[-1]

    monkeypatch.setattr(pair.client, "data_to_send", noted)
    [key] = pair.state
    assert pair.client.state is not None
    pair.client.state.set_salt(key.salts(pair.now).current(pair.now), pair.now)
    request = pair.client.send(QUERY)
    pair.connect()
    assert [event.request for event in pair.of(Result)] == [request]
    assert pair.of(SessionDestroyed)
    pair.now += 35
    assert pair.server is not None
    pair._tell_server(pair.server.received(sent[0][4:], pair.now))  # without the opening
    assert not pair.server.closing
    assert len(pair.queries) == 1


def test_the_memory_of_forgotten_sessions_is_bounded_and_errs_on_the_safe_side() -> None:
    state = ServerSessions(seeded())
    key = state.add_key(known_state().auth_key)
    for session_id in range(1, 1100):
        kept_session(state, key, session_id, NOW).session = _Remembering(session_id)  # type: ignore[assignment]
        state.forget_session(key, session_id)
    assert key.forgotten_below(1099) == 1099
    assert key.forgotten_below(1) == 1099 - 1024


class _Remembering:
    """As much of a session as is looked at when it is forgotten."""

    denied = ()

    def __init__(self, high_water: int) -> None:
        self.high_water = high_water

    def given_up(self) -> None:
        """Keep nothing."""


def test_an_expired_key_is_unknown() -> None:
    state = ServerSessions(seeded())
    key = state.add_key(known_state().auth_key, expires_at=NOW + 1)
    assert state.find_key(key.auth_key.id, NOW) is key
    assert state.find_key(key.auth_key.id, NOW + 1) is None
    assert key.auth_key.id not in state


def test_a_wrong_query_of_an_exchange_is_answered_with_404() -> None:
    link = lone_link()
    assert answered_with(link, bytes(8) + b"\1" * 8 + (8).to_bytes(4, "little") + b"nonsense") == [-404]
    assert link.closing


def test_of_a_query_of_an_exchange_that_is_far_too_long_only_the_beginning_is_kept() -> None:
    giver = ServerKeyMaker(lambda: ServerExchange([rsa_key()], seeded()))
    body = service.functions.ReqPqMulti(nonce=bytes(16)).to_bytes() + bytes(1 << 20)
    for _ in range(10):
        giver.receive(pack_plain(int(NOW) << 32, body))
    assert sum(map(len, giver._queries)) <= WAITING_QUERIES * LARGEST_QUERY
    work = giver.take_work(NOW)
    assert work is not None
    work.run()
    assert work.error is not None


@pytest.mark.parametrize(
    "stream", [b"\xef\x7f\xff\xff\xff", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00", b"a" * 64]
)
def test_what_is_not_spoken_here_ends_the_connection(stream: bytes) -> None:
    link = lone_link()
    events = link.received(stream, NOW)
    assert [type(event) for event in events] == [Hangup]
    assert link.closing
    assert link.received(b"more", NOW) == []


def test_a_client_that_never_shows_a_key_is_closed() -> None:
    link = lone_link()
    assert link.next_deadline() == NOW + 60
    assert link.tick(NOW + 59) == []
    assert [type(event) for event in link.tick(NOW + 60)] == [Hangup]


def test_a_client_that_has_shown_a_key_may_be_silent() -> None:
    state = Pair().state
    [key] = state
    link = lone_link(state)
    answered_with(link, sealed(1, salt=key.salts(NOW).current(NOW)))
    link.tick(NOW + 100_000)
    assert not link.closing


def test_events_name_key_session_and_query() -> None:
    pair = Pair(known_key=False)
    pair.client.send(QUERY)
    pair.connect()
    [made] = of_type(pair.server_events, KeyMade)
    [query] = of_type(pair.server_events, ServerQuery)
    state, session = pair.client.state, pair.client.session
    assert state is not None
    assert session is not None
    assert made.key.auth_key == state.auth_key
    assert (query.key_id, query.session_id, query.body) == (state.auth_key.id, session.session_id, QUERY)
    assert any(isinstance(event.event, SessionCreated) for event in of_type(pair.server_events, InSession))


def test_an_answer_goes_over_the_connection_that_carries_the_session_now() -> None:
    pair = Pair()
    pair.answer = lambda query: None
    pair.connect()
    request = pair.client.send(QUERY)
    pair.settle()
    pair.cut()
    pair.advance(1)
    [query] = pair.queries
    assert query.slot.link is None or query.slot.link is pair.server
    query.slot.session.answer(query.msg_id, ANSWER)
    pair.advance(30)
    assert [event.request for event in pair.of(Result)] == [request]


def test_a_new_connection_takes_the_session_from_one_that_was_not_noticed_dead() -> None:
    pair = Pair()
    pair.connect()
    pair.client.send(QUERY)
    pair.settle()
    old = pair.server
    assert old is not None
    pair.server = None
    pair.events += pair.client.disconnected(pair.now)
    pair.client.send(QUERY)
    pair.connect()
    assert len(pair.of(Result)) == 2
    slot = pair.queries[-1].slot
    assert slot.link is pair.server
    slot.session.push(QUERY)
    assert old.data_to_send(pair.now) == b""
    old.disconnected(pair.now)
    assert slot.link is pair.server
    pair.settle()
    assert [event.body for event in pair.of(Update)] == [QUERY]


def test_a_cancelled_call_is_told_to_the_one_who_answers() -> None:
    pair = Pair()
    pair.answer = lambda query: None
    pair.connect()
    request = pair.client.send(QUERY)
    pair.settle()
    pair.client.cancel(request, pair.now)
    pair.settle()
    dropped = [event.event for event in of_type(pair.server_events, InSession) if isinstance(event.event, QueryDropped)]
    assert [event.msg_id for event in dropped] == [pair.queries[0].msg_id]


def test_another_session_of_the_key_can_be_destroyed() -> None:
    first, second = Pair(), Pair()
    second.state = first.state
    second.client.session._parts.sealer.restart(77)  # type: ignore[union-attr]
    for pair in (first, second):
        pair.connect()
        pair.client.send(QUERY)
        pair.settle()
    [key] = first.state
    assert len(key.sessions) == 2
    assert first.client.session is not None
    first.client.session.destroy_session(77)
    first.settle()
    assert list(key.sessions) == [first.client.session.session_id]


def test_a_destroyed_key_is_unknown_from_then_on() -> None:
    pair = Pair()
    pair.connect()
    assert pair.client.session is not None
    pair.client.session.destroy_auth_key()
    pair.settle()
    assert list(pair.state) == []
    pair.client.send(QUERY)
    pair.advance(20)
    assert pair.queries == []


def test_the_end_of_a_key_is_told_before_the_next_packet_under_it_is_refused() -> None:
    pair = Pair()
    pair.connect()
    assert pair.client.session is not None
    pair.client.session.destroy_auth_key()
    assert pair.server is not None
    both = pair.client.data_to_send(pair.now)
    pair.client.send(QUERY)
    both += pair.client.data_to_send(pair.now)
    pair.server.received(both, pair.now)
    answers = pair.client.received(pair.server.data_to_send(pair.now), pair.now)
    assert of_type(answers, AuthKeyDestroyed) == [AuthKeyDestroyed("destroy_auth_key_ok")]
    assert pair.server.closing


def test_a_temporary_key_is_not_destroyed_but_ends_by_itself() -> None:
    stage, key, link = Stage.with_a_key()
    assert link.link.session is not None
    link.link.session.destroy_auth_key()
    stage.settle()
    assert stage.of(AuthKeyDestroyed) == [AuthKeyDestroyed("destroy_auth_key_fail")]
    assert stage.temporary_keys() == [key]
    request = stage.client.send(QUERY)
    stage.settle()
    assert stage.of(Result) == [Result(request, ANSWER + QUERY)]


def test_the_session_silent_for_longest_is_forgotten_when_there_are_too_many() -> None:
    state = ServerSessions(seeded())
    key: ServerKey = state.add_key(known_state().auth_key)
    first = kept_session(state, key, 1, NOW)
    for session_id in range(2, 65):
        kept_session(state, key, session_id, NOW)
    assert kept_session(state, key, 1, NOW) is first
    kept_session(state, key, 65, NOW)
    assert 1 in key.sessions
    assert 2 not in key.sessions
