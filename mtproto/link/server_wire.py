"""What goes out over one connection of a client, framed, and the faults that spoil it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.link.faults import OutgoingPacket

if TYPE_CHECKING:
    from mtproto.link.faults import LinkFaults
    from mtproto.link.server_keys import SessionSlot
    from mtproto.link.server_standing import ServerStanding
    from mtproto.transport import ServerTransport

__all__ = ["CUT", "ServerWire"]

CUT = "a fault cut the connection"


class ServerWire:
    """The framing of one connection, and what waits to be sent beside the sessions. One owner: a server's link.

    Args:
        standing: of the link; is told when the connection is to be closed.
        faults: how packets are spoilt on their way; None for not at all.

    Attributes:
        transport: the framing; None while it is not known, and once the connection has ended.

    """

    __slots__ = ("_faults", "_outgoing", "_standing", "transport")

    def __init__(self, standing: ServerStanding, faults: LinkFaults | None) -> None:
        self._standing = standing
        self._faults = faults
        self._outgoing: list[bytes] = []
        self.transport: ServerTransport | None = None

    @property
    def armed_faults(self) -> LinkFaults | None:
        """What may spoil something now; None if nothing may."""
        faults = self._faults
        return faults if faults is not None and faults.armed else None

    def speak(self, transport: ServerTransport | None) -> None:
        """Use a framing from now on; None for no more."""
        self.transport = transport

    def pack(self, payload: bytes, slot: SessionSlot | None, now: float) -> list[bytes]:
        """Return the bytes of a packet, which faults may change; nothing without a framing.

        Args:
            payload: sealed or plain.
            slot: the session that sealed it; None for a plain packet of an exchange.
            now: Unix seconds.

        """
        transport = self.transport
        if transport is None:
            return []
        faults = self.armed_faults
        if faults is None:
            return [transport.pack(payload)]
        pieces: list[bytes] = []
        for changed in faults.outgoing(OutgoingPacket(payload, slot, now)):
            data, cut = faults.writing(transport.frame(changed, False))
            pieces.append(data)
            if cut:
                self._standing.hang_up(CUT)
                break
        return pieces

    def send(self, payload: bytes, slot: SessionSlot | None, now: float) -> None:
        """Queue a packet; arguments as `pack` takes them."""
        self._outgoing += self.pack(payload, slot, now)

    def acknowledge(self, token: int) -> None:
        """Queue a quick acknowledgement."""
        if self.transport is not None:
            self._outgoing.append(self.transport.pack_quick_ack(token))

    def refuse(self, code: int) -> None:
        """Queue a transport error, behind which the connection ends."""
        if self.transport is not None:
            self._outgoing.append(self.transport.pack_error(code))
        self._standing.hang_up(f"transport error {code}")

    @property
    def queued(self) -> int:
        """How many pieces are queued."""
        return len(self._outgoing)

    @property
    def unsent(self) -> int:
        """How many bytes are queued."""
        return sum(map(len, self._outgoing))

    def take(self) -> list[bytes]:
        """Take out all that is queued."""
        pieces, self._outgoing = self._outgoing, []
        return pieces

    def take_one(self) -> bytes:
        """Take out the first piece that is queued; empty if there is none."""
        return self._outgoing.pop(0) if self._outgoing else b""
