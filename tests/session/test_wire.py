"""Containers, copies, packed objects and id lists: what is written is read again, and nothing else is."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mtproto.errors import RemoteProtocolError
from mtproto.limits import DEFAULT_LIMITS
from mtproto.session import constructors, wire
from mtproto.session.wire import Message
from tests.session.harness import api_body
from tl import TLFunction, service
from tl.wire import read_bytes

longs = st.integers(-(1 << 63), (1 << 63) - 1)
ints = st.integers(-(1 << 31), (1 << 31) - 1)
bodies = st.binary(min_size=1, max_size=24).map(lambda data: b"\x01" + data * 4 + bytes(-(1 + 4 * len(data)) % 4))
messages = st.builds(Message, longs, ints, bodies)

SMALL = replace(DEFAULT_LIMITS, inflated=1000)


def test_constructor_ids_are_those_of_the_schema() -> None:
    numbers = {name: value for name, value in vars(constructors).items() if name.isupper() and isinstance(value, int)}
    names = [name for name in numbers if not name.startswith("INVOKE") and name != "VECTOR"]
    assert len(names) > 30
    assert {numbers[name] for name in names} == constructors.SERVICE_MESSAGES
    for name in names:
        assert getattr(constructors, name) == service.schema[name.lower()].ID, name


def test_invoke_after_ids_are_those_of_the_api() -> None:
    from tl import api

    assert api.functions.InvokeAfterMsg.ID == constructors.INVOKE_AFTER_MSG
    assert api.functions.InvokeAfterMsgs.ID == constructors.INVOKE_AFTER_MSGS


@given(st.lists(messages, max_size=8))
def test_containers_survive(content: list[Message]) -> None:
    assert wire.read_container(wire.write_container(content), 8) == content


@given(st.lists(messages, min_size=1, max_size=4), st.data())
def test_a_cut_container_is_refused_as_a_whole(content: list[Message], data: st.DataObject) -> None:
    whole = wire.write_container(content)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(RemoteProtocolError):
        wire.read_container(whole[:cut], 8)


@given(st.lists(messages, max_size=4), st.binary(min_size=1, max_size=8))
def test_a_container_with_something_behind_it_is_refused(content: list[Message], rest: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        wire.read_container(wire.write_container(content) + rest, 8)


@given(st.binary(max_size=64))
def test_any_bytes_are_a_container_or_an_error(data: bytes) -> None:
    try:
        content = wire.read_container(data, 8)
    except RemoteProtocolError:
        return
    assert wire.write_container(content)[4:] == data[4:]


def test_a_container_of_1024_messages_is_read_and_one_of_1025_is_not() -> None:
    one = Message(1, 1, api_body())
    assert len(wire.read_container(wire.write_container([one] * 1024), 1024)) == 1024
    with pytest.raises(wire.TooMany):
        wire.read_container(wire.write_container([one] * 1025), 1024)


def test_a_container_in_a_container_is_refused() -> None:
    nested = wire.write_container([Message(1, 0, wire.write_container([]))])
    with pytest.raises(RemoteProtocolError, match="container inside"):
        wire.read_container(nested, 8)


@pytest.mark.parametrize("length", [-4, 0, 3, 5, 1 << 30])
def test_a_message_of_impossible_length_is_refused(length: int) -> None:
    whole = bytearray(wire.write_container([Message(1, 1, api_body())]))
    whole[20:24] = length.to_bytes(4, "little", signed=True)
    with pytest.raises(RemoteProtocolError):
        wire.read_container(bytes(whole), 8)


@given(messages)
def test_copies_survive_with_and_without_the_id_of_message(message: Message) -> None:
    copy = wire.write_copy(message)
    assert wire.read_copy(copy) == message
    # Without the id, a msg_id that looks like it can't be told apart: no id of this century does.
    assume(message.msg_id & 0xFFFFFFFF != constructors.MESSAGE)
    assert wire.read_copy(copy[:4] + copy[8:]) == message


@given(messages, st.integers(1, 64))
def test_a_cut_copy_is_refused(message: Message, cut: int) -> None:
    with pytest.raises(RemoteProtocolError):
        wire.read_copy(wire.write_copy(message)[:-cut])


@given(st.lists(longs, max_size=40))
def test_acks_are_what_the_schema_says(msg_ids: list[int]) -> None:
    written = wire.write_acks(msg_ids)
    assert written == service.types.MsgsAck(msg_ids=msg_ids).to_bytes()
    assert wire.read_ids(written) == tuple(msg_ids)


@given(st.lists(longs, min_size=1, max_size=4), st.integers(1, 31))
def test_cut_id_lists_are_refused(msg_ids: list[int], cut: int) -> None:
    with pytest.raises(RemoteProtocolError):
        wire.read_ids(wire.write_acks(msg_ids)[:-cut])


def test_ids_are_counted_before_they_are_read() -> None:
    assert wire.count_ids(wire.write_acks(range(8192))) == 8192
    with pytest.raises(RemoteProtocolError):
        wire.count_ids(wire.write_acks(range(8192))[:-8])


def test_no_more_salts_are_read_than_one_asks_for() -> None:
    salts = [service.types.FutureSalt(valid_since=1, valid_until=2, salt=3)] * 3
    body = service.types.FutureSalts(req_msg_id=4, now=0, salts=salts).to_bytes()
    wire.check_future_salts(body, 3)
    for spoiled in (body[:19], body):
        with pytest.raises(RemoteProtocolError):
            wire.check_future_salts(spoiled, 2)


@given(st.integers(-(1 << 31), (1 << 31) - 1), st.text(max_size=300))
def test_rpc_errors_are_what_the_schema_says(code: int, text: str) -> None:
    expected = service.types.RpcError(error_code=code, error_message=text).to_bytes()
    assert wire.write_rpc_error(code, text) == expected


@given(longs, bodies)
def test_results_survive(req_msg_id: int, result: bytes) -> None:
    assert wire.read_rpc_result(wire.write_rpc_result(req_msg_id, result)) == (req_msg_id, result)


def test_a_result_without_a_body_is_refused() -> None:
    with pytest.raises(RemoteProtocolError):
        wire.read_rpc_result(wire.write_rpc_result(1, b""))


@given(st.binary(max_size=900))
def test_packed_objects_survive_as_gzip_and_as_zlib(data: bytes) -> None:
    assert wire.read_gzip(wire.write_gzip(data), SMALL.inflated) == data
    for packed in (gzip.compress(data), zlib.compress(data)):
        body = service.types.GzipPacked(packed_data=packed).to_bytes()
        assert wire.read_gzip(body, SMALL.inflated) == data


@given(st.binary(min_size=1, max_size=400))
def test_packed_objects_are_what_the_schema_says(data: bytes) -> None:
    packed = wire.write_gzip(data)
    assert gzip.decompress(service.decode(packed).packed_data) == data


@given(st.binary(min_size=4, max_size=200), st.data())
def test_a_cut_packed_object_is_refused(data: bytes, more: st.DataObject) -> None:
    packed = gzip.compress(data)
    cut = more.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(RemoteProtocolError):
        wire.read_gzip(service.types.GzipPacked(packed_data=packed[:cut]).to_bytes(), SMALL.inflated)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_packed_object_or_an_error(data: bytes) -> None:
    try:
        wire.read_gzip(b"\xa1\xcf\x72\x30" + data, SMALL.inflated)
    except RemoteProtocolError:
        return


def test_something_behind_the_packed_stream_is_refused() -> None:
    body = service.types.GzipPacked(packed_data=gzip.compress(api_body()) + b"more").to_bytes()
    with pytest.raises(RemoteProtocolError, match="follow"):
        wire.read_gzip(body, SMALL.inflated)


def test_an_inflated_object_may_have_the_limit_and_not_a_byte_more() -> None:
    assert len(wire.read_gzip(wire.write_gzip(bytes(1000)), SMALL.inflated)) == 1000
    with pytest.raises(RemoteProtocolError, match="more than 1000"):
        wire.read_gzip(wire.write_gzip(bytes(1001)), SMALL.inflated)


@pytest.mark.parametrize("limit", [SMALL.inflated, wire.SHORT_AT_MOST + 4])
def test_a_bomb_costs_no_more_memory_than_the_limit(limit: int) -> None:
    bomb = wire.write_gzip(bytes(1 << 22))
    assert len(bomb) < 8192
    tracemalloc.start()
    try:
        with pytest.raises(RemoteProtocolError, match=f"inflate to more than {limit}"):
            wire.read_gzip(bomb, limit)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < (1 << 18) + 2 * limit


def test_a_stream_that_announces_more_than_it_can_become_makes_no_room_for_that() -> None:
    body = bytes(1 << 20)
    packed = bytearray(gzip.compress(body))
    packed[-4:] = b"\xff" * 4
    lying = service.types.GzipPacked(packed_data=bytes(packed)).to_bytes()
    tracemalloc.start()
    try:
        with pytest.raises(RemoteProtocolError, match="damaged"):
            wire.read_gzip(lying, 1 << 30)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


@pytest.mark.parametrize("size", [996, 1000, 1004, 3000, 3004])
def test_a_stream_is_inflated_piece_by_piece(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_PIECE", 1000)
    body = random.Random(1).randbytes(size)
    packed = wire.write_gzip(body)
    assert wire.read_gzip(packed, size) == body
    with pytest.raises(RemoteProtocolError, match=f"inflate to more than {size - 1}"):
        wire.read_gzip(packed, size - 1)
    with pytest.raises(RemoteProtocolError, match="cut short"):
        wire.read_gzip(bytes(service.types.GzipPacked(packed_data=gzip.compress(body)[:-8]).to_bytes()), size)
    with pytest.raises(RemoteProtocolError, match="damaged"):
        wire.read_gzip(packed[:-8] + bytes(8), size)


def test_inflating_takes_little_more_memory_than_its_outcome() -> None:
    size = 16 * 1024 * 1024
    packed = wire.write_gzip(bytes(size))
    tracemalloc.start()
    try:
        body = wire.read_gzip(packed, size)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(body) == size
    assert peak < 1.5 * size


def test_bodies_are_packed_only_where_that_saves_bytes() -> None:
    compressible = api_body() + bytes(1000)
    assert wire.gzip_if_shorter(compressible) == wire.write_gzip(compressible)
    for body in (
        api_body() + bytes(248),
        api_body(1, 1000),
        wire.write_gzip(bytes(100_000)),
        api_body() + bytes(1 << 17),
    ):
        assert wire.gzip_if_shorter(body) is body


def test_a_few_bytes_less_are_not_worth_the_work() -> None:
    noise = random.Random(1).randbytes(1000)
    little, enough = noise + bytes(160), noise + bytes(400)
    assert len(wire.write_gzip(little)) < len(little)
    assert wire.gzip_if_shorter(little) is little
    assert wire.gzip_if_shorter(enough) == wire.write_gzip(enough)


def test_what_is_noise_in_the_middle_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = bytes(600) + random.Random(1).randbytes(30_000)
    tried: list[bytes] = []

    def write_gzip(body: bytes) -> bytes:
        tried.append(body)
        return body

    monkeypatch.setattr(wire, "write_gzip", write_gzip)
    assert wire.gzip_if_shorter(picture) is picture
    assert tried == []
    wire.gzip_if_shorter(bytes(30_000))
    assert tried == [bytes(30_000)]


@given(st.lists(longs, min_size=1, max_size=3))
def test_the_wrappers_for_order_are_what_the_api_says(msg_ids: list[int]) -> None:
    from tl import api

    query = api.functions.help.GetConfig()
    wrapped: TLFunction[api.types.Config]
    if len(msg_ids) == 1:
        wrapped = api.functions.InvokeAfterMsg(msg_id=msg_ids[0], query=query)
    else:
        wrapped = api.functions.InvokeAfterMsgs(msg_ids=msg_ids, query=query)
    assert wire.write_invoke_after(msg_ids, query.to_bytes()) == wrapped.to_bytes()


def test_the_bytes_of_a_gzip_packed_have_the_one_form_that_tl_gives_them() -> None:
    packed = wire.write_gzip(bytes(4))
    stream = read_bytes(packed, 4)[0]
    long_form = b"\xfe" + len(stream).to_bytes(3, "little") + stream + bytes(-len(stream) % 4)
    with pytest.raises(RemoteProtocolError, match="the length form of long ones"):
        wire.read_gzip(packed[:4] + long_form, 1000)
    assert wire.read_gzip(packed, 1000) == bytes(4)
