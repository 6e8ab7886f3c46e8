"""Rules that hold for every framing, at both ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.limits import DEFAULT_LIMITS
from mtproto.transport import Abridged, Framing, Full, Intermediate, PaddedIntermediate, Payload, Role
from tests.transport.support import (
    FRAMINGS,
    TOKEN,
    client_of,
    comparable,
    encrypted,
    feed,
    payloads,
    plain,
    seeded_random,
    server_of,
)

every_framing = pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.name)
framings = st.sampled_from(FRAMINGS)

BORDERS = sorted(
    {24 + 16 * blocks for blocks in (0, 1, 29, 30, 31, 62, 63, 4000, 4090, 4373)}
    | {504, 65_528, 65_544, 69_992, 24 + 16 * 30}
)


@every_framing
@pytest.mark.parametrize("size", BORDERS)
def test_a_payload_arrives_as_it_was_packed(framing: type[Framing], size: int) -> None:
    data = encrypted(size)
    client, server = client_of(framing), server_of(framing)
    assert server.receive(client.pack(data)) == [Payload(data)]
    assert client.receive(server.pack(data)) == [Payload(data)]


@given(framings, st.lists(payloads, min_size=1, max_size=4))
def test_any_payloads_arrive_as_they_were_packed(framing: type[Framing], sent: list[bytes]) -> None:
    client, server = client_of(framing), server_of(framing)
    assert server.receive(b"".join(client.pack(data) for data in sent)) == [Payload(data) for data in sent]


@given(framings, st.integers(0, 17_500).map(lambda words: 4 * words))
def test_a_payload_is_a_multiple_of_four_from_24(framing: type[Framing], size: int) -> None:
    data = plain(size - 20) if size >= 24 else bytes(size)
    client, server = client_of(framing), server_of(framing)
    if size < 24:
        with pytest.raises(LocalProtocolError):
            client.pack(data)
    else:
        assert server.receive(client.pack(data)) == [Payload(data)]


@every_framing
@pytest.mark.parametrize("size", [0, 4, 20, 23, 25, 26, 27, 29])
def test_an_illegal_payload_is_refused_by_both_ends(framing: type[Framing], size: int) -> None:
    for end in (client_of(framing), server_of(framing)):
        with pytest.raises(LocalProtocolError):
            end.pack(encrypted(size))


@every_framing
def test_a_payload_above_the_limit_is_refused_before_it_is_packed(framing: type[Framing]) -> None:
    limits = replace(DEFAULT_LIMITS, frame_accepted=1016)
    end = framing(Role.CLIENT, seeded_random(), limits=limits)
    end.pack(encrypted(1016))
    with pytest.raises(LocalProtocolError):
        end.pack(encrypted(1032))


def stream_to_client(framing: type[Framing], sent: list[bytes]) -> bytes:
    """Return what a server may send: payloads, quick acks and an error code, mixed."""
    server = server_of(framing)
    pieces = [server.pack(data) for data in sent]
    if server.quick_acks:
        pieces.insert(1, server.pack_quick_ack(TOKEN))
    pieces.append(server.pack_error(-404))
    return b"".join(pieces)


@given(framings, st.lists(payloads, min_size=1, max_size=3), st.lists(st.integers(1, 40), max_size=400))
@settings(max_examples=60)
def test_how_the_stream_is_cut_changes_nothing(framing: type[Framing], sent: list[bytes], cuts: list[int]) -> None:
    stream = stream_to_client(framing, sent)
    whole = feed(client_of(framing), stream, [])
    assert len(whole) >= len(sent) + 1
    assert feed(client_of(framing), stream, cuts) == whole


@every_framing
def test_byte_by_byte_gives_the_same_as_one_piece(framing: type[Framing]) -> None:
    sent = [encrypted(24), plain(40), encrypted(600), encrypted(24 + 16 * 40)]
    stream = stream_to_client(framing, sent)
    assert feed(client_of(framing), stream, [1] * len(stream)) == feed(client_of(framing), stream, [])
    client = client_of(framing)
    upward = b"".join(client.pack(data, quick_ack=client.quick_acks) for data in sent)
    whole = feed(server_of(framing), upward, [])
    assert [event[1] for event in whole] == sent
    assert feed(server_of(framing), upward, [1] * len(upward)) == whole


@given(framings, st.binary(max_size=300), st.lists(st.integers(1, 9), max_size=300), st.sampled_from(Role))
def test_any_bytes_give_events_or_our_own_error(
    framing: type[Framing], stream: bytes, cuts: list[int], role: Role
) -> None:
    whole = feed(framing(role, seeded_random()), stream, [])
    assert feed(framing(role, seeded_random()), stream, cuts) == whole


@given(framings, st.data())
def test_a_changed_byte_gives_events_or_our_own_error(framing: type[Framing], data: st.DataObject) -> None:
    stream = bytearray(stream_to_client(framing, [encrypted(40), plain(24)]))
    position = data.draw(st.integers(0, len(stream) - 1))
    stream[position] ^= data.draw(st.integers(1, 255))
    whole = feed(client_of(framing), bytes(stream), [])
    assert feed(client_of(framing), bytes(stream), [1] * len(stream)) == whole


@every_framing
def test_a_quick_ack_is_asked_for_and_given(framing: type[Framing]) -> None:
    client, server = client_of(framing), server_of(framing)
    if not client.quick_acks:
        with pytest.raises(LocalProtocolError):
            client.pack(encrypted(40), quick_ack=True)
        with pytest.raises(LocalProtocolError):
            server.pack_quick_ack(TOKEN)
        return
    for size in (40, 24 + 16 * 40):
        assert server.receive(client.pack(encrypted(size), quick_ack=True)) == [Payload(encrypted(size), True)]
    assert comparable(client.receive(server.pack_quick_ack(TOKEN))) == [("quick ack", TOKEN)]


@every_framing
def test_only_the_ends_that_may_do_it_send_quick_acks_and_errors(framing: type[Framing]) -> None:
    client, server = client_of(framing), server_of(framing)
    with pytest.raises(LocalProtocolError):
        client.pack_quick_ack(TOKEN)
    with pytest.raises(LocalProtocolError):
        client.pack_error(-404)
    with pytest.raises(LocalProtocolError):
        server.pack(encrypted(40), quick_ack=True)
    with pytest.raises(LocalProtocolError):
        server.pack_error(404)
    with pytest.raises(LocalProtocolError):
        server.pack_quick_ack(TOKEN & 0x7FFF_FFFF)


@every_framing
@pytest.mark.parametrize("code", [-404, -429, -444, -403, -1_000_000, -(2**31)])
def test_an_error_code_arrives_as_a_transport_error(framing: type[Framing], code: int) -> None:
    assert comparable(client_of(framing).receive(server_of(framing).pack_error(code))) == [("error", code)]


@every_framing
def test_the_word_zero_says_nothing(framing: type[Framing]) -> None:
    server = server_of(framing)
    stream = server.frame(bytes(4), False) + server.pack(encrypted(40))
    assert client_of(framing).receive(stream) == [Payload(encrypted(40))]


@every_framing
def test_a_client_sends_no_control_packets(framing: type[Framing]) -> None:
    stray = client_of(framing).frame((-404).to_bytes(4, "little", signed=True), False)
    with pytest.raises(RemoteProtocolError):
        server_of(framing).receive(stray)


HEADERS_OF_17_MIB: dict[type[Framing], bytes] = {
    Abridged: b"\x7f" + (17 << 18).to_bytes(3, "little"),
    Intermediate: (17 << 20).to_bytes(4, "little"),
    PaddedIntermediate: (17 << 20).to_bytes(4, "little"),
    Full: (17 << 20).to_bytes(4, "little") + bytes(4),
}


@every_framing
@pytest.mark.parametrize("role", Role)
def test_an_oversize_packet_is_refused_by_its_header_alone(framing: type[Framing], role: Role) -> None:
    end = framing(role, seeded_random())
    before = server_of(framing) if role is Role.CLIENT else client_of(framing)
    first = before.pack(encrypted(40))
    header = HEADERS_OF_17_MIB[framing]
    if framing is Full:
        header = header[:4] + b"\x01\0\0\0"
    with pytest.raises(RemoteProtocolError) as caught:
        end.receive(first + header)
    assert caught.value.check == "frame"
    assert caught.value.events == (Payload(encrypted(40)),)


@every_framing
def test_a_broken_stream_stays_broken(framing: type[Framing]) -> None:
    end = client_of(framing)
    with pytest.raises(RemoteProtocolError):
        end.receive(HEADERS_OF_17_MIB[framing])
    with pytest.raises(RemoteProtocolError) as caught:
        end.receive(server_of(framing).pack(encrypted(40)))
    assert caught.value.events == ()
