"""What the client's half knows, and the steps that its handlers and its public face share: settle, retry, ask, renew.

It must not know how a packet is sealed or opened, nor which constructor leads where.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from struct import Struct

from mtproto.errors import ConnectionLost, MTProtoError, OutcomeUnknown
from mtproto.limits import Limits
from mtproto.message.key_state import KeyState
from mtproto.message.message_ids import least_msg_id, msg_id_time
from mtproto.session.bad_messages import MessageRefused, describe
from mtproto.session.events import (
    ClientEvent,
    QuestionRefused,
    RequestLost,
    RpcFailed,
    SaltChanged,
    SessionBroken,
    SessionRenewed,
    TimeLearned,
)
from mtproto.session.inbox import Inbox
from mtproto.session.outbox import ASK_AFTER, NEVER, Outbox, Request, RequestState
from mtproto.session.packet_reader import PacketReader
from mtproto.session.service_messages import MAX_REFUSALS, Kind, ServiceMessage
from mtproto.session.times import iso
from mtproto.session.wire import Message
from tl import TLError, service

__all__ = ["ClientState", "new_session_id"]

CARRIERS_KEPT = 1000
"""Containers and lone service messages whose refusal is still understood; each is forgotten once it was accepted."""

SALTS_REFUSED = 1800.0
"""Seconds for which no salts are asked for after a refusal: the server names each new one when the old one ends."""

SILENCES = 3
"""How often an idempotent call is sent again because the server does not say what became of it."""

SERVICES_QUEUED = 4096
"""Service messages that wait to be sent before those that the server provokes, or that save it work, are left out."""

LARGE_QUEUED = 128
"""The same for those above `LARGE` bytes: the states of many messages."""

LARGE = 256

QUESTIONS_KEPT = 1000
"""Service questions without an answer that are remembered; beyond it the oldest is forgotten."""

NEW_SESSIONS_KEPT = 64
"""Pairs of ids of `new_session_created` notifications that are remembered."""

RENEWAL_TIMEOUT = 60.0
"""Seconds of a connection for which an unusable session waits for news of what was sent in it."""

SALTS_WANTED = 32
"""Salts asked for at once: 16 hours."""

SALTS_RESERVE = 1800.0
"""Seconds before the end of the last known salt at which more are asked for."""

SALTS_PAUSE = 60.0
"""Seconds between two `get_future_salts`, whatever the answers were."""

CLOCK_CODES = (16, 17)
"""The codes about a wrong clock. What they teach is used once; a second refusal is an error that names both times."""

LATE = 240.0
"""Seconds after which "msg_id too low" may speak of the delay instead of the clock; servers allow 300."""

NOTICEABLE = 1.0
"""Seconds by which the server's time has to move to be worth an event."""

NEWEST = 30.0
"""Seconds by which an id may be ahead of the clock of whoever receives it
(core.telegram.org/mtproto/security_guidelines)."""

_LONG = Struct("<q")
_SECOND = 1 << 32
_MARGIN = 1 << 26  # 16 ms, or millions of ids, which are given out before the next ones would be too high again


def new_session_id(random: Callable[[int], bytes]) -> int:
    """Return a random session id, signed 64 bits, never zero (a zero is answered with -404)."""
    while True:
        session_id = int(_LONG.unpack(random(_LONG.size))[0])
        if session_id:
            return session_id


class ClientState:
    """The memory of a client session, and what is done with it. A base of `ClientSession`, of no use alone.

    Attributes:
        key_state: the key, its salts and the server's time; shared by all sessions of the key.
        session_id: signed 64 bits, random.

    """

    def __init__(
        self,
        state: KeyState,
        *,
        random: Callable[[int], bytes],
        limits: Limits,
        session_id: int | None,
        compress: bool,
    ) -> None:
        self.key_state = state
        self.session_id = new_session_id(random) if session_id is None else session_id
        self._random = random
        self._compress = compress
        self._limits = limits
        self._outbox = Outbox(limits)
        self._inbox = Inbox(limits)
        self._events: list[ClientEvent] = []
        self._services: list[ServiceMessage] = []  # to be sent, first ones first
        self._asked: dict[int, ServiceMessage] = {}  # sent, to be answered
        self._again: list[Request] = []  # to be sent once more under the ids that they have
        self._carriers: dict[int, tuple[ServiceMessage | Request, ...]] = {}
        self._quick_acks: dict[int, tuple[int, ...]] = {}  # from tokens to ids of calls
        self._new_sessions: dict[tuple[int, int], None] = {}  # unique_id and first_msg_id of notifications
        self._lost_below_id = 0  # the highest first_msg_id that a packet has named; 0 between packets
        self._connected = False
        self._broken = False
        self._renewal: tuple[int, float] | None = None  # code, deadline
        self._outer_id = 0  # of the packet that is being read
        self._rest: deque[Message] = deque()  # messages of its container that are still to be handled
        self._step: int | None = None  # units of work that the present step may take
        self._packed: Message | None = None  # the message of a packet without a container, while it is being unpacked
        self._reader = PacketReader(limits)
        self._heard = 0  # the highest msg_id of a packet that was accepted
        self._state_refusals = 0  # of msgs_state_req, one after the other
        self._resends: set[int] | None = None  # what is asked for again, gathered when a packet first needs it
        self._content_count = 0
        self._last_msg_id = 0
        self._numbered_at = -1.0  # the server time of that id
        self._salts_due = NEVER
        self._salts_not_before = 0.0

    @property
    def work(self) -> int:
        """Units of work, of about 10 µs each, that the server's packets have made so far."""
        return self._reader.work

    # Events and small helpers.

    def _drain(self) -> list[ClientEvent]:
        events, self._events = self._events, []
        return events

    def _queue_service(self, kind: Kind, body: bytes, ids: Iterable[int] = (), request: Request | None = None) -> None:
        most = SERVICES_QUEUED if len(body) <= LARGE else LARGE_QUEUED
        if len(self._services) < most or kind not in (Kind.REPLY, Kind.RESEND, Kind.DROP):
            self._services.append(ServiceMessage(kind, body, tuple(ids), request))

    def _waits_for(self, kind: Kind) -> bool:
        """Whether a question of this kind is queued or not yet answered."""
        return any(item.kind is kind for item in (*self._services, *self._asked.values()))

    # Time: the first authentic id sets the offset, a later one raises it.

    def _learn_time(self, offset: float, now: float) -> None:
        state = self.key_state
        noticeable = not state.time_known or abs(offset - state.time_offset) >= NOTICEABLE
        state.time_offset = offset
        state.time_known = True
        if noticeable:
            self._plan_salts(now)
            self._events.append(TimeLearned(offset))

    # The end of a call.

    def _settle(self, request: Request, *, failed: bool = False) -> None:
        self._carriers.pop(request.packet_id, None)  # it was accepted, so none of it will be refused
        self._outbox.settle(request, failed=failed)
        if failed:
            self._fail_followers(request)

    def _lose(self, request: Request, error: MTProtoError | TLError) -> None:
        self._outbox.settle(request, failed=True)
        self._events.append(RequestLost(request, error))
        self._fail_followers(request)

    def _fail_followers(self, request: Request) -> None:
        """End the queued calls that were to follow a call that has failed, as the server would: MSG_WAIT_FAILED."""
        failed = [request]
        while failed:
            before = failed.pop()
            for follower in before.followers:
                if follower.state is RequestState.QUEUED and follower.outbox is self._outbox:
                    self._outbox.settle(follower, failed=True)
                    self._events.append(RpcFailed(follower, 400, "MSG_WAIT_FAILED"))
                    failed.append(follower)

    def _requeue(self, requests: Sequence[Request]) -> None:
        """Queue sealed calls again; what was to follow a call that has failed meanwhile fails as well."""
        open_calls = [request for request in requests if request.state is not RequestState.SETTLED]
        self._outbox.requeue(open_calls)
        for request in open_calls:
            for before in request.after:
                if before.failed:
                    self._fail_followers(before)

    def _forgotten(self, request: Request, reason: str) -> None:
        """Deal with a call of which the server knows nothing any more."""
        if request.state is RequestState.SETTLED:
            return  # it failed a moment ago, with one that it was to follow
        if request.idempotent:
            self._requeue([request])
        else:
            self._lose(request, OutcomeUnknown(request, reason))

    def _decide(self, request: Request, reason: str) -> None:
        """End a call of which the server gives no news, or send it again where that does no harm and may help."""
        if request.idempotent and request.silences >= SILENCES:
            self._lose(request, OutcomeUnknown(request, reason))
            return
        request.silences += 1
        self._forgotten(request, reason)

    def _recover(self, request: Request, now: float) -> None:
        """Get an answer that the server has and that did not come: ask for it, connect anew, then do without it."""
        request.recoveries += 1
        if request.recoveries == 1:
            body = service.types.MsgResendAnsReq(msg_ids=[request.msg_id]).to_bytes()
            self._queue_service(Kind.RESEND_ANSWER, body, [request.msg_id])
            self._outbox.ask(request, now + ASK_AFTER)
        elif request.recoveries > 2:
            self._decide(request, "the server has an answer that does not come")
        elif not self._broken:
            # A server sends what was not acknowledged over a new connection by itself.
            self._broken = True
            self._events.append(SessionBroken(ConnectionLost("an answer that the server has does not come")))

    def _acked(self, request: Request, now: float) -> bool:
        self._carriers.pop(request.packet_id, None)
        return self._outbox.acked(request, now)

    # Refused messages (bad_server_salt, bad_msg_notification).

    def _refused(self, bad_msg_id: int) -> list[ServiceMessage | Request]:
        """Return what was refused with this message: itself, or all that its container carried."""
        open_states = (RequestState.SENT, RequestState.UNKNOWN)  # of what was acknowledged, a late copy was refused
        request = self._outbox.current(bad_msg_id)
        if request is not None:
            return [request] if request.state in open_states else []
        question = self._asked.get(bad_msg_id)
        items: list[ServiceMessage | Request] = []
        for item in self._carriers.pop(bad_msg_id, (question,) if question else ()):
            if isinstance(item, ServiceMessage):
                self._asked.pop(item.msg_id, None)
                items.append(item)
            elif item.packet_id == bad_msg_id and item.state in open_states:
                items.append(item)
        return items

    def _retry(self, items: Iterable[ServiceMessage | Request], code: int, now: float) -> None:
        """Send refused messages again under new ids, or end their calls where that can't help."""
        again: list[Request] = []
        for item in items:
            if isinstance(item, ServiceMessage):
                self._retry_service(item, code, now)
                continue
            late = code == 16 and self._is_late(item, now)
            times = item.refusals[code] = item.refusals.get(code, 0) + 1
            allowed = 1 if code in CLOCK_CODES and not late else MAX_REFUSALS
            if times > allowed or not describe(code).retryable:
                self._lose(item, self._refusal(code, item.msg_id, now))
            elif late:
                item.state, item.ask_at, self._outbox.next_ask = RequestState.UNKNOWN, now, now
            else:
                again.append(item)
        if again:
            self._requeue(again)

    def _is_late(self, item: Request, now: float) -> bool:
        """Whether a call was not too old when it was sent: a late copy was refused, the first may have been taken.

        Our clock may have stood still since, while the machine slept; the server's tells the age of an id that was
        made when its time was known.
        """
        age = self.key_state.server_time(now) - msg_id_time(item.msg_id) if item.timed else now - item.sent_at
        return age > LATE

    def _refusal(self, code: int, msg_id: int, now: float) -> MessageRefused:
        if code not in CLOCK_CODES:
            return MessageRefused(code)
        ours, theirs = iso(msg_id_time(msg_id)), iso(self.key_state.server_time(now))
        return MessageRefused(code, f"our id says {ours}, the server's own ids say {theirs}")

    def _retry_service(self, item: ServiceMessage, code: int, now: float) -> None:
        item.refusals += 1
        if item.kind is Kind.ACKS:
            for msg_id in item.ids:
                self._inbox.acknowledge(msg_id, now)
        elif item.kind is Kind.HTTP_WAIT:
            return
        elif self._refused_too_often(item):
            self._question_refused(item, code, describe(code).description, now)
        elif item.kind is Kind.STATE:
            self._outbox.ask_again(item.ids, now)
        else:
            self._services.append(item)

    def _refused_too_often(self, item: ServiceMessage) -> bool:
        """Whether a service message is not worth another attempt. Each state question is made anew, so they add up."""
        if item.kind is Kind.STATE:
            self._state_refusals += 1
            return self._state_refusals > MAX_REFUSALS
        return item.refusals > MAX_REFUSALS

    def _question_refused(self, item: ServiceMessage, code: int, message: str, now: float) -> None:
        """Go on without the answer to a service question, which the server refuses to give."""
        self._events.append(QuestionRefused(item.kind.value, code, message))
        match item.kind:
            case Kind.SALTS:
                self._salts_not_before = now + SALTS_REFUSED
                self._plan_salts(now)
            case Kind.STATE if item.final:
                if self._renewal is not None:
                    self._renew(now)
            case Kind.STATE:
                for request in self._still_sent(item.ids):
                    self._outbox.unanswerable(request, now)
            case Kind.RESEND if item.request is not None and item.request.state is RequestState.ACKED:
                self._outbox.ask(item.request, now)
            case Kind.RESEND_ANSWER:
                for request in self._still_sent(item.ids):
                    self._outbox.ask(request, now)

    def _still_sent(self, msg_ids: Iterable[int]) -> list[Request]:
        """Return the open calls that have these ids."""
        calls = [self._outbox.current(msg_id) for msg_id in msg_ids]
        return [request for request in calls if request is not None]

    # Questions about calls (msgs_state_req).

    def _ask_states(self, now: float) -> None:
        """Queue the question about the calls whose fate is unknown; it goes before everything else.

        What was asked about often enough is decided now: a connection that stays up is no reason to wait for ever.
        """
        newest = max(self._heard, least_msg_id(self.key_state.server_time(now)))
        requests, undecided = self._outbox.to_ask(now, self._limits.message_ids_accepted, self._heard, newest)
        for request in undecided:
            self._decide(request, "the server does not say what became of it")
        if requests:
            ids = [request.msg_id for request in requests]
            body = service.types.MsgsStateReq(msg_ids=ids).to_bytes()
            self._services.insert(0, ServiceMessage(Kind.STATE, body, ids))

    # Salts (get_future_salts).

    def _plan_salts(self, now: float) -> None:
        """Set the time of the next `get_future_salts`: before the last known salt ends, and not too often."""
        last_end = self.key_state.salts_last_until() - self.key_state.time_offset
        self._salts_due = max(last_end - SALTS_RESERVE, self._salts_not_before, now)

    def _ask_salts(self, now: float) -> None:
        self._salts_due = self._salts_not_before = now + SALTS_PAUSE
        if not self._waits_for(Kind.SALTS):
            self._queue_service(Kind.SALTS, service.functions.GetFutureSalts(num=SALTS_WANTED).to_bytes())

    def _take_salt(self, salt: int, now: float) -> None:
        self.key_state.set_salt(salt, self.key_state.server_time(now))
        self._plan_salts(now)
        self._events.append(SaltChanged())

    # Ids that are too high (bad_msg_notification 17).

    def _lower_ids(self, now: float) -> None:
        """Go on with ids that the server accepts now. What it has accepted before is below them."""
        too_high = int((self.key_state.server_time(now) + NEWEST) * _SECOND)
        if self._last_msg_id > too_high:
            self._last_msg_id = self.key_state.last_msg_id = (too_high - _MARGIN) & -4
            self._numbered_at = -1.0

    # A session whose ids are of no more use (bad_msg_notification 17, 18, 19, 32, 33).

    def _begin_renewal(self, code: int, now: float) -> None:
        """Send nothing more but questions about what was sent; the new session begins when they are settled."""
        self._renewal = (code, now + RENEWAL_TIMEOUT)
        if code == 17:
            self._last_msg_id = self.key_state.last_msg_id = 0
            self._numbered_at = -1.0
        self._outbox.ask_about_all(now)

    def _renew_if_ready(self, now: float) -> None:
        """Begin the new session if nothing of the old one is open, or if a connection gave no news for long enough.

        What is left of a packet of the old one is handled first.
        """
        if self._renewal is None or self._rest:
            return
        overdue = self._connected and now >= self._renewal[1]
        if overdue or not self._outbox.unsettled():
            self._renew(now)

    def _renew(self, now: float) -> None:
        code = self._renewal[0] if self._renewal is not None else 0
        self._renewal = None
        for request in self._outbox.sealed_calls():
            if request.state is not RequestState.QUEUED:
                self._forgotten(request, f"its session was given up after a bad_msg_notification {code}")
        old, self.session_id = self.session_id, new_session_id(self._random)
        self._inbox = Inbox(self._limits)
        self._content_count = 0
        self._asked.clear()
        self._carriers.clear()
        self._quick_acks.clear()
        self._again.clear()
        keep = (Kind.PING, Kind.SALTS, Kind.DESTROY_SESSION, Kind.DESTROY_AUTH_KEY)
        self._services = [item for item in self._services if item.kind in keep]
        self._queue_service(Kind.DESTROY_SESSION, service.functions.DestroySession(session_id=old).to_bytes(), [old])
        self._events.append(SessionRenewed(old, self.session_id, code))
