"""What all framings share: how a stream becomes events, and what may be packed at all.

A framing turns MTProto payloads into a byte stream and back (core.telegram.org/mtproto/mtproto-transports). It knows
nothing of what a payload says, except where its own padding can only be told from the payload's length (padded
intermediate). One object serves one end of one connection and has one owner.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from mtproto.errors import LocalProtocolError, RemoteProtocolError, TransportError
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.transport.buffer import ReceiveBuffer
from mtproto.transport.events import Event, Payload, QuickAck

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SMALLEST_PAYLOAD", "ClientTransport", "Framing", "Role", "ServerTransport"]

SMALLEST_PAYLOAD = 24
"""A plain message of one word, and the header of an encrypted one, have 24 bytes; whatever is shorter is a control
packet of the server."""


class Role(enum.Enum):
    """Which end of the connection a framing stands at."""

    CLIENT = "client"
    SERVER = "server"


class ClientTransport(Protocol):
    """The client's end of any framing, obfuscated or not.

    Attributes:
        quick_acks: whether they can be asked for.
        ready: whether anything but `opening` may be sent. Only a disguise begins without.
        packets: whether the carrier has to move what `pack` returns apart from all else, and hands over likewise.

    """

    quick_acks: bool
    ready: bool
    packets: bool

    @property
    def missing(self) -> int:
        """How many bytes at least are still to come of the packet whose beginning has come; 0 if none has."""

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


class Framing(ABC):
    """One end of one connection. Subclasses say how a header reads, what surrounds a payload, and little else.

    Args:
        role: the end at which this object stands.
        random: source of random bytes, for padding.
        limits: `frame_accepted` bounds a payload in both directions.

    """

    name: ClassVar[str]
    tag: ClassVar[bytes] = b""
    quick_ack_order: ClassVar[Literal["little", "big"]] = "little"
    capacity: ClassVar[int] = 2**31 - 64  # what the length field can say, with room for padding
    quick_acks: bool = True
    ready: bool = True
    packets: bool = False

    def __init__(self, role: Role, random: Callable[[int], bytes], *, limits: Limits = DEFAULT_LIMITS) -> None:
        self._client = role is Role.CLIENT
        self._random = random
        self._largest = min(limits.frame_accepted, self.capacity)
        self._buffer = ReceiveBuffer()
        self._failure: RemoteProtocolError | None = None
        self._missing = 0

    @property
    def missing(self) -> int:
        """How many bytes are still to come of the packet whose header has come; 0 if none has."""
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
        return b"".join(self.pieces(payload, quick_ack))

    def check(self, payload: bytes, quick_ack: bool) -> None:
        """Do nothing if `pack` takes these arguments; raises what it raises else."""
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
            LocalProtocolError: not a token, a client's end, or a framing without quick acknowledgements.

        """
        if self._client or not self.quick_acks:
            raise LocalProtocolError(f"{self.name}: this end can't send a quick acknowledgement")
        if token >> 31 != 1:
            raise LocalProtocolError("a quick ack token has 32 bits, the highest of them set")
        return token.to_bytes(4, self.quick_ack_order)

    def pack_error(self, code: int) -> bytes:
        """Return the bytes of a transport error (the server's end only).

        Args:
            code: a negative 32-bit number, such as -404.

        Raises:
            LocalProtocolError: another number, or a client's end.

        """
        if self._client or not -(2**31) <= code < 0:
            raise LocalProtocolError(f"{self.name}: this end can't send the transport error {code}")
        return self.frame(code.to_bytes(4, "little", signed=True), False)

    def receive(self, data: bytes) -> list[Event]:
        """Take what came in, in pieces of any size, and return what it completes.

        Raises:
            RemoteProtocolError: the stream is broken and can't be read on; what came before stands in `events`.

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
            failure.events = tuple(events)
            raise
        return events

    def frame(self, payload: bytes, marked: bool) -> bytes:
        """Put header and trailer around any bytes, unchecked; `marked` sets the header's top bit."""
        return b"".join(self.pieces(payload, marked))

    @abstractmethod
    def pieces(self, payload: bytes, marked: bool) -> tuple[bytes, ...]:
        """Return what `frame` returns, not put together yet: the payload itself, and what stands around it."""

    @abstractmethod
    def _measure(self) -> tuple[int, int, bool] | None:
        """Read the next header: its size, the size of what follows, its top bit. None while it is incomplete."""

    def _take(self, header: int, size: int) -> bytes | None:
        """Take the next packet off the buffer and return its payload; None while it is incomplete."""
        payload = self._buffer.take(header, size)
        if payload is None:
            self._buffer.expect(header, size)
        return payload

    def _control(self, data: bytes) -> Event | None:
        """Read a packet too short to be a payload; None for one that says nothing."""
        if len(data) != 4:
            raise RemoteProtocolError("frame", f"{len(data)} bytes are neither a payload nor an error code")
        code = int.from_bytes(data, "little", signed=True)
        if code > 0:
            raise RemoteProtocolError("frame", "an error code is negative")
        return TransportError(code) if code else None

    def _read(self, events: list[Event]) -> bool:
        measured = self._measure()
        if measured is None:
            return False
        header, size, marked = measured
        if marked and self._client:
            token = self._buffer.take(0, 4)
            if token is None:
                return False
            events.append(QuickAck(int.from_bytes(token, self.quick_ack_order)))
            return True
        self._check_size(size)
        payload = self._take(header, size)
        if payload is None:
            self._missing = header + size - len(self._buffer)
            return False
        self._missing = 0
        if len(payload) >= SMALLEST_PAYLOAD:
            events.append(Payload(payload, marked))
        elif (event := self._control(payload)) is not None:
            events.append(event)
        return True

    def _check_size(self, size: int) -> None:
        """Refuse a packet by its header, before more of it is kept."""
        if size > self._largest:
            raise RemoteProtocolError("frame", f"{size} bytes announced, at most {self._largest} are accepted")
        if size < SMALLEST_PAYLOAD and not self._client:
            raise RemoteProtocolError("frame", f"{size} bytes announced, a payload has at least {SMALLEST_PAYLOAD}")
        if size % 4:
            raise RemoteProtocolError("frame", f"{size} bytes announced, not a multiple of 4")
