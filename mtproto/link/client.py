"""The client's link: framing, key exchange and session joined into one machine that outlives its connections.

    shell                                   link
    ─────                                   ────
    connects when `connect_at` says so  ──▶ connected(now)
    sends  ◀───────────────────────────     data_to_send(now)
    reads  ────────────────────────────▶    received(data, now)      -> events
    goes on while it is `unread`  ─────▶    read_on(now)             -> events
    waits until `next_deadline()`  ────▶    tick(now)                -> events
    closes when an event is Broken  ───▶    disconnected(now)        -> events

It makes a key when it has none, pings, notices a dead connection, and decides when to connect again. It does no I/O,
reads no clock and draws no randomness of its own; one owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.errors import (
    ConnectionLost,
    ExchangeFailed,
    LocalProtocolError,
    RemoteProtocolError,
    TransportError,
    own_copy,
    without_frames,
)
from mtproto.link.calls import LinkCalls
from mtproto.link.events import Broken, ExchangeStep, Failed, KeyCreated, LinkEvent, Status, StatusChanged
from mtproto.link.keep_alive import DISCONNECT_DELAY, KeepAlive
from mtproto.link.key_maker import KeyMaker, Work
from mtproto.link.options import LinkKeywords, LinkOptions, link_options
from mtproto.link.other_end import OtherEnd
from mtproto.link.reconnection import Reconnection
from mtproto.link.work import packet_work
from mtproto.message.key_state import KeyState
from mtproto.session import ClientSession, Result, RpcFailed, SessionBroken
from mtproto.session.service_messages import HttpWait
from mtproto.transport import Payload, QuickAck, check_transport, client_transport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from mtproto.crypto.rsa import RSAPublicKey
    from mtproto.errors import MTProtoError
    from mtproto.exchange import Step
    from mtproto.session import ClientEvent
    from mtproto.transport import ClientTransport, Event

__all__ = ["ClientLink"]

WRONG_DC = -444

GREETING_TIME = 10.0
"""Seconds for a proxy to answer a greeting: one round trip, and no work to speak of."""

BURST = 64 * 1024
"""Bytes handed out at once: as much as a socket takes without waiting, so that what is sealed is also sent."""

LONG_POLL = HttpWait(max_delay=0, wait_after=0, max_wait=25_000)
"""What the documentation says of a server that is told nothing: an answer as soon as there is one."""

ANSWER_AT_ONCE = HttpWait(max_delay=0, wait_after=0, max_wait=0)
"""For what is sent beside a long poll, which brings the answers."""

_PLAIN_KEY_ID = bytes(8)
_DUPLICATED = (406, "AUTH_KEY_DUPLICATED")


class ClientLink(LinkCalls):
    """One client's end of everything between calls and bytes.

    Args:
        keys: the server's public keys that the caller trusts.
        options: everything else, see `LinkOptions`; as one object, or by name.

    Attributes:
        connect_at: when to connect, Unix seconds; None while it is connected, or over.
        has_more: whether the last `data_to_send` left something behind.
        failure: why it has given up.
        trouble: why the last connection ended, or what else went wrong; None once a call was answered after it.
        work: units of work, of about 10 µs each, that the server has made so far.

    Raises `TypeError` for an option that does not exist or is missing, `OptionError` as `LinkOptions` does, and
    `LocalProtocolError` if there is neither a state nor a good key to begin an exchange with.

    """

    @named_options(LinkKeywords)
    def __init__(
        self, keys: Sequence[RSAPublicKey], options: LinkOptions | None = None, **named: Unpack[LinkKeywords]
    ) -> None:
        options = link_options(type(self).__name__, options, named)
        super().__init__(options.limits)
        self._dc_id = options.dc_id
        self._random = random = options.random
        self._transport_name = check_transport(options.transport, options.secret)
        self._secret = options.secret
        self._new_transport(0.0)  # raises now rather than at the first connection
        self._reconnection = Reconnection(random, options.backoff)
        self._offload = options.offload
        self._maker = KeyMaker(keys, options.dc_id, random, self._stepped)
        if options.state is None:
            self._maker.check()  # now rather than at the first connection
        self._session = self._new_session(options.state) if options.state is not None else None
        self._transport: ClientTransport | None = None  # None without a connection, and on one that broke
        self._kept: Sequence[Event | RemoteProtocolError] = ()  # what came in and is still to be handled
        self._outgoing: list[bytes] = []
        self._keep_alive: KeepAlive | None = None
        self._made_key = False  # on this connection
        self._greet_until = 0.0
        self._other_end = OtherEnd(options.dc_id, options.secret)
        self.trouble: Exception | None = None
        self.has_more = False
        self.work = 0
        self.connect_at: float | None = 0.0

    # The connection ----------------------------------------------------------------------------------------------

    @property
    def links(self) -> Sequence[ClientLink]:
        """The links that want connections of their own: this one."""
        return (self,)

    @property
    def missing(self) -> int:
        """How many bytes at least are still to come of the packet whose beginning has come; 0 if none has."""
        return 0 if self._transport is None else self._transport.missing

    def connected(self, now: float) -> list[LinkEvent]:
        """Begin a new connection: a fresh framing, and what has to be said first.

        Raises:
            LocalProtocolError: the link is connected already, or closed.

        """
        if self._status is not Status.DISCONNECTED:
            raise LocalProtocolError(f"a link that is {self._status.value} can't be connected")
        self.connect_at = None
        stamp = self._server_time(now)
        self._transport = self._new_transport(stamp)
        self._other_end.begin(stamp)
        self._outgoing = [self._transport.opening()]
        self._keep_alive = None
        self._made_key = False
        if self._transport.ready:
            self._begin(now)
        else:
            self._greet_until = now + GREETING_TIME
            self._enter(Status.GREETING)
        return self._take_events()

    def disconnected(self, now: float, reason: Exception | None = None) -> list[LinkEvent]:
        """End the connection, or an attempt that failed. `connect_at` then says when to try again.

        Args:
            now: Unix seconds.
            reason: why, where the shell knows; None where the peer closed the connection, or the link wanted it.

        """
        if self._session is not None and self._session.unread:
            self._read_packet_on(self._session, now, None)  # it came before the end
        self._kept = ()
        if self._transport is not None or self._status is Status.DISCONNECTED:
            closed = self._other_end.closed(greeting=self._status is Status.GREETING)
            self.trouble = without_frames(reason or closed)
        self._maker.abandon()
        self._transport = None
        self._keep_alive = None
        if self._status is Status.READY and self._session is not None:
            self._session.disconnected(now)
        if self._status is Status.EXCHANGING or (self._status is Status.GREETING and not self._other_end.greeted):
            failed = "no key could be made" if self._status is Status.EXCHANGING else "no proxy answered"
            if self._reconnection.fruitless():
                error = ConnectionLost(
                    f"{failed} over {self._reconnection.barren} connections, the last one: {self.trouble}"
                )
                error.__cause__ = self.trouble
                self._fail(error)
        if self._status is not Status.CLOSED:
            self.connect_at = self._reconnection.next_attempt(now)
            self._enter(Status.DISCONNECTED)
        return self._take_events()

    def fault(self, error: MTProtoError, now: float) -> list[LinkEvent]:
        """Take nothing more from this connection, since it led to an exception that nobody expected.

        It counts as a breach of the protocol: a server on which that happens each time is given up in the end. What is
        `unread` is dropped.

        Args:
            error: what happened.
            now: Unix seconds.

        """
        if self._session is not None:
            self._session.drop_rest()
        self._break_for(error)
        return self._take_events()

    def close(self) -> list[LinkEvent]:
        """End the link for good. Calls that wait will not settle: that is the owner's part."""
        if self._status is not Status.CLOSED:
            self._transport = None
            self.connect_at = None
            self._enter(Status.CLOSED)
        return self._take_events()

    def received(self, data: bytes, now: float, budget: int | None = None) -> list[LinkEvent]:
        """Take what came in, in pieces of any size, and return what it means.

        Nothing is raised for what the peer did: a broken stream gives `Broken` as the last event.

        Args:
            data: the bytes.
            now: Unix seconds.
            budget: units of work, of about 10 µs each, after which the link keeps the rest: it is `unread`, and
                `read_on` goes on. The decryption of one packet and one of its messages are always done. With None all
                is handled at once.

        """
        if self._transport is None:
            return []
        foreign = None if self._transport.packets else self._other_end.received(data)
        try:
            if foreign is not None:
                raise foreign
            items: Sequence[Event | RemoteProtocolError] = self._transport.receive(data)
        except RemoteProtocolError as error:
            items = [*error.events, error]
            error.events = ()
        else:
            if self._status is Status.GREETING and self._transport.ready:
                self._other_end.greeted = True
                self._begin(now)
        self._handle([*self._kept, *items] if self._kept else items, now, budget)
        return self._take_events()

    @property
    def unread(self) -> bool:
        """Whether a part of what came in is still to be handled, by `read_on`."""
        if self._transport is None:
            return False
        return bool(self._kept) or self._is_in_a_packet

    @property
    def _is_in_a_packet(self) -> bool:
        return self._session is not None and self._session.unread

    def read_on(self, now: float, budget: int | None = None) -> list[LinkEvent]:
        """Handle the rest of what came in, or a part of it; see `received`."""
        if self._transport is not None:
            self._handle(self._kept, now, budget)
        return self._take_events()

    def data_to_send(self, now: float, poll: bool = False) -> bytes:
        """Return what is to be sent now; call again while the link `has_more`, or until it is empty.

        What is returned counts as sent; the events that say so come with the next ones.

        Args:
            now: Unix seconds.
            poll: for a carrier of packets that has nothing under way: what is returned may wait for an answer.

        """
        transport = self._transport
        self.has_more = False
        if transport is None:
            return b""
        if transport.packets:
            piece = self._next_packet(transport, now, LONG_POLL if poll else ANSWER_AT_ONCE, poll)
            self.has_more = bool(piece)
            return piece
        pieces, self._outgoing = self._outgoing, []
        size = 0
        if self._status is Status.READY and self._session is not None:
            while size < BURST:
                packet = self._session.next_packet(now, max_bytes=self._limits.frame_accepted)
                if packet is None:
                    break
                self._events += packet.events
                wanted = packet.quick_ack_token is not None and transport.quick_acks
                pieces.append(transport.pack(packet.payload, wanted))
                size += len(packet.payload)
        self.has_more = size >= BURST
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _next_packet(self, transport: ClientTransport, now: float, wait: HttpWait, poll: bool) -> bytes:
        """Return one packet, for a carrier that moves them one by one; empty if there is none."""
        while self._outgoing:
            piece = self._outgoing.pop(0)
            if piece:
                return piece
        if self._status is not Status.READY or self._session is None:
            return b""
        packet = self._session.next_packet(now, max_bytes=self._limits.frame_accepted, http_wait=wait, poll=poll)
        if packet is None:
            return b""
        self._events += packet.events
        return transport.pack(packet.payload)

    # Time --------------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """Return when to call `tick`, Unix seconds; None if nothing waits for a time."""
        if self._status is Status.CLOSED:
            return None
        if self._status is Status.GREETING:
            return self._greet_until
        if self._status is Status.EXCHANGING:
            return self._maker.deadline
        deadline = self._session.next_deadline() if self._session is not None else None
        if self._keep_alive is None:
            return deadline
        ping_at = self._keep_alive.deadline(waiting=self.in_flight > 0)
        return ping_at if deadline is None or ping_at < deadline else deadline

    def tick(self, now: float) -> list[LinkEvent]:
        """Do what is due at `now`. Calling it early or twice does no harm."""
        if self._status is Status.EXCHANGING and self._transport is not None:
            self._tick_exchange(now)
        if self._status is Status.GREETING and now >= self._greet_until:
            self._break(self._other_end.silent())
        if self._session is not None and self._status is not Status.CLOSED:
            self._events += self._session.tick(now)
            if self._keep_alive is not None and self._transport is not None:
                self._tick_keep_alive(self._session, self._keep_alive, now)
        return self._take_events()

    # The slow steps of an exchange -------------------------------------------------------------------------------

    def take_work(self, now: float) -> Work | None:
        """Return a slow step to be run in any thread and handed to `finish_work`; None if there is none.

        Everything else of the link may go on meanwhile. For links made with `offload`.
        """
        return self._maker.take_work(now) if self._status is Status.EXCHANGING else None

    def finish_work(self, work: Work, now: float) -> list[LinkEvent]:
        """Take back a step that was run; one of a connection that is gone does nothing."""
        if self._status is Status.EXCHANGING:
            self._finish(work, now)
        return self._take_events()

    # What comes in -----------------------------------------------------------------------------------------------

    def _handle(self, items: Sequence[Event | RemoteProtocolError], now: float, budget: int | None) -> None:
        """Handle what is left of a packet, then these; where the budget ends, keep the rest."""
        self._kept = ()
        end = None if budget is None else self.work + budget
        session = self._session
        if session is not None and session.unread:
            self._read_packet_on(session, now, budget)
            if session.unread:
                self._kept = items
                return
        for number, item in enumerate(items):
            if self._transport is None:
                return
            if number and end is not None and (self.work >= end or self._is_in_a_packet):
                self._kept = items[number:]
                return
            if isinstance(item, Payload):
                self._handle_payload(item.data, now, None if end is None else end - self.work)
            elif isinstance(item, QuickAck):
                if self._session is not None:
                    self._events += self._session.quick_ack(item.token)
            elif isinstance(item, RemoteProtocolError):
                if self._status is Status.GREETING and not self._other_end.greeted:
                    self._fail(item)  # a wrong secret: saying it again would not make it right
                else:
                    self._break_for(item)
            else:
                self._handle_error(item)

    def _handle_payload(self, payload: bytes, now: float, budget: int | None) -> None:
        self.work += packet_work(payload)
        if self._status is Status.EXCHANGING:
            self._maker.receive(payload)
            if not self._offload:
                self._work(now)
            return
        if self._session is None or self._keep_alive is None:
            return
        if self._made_key and payload[:8] == _PLAIN_KEY_ID:
            return  # the exchange's last answer once more: its query was repeated
        self._keep_alive.heard(now)
        before = self._session.work
        try:
            events = self._session.receive(payload, now, budget)
        except RemoteProtocolError as error:
            self._events += error.events
            error.events = ()
            self._break_for(error)
            return
        self.work += self._session.work - before
        self._reconnection.refusals = 0  # whoever sealed this knows the key
        self._events += events
        self._heard(self._session)
        self._follow(events)

    def _read_packet_on(self, session: ClientSession, now: float, budget: int | None) -> None:
        before = session.work
        events = session.read_on(now, budget)
        self.work += session.work - before
        self._events += events
        self._follow(events)

    def _follow(self, events: Sequence[ClientEvent]) -> None:
        """Do what follows from events of the session for the link."""
        for event in events:
            if isinstance(event, Result):
                self._reconnection.succeeded()
                self.trouble = None
            elif isinstance(event, SessionBroken):
                self._break(event.error)
            elif isinstance(event, RpcFailed):
                self._reconnection.succeeded()
                self.trouble = None
                if (event.code, event.message) == _DUPLICATED:
                    # https://core.telegram.org/api/errors: the key is dead, and connecting again would only repeat it.
                    self._fail(ConnectionLost("AUTH_KEY_DUPLICATED: the key was used by two connections at once"))

    def _heard(self, session: ClientSession) -> None:
        """Note that the peer of this connection has shown that it knows the key."""

    def _handle_error(self, error: TransportError) -> None:
        if error.code == WRONG_DC:
            error = own_copy(error, f"DC {self._dc_id} was asked for")
        elif self._transport is not None and self._transport.packets:
            error = own_copy(error, f"HTTP status {-error.code}")
        if self._session is not None:
            self._events += self._session.transport_error(error.code)
        enough = self._reconnection.refused(error.code)
        if enough or self._is_plausible(error):
            self._believe(error)
        else:
            self._break(error)

    def _is_plausible(self, error: TransportError) -> bool:
        """Whether an error that is not authenticated is believed the first time, since it makes sense."""
        return error.code == WRONG_DC and self._status is Status.EXCHANGING

    def _believe(self, error: TransportError) -> None:
        """Give up, since the server said so often enough."""
        self._fail(error)

    # The exchange ------------------------------------------------------------------------------------------------

    def _work(self, now: float) -> None:
        while self._status is Status.EXCHANGING and (work := self._maker.take_work(now)) is not None:
            work.run()
            self._finish(work, now)

    def _finish(self, work: Work, now: float) -> None:
        try:
            outcome = self._maker.finish(work, now)
        except ExchangeFailed as error:
            self._exchange_failed(error)
            return
        if isinstance(outcome, bytes):
            self._send_plain(outcome)
        elif outcome is not None:
            self._made_key = True
            self._reconnection.key_made()
            self._maker.abandon()
            self._use_key(KeyState.from_exchange(outcome, dc_id=self._dc_id), now)

    def _exchange_failed(self, error: ExchangeFailed) -> None:
        """Give up, since no key could be made: a client that has never worked is told so at once."""
        self._fail(error)

    def _use_key(self, state: KeyState, now: float) -> None:
        """Go on with a key that was just made."""
        self._session = self._new_session(state)
        self._events.append(KeyCreated(state))
        self._send_waiting(self._session)
        self._begin_session(self._session, now)

    def _tick_exchange(self, now: float) -> None:
        try:
            query = self._maker.tick(now)
        except ConnectionLost as error:
            self._break(error)
        else:
            if query is not None:
                self._send_plain(query)

    def _stepped(self, step: Step) -> None:
        self._events.append(ExchangeStep(step))

    def _send_plain(self, payload: bytes) -> None:
        if self._transport is not None:
            self._outgoing.append(self._transport.pack(payload))

    # The session -------------------------------------------------------------------------------------------------

    def _begin(self, now: float) -> None:
        """Say what has to be said first, now that the carrier takes it."""
        if self._session is None:
            self._enter(Status.EXCHANGING)
            self._send_plain(self._maker.start(now))
        else:
            self._begin_session(self._session, now)

    def _begin_session(self, session: ClientSession, now: float) -> None:
        session.connected(now)
        self._reconnection.begun(now)
        self._keep_alive = KeepAlive(now)
        self._tick_keep_alive(session, self._keep_alive, now)
        self._enter(Status.READY)

    def _tick_keep_alive(self, session: ClientSession, keep_alive: KeepAlive, now: float) -> None:
        if keep_alive.is_dead(now):
            self._break(ConnectionLost("the connection is dead: nothing came after a ping"))
        elif keep_alive.is_ping_due(now, waiting=self.in_flight > 0):
            session.ping(disconnect_delay=DISCONNECT_DELAY)

    # Endings -----------------------------------------------------------------------------------------------------

    def _break_for(self, error: MTProtoError) -> None:
        """End the connection since the server broke the protocol, and the link if it does so each time."""
        if self._status is Status.READY and self._reconnection.senseless():
            self._fail(error)
        else:
            self._break(error)

    def _break(self, error: MTProtoError) -> None:
        """Take nothing more from this connection; the shell is to close it."""
        if self._transport is not None:
            self._transport = None
            self.trouble = error
            self._events.append(Broken(error))

    def _fail(self, error: MTProtoError) -> None:
        """Give up for good."""
        self.failure = error
        self._transport = None
        self.connect_at = None
        self._maker.abandon()
        self._events.append(Failed(error))
        self._enter(Status.CLOSED)

    def _enter(self, status: Status) -> None:
        if status is not self._status:
            self._status = status
            self._events.append(StatusChanged(status))

    def _take_events(self) -> list[LinkEvent]:
        events, self._events = self._events, []
        return events

    def _new_session(self, state: KeyState) -> ClientSession:
        return ClientSession(state, random=self._random, limits=self._limits)

    def _server_time(self, now: float) -> float:
        """Return the time by the server's clock where it is known, else by the local one; Unix seconds."""
        state = self.state
        return now if state is None else now + state.time_offset

    def _new_transport(self, now: float) -> ClientTransport:
        return client_transport(
            self._transport_name, self._random, dc_id=self._dc_id, secret=self._secret, limits=self._limits, now=now
        )
