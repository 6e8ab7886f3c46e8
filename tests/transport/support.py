"""What the framings' tests share: payloads, pieces, and events made comparable."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from mtproto.errors import RemoteProtocolError, TransportError
from mtproto.transport import Abridged, Event, Framing, Full, Intermediate, PaddedIntermediate, Payload, QuickAck, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mtproto.transport import ClientTransport, ServerTransport

FRAMINGS: list[type[Framing]] = [Abridged, Intermediate, PaddedIntermediate, Full]
TOKEN = 0x8A7B6C5D


def seeded_random() -> Callable[[int], bytes]:
    """Return a source of bytes that is the same in each run."""
    return random.Random(4).randbytes


def client_of(framing: type[Framing]) -> Framing:
    return framing(Role.CLIENT, seeded_random())


def server_of(framing: type[Framing]) -> Framing:
    return framing(Role.SERVER, seeded_random())


def encrypted(size: int, fill: int = 0x5A) -> bytes:
    """Return a payload that looks encrypted: a key id that is not zero, 24 + 16k bytes."""
    return bytes((fill,)) * size


def plain(body: int) -> bytes:
    """Return a plain message with a body of that many bytes."""
    return bytes(8) + b"\x01" * 8 + body.to_bytes(4, "little") + b"\xc3" * body


payloads = st.one_of(
    st.integers(0, 300).map(lambda blocks: encrypted(24 + 16 * blocks)),
    st.integers(1, 1200).map(lambda words: plain(4 * words)),
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


def feed(transport: ClientTransport | ServerTransport, stream: bytes, sizes: Iterable[int]) -> list[tuple[object, ...]]:
    """Feed a stream in pieces of those sizes, the rest at the end; a failure ends the list, and the feeding."""
    made: list[tuple[object, ...]] = []
    position = 0
    try:
        for size in itertools.chain(sizes, (len(stream),)):
            if position < len(stream):
                made += comparable(transport.receive(stream[position : position + size]))
                position += size
    except RemoteProtocolError as failure:
        made += comparable(failure.events)
        made.append(("failed", failure.check, failure.detail))
    return made
