"""The greeting of fake TLS: the messages that a client and its proxy sign, and how each checks the other.

    random of the client's hello = HMAC-SHA256(key, hello with zeros there), its last 4 bytes XOR Unix time
    random of the proxy's answer = HMAC-SHA256(key, random of the client | answer with zeros there)

Both are in bytes 11 to 42. The key is that of the secret, 16 bytes. The time is little-endian; all other numbers are
TLS's own, big-endian. No page describes this greeting: proxies and clients agree on it.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, NamedTuple

from mtproto.errors import RemoteProtocolError
from mtproto.transport.tls_hello import (
    RANDOM_END,
    RANDOM_START,
    SESSION_ID_END,
    SESSION_ID_START,
    sized,
    x25519_share,
)
from mtproto.transport.tls_records import CHANGE_CIPHER_SPEC, HEADER_SIZE, LONGEST_PLAINTEXT, cut_records

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HELLO_START", "ClientHello", "answer_hello", "hello_time", "read_hello", "sign_hello", "verify_answer"]

HELLO_START = bytes.fromhex("160301")

_HANDSHAKE = bytes.fromhex("160303")
_DIGEST = slice(RANDOM_START, RANDOM_END)
_PLAIN_DIGEST = 28
"""Bytes of the client's digest that are sent unchanged; the last four carry the time."""

_SHORTEST_CERTIFICATE, _CERTIFICATE_SPREAD = 1024, 3072


class ClientHello(NamedTuple):
    """The parts of a client's hello that a proxy needs.

    Attributes:
        record: the whole hello.
        random: the 32 bytes that carry the digest.
        session_id: 32 bytes, to be echoed.

    """

    record: bytes
    random: bytes
    session_id: bytes


def sign_hello(record: bytes, key: bytes, now: float) -> bytes:
    """Return a ClientHello, whose random bytes are zero, with the digest and the time (Unix seconds) in them."""
    digest = hmac.digest(key, record, hashlib.sha256)
    time = int.from_bytes(digest[_PLAIN_DIGEST:], "little") ^ int(now) & 0xFFFF_FFFF
    return record[:RANDOM_START] + digest[:_PLAIN_DIGEST] + time.to_bytes(4, "little") + record[RANDOM_END:]


def read_hello(data: bytes) -> ClientHello | None:
    """Read the ClientHello with which a connection begins.

    Args:
        data: all bytes that came, from the first one; at most one record is looked at.

    Returns:
        the hello; None while it is incomplete.

    Raises:
        RemoteProtocolError: the bytes do not begin with a ClientHello, or the hello can carry no digest.

    """
    if not HELLO_START.startswith(data[: len(HELLO_START)]):
        raise RemoteProtocolError("hello", "this is not TLS")
    if len(data) < HEADER_SIZE:
        return None
    size = int.from_bytes(data[3:HEADER_SIZE], "big")
    if not SESSION_ID_END - HEADER_SIZE <= size <= LONGEST_PLAINTEXT:
        raise RemoteProtocolError("hello", f"a ClientHello in a record of {size} bytes")
    record = data[: HEADER_SIZE + size]
    if len(record) < HEADER_SIZE + size:
        return None
    announced = int.from_bytes(record[6:9], "big")
    if record[5] != 1 or announced != size - 4 or record[SESSION_ID_START - 1] != SESSION_ID_END - SESSION_ID_START:
        raise RemoteProtocolError("hello", "not a ClientHello with a session id of 32 bytes")
    return ClientHello(record, record[_DIGEST], record[SESSION_ID_START:SESSION_ID_END])


def hello_time(hello: ClientHello, key: bytes) -> int | None:
    """Return the time in a hello, Unix seconds; None if the hello was not signed with `key` (16 bytes)."""
    digest = hmac.digest(key, _without_random(hello.record), hashlib.sha256)
    if not hmac.compare_digest(digest[:_PLAIN_DIGEST], hello.random[:_PLAIN_DIGEST]):
        return None
    return int.from_bytes(digest[_PLAIN_DIGEST:], "little") ^ int.from_bytes(hello.random[_PLAIN_DIGEST:], "little")


def answer_hello(hello: ClientHello, key: bytes, random: Callable[[int], bytes]) -> bytes:
    """Return a proxy's signed answer: ServerHello, change of ciphers, and random bytes in place of a certificate."""
    extensions = bytes.fromhex("00330024001d0020") + x25519_share(random)  # key_share
    extensions += bytes.fromhex("002b00020304")  # supported_versions
    body = b"".join(
        (
            bytes.fromhex("0303") + bytes(RANDOM_END - RANDOM_START),
            sized(hello.session_id, 1),
            bytes.fromhex("130100"),  # TLS_AES_128_GCM_SHA256, no compression
            sized(extensions),
        )
    )
    certificate = random(_SHORTEST_CERTIFICATE + int.from_bytes(random(2), "little") % _CERTIFICATE_SPREAD)
    answer = b"".join(
        (
            _HANDSHAKE + sized(b"\x02" + sized(body, 3)),
            CHANGE_CIPHER_SPEC,
            cut_records(certificate, LONGEST_PLAINTEXT),
        )
    )
    return answer[:RANDOM_START] + _answer_digest(answer, key, hello.random) + answer[RANDOM_END:]


def verify_answer(answer: bytes, key: bytes, client_random: bytes) -> None:
    """Check that the sender of an answer knows the secret.

    Args:
        answer: the records of all three kinds, complete.
        key: 16 bytes of the secret.
        client_random: the 32 random bytes of the hello.

    Raises:
        RemoteProtocolError: the sender does not know the secret; the connection is to be closed.

    """
    if not hmac.compare_digest(_answer_digest(answer, key, client_random), answer[_DIGEST]):
        raise RemoteProtocolError("greeting", "whoever answered does not know the secret of the proxy")


def _answer_digest(answer: bytes, key: bytes, client_random: bytes) -> bytes:
    return hmac.digest(key, client_random + _without_random(answer), hashlib.sha256)


def _without_random(record: bytes) -> bytes:
    return record[:RANDOM_START] + bytes(RANDOM_END - RANDOM_START) + record[RANDOM_END:]
