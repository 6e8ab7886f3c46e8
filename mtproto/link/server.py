"""The server's link: one connection of a client, from its first byte to its end.

    shell                                   link
    ─────                                   ────
    accepts                             ──▶ ServerLink(…, now)
    reads  ────────────────────────────▶    received(data, now)      -> events
    goes on while it is `unread`  ─────▶    read_on(now)             -> events
    sends  ◀───────────────────────────     data_to_send(now)
    waits until `next_deadline()`  ────▶    tick(now)                -> events
    closes once all is sent, if `closing`   disconnected(now)

The link tells the framing, serves exchanges, opens encrypted packets and leads them to their sessions. It shares the
sessions with all other links of the DC through a `ServerSessions`. It does no I/O, reads no clock and draws no
randomness of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.errors import RemoteProtocolError
from mtproto.link.carriage import StreamCarriage
from mtproto.link.options import ServerLinkKeywords, ServerLinkOptions, server_link_options
from mtproto.link.server_intake import ServerIntake
from mtproto.transport import detect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Unpack

    from mtproto.crypto import RSAPrivateKey
    from mtproto.link.events import ServerLinkEvent
    from mtproto.link.server_key_maker import ServerWork
    from mtproto.link.server_keys import SessionSlot
    from mtproto.link.server_sessions import ServerSessions
    from mtproto.session import ServerEvent
    from mtproto.transport import Event

__all__ = ["ServerLink"]

BURST = 256 * 1024
"""Bytes handed out at once."""


class ServerLink:
    """The server's end of one connection.

    Args:
        state: shared by all links of the DC.
        keys: the private keys offered in exchanges.
        now: Unix seconds.
        random: source of random bytes.
        options: everything else, see `ServerLinkOptions`; as one object, or by name.

    Attributes:
        transport_name: the framing; None while it is not known.

    Raises `LocalProtocolError` if `now` is a time at which no server works.

    """

    by_polls = False
    """What sessions have to say goes out as it comes."""

    @named_options(ServerLinkKeywords)
    def __init__(
        self,
        state: ServerSessions,
        keys: Sequence[RSAPrivateKey],
        now: float,
        random: Callable[[int], bytes],
        options: ServerLinkOptions | None = None,
        **named: Unpack[ServerLinkKeywords],
    ) -> None:
        options = server_link_options(type(self).__name__, options, named)
        self._options = options
        self._random = random
        self._carriage = StreamCarriage(self)
        self._intake = ServerIntake(state, keys, now, random, options, self._carriage)
        self._head = b""
        self.transport_name: str | None = None

    # What the shell asks -----------------------------------------------------------------------------------------

    @property
    def key_id(self) -> int | None:
        """The id of the auth key of the last packet that was accepted (signed); None before the first."""
        return self._intake.key_id

    @property
    def accepted(self) -> bool:
        """Whether a packet of a session was accepted over this connection: the client holds a key."""
        return self._intake.accepted

    @property
    def closing(self) -> bool:
        """Whether the connection is to be closed once all is sent."""
        return self._intake.standing.closing

    @property
    def work(self) -> int:
        """Units of work, of about 10 µs each, that the client has made so far."""
        return self._intake.work

    @property
    def unsent(self) -> int:
        """Bytes that wait to be sent because of bytes that came in: all but updates."""
        return self._intake.unsent

    # What comes in -----------------------------------------------------------------------------------------------

    def received(self, data: bytes, now: float, budget: int | None = None) -> list[ServerLinkEvent]:
        """Take what came in, in pieces of any size, and return what it means.

        Nothing is raised for what the peer did: a `Hangup` is the last event of a connection that is to be closed.

        Args:
            data: the bytes.
            now: Unix seconds.
            budget: units of work, of about 10 µs each, after which the link keeps the rest: it is `unread`, and
                `read_on` goes on. The checks of one packet and one of its messages are always done. With None all is
                handled at once. When the connection ends or is to be closed, the rest is dropped: nothing of it was
                acknowledged.

        """
        if self._intake.standing.closing:
            return []
        self._intake.receive(data, now, budget, self._unframe)
        return self._intake.standing.take_events()

    @property
    def unread(self) -> bool:
        """Whether a part of what came in is still to be handled, by `read_on`."""
        return self._intake.unread

    def read_on(self, now: float, budget: int | None = None) -> list[ServerLinkEvent]:
        """Handle the rest of what came in, or a part of it; see `received`."""
        self._intake.read_on(now, budget)
        return self._intake.standing.take_events()

    def _unframe(self, data: bytes) -> Sequence[Event]:
        transport = self._intake.wire.transport
        if transport is None:
            self._head += data
            options = self._options
            found = detect(self._head, self._random, secrets=options.secrets, limits=options.limits)
            if found is None:
                return ()
            if found.transport is None:
                raise RemoteProtocolError("transport", f"{found.name} is not spoken here")
            transport, self.transport_name = found.transport, found.name
            self._intake.wire.speak(transport)
            self._head, data = b"", found.rest
        return transport.receive(data)

    def detach(self, slot: SessionSlot) -> None:
        """Carry a session no more; for the `ServerSessions` and other links."""
        self._carriage.detach(slot)

    def leave(self, slot: SessionSlot, event: ServerEvent) -> None:
        """Keep what a packet asks of this connection until `read_on`; for other links, which read its rest."""
        self._intake.leave(slot, event)

    def disconnected(self, now: float) -> None:
        """End the connection: its sessions wait for another."""
        self._intake.disconnected()
        self._carriage.disconnected(now)

    # What goes out -----------------------------------------------------------------------------------------------

    def data_to_send(self, now: float) -> bytes:
        """Return what is to be sent now; call again until it is empty. What is returned counts as sent."""
        wire, standing = self._intake.wire, self._intake.standing
        if wire.transport is None:
            return b""
        pieces = wire.take()
        if not standing.closing:
            size, max_bytes = 0, self._options.limits.frame_accepted
            for slot in self._carriage.carried:
                while size < BURST and not standing.closing:
                    packet = slot.session.next_packet(now, max_bytes=max_bytes)
                    if packet is None:
                        break
                    pieces += wire.pack(packet.payload, slot, now)
                    size += len(packet.payload)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    # Time, and the slow steps of exchanges -----------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """Return when to call `tick`, Unix seconds; None if nothing waits for a time."""
        return self._intake.next_deadline()

    def tick(self, now: float) -> list[ServerLinkEvent]:
        """Do what is due at `now`. Calling it early or twice does no harm."""
        self._intake.tick(now)
        return self._intake.standing.take_events()

    def take_work(self, now: float) -> ServerWork | None:
        """Return a slow step to be run in any thread and handed to `finish_work`; None if there is none.

        Everything else of the link may go on meanwhile. For links made with `offload`.
        """
        return self._intake.exchanging.take_work(now)

    def finish_work(self, work: ServerWork) -> list[ServerLinkEvent]:
        """Take back a step that was run."""
        self._intake.exchanging.finish(work)
        return self._intake.standing.take_events()
