"""Payloads one by one: no stream, no header."""

from __future__ import annotations

import pytest

from mtproto.errors import LocalProtocolError, RemoteProtocolError, TransportError
from mtproto.transport import Framing, Packets, Payload, Role, Secret, begins_http, client_transport


def ends() -> tuple[Framing, Framing]:
    return Framing(Packets, Role.CLIENT, bytes), Framing(Packets, Role.SERVER, bytes)


@pytest.mark.parametrize("size", [24, 28, 1024, 70_000])
def test_a_packet_is_its_payload(size: int) -> None:
    client, server = ends()
    payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
    assert client.opening() == b""
    assert client.pack(payload) == payload == server.pack(payload)
    assert server.receive(payload) == [Payload(payload)] == client.receive(payload)


@pytest.mark.parametrize("size", [1, 4, 20, 25, 26, 30])
def test_what_is_no_payload_is_neither_sent_nor_accepted(size: int) -> None:
    client, server = ends()
    with pytest.raises(LocalProtocolError):
        client.pack(bytes(size))
    with pytest.raises(RemoteProtocolError):
        server.receive(bytes(size))


def test_an_empty_body_says_nothing() -> None:
    assert ends()[0].receive(b"") == []


def test_four_bytes_are_an_error_code() -> None:
    client, server = ends()
    [error] = client.receive(server.pack_error(-404))
    assert isinstance(error, TransportError)
    assert error.code == -404


def test_there_are_no_quick_acknowledgements() -> None:
    client, server = ends()
    with pytest.raises(LocalProtocolError):
        client.pack(bytes(24), quick_ack=True)
    with pytest.raises(LocalProtocolError):
        server.pack_quick_ack(1 << 31)


def test_no_proxy_carries_them() -> None:
    assert client_transport("packets", bytes).packets
    with pytest.raises(LocalProtocolError):
        client_transport("packets", bytes, secret=Secret.parse("00" * 16))


@pytest.mark.parametrize(
    ("head", "verdict"),
    [
        (b"", None),
        (b"P", None),
        (b"POS", None),
        (b"POST", True),
        (b"GET /", True),
        (b"OPTIONS", True),
        (b"PO\0", False),
    ],
)
def test_http_is_told_by_its_method(head: bytes, verdict: bool | None) -> None:
    assert begins_http(head) is verdict
