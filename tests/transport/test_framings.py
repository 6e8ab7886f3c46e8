"""Rules that hold for every transport of a stream: each framing, plain, obfuscated and in disguise, at both ends."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.limits import DEFAULT_LIMITS
from mtproto.transport import Abridged, Framing, Full, Intermediate, Layout, PaddedIntermediate, Payload, Role
from mtproto.transport.buffer import LARGE
from tests.transport.support import (
    EVERY_WAY,
    FRAMINGS,
    LONGEST,
    TOKEN,
    between,
    comparable,
    encrypted,
    ends,
    feed,
    payload_of,
    payloads,
    plain,
    seeded_random,
)

every_framing = pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.name)
every_way = pytest.mark.parametrize("way", EVERY_WAY)
both_ends = pytest.mark.parametrize("receiver", Role, ids=lambda role: f"to the {role.value}")

SMALL = 32
"""Bytes of a payload that are called large, so that small ones are treated likewise."""

PADDED = {way for way, (name, _) in EVERY_WAY.items() if "padded" in name}
TWO_HEADERS = [encrypted(24), plain(40), encrypted(504), plain(488), encrypted(24 + 16 * 40)]
"""Payloads on both sides of the border between the two forms of an abridged header."""


# What is packed arrives ----------------------------------------------------------------------------------------------


@every_way
@both_ends
@settings(max_examples=60)
@given(st.lists(payloads, min_size=1, max_size=4))
def test_what_was_packed_arrives(way: str, receiver: Role, sent: list[bytes]) -> None:
    sender, end = between(way, receiver)
    stream = b"".join(sender.pack(data) for data in sent)
    assert end.receive(stream) == [Payload(data) for data in sent]


@every_way
@both_ends
@pytest.mark.parametrize("border", [4 * 127, *(1 << bits for bits in range(6, 17)), LONGEST - 16])
def test_every_length_around_a_border_of_a_length_field_arrives(way: str, receiver: Role, border: int) -> None:
    sender, end = between(way, receiver)
    for size in range(max(24, border - 24), border + 20, 4):
        data = payload_of(size)
        assert end.receive(sender.pack(data)) == [Payload(data)]


@every_way
@both_ends
@given(st.integers(24 // 4, LONGEST // 4).map(lambda words: 4 * words))
def test_a_multiple_of_four_from_24_arrives_or_is_refused_where_its_end_could_not_be_told(
    way: str, receiver: Role, size: int
) -> None:
    sender, end = between(way, receiver)
    if way in PADDED and (size - 24) % 16:
        with pytest.raises(LocalProtocolError):
            sender.pack(encrypted(size))
    else:
        assert end.receive(sender.pack(encrypted(size))) == [Payload(encrypted(size))]


@every_way
@both_ends
@given(st.integers(0, LONGEST).filter(lambda size: size < 24 or size % 4))
def test_any_other_length_is_refused_before_it_is_packed(way: str, receiver: Role, size: int) -> None:
    sender, end = between(way, receiver)
    with pytest.raises(LocalProtocolError):
        sender.pack(encrypted(size))
    assert end.receive(sender.pack(encrypted(24))) == [Payload(encrypted(24))]  # nothing was counted or encrypted


@every_way
@both_ends
def test_the_largest_payload_arrives_and_a_larger_one_is_refused_before_it_is_packed(way: str, receiver: Role) -> None:
    sender, end = between(way, receiver, replace(DEFAULT_LIMITS, frame_accepted=1016))
    for _ in range(50):  # with padding of every length
        assert end.receive(sender.pack(encrypted(1016))) == [Payload(encrypted(1016))]
    with pytest.raises(LocalProtocolError):
        sender.pack(encrypted(1032))


# However the stream is cut -------------------------------------------------------------------------------------------


def stream_to(receiver: Role, way: str, sent: list[bytes]) -> tuple[bytes, list[tuple[object, ...]]]:
    """Return all kinds of things that an end may be sent, and what they are."""
    sender, _ = between(way, receiver)
    if receiver is Role.SERVER:
        marks = [sender.quick_acks and not number % 2 for number in range(len(sent))]
        pieces = [sender.pack(data, mark) for data, mark in zip(sent, marks, strict=True)]
        return b"".join(pieces), [("payload", *pair) for pair in zip(sent, marks, strict=True)]
    server: Any = sender
    pieces = [server.pack(data) for data in sent[:1]]
    made: list[tuple[object, ...]] = [("payload", data, False) for data in sent]
    if server.quick_acks:
        pieces.append(server.pack_quick_ack(TOKEN))
        made.insert(1, ("quick ack", TOKEN))
    pieces += [server.pack(data) for data in sent[1:]]
    pieces.append(server.pack_error(-404))
    return b"".join(pieces), [*made, ("error", -404)]


@every_way
@both_ends
def test_byte_by_byte_gives_the_same_as_one_piece(way: str, receiver: Role) -> None:
    stream, expected = stream_to(receiver, way, TWO_HEADERS)
    assert feed(between(way, receiver)[1], stream, ()) == expected
    for large in (LARGE, SMALL):
        assert feed(between(way, receiver)[1], stream, itertools.repeat(1, len(stream)), large=large) == expected


@every_way
@both_ends
@settings(max_examples=40)
@given(st.lists(payloads, min_size=1, max_size=3), st.lists(st.integers(1, 40), max_size=400))
def test_how_the_stream_is_cut_changes_nothing(way: str, receiver: Role, sent: list[bytes], cuts: list[int]) -> None:
    stream, expected = stream_to(receiver, way, sent)
    for large in (LARGE, SMALL):
        assert feed(between(way, receiver)[1], stream, cuts, large=large) == expected


@every_way
@both_ends
def test_every_prefix_waits_for_the_rest(way: str, receiver: Role) -> None:
    stream, expected = stream_to(receiver, way, [encrypted(24), plain(4)])
    known = 0
    for size in range(len(stream)):
        _, end = between(way, receiver)
        before = feed(end, stream[:size], (), large=SMALL)
        assert before == expected[: len(before)]
        assert known <= len(before) < len(expected)
        known = len(before)
        assert before + feed(end, stream[size:], ()) == expected


@every_way
@both_ends
@settings(max_examples=40)
@given(st.data())
def test_changed_bytes_give_events_or_our_own_error(way: str, receiver: Role, data: st.DataObject) -> None:
    stream = bytearray(stream_to(receiver, way, [encrypted(40), plain(24), encrypted(520)])[0])
    for _ in range(data.draw(st.integers(1, 3))):
        stream[data.draw(st.integers(0, len(stream) - 1))] ^= data.draw(st.integers(1, 255))
    whole = feed(between(way, receiver)[1], bytes(stream), ())
    for large in (LARGE, SMALL):
        assert feed(between(way, receiver)[1], bytes(stream), itertools.repeat(1, len(stream)), large=large) == whole


@every_way
@both_ends
@given(st.binary(max_size=300), st.lists(st.integers(1, 9), max_size=300))
def test_any_bytes_give_events_or_our_own_error(way: str, receiver: Role, stream: bytes, cuts: list[int]) -> None:
    whole = feed(between(way, receiver)[1], stream, ())
    for large in (LARGE, SMALL):
        assert feed(between(way, receiver)[1], stream, cuts, large=large) == whole


# What is too large ---------------------------------------------------------------------------------------------------

HEADERS: dict[type[Layout], tuple[Callable[[int], bytes], int]] = {
    Abridged: (lambda size: (size >> 2 << 8 | 0x7F).to_bytes(4, "little"), 0),
    Intermediate: (lambda size: size.to_bytes(4, "little"), 0),
    PaddedIntermediate: (lambda size: size.to_bytes(4, "little"), 15),
    Full: (lambda size: (size + 12).to_bytes(4, "little") + bytes(4), 0),
}
"""How a header announces a size, and how much padding that size may count."""


@every_framing
@both_ends
@pytest.mark.parametrize("largest", [1016, 1 << 16, DEFAULT_LIMITS.frame_accepted])
def test_a_size_is_refused_by_its_header_alone_from_the_first_above_the_limit(
    framing: type[Layout], receiver: Role, largest: int
) -> None:
    limits = replace(DEFAULT_LIMITS, frame_accepted=largest)
    header, padding = HEADERS[framing]
    assert Framing(framing, receiver, seeded_random(), limits=limits).receive(header(largest + padding)) == []
    too_large = header(largest + (padding + 1 if padding else 4))
    for size in range(len(too_large)):
        assert Framing(framing, receiver, seeded_random(), limits=limits).receive(too_large[:size]) == []
    with pytest.raises(RemoteProtocolError, match=r"at most|accepted are"):
        Framing(framing, receiver, seeded_random(), limits=limits).receive(too_large)


@every_framing
@both_ends
def test_the_largest_length_that_a_header_can_say_is_read_right(framing: type[Layout], receiver: Role) -> None:
    limits = replace(DEFAULT_LIMITS, frame_accepted=1 << 40)  # the framing's own bound is what counts
    header, padding = HEADERS[framing]
    end = Framing(framing, receiver, seeded_random(), limits=limits)
    assert end.receive(header(framing.capacity + padding)) == []
    assert end._layout.measure(end._buffer, receiver is Role.CLIENT) == (
        len(header(0)),
        framing.capacity + padding,
        False,
    )


def test_abridged_carries_as_many_words_as_three_bytes_count_and_no_more() -> None:
    limits = replace(DEFAULT_LIMITS, frame_accepted=1 << 27)
    sender, end = between("abridged", Role.SERVER, limits)
    data = bytes(8) + b"\x01" * ((0xFF_FFFF << 2) - 8)
    wire = sender.pack(data)
    assert wire[:4] == b"\x7f\xff\xff\xff"
    (event,) = end.receive(wire)
    arrived = event == Payload(data)
    assert arrived  # nobody wants to see 64 MiB that differ
    with pytest.raises(LocalProtocolError):
        sender.pack(data + bytes(4))


@every_way
@both_ends
def test_what_came_before_an_oversize_packet_is_handed_up_and_nothing_is_kept(way: str, receiver: Role) -> None:
    sender, _ = between(way, receiver)
    _, end = between(way, receiver, replace(DEFAULT_LIMITS, frame_accepted=1016))
    stream = sender.pack(encrypted(40)) + sender.pack(encrypted(1032))
    with pytest.raises(RemoteProtocolError) as caught:
        end.receive(stream)
    assert caught.value.check == "frame"
    assert caught.value.events == (Payload(encrypted(40)),)
    with pytest.raises(RemoteProtocolError) as caught:
        end.receive(sender.pack(encrypted(40)))
    assert caught.value.events == ()
    assert len(buffer_of(end)) == 0


def buffer_of(end: Any) -> bytes:
    """Return what the framing behind all disguises keeps."""
    while not isinstance(end, Framing):
        end = end._framing if hasattr(end, "_framing") else end._inside
    return bytes(len(end._buffer))


# Quick acknowledgements, errors, and what says nothing ---------------------------------------------------------------


@every_way
def test_a_quick_ack_is_asked_for_call_by_call_and_comes_as_an_event(way: str) -> None:
    client, server = ends(way)
    assert client.quick_acks is server.quick_acks is (way != "full")
    if not client.quick_acks:
        with pytest.raises(LocalProtocolError):
            client.pack(encrypted(40), quick_ack=True)
        with pytest.raises(LocalProtocolError):
            server.pack_quick_ack(TOKEN)
        return
    for data, wanted in itertools.product(TWO_HEADERS, (True, False)):
        assert server.receive(client.pack(data, quick_ack=wanted)) == [Payload(data, wanted)]
    for token in (TOKEN, 1 << 31, 0xFFFF_FFFF, 0x8000_00FF, 0xFF00_0000):
        answer = server.pack_quick_ack(token) + server.pack(encrypted(40))
        assert comparable(client.receive(answer)) == [("quick ack", token), ("payload", encrypted(40), False)]


@every_way
def test_only_the_ends_that_may_do_it_send_quick_acks_and_errors(way: str) -> None:
    client, server = ends(way)
    if isinstance(client, Framing):  # of the others, none but the server's end has a use for these
        with pytest.raises(LocalProtocolError):
            client.pack_quick_ack(TOKEN)
        with pytest.raises(LocalProtocolError):
            client.pack_error(-404)
    with pytest.raises(LocalProtocolError):
        server.pack(encrypted(40), quick_ack=True)
    for code in (0, 404, -(2**31) - 1):
        with pytest.raises(LocalProtocolError):
            server.pack_error(code)
    for token in (TOKEN & 0x7FFF_FFFF, TOKEN | 1 << 32, -1):
        with pytest.raises(LocalProtocolError):
            server.pack_quick_ack(token)


@every_way
@pytest.mark.parametrize("code", [-404, -429, -444, -403, -1, -1_000_000, -(2**31)])
def test_an_error_code_arrives_as_a_transport_error(way: str, code: int) -> None:
    client, server = ends(way)
    assert comparable(client.receive(server.pack_error(code))) == [("error", code)]


@every_way
def test_the_word_zero_says_nothing(way: str) -> None:
    client, server = ends(way)
    stream = server.frame(bytes(4), False) + server.pack(encrypted(40))
    assert client.receive(stream) == [Payload(encrypted(40))]


@every_framing
def test_a_client_sends_no_control_packets(framing: type[Layout]) -> None:
    client, server = ends(framing.name)
    assert isinstance(client, Framing)
    with pytest.raises(RemoteProtocolError):
        server.receive(client.frame((-404).to_bytes(4, "little", signed=True), False))
