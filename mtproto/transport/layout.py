"""What one framing says of itself: how its packets are laid out, and how a connection that speaks it begins.

`Framing` keeps the bytes that came in, and asks a layout where the next packet ends. A layout looks into that buffer
and takes whole packets off it. A layout keeps no bytes of its own. Full counts its packets, and padded keeps its source
of randomness; the others hold nothing.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from mtproto.errors import RemoteProtocolError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.transport.buffer import ReceiveBuffer
    from mtproto.transport.events import Event

__all__ = ["SMALLEST_PAYLOAD", "Layout", "Role"]

SMALLEST_PAYLOAD = 24
"""Bytes of the smallest payload: a plain message of one word, and the header of an encrypted packet, have 24 bytes. A
shorter packet is a control packet of the server."""


class Role(enum.Enum):
    """Which end of the connection a framing stands at."""

    CLIENT = "client"
    SERVER = "server"


class Layout(ABC):
    """The packets of one framing, at one end of one connection. The base holds no state; subclasses may.

    Attributes:
        name: what callers name the framing by.
        tag: the bytes with which the client's stream begins; empty where nothing names the framing.
        quick_acks: whether the framing has quick acknowledgements.
        quick_ack_order: the byte order of a token on the wire.
        packets: whether the carrier has to keep the packets apart, because nothing in the bytes does.
        capacity: bytes of the largest payload that the length field can announce, with room for padding.

    """

    __slots__ = ()

    name: ClassVar[str]
    tag: ClassVar[bytes] = b""
    quick_acks: ClassVar[bool] = True
    quick_ack_order: ClassVar[Literal["little", "big"]] = "little"
    packets: ClassVar[bool] = False
    capacity: ClassVar[int] = 2**31 - 64

    def __init__(self, role: Role, random: Callable[[int], bytes]) -> None:  # noqa: B027 - a layout without state needs neither
        """Begin a connection.

        Args:
            role: the end at which the framing stands.
            random: source of random bytes, for padding.

        """

    @classmethod
    def begins(cls, head: bytes) -> int | None:
        """Return how many of a connection's first bytes only name this framing; None if this is another framing."""
        return len(cls.tag) if cls.tag and head.startswith(cls.tag) else None

    @abstractmethod
    def pieces(self, payload: bytes, marked: bool) -> tuple[bytes, ...]:
        """Return a packet, not put together yet: the payload itself, unchecked, and the bytes around it.

        Args:
            payload: any bytes that fill whole words.
            marked: whether the header's top bit is set.

        """

    @abstractmethod
    def measure(self, buffer: ReceiveBuffer, client: bool) -> tuple[int, int, bool] | None:
        """Read the next header: its size, the bytes that follow it, its top bit. None while the header is incomplete.

        Args:
            buffer: what came in; nothing is taken off.
            client: whether this is the client's end.

        Raises:
            RemoteProtocolError: no header reads like this.

        """

    def check_size(self, size: int, largest: int, client: bool) -> None:
        """Refuse a packet by its header, before more of it is kept.

        Args:
            size: the bytes that the header announces.
            largest: the bytes of the largest payload that is accepted.
            client: whether this is the client's end, which takes control packets.

        Raises:
            RemoteProtocolError: with the check `frame`.

        """
        if size > largest:
            raise RemoteProtocolError("frame", f"{size} bytes announced, at most {largest} are accepted")
        if size < SMALLEST_PAYLOAD and not client:
            raise RemoteProtocolError("frame", f"{size} bytes announced, a payload has at least {SMALLEST_PAYLOAD}")
        if size % 4:
            raise RemoteProtocolError("frame", f"{size} bytes announced, not a multiple of 4")

    def take(self, buffer: ReceiveBuffer, header: int, size: int) -> bytes | None:
        """Take the next packet off the buffer and return its payload; None while the packet is incomplete.

        Args:
            buffer: what came in.
            header: the bytes of the header, as `measure` said.
            size: the bytes that follow the header.

        """
        payload = buffer.take(header, size)
        if payload is None:
            buffer.expect(header, size)
        return payload

    def control(self, data: bytes) -> Event | None:
        """Read a packet that is too short for a payload; None for a packet that says nothing.

        Raises:
            RemoteProtocolError: the packet is no error code.

        """
        if len(data) != 4:
            raise RemoteProtocolError("frame", f"{len(data)} bytes are neither a payload nor an error code")
        code = int.from_bytes(data, "little", signed=True)
        if code > 0:
            raise RemoteProtocolError("frame", "an error code is negative")
        return TransportError(code) if code else None

    def quick_ack(self, token: int) -> bytes:
        """Return the bytes of a quick acknowledgement: the token (32 bits, unsigned, bit 31 set) alone."""
        return token.to_bytes(4, self.quick_ack_order)
