"""The server knows each transport within 64 bytes, however they arrive, and gives back what it read."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import RemoteProtocolError
from mtproto.transport import TRANSPORTS, Detected, Payload, Secret, client_transport, detect
from tests.transport.support import encrypted, plain, seeded_random

every_transport = pytest.mark.parametrize("name", TRANSPORTS)


def detect_stepwise(stream: bytes, secrets: tuple[bytes, ...] = ()) -> Detected | None:
    """Feed one byte more each time; everything before the finding says None."""
    for end in range(len(stream) + 1):
        found = detect(stream[:end], seeded_random(), secrets=secrets)
        if found is not None:
            return found
    return None


@pytest.mark.parametrize(("above", "refused"), [(0, False), (4, True)])
def test_a_server_takes_packets_of_two_mebibytes_at_most_unless_it_is_told_otherwise(above: int, refused: bool) -> None:
    found = detect(client_transport("intermediate", seeded_random()).opening(), seeded_random())
    assert found is not None
    assert found.transport is not None
    header = ((2 << 20) + above).to_bytes(4, "little")
    with pytest.raises(RemoteProtocolError, match="frame") if refused else contextlib.nullcontext():
        assert found.transport.receive(header) == []


@every_transport
def test_each_transport_is_found_byte_by_byte_and_in_one_piece(name: str) -> None:
    client = client_transport(name, seeded_random(), dc_id=2)
    stream = client.opening() + client.pack(plain(40)) + client.pack(encrypted(40))
    for found in (detect(stream, seeded_random()), detect_stepwise(stream)):
        assert found is not None
        assert found.name == name
        assert found.transport is not None
        assert found.dc_id == (2 if name.startswith("obfuscated") else None)
        behind = stream[len(client.opening()) :]
        assert behind.startswith(found.rest)
        assert found.transport.receive(behind) == [Payload(plain(40)), Payload(encrypted(40))]


@every_transport
def test_what_is_not_the_tag_is_given_back(name: str) -> None:
    client = client_transport(name, seeded_random(), dc_id=2)
    behind = client.pack(plain(40)) + b"and more"
    found = detect(client.opening() + behind, seeded_random())
    assert found is not None
    assert found.rest == behind


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"POST /api HTTP/1.1\r\n", "http"),
        (b"GET /apiws HTTP/1.1\r\n", "http"),
        (b"HEAD / HTTP/1.1\r\n", "http"),
        (b"OPTIONS * HTTP/1.1\r\n", "http"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "tls"),
    ],
)
def test_carriers_are_named_and_given_back_whole(head: bytes, name: str) -> None:
    assert detect(head, seeded_random()) == Detected(name, None, head)


@given(st.binary(min_size=64, max_size=100))
def test_64_bytes_always_suffice(head: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        assert detect(head, seeded_random()) is not None


def test_the_right_secret_is_found_among_several() -> None:
    secrets = (bytes(16), b"\x11" * 16, b"\x22" * 16)
    client = client_transport("obfuscated-padded", seeded_random(), dc_id=10_001, secret=Secret(secrets[1]))
    found = detect(client.opening(), seeded_random(), secrets=secrets)
    assert found is not None
    assert found.dc_id == 10_001
    assert found.transport is not None
    assert found.transport.receive(client.pack(encrypted(40))) == [Payload(encrypted(40))]


@pytest.mark.parametrize("used", [None, b"\x33" * 16])
def test_a_client_without_the_secret_is_refused(used: bytes | None) -> None:
    client = client_transport("obfuscated-padded", seeded_random(), dc_id=2, secret=Secret(used) if used else None)
    with pytest.raises(RemoteProtocolError):
        detect(client.opening(), seeded_random(), secrets=(b"\x11" * 16,))
