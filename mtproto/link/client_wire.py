"""The framing of a client's connections, one after the other, and what waits to be sent beside the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import TransportError, own_copy
from mtproto.link.other_end import OtherEnd
from mtproto.session import HttpWait
from mtproto.transport import check_transport, client_transport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.link.options import LinkOptions
    from mtproto.session import ClientEvent, ClientSession
    from mtproto.transport import ClientTransport, Event

__all__ = ["ClientWire"]

GREETING_TIME = 10.0
"""Seconds for a proxy to answer a greeting: one round trip, and no work to speak of."""

BURST = 64 * 1024
"""Bytes handed out at once: as much as a socket takes without waiting, so that what is sealed is also sent."""

LONG_POLL = HttpWait(max_delay=0, wait_after=0, max_wait=25_000)
"""What the documentation says of a server that is told nothing: an answer as soon as there is one."""

ANSWER_AT_ONCE = HttpWait(max_delay=0, wait_after=0, max_wait=0)
"""For what is sent beside a long poll, which brings the answers."""


class ClientWire:
    """What stands between a client's link and the bytes of its connections. One owner: that link.

    Args:
        options: of the link; transport, secret, data centre, limits and the source of random bytes are used.

    Attributes:
        transport: the framing of the present connection; None without one, and on a connection that broke.
        other_end: who is at the other end of the connection.
        greet_until: when a proxy must have answered the greeting of the present connection, Unix seconds.

    """

    __slots__ = ("_name", "_options", "_outgoing", "greet_until", "other_end", "transport")

    def __init__(self, options: LinkOptions) -> None:
        self._options = options
        self._name = check_transport(options.transport, options.secret)
        self._outgoing: list[bytes] = []
        self._new_transport(0.0)  # raises now rather than at the first connection
        self.other_end = OtherEnd(options.dc_id, options.secret)
        self.transport: ClientTransport | None = None
        self.greet_until = 0.0

    def open(self, now: float, stamp: float) -> bool:
        """Begin a connection.

        Args:
            now: Unix seconds by the local clock.
            stamp: the same by the server's clock, where that is known: a greeting carries it.

        Returns:
            whether packets may follow at once; else a proxy has to answer the greeting first.

        """
        self.transport = self._new_transport(stamp)
        self.other_end.begin(stamp)
        self.greet_until = now + GREETING_TIME
        self._outgoing = [self.transport.opening()]
        return self.transport.ready

    def drop(self) -> None:
        """Take nothing more from the present connection, and send nothing more over it."""
        self.transport = None

    @property
    def missing(self) -> int:
        """How many bytes at least are still to come of the packet whose beginning has come; 0 if none has."""
        return 0 if self.transport is None else self.transport.missing

    def receive(self, transport: ClientTransport, data: bytes) -> Sequence[Event]:
        """Take what came in over the framing of the present connection, and return what it holds.

        Raises:
            RemoteProtocolError: the bytes are not this framing; what came before the fault is in its `events`.

        """
        foreign = None if transport.packets else self.other_end.received(data)
        if foreign is not None:
            raise foreign
        return transport.receive(data)

    def explain(self, error: TransportError) -> TransportError:
        """Return a transport error that came over the present connection with what is known of it beside its code."""
        if error.code == TransportError.WRONG_DC:
            return own_copy(error, f"DC {self._options.dc_id} was asked for")
        if self.transport is not None and self.transport.packets:
            return own_copy(error, f"HTTP status {-error.code}")
        return error

    def send(self, payload: bytes) -> None:
        """Queue a payload that no session sealed: a message of an exchange."""
        if self.transport is not None:
            self._outgoing.append(self.transport.pack(payload))

    def next_bytes(
        self, transport: ClientTransport, session: ClientSession | None, now: float
    ) -> tuple[bytes, Sequence[ClientEvent], bool]:
        """Take out what goes out next over a stream: what is queued, and packets of the session up to `BURST`.

        Returns:
            the bytes, empty if there are none; what the session tells of them; whether something was left behind.

        """
        pieces, self._outgoing = self._outgoing, []
        if session is None:
            return b"".join(pieces), (), False
        events: list[ClientEvent] = []
        size, max_bytes = 0, self._options.limits.frame_accepted
        while size < BURST:
            packet = session.next_packet(now, max_bytes=max_bytes)
            if packet is None:
                break
            events += packet.events
            wanted = packet.quick_ack_token is not None and transport.quick_acks
            pieces.append(transport.pack(packet.payload, wanted))
            size += len(packet.payload)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces), events, size >= BURST

    def next_packet(
        self, transport: ClientTransport, session: ClientSession | None, now: float, *, poll: bool
    ) -> tuple[bytes, Sequence[ClientEvent], bool]:
        """Take out one packet, for a carrier that moves them one by one; `poll` says that it may wait for an answer.

        Returns:
            as `next_bytes` does.

        """
        while self._outgoing:
            piece = self._outgoing.pop(0)
            if piece:
                return piece, (), True
        if session is None:
            return b"", (), False
        wait = LONG_POLL if poll else ANSWER_AT_ONCE
        packet = session.next_packet(now, max_bytes=self._options.limits.frame_accepted, http_wait=wait, poll=poll)
        return (b"", (), False) if packet is None else (transport.pack(packet.payload), packet.events, True)

    def _new_transport(self, now: float) -> ClientTransport:
        options = self._options
        return client_transport(
            self._name, options.random, dc_id=options.dc_id, secret=options.secret, limits=options.limits, now=now
        )
