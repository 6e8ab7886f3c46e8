"""What a peer nests or repeats inside one packet never decides how deep the session goes: both roles, all wrappers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtproto.errors import RemoteProtocolError
from mtproto.session import wire
from mtproto.session.events import Flooded, Pong, Query, RequestLost, Result, Undecodable, Update
from mtproto.session.wire import Message
from tests.session.harness import Pair, api_body, of, settled
from tl import service

if TYPE_CHECKING:
    from collections.abc import Sequence

DEEP = 330


def open_ping(pair: Pair) -> tuple[int, int]:
    """Return the msg_id and the ping_id of a ping that waits for its answer."""
    ping_id = pair.client.ping()
    (payload,) = pair.from_client()
    ping = next(message for message in pair.open_client(payload) if wire.constructor_id(message.body) == 0x7ABE77EC)
    return ping.msg_id, ping_id


def results_around(ids: Sequence[int], body: bytes) -> bytes:
    for req_msg_id in reversed(ids):
        body = wire.write_rpc_result(req_msg_id, body)
    return body


def test_results_nested_in_results_that_name_open_questions_are_undecodable() -> None:
    pair = settled()
    msg_id, ping_id = open_ping(pair)
    pong = service.types.Pong(msg_id=msg_id, ping_id=ping_id).to_bytes()
    carrier = pair.server_id(1)
    events = pair.to_client(pair.forge(results_around([msg_id] * DEEP, pong), carrier, 1))
    (undecodable,) = of(events, Undecodable)
    assert isinstance(undecodable.error, RemoteProtocolError)
    assert undecodable.error.check == "rpc_result"
    assert of(pair.from_server_now(pong), Pong)  # the session goes on, and so does the question
    pair.now += 31
    pair.client.tick(pair.now)
    acked = [
        msg_id for said in pair.said_by_client() if said.NAME == "msgs_ack" for msg_id in said.to_dict()["msg_ids"]
    ]
    assert carrier in acked


def test_an_answer_wrapped_once_more_than_needed_is_read() -> None:
    pair = settled()
    msg_id, ping_id = open_ping(pair)
    pong = service.types.Pong(msg_id=msg_id, ping_id=ping_id).to_bytes()
    assert of(pair.from_server_now(results_around([msg_id, msg_id], pong), seqno=1), Pong)


def test_a_packed_result_in_a_packed_result_ends_its_call_as_unreadable() -> None:
    pair = settled()
    request = pair.sent_request(1)
    packed = wire.write_gzip(wire.write_rpc_result(request.msg_id, wire.write_gzip(api_body(1))))
    events = pair.from_server_now(packed, seqno=1)
    (lost,) = of(events, RequestLost)
    assert lost.request is request
    assert len(of(events, Undecodable)) == 1
    assert not of(events, Result)


def test_packed_objects_in_an_answer_do_not_nest() -> None:
    pair = settled()
    msg_id, ping_id = open_ping(pair)
    pong = service.types.Pong(msg_id=msg_id, ping_id=ping_id).to_bytes()
    body = wire.write_rpc_result(msg_id, wire.write_gzip(wire.write_rpc_result(msg_id, wire.write_gzip(pong))))
    assert len(of(pair.from_server_now(body, seqno=1), Undecodable)) == 1
    assert of(pair.from_server_now(wire.write_rpc_result(msg_id, wire.write_gzip(pong)), seqno=3), Pong)


def test_a_container_in_an_answer_is_undecodable() -> None:
    pair = settled()
    msg_id, _ = open_ping(pair)
    for inside in (
        wire.write_container([Message(pair.server_id(3, -1), 1, api_body(5))]),
        wire.write_gzip(wire.write_container([Message(pair.server_id(3, -1), 1, api_body(5))])),
        wire.write_copy(Message(pair.server_id(3, -1), 1, api_body(5))),
    ):
        events = pair.from_server_now(wire.write_rpc_result(msg_id, inside), seqno=1)
        assert not of(events, Update)
        assert len(of(events, Undecodable)) == 1


def test_copies_in_a_container_count_as_messages_of_the_packet() -> None:
    pair = settled()
    first = pair.server_id(3, -1)
    copies = [
        Message(first + 8 * n, 1, wire.write_copy(Message(first + 8 * n + 4, 1, api_body(n)))) for n in range(1000)
    ]
    events = pair.from_server_now(wire.write_container(copies), seqno=2000)
    assert len(of(events, Update)) == 24
    assert all(isinstance(event.error, wire.TooMany) for event in of(events, Undecodable))


def test_the_server_counts_copies_in_a_container_as_messages_of_the_packet() -> None:
    pair = settled()
    first, seqno = pair.client_id(-1), pair.next_content_seqno()
    copies = [
        Message(first + 8 * n, seqno - 1, wire.write_copy(Message(first + 8 * n + 4, 1, api_body(n))))
        for n in range(600)
    ]
    events = pair.to_server(pair.forge_client(wire.write_container(copies), seqno=seqno + 1))
    assert len(of(events, Query)) == 424
    assert of(events, Flooded)


@pytest.mark.parametrize("wrapper", ["gzip", "copy", "mixed"])
def test_the_server_goes_no_deeper_than_a_packet_may(wrapper: str) -> None:
    pair = settled()
    body = api_body()
    for number in range(DEEP if wrapper != "gzip" else 5):
        packs = wrapper == "gzip" or (wrapper == "mixed" and number % 2)
        body = wire.write_gzip(body) if packs else wire.write_copy(Message(pair.client_id(), 1, body))
    events = pair.to_server(pair.forge_client(body, seqno=pair.next_content_seqno() + (wrapper != "gzip")))
    assert not of(events, Query)
    assert len(of(events, Undecodable)) == 1
