"""Every code of bad_msg_notification and bad_server_salt: when the server says it.

core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mtproto.session import wire
from mtproto.session.events import (
    NotAccepted,
    Query,
)
from mtproto.session.wire import Message
from tests.session.harness import Pair, api_body, of, refused, settled
from tl import service

types, functions = service.types, service.functions


@pytest.fixture
def pair() -> Pair:
    return settled()


def codes(events: list[Any]) -> list[int]:
    return [event.code for event in of(events, NotAccepted)]


def told(pair: Pair) -> list[tuple[str, int, int]]:
    """Return (name, bad_msg_id, code) of what the server says."""
    notices: list[Any] = pair.said_by_server()
    return [(notice.NAME, notice.bad_msg_id, notice.error_code) for notice in notices]


@pytest.mark.parametrize(("seconds", "code"), [(-301, 16), (31, 17)])
def test_server_refuses_with_16_and_17_ids_outside_the_window(pair: Pair, seconds: float, code: int) -> None:
    msg_id = pair.client_id(seconds)
    events = pair.to_server(pair.forge_client(api_body(1), msg_id, pair.next_content_seqno()))
    assert events == [NotAccepted(msg_id, code)]
    assert told(pair) == [("bad_msg_notification", msg_id, code)]


@pytest.mark.parametrize("seconds", [-299, 29])
def test_server_accepts_ids_inside_the_window(seconds: float) -> None:
    pair = Pair()
    msg_id = pair.client_id(seconds)
    assert Query(msg_id, api_body(1)) in pair.to_server(pair.forge_client(api_body(1), msg_id, 1))


def test_server_looks_at_the_outer_id_of_a_container_only() -> None:
    pair = Pair()
    old = pair.client_id(-1000)
    messages = wire.write_container([Message(old, 1, api_body(1))])
    assert Query(old, api_body(1)) in pair.to_server(pair.forge_client(messages, None, 2))


@pytest.mark.parametrize("low_bits", [1, 2, 3])
def test_server_refuses_with_18(pair: Pair, low_bits: int) -> None:
    msg_id = pair.client_id() + low_bits
    events = pair.to_server(pair.forge_client(api_body(1), msg_id, pair.next_content_seqno()))
    assert events == [NotAccepted(msg_id, 18)]
    assert told(pair) == [("bad_msg_notification", msg_id, 18)]


def test_server_refuses_with_18_an_id_below_zero(pair: Pair) -> None:
    events = pair.to_server(pair.forge_client(api_body(1), -4, pair.next_content_seqno()))
    assert events == [NotAccepted(-4, 18)]


def test_server_refuses_with_19(pair: Pair) -> None:
    msg_id, seqno = pair.client_id(), pair.next_content_seqno()
    pair.to_server(pair.forge_client(api_body(1), msg_id, seqno))
    events = pair.to_server(pair.forge_client(wire.write_container([]), msg_id, seqno + 1))
    assert events == [NotAccepted(msg_id, 19)]


def test_server_refuses_with_19_a_call_under_the_id_of_a_container(pair: Pair) -> None:
    msg_id, seqno = pair.client_id(), pair.next_content_seqno()
    pair.to_server(pair.forge_client(wire.write_container([]), msg_id, seqno + 1))
    assert pair.to_server(pair.forge_client(api_body(1), msg_id, seqno + 2)) == [NotAccepted(msg_id, 19)]


def test_server_refuses_with_20_what_it_may_have_forgotten(pair: Pair) -> None:
    early, seqno = pair.client_id(), pair.next_content_seqno()
    pair.to_server(pair.forge_client(api_body(1), pair.client_id(), seqno))
    pair.server_forgets()
    events = pair.to_server(pair.forge_client(api_body(2), early, seqno))
    assert events == [NotAccepted(early, 20)]
    assert told(pair) == [("bad_msg_notification", early, 20)]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [((0, 5), (1, 3), 32), ((0, 5), (1, 5), 32), ((1, 3), (0, 5), 33), ((1, 3), (0, 3), 33)],
)
def test_server_refuses_with_32_and_33(first: tuple[int, int], second: tuple[int, int], code: int) -> None:
    pair = Pair()
    ids = [pair.client_id(), pair.client_id()]
    assert codes(pair.to_server(pair.forge_client(api_body(1), ids[first[0]], first[1]))) == []
    assert codes(pair.to_server(pair.forge_client(api_body(2), ids[second[0]], second[1]))) == [code]


def test_server_accepts_equal_even_numbers() -> None:
    pair = Pair()
    for _ in range(3):
        assert codes(pair.to_server(pair.forge_client(types.MsgsAck(msg_ids=[]), None, 2))) == []


def test_server_accepts_packets_that_overtook_each_other() -> None:
    pair = Pair()
    packets = []
    for number in range(4):
        pair.send(number)
        packets += pair.from_client()
        pair.now += 1
    for packet in (packets[2], packets[0], packets[3], packets[1]):
        assert codes(pair.to_server(packet)) == []
    assert len(pair.executed) == 4


@pytest.mark.parametrize(
    "body", [types.MsgsAck(msg_ids=[]).to_bytes(), wire.write_container([]), wire.write_copy(Message(4, 1, api_body()))]
)
def test_strict_server_refuses_with_34(body: bytes) -> None:
    pair = Pair(strict=True)
    assert codes(pair.to_server(pair.forge_client(body, None, 1))) == [34]


def test_server_refuses_with_35() -> None:
    pair = Pair()
    assert codes(pair.to_server(pair.forge_client(api_body(1), None, 2))) == [35]


@pytest.mark.parametrize("seqno", [1, 2])
def test_server_accepts_other_service_messages_with_either_number(seqno: int) -> None:
    pair = Pair()
    assert codes(pair.to_server(pair.forge_client(functions.Ping(ping_id=1), None, seqno))) == []


def test_server_refuses_with_48_and_names_the_right_salt(pair: Pair) -> None:
    msg_id, seqno = pair.client_id(), pair.next_content_seqno()
    events = pair.to_server(pair.forge_client(api_body(1), msg_id, seqno, salt=pair.salts.current(pair.now) ^ 1))
    assert events == [NotAccepted(msg_id, 48)]
    notice: Any = pair.said_by_server()[0]
    assert (notice.NAME, notice.bad_msg_id, notice.bad_msg_seqno, notice.error_code) == (
        "bad_server_salt",
        msg_id,
        seqno,
        48,
    )
    assert notice.new_server_salt == pair.salts.current(pair.now)


def test_server_accepts_the_salt_before(pair: Pair) -> None:
    salt = pair.salts.current(pair.now)
    pair.now += 1800
    packet = pair.forge_client(api_body(1), None, pair.next_content_seqno(), salt=salt)
    assert codes(pair.to_server(packet)) == []


def invalid_containers() -> dict[str, Callable[[Pair, int], list[Message]]]:
    seqno = 1_000_003
    return {
        "nested": lambda pair, _outer: [Message(pair.client_id(), seqno, wire.write_container([]))],
        "id above its own": lambda _pair, outer: [Message(outer + 4, seqno, api_body(1))],
        "id equal to its own": lambda _pair, outer: [Message(outer, seqno, api_body(1))],
        "inner parity": lambda pair, _outer: [Message(pair.client_id() + 1, seqno, api_body(1))],
    }


@pytest.mark.parametrize("kind", sorted(invalid_containers()))
def test_server_refuses_with_64_a_container_with(pair: Pair, kind: str) -> None:
    good = Message(pair.client_id(), 1_000_001, api_body(9))
    outer = pair.client_id(1)
    bad = invalid_containers()[kind](pair, outer)
    events = pair.to_server(pair.forge_client(wire.write_container([good, *bad]), outer, 1_000_010))
    assert events == [NotAccepted(outer, 64)]
    assert pair.executed == []


def test_server_refuses_with_64_a_container_that_is_cut_short(pair: Pair) -> None:
    body = wire.write_container([Message(pair.client_id(), 1_000_001, api_body(9))])[:-4]
    assert codes(pair.to_server(pair.forge_client(body, None, 1_000_010))) == [64]


def test_server_refuses_with_64_a_damaged_container_under_an_id_that_it_knows() -> None:
    pair = Pair()
    outer = pair.client_id()
    assert codes(pair.to_server(pair.forge_client(wire.write_container([]), outer, 2))) == []
    assert codes(pair.to_server(pair.forge_client(wire.write_container([]) + bytes(4), outer, 2))) == [64]


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([(0, api_body(1))], 35),
        ([(1, types.MsgsAck(msg_ids=[]).to_bytes())], 34),
        ([(3, api_body(1)), (1, api_body(2))], 32),
        ([(1, api_body(1)), (1, api_body(2))], 32),
    ],
)
def test_strict_server_refuses_a_container_for_the_numbers_of_its_messages(
    messages: list[tuple[int, bytes]], code: int
) -> None:
    pair = Pair(strict=True)
    inner = [Message(pair.client_id(), seqno, body) for seqno, body in messages]
    outer = pair.client_id()
    events = pair.to_server(pair.forge_client(wire.write_container(inner), outer, 4))
    assert events == [NotAccepted(outer, code)]
    assert pair.executed == []


def test_strict_server_refuses_a_container_whose_number_is_below_those_inside() -> None:
    pair = Pair(strict=True)
    inner = [Message(pair.client_id(), 3, api_body(1))]
    assert codes(pair.to_server(pair.forge_client(wire.write_container(inner), None, 2))) == [32]
    assert pair.executed == []


def test_server_accepts_the_same_packet_once_its_salt_is_right(pair: Pair) -> None:
    msg_id, seqno = pair.client_id(), pair.next_content_seqno()
    pair.to_server(pair.forge_client(api_body(1), msg_id, seqno, salt=1))
    pair.to_server(pair.forge_client(api_body(1), msg_id, seqno))
    assert pair.executed == [api_body(1)]


@pytest.mark.parametrize("code", [16, 17, 32, 33, 48, 64])
def test_server_never_accepts_a_copy_of_what_it_refused_with(pair: Pair, code: int) -> None:
    request, old = refused(pair, code)
    (packet,) = pair.lost_packets
    pair.run()
    assert codes(pair.to_server(packet)) == [0]
    assert pair.executed == [api_body(1)]
    assert request.msg_id != old
