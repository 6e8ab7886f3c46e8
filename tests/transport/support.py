"""What the framings' tests share: the two ends of every transport, payloads, pieces, and events made comparable."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, NamedTuple
from unittest import mock

from hypothesis import strategies as st

from mtproto.errors import RemoteProtocolError, TransportError
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.transport import (
    STREAMS,
    TRANSPORTS,
    ClientTransport,
    Event,
    FakeTLS,
    Framing,
    Layout,
    Obfuscated,
    PaddedIntermediate,
    Payload,
    QuickAck,
    Role,
    Secret,
    SecretKind,
    ServerTransport,
    buffer,
    client_transport,
    detect,
)
from mtproto.transport.buffer import LARGE
from mtproto.transport.obfuscated import OBFUSCATED_HEADER, read_header
from mtproto.transport.tls_greeting import answer_hello, read_hello
from mtproto.transport.tls_records import LONGEST_PLAINTEXT, RecordReader, cut_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FRAMINGS = list(STREAMS)
TOKEN = 0x8A7B6C5D

_KEY = b"sixteen bytes it"
_NOW = 1_800_000_000.0

Way = tuple[str, Secret | None]
"""The name of a transport, and the secret of the proxy that it leads through."""

EVERY_WAY: dict[str, Way] = {
    **{name: (name, None) for name in TRANSPORTS},
    **{f"{name}, secret": (name, Secret(_KEY)) for name in TRANSPORTS if name.startswith("obfuscated-")},
    "fake TLS": ("padded", Secret(_KEY, SecretKind.FAKE_TLS, "www.example.org")),
}
"""All that a client can speak over a stream: each framing, plain, obfuscated, with a secret, and in disguise."""


class Ends(NamedTuple):
    """The two ends of one connection, which has begun: what either packs, the other receives."""

    client: ClientTransport
    server: ServerTransport


def seeded_random() -> Callable[[int], bytes]:
    """Return a source of bytes that is the same in each run."""
    return random.Random(4).randbytes


def client_of(framing: type[Layout]) -> Framing:
    return Framing(framing, Role.CLIENT, seeded_random())


def server_of(framing: type[Layout]) -> Framing:
    return Framing(framing, Role.SERVER, seeded_random())


def ends(way: str, limits: Limits = DEFAULT_LIMITS) -> Ends:
    """Return the ends of a new connection; those of two connections of one kind have the same keys."""
    name, secret = EVERY_WAY[way]
    client = client_transport(name, seeded_random(), dc_id=2, secret=secret, limits=limits, now=_NOW)
    opening = client.opening()
    if isinstance(client, FakeTLS):
        return Ends(client, Disguised(client, opening, limits))
    first = opening or bytes(8)  # full says nothing before its first packet, whose number is 0
    found = detect(first, seeded_random(), secrets=[secret.key] if secret is not None else [], limits=limits)
    assert found is not None
    assert found.name == name
    assert found.transport is not None
    return Ends(client, found.transport)


def between(way: str, receiver: Role, limits: Limits = DEFAULT_LIMITS) -> tuple[End, End]:
    """Return the ends of a new connection, the one that sends first."""
    client, server = ends(way, limits)
    return (client, server) if receiver is Role.SERVER else (server, client)


class Disguised:
    """The server's end of fake TLS, as a proxy and the data centre behind it make it together."""

    quick_acks = True

    def __init__(self, client: FakeTLS, opening: bytes, limits: Limits) -> None:
        hello = read_hello(opening)
        assert hello is not None
        assert client.receive(answer_hello(hello, _KEY, seeded_random())) == []
        self._records = RecordReader()
        stream = self._records.receive(client.pack(plain(4)))
        header = read_header(stream[:OBFUSCATED_HEADER], _KEY)
        framing = Framing(PaddedIntermediate, Role.SERVER, seeded_random(), limits=limits)
        self._inside = Obfuscated(framing, header.encrypt, header.decrypt)
        assert self._inside.receive(stream[OBFUSCATED_HEADER:]) == [Payload(plain(4))]

    def pack(self, payload: bytes, quick_ack: bool = False) -> bytes:
        return cut_records(self._inside.pack(payload, quick_ack), LONGEST_PLAINTEXT)

    def pack_quick_ack(self, token: int) -> bytes:
        return cut_records(self._inside.pack_quick_ack(token), LONGEST_PLAINTEXT)

    def pack_error(self, code: int) -> bytes:
        return cut_records(self._inside.pack_error(code), LONGEST_PLAINTEXT)

    def frame(self, payload: bytes, marked: bool) -> bytes:
        return cut_records(self._inside.frame(payload, marked), LONGEST_PLAINTEXT)

    def receive(self, data: bytes) -> list[Event]:
        try:
            stream = self._records.receive(data)
        except RemoteProtocolError as failure:
            failure.events = tuple(self._inside.receive(b"".join(failure.events)))
            raise
        return self._inside.receive(stream)


def encrypted(size: int, fill: int = 0x5A) -> bytes:
    """Return a payload that looks encrypted: a key id that is not zero, 24 + 16k bytes."""
    return bytes((fill,)) * size


def plain(body: int) -> bytes:
    """Return a plain message with a body of that many bytes."""
    return bytes(8) + b"\x01" * 8 + body.to_bytes(4, "little") + b"\xc3" * body


def payload_of(size: int) -> bytes:
    """Return a payload of that many bytes that every framing carries: encrypted if it can be, else plain."""
    return plain(size - 20) if (size - 24) % 16 else encrypted(size)


LONGEST = 70_000

payloads = st.one_of(
    st.integers(0, 300).map(lambda blocks: encrypted(24 + 16 * blocks)),
    st.integers(1, 1200).map(lambda words: plain(4 * words)),
    st.integers(24 // 4, LONGEST // 4).map(lambda words: payload_of(4 * words)),
)


def comparable(events: Iterable[Event]) -> list[tuple[object, ...]]:
    """Return events as tuples; an error code is an exception, and exceptions compare by identity."""
    made: list[tuple[object, ...]] = []
    for event in events:
        match event:
            case Payload(data, quick_ack):
                made.append(("payload", data, quick_ack))
            case QuickAck(token):
                made.append(("quick ack", token))
            case TransportError():
                made.append(("error", event.code))
    return made


End = ClientTransport | ServerTransport


def feed(transport: End, stream: bytes, sizes: Iterable[int], *, large: int = LARGE) -> list[tuple[object, ...]]:
    """Feed a stream in pieces of those sizes, the rest at the end; a failure ends the list, and the feeding.

    Payloads from `large` bytes on are put together in a place of their own.
    """
    made: list[tuple[object, ...]] = []
    position = 0
    with mock.patch.object(buffer, "LARGE", large):
        try:
            for size in itertools.chain(sizes, (len(stream),)):
                if position < len(stream):
                    made += comparable(transport.receive(stream[position : position + size]))
                    position += size
        except RemoteProtocolError as failure:
            made += comparable(failure.events)
            made.append(("failed", failure.check, failure.detail))
    return made
