"""Fake TLS, for secrets that begin with ee: MTProto that looks like HTTPS to whoever watches.

    client                                       proxy
    ClientHello, signed with the secret  ──────▶
                                         ◀────── ServerHello, change cipher spec, a record of random bytes: signed
    change cipher spec, records          ──────▶
                                         ◀────── records

The records carry one byte stream in each direction: the padded intermediate framing, obfuscated
(core.telegram.org/mtproto/mtproto-transports). Fake TLS encrypts nothing. `mtproto.proxy` makes the proxy's end from
`tls_greeting` and `tls_records`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.transport.secret import SecretKind
from mtproto.transport.tls_greeting import sign_hello, verify_answer
from mtproto.transport.tls_hello import RANDOM_END, RANDOM_START, client_hello
from mtproto.transport.tls_records import (
    CHANGE_CIPHER_SPEC,
    HEADER_SIZE,
    LONGEST_CIPHERTEXT,
    LONGEST_PLAINTEXT,
    RecordReader,
    cut_records,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.transport.events import Event
    from mtproto.transport.framing import ClientTransport
    from mtproto.transport.secret import Secret

__all__ = ["FakeTLS", "clock_hint"]

CLIENT_RECORD = 2878
"""Bytes of data in a client's record: where TDLib cuts."""

LONGEST_ANSWER = 1 << 16
"""Bytes that a proxy's answer may have: honest answers have fewer than 10,000."""

_HANDSHAKE = bytes.fromhex("160303")
_ANSWER_END = CHANGE_CIPHER_SPEC + bytes.fromhex("170303")


def clock_hint(now: float) -> str:
    """Return words for errors about the time in a hello: a proxy refuses a wrong clock like a wrong secret.

    Args:
        now: the time of the hello, Unix seconds; the hello carries the lower 32 bits.

    """
    stamp = datetime.fromtimestamp(int(now) & 0xFFFF_FFFF, UTC)
    return f"a proxy also refuses a hello whose clock is minutes off, and this one said {stamp:%Y-%m-%d %H:%M:%S} UTC"


class FakeTLS:
    """The client's end of a connection to a proxy: an obfuscated transport, and its disguise.

    It is not `ready` until the proxy has answered: nothing but `opening` may be sent before.

    Args:
        inside: the obfuscated transport. Its header is sent together with its first packet.
        secret: of the proxy; it has a domain.
        random: source of random bytes.
        now: Unix seconds, for the hello.

    Raises `LocalProtocolError` where the secret asks for no fake TLS.

    """

    def __init__(self, inside: ClientTransport, secret: Secret, random: Callable[[int], bytes], now: float) -> None:
        if secret.kind is not SecretKind.FAKE_TLS:
            raise LocalProtocolError("this secret asks for no fake TLS")
        self.quick_acks = inside.quick_acks
        self.ready = False
        self.packets = False
        self._inside = inside
        self._secret = secret
        self._random = random
        self._now = now
        self._answer: _AnswerReader | None = None
        self._records = RecordReader()
        self._begun = False

    @property
    def missing(self) -> int:
        """How many bytes are still to come of the packet whose header has come; more, with the headers of records."""
        return self._inside.missing

    def opening(self) -> bytes:
        """Return what the client sends once, and alone: its hello."""
        hello = sign_hello(client_hello(self._secret.domain, self._random), self._secret.key, self._now)
        self._answer = _AnswerReader(self._secret.key, hello[RANDOM_START:RANDOM_END])
        return hello

    def pack(self, payload: bytes, quick_ack: bool = False) -> bytes:
        """Return the bytes that carry one payload.

        Raises:
            LocalProtocolError: like the transport inside; or the proxy has not answered yet.

        """
        if not self.ready:
            raise LocalProtocolError("the proxy has not answered the greeting yet")
        data = self._inside.pack(payload, quick_ack)
        if self._begun:
            return cut_records(data, CLIENT_RECORD)
        self._begun = True
        return CHANGE_CIPHER_SPEC + cut_records(self._inside.opening() + data, CLIENT_RECORD)

    def receive(self, data: bytes) -> list[Event]:
        """Take what came in, return what it completes.

        Raises:
            RemoteProtocolError: the transport inside fails; or the proxy does not know the secret; or the bytes are no
                records. `events` holds the events before that place.

        """
        if not self.ready:
            if self._answer is None:
                raise LocalProtocolError("nothing can be received before the greeting is sent")
            try:
                rest = self._answer.receive(data)
            except RemoteProtocolError as failure:
                raise RemoteProtocolError(failure.check, f"{failure.detail}; {clock_hint(self._now)}") from failure
            if rest is None:
                return []
            self.ready = True
            data = rest
        try:
            stream = self._records.receive(data)
        except RemoteProtocolError as failure:
            failure.keep_events(self._inside.receive(b"".join(failure.events)))
            raise
        return self._inside.receive(stream) if stream else []


class _AnswerReader:
    """Gathers a proxy's answer: handshake records, a change of ciphers, one record of data."""

    def __init__(self, key: bytes, client_random: bytes) -> None:
        self._key = key
        self._client_random = client_random
        self._data = bytearray()
        self._position = 0  # where the next record begins
        self._failure: RemoteProtocolError | None = None

    def receive(self, data: bytes) -> bytes | None:
        """Take what came in; once the answer is whole and genuine, return what is behind it.

        Raises:
            RemoteProtocolError: the answer is wrong, and more bytes can't make it right.

        """
        if self._failure is not None:
            raise RemoteProtocolError(self._failure.check, self._failure.detail)
        self._data += data
        try:
            while (end := self._next_end()) is not None:
                if self._data[self._position] == CHANGE_CIPHER_SPEC[0]:
                    verify_answer(bytes(self._data[:end]), self._key, self._client_random)
                    return bytes(self._data[end:])
                self._position = end
        except RemoteProtocolError as failure:
            self._failure = RemoteProtocolError(failure.check, failure.detail)  # without frames
            self._data.clear()
            raise
        return None

    def _next_end(self) -> int | None:
        """Return where the next record ends, or the last two together; None while that is not here."""
        data, start = self._data, self._position
        known = _HANDSHAKE if data[start : start + 1] != _ANSWER_END[:1] or not start else _ANSWER_END
        head = bytes(data[start : start + len(known) + 2])
        if head[: len(known)] != known[: len(head)]:
            raise RemoteProtocolError("greeting", "not answered with a ServerHello")
        if len(head) < len(known) + 2:
            return None
        size = int.from_bytes(head[len(known) :], "big")
        end = start + len(head) + size
        longest = LONGEST_PLAINTEXT if known is _HANDSHAKE else LONGEST_CIPHERTEXT
        if size > longest or end > LONGEST_ANSWER or (not start and size < RANDOM_END - HEADER_SIZE):
            raise RemoteProtocolError("greeting", f"a record of {size} bytes in the answer of the proxy")
        return end if end <= len(data) else None
