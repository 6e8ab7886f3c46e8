"""What a server makes of messages that come inside others, and how it packs its own.

core.telegram.org/mtproto/service_messages, on containers, message copies and packed objects.
Each test is named after the message it is about.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtproto.limits import DEFAULT_LIMITS
from mtproto.message.envelope import Sender, unseal
from mtproto.session import wire
from mtproto.session.events import (
    Flooded,
    Query,
    Result,
    Undecodable,
)
from mtproto.session.wire import Message
from tests.session.harness import Pair, api_body, of, query, results, unanswered
from tl import service

types = service.types


@pytest.fixture
def pair() -> Pair:
    return unanswered()


# gzip_packed


def test_gzip_packed_query_is_unpacked(pair: Pair) -> None:
    msg_id = pair.client_id()
    packed = wire.write_gzip(api_body(1, 400))
    events = pair.to_server(pair.forge_client(packed, msg_id, pair.next_content_seqno()))
    assert events == [Query(msg_id, api_body(1, 400))]


def test_gzip_packed_that_cannot_be_unpacked_is_answered_with_an_error(pair: Pair) -> None:
    msg_id = pair.client_id()
    packed = wire.write_gzip(wire.write_gzip(api_body(1)))
    events = pair.to_server(pair.forge_client(packed, msg_id, pair.next_content_seqno()))
    assert [type(event) for event in events] == [Undecodable]
    assert [result[1:] for result in results(pair)] == [(msg_id, wire.write_rpc_error(400, "INPUT_FETCH_ERROR"))]


def test_gzip_packed_that_cannot_be_unpacked_and_was_no_query_is_not_answered(pair: Pair) -> None:
    events = pair.from_client_now(wire.write_gzip(wire.write_gzip(api_body(1))))
    assert [type(event) for event in events] == [Undecodable]
    assert results(pair) == []


def test_gzip_packed_bomb_is_answered_with_an_error() -> None:
    pair = Pair(server_limits=replace(DEFAULT_LIMITS, inflated=10_000))
    msg_id = pair.client_id()
    pair.to_server(pair.forge_client(wire.write_gzip(bytes(10_001)), msg_id, pair.next_content_seqno()))
    assert [result[1] for result in results(pair)] == [msg_id]


def test_gzip_packed_is_sent_as_rpc_result_where_that_is_shorter() -> None:
    pair = Pair(answer=lambda _query: api_body(7) + bytes(1000))
    request = pair.send(1)
    assert of(pair.run(), Result) == [Result(request, api_body(7) + bytes(1000))]
    assert max(len(payload) for payload in pair.seen_by_client) < 700


# msg_container, msg_copy


def test_msg_container_is_accepted_as_a_whole(pair: Pair) -> None:
    seqno = pair.next_content_seqno()
    first, second = pair.client_id(), pair.client_id()
    messages = [Message(first, seqno, api_body(1)), Message(second, seqno + 2, api_body(2))]
    events = pair.to_server(pair.forge_client(wire.write_container(messages), None, seqno + 3))
    assert events == [Query(first, api_body(1)), Query(second, api_body(2))]


def test_msg_container_that_comes_twice_is_handled_once(pair: Pair) -> None:
    seqno = pair.next_content_seqno()
    messages = [Message(pair.client_id(), seqno, api_body(1))]
    packet = pair.forge_client(wire.write_container(messages), pair.client_id(), seqno + 1)
    assert len(of(pair.to_server(packet), Query)) == 1
    pair.server.answer(messages[0].msg_id, api_body(7))
    answers = results(pair)
    assert pair.to_server(packet) == []
    assert results(pair) == answers != []


def test_msg_container_with_a_message_that_came_before_handles_the_rest(pair: Pair) -> None:
    seqno = pair.next_content_seqno()
    old = Message(pair.client_id(), seqno, api_body(1))
    pair.to_server(pair.forge_client(old.body, old.msg_id, old.seqno))
    new = Message(pair.client_id(), seqno + 2, api_body(2))
    events = pair.to_server(pair.forge_client(wire.write_container([old, new]), None, seqno + 3))
    assert events == [Query(new.msg_id, api_body(2))]


def test_msg_container_with_more_than_1024_messages_is_a_flood(pair: Pair) -> None:
    messages = [Message(pair.client_id(), 2, types.MsgsAck(msg_ids=[]).to_bytes()) for _ in range(1025)]
    events = pair.to_server(pair.forge_client(wire.write_container(messages), None, 2))
    assert [type(event) for event in events] == [Flooded]


def test_msg_container_is_sent_around_several_messages(pair: Pair) -> None:
    msg_ids = [query(pair, number) for number in range(3)]
    for msg_id in msg_ids:
        pair.server.answer(msg_id, api_body(7))
    (packet,) = pair.from_server()
    outer = unseal(pair.key, Sender.SERVER, packet)
    inner = wire.read_container(outer.body, 3)
    assert [wire.read_rpc_result(message.body)[0] for message in inner] == msg_ids
    assert [message.seqno % 2 for message in inner] == [1, 1, 1]
    assert outer.seqno % 2 == 0
    assert outer.msg_id > max(message.msg_id for message in inner)
    assert outer.seqno > max(message.seqno for message in inner)


def test_msg_container_with_an_answer_has_the_id_of_an_answer(pair: Pair) -> None:
    kinds = []
    for answered in (False, True):
        pair.server.push(api_body(1))
        pair.server.push(api_body(2))
        if answered:
            pair.server.answer(query(pair), api_body(7))
        (packet,) = pair.from_server()
        kinds.append(unseal(pair.key, Sender.SERVER, packet).msg_id % 4)
    assert kinds == [3, 1]


def test_msg_copy_is_treated_as_the_message_inside(pair: Pair) -> None:
    copied = Message(pair.client_id(), pair.next_content_seqno(), api_body(1))
    copy = wire.write_copy(copied)
    assert pair.to_server(pair.forge_client(copy, None, copied.seqno + 1)) == [Query(copied.msg_id, api_body(1))]
    assert pair.to_server(pair.forge_client(copy, None, copied.seqno + 1)) == []


def test_msg_copy_of_a_message_with_an_impossible_id_is_undecodable(pair: Pair) -> None:
    copied = Message(pair.client_id() + 1, pair.next_content_seqno(), api_body(1))
    assert [type(event) for event in pair.from_client_now(wire.write_copy(copied))] == [Undecodable]
