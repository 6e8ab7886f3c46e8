"""Obfuscation at both ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import LocalProtocolError
from mtproto.transport import (
    Abridged,
    Framing,
    Full,
    Intermediate,
    Obfuscated,
    PaddedIntermediate,
    Payload,
    QuickAck,
    detect,
    obfuscate,
)
from tests.transport.support import TOKEN, client_of, comparable, encrypted, feed, payloads, plain, seeded_random

if TYPE_CHECKING:
    from mtproto.transport import ServerTransport

TAGGED: list[type[Framing]] = [Abridged, Intermediate, PaddedIntermediate]
SECRET = bytes(range(16))
tagged = pytest.mark.parametrize("framing", TAGGED, ids=lambda framing: framing.name)
secrets = pytest.mark.parametrize("secret", [None, SECRET], ids=["no secret", "secret"])


def pair(framing: type[Framing], secret: bytes | None) -> tuple[Obfuscated, ServerTransport, int | None]:
    client = obfuscate(client_of(framing), seeded_random(), dc_id=-2, secret=secret)
    found = detect(client.opening(), seeded_random(), secrets=(secret,) if secret else ())
    assert found is not None
    assert found.transport is not None
    assert found.name == f"obfuscated-{framing.name}"
    assert found.rest == b""
    return client, found.transport, found.dc_id


@tagged
@secrets
def test_both_ends_understand_each_other(framing: type[Framing], secret: bytes | None) -> None:
    client, server, dc_id = pair(framing, secret)
    assert dc_id == -2
    for payload in (plain(40), encrypted(40), encrypted(24 + 16 * 4000)):
        assert server.receive(client.pack(payload)) == [Payload(payload)]
        assert client.receive(server.pack(payload)) == [Payload(payload)]
    assert server.receive(client.pack(encrypted(40), quick_ack=True)) == [Payload(encrypted(40), True)]
    assert client.receive(server.pack_quick_ack(TOKEN)) == [QuickAck(TOKEN)]
    assert comparable(client.receive(server.pack_error(-429))) == [("error", -429)]


@given(st.sampled_from(TAGGED), st.lists(payloads, min_size=1, max_size=3), st.lists(st.integers(1, 40), max_size=200))
def test_how_the_stream_is_cut_changes_nothing(framing: type[Framing], sent: list[bytes], cuts: list[int]) -> None:
    client, server, _ = pair(framing, None)
    stream = b"".join(client.pack(payload) for payload in sent)
    assert feed(server, stream, cuts) == [("payload", payload, False) for payload in sent]


@tagged
def test_nothing_of_a_packet_shows(framing: type[Framing]) -> None:
    client, _, _ = pair(framing, None)
    assert encrypted(8) not in client.pack(encrypted(1000))


def test_a_framing_without_a_tag_cannot_be_obfuscated() -> None:
    with pytest.raises(LocalProtocolError):
        obfuscate(client_of(Full), seeded_random())


@pytest.mark.parametrize("secret", [b"", SECRET[:15], SECRET + b"x"])
def test_a_secret_has_16_bytes(secret: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        obfuscate(client_of(Abridged), seeded_random(), secret=secret)


@pytest.mark.parametrize("dc_id", [2**15, -(2**15) - 1])
def test_a_dc_id_has_16_bits(dc_id: int) -> None:
    with pytest.raises(LocalProtocolError):
        obfuscate(client_of(Abridged), seeded_random(), dc_id=dc_id)


FORBIDDEN = [
    b"\xef",
    b"HEAD",
    b"POST",
    b"GET ",
    b"OPTI",
    b"\x16\x03\x01\x02",
    b"\xdd" * 4,
    b"\xee" * 4,
    b"1234\0\0\0\0",
]


@pytest.mark.parametrize("start", FORBIDDEN)
def test_a_header_never_looks_like_another_transport(start: bytes) -> None:
    draws = iter([start + b"a" * (64 - len(start)), b"b" * 64])
    assert obfuscate(client_of(Abridged), lambda size: next(draws)[:size]).opening()[:56] == b"b" * 56


def test_a_broken_source_of_randomness_does_not_hang() -> None:
    with pytest.raises(LocalProtocolError):
        obfuscate(client_of(Abridged), bytes)
