"""The packets that come over one connection of a client: they are opened, checked, and led to their sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mtproto.errors import RemoteProtocolError, TransportError
from mtproto.exchange import ServerExchange
from mtproto.link.events import InSession, ServerQuery
from mtproto.link.faults import IncomingPacket
from mtproto.link.server_exchanging import ServerExchanging
from mtproto.link.server_key_maker import ServerKeyMaker
from mtproto.link.server_standing import ServerStanding
from mtproto.link.server_wire import CUT, ServerWire
from mtproto.link.work import NEW_SESSION, packet_work
from mtproto.message import Sender, check_server_clock, payload_key_id, unseal
from mtproto.session import CloseAfter, DestroyAuthKey, DestroySession, Flooded, HttpWaited, NotAccepted, Query
from mtproto.transport import Payload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mtproto.crypto import RSAPrivateKey
    from mtproto.link.carriage import Carriage
    from mtproto.link.options import ServerLinkOptions
    from mtproto.link.server_keys import ServerKey, SessionSlot
    from mtproto.link.server_sessions import ServerSessions
    from mtproto.message import Unsealed
    from mtproto.session import ServerEvent, Verdict
    from mtproto.transport import Event

__all__ = ["ServerIntake"]

AUTHENTICATE_TIME = 60.0
"""Seconds within which a client must have shown that it holds a key: more than any exchange takes."""

TURNED_AWAY_AT_MOST = 512
"""Packets turned away one after the other before the connection is closed: more than a client has under way."""


class _Opened(NamedTuple):
    """An opened packet of a session, which may have to wait for the rest of another; and whether to quick-ack it."""

    key: ServerKey
    message: Unsealed
    quick_ack: bool


class ServerIntake:
    """What a server's link does with packets, whatever carries them. One owner: a link.

    Args:
        state: keys and sessions, shared by all links of the DC.
        keys: the private keys offered in exchanges.
        now: Unix seconds.
        random: source of random bytes.
        options: of the link.
        carriage: the rule by which the link takes sessions.

    Attributes:
        standing: whether the connection goes on, and what the shell is to be told.
        wire: what goes out.
        exchanging: the exchanges.
        key_id: the id of the auth key of the last packet that was accepted (signed); None before the first.
        accepted: a packet of a session was accepted over this connection: the client holds a key.
        work: units of work, of about 10 µs each, that the client has made so far.

    Raises `LocalProtocolError` if `now` is a time at which no server works.

    """

    def __init__(
        self,
        state: ServerSessions,
        keys: Sequence[RSAPrivateKey],
        now: float,
        random: Callable[[int], bytes],
        options: ServerLinkOptions,
        carriage: Carriage,
    ) -> None:
        check_server_clock(now)
        dc_ids, faults = options.dc_ids, options.exchange_faults
        self._frame = options.limits.frame_accepted
        maker = ServerKeyMaker(
            lambda: ServerExchange(keys, random, dc_ids=dc_ids, key_exists=state.__contains__, faults=faults)
        )
        self._state = state
        self._carriage = carriage
        self._turned_away = 0  # since the last packet that was not
        self._kept: Sequence[Event | RemoteProtocolError | _Opened] = ()  # what came in and is still to be handled
        self._partly: tuple[SessionSlot, Unsealed, bool] | None = None  # whose packet, which, whether to quick-ack it
        self._left: list[ServerEvent] = []  # what that packet asks of the connection, found by another link
        self._deadline: float | None = now + AUTHENTICATE_TIME
        self.standing = standing = ServerStanding()
        self.wire = wire = ServerWire(standing, options.faults)
        self.exchanging = ServerExchanging(state, maker, wire, standing, offload=options.offload)
        self.key_id: int | None = None
        self.accepted = False
        self.work = 0

    # What comes in -----------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float, budget: int | None, unframe: Callable[[bytes], Sequence[Event]]) -> None:
        """Take what came in, and handle the packets that `unframe` finds in it, until the budget ends.

        Nothing is raised for what the peer did; the connection ends for that.
        """
        cut = False
        if (faults := self.wire.armed_faults) is not None:
            data, cut = faults.reading(data)
        items: Sequence[Event | RemoteProtocolError]
        try:
            items = unframe(data)
        except RemoteProtocolError as error:
            items = [*error.take_events(), error]
        self._handle_all([*self._kept, *items] if self._kept else items, now, None if cut else budget)
        if cut:
            self.standing.hang_up(CUT)

    @property
    def unread(self) -> bool:
        """Whether a part of what came in is still to be handled, by `read_on`."""
        return not self.standing.closing and (self._partly is not None or bool(self._kept))

    def read_on(self, now: float, budget: int | None) -> None:
        """Handle the rest of what came in, or a part of it."""
        if not self.standing.closing:
            self._handle_all(self._kept, now, budget)

    def disconnected(self) -> None:
        """End the connection. What is `unread` is dropped: nothing of it was acknowledged."""
        self.standing.disconnected()
        self.wire.speak(None)
        self._kept, self._partly = (), None
        self._left.clear()

    def leave(self, slot: SessionSlot, event: ServerEvent) -> None:
        """Keep what the rest of a packet asks of this connection, which another link has read, until `read_on`.

        A connection that is to be closed has no rest that anybody waits for.
        """
        if self.unread and self._partly is not None and self._partly[0] is slot:
            self._left.append(event)

    def _handle_all(
        self, items: Sequence[Event | RemoteProtocolError | _Opened], now: float, budget: int | None
    ) -> None:
        """Handle what is left of a packet, then these; where the budget ends, keep the rest."""
        self._kept = ()
        end = None if budget is None else self.work + budget
        if self._partly is not None:
            self._read_packet_on(*self._partly, now, budget)
        for number, item in enumerate(items):
            if self.standing.closing:
                return
            if end is not None and (self._partly is not None or self.work >= end):
                self._kept = items[number:]
                return
            if isinstance(item, Payload | _Opened):
                try:
                    waits = self._handle(item, now, None if end is None else end - self.work)
                except RemoteProtocolError as error:
                    self.standing.hang_up(str(error))
                else:
                    if waits is not None:
                        self._kept = [waits, *items[number + 1 :]]
                        return
            elif isinstance(item, RemoteProtocolError):
                self.standing.hang_up(str(item))

    def _read_packet_on(
        self, slot: SessionSlot, message: Unsealed, quick_ack: bool, now: float, budget: int | None
    ) -> None:
        """Handle what is left of a packet, or a part of it.

        Another connection may have read the rest meanwhile, and left what concerns this one, and may have taken the
        session over: then nothing else is left.
        """
        left, self._left = self._left, []
        self._tell(slot, left, now)
        if self.standing.closing or slot not in self._carriage.carried:
            self._partly = None
            return
        self._tell(slot, self._read_session_on(slot, now, budget), now)
        if not slot.session.unread:
            self._partly = None
            if quick_ack and not self.standing.closing:
                self._acknowledge(message, ())

    def _read_session_on(self, slot: SessionSlot, now: float, budget: int | None) -> list[ServerEvent]:
        before = slot.session.work
        events = slot.session.read_on(now, budget)
        self.work += slot.session.work - before
        return events

    def _read_for_another(self, slot: SessionSlot, now: float, budget: int | None) -> None:
        """Handle what is left of a packet that came over another connection, or a part of it.

        Anybody may have sent what made this necessary. So this connection passes on the calls, which come before those
        of its own packet; what the rest asks of a connection is left to that which the rest came over.
        """
        for event in self._read_session_on(slot, now, budget):
            if not isinstance(event, CloseAfter | Flooded | HttpWaited):
                self._tell(slot, [event], now)
            elif slot.link is not None:
                slot.link.leave(slot, event)

    def _handle(self, item: Payload | _Opened, now: float, budget: int | None) -> _Opened | None:
        """Handle a packet; return it, opened, if it has to wait for the rest of another one of its session."""
        opened = item if isinstance(item, _Opened) else self._open(item, now)
        return None if opened is None or self._lead(opened, now, budget) else opened

    def _open(self, item: Payload, now: float) -> _Opened | None:
        """Open a packet; return None if there is no more to do for it: it is plain, or was refused."""
        self.work += packet_work(item.data)
        key_id = payload_key_id(item.data)
        if key_id == 0:
            if not self._refused_by_fault(None, None, now):
                self.exchanging.receive(item.data, now)
            return None
        key = self._state.find_key(key_id, now)
        if key is None:
            self.wire.refuse(TransportError.NOT_FOUND)
            return None
        message = unseal(key.auth_key, Sender.CLIENT, item.data)
        if self._refused_by_fault(key, message, now):
            return None
        if message.session_id == 0:
            self.wire.refuse(TransportError.NOT_FOUND)
            return None
        return _Opened(key, message, item.quick_ack)

    def _lead(self, opened: _Opened, now: float, budget: int | None) -> bool:
        """Lead a packet to its session; return False if it has to wait for the rest of another one."""
        key, message, quick_ack = opened
        slot = self._state.find_session(key, message.session_id, now)
        self.work += 0 if slot.session_id in key.sessions else NEW_SESSION
        if slot.session.unread:  # of a packet that came over another connection
            self._read_for_another(slot, now, budget)
            if slot.session.unread:
                return False
        if self._state.find_key(key.auth_key.id, now) is not key:  # forgotten by that rest, or while the packet waited
            self.wire.refuse(TransportError.NOT_FOUND)
            return True
        before = slot.session.work
        try:
            self._handle_message(slot, message, quick_ack, now, budget)
        finally:
            self.work += slot.session.work - before
        return True

    def _handle_message(
        self, slot: SessionSlot, message: Unsealed, quick_ack: bool, now: float, budget: int | None
    ) -> None:
        """Deal with a message of a session, whether the message is accepted or not."""
        verdict = slot.session.check(message, now)
        if verdict.accepted:
            if not self._state.keep_session(slot, now):
                self.wire.refuse(TransportError.FLOOD)
                return
        elif slot not in self._carriage.carried:
            self._turn_away(slot, message, verdict, now)
            return
        self._turned_away = 0
        self.key_id = slot.key.auth_key.id
        if self._carriage.attach(slot, now):
            self.accepted = True
            self._deadline = None  # the client holds a key; from now on its pings may set a deadline
        events = slot.session.receive(message, now, verdict, budget)
        self._tell(slot, events, now)
        if slot.session.unread:
            self._partly = (slot, message, quick_ack)
        elif quick_ack and not self.standing.closing:
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
        if notice is not None:
            self.wire.send(notice, slot, now)
        if self._turned_away > TURNED_AWAY_AT_MOST and not self.standing.closing:
            self.wire.refuse(TransportError.FLOOD)

    def _acknowledge(self, message: Unsealed, events: Iterable[object]) -> None:
        """Send a quick ack for a packet that was accepted."""
        if not any(isinstance(event, NotAccepted) and event.msg_id == message.msg_id for event in events):
            self.wire.acknowledge(message.quick_ack_token)

    def _refused_by_fault(self, key: ServerKey | None, message: Unsealed | None, now: float) -> bool:
        """Let a fault act before a packet is handled; return whether the packet was answered by that."""
        faults = self.wire.armed_faults
        code = faults.incoming(IncomingPacket(self._state, key, message, now)) if faults is not None else None
        if code is not None:
            self.wire.refuse(code)
        return code is not None

    # What the sessions tell --------------------------------------------------------------------------------------

    def _tell(self, slot: SessionSlot, events: Iterable[ServerEvent], now: float) -> None:
        """Pass on the events of a session, and do what they ask of the link."""
        for event in events:
            match event:
                case Query(msg_id, body, budget):
                    self.standing.tell(ServerQuery(slot, msg_id, body, budget))
                    continue
                case CloseAfter(seconds):
                    self._close_after(slot, now + seconds)
                case Flooded():
                    self.wire.refuse(TransportError.FLOOD)
                case DestroySession(msg_id, session_id):
                    existed = session_id != slot.session_id and self._state.forget_session(slot.key, session_id)
                    slot.session.session_destroyed(msg_id, session_id, existed)
                case DestroyAuthKey(msg_id) if slot.key.expires_at is not None:
                    slot.session.auth_key_destroyed(msg_id, None)  # it is for permanent keys; others end by themselves
                case DestroyAuthKey(msg_id):
                    slot.session.auth_key_destroyed(msg_id, self._state.forget_key(slot.key.auth_key.id))
                    self._say_last(slot, now)
            self.standing.tell(InSession(slot, event))

    def _say_last(self, slot: SessionSlot, now: float) -> None:
        """Queue what a session has to say before its key is gone: the next packet under that key is refused."""
        if slot.link is not None and not slot.link.by_polls:
            while (packet := slot.session.next_packet(now, max_bytes=self._frame)) is not None:
                self.wire.send(packet.payload, slot, now)

    def _close_after(self, slot: SessionSlot, deadline: float) -> None:
        """Close the connection at `deadline` unless another ping of the client comes.

        Over HTTP a client pings over any of its connections; the shell closes those that are idle.
        """
        if slot.link is None or not slot.link.by_polls:
            self._deadline = deadline

    # Time --------------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        """Return when to call `tick`, Unix seconds; None if nothing waits for a time."""
        deadline, own = self._carriage.carried.next_deadline(), self._deadline
        return deadline if own is None else own if deadline is None else min(deadline, own)

    def tick(self, now: float) -> None:
        """Do what is due at `now`. Calling it early or twice does no harm."""
        if self.standing.closing:
            return
        for slot in list(self._carriage.carried):
            self._tell(slot, slot.session.tick(now), now)
        if self._deadline is not None and now >= self._deadline:
            self.standing.hang_up("the client was silent for too long")

    @property
    def unsent(self) -> int:
        """Bytes that wait to be sent because of bytes that came in: all but updates."""
        return self.wire.unsent + self._carriage.carried.unsent
