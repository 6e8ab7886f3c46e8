"""What a server does with calls: it answers, acknowledges, repeats, drops; and how it pushes updates.

core.telegram.org/mtproto/service_messages, from the response to an RPC query to its cancellation.
Each test is named after the message it is about.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mtproto.errors import LocalProtocolError
from mtproto.limits import DEFAULT_LIMITS, SERVER_LIMITS
from mtproto.session import wire
from mtproto.session.events import (
    Flooded,
    Query,
    QueryDropped,
    Undecodable,
    Update,
)
from tests.session.harness import Pair, api_body, of, query, results, unanswered
from tl import service

types, functions = service.types, service.functions


@pytest.fixture
def pair() -> Pair:
    return unanswered()


# rpc_result


def test_rpc_result_answers_and_acks_a_query(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    (packet,) = pair.from_server()
    (message,) = pair.open_server(packet)
    assert wire.read_rpc_result(message.body) == (msg_id, api_body(7))
    assert message.msg_id % 4 == 1
    assert message.seqno % 2 == 1


def test_rpc_result_is_sent_again_until_it_is_acked(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    (first,) = results(pair)
    pair.server.disconnected(pair.now)
    pair.server.connected(pair.now)
    assert results(pair) == [first]
    pair.from_client_now(types.MsgsAck(msg_ids=[first[0]]))
    pair.server.disconnected(pair.now)
    pair.server.connected(pair.now)
    assert results(pair) == []


def test_rpc_result_is_sent_again_for_a_repeated_query(pair: Pair) -> None:
    msg_id = pair.client_id()
    packet = pair.forge_client(api_body(1), msg_id, pair.next_content_seqno())
    assert of(pair.to_server(packet), Query)
    pair.server.answer(msg_id, api_body(7))
    (first,) = results(pair)
    assert pair.to_server(packet) == []
    assert results(pair) == [first]


def test_rpc_result_waits_in_the_queue_once_however_often_it_is_wanted(pair: Pair) -> None:
    msg_id = pair.client_id()
    packet = pair.forge_client(api_body(1), msg_id, pair.next_content_seqno())
    pair.to_server(packet)
    pair.server.answer(msg_id, api_body(7))
    for _ in range(3):
        pair.to_server(packet)
    assert len(results(pair)) == 1


def test_rpc_result_is_forgotten_after_ten_minutes(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    results(pair)
    pair.now += 600
    pair.server.disconnected(pair.now)
    pair.server.connected(pair.now)
    assert results(pair) == []
    pair.from_client_now(types.MsgsStateReq(msg_ids=[msg_id]))
    (info,) = pair.said_by_server()
    assert info.info == b"\x01"  # type: ignore[attr-defined]


def test_rpc_result_needs_a_query_that_is_open(pair: Pair) -> None:
    msg_id = query(pair)
    with pytest.raises(LocalProtocolError):
        pair.server.answer(msg_id + 4, api_body(7))
    pair.server.answer(msg_id, api_body(7))
    with pytest.raises(LocalProtocolError):
        pair.server.answer(msg_id, api_body(7))


# rpc_error


def test_rpc_error_is_the_result_of_a_query_and_sent_again_until_it_is_acked(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, wire.write_rpc_error(420, "FLOOD_WAIT_31"))
    (first,) = results(pair)
    assert first[1:] == (msg_id, types.RpcError(error_code=420, error_message="FLOOD_WAIT_31").to_bytes())
    pair.reconnect()
    assert results(pair) == [first]


# rpc_drop_answer


def drop(pair: Pair, msg_id: int) -> list[Any]:
    """Let the client drop an answer; return the events."""
    seqno = pair.next_content_seqno()
    pair.drop_id = pair.client_id()
    return pair.to_server(pair.forge_client(functions.RpcDropAnswer(req_msg_id=msg_id), pair.drop_id, seqno))


def test_rpc_answer_dropped_running_answers_rpc_drop_answer_of_a_running_query(pair: Pair) -> None:
    msg_id = query(pair)
    assert drop(pair, msg_id) == [QueryDropped(msg_id)]
    running = types.RpcAnswerDroppedRunning().to_bytes()
    assert [result[1:] for result in results(pair)] == [(pair.drop_id, running)]
    pair.server.answer(msg_id, api_body(7))
    assert [result[1:] for result in results(pair)] == [(msg_id, running)]


def test_rpc_drop_answer_that_comes_twice_is_told_once(pair: Pair) -> None:
    msg_id = query(pair)
    assert drop(pair, msg_id) == [QueryDropped(msg_id)]
    assert drop(pair, msg_id) == []
    assert len(results(pair)) == 2


def test_rpc_answer_dropped_answers_rpc_drop_answer_of_an_answer_that_waits(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    ((answer_id, _, _),) = results(pair)
    assert drop(pair, msg_id) == []
    ((_, dropped_id, outcome),) = results(pair)
    assert dropped_id == pair.drop_id
    answer: Any = service.decode(outcome)
    assert (answer.NAME, answer.msg_id, answer.bytes) == ("rpc_answer_dropped", answer_id, 12 + 8)
    pair.server.disconnected(pair.now)
    pair.server.connected(pair.now)
    assert msg_id not in [result[1] for result in results(pair)]


def test_rpc_answer_unknown_answers_rpc_drop_answer_of_an_answer_that_was_acked(pair: Pair) -> None:
    msg_id = query(pair)
    pair.server.answer(msg_id, api_body(7))
    ((answer_id, _, _),) = results(pair)
    pair.from_client_now(types.MsgsAck(msg_ids=[answer_id]))
    drop(pair, msg_id)
    assert [result[1:] for result in results(pair)] == [(pair.drop_id, types.RpcAnswerUnknown().to_bytes())]


def test_rpc_answer_unknown_answers_rpc_drop_answer_of_something_unknown(pair: Pair) -> None:
    drop(pair, pair.client_id())
    assert [result[1:] for result in results(pair)] == [(pair.drop_id, types.RpcAnswerUnknown().to_bytes())]


# calls, updates, undecodable messages


def test_anything_else_is_a_query(pair: Pair) -> None:
    msg_id = query(pair, 5)
    assert pair.server_events == [Query(msg_id, api_body(5))]


def test_a_query_is_told_once_however_often_it_comes(pair: Pair) -> None:
    packet = pair.forge_client(api_body(1), pair.client_id(), pair.next_content_seqno())
    for _ in range(3):
        pair.to_server(packet)
    assert pair.executed == [api_body(1)]


def test_a_service_message_that_does_not_decode_says_so_and_is_acked(pair: Pair) -> None:
    msg_id = pair.client_id()
    body = functions.Ping(ping_id=1).to_bytes()[:-4]
    (event,) = pair.to_server(pair.forge_client(body, msg_id, pair.next_content_seqno()))
    assert isinstance(event, Undecodable)
    assert msg_id in pair.server._acks


def test_an_update_is_pushed_and_sent_again_until_it_is_acked(pair: Pair) -> None:
    pair.server.push(api_body(7))
    lost = pair.from_server()
    assert lost
    pair.reconnect()
    assert [event.body for event in of(pair.run(), Update)] == [api_body(7)]
    pair.wait(60)
    assert not pair.server._outbox._stored


def test_updates_for_a_client_that_is_away_are_bounded(pair: Pair) -> None:
    pair.disconnect()
    for number in range(SERVER_LIMITS.queued_updates + 10):
        pair.server.push(api_body(number))
    pair.connect()
    bodies = [event.body for event in of(pair.run(100), Update)]
    assert bodies == [api_body(number) for number in range(10, SERVER_LIMITS.queued_updates + 10)]


def test_more_unanswered_queries_than_allowed_are_a_flood() -> None:
    pair = Pair(server_limits=replace(DEFAULT_LIMITS, unanswered_requests=3), answer=lambda _query: None)
    queries = [query(pair, number) for number in range(3)]
    over = pair.client_id()
    events = pair.to_server(pair.forge_client(api_body(9), over, pair.next_content_seqno()))
    assert [type(event) for event in events] == [Flooded]
    assert pair.server._register.find(over) is None
    assert over not in pair.server._acks
    pair.server.answer(queries[0], api_body(0))
    again = pair.client_id()
    events = pair.to_server(pair.forge_client(api_body(9), again, pair.next_content_seqno()))
    assert events == [Query(again, api_body(9))]


def test_a_client_that_takes_nothing_is_not_listened_to_for_ever(pair: Pair) -> None:
    with_ping = functions.Ping(ping_id=1).to_bytes()
    for _ in range(20_000):
        events = pair.server.receive(pair.opened(with_ping), pair.now)
        if events:
            break
    assert [type(event) for event in events] == [Flooded]


def test_what_fits_into_no_packet_is_refused_and_keeps_nothing_back() -> None:
    pair = unanswered()
    msg_id = query(pair, 1)
    most = SERVER_LIMITS.frame_accepted - wire.PACKET_OVERHEAD - wire.MESSAGE_HEADER
    with pytest.raises(LocalProtocolError, match="frame_accepted"):
        pair.server.push(api_body(2, most + 4))
    with pytest.raises(LocalProtocolError, match="frame_accepted"):
        pair.server.answer(msg_id, api_body(3, most))  # which has 12 bytes more as an rpc_result
    pair.server.push(api_body(4, most))
    pair.server.answer(msg_id, api_body(5, most - 12))
    bodies = [len(message.body) for packet in pair.from_server() for message in pair.open_server(packet)]
    assert [size for size in bodies if size > 4096] == [most, most]
