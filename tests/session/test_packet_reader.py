"""The reader of packets: one budget for all that a packet holds, and a place for each wrapper."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import RemoteProtocolError
from mtproto.limits import Limits
from mtproto.session import wire
from mtproto.session.constructors import GZIP_PACKED, MSG_CONTAINER, MSG_COPY, RPC_RESULT
from mtproto.session.packet_reader import Cost, PacketReader
from mtproto.session.wire import Message
from tests.session.harness import api_body

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(container_messages_accepted=8, inflated=1000)
LEAF = api_body()

WRAP: dict[int, Callable[[bytes], bytes]] = {
    MSG_CONTAINER: lambda body: wire.write_container([Message(5, 1, body)]),
    MSG_COPY: lambda body: wire.write_copy(Message(5, 1, body)),
    GZIP_PACKED: wire.write_gzip,
    RPC_RESULT: lambda body: wire.write_rpc_result(4, body),
}


def unwrap(reader: PacketReader, body: bytes) -> bytes:
    """Read whatever wrappers there are, as sessions do, and return what is inside all of them."""
    wrapper = wire.constructor_id(body)
    match wrapper:
        case _ if wrapper not in WRAP:
            return body
        case _ if wrapper == MSG_CONTAINER:
            inner = reader.container(body)[0].body
        case _ if wrapper == MSG_COPY:
            inner = reader.copy(body).body
        case _ if wrapper == GZIP_PACKED:
            inner = reader.inflate(body)
        case _:
            inner = reader.result(body)[1]
    with reader.within(wrapper):
        return unwrap(reader, inner)


def nested(*wrappers: int) -> bytes:
    """Return the leaf in these wrappers, the outermost first."""
    body = LEAF
    for wrapper in reversed(wrappers):
        body = WRAP[wrapper](body)
    return body


@pytest.mark.parametrize(
    "wrappers",
    [
        (),
        (MSG_CONTAINER, MSG_COPY, GZIP_PACKED, RPC_RESULT),
        (MSG_CONTAINER, RPC_RESULT, GZIP_PACKED),
        (MSG_COPY, RPC_RESULT, RPC_RESULT, GZIP_PACKED),
        (GZIP_PACKED, RPC_RESULT),
    ],
)
def test_wrappers_in_their_places_are_read(wrappers: tuple[int, ...]) -> None:
    assert unwrap(PacketReader(LIMITS), nested(*wrappers)) == LEAF


@pytest.mark.parametrize(
    ("wrappers", "reason"),
    [
        ((GZIP_PACKED, GZIP_PACKED), "gzip_packed: nested"),
        ((GZIP_PACKED, RPC_RESULT, GZIP_PACKED), "gzip_packed: nested"),
        ((RPC_RESULT, GZIP_PACKED, RPC_RESULT, GZIP_PACKED), "gzip_packed: nested"),
        ((RPC_RESULT, RPC_RESULT, RPC_RESULT), "rpc_result: nested"),
        ((RPC_RESULT, MSG_CONTAINER), "rpc_result: it holds a msg_container"),
        ((RPC_RESULT, GZIP_PACKED, MSG_CONTAINER), "gzip_packed: it holds a msg_container"),
        ((RPC_RESULT, MSG_COPY), "rpc_result: it holds a msg_copy"),
        ((GZIP_PACKED, MSG_COPY), "gzip_packed: it holds a msg_copy"),
        ((MSG_COPY, MSG_CONTAINER), "msg_copy: it holds a msg_container"),
        ((MSG_COPY, MSG_COPY), "msg_copy: it holds a msg_copy"),
        ((MSG_CONTAINER, MSG_CONTAINER), "msg_container: a container inside a container"),
    ],
)
def test_wrappers_out_of_place_or_too_deep_are_refused(wrappers: tuple[int, ...], reason: str) -> None:
    with pytest.raises(RemoteProtocolError) as refused:
        unwrap(PacketReader(LIMITS), nested(*wrappers))
    assert str(refused.value).startswith(reason)


@given(st.lists(st.sampled_from(sorted(WRAP)), max_size=60))
def test_no_nesting_is_followed_far(wrappers: list[int]) -> None:
    reader = PacketReader(LIMITS)
    try:
        assert unwrap(reader, nested(*wrappers)) == LEAF
    except RemoteProtocolError:
        return
    assert len(wrappers) <= 5


def test_messages_of_a_packet_are_counted_together() -> None:
    reader = PacketReader(LIMITS)
    copy = wire.write_copy(Message(5, 1, LEAF))
    messages = reader.container(wire.write_container([Message(5, 1, copy)] * 5))
    with reader.within(MSG_CONTAINER):
        for message in messages[:3]:
            reader.copy(message.body)
        with pytest.raises(wire.TooMany):
            reader.copy(messages[3].body)
    assert reader.budget._left[Cost.MESSAGES] == 0


def test_inflated_bytes_of_a_packet_are_counted_together() -> None:
    reader = PacketReader(LIMITS)
    packed = wire.write_gzip(bytes(400))
    for _ in range(2):
        reader.inflate(packed)
    assert reader.budget._left[Cost.INFLATED] == 200
    with pytest.raises(RemoteProtocolError, match="inflate to more than 200"):
        reader.inflate(packed)


def test_each_packet_begins_with_the_whole_budget_at_its_root() -> None:
    reader = PacketReader(LIMITS)
    with pytest.raises(RemoteProtocolError), reader.within(MSG_COPY):
        reader.container(nested(MSG_CONTAINER))  # an error leaves the wrapper, too
    reader.spend(Cost.MESSAGES, 8, "test")
    reader.inflate(wire.write_gzip(bytes(1000)))
    reader.begin()
    assert reader.budget._left[Cost.MESSAGES] == 8
    assert reader.budget._left[Cost.INFLATED] == 1000
    assert len(reader.container(nested(MSG_CONTAINER))) == 1


def test_what_does_not_fit_into_the_budget_takes_nothing_of_it() -> None:
    reader = PacketReader(LIMITS)
    with pytest.raises(wire.TooMany, match="9 messages, 8 of 8 are left"):
        reader.spend(Cost.MESSAGES, 9, "test")
    assert reader.budget._left[Cost.MESSAGES] == 8


def test_ids_of_a_packet_are_counted_together() -> None:
    reader = PacketReader(Limits(message_ids_accepted=8, ids_accepted=12))
    assert reader.ids(wire.write_acks(range(8))) == tuple(range(8))
    with pytest.raises(wire.TooMany, match="8 ids, 4 of 12 are left"):
        reader.ids(wire.write_acks(range(8)))


def test_more_ids_than_documented_are_refused() -> None:
    reader = PacketReader(Limits())
    assert len(reader.ids(wire.write_acks(range(8192)))) == 8192
    with pytest.raises(wire.TooMany, match="8193 ids, at most 8192 are allowed"):
        reader.ids(wire.write_acks(range(8193)))


def test_a_packet_that_names_too_many_ids_has_nothing_unpacked_any_more() -> None:
    reader = PacketReader(Limits(ids_accepted=4))
    with pytest.raises(wire.TooMany):
        reader.ids(wire.write_acks(range(5)))
    with pytest.raises(RemoteProtocolError, match="inflated to all that it may"):
        reader.inflate(wire.write_gzip(LEAF))
    reader.begin()
    assert reader.inflate(wire.write_gzip(LEAF)) == LEAF


def test_work_grows_with_all_that_packets_hold() -> None:
    reader = PacketReader(Limits())
    seen = [reader.work]
    for what in (
        reader.begin,
        lambda: reader.container(wire.write_container([Message(5, 1, LEAF)] * 10)),
        lambda: reader.ids(wire.write_acks(range(160))),
        lambda: reader.inflate(wire.write_gzip(bytes(13_000))),
        reader.begin,
    ):
        what()
        seen.append(reader.work)
    assert [later - earlier for earlier, later in pairwise(seen)] == [5, 20, 10, 10, 5]
