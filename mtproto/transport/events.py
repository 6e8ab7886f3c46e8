"""What a framing reads out of the byte stream (core.telegram.org/mtproto/mtproto-transports).

An error code of the server comes as a value, a `mtproto.errors.TransportError`, which the caller may raise.
"""

from __future__ import annotations

from dataclasses import dataclass

from mtproto.errors import TransportError

__all__ = ["Event", "Payload", "QuickAck"]


@dataclass(frozen=True, slots=True)
class Payload:
    """One MTProto payload, exact: header, padding and checksum of the framing are gone.

    Attributes:
        data: an encrypted packet, or a plain message with its envelope.
        quick_ack: the client asked for a quick acknowledgement (true at the server's end only).

    """

    data: bytes
    quick_ack: bool = False


@dataclass(frozen=True, slots=True)
class QuickAck:
    """The server has decrypted and accepted a packet (only on the client's side).

    Attributes:
        token: 32 bits, unsigned, bit 31 set: the first four bytes of the hash that the packet's msg_key was cut from,
            little-endian, whatever order the framing sends them in.

    """

    token: int


Event = Payload | QuickAck | TransportError
