"""Peers of other kinds are known by what they say first, and no honest stream is taken for one."""

from __future__ import annotations

import os

import pytest
from hypothesis import given

from mtproto.transport import TRANSPORTS, client_transport, detect, foreign_peer
from tests.transport.support import payloads

BANNERS = {
    "HTTP": b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "TLS": bytes.fromhex("15030300020246"),
    "SMTP": b"220 mail.example ESMTP Postfix\r\n",
    "IMAP": b"* OK [CAPABILITY IMAP4rev1] ready\r\n",
    "POP3": b"+OK ready\r\n",
    "Redis": b"-ERR unknown command\r\n",
    "HTTP/2": bytes.fromhex("000012040000000000"),
    "VNC": b"RFB 003.008\n",
}


@pytest.mark.parametrize(("name", "said"), BANNERS.items(), ids=BANNERS)
def test_a_peer_of_another_kind_is_named(name: str, said: bytes) -> None:
    error = foreign_peer(said)
    assert error is not None
    assert name in str(error)
    assert foreign_peer(said[:4]) is None  # too little to be sure


def test_its_own_words_are_shown_as_far_as_they_are_a_line_of_text() -> None:
    assert "'SSH-2.0-OpenSSH_9.6'" in str(foreign_peer(BANNERS["SSH"] + b"\x1b[2Jmore"))
    assert "15 03 03 00 02 02 46" in str(foreign_peer(BANNERS["TLS"]))
    assert len(str(foreign_peer(b"HTTP/1.1 200 " + b"a" * 5000))) < 200


def test_tls_is_no_surprise_where_it_was_asked_for() -> None:
    hello = bytes.fromhex("160303007a020000760303")
    assert foreign_peer(hello) is not None
    assert foreign_peer(hello, tls=True) is None


@given(payloads)
@pytest.mark.parametrize("name", TRANSPORTS)
def test_no_packet_of_ours_is_foreign(name: str, payload: bytes) -> None:
    client = client_transport(name, os.urandom, dc_id=2)
    found = detect(client.opening() + client.pack(payload), os.urandom)
    assert found is not None
    assert found.transport is not None
    assert foreign_peer(found.transport.pack(payload)) is None
