"""What is particular to one framing."""

from __future__ import annotations

import zlib
from typing import Any

import pytest

from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.transport import Abridged, Framing, Full, Intermediate, Layout, PaddedIntermediate, Payload, QuickAck, Role
from tests.transport.support import TOKEN, client_of, comparable, encrypted, plain, seeded_random, server_of


def test_abridged_counts_words_in_one_byte_below_127_and_in_three_from_there() -> None:
    client = client_of(Abridged)
    assert client.opening() == b"\xef"
    assert client.pack(encrypted(504))[:2] == b"\x7e\x5a"
    assert client.pack(plain(488))[:4] == b"\x7f\x7f\x00\x00"
    assert client.pack(encrypted(504), quick_ack=True)[:1] == b"\xfe"
    assert client.pack(plain(488), quick_ack=True)[:4] == b"\xff\x7f\x00\x00"


def test_abridged_sends_the_token_most_significant_byte_first() -> None:
    assert server_of(Abridged).pack_quick_ack(TOKEN) == bytes.fromhex("8a7b6c5d")


def test_abridged_accepts_the_long_form_of_a_short_length() -> None:
    assert client_of(Abridged).receive(b"\x7f\x0a\x00\x00" + encrypted(40)) == [Payload(encrypted(40))]


def test_intermediate_sends_length_and_token_little_endian() -> None:
    client, server = client_of(Intermediate), server_of(Intermediate)
    assert client.opening() == b"\xee\xee\xee\xee"
    assert client.pack(encrypted(40), quick_ack=True)[:4] == b"\x28\x00\x00\x80"
    assert server.pack_quick_ack(TOKEN) == bytes.fromhex("5d6c7b8a")


@pytest.mark.parametrize("padding", range(16))
def test_padded_cuts_any_padding_of_both_kinds_of_payload(padding: int) -> None:
    for payload in (encrypted(24), encrypted(24 + 16 * 7), plain(4), plain(40), plain(168)):
        stream = (len(payload) + padding).to_bytes(4, "little") + payload + b"\xa5" * padding
        assert client_of(PaddedIntermediate).receive(stream) == [Payload(payload)]
        assert server_of(PaddedIntermediate).receive(stream) == [Payload(payload)]


def test_padded_draws_every_length_of_padding() -> None:
    client = client_of(PaddedIntermediate)
    assert client.opening() == b"\xdd\xdd\xdd\xdd"
    assert {len(client.pack(encrypted(40))) - 44 for _ in range(300)} == set(range(16))


def test_padded_adds_no_whole_word_towards_clients() -> None:
    server = server_of(PaddedIntermediate)
    assert {len(server.pack(encrypted(40))) - 44 for _ in range(300)} == set(range(4))


def test_padded_refuses_a_payload_whose_end_the_receiver_could_not_tell() -> None:
    client = client_of(PaddedIntermediate)
    with pytest.raises(LocalProtocolError):
        client.pack(encrypted(44))
    with pytest.raises(LocalProtocolError):
        client.pack(plain(40) + bytes(4))


def test_padded_refuses_a_plain_message_longer_than_its_packet() -> None:
    for stream in (plain(40)[:-4], plain(40)[:16] + b"\xff\xff\xff\xff" + bytes(40), plain(41)[:60] + bytes(4)):
        with pytest.raises(RemoteProtocolError):
            server_of(PaddedIntermediate).receive(len(stream).to_bytes(4, "little") + stream)


@pytest.mark.parametrize("tail", range(9))
def test_padded_reads_a_quick_ack_in_a_packet_of_8_to_16_bytes(tail: int) -> None:
    stream = (8 + tail).to_bytes(4, "little") + b"\xff" * 4 + TOKEN.to_bytes(4, "little") + b"\x33" * tail
    assert client_of(PaddedIntermediate).receive(stream) == [QuickAck(TOKEN)]


def test_padded_reads_a_quick_ack_as_a_bare_word() -> None:
    assert client_of(PaddedIntermediate).receive(TOKEN.to_bytes(4, "little")) == [QuickAck(TOKEN)]


@pytest.mark.parametrize("tail", range(12))
def test_padded_reads_an_error_code_of_4_to_15_bytes(tail: int) -> None:
    stream = (4 + tail).to_bytes(4, "little") + b"\x54\xfe\xff\xff" + b"\x33" * tail
    assert comparable(client_of(PaddedIntermediate).receive(stream)) == [("error", -428)]


def test_padded_keeps_control_packets_within_their_sizes() -> None:
    server = server_of(PaddedIntermediate)
    assert {len(server.pack_error(-404)) - 4 for _ in range(300)} == set(range(4, 8))
    assert {len(server.pack_quick_ack(TOKEN)) - 4 for _ in range(300)} == set(range(8, 17))


@pytest.mark.parametrize("framing", [Intermediate, Full])
@pytest.mark.parametrize("size", [25, 26, 27, 41])
def test_a_payload_of_broken_words_is_refused(framing: type[Layout], size: int) -> None:
    for end in (client_of(framing), server_of(framing)):
        with pytest.raises(RemoteProtocolError):
            end.receive(client_of(framing).frame(bytes(size), False))


@pytest.mark.parametrize("framing", [Abridged, Intermediate, PaddedIntermediate, Full])
def test_a_positive_code_is_not_an_error_code(framing: type[Layout]) -> None:
    with pytest.raises(RemoteProtocolError):
        client_of(framing).receive(server_of(framing).frame((404).to_bytes(4, "little"), False))


def test_full_counts_packets_in_each_direction_and_covers_all_with_the_checksum() -> None:
    client = client_of(Full)
    assert client.opening() == b""
    for sequence in range(3):
        packet = client.pack(encrypted(24))
        assert packet[:8] == (36).to_bytes(4, "little") + sequence.to_bytes(4, "little")
        assert packet[-4:] == zlib.crc32(packet[:-4]).to_bytes(4, "little")


@pytest.mark.parametrize("position", range(4, 36))
def test_full_refuses_any_changed_byte(position: int) -> None:
    packet = bytearray(client_of(Full).pack(encrypted(24)))
    packet[position] ^= 1
    with pytest.raises(RemoteProtocolError):
        server_of(Full).receive(bytes(packet))


def test_full_refuses_a_repeated_and_a_skipped_packet() -> None:
    client, server = client_of(Full), server_of(Full)
    first = client.pack(encrypted(24))
    server.receive(first)
    with pytest.raises(RemoteProtocolError, match="sequence"):
        server.receive(first)
    client.pack(encrypted(24))
    with pytest.raises(RemoteProtocolError, match="sequence"):
        server_of(Full).receive(client.pack(encrypted(24)))


def test_full_counts_on_past_32_bits() -> None:
    sender, receiver = Framing(Full, Role.CLIENT, seeded_random()), Framing(Full, Role.SERVER, seeded_random())
    for end in (sender, receiver):
        layout: Any = end._layout
        layout._sent = layout._received = 2**32 - 1
    for _ in range(2):
        assert receiver.receive(sender.pack(encrypted(24))) == [Payload(encrypted(24))]
