"""The client's link: keys, calls, connections."""

from __future__ import annotations

import pytest

from mtproto.errors import ConnectionLost, ExchangeFailed, LocalProtocolError, RemoteProtocolError, TransportError
from mtproto.exchange import ExchangeFaults
from mtproto.limits import Limits
from mtproto.link import Broken, ClientLink, ExchangeStep, Failed, KeyCreated, LinkStatus, StatusChanged
from mtproto.message.key_state import KeyState
from mtproto.session import ClientEvent, Pong, QuickAcked, RequestLost, Resent, Result, RpcFailed
from mtproto.session.wire import write_rpc_error
from mtproto.transport import TRANSPORTS
from tests.link.support import ANSWER, DC, NOW, QUERY, Pair, of_type, rsa_key, seeded


def statuses(pair: Pair) -> list[LinkStatus]:
    return [event.status for event in pair.of(StatusChanged)]


# Keys and calls -------------------------------------------------------------------------------------------------------


def test_a_link_without_a_key_makes_one_and_then_calls() -> None:
    pair = Pair(known_key=False)
    request = pair.client.send(QUERY)
    pair.connect()
    assert pair.of(Result) == [Result(request, ANSWER + QUERY)]
    assert statuses(pair) == [LinkStatus.EXCHANGING, LinkStatus.READY]
    assert [step.step.message.NAME for step in pair.of(ExchangeStep)] == [
        "req_pq_multi",
        "resPQ",
        "req_DH_params",
        "server_DH_params_ok",
        "set_client_DH_params",
        "dh_gen_ok",
    ]
    assert [event.state for event in pair.of(KeyCreated)] == [pair.client.state]
    assert pair.client.state is not None
    assert pair.client.state.auth_key.id in pair.state
    assert pair.client.state.dc_id == DC


def test_a_link_with_a_key_makes_no_exchange() -> None:
    pair = Pair()
    pair.connect()
    request = pair.client.send(QUERY)
    pair.settle()
    assert pair.of(Result) == [Result(request, ANSWER + QUERY)]
    assert pair.of(ExchangeStep) == []


def test_what_a_link_leaves_serves_the_next_one() -> None:
    first = Pair(known_key=False)
    first.connect()
    assert first.client.state is not None
    second = Pair(state=KeyState.from_bytes(first.client.state.to_bytes()))
    second.state = first.state
    request = second.client.send(QUERY)
    second.connect()
    assert second.of(Result) == [Result(request, ANSWER + QUERY)]
    assert second.of(ExchangeStep) == []


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_transport_carries_exchange_and_calls(transport: str) -> None:
    pair = Pair(known_key=False, transport=transport)
    requests = [pair.client.send(QUERY), pair.client.send(QUERY + bytes(40_000))]
    pair.connect()
    assert {event.request for event in pair.of(Result)} == set(requests)
    assert pair.server is not None
    assert pair.server.transport_name == transport


def test_calls_made_together_travel_in_one_packet() -> None:
    pair = Pair()
    pair.connect()
    requests = [pair.client.send(QUERY) for _ in range(20)]
    data = pair.client.data_to_send(pair.now)
    assert len(data) < 20 * 70
    assert pair.client.data_to_send(pair.now) == b""
    assert pair.server is not None
    pair._tell_server(pair.server.received(data, pair.now))
    pair.settle()
    assert [event.request for event in pair.of(Result)] == requests


@pytest.mark.parametrize("transport", [name for name in TRANSPORTS if name != "full"])
def test_a_quick_ack_comes_before_the_answer(transport: str) -> None:
    pair = Pair(transport=transport)
    pair.connect()
    request = pair.client.send(QUERY, want_quick_ack=True)
    pair.settle()
    kinds = [type(event) for event in pair.events if isinstance(event, QuickAcked | Result)]
    assert kinds == [QuickAcked, Result]
    assert pair.of(QuickAcked) == [QuickAcked(request)]


def test_a_transport_without_quick_acks_still_carries_the_call() -> None:
    pair = Pair(transport="full")
    pair.connect()
    pair.client.send(QUERY, want_quick_ack=True)
    pair.settle()
    assert len(pair.of(Result)) == 1
    assert pair.of(QuickAcked) == []


def test_a_call_cancelled_before_there_is_a_key_is_never_sent() -> None:
    pair = Pair(known_key=False)
    request = pair.client.send(QUERY)
    pair.client.cancel(request, pair.now)
    pair.connect()
    assert pair.queries == []
    assert pair.client.in_flight == 0


def test_what_follows_a_call_that_was_cancelled_before_there_is_a_key_fails_as_it_would_later() -> None:
    pair = Pair(known_key=False)
    first = pair.client.send(QUERY)
    second = pair.client.send(QUERY, after=[first])
    third = pair.client.send(QUERY)
    pair.client.cancel(first, pair.now)
    pair.connect()
    pair.advance(1)
    assert [(event.request, event.message) for event in pair.of(RpcFailed)] == [(second, "MSG_WAIT_FAILED")]
    assert [event.request for event in pair.of(Result)] == [third]


def test_what_follows_a_call_that_can_not_be_sent_fails_too() -> None:
    pair = Pair(known_key=False)
    first = pair.client.send(b"odd")
    second = pair.client.send(QUERY, after=[first])
    pair.connect()
    pair.advance(1)
    assert [event.request for event in pair.of(RequestLost)] == [first]
    assert [(event.request, event.message) for event in pair.of(RpcFailed)] == [(second, "MSG_WAIT_FAILED")]


def test_calls_are_bounded_before_there_is_a_key_as_they_are_later() -> None:
    pair = Pair(known_key=False, limits=Limits(unanswered_requests=2))
    pair.client.send(QUERY)
    pair.client.send(QUERY)
    with pytest.raises(LocalProtocolError):
        pair.client.send(QUERY)


def test_an_unknown_transport_is_refused_at_once() -> None:
    with pytest.raises(LocalProtocolError, match="intermediate"):
        Pair(transport="morse")


# Exchanges that go wrong ----------------------------------------------------------------------------------------------


def test_a_server_whose_key_is_not_trusted_ends_the_link() -> None:
    pair = Pair(known_key=False)
    n = rsa_key().public.n
    pair.client = ClientLink([type(rsa_key().public)(n ^ (1 << 700), 65537)], dc_id=DC, random=seeded())
    pair.connect()
    [failed] = pair.of(Failed)
    assert isinstance(failed.error, ExchangeFailed)
    assert failed.error.check == "server_public_key_fingerprints"
    assert [step.step.message.NAME for step in pair.of(ExchangeStep)] == ["req_pq_multi"]
    assert pair.client.status is LinkStatus.CLOSED
    assert pair.client.connect_at is None
    with pytest.raises(ExchangeFailed):
        pair.client.send(QUERY)


def test_a_dc_id_that_the_server_does_not_know_ends_the_link() -> None:
    pair = Pair(known_key=False)
    pair.dc_ids = {4}
    pair.connect()
    [failed] = pair.of(Failed)
    assert isinstance(failed.error, TransportError)
    assert failed.error.code == -444


def test_a_refusal_that_may_be_temporary_starts_the_exchange_over() -> None:
    pair = Pair(known_key=False)
    pair.exchange_faults = ExchangeFaults()
    pair.exchange_faults.dh_gen_fail()
    pair.connect()
    assert pair.ready
    names = [step.step.message.NAME for step in pair.of(ExchangeStep)]
    assert names.count("req_pq_multi") == 2
    assert "dh_gen_fail" in names


def test_refusals_are_not_taken_for_ever() -> None:
    pair = Pair(known_key=False)
    pair.exchange_faults = ExchangeFaults()
    for _ in range(10):
        pair.exchange_faults.dh_gen_fail()
    pair.connect()
    [failed] = pair.of(Failed)
    assert isinstance(failed.error, ExchangeFailed)
    assert failed.error.step == "dh_gen_fail"


def test_a_lost_answer_is_asked_for_again_with_the_same_bytes() -> None:
    link = Pair(known_key=False).client
    link.connected(NOW)
    first = link.data_to_send(NOW)
    assert link.next_deadline() == NOW + 10
    assert link.tick(NOW + 9) == []
    assert link.data_to_send(NOW + 9) == b""
    link.tick(NOW + 10)
    assert first.endswith(link.data_to_send(NOW + 10))
    assert len(first) > 40


def test_an_exchange_that_is_never_answered_breaks_the_connection() -> None:
    link = Pair(known_key=False).client
    link.connected(NOW)
    events = [event for step in range(1, 5) for event in link.tick(NOW + 10 * step)]
    assert [type(event) for event in events] == [Broken]
    link.disconnected(NOW + 40)
    assert link.connect_at == NOW + 40


def test_an_exchange_leaves_no_deadline_behind_when_the_connection_goes() -> None:
    link = Pair(known_key=False).client
    link.connected(NOW)
    link.disconnected(NOW)
    assert link.next_deadline() is None


def test_the_last_answer_of_the_exchange_may_come_twice() -> None:
    pair = Pair(known_key=False, offload=True)
    pair.connect()
    last = b""
    assert pair.server is not None
    while (work := pair.client.take_work(pair.now)) is not None:
        work.run()
        pair.events += pair.client.finish_work(work, pair.now)
        last = work.payload
        pair.settle()
    transport = pair.server._intake.wire.transport
    assert transport is not None
    assert pair.client.received(transport.pack(last), pair.now) == []
    pair.client.send(QUERY)
    pair.settle()
    assert len(pair.of(Result)) == 1


def test_a_plain_message_is_refused_on_a_connection_that_made_no_key() -> None:
    pair = Pair(known_key=False)
    pair.connect()
    pair.cut()
    pair.connect()
    assert pair.server is not None
    transport = pair.server._intake.wire.transport
    assert transport is not None
    events = pair.client.received(transport.pack(bytes(40)), pair.now)
    assert [type(event) for event in events] == [Broken]


def test_a_link_that_can_never_make_a_key_gives_up() -> None:
    link = Pair(known_key=False).client
    events = []
    for _ in range(5):
        assert link.connect_at is not None
        link.connected(NOW)
        events += link.disconnected(NOW)
    assert [type(event) for event in events if not isinstance(event, StatusChanged)] == [Failed]
    assert isinstance(link.failure, ConnectionLost)


def test_the_slow_steps_can_be_taken_elsewhere() -> None:
    pair = Pair(known_key=False, offload=True)
    pair.connect()
    steps = 0
    while (work := pair.client.take_work(pair.now)) is not None:
        assert pair.client.take_work(pair.now) is None
        assert pair.client.data_to_send(pair.now) == b""
        work.run()
        pair.events += pair.client.finish_work(work, pair.now)
        pair.settle()
        steps += 1
    assert steps == 3
    assert pair.ready


def test_a_step_of_a_connection_that_is_gone_does_nothing() -> None:
    pair = Pair(known_key=False, offload=True)
    pair.connect()
    work = pair.client.take_work(pair.now)
    assert work is not None
    pair.cut()
    work.run()
    assert pair.client.finish_work(work, pair.now) == []
    pair.connect()
    assert pair.client.finish_work(work, pair.now) == []
    assert pair.client.data_to_send(pair.now) == b""
    assert pair.client.take_work(pair.now) is not None


# Connections ----------------------------------------------------------------------------------------------------------


def test_a_lost_connection_is_replaced_at_once_and_calls_survive_it() -> None:
    pair = Pair()
    pair.connect()
    request = pair.client.send(QUERY)
    pair.client.data_to_send(pair.now)  # sealed, and lost with the connection
    pair.cut()
    assert pair.client.connect_at == pair.now
    pair.advance(1)
    assert [event.request for event in pair.of(Result)] == [request]
    assert [event.request for event in pair.of(Resent)] == [request]
    assert len(pair.queries) == 1


def test_an_answer_lost_with_the_connection_comes_over_the_next_one() -> None:
    pair = Pair()
    pair.connect()
    request = pair.client.send(QUERY)
    assert pair.server is not None
    pair._tell_server(pair.server.received(pair.client.data_to_send(pair.now), pair.now))
    assert pair.server.data_to_send(pair.now)
    pair.cut()
    pair.advance(30)
    assert [event.request for event in pair.of(Result)] == [request]
    assert len(pair.queries) == 1


def test_attempts_that_fail_come_ever_later() -> None:
    pair = Pair()
    pair.reachable = False
    pair.connect()
    pair.cut()
    pair.advance(300)
    waits = [later - earlier for earlier, later in zip(pair.attempts, pair.attempts[1:], strict=False)]
    assert waits[0] == 0
    assert 0.5 <= waits[1] <= 1
    assert waits[-1] >= 30
    assert len(waits) < 15
    pair.reachable = True
    pair.client.send(QUERY)
    pair.advance(61)
    assert len(pair.of(Result)) == 1
    pair.cut()
    assert pair.client.connect_at == pair.now


def test_connections_that_are_accepted_and_closed_are_failures_too() -> None:
    link = Pair().client
    for _ in range(6):
        link.connected(NOW)
        link.disconnected(NOW)
    assert link.connect_at is not None
    assert link.connect_at - NOW >= 4


def test_an_unknown_key_is_tried_again_and_then_believed_but_kept() -> None:
    pair = Pair()
    key = pair.client.state
    assert key is not None
    pair.state.forget_key(key.auth_key.id)
    pair.client.send(QUERY)
    pair.connect()
    assert [type(event) for event in pair.of(Broken)] == [Broken]
    pair.advance(10)
    assert len(pair.attempts) == 3
    [failed] = pair.of(Failed)
    assert isinstance(failed.error, TransportError)
    assert failed.error.code == -404
    assert pair.client.state is key


def test_a_key_that_is_unknown_for_a_moment_only_does_no_harm() -> None:
    pair = Pair()
    state = pair.client.state
    assert state is not None
    for _ in range(4):
        pair.state.forget_key(state.auth_key.id)
        pair.connect()
        pair.state.add_key(state.auth_key)
        request = pair.client.send(QUERY)
        pair.advance(5)
        assert pair.of(Result)[-1].request is request
        pair.cut()
    assert pair.of(Failed) == []


def test_a_flooded_server_is_given_time() -> None:
    pair = Pair()
    pair.connect()
    assert pair.server is not None
    transport = pair.server._intake.wire.transport
    assert transport is not None
    pair.events += pair.client.received(transport.pack_error(-429), pair.now)
    pair.settle()
    assert pair.client.connect_at is not None
    assert pair.client.connect_at > pair.now
    pair.advance(5)
    assert pair.ready
    pair.client.send(QUERY)
    pair.settle()
    pair.cut()
    assert pair.client.connect_at == pair.now  # a flood that is over is forgotten


def test_a_broken_stream_is_closed_and_replaced() -> None:
    pair = Pair()
    pair.connect()
    request = pair.client.send(QUERY)
    pair.client.data_to_send(pair.now)
    events = pair.client.received((1 << 30).to_bytes(4, "little"), pair.now)
    pair.events += events
    [broken] = pair.of(Broken)
    assert isinstance(broken.error, RemoteProtocolError)
    assert pair.client.received(b"more", pair.now) == []
    assert pair.client.data_to_send(pair.now) == b""
    pair.settle()
    pair.advance(1)
    assert [event.request for event in pair.of(Result)] == [request]


def test_a_packet_that_fails_a_check_closes_the_connection() -> None:
    pair = Pair()
    pair.connect()
    pair.client.send(QUERY)
    assert pair.server is not None
    pair._tell_server(pair.server.received(pair.client.data_to_send(pair.now), pair.now))
    answer = bytearray(pair.server.data_to_send(pair.now))
    answer[-1] ^= 1
    pair.events += pair.client.received(bytes(answer), pair.now)
    [broken] = pair.of(Broken)
    assert isinstance(broken.error, RemoteProtocolError)
    assert broken.error.check == "packet"
    pair.settle()
    pair.advance(30)
    assert len(pair.of(Result)) == 1


def test_what_came_before_a_broken_stream_counts() -> None:
    pair = Pair()
    pair.connect()
    request = pair.client.send(QUERY)
    assert pair.server is not None
    pair._tell_server(pair.server.received(pair.client.data_to_send(pair.now), pair.now))
    answer = pair.server.data_to_send(pair.now)
    events = pair.client.received(answer + (1 << 30).to_bytes(4, "little"), pair.now)
    assert isinstance(events[-1], Broken)
    assert [event.request for event in of_type(events, Result)] == [request]


def test_what_a_session_understood_before_it_broke_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    pair.connect()
    request = pair.client.send(QUERY)
    understood = Result(request, ANSWER)

    def receive(payload: bytes, now: float, budget: int | None) -> list[ClientEvent]:
        raise RemoteProtocolError("msg_container", "cut short", [understood])

    monkeypatch.setattr(pair.client.session, "receive", receive)
    pair.settle()
    assert pair.of(Result) == [understood]
    assert len(pair.of(Broken)) == 1


def test_a_key_used_twice_ends_the_link() -> None:
    pair = Pair()
    pair.answer = lambda query: write_rpc_error(406, "AUTH_KEY_DUPLICATED")
    pair.connect()
    pair.client.send(QUERY)
    pair.settle()
    assert [event.message for event in pair.of(RpcFailed)] == ["AUTH_KEY_DUPLICATED"]
    assert len(pair.of(Failed)) == 1
    assert pair.client.connect_at is None


def test_other_errors_do_not() -> None:
    pair = Pair()
    pair.answer = lambda query: write_rpc_error(406, "UPDATE_APP_TO_LOGIN")
    pair.connect()
    pair.client.send(QUERY)
    pair.settle()
    assert len(pair.of(RpcFailed)) == 1
    assert pair.ready


def test_a_closed_link_stays_closed() -> None:
    pair = Pair()
    pair.connect()
    assert pair.client.close() == [StatusChanged(LinkStatus.CLOSED)]
    assert pair.client.close() == []
    assert pair.client.data_to_send(pair.now) == b""
    assert pair.client.disconnected(pair.now) == []
    assert pair.client.connect_at is None
    with pytest.raises(ConnectionLost):
        pair.client.send(QUERY)
    with pytest.raises(LocalProtocolError):
        pair.client.connected(pair.now)


def test_a_connected_link_cannot_be_connected_again() -> None:
    pair = Pair()
    pair.connect()
    with pytest.raises(LocalProtocolError):
        pair.client.connected(pair.now)


# Keep-alive -----------------------------------------------------------------------------------------------------------


def test_an_idle_connection_is_kept_open_by_pings() -> None:
    pair = Pair()
    pair.connect()
    pair.advance(10 * 60)
    assert len(pair.of(Pong)) >= 9
    assert pair.of(Broken) == []
    assert pair.hangups() == []


def test_the_server_closes_a_connection_without_pings() -> None:
    pair = Pair()
    pair.connect()
    assert len(pair.of(Pong)) == 1
    server = pair.server
    assert server is not None
    server.tick(NOW + 74)
    assert not server.closing
    server.tick(NOW + 75)
    assert server.closing


def test_a_dead_connection_is_noticed_and_replaced() -> None:
    pair = Pair()
    pair.connect()
    assert pair.server is not None
    pair.server.received = lambda data, now, budget=None: []  # type: ignore[method-assign]  # all is lost on the way
    request = pair.client.send(QUERY)
    pair.advance(60)
    assert any("dead" in str(event.error) for event in pair.of(Broken))
    assert [event.request for event in pair.of(Result)] == [request]


def test_nothing_secret_is_in_an_event() -> None:
    pair = Pair(known_key=False)
    pair.client.send(QUERY)
    pair.connect()
    assert pair.client.state is not None
    secret = pair.client.state.auth_key.data
    shown = repr(pair.events) + repr(pair.server_events)
    assert secret.hex()[:32] not in shown
    assert repr(secret)[2:40] not in shown
