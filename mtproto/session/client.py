"""The client's half of an encrypted session: bytes and a time go in, events and sealed packets come out.

core.telegram.org/mtproto/description. `ClientSession` is the public face, and how a packet is
opened and checked. How one is put together stands in `client_sending`, what a message means in `client_handlers`, what
is remembered in `client_state`. No I/O, no clock, no randomness of its own; one owner, no locks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct

from mtproto._options import named_options
from mtproto.errors import LocalProtocolError, MTProtoError, OutcomeUnknown, RemoteProtocolError, TransportError
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.message.envelope import Sender, Unsealed, unseal
from mtproto.message.key_state import KeyState
from mtproto.message.message_ids import is_possible_time, msg_id_time
from mtproto.session.client_sending import ClientSending
from mtproto.session.client_state import RENEWAL_TIMEOUT
from mtproto.session.events import (
    ClientEvent,
    ForeignSession,
    QuickAcked,
    RequestLost,
    Result,
    RpcFailed,
    SessionBroken,
    Stale,
)
from mtproto.session.inbox import Seen
from mtproto.session.outbox import NEVER, Body, Request, RequestState
from mtproto.session.service_messages import MAX_REFUSALS, Kind
from mtproto.session.times import iso
from mtproto.session.wire import SHORT_STREAM, Message
from tl import service

__all__ = ["ClientSession"]

OLDEST = 300.0
"""Seconds: a message whose id is older than that is ignored (core.telegram.org/mtproto/security_guidelines)."""

STALE_IN_A_ROW = 8
"""Packets outside the window one after the other before the peer's idea of time is called senseless."""

_LONG = Struct("<q")


class ClientSession(ClientSending):
    """One encrypted session of a client.

    Everything that takes `now` takes Unix seconds by a local clock that never steps; server time is learned.
    Nothing is sent before `connected`; a lost connection does not end the session.
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
        super().__init__(state, random=random, limits=limits, session_id=session_id, compress=compress)
        self._foreign_in_a_row = 0
        self._stale_in_a_row = 0

    # What the caller wants.

    def send(
        self,
        body: Body,
        *,
        after: Sequence[Request] = (),
        idempotent: bool = False,
        want_quick_ack: bool = False,
    ) -> Request:
        """Queue a call of the API and return its handle; the id comes when it is sealed.

        Args:
            body: one serialized boxed function call, or a function that makes it from a `SendContext` at each sealing.
                What such a function raises passes through `next_packet`, and the call is gone.
            after: calls of this session that have to succeed first (`invokeAfterMsg`, `invokeAfterMsgs`).
            idempotent: executing it twice does no harm: where its outcome can't be known, it is sent again.
            want_quick_ack: ask for a quick acknowledgement of its packet.

        Raises:
            LocalProtocolError: the body's length is impossible, `after` names calls of another session, or there is no
                `room`.

        """
        request = Request(body, after, idempotent, want_quick_ack)
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
            self._check_body(request.body)
        for before in request.after:
            if before.outbox is not self._outbox and before.state is not RequestState.SETTLED:
                raise LocalProtocolError("a call can follow only calls of its own session")
        self._outbox.add(request)
        if any(before.failed for before in request.after):
            self._outbox.settle(request, failed=True)
            self._events.append(RpcFailed(request, 400, "MSG_WAIT_FAILED"))

    def cancel(self, request: Request, now: float) -> None:
        """Give a call up: no event about its outcome will come.

        Not sent yet, it is removed; sent, the server is asked to drop the answer (`rpc_drop_answer`,
        core.telegram.org/mtproto/service_messages#cancellation-of-an-rpc-query), and a late one is swallowed. Queued
        calls that were to follow it fail with `MSG_WAIT_FAILED`. A call that is settled stays so; an event that says so
        and was not fetched yet is taken back.
        """
        if request.outbox is not self._outbox:
            return
        if request.state is RequestState.SETTLED:
            ends = (Result, RpcFailed, RequestLost)
            self._events = [
                event for event in self._events if not isinstance(event, ends) or event.request is not request
            ]
            return
        if request.state is RequestState.QUEUED:
            self._outbox.settle(request, failed=True)
        else:
            self._outbox.drop(request, now)
            body = service.functions.RpcDropAnswer(req_msg_id=request.msg_id).to_bytes()
            self._queue_service(Kind.DROP, body, [request.msg_id], request)
        self._fail_followers(request)

    def ping(self, *, disconnect_delay: int | None = None) -> int:
        """Queue a `ping`, or a `ping_delay_disconnect` of so many seconds; return its ping_id. A `Pong` answers it."""
        ping_id = int(_LONG.unpack(self._random(_LONG.size))[0])
        if disconnect_delay is None:
            body = service.functions.Ping(ping_id=ping_id).to_bytes()
        else:
            ping = service.functions.PingDelayDisconnect(ping_id=ping_id, disconnect_delay=disconnect_delay)
            body = ping.to_bytes()
        self._queue_service(Kind.PING, body, [ping_id])
        return ping_id

    def destroy_session(self, session_id: int) -> None:
        """Ask the server to forget another session of this key; `SessionDestroyed` answers.

        Raises:
            LocalProtocolError: it is this session, for which the specification defines nothing.

        """
        if session_id == self.session_id:
            raise LocalProtocolError("a session can't destroy itself")
        body = service.functions.DestroySession(session_id=session_id).to_bytes()
        self._queue_service(Kind.DESTROY_SESSION, body, [session_id])

    def destroy_auth_key(self) -> None:
        """Ask the server to forget the key of this session; `AuthKeyDestroyed` answers."""
        self._queue_service(Kind.DESTROY_AUTH_KEY, service.functions.DestroyAuthKey().to_bytes())

    def unsent(self) -> list[Request]:
        """Take out the calls that were never sealed, in the order of `send`, so that another session can `add` them.

        Calls that follow one that was sealed stay, since they can follow it only here.
        """
        return self._outbox.take_unsent()

    def give_up(self, reason: str) -> tuple[list[Request], list[ClientEvent]]:
        """End the session, because its key is gone or because a new one takes its place. What is `unread` is dropped.

        Returns:
            The calls that another session can `add`, since they were not executed or may be executed twice; and the
            events of the others, which end with `OutcomeUnknown(request, reason)`.

        """
        self._rest.clear()
        self._packed = None
        free: list[Request] = []
        for request in self._outbox:
            if request.state is RequestState.QUEUED or request.idempotent:
                self._outbox.release(request)
                free.append(request)
        for request in self._outbox:
            self._lose(request, OutcomeUnknown(request, reason))
        return free, self._drain()

    def fail(self, error: MTProtoError) -> list[ClientEvent]:
        """End every open call with `RequestLost(request, error)`, because nothing can be sent any more."""
        for request in self._outbox:
            if request.state is not RequestState.SETTLED:
                self._outbox.settle(request, failed=True)
                self._events.append(RequestLost(request, error))
        return self._drain()

    # The connection.

    def connected(self, now: float) -> None:
        """Begin to send: a connection is there. What was sent and not acknowledged before is asked about first."""
        self._connected = True
        self._broken = False
        self._foreign_in_a_row = self._stale_in_a_row = self._state_refusals = 0
        if self._renewal is not None:
            self._renewal = (self._renewal[0], now + RENEWAL_TIMEOUT)
            self._renew_if_ready(now)
        self._outbox.connection_made(now)
        self._plan_salts(now)

    def disconnected(self, now: float) -> None:
        """Stop sending: the connection is gone. The session lives on until `connected` or for ever.

        The rest of a packet that is `unread` is handled now: it came before the end, and a part of it may be
        acknowledged. Its events are told with the next ones.
        """
        if self.unread:
            self._read_all(now)
        self._connected = False
        self._broken = False
        self._outbox.connection_lost()
        self._carriers.clear()
        self._quick_acks.clear()
        self._again.clear()
        lasting = (Kind.DROP, Kind.DESTROY_SESSION, Kind.DESTROY_AUTH_KEY)
        again = [item for item in self._asked.values() if item.sends <= MAX_REFUSALS]
        self._services = [item for item in (*again, *self._services) if item.kind in lasting]
        self._asked.clear()

    def transport_error(self, code: int) -> list[ClientEvent]:
        """Take an error code that came instead of a packet. It is not authenticated: the connection ends, no more."""
        self._broken = True
        return [*self._drain(), SessionBroken(TransportError(code))]

    def quick_ack(self, token: int) -> list[ClientEvent]:
        """Take a quick acknowledgement; one that nobody asked for is ignored (it is not authenticated)."""
        requests = map(self._outbox.find, self._quick_acks.pop(token, ()))
        return [*self._drain(), *(QuickAcked(request) for request in requests if request is not None)]

    @property
    def in_flight(self) -> int:
        """How many calls are open, those that wait to be sealed included."""
        return self._outbox.count

    @property
    def room(self) -> int:
        """How many more calls `send` takes now."""
        return self._outbox.room

    @property
    def requests(self) -> tuple[Request, ...]:
        """The open calls, in the order of `send`."""
        return tuple(self._outbox)

    # Time.

    def tick(self, now: float) -> list[ClientEvent]:
        """Do what is due at `now`; afterwards `next_packet` may have something. Call it at `next_deadline`."""
        self._renew_if_ready(now)
        if self._connected and not self._broken:
            self._inbox.tick(now)
            if self._outbox.next_ask <= now:
                self._ask_states(now)
            if self._salts_due <= now and self.key_state.time_known:
                self._ask_salts(now)
        return self._drain()

    def next_deadline(self) -> float | None:
        """Return the local time at which `tick` has something to do, or None; 0.0 if events wait to be fetched."""
        if self._events:
            return 0.0
        if not self._connected or self._broken:
            return None
        deadline = min(self._inbox.ack_deadline, self._outbox.next_ask)
        if self.key_state.time_known:
            deadline = min(deadline, self._salts_due)
        if self._renewal is not None:
            deadline = min(deadline, self._renewal[1])
        return deadline if deadline < NEVER else None

    # Packets in.

    @property
    def unread(self) -> bool:
        """Whether a part of the last packet is still to be handled, by `read_on`."""
        return bool(self._rest) or self._packed is not None

    def receive(self, payload: bytes, now: float, budget: int | None = None) -> list[ClientEvent]:
        """Open a packet, make every check of core.telegram.org/mtproto/security_guidelines, and handle what is in it.

        Args:
            payload: one encrypted packet, exact (the framing has cut its own padding).
            now: local time.
            budget: units of work, of about 10 µs each, after which the session keeps the rest of a packet that has
                passed all checks: it is `unread`, and `read_on` goes on. No message of the rest is acknowledged before
                it is handled. With None all is handled at once. Of an earlier packet all is handled first.

        Raises:
            RemoteProtocolError: a check failed that the peer can't fail by accident. The session does nothing more
                until `disconnected`; what was understood before stands in the error's `events`.

        """
        if self._rest or self._packed is not None:
            self._read_all(now)
        if self._broken:
            return self._drain()
        self._step = budget
        try:
            self._receive(unseal(self.key_state.auth_key, Sender.SERVER, payload), now)
        except RemoteProtocolError as error:
            self._broken = True
            error.events = tuple(self._drain())
            raise
        events = self._events
        self._events = []
        return events

    def _receive(self, packet: Unsealed, now: float) -> None:
        """Check the ids of an authentic packet, in the documented order, then handle its message."""
        if packet.session_id != self.session_id:
            self._foreign(packet)
            return
        self._foreign_in_a_row = 0
        msg_id = packet.msg_id
        if not msg_id & 1:
            raise RemoteProtocolError("msg_id", "a server's msg_id is odd")
        inbox = self._inbox
        seen = inbox.look_up(msg_id)
        if seen is not Seen.NEW:
            self._seen_before(packet, seen, now)
            return
        if not self._in_time(msg_id, now):
            return
        inbox.remember(msg_id)
        self._heard = max(self._heard, msg_id)
        if packet.seqno & 1:
            inbox.acknowledge(msg_id, now)
        self._outer_id = msg_id
        self._reader.begin()
        self._resends = None
        if self._step is not None and len(packet.body) > SHORT_STREAM:
            message = Message(msg_id, packet.seqno, packet.body)
            if not self._is_unpacked(message):
                self._packed = message
                return
        self._dispatch(msg_id, packet.body, now)
        if not self._rest:
            self._end_packet(now)

    def read_on(self, now: float, budget: int | None = None) -> list[ClientEvent]:
        """Handle the rest of a packet, or a part of it; see `receive`."""
        self._resends = None
        self._step = budget
        packed = self._packed
        if packed is not None:
            if budget is not None and not self._is_unpacked(packed):
                return self._drain()
            self._packed = None
            self._dispatch(packed.msg_id, packed.body, now)
        else:
            self._handle_rest(now)
        if not self._rest:
            self._end_packet(now)
        return self._drain()

    def _read_all(self, now: float) -> None:
        """Handle the rest of a packet at once; its events are told with the next ones."""
        self._events = self.read_on(now)

    def drop_rest(self) -> None:
        """Drop the rest of a container: handling it led to an error that nobody expected.

        Nothing of it was acknowledged, so that the server sends it again.
        """
        self._rest.clear()

    def _end_packet(self, now: float) -> None:
        """Do what is done once for each packet, since it looks at all calls."""
        if self._lost_below_id:
            self._lost_with_sessions(now)
        if self._renewal is not None:
            self._renew_if_ready(now)

    def _foreign(self, packet: Unsealed) -> None:
        self._events.append(ForeignSession(packet.msg_id))
        self._foreign_in_a_row += 1
        if self._foreign_in_a_row >= self._limits.foreign_sessions:
            raise RemoteProtocolError("session_id", f"{self._foreign_in_a_row} messages of other sessions in a row")

    def _seen_before(self, packet: Unsealed, seen: Seen, now: float) -> None:
        if seen is Seen.TOO_OLD:
            self._events.append(Stale(packet.msg_id, seen.value))
        elif packet.seqno & 1:
            self._inbox.acknowledge(packet.msg_id, now)

    def _in_time(self, msg_id: int, now: float) -> bool:
        """Learn server time from the id of an authentic packet, then say whether the id lies in the window."""
        state = self.key_state
        sent_at = msg_id_time(msg_id)
        if not is_possible_time(sent_at):
            raise RemoteProtocolError("msg_id", f"the peer's id says {iso(sent_at)}")
        if not state.time_known or sent_at - now > state.time_offset:
            self._learn_time(sent_at - now, now)
        # Nothing is ahead of server time, which was just raised to it: what comes next is judged by that.
        if sent_at >= state.server_time(now) - OLDEST:
            self._stale_in_a_row = 0
            return True
        theirs, ours = iso(sent_at), iso(state.server_time(now))
        self._events.append(Stale(msg_id, f"it is of {theirs}, server time is {ours}"))
        self._stale_in_a_row += 1
        if self._stale_in_a_row >= STALE_IN_A_ROW:
            state.time_known = False  # the next connection learns it anew
            raise RemoteProtocolError("msg_id", f"the peer's ids say {theirs}, its earlier ones said {ours}")
        return False
