"""A framing at one end of one connection: it turns MTProto payloads into a byte stream and back.

core.telegram.org/mtproto/mtproto-transports. `Framing` is the same for all framings: it keeps what came in, and checks
what may be packed at all. A `Layout` tells one framing from the other. Neither knows what a payload says; only padded
intermediate reads the length of a plain message, because nothing else tells where the padding begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mtproto.errors import LocalProtocolError, RemoteProtocolError
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.transport.buffer import ReceiveBuffer
from mtproto.transport.events import Event, Payload, QuickAck
from mtproto.transport.layout import SMALLEST_PAYLOAD, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.transport.layout import Layout

__all__ = ["ClientTransport", "Framing", "ServerTransport"]


class ClientTransport(Protocol):
    """The client's end of any framing, obfuscated or not.

    Attributes:
        quick_acks: whether quick acknowledgements can be asked for.
        ready: whether packets may be sent. Fake TLS is not ready until the proxy has answered.
        packets: whether the carrier has to keep packets apart: each result of `pack` is sent alone, and each piece that
            is received is one packet.

    """

    quick_acks: bool
    ready: bool
    packets: bool

    @property
    def missing(self) -> int:
        """How many bytes at least are still to come of a packet that has begun; 0 if no packet has."""

    def opening(self) -> bytes:
        """Return what the client sends once, before its first packet."""

    def pack(self, payload: bytes, quick_ack: bool = False) -> bytes:
        """Return the bytes that carry one payload."""

    def receive(self, data: bytes) -> list[Event]:
        """Take what came in, return what it completes."""


class ServerTransport(Protocol):
    """The server's end of any framing, obfuscated or not."""

    quick_acks: bool

    def pack(self, payload: bytes, quick_ack: bool = False) -> bytes:
        """Return the bytes that carry one payload."""

    def pack_quick_ack(self, token: int) -> bytes:
        """Return the bytes of a quick acknowledgement."""

    def pack_error(self, code: int) -> bytes:
        """Return the bytes of a transport error."""

    def frame(self, payload: bytes, marked: bool) -> bytes:
        """Put header and trailer around any bytes, unchecked: for servers that misbehave on purpose."""

    def receive(self, data: bytes) -> list[Event]:
        """Take what came in, return what it completes."""


class Framing:
    """One end of one connection. One owner.

    Args:
        layout: which framing it is.
        role: the end at which this object stands.
        random: source of random bytes, for padding.
        limits: `frame_accepted` bounds a payload in both directions.

    Attributes:
        name: the name of the framing.
        tag: the bytes that name it on the wire; empty where nothing does.
        quick_acks: whether quick acknowledgements exist.
        ready: whether packets may be sent: always.
        packets: whether the carrier has to keep packets apart.

    """

    def __init__(
        self, layout: type[Layout], role: Role, random: Callable[[int], bytes], *, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self.name = layout.name
        self.tag = layout.tag
        self.quick_acks = layout.quick_acks
        self.ready = True
        self.packets = layout.packets
        self._layout = layout(role, random)
        self._client = role is Role.CLIENT
        self._largest = min(limits.frame_accepted, layout.capacity)
        self._buffer = ReceiveBuffer()
        self._failure: RemoteProtocolError | None = None
        self._missing = 0

    @property
    def missing(self) -> int:
        """How many bytes are still to come of a packet whose header is here; 0 if there is none."""
        return self._missing

    def opening(self) -> bytes:
        """Return what the client sends once, before its first packet: the tag that names the framing."""
        return self.tag

    def pack(self, payload: bytes, quick_ack: bool = False) -> bytes:
        """Return the bytes that carry one payload.

        Args:
            payload: a multiple of 4 bytes, at least 24.
            quick_ack: ask the server for a quick acknowledgement (the client's end only).

        Raises:
            LocalProtocolError: the payload can't be carried, or quick acknowledgements don't exist here.

        """
        self.check(payload, quick_ack)
        return b"".join(self._layout.pieces(payload, quick_ack))

    def check(self, payload: bytes, quick_ack: bool) -> None:
        """Check the arguments of `pack`; raises as `pack` does."""
        size = len(payload)
        if size < SMALLEST_PAYLOAD or size % 4 or size > self._largest:
            raise LocalProtocolError(
                f"a payload has a multiple of 4 bytes, from {SMALLEST_PAYLOAD} to {self._largest}, not {size}"
            )
        if quick_ack and not (self._client and self.quick_acks):
            raise LocalProtocolError(f"{self.name}: this end can't ask for a quick acknowledgement")

    def pack_quick_ack(self, token: int) -> bytes:
        """Return the bytes of a quick acknowledgement (the server's end only).

        Args:
            token: 32 bits, unsigned, bit 31 set.

        Raises:
            LocalProtocolError: `token` is no token, this is a client's end, or the framing has no quick
            acknowledgements.

        """
        if self._client or not self.quick_acks:
            raise LocalProtocolError(f"{self.name}: this end can't send a quick acknowledgement")
        if token >> 31 != 1:
            raise LocalProtocolError("a quick ack token has 32 bits, the highest of them set")
        return self._layout.quick_ack(token)

    def pack_error(self, code: int) -> bytes:
        """Return the bytes of a transport error (the server's end only).

        Args:
            code: a negative 32-bit number, such as -404.

        Raises:
            LocalProtocolError: `code` is another number, or this is a client's end.

        """
        if self._client or not -(2**31) <= code < 0:
            raise LocalProtocolError(f"{self.name}: this end can't send the transport error {code}")
        return self.frame(code.to_bytes(4, "little", signed=True), False)

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes that came in, in pieces of any size, and return the events that they complete.

        Raises:
            RemoteProtocolError: the stream is broken and can't be read on; `events` holds the events before that place.

        """
        if self._failure is not None:
            raise RemoteProtocolError(self._failure.check, self._failure.detail)
        self._buffer.append(data)
        events: list[Event] = []
        try:
            while self._read(events):
                pass
        except RemoteProtocolError as failure:
            self._failure = RemoteProtocolError(failure.check, failure.detail)  # without frames
            self._buffer = ReceiveBuffer()
            failure.keep_events(events)
            raise
        return events

    def frame(self, payload: bytes, marked: bool) -> bytes:
        """Put header and trailer around any bytes, unchecked; `marked` sets the header's top bit."""
        return b"".join(self._layout.pieces(payload, marked))

    def pieces(self, payload: bytes, marked: bool) -> tuple[bytes, ...]:
        """Return the parts of `frame`, not put together yet: the payload itself, and the bytes around it."""
        return self._layout.pieces(payload, marked)

    def _read(self, events: list[Event]) -> bool:
        layout, buffer, client = self._layout, self._buffer, self._client
        measured = layout.measure(buffer, client)
        if measured is None:
            return False
        header, size, marked = measured
        if marked and client:
            token = buffer.take(0, 4)
            if token is None:
                return False
            events.append(QuickAck(int.from_bytes(token, layout.quick_ack_order)))
            return True
        layout.check_size(size, self._largest, client)
        payload = layout.take(buffer, header, size)
        if payload is None:
            self._missing = header + size - len(buffer)
            return False
        self._missing = 0
        if len(payload) >= SMALLEST_PAYLOAD:
            events.append(Payload(payload, marked))
        elif (event := layout.control(payload)) is not None:
            events.append(event)
        return True
