"""What travels is what the documentation says: a second writing of it says the same, at both ends of every framing."""

from __future__ import annotations

import pytest

from mtproto.transport import Payload, Role
from tests.transport import by_hand
from tests.transport.support import EVERY_WAY, TOKEN, between, comparable, encrypted, ends, plain

SENT = [encrypted(24), plain(40), encrypted(504), plain(488), encrypted(24 + 16 * 40)]
ERROR = b"\x6c\xfe\xff\xff"

every_way = pytest.mark.parametrize("way", [way for way in EVERY_WAY if way != "fake TLS"])
both_ends = pytest.mark.parametrize("receiver", Role, ids=lambda role: f"to the {role.value}")


def framing_of(way: str) -> str:
    return EVERY_WAY[way][0].removeprefix("obfuscated-")


def turned(way: str, receiver: Role, stream: bytes) -> bytes:
    """Return the stream to an end with its obfuscation put on or taken off, which is the same."""
    name, secret = EVERY_WAY[way]
    if not name.startswith("obfuscated-"):
        return stream
    header = ends(way).client.opening()
    before = header if receiver is Role.SERVER else b""
    key = secret.key if secret is not None else None
    return by_hand.hidden(header, key, before + stream, to_server=receiver is Role.SERVER)[len(before) :]


def padding_of(way: str, wire: bytes, size: int) -> bytes:
    """Return the padding behind the first packet, which has that many bytes without it."""
    if framing_of(way) != "padded":
        return b""
    return wire[4 + size : 4 + int.from_bytes(wire[:4], "little") % 2**31]


@every_way
def test_the_opening(way: str) -> None:
    name, secret = EVERY_WAY[way]
    opening, tag = ends(way).client.opening(), by_hand.TAGS[framing_of(way)]
    if not name.startswith("obfuscated-"):
        assert opening == tag
        return
    key = secret.key if secret is not None else None
    inside = by_hand.hidden(opening, key, opening, to_server=True)
    assert len(opening) == 64
    assert inside[56:60] == tag * (4 // len(tag))
    assert inside[60:62] == b"\x02\x00"  # the DC


@every_way
@both_ends
def test_packets_as_they_are_sent(way: str, receiver: Role) -> None:
    sender, _ = between(way, receiver)
    marks = [receiver is Role.SERVER and sender.quick_acks and bool(number % 2) for number in range(len(SENT))]
    stream = b"".join(sender.pack(payload, mark) for payload, mark in zip(SENT, marks, strict=True))
    wire = turned(way, receiver, stream)
    for number, (payload, mark) in enumerate(zip(SENT, marks, strict=True)):
        padding = padding_of(way, wire, len(payload))
        assert len(padding) <= (15 if receiver is Role.SERVER else 3)
        packet = by_hand.framed(framing_of(way), payload, number=number, marked=mark, padding=padding)
        assert wire.startswith(packet)
        wire = wire[len(packet) :]
    assert wire == b""


@every_way
@both_ends
def test_packets_as_they_are_read(way: str, receiver: Role) -> None:
    _, end = between(way, receiver)
    packets = []
    for number, payload in enumerate(SENT):
        padding = bytes(range(3 * number)) if framing_of(way) == "padded" else b""
        packets.append(by_hand.framed(framing_of(way), payload, number=number, padding=padding))
    assert end.receive(turned(way, receiver, b"".join(packets))) == [Payload(payload) for payload in SENT]


@every_way
def test_errors_and_quick_acks(way: str) -> None:
    client, server = ends(way)
    wire = turned(way, Role.CLIENT, server.pack_error(-404))
    packet = by_hand.framed(framing_of(way), ERROR, padding=padding_of(way, wire, 4))
    assert wire == packet
    expected: list[tuple[object, ...]] = [("error", -404)]
    if server.quick_acks:
        wire = turned(way, Role.CLIENT, bytes(len(packet)) + server.pack_quick_ack(TOKEN))[len(packet) :]
        assert wire == by_hand.quick_ack(framing_of(way), TOKEN, padding_of(way, wire, 8))
        packet += wire
        expected.append(("quick ack", TOKEN))
    assert comparable(client.receive(turned(way, Role.CLIENT, packet))) == expected
