"""What a client makes of messages that come inside others: in containers, as copies, packed.

core.telegram.org/mtproto/service_messages, on containers, message copies and packed objects.
Each test is named after the message it is about.
"""

from __future__ import annotations

import pytest

from mtproto.session import RequestState, wire
from mtproto.session.events import (
    Anomaly,
    Result,
    Stale,
    Undecodable,
    Update,
)
from mtproto.session.wire import Message
from tests.session.harness import Pair, api_body, of, settled
from tl import service

types = service.types


@pytest.fixture
def pair() -> Pair:
    return settled()


# msg_container


def container(pair: Pair, *bodies: tuple[bytes, int]) -> bytes:
    messages = [Message(pair.server_id(1), seqno, body) for body, seqno in bodies]
    return pair.forge(wire.write_container(messages), pair.server_id(1), 2)


def test_msg_container(pair: Pair) -> None:
    one, two = pair.send(1), pair.send(2)
    pair.from_client()
    events = pair.to_client(
        container(
            pair,
            (wire.write_rpc_result(one.msg_id, api_body(7)), 1),
            (api_body(8), 3),
            (wire.write_rpc_result(two.msg_id, api_body(9)), 5),
        )
    )
    assert [type(event) for event in events] == [Result, Update, Result]
    assert len(pair.client._parts.inbox.acks) == 3


def test_msg_container_that_is_empty_is_accepted(pair: Pair) -> None:
    assert pair.to_client(container(pair)) == []


def test_msg_container_with_1025_messages_is_undecodable(pair: Pair) -> None:
    events = pair.to_client(container(pair, *[(types.MsgsAck(msg_ids=[]).to_bytes(), 0)] * 1025))
    assert [type(event) for event in events] == [Undecodable]


def test_msg_container_inside_a_container_is_undecodable_as_a_whole(pair: Pair) -> None:
    request = pair.sent_request(1)
    inner = wire.write_container([])
    events = pair.to_client(container(pair, (wire.write_rpc_result(request.msg_id, api_body(7)), 1), (inner, 2)))
    assert [type(event) for event in events] == [Undecodable]
    assert request.state is RequestState.SENT


def test_msg_container_whose_inner_id_is_above_its_own_is_reported(pair: Pair) -> None:
    outer = pair.server_id(1)
    inner = Message(outer + 4, 1, api_body(7))
    events = pair.to_client(pair.forge(wire.write_container([inner]), outer, 2))
    assert [type(event) for event in events] == [Anomaly, Update]


def test_msg_container_with_an_even_inner_id_drops_that_message(pair: Pair) -> None:
    inner = Message(pair.client_id(), 1, api_body(7))
    events = pair.to_client(pair.forge(wire.write_container([inner]), pair.server_id(1), 2))
    assert [type(event) for event in events] == [Anomaly]


def test_msg_container_checks_inner_content_messages_for_repetition(pair: Pair) -> None:
    inner = Message(pair.server_id(3), 1, api_body(7))
    first = pair.to_client(pair.forge(wire.write_container([inner]), pair.server_id(1), 2))
    again = pair.to_client(pair.forge(wire.write_container([inner]), pair.server_id(1), 2))
    assert [type(event) for event in first] == [Update]
    assert again == []
    assert pair.client._parts.inbox.acks.count(inner.msg_id) == 2


def test_msg_container_may_carry_old_inner_ids(pair: Pair) -> None:
    request = pair.sent_request(1)
    answer = Message(pair.server_id(1, -5000), 1, wire.write_rpc_result(request.msg_id, api_body(7)))
    events = pair.to_client(pair.forge(wire.write_container([answer]), pair.server_id(1), 2))
    assert of(events, Result) == [Result(request, api_body(7))]


def test_msg_container_brings_an_answer_that_is_older_than_all_that_is_remembered(pair: Pair) -> None:
    pair.client._parts.inbox._floor = pair.server_id(1)
    request = pair.sent_request(1)
    answer = Message(pair.server_id(1, -50), 1, wire.write_rpc_result(request.msg_id, api_body(7)))
    update = Message(pair.server_id(3, -50), 3, api_body(8))
    events = pair.to_client(pair.forge(wire.write_container([answer, update]), pair.server_id(1, 1), 4))
    assert [type(event) for event in events if not isinstance(event, Anomaly)][-2:] == [Result, Stale]


# msg_copy


def test_msg_copy_is_treated_as_the_message_inside(pair: Pair) -> None:
    copied = Message(pair.server_id(3), 1, api_body(7))
    assert pair.from_server_now(wire.write_copy(copied)) == [Update(copied.msg_id, api_body(7))]
    assert pair.from_server_now(wire.write_copy(copied)) == []
    assert pair.client._parts.inbox.acks.count(copied.msg_id) == 2


def test_msg_copy_of_a_container_is_undecodable(pair: Pair) -> None:
    copied = Message(pair.server_id(3), 0, wire.write_container([]))
    assert [type(event) for event in pair.from_server_now(wire.write_copy(copied))] == [Undecodable]


# gzip_packed


def test_gzip_packed_around_an_update(pair: Pair) -> None:
    (event,) = pair.from_server_now(wire.write_gzip(api_body(7, 400)), 1, 3)
    assert isinstance(event, Update)
    assert event.body == api_body(7, 400)


def test_gzip_packed_in_gzip_packed_is_undecodable_and_acked(pair: Pair) -> None:
    msg_id = pair.server_id(3)
    events = pair.to_client(pair.forge(wire.write_gzip(wire.write_gzip(api_body(7))), msg_id, 1))
    assert [type(event) for event in events] == [Undecodable]
    assert msg_id in pair.client._parts.inbox.acks


def test_gzip_packed_around_a_container_is_undecodable(pair: Pair) -> None:
    events = pair.from_server_now(wire.write_gzip(wire.write_container([])))
    assert [type(event) for event in events] == [Undecodable]
