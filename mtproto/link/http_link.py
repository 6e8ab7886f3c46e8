"""The server's link over HTTP, where a client has several connections at once and each answer is one packet.

request ──▶ received(payload, now)     -> events; `HttpWaited` among them says how long the answer may wait
has_news    whether there is something to answer with
answer  ◀── next_body(now)             one packet
none    ◀── empty_body(now)            a packet that says nothing
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.link.http_carriage import HttpCarriage
from mtproto.link.options import ServerLinkKeywords, ServerLinkOptions, server_link_options
from mtproto.link.server_intake import ServerIntake
from mtproto.session import wire as session_wire
from mtproto.transport import Framing, Packets, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Unpack

    from mtproto.crypto import RSAPrivateKey
    from mtproto.link.events import ServerLinkEvent
    from mtproto.link.server_key_maker import ServerWork
    from mtproto.link.server_keys import SessionCarrier, SessionSlot
    from mtproto.link.server_sessions import ServerSessions
    from mtproto.session import ServerEvent

__all__ = ["HttpLink"]


class HttpLink:
    """The server's end of one connection over HTTP. At most one of its requests waits for an answer at a time.

    Args:
        state: shared by all links of the DC.
        keys: the private keys offered in exchanges.
        now: Unix seconds.
        random: source of random bytes.
        flush: told a link to which messages have come that it did not ask for itself.
        options: as `ServerLink` takes them.

    Attributes:
        transport_name: "http".

    Raises `LocalProtocolError` if `now` is a time at which no server works.

    """

    by_polls = True
    """What a session has to say goes out as the answer to one of its requests."""

    transport_name = "http"

    @named_options(ServerLinkKeywords)
    def __init__(
        self,
        state: ServerSessions,
        keys: Sequence[RSAPrivateKey],
        now: float,
        random: Callable[[int], bytes],
        options: ServerLinkOptions | None = None,
        *,
        flush: Callable[[SessionCarrier], None],
        **named: Unpack[ServerLinkKeywords],
    ) -> None:
        options = server_link_options(type(self).__name__, options, named)
        self._limits = options.limits
        self._carriage = HttpCarriage(self, flush)
        self._intake = ServerIntake(state, keys, now, random, options, self._carriage)
        self._packets = Framing(Packets, Role.SERVER, random, limits=options.limits)
        self._intake.wire.speak(self._packets)

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

    # Requests ----------------------------------------------------------------------------------------------------

    def received(self, data: bytes, now: float, budget: int | None = None) -> list[ServerLinkEvent]:
        """Take the body of a request, and return what it means; `budget` as `ServerLink.received` takes it.

        Nothing is raised for what the peer did: a `Hangup` is the last event of a connection that is to be closed.
        """
        if self._intake.standing.closing:
            return []
        self._intake.receive(data, now, budget, self._packets.receive)
        return self._intake.standing.take_events()

    @property
    def unread(self) -> bool:
        """Whether a part of what came in is still to be handled, by `read_on`."""
        return self._intake.unread

    def read_on(self, now: float, budget: int | None = None) -> list[ServerLinkEvent]:
        """Handle the rest of what came in, or a part of it; see `received`."""
        self._intake.read_on(now, budget)
        return self._intake.standing.take_events()

    def answered(self) -> None:
        """Note that the request was answered: what comes next is for another that waits, if there is one."""
        self._carriage.answered()

    def take_over(self, slot: SessionSlot) -> None:
        """Carry what another link carries, without anything being sent again."""
        self._carriage.take_over(slot)

    def detach(self, slot: SessionSlot) -> None:
        """Carry a session no more; for the `ServerSessions` and other links."""
        self._carriage.detach(slot)

    def leave(self, slot: SessionSlot, event: ServerEvent) -> None:
        """Keep what a packet asks of this connection until `read_on`; for other links, which read its rest."""
        self._intake.leave(slot, event)

    def disconnected(self, now: float) -> None:
        """End the connection. What it carried may be lost, so that it goes out again over another one."""
        self._intake.disconnected()
        self._carriage.disconnected(now)

    # Answers -----------------------------------------------------------------------------------------------------

    @property
    def has_news(self) -> int:
        """How many messages wait for an answer to travel in."""
        slot = self._carriage.current
        return self._intake.wire.queued + (slot.session.waiting if slot is not None and not self.closing else 0)

    def next_body(self, now: float) -> bytes:
        """Return the body of an answer: a packet, or the four bytes of a transport error; empty if there is none."""
        slot, wire = self._carriage.current, self._intake.wire
        if not wire.queued and slot is not None and not self.closing:
            packet = slot.session.next_packet(now, max_bytes=self._limits.frame_accepted)
            if packet is not None:
                wire.send(packet.payload, slot, now)
        return wire.take_one()

    def empty_body(self, now: float) -> bytes:
        """Return the body of an answer that says nothing: a container of no messages, or nothing without a session."""
        slot = self._carriage.current
        if slot is None or self.closing:
            return b""
        return slot.session.craft(session_wire.write_container([]), now)

    # Time, and the slow steps of exchanges -----------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """Return when to call `tick`, Unix seconds; None if nothing waits for a time."""
        return self._intake.next_deadline()

    def tick(self, now: float) -> list[ServerLinkEvent]:
        """Do what is due at `now`. Calling it early or twice does no harm."""
        self._intake.tick(now)
        return self._intake.standing.take_events()

    def take_work(self, now: float) -> ServerWork | None:
        """Return a slow step, as `ServerLink.take_work` does."""
        return self._intake.exchanging.take_work(now)

    def finish_work(self, work: ServerWork) -> list[ServerLinkEvent]:
        """Take back a step that was run, as `ServerLink.finish_work` does."""
        self._intake.exchanging.finish(work)
        return self._intake.standing.take_events()
