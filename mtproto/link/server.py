"""The server's link: one connection of a client, from its first byte to its end.

    shell                                   link
    ─────                                   ────
    accepts                             ──▶ ServerLink(…, now)
    reads  ────────────────────────────▶    received(data, now)      -> events
    goes on while it is `unread`  ─────▶    read_on(now)             -> events
    sends  ◀───────────────────────────     data_to_send(now)
    waits until `next_deadline()`  ────▶    tick(now)                -> events
    closes once all is sent, if `closing`   disconnected(now)

It tells the framing, serves exchanges, opens encrypted packets and leads them to their sessions, which it shares with
all other links of the DC through a `ServerState`. It does no I/O, reads no clock and draws no randomness of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.errors import RemoteProtocolError
from mtproto.exchange import ServerExchange
from mtproto.link.events import Hangup, InSession, KeyMade, ServerLinkEvent, ServerQuery
from mtproto.link.faults import IncomingPacket, OutgoingPacket
from mtproto.link.key_giver import KeyGiver, ServerWork
from mtproto.link.options import ServerLinkKeywords, ServerLinkOptions, server_link_options
from mtproto.link.work import NEW_SESSION, packet_work
from mtproto.message import Sender, check_server_clock, payload_key_id, unseal
from mtproto.session import CloseAfter, DestroyAuthKey, DestroySession, Flooded, NotAccepted, Query
from mtproto.transport import Payload, detect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Unpack

    from mtproto.crypto import RSAPrivateKey
    from mtproto.link.faults import LinkFaults
    from mtproto.link.server_state import ServerKey, ServerState, SessionSlot
    from mtproto.message import Unsealed
    from mtproto.session import ServerEvent, Verdict
    from mtproto.transport import Event, ServerTransport

__all__ = ["ServerLink"]

NOT_FOUND = -404
FLOOD = -429

AUTHENTICATE_TIME = 60.0
"""Seconds within which a client must have shown that it holds a key: more than any exchange takes."""

BURST = 256 * 1024
"""Bytes handed out at once."""

TURNED_AWAY_AT_MOST = 512
"""Packets turned away one after the other before the connection is closed: more than a client has under way."""

CUT = "a fault cut the connection"


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
        key_id: the id of the auth key of the last packet that was accepted (signed); None before the first.
        closing: the connection is to be closed once all is sent.
        accepted: a packet of a session was accepted over this connection: the client holds a key.
        work: units of work, of about 10 µs each, that the client has made so far.

    Raises `LocalProtocolError` if `now` is a time at which no server works.

    """

    @named_options(ServerLinkKeywords)
    def __init__(
        self,
        state: ServerState,
        keys: Sequence[RSAPrivateKey],
        now: float,
        random: Callable[[int], bytes],
        options: ServerLinkOptions | None = None,
        **named: Unpack[ServerLinkKeywords],
    ) -> None:
        check_server_clock(now)
        options = server_link_options(type(self).__name__, options, named)
        dc_ids, exchange_faults = options.dc_ids, options.exchange_faults
        self._state = state
        self._random = random
        self._limits = options.limits
        self._secrets = options.secrets
        self._faults = options.faults
        self._offload = options.offload
        self._giver = KeyGiver(
            lambda: ServerExchange(keys, random, dc_ids=dc_ids, key_exists=state.__contains__, faults=exchange_faults)
        )
        self._head = b""
        self._transport: ServerTransport | None = None
        self._kept: Sequence[Event | RemoteProtocolError] = ()  # what came in and is still to be handled
        self._partly: tuple[SessionSlot, Unsealed, bool] | None = None  # whose packet, which, whether to quick-ack it
        self._outgoing: list[bytes] = []
        self._events: list[ServerLinkEvent] = []
        self._slots: dict[SessionSlot, None] = {}  # an ordered set
        self._turned_away = 0  # since the last packet that was not
        self._deadline: float | None = now + AUTHENTICATE_TIME
        self.key_id: int | None = None
        self.transport_name: str | None = None
        self.closing = False
        self.accepted = False
        self.work = 0

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
        if self.closing:
            return []
        cut = False
        if (faults := self._active_faults()) is not None:
            data, cut = faults.reading(data)
        items: Sequence[Event | RemoteProtocolError]
        try:
            items = self._unframe(data)
        except RemoteProtocolError as error:
            items = [*error.events, error]
        self._handle([*self._kept, *items] if self._kept else items, now, None if cut else budget)
        if cut:
            self._hang_up(CUT)
        return self._take_events()

    @property
    def unread(self) -> bool:
        """Whether a part of what came in is still to be handled, by `read_on`."""
        return not self.closing and (self._partly is not None or bool(self._kept))

    def read_on(self, now: float, budget: int | None = None) -> list[ServerLinkEvent]:
        """Handle the rest of what came in, or a part of it; see `received`."""
        if not self.closing:
            self._handle(self._kept, now, budget)
        return self._take_events()

    def _unframe(self, data: bytes) -> Sequence[Event]:
        if self._transport is None:
            self._head += data
            found = detect(self._head, self._random, secrets=self._secrets, limits=self._limits)
            if found is None:
                return ()
            if found.transport is None:
                raise RemoteProtocolError("transport", f"{found.name} is not spoken here")
            self._transport, self.transport_name = found.transport, found.name
            self._head, data = b"", found.rest
        return self._transport.receive(data)

    def _handle(self, items: Sequence[Event | RemoteProtocolError], now: float, budget: int | None) -> None:
        """Handle what is left of a packet, then these; where the budget ends, keep the rest."""
        self._kept = ()
        end = None if budget is None else self.work + budget
        if self._partly is not None:
            self._read_packet_on(*self._partly, now, budget)
        for number, item in enumerate(items):
            if self.closing:
                return
            if end is not None and (self._partly is not None or self.work >= end):
                self._kept = items[number:]
                return
            if isinstance(item, Payload):
                try:
                    handled = self._handle_payload(item, now, None if end is None else end - self.work)
                except RemoteProtocolError as error:
                    self._hang_up(str(error))
                else:
                    if not handled:
                        self._kept = items[number:]
                        return
            elif isinstance(item, RemoteProtocolError):
                self._hang_up(str(item))

    def _read_packet_on(
        self, slot: SessionSlot, message: Unsealed, quick_ack: bool, now: float, budget: int | None
    ) -> None:
        """Handle what is left of a packet, or a part of it.

        Another connection may have taken the session over meanwhile: then nothing is left.
        """
        if slot.link is not self:
            self._partly = None
            return
        self._read_session_on(slot, now, budget)
        if not slot.session.unread:
            self._partly = None
            if quick_ack and not self.closing:
                self._acknowledge(message, ())

    def _read_session_on(self, slot: SessionSlot, now: float, budget: int | None) -> None:
        before = slot.session.work
        events = slot.session.read_on(now, budget)
        self.work += slot.session.work - before
        self._tell(slot, events, now)

    def _handle_payload(self, item: Payload, now: float, budget: int | None) -> bool:
        """Handle a packet; return False if it has to wait for the rest of another one of its session."""
        self.work += packet_work(item.data)
        key_id = payload_key_id(item.data)
        if key_id == 0:
            if not self._refused_by_fault(None, None, now):
                self._giver.receive(item.data)
                if not self._offload:
                    self._work(now)
            return True
        key = self._state.find_key(key_id, now)
        if key is None:
            self._refuse(NOT_FOUND)
            return True
        message = unseal(key.auth_key, Sender.CLIENT, item.data)
        if self._refused_by_fault(key, message, now):
            return True
        if message.session_id == 0:
            self._refuse(NOT_FOUND)
            return True
        slot = self._state.find_session(key, message.session_id, now)
        before = slot.session.work
        self.work += 0 if slot.session_id in key.sessions else NEW_SESSION
        if slot.session.unread:  # of a packet that came over another connection
            self._read_session_on(slot, now, budget)
            if slot.session.unread:
                return False
            before = slot.session.work
        try:
            self._handle_message(slot, message, item.quick_ack, now, budget)
        finally:
            self.work += slot.session.work - before
        return True

    def _handle_message(
        self, slot: SessionSlot, message: Unsealed, quick_ack: bool, now: float, budget: int | None
    ) -> None:
        """Deal with a message of a session, whether it is accepted or not."""
        verdict = slot.session.check(message, now)
        if verdict.accepted:
            if not self._state.keep_session(slot, now):
                self._refuse(FLOOD)
                return
        elif slot.link is not self:
            self._turn_away(slot, message, verdict, now)
            return
        self._turned_away = 0
        self.key_id = slot.key.auth_key.id
        self._attach(slot, now)
        try:
            events = slot.session.receive(message, now, verdict, budget)
        except RemoteProtocolError as error:
            self._tell(slot, error.events, now)
            raise
        self._tell(slot, events, now)
        if slot.session.unread:
            self._partly = (slot, message, quick_ack)
        elif quick_ack and not self.closing:
            self._acknowledge(message, events)

    def _turn_away(self, slot: SessionSlot, message: Unsealed, verdict: Verdict, now: float) -> None:
        """Refuse a packet on this connection, which its session stays clear of: whoever recorded it may have sent it.

        A client with an old salt or a wrong clock recovers by that.
        """
        events, notice = slot.session.turn_away(message, verdict, now)
        if slot.key.sessions.get(slot.session_id) is not slot:
            slot.key.turned_away(slot)
        self._tell(slot, events, now)
        self._turned_away += 1
        if notice is not None and self._transport is not None:
            self._outgoing += self._pack(self._transport, notice, slot, now)
        if self._turned_away > TURNED_AWAY_AT_MOST and not self.closing:
            self._refuse(FLOOD)

    def _acknowledge(self, message: Unsealed, events: Iterable[object]) -> None:
        """Send a quick ack for a packet that was accepted."""
        refused = any(isinstance(event, NotAccepted) and event.msg_id == message.msg_id for event in events)
        if self._transport is not None and not refused:
            self._outgoing.append(self._transport.pack_quick_ack(message.quick_ack_token))

    def _tell(self, slot: SessionSlot, events: Iterable[ServerEvent], now: float) -> None:
        """Pass on the events of a session, and do what they ask of the link."""
        for event in events:
            match event:
                case Query(msg_id, body, budget):
                    self._events.append(ServerQuery(slot, msg_id, body, budget))
                    continue
                case CloseAfter(seconds):
                    self._deadline = now + seconds
                case Flooded():
                    self._refuse(FLOOD)
                case DestroySession(msg_id, session_id):
                    existed = session_id != slot.session_id and self._state.forget_session(slot.key, session_id)
                    slot.session.session_destroyed(msg_id, session_id, existed)
                case DestroyAuthKey(msg_id) if slot.key.expires_at is not None:
                    slot.session.auth_key_destroyed(msg_id, None)  # it is for permanent keys; others end by themselves
                case DestroyAuthKey(msg_id):
                    slot.session.auth_key_destroyed(msg_id, self._state.forget_key(slot.key.auth_key.id))
            self._events.append(InSession(slot, event))

    # Sessions ----------------------------------------------------------------------------------------------------

    def _attach(self, slot: SessionSlot, now: float) -> None:
        """Carry a session from now on."""
        if slot.link is self:
            return
        if slot.link is not None:
            slot.link.detach(slot)
            slot.session.disconnected(now)
        slot.link = self
        slot.session.connected(now)
        self._slots[slot] = None
        self.accepted = True
        self._deadline = None  # the client holds a key; from now on its pings may set a deadline

    def detach(self, slot: SessionSlot) -> None:
        """Carry a session no more; for the `ServerState` and other links."""
        slot.link = None
        del self._slots[slot]

    def disconnected(self, now: float) -> None:
        """End the connection: its sessions wait for another."""
        self.closing = True
        self._transport = None
        self._kept, self._partly = (), None
        for slot in list(self._slots):
            self.detach(slot)
            slot.used_at = now
            slot.session.disconnected(now)

    # What goes out -----------------------------------------------------------------------------------------------

    def data_to_send(self, now: float) -> bytes:
        """Return what is to be sent now; call again until it is empty. What is returned counts as sent."""
        transport = self._transport
        if transport is None:
            return b""
        pieces, self._outgoing = self._outgoing, []
        if not self.closing:
            size = 0
            for slot in self._slots:
                while size < BURST and not self.closing:
                    packet = slot.session.next_packet(now, max_bytes=self._limits.frame_accepted)
                    if packet is None:
                        break
                    pieces += self._pack(transport, packet.payload, slot, now)
                    size += len(packet.payload)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    @property
    def unsent(self) -> int:
        """Bytes that wait to be sent because of bytes that came in: all but updates."""
        return sum(map(len, self._outgoing)) + sum(slot.session.unsent for slot in self._slots)

    def _pack(self, transport: ServerTransport, payload: bytes, slot: SessionSlot | None, now: float) -> list[bytes]:
        faults = self._active_faults()
        if faults is None:
            return [transport.pack(payload)]
        pieces: list[bytes] = []
        for changed in faults.outgoing(OutgoingPacket(payload, slot, now)):
            data, cut = faults.writing(transport.frame(changed, False))
            pieces.append(data)
            if cut:
                self._hang_up(CUT)
                break
        return pieces

    # Misbehaviour ------------------------------------------------------------------------------------------------

    def _active_faults(self) -> LinkFaults | None:
        faults = self._faults
        return faults if faults is not None and faults.armed else None

    def _refused_by_fault(self, key: ServerKey | None, message: Unsealed | None, now: float) -> bool:
        """Let a fault act before a packet is handled; return whether the packet was answered by that."""
        faults = self._active_faults()
        code = faults.incoming(IncomingPacket(self._state, key, message, now)) if faults is not None else None
        if code is not None:
            self._refuse(code)
        return code is not None

    # Time --------------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """Return when to call `tick`, Unix seconds; None if nothing waits for a time."""
        times = [slot.session.next_deadline() for slot in self._slots]
        return min((time for time in (*times, self._deadline) if time is not None), default=None)

    def tick(self, now: float) -> list[ServerLinkEvent]:
        """Do what is due at `now`. Calling it early or twice does no harm."""
        if self.closing:
            return []
        for slot in list(self._slots):
            self._tell(slot, slot.session.tick(now), now)
        if self._deadline is not None and now >= self._deadline:
            self._hang_up("the client was silent for too long")
        return self._take_events()

    # Exchanges ---------------------------------------------------------------------------------------------------

    def take_work(self, now: float) -> ServerWork | None:
        """Return a slow step to be run in any thread and handed to `finish_work`; None if there is none.

        Everything else of the link may go on meanwhile. For links made with `offload`.
        """
        return None if self.closing else self._giver.take_work(now)

    def finish_work(self, work: ServerWork) -> list[ServerLinkEvent]:
        """Take back a step that was run."""
        self._giver.finish(work)
        if not self.closing:
            self._answer(work)
        return self._take_events()

    def _work(self, now: float) -> None:
        while not self.closing and (work := self._giver.take_work(now)) is not None:
            work.run()
            self._giver.finish(work)
            self._answer(work)

    def _answer(self, work: ServerWork) -> None:
        if work.error is not None:
            self._refuse(work.error.code)
        elif work.answer is not None and self._transport is not None:
            result = work.exchange.result
            if result is not None and result.auth_key.id not in self._state:
                key = self._state.add_key(
                    result.auth_key,
                    first_salt=result.server_salt,
                    expires_at=result.expires_at,
                    used_at=work.now,
                )
                self._events.append(KeyMade(key))
            self._outgoing += self._pack(self._transport, work.answer, None, work.now)

    # Endings -----------------------------------------------------------------------------------------------------

    def _refuse(self, code: int) -> None:
        """Send a transport error and close."""
        if self._transport is not None:
            self._outgoing.append(self._transport.pack_error(code))
        self._hang_up(f"transport error {code}")

    def _hang_up(self, reason: str) -> None:
        if not self.closing:
            self.closing = True
            self._events.append(Hangup(reason))

    def _take_events(self) -> list[ServerLinkEvent]:
        events, self._events = self._events, []
        return events
