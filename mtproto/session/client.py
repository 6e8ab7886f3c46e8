"""The client's half of an encrypted session: bytes and a time go in, events and sealed packets come out.

core.telegram.org/mtproto/description. `ClientSession` is the public face: it holds the parts of a session
(`client_parts`), and checks each packet that comes before it hands the message to a handler (`client_handlers`).
No I/O, no clock, no randomness of its own; one owner, no locks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mtproto._options import named_options
from mtproto.errors import LocalProtocolError, MTProtoError, RemoteProtocolError, TransportError
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.message import KeyState, Sender, Unsealed, random_long, unseal
from mtproto.session.client_handlers import dispatch, handle_unread
from mtproto.session.client_parts import client_parts
from mtproto.session.client_unpacking import is_unpacked
from mtproto.session.events import ClientEvent, ForeignSession, QuickAcked, SessionBroken, Stale
from mtproto.session.inbox import Seen
from mtproto.session.request import Body, Request, RequestState
from mtproto.session.salts import SALTS_WANTED
from mtproto.session.sealer import check_body
from mtproto.session.service_messages import HttpWait, MessageKind, Packet
from mtproto.session.time_window import NEVER
from mtproto.session.wire import SHORT_STREAM, Message
from tl import service

__all__ = ["ClientSession"]


class ClientSession:
    """One encrypted session of a client.

    Everything that takes `now` takes Unix seconds by a local clock that never steps; server time is learned.
    Nothing is sent before `connected`; a lost connection does not end the session.

    Attributes:
        key_state: the key, its salts and the server's time; shared by all sessions of the key.

    """

    @named_options()
    def __init__(
        self,
        state: KeyState,
        *,
        random: Callable[[int], bytes],
        limits: Limits = DEFAULT_LIMITS,
        session_id: int | None = None,
        compress: bool = True,
    ) -> None:
        """Begin a session under a key.

        Args:
            state: the key and what belongs to it; shared by all sessions of the key, and changed by this one.
            random: gives that many bytes from a cryptographically secure source.
            limits: what is sent and accepted at most.
            session_id: signed 64 bits and not zero; by default random.
            compress: whether queries above 256 bytes go as `gzip_packed` where that is shorter.

        """
        self.key_state = state
        self._random = random
        self._limits = limits
        self._parts = client_parts(state, random=random, limits=limits, session_id=session_id, compress=compress)
        self._foreign_in_a_row = 0

    @property
    def session_id(self) -> int:
        """The session's id, signed 64 bits; another one after `SessionRenewed`."""
        return self._parts.sealer.session_id

    @property
    def work(self) -> int:
        """Units of work, of about 10 µs each, that the server's packets have made so far."""
        return self._parts.reader.work

    # What the caller wants.

    def send(
        self,
        body: Body,
        *,
        after: Sequence[Request] = (),
        idempotent: bool = False,
        want_quick_ack: bool = False,
        alone: bool = False,
    ) -> Request:
        """Queue a call of the API and return its handle; the id comes when it is sealed.

        Args:
            body: one serialized boxed function call, or a function that makes it from a `SendContext` at each sealing.
                What such a function raises passes through `next_packet`, and the call is gone.
            after: calls of this session that have to succeed first (`invokeAfterMsg`, `invokeAfterMsgs`).
            idempotent: executing it twice does no harm: where its outcome can't be known, it is sent again.
            want_quick_ack: ask for a quick acknowledgement of its packet.
            alone: put no other call that is sent alone into its packet. Calls that carry parts of files are sent so:
                servers take several `upload.getFile` in one container for a flood.

        Raises:
            LocalProtocolError: the body's length is impossible, `after` names calls of another session, or there is no
                `room`.

        """
        request = Request(body, after, idempotent, want_quick_ack, alone)
        self.add(request)
        return request

    def add(self, request: Request) -> None:
        """Queue a call whose handle was made before; one that is settled may begin again here.

        Raises:
            LocalProtocolError: as in `send`, or the call is open already.

        """
        if request.outbox is not None:
            if request.state is not RequestState.SETTLED:
                raise LocalProtocolError("the call is open already")
            request.reset()
        if not callable(request.body):
            check_body(request.body, self._limits)
        self._parts.calls.add(request)

    def cancel(self, request: Request, now: float) -> None:
        """Give a call up: no event about its outcome will come.

        Not sent yet, it is removed; sent, the server is asked to drop the answer (`rpc_drop_answer`,
        core.telegram.org/mtproto/service_messages#cancellation-of-an-rpc-query), and a late one is swallowed. Queued
        calls that were to follow it fail with `MSG_WAIT_FAILED`. A call that is settled stays so; an event that says so
        and was not fetched yet is taken back.
        """
        self._parts.calls.cancel(request, now)

    def ping(self, *, disconnect_delay: int | None = None) -> int:
        """Queue a `ping`, or a `ping_delay_disconnect` of so many seconds; return its ping_id. A `Pong` answers it."""
        ping_id = random_long(self._random)
        if disconnect_delay is None:
            body = service.functions.Ping(ping_id=ping_id).to_bytes()
        else:
            ping = service.functions.PingDelayDisconnect(ping_id=ping_id, disconnect_delay=disconnect_delay)
            body = ping.to_bytes()
        self._parts.questions.add(MessageKind.PING, body, [ping_id])
        return ping_id

    def destroy_session(self, session_id: int) -> None:
        """Ask the server to forget another session of this key; `SessionDestroyed` answers.

        Raises:
            LocalProtocolError: it is this session, for which the specification defines nothing.

        """
        if session_id == self.session_id:
            raise LocalProtocolError("a session can't destroy itself")
        body = service.functions.DestroySession(session_id=session_id).to_bytes()
        self._parts.questions.add(MessageKind.DESTROY_SESSION, body, [session_id])

    def destroy_auth_key(self) -> None:
        """Ask the server to forget the key of this session; `AuthKeyDestroyed` answers.

        Sent as a call (`send`), the question ends in a `Result` like any call, also where the server answers it by a
        message of its own and not in an `rpc_result`.
        """
        self._parts.questions.add(MessageKind.DESTROY_AUTH_KEY, service.functions.DestroyAuthKey().to_bytes())

    def unsent(self) -> list[Request]:
        """Take out the calls that were never sealed, in the order of `send`, so that another session can `add` them.

        Calls that follow one that was sealed stay, since they can follow it only here.
        """
        return self._parts.outbox.take_unsent()

    def give_up(self, reason: str) -> tuple[list[Request], list[ClientEvent]]:
        """End the session, because its key is gone or because a new one takes its place. What is `unread` is dropped.

        Returns:
            The calls that another session can `add`, since they were not executed or may be executed twice; and the
            events of the others, which end with `OutcomeUnknown(request, reason)`.

        """
        self._parts.unread.drop()
        free = self._parts.calls.give_up(reason)
        return free, self._parts.events.take()

    def fail(self, error: MTProtoError) -> list[ClientEvent]:
        """End every open call with `RequestLost(request, error)`, because nothing can be sent any more."""
        self._parts.calls.fail_all(error)
        return self._parts.events.take()

    # The connection.

    def connected(self, now: float) -> None:
        """Begin to send: a connection is there. What was sent and not acknowledged before is asked about first."""
        parts = self._parts
        self._foreign_in_a_row = 0
        parts.connection.made()
        parts.time.connection_made()
        parts.questions.connection_made()
        parts.renewal.connection_made(now)
        parts.outbox.connection_made(now)
        parts.salts.plan(now)

    def disconnected(self, now: float) -> None:
        """Stop sending: the connection is gone. The session lives on until `connected` or for ever.

        The rest of a packet that is `unread` is handled now: the packet came before the end, and a part of it may be
        acknowledged. The events are told with the next ones.
        """
        parts = self._parts
        if parts.unread:
            self._handle_on(now, None)
        parts.connection.lost()
        parts.outbox.connection_lost()
        parts.sent.clear()
        parts.questions.connection_lost()

    def transport_error(self, code: int) -> list[ClientEvent]:
        """Take an error code that came instead of a packet. It is not authenticated: the connection ends, no more."""
        self._parts.connection.breaks()
        self._parts.events.tell(SessionBroken(TransportError(code)))
        return self._parts.events.take()

    def quick_ack(self, token: int) -> list[ClientEvent]:
        """Take a quick acknowledgement; one that nobody asked for is ignored (it is not authenticated)."""
        for msg_id in self._parts.sent.quick_acked(token):
            request = self._parts.outbox.find(msg_id)
            if request is not None:
                self._parts.events.tell(QuickAcked(request))
        return self._parts.events.take()

    @property
    def in_flight(self) -> int:
        """How many calls are open, those that wait to be sealed included."""
        return self._parts.outbox.count

    @property
    def room(self) -> int:
        """How many more calls `send` takes now."""
        return self._parts.outbox.room

    @property
    def requests(self) -> tuple[Request, ...]:
        """The open calls, in the order of `send`."""
        return tuple(self._parts.outbox)

    # Time.

    def tick(self, now: float) -> list[ClientEvent]:
        """Do what is due at `now`; afterwards `next_packet` may have something. Call it at `next_deadline`."""
        parts = self._parts
        if not parts.unread:  # the rest of a packet of the old session is handled first
            parts.renewal.finish_if_ready(now)
        if parts.connection.usable:
            parts.inbox.tick(now)
            if parts.outbox.next_ask <= now:
                parts.calls.ask_states(now, self._limits.message_ids_accepted)
            if parts.salts.due <= now and self.key_state.time_known:
                self._ask_salts(now)
        return parts.events.take()

    def _ask_salts(self, now: float) -> None:
        self._parts.salts.asked(now)
        if not self._parts.questions.under_way(MessageKind.SALTS):
            body = service.functions.GetFutureSalts(num=SALTS_WANTED).to_bytes()
            self._parts.questions.add(MessageKind.SALTS, body)

    def next_deadline(self) -> float | None:
        """Return the local time at which `tick` has something to do, or None; 0.0 if events wait to be fetched."""
        parts = self._parts
        if parts.events:
            return 0.0
        if not parts.connection.usable:
            return None
        deadline = min(parts.inbox.ack_deadline, parts.outbox.next_ask, parts.renewal.deadline)
        if self.key_state.time_known:
            deadline = min(deadline, parts.salts.due)
        return deadline if deadline < NEVER else None

    # Packets out.

    def next_packet(
        self, now: float, *, max_bytes: int, http_wait: HttpWait | None = None, poll: bool = True
    ) -> Packet | None:
        """Seal what waits into one packet, or return None if nothing has to be sent now.

        Ids and numbers are given here, so that nothing waits with an old id. Call it until it returns None.

        Args:
            now: local time.
            max_bytes: the most bytes of the payload; a call that alone is larger stays queued.
            http_wait: over HTTP: how long its answer may wait, which the packet says.
            poll: with `http_wait` a packet is made in any case, to be answered once there is something to say.

        """
        parts = self._parts
        if not parts.connection.usable:
            return None
        if parts.outbox.next_ask <= now:
            parts.calls.ask_states(now, self._limits.message_ids_accepted)
        if parts.renewal.active:
            return parts.sealer.next_final_questions(now)
        return parts.sealer.next_packet(now, max_bytes, http_wait, poll)

    # Packets in.

    @property
    def unread(self) -> bool:
        """Whether a part of the last packet is still to be handled, by `read_on`."""
        return bool(self._parts.unread)

    def receive(self, payload: bytes, now: float, budget: int | None = None) -> list[ClientEvent]:
        """Open a packet, make every check of core.telegram.org/mtproto/security_guidelines, and handle what is in it.

        Args:
            payload: one encrypted packet, exact (the framing has cut its own padding).
            now: local time.
            budget: units of work, of about 10 µs each, after which the session keeps the rest of a packet that has
                passed all checks: the rest is `unread`, and `read_on` goes on. No message of the rest is acknowledged
                before it is handled. With None all is handled at once. The rest of an earlier packet is handled first.

        Raises:
            RemoteProtocolError: a check failed that the peer can't fail by accident. The session does nothing more
                until `disconnected`; what was understood before stands in the error's `events`.

        """
        parts = self._parts
        if parts.unread:
            self._handle_on(now, None)
        if parts.connection.broken:
            return parts.events.take()
        parts.unread.begin_step(budget)
        try:
            self._receive(unseal(self.key_state.auth_key, Sender.SERVER, payload), now)
        except RemoteProtocolError as error:
            parts.connection.breaks()
            error.keep_events(parts.events.take())
            raise
        return parts.events.take()

    def _receive(self, packet: Unsealed, now: float) -> None:
        """Check the ids of an authentic packet, in the documented order, then handle its message."""
        parts = self._parts
        if packet.session_id != parts.sealer.session_id:
            self._foreign(packet)
            return
        self._foreign_in_a_row = 0
        msg_id = packet.msg_id
        if not msg_id & 1:
            raise RemoteProtocolError("msg_id", "a server's msg_id is odd")
        inbox = parts.inbox
        seen = inbox.look_up(msg_id)
        if seen is not Seen.NEW:
            self._seen_before(packet, seen, now)
            return
        if not parts.time.accepts(msg_id, now):
            return
        inbox.remember(msg_id)
        parts.reader.begin()
        parts.questions.packet_begins()
        if parts.unread.budget is not None and len(packet.body) > SHORT_STREAM:
            message = Message(msg_id, packet.seqno, packet.body)
            if not is_unpacked(parts, message):
                parts.unread.keep_packed(message)
                return
        if packet.seqno & 1:
            inbox.acknowledge(msg_id, now)
        dispatch(parts, msg_id, packet.body, now)
        if parts.unread.first is None:
            self._end_packet(now)

    def read_on(self, now: float, budget: int | None = None) -> list[ClientEvent]:
        """Handle the rest of a packet, or a part of it; see `receive`."""
        self._handle_on(now, budget)
        return self._parts.events.take()

    def _handle_on(self, now: float, budget: int | None) -> None:
        parts = self._parts
        parts.questions.packet_begins()
        parts.unread.begin_step(budget)
        packed = parts.unread.packed
        if packed is not None:
            if budget is not None and not is_unpacked(parts, packed):
                return
            parts.unread.take_packed()
            if packed.seqno & 1:
                parts.inbox.acknowledge(packed.msg_id, now)
            dispatch(parts, packed.msg_id, packed.body, now)
        else:
            handle_unread(parts, now)
        if parts.unread.first is None:
            self._end_packet(now)

    def drop_rest(self) -> None:
        """Drop the rest of a container: handling it led to an error that nobody expected.

        No message of the rest was acknowledged, so that the server sends them again.
        """
        self._parts.unread.drop_messages()

    def _end_packet(self, now: float) -> None:
        """Do the work that is done once for each packet, since it looks at all calls."""
        parts = self._parts
        lost_below_id = parts.notices.take_lost_below()
        if lost_below_id:
            parts.calls.sessions_lost(lost_below_id, now)
        if parts.renewal.active:
            parts.renewal.finish_if_ready(now)

    def _foreign(self, packet: Unsealed) -> None:
        self._parts.events.tell(ForeignSession(packet.msg_id))
        self._foreign_in_a_row += 1
        if self._foreign_in_a_row >= self._limits.foreign_sessions:
            raise RemoteProtocolError("session_id", f"{self._foreign_in_a_row} messages of other sessions in a row")

    def _seen_before(self, packet: Unsealed, seen: Seen, now: float) -> None:
        if seen is Seen.TOO_OLD:
            self._parts.events.tell(Stale(packet.msg_id, seen.value))
        elif packet.seqno & 1:
            self._parts.inbox.acknowledge(packet.msg_id, now)
