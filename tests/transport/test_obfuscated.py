"""Obfuscation at both ends."""

from __future__ import annotations

import pytest

from mtproto.errors import LocalProtocolError
from mtproto.transport import TAGGED, Abridged, Full, Layout, detect, obfuscate
from tests.transport.support import client_of, encrypted, seeded_random

SECRET = bytes(range(16))
tagged = pytest.mark.parametrize("framing", TAGGED.values(), ids=lambda framing: framing.name)
secrets = pytest.mark.parametrize("secret", [None, SECRET], ids=["no secret", "secret"])


@tagged
@secrets
@pytest.mark.parametrize("dc_id", [2, -2, 10_002, 2**15 - 1, -(2**15)])
def test_the_server_learns_framing_and_dc(framing: type[Layout], secret: bytes | None, dc_id: int) -> None:
    client = obfuscate(client_of(framing), seeded_random(), dc_id=dc_id, secret=secret)
    found = detect(client.opening(), seeded_random(), secrets=(secret,) if secret else ())
    assert found is not None
    assert (found.name, found.rest, found.dc_id) == (f"obfuscated-{framing.name}", b"", dc_id)


@tagged
def test_nothing_of_a_packet_shows(framing: type[Layout]) -> None:
    client = obfuscate(client_of(framing), seeded_random())
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
