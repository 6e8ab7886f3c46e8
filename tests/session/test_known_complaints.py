"""What users of other libraries suffered from, as far as a session is concerned: one test for each complaint."""

from __future__ import annotations

import pytest

from mtproto.errors import RemoteProtocolError
from mtproto.session import MessageRefused, wire
from mtproto.session.events import ForeignSession, RequestLost, Result, Undecodable, Update
from mtproto.session.sealer import new_session_id
from tests.session.harness import Pair, api_body, of
from tl import service


@pytest.fixture
def pair() -> Pair:
    pair = Pair()
    pair.send(99)
    pair.run()
    pair.wait(60)
    pair.client_events.clear()
    pair.executed.clear()
    return pair


@pytest.mark.parametrize("years", [-1, 1])
def test_a_wrong_clock_neither_hangs_nor_stops_a_client(years: int) -> None:
    pair = Pair(clock_error=years * 365 * 86400.0)
    request = pair.send(1)
    assert of(pair.run(), Result) == [Result(request, api_body(1))]


def test_a_clock_that_cannot_be_put_right_ends_in_an_error_that_names_both_times(pair: Pair) -> None:
    request = pair.send(1)
    for _ in range(3):
        for packet in pair.from_client():
            pair.server.refuse_next(16)
            pair.to_server(packet)
        for packet in pair.from_server():
            pair.to_client(packet)
    (lost,) = of(pair.client_events, RequestLost)
    assert lost.request is request
    assert isinstance(lost.error, MessageRefused)
    assert str(lost.error).count("2023-11-14T") == 2


def test_a_key_that_is_used_twice_gives_one_typed_event_for_each_message_and_an_end(pair: Pair) -> None:
    foreign = [pair.forge(api_body(1), pair.server_id(3), 1, session_id=12345) for _ in range(16)]
    for packet in foreign[:-1]:
        assert [type(event) for event in pair.to_client(packet)] == [ForeignSession]
    with pytest.raises(RemoteProtocolError, match="session_id"):
        pair.client.receive(foreign[-1], pair.now)


def test_a_message_that_cannot_be_read_fails_alone_with_its_id_and_bytes(pair: Pair) -> None:
    request = pair.sent_request(1)
    bad = service.types.MsgsStateInfo(req_msg_id=1, info=b"1234").to_bytes()[:-4]
    messages = [
        wire.Message(pair.server_id(3), 1, api_body(7)),
        wire.Message(bad_id := pair.server_id(1), 2, bad),
        wire.Message(pair.server_id(1), 3, wire.write_rpc_result(request.msg_id, api_body(8))),
    ]
    events = pair.to_client(pair.forge(wire.write_container(messages), pair.server_id(1), 4))
    assert [type(event) for event in events] == [Update, Undecodable, Result]
    (undecodable,) = of(events, Undecodable)
    assert (undecodable.msg_id, undecodable.body) == (bad_id, bad)


def test_a_session_id_is_never_zero() -> None:
    stream = iter([bytes(8)] * 5 + [b"\xff" * 8])
    assert new_session_id(lambda _count: next(stream)) == -1


def test_a_call_is_neither_lost_nor_sent_twice_when_the_connection_breaks_at_any_packet() -> None:
    for cut_after in range(8):
        pair = Pair()
        request = pair.send(1)
        carried = 0
        for _ in range(30):
            up = pair.from_client()
            down = pair.from_server()
            for packets, carry in ((up, pair.to_server), (down, pair.to_client)):
                for packet in packets:
                    carried += 1
                    if carried == cut_after:
                        pair.reconnect()
                        break
                    carry(packet)
            pair.client_events += pair.client.tick(pair.client_now)
            pair.now += 1
        assert of(pair.client_events, Result) == [Result(request, api_body(1))]
        assert pair.executed == [api_body(1)]


def test_a_gzip_bomb_costs_one_message(pair: Pair) -> None:
    request = pair.sent_request(1)
    bomb = wire.write_gzip(bytes(17 * 1024 * 1024))
    assert len(bomb) < 32 * 1024
    events = pair.from_server_now(bomb, 1, 3)
    assert [type(event) for event in events] == [Undecodable]
    events = pair.from_server_now(wire.write_rpc_result(request.msg_id, api_body(8)), 1)
    assert of(events, Result) == [Result(request, api_body(8))]
