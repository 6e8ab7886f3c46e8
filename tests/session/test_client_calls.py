"""What a client makes of answers to its calls: results, errors and answers it gave up; and of updates.

core.telegram.org/mtproto/service_messages, from the response to an RPC query to its cancellation.
Each test is named after the message it is about.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtproto.errors import RemoteProtocolError
from mtproto.limits import DEFAULT_LIMITS
from mtproto.session import Request, RequestState, wire
from mtproto.session.events import (
    Anomaly,
    AnswerDropped,
    RequestLost,
    Result,
    RpcFailed,
    Undecodable,
    Update,
)
from mtproto.session.packet_reader import PacketReader
from tests.session.harness import Pair, api_body, of, settled
from tl import DecodeError, service

types = service.types


@pytest.fixture
def pair() -> Pair:
    return settled()


# rpc_result


def test_rpc_result(pair: Pair) -> None:
    request = pair.sent_request(1)
    events = pair.from_server_now(wire.write_rpc_result(request.msg_id, api_body(7)), seqno=1)
    assert events == [Result(request, api_body(7))]
    assert request.state is RequestState.SETTLED
    assert pair.client.in_flight == 0


def test_rpc_result_packed(pair: Pair) -> None:
    request = pair.sent_request(1)
    packed = wire.write_gzip(api_body(7, 400))
    assert pair.from_server_now(wire.write_rpc_result(request.msg_id, packed), 1) == [Result(request, api_body(7, 400))]


def test_rpc_result_inside_gzip_packed(pair: Pair) -> None:
    request = pair.sent_request(1)
    packed = wire.write_gzip(wire.write_rpc_result(request.msg_id, api_body(7)))
    assert pair.from_server_now(packed, 1) == [Result(request, api_body(7))]


def test_rpc_result_to_something_that_was_not_sent_is_reported(pair: Pair) -> None:
    events = pair.from_server_now(wire.write_rpc_result(pair.client_id(), api_body(7)), 1)
    assert [type(event) for event in events] == [Anomaly]


def test_rpc_result_that_comes_twice_settles_once(pair: Pair) -> None:
    request = pair.sent_request(1)
    packet = pair.forge(wire.write_rpc_result(request.msg_id, api_body(7)), pair.server_id(1), 1)
    assert of(pair.to_client(packet), Result) == [Result(request, api_body(7))]
    assert pair.to_client(packet) == []
    again = pair.from_server_now(wire.write_rpc_result(request.msg_id, api_body(7)), 1)
    assert not of(again, Result)


def test_rpc_result_that_cannot_be_read_ends_the_call(pair: Pair) -> None:
    request = pair.sent_request(1)
    body = wire.write_rpc_result(request.msg_id, wire.write_gzip(api_body(7, 400))[:-4])
    events = pair.from_server_now(body, 1)
    assert [type(event) for event in events] == [RequestLost, Undecodable]
    lost = of(events, RequestLost)[0]
    assert lost.request is request
    assert isinstance(lost.error, RemoteProtocolError)


def test_rpc_result_of_a_bomb_ends_the_call_and_no_other(pair: Pair) -> None:
    pair.client._parts = replace(pair.client._parts, reader=PacketReader(replace(DEFAULT_LIMITS, inflated=10_000)))
    request, other = pair.send(1), pair.send(2)
    pair.from_client()
    events = pair.from_server_now(wire.write_rpc_result(request.msg_id, wire.write_gzip(bytes(10_001))), 1)
    assert [event.request for event in of(events, RequestLost)] == [request]
    events = pair.from_server_now(wire.write_rpc_result(other.msg_id, api_body(7)), 1)
    assert of(events, Result) == [Result(other, api_body(7))]


# rpc_error


def test_rpc_error(pair: Pair) -> None:
    request = pair.sent_request(1)
    events = pair.from_server_now(wire.write_rpc_result(request.msg_id, wire.write_rpc_error(420, "FLOOD_WAIT_31")), 1)
    assert events == [RpcFailed(request, 420, "FLOOD_WAIT_31")]


def test_rpc_error_packed(pair: Pair) -> None:
    request = pair.sent_request(1)
    packed = wire.write_gzip(wire.write_rpc_error(400, "A" * 400))
    assert pair.from_server_now(wire.write_rpc_result(request.msg_id, packed), 1) == [
        RpcFailed(request, 400, "A" * 400)
    ]


def test_rpc_error_that_is_not_text_ends_the_call(pair: Pair) -> None:
    request = pair.sent_request(1)
    error = bytearray(wire.write_rpc_error(400, "AAA"))
    error[9] = 0xFF
    events = pair.from_server_now(wire.write_rpc_result(request.msg_id, bytes(error)), 1)
    assert events == [RpcFailed(request, 400, "\udcffAA")]  # the byte is kept, as in every string


def test_rpc_error_outside_of_a_result_is_reported(pair: Pair) -> None:
    assert [type(event) for event in pair.from_server_now(wire.write_rpc_error(400, "X"), 1)] == [Anomaly]


# rpc_drop_answer and its three answers


def cancelled_request(pair: Pair) -> tuple[Request, int]:
    request = pair.sent_request(1)
    pair.client.cancel(request, pair.now)
    (packet,) = pair.from_client()
    dropped = [message for message in pair.open_client(packet) if wire.constructor_id(message.body) == 0x58E4A740]
    assert service.decode(dropped[0].body).req_msg_id == request.msg_id
    return request, dropped[0].msg_id


def test_rpc_drop_answer_is_not_sent_for_a_call_that_was_not_sent(pair: Pair) -> None:
    request = pair.send(1)
    pair.client.cancel(request, pair.now)
    assert pair.from_client() == []
    assert pair.client.in_flight == 0
    assert pair.run() == []


def test_rpc_drop_answer_is_sent_for_a_call_that_was_sent(pair: Pair) -> None:
    request, _ = cancelled_request(pair)
    assert request.state is RequestState.SETTLED
    assert pair.client.in_flight == 0


def test_rpc_answer_unknown(pair: Pair) -> None:
    request, drop_id = cancelled_request(pair)
    events = pair.from_server_now(wire.write_rpc_result(drop_id, types.RpcAnswerUnknown().to_bytes()), 1)
    assert events == [AnswerDropped(request, "rpc_answer_unknown")]


def test_rpc_answer_dropped(pair: Pair) -> None:
    request, drop_id = cancelled_request(pair)
    answer = types.RpcAnswerDropped(msg_id=1, seq_no=1, bytes=8).to_bytes()
    events = pair.from_server_now(wire.write_rpc_result(drop_id, answer), 1)
    assert events == [AnswerDropped(request, "rpc_answer_dropped")]


def test_rpc_answer_dropped_running(pair: Pair) -> None:
    request, drop_id = cancelled_request(pair)
    answer = types.RpcAnswerDroppedRunning().to_bytes()
    events = pair.from_server_now(wire.write_rpc_result(drop_id, answer), 1)
    assert events == [AnswerDropped(request, "rpc_answer_dropped_running")]
    late = pair.from_server_now(wire.write_rpc_result(request.msg_id, answer), 1)
    assert late == []


def test_rpc_drop_answer_swallows_the_late_result_and_acks_it(pair: Pair) -> None:
    request, _ = cancelled_request(pair)
    late = pair.forge(wire.write_rpc_result(request.msg_id, api_body(7)), late_id := pair.server_id(1), 1)
    assert pair.to_client(late) == []
    assert late_id in pair.client._parts.inbox.acks


def test_rpc_drop_answer_survives_a_lost_connection(pair: Pair) -> None:
    request = pair.sent_request(1)
    pair.client.cancel(request, pair.now)
    pair.from_client()
    pair.reconnect()
    assert "rpc_drop_answer" in [said.NAME for said in pair.said_by_client()]


def test_cancelling_a_settled_call_does_nothing(pair: Pair) -> None:
    request = pair.send(1)
    pair.run()
    pair.client.cancel(request, pair.now)
    assert request.state is RequestState.SETTLED
    assert pair.client.in_flight == 0
    assert not pair.client._parts.questions._waiting


# updates and undecodable messages


def test_anything_else_is_an_update(pair: Pair) -> None:
    msg_id = pair.server_id(3)
    assert pair.to_client(pair.forge(api_body(7), msg_id, 1)) == [Update(msg_id, api_body(7))]


def test_a_service_message_that_does_not_decode_says_so_and_is_acked(pair: Pair) -> None:
    msg_id = pair.server_id(1)
    body = types.Pong(msg_id=1, ping_id=1).to_bytes() + bytes(4)
    (event,) = pair.to_client(pair.forge(body, msg_id, 1))
    assert isinstance(event, Undecodable)
    assert event.msg_id == msg_id
    assert event.body == body
    assert isinstance(event.error, DecodeError)
    assert msg_id in pair.client._parts.inbox.acks


def test_a_message_without_a_body_is_undecodable(pair: Pair) -> None:
    assert [type(event) for event in pair.from_server_now(b"", 1)] == [Undecodable]
