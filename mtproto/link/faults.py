"""Where a server's link lets somebody misbehave on its behalf: a seam for tests of clients.

There are four moments, in the order in which a question and its answer pass them:

    reading    bytes came in, not yet unframed
    incoming   a packet was opened, its session has not seen it
    outgoing   a packet is ready, sealed or plain, not yet framed
    writing    a frame is ready, not yet sent

A fault that needs a sealed packet makes one with `mtproto.session.ServerSession.craft`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.link.server_keys import ServerKey, SessionSlot
    from mtproto.link.server_sessions import ServerSessions
    from mtproto.message.envelope import Unsealed

__all__ = ["IncomingPacket", "LinkFaults", "OutgoingPacket"]


@dataclass(frozen=True, slots=True)
class IncomingPacket:
    """A packet of a client before its session sees it.

    Attributes:
        state: keys and sessions; a fault may forget some of them.
        key: the key that sealed the packet; None for a plain packet of an exchange.
        message: the opened packet; None for a plain packet.
        now: Unix seconds.

    """

    state: ServerSessions
    key: ServerKey | None
    message: Unsealed | None
    now: float


@dataclass(frozen=True, slots=True)
class OutgoingPacket:
    """A packet for a client before it is framed.

    Attributes:
        payload: the packet, sealed or plain.
        slot: the session that sealed it; None for a plain packet of an exchange.
        now: Unix seconds.

    """

    payload: bytes
    slot: SessionSlot | None
    now: float


class LinkFaults(Protocol):
    """Changes what links read and send. Links share it with its owner, who may arm more at any time."""

    @property
    def armed(self) -> bool:
        """Whether anything may happen. While this is false, links call no other method."""

    def reading(self, data: bytes) -> tuple[bytes, bool]:
        """Return what counts as read in place of `data`, and whether the connection ends behind it."""

    def incoming(self, packet: IncomingPacket) -> int | None:
        """Do something before a packet is handled; return the transport error to answer it with, None to go on."""

    def outgoing(self, packet: OutgoingPacket) -> Sequence[bytes]:
        """Return the payloads to frame in place of a packet: itself, none, others. Their length is not checked."""

    def writing(self, data: bytes) -> tuple[bytes, bool]:
        """Return what to send in place of a frame, and whether the connection ends behind it."""
