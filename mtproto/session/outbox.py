"""The calls of a client: what waits to be sent, what was sent, what the server has, and under which ids.

A call moves through the states of `RequestState`; after a lost connection the three-way rule decides what becomes of
it (core.telegram.org/mtproto/service_messages_about_messages): not sent, it is sent; sent and not acknowledged, the
server is asked; acknowledged, its answer is waited for. Nothing is sent again on a guess.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from typing import NamedTuple, TypeAlias

from mtproto.errors import LocalProtocolError
from mtproto.limits import Limits
from mtproto.session.wire import MESSAGE_HEADER

__all__ = ["Body", "Outbox", "Request", "RequestState", "SendContext"]

NEVER = float("inf")

ASK_AFTER = 10.0
"""Seconds without news of a call after which the server is asked about it (`msgs_state_req`)."""

ASK_ABOUT_ACKED = 60.0
"""The same for a call that was acknowledged on this connection: it may simply take long."""

ASK_ABOUT_LOST = 5.0
"""The same for a call that was sent into a connection that is gone, or in a session that the server has lost."""

TRIES = 6
"""Questions in a row about a call, without any news of it, before its outcome is decided without the server's word."""

TRIES_ABOUT_LOST = 2
"""The same for a call that `ASK_ABOUT_LOST` speaks of: while the server is there, ten seconds are enough."""

DROPPED_KEPT = 4096
"""Cancelled calls whose late answers are recognised; beyond it the oldest is forgotten."""

OLD_IDS = 8
"""How many earlier ids of a call are kept, so that an answer to one of them still finds it."""

INVALID_CONTAINER = 64
"""The code of a `bad_msg_notification` after which a call is sent outside of any container."""

DROPPED_LIFETIME = 600.0
"""Seconds for which the late answer of a cancelled call is expected: servers forget answers after ten minutes."""


class SendContext(NamedTuple):
    """What a body may depend on that is known only when it is sealed.

    Attributes:
        msg_id: the id that the message is about to get, signed 64 bits.
        session_id: the session that it is sent in, signed 64 bits.
        server_time: Unix seconds by the server's clock.

    """

    msg_id: int
    session_id: int
    server_time: float


Body: TypeAlias = bytes | Callable[[SendContext], bytes]
"""One serialized boxed function call; or what makes it, called at each sealing."""


class RequestState(Enum):
    """Where a call is."""

    QUEUED = "waits to be sealed"
    SENT = "sealed into a packet of this connection"
    UNKNOWN = "sealed into a packet of a lost connection"
    ACKED = "the server has it"
    SETTLED = "answered, lost or cancelled"


class Request:
    """The handle of one call, given out by `send`. Two are equal only if they are the same object.

    Attributes:
        body: what was handed to `send`; empty once the call was cancelled after it was sent.
        after: the calls that have to succeed before the server executes this one.
        idempotent: it may be executed twice, so that it is sent again where its outcome can't be known.
        want_quick_ack: whether its packet asks for a quick acknowledgement.
        state: where it is.
        msg_id: the id it was last sealed under, signed 64 bits; 0 before.
        failed: it ended without a result, so that calls that were to follow it can't succeed.

    """

    __slots__ = (
        "after",
        "ask_at",
        "asked_after",
        "body",
        "failed",
        "followers",
        "idempotent",
        "lost",
        "msg_id",
        "old_ids",
        "order",
        "outbox",
        "packet_id",
        "patient",
        "recoveries",
        "refusals",
        "sent_at",
        "seqno",
        "silences",
        "state",
        "timed",
        "tries",
        "want_quick_ack",
    )

    def __init__(
        self,
        body: Body,
        after: Sequence[Request] = (),
        idempotent: bool = False,
        want_quick_ack: bool = False,
    ) -> None:
        """Make the handle of a call that is in no session yet; arguments as in `ClientSession.send`."""
        self.body = body
        self.after = tuple(after)
        self.idempotent = idempotent
        self.want_quick_ack = want_quick_ack
        self.reset()

    def reset(self) -> None:
        """Become a call that was never sent and is in no session."""
        self.state = RequestState.QUEUED
        self.msg_id = 0
        self.failed = False
        self.followers: list[Request] = []  # calls of this session that were to follow it
        self.order = 0  # of `send`, so that what is sent again keeps its place
        self.seqno = 0
        self.packet_id = 0  # the container's id, or msg_id where it went alone
        self.sent_at = 0.0
        self.timed = False  # the server's time was known then
        self.ask_at = NEVER
        self.lost = False  # its connection or its session is gone, and the server has said nothing of it since
        self.tries = 0  # questions about it since the last news of it
        self.asked_after = 0  # no packet that the server made before the last of them has a higher msg_id
        self.silences = 0  # how often it was sent again because nobody said what became of it
        self.recoveries = 0  # steps taken to get an answer that the server has
        self.old_ids: tuple[int, ...] = ()
        self.refusals: dict[int, int] = {}  # how often, by code
        self.outbox: Outbox | None = None
        self.patient = False  # waits here until `after` is settled, since the server would not wait so long

    def __repr__(self) -> str:
        return f"Request(msg_id={self.msg_id}, {self.state.name})"

    @property
    def alone(self) -> bool:
        """Whether it has to go without a container around it: the one that it was in was refused as invalid."""
        return INVALID_CONTAINER in self.refusals

    @property
    def ready(self) -> bool:
        """Whether it may be sealed: each call that it follows has an id that the server knows, or has succeeded."""
        settled = (RequestState.SETTLED,)
        known = settled if self.patient else (RequestState.SENT, RequestState.ACKED, *settled)
        return all(before.state in known for before in self.after)

    @property
    def ask_pause(self) -> float:
        """Seconds after which it is asked about again."""
        if self.lost:
            return ASK_ABOUT_LOST
        return ASK_ABOUT_ACKED if self.state is RequestState.ACKED else ASK_AFTER

    @property
    def tries_allowed(self) -> int:
        """How many questions about it may stay without news of it.

        An acknowledged one that was lost has waited for its answer for ten seconds before the first of them.
        """
        if not self.lost:
            return TRIES
        return 1 if self.state is RequestState.ACKED else TRIES_ABOUT_LOST

    def follow(self, after: Sequence[Request]) -> None:
        """Name anew the calls that have to succeed first; only for a call that is in no session."""
        self.after = tuple(after)

    def end_unsent(self) -> None:
        """End a call that no session has got. Calls that were to follow it fail as they would in a session."""
        self.state = RequestState.SETTLED
        self.failed = True

    def waits_for(self) -> list[int]:
        """Return the msg_ids of the calls that the server has to wait for before it executes this one."""
        return [before.msg_id for before in self.after if before.state is not RequestState.SETTLED]


class Outbox:
    """All calls of one session that are not settled. Owned by the session.

    Attributes:
        next_ask: a time (local) before which no call has to be asked about.
        connected_at: when the present connection was made, local time.
        dropped: msg_ids of cancelled calls whose answers may still come, with the time to stop waiting.

    """

    __slots__ = ("_by_id", "_count", "_limit", "_order", "_queue", "connected_at", "dropped", "next_ask")

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.unanswered_requests
        self._queue: deque[Request] = deque()
        self._by_id: dict[int, Request] = {}  # by current id and by earlier ones
        self._count = 0
        self._order = 0
        self.next_ask = NEVER
        self.connected_at = 0.0
        self.dropped: dict[int, float] = {}

    @property
    def count(self) -> int:
        """How many calls are not settled."""
        return self._count

    @property
    def room(self) -> int:
        """How many more calls may be added."""
        return self._limit - self._count

    @property
    def waiting(self) -> bool:
        """Whether any call waits to be sealed."""
        return bool(self._queue)

    @property
    def head_alone(self) -> bool:
        """Whether the next call has to go without a container around it."""
        return bool(self._queue) and self._queue[0].alone

    def sealed_calls(self) -> list[Request]:
        """Return the calls that were sealed and are not settled, in the order of `send`."""
        return sorted({request for request in self._by_id.values() if request.packet_id}, key=_order)

    def unsettled(self) -> bool:
        """Whether anything is to be heard yet of a call that was sealed."""
        return any(request.state is not RequestState.QUEUED for request in self.sealed_calls())

    def queued(self) -> list[Request]:
        """Return the calls that wait to be sealed, first ones first."""
        return list(self._queue)

    def add(self, request: Request) -> None:
        """Take a call.

        Raises:
            LocalProtocolError: there is no room.

        """
        if self._count >= self._limit:
            raise LocalProtocolError(f"{self._limit} calls are unanswered; wait for room")
        self._order += 1
        self._count += 1
        request.order = self._order
        request.outbox = self
        request.state = RequestState.QUEUED
        for before in request.after:
            before.followers.append(request)
        self._queue.append(request)

    def find(self, msg_id: int) -> Request | None:
        """Return the unsettled call that has or had this id."""
        return self._by_id.get(msg_id)

    def current(self, msg_id: int) -> Request | None:
        """Return the unsettled call that was last sealed under this id and has not been queued again since."""
        request = self._by_id.get(msg_id)
        if request is None or request.msg_id != msg_id or request.state is RequestState.QUEUED:
            return None
        return request

    def take(self, budget: int, soft: int, count: int) -> list[Request]:
        """Take the calls that make up the next packet, in order; those that may not be sealed yet keep their place.

        Args:
            budget: the most bytes of the first one, if it goes alone.
            soft: the most bytes for more than one together, with a header for each.
            count: the most calls.

        """
        taken: list[Request] = []
        held: list[Request] = []
        queue, size = self._queue, 0
        while queue and len(taken) < count:
            request = queue[0]
            if request.after and not request.ready:
                held.append(queue.popleft())
                continue
            length = len(request.body) if isinstance(request.body, bytes) else 0
            size += MESSAGE_HEADER + length
            too_much = size > soft if taken else length > budget
            if too_much or (taken and request.alone):
                break
            taken.append(queue.popleft())
            if request.alone:
                break
        queue.extendleft(reversed(held))
        return taken

    def sealed(self, request: Request, msg_id: int, seqno: int, packet_id: int, now: float) -> None:
        """Note that a call went into a packet."""
        if request.msg_id:
            request.old_ids += (request.msg_id,)
            if len(request.old_ids) > OLD_IDS:
                self._by_id.pop(request.old_ids[0], None)
                request.old_ids = request.old_ids[1:]
        request.msg_id = msg_id
        request.seqno = seqno
        request.packet_id = packet_id
        request.sent_at = now
        request.state = RequestState.SENT
        request.lost = False
        request.tries = request.recoveries = 0
        request.ask_at = now + ASK_AFTER
        if request.ask_at < self.next_ask:
            self.next_ask = request.ask_at
        self._by_id[msg_id] = request

    def acked(self, request: Request, now: float) -> bool:
        """Note that the server has a call; return whether that is news."""
        if request.state not in (RequestState.SENT, RequestState.UNKNOWN):
            return False
        # An answer that was sent into the lost connection comes again at once, or something is wrong.
        request.ask_at = now + (ASK_ABOUT_ACKED if request.state is RequestState.SENT else ASK_AFTER)
        self.next_ask = min(self.next_ask, request.ask_at)
        request.state = RequestState.ACKED
        request.lost = False
        request.tries = 0
        request.refusals.clear()
        return True

    def requeue(self, requests: Iterable[Request]) -> None:
        """Queue sealed calls again, each in the place that the order of `send` gives it."""
        for request in requests:
            request.state = RequestState.QUEUED
            request.ask_at = NEVER
            insort(self._queue, request, key=_order)

    def settle(self, request: Request, *, failed: bool) -> None:
        """Forget a call that is answered, lost or cancelled."""
        self._remove(request)
        request.state = RequestState.SETTLED
        request.failed = failed
        request.after = ()  # or each call of a long chain would keep all before it alive

    def release(self, request: Request) -> None:
        """Take out a call that is to go on in another session."""
        self._remove(request)
        request.reset()

    def _remove(self, request: Request) -> None:
        if request.state is RequestState.QUEUED and request in self._queue:
            self._queue.remove(request)
        self._by_id.pop(request.msg_id, None)
        for old_id in request.old_ids:
            self._by_id.pop(old_id, None)
        self._count -= 1

    def drop(self, request: Request, now: float) -> None:
        """Settle a cancelled call that the server may have, and keep its id so that its late answer is recognised.

        Its body goes: the question that gives up its answer keeps the call until the server says something.
        """
        self.settle(request, failed=True)
        request.body = b""
        self.dropped[request.msg_id] = now + DROPPED_LIFETIME
        while self.dropped:
            oldest = next(iter(self.dropped))
            if self.dropped[oldest] > now and len(self.dropped) <= DROPPED_KEPT:
                break
            del self.dropped[oldest]

    def take_unsent(self) -> list[Request]:
        """Give back the calls that were never sealed, but for those that follow a call that was."""
        unsent: list[Request] = []
        for request in self.queued():
            follows = [before for before in request.after if before.state is not RequestState.SETTLED]
            if not request.msg_id and all(before in unsent for before in follows):
                self.release(request)
                unsent.append(request)
        return unsent

    def connection_lost(self) -> None:
        """Apply the three-way rule: what was sent and not acknowledged is unknown from now on."""
        for request in self.sealed_calls():
            request.lost = True
            if request.state is RequestState.SENT:
                request.state = RequestState.UNKNOWN

    def connection_made(self, now: float) -> None:
        """Ask about the unknown calls at once, and about the acknowledged ones if nothing comes."""
        self.connected_at = now
        for request in self.sealed_calls():
            request.tries = 0
            if request.state is RequestState.UNKNOWN:
                request.ask_at = self.next_ask = now
            elif request.state is RequestState.ACKED:
                request.ask_at = now + ASK_AFTER
                self.next_ask = min(self.next_ask, request.ask_at)

    def to_ask(self, now: float, count: int, heard: int, newest: int) -> tuple[list[Request], list[Request]]:
        """Return up to `count` calls that have to be asked about now, each put off to its next time; and the undecided.

        Undecided are the calls that were asked about often enough. Where the server made no packet since the last
        question, the connection may be dead: then the call is only asked about again. The arrival of a packet proves
        nothing: somebody may have kept an old one back.

        Args:
            now: local time.
            count: the most ids of one question.
            heard: the highest msg_id of a packet that was accepted.
            newest: the highest msg_id that the server may have given until now, as far as its clock is known.

        """
        asked: list[Request] = []
        undecided: list[Request] = []
        if self.next_ask > now:
            return asked, undecided
        self.next_ask = NEVER
        for request in self.sealed_calls():
            if request.ask_at <= now and request.tries >= request.tries_allowed and heard > request.asked_after:
                request.ask_at = NEVER
                undecided.append(request)
            elif request.ask_at <= now and len(asked) < count:
                request.ask_at = now + request.ask_pause
                request.tries += 1
                request.asked_after = newest
                asked.append(request)
            self.next_ask = min(self.next_ask, request.ask_at)
        return asked, undecided

    def running(self, request: Request, now: float) -> None:
        """Note that the server has said once more that it has a call."""
        request.lost = False
        request.tries = 0
        if request.state is RequestState.ACKED:
            self.ask(request, now + ASK_ABOUT_ACKED)

    def ask(self, request: Request, at: float) -> None:
        """Ask about a call at that time (local) rather than when it was to be asked about."""
        request.ask_at = at
        self.next_ask = min(self.next_ask, at)

    def unanswerable(self, request: Request, now: float) -> None:
        """Note that the server refuses to say what became of a call; a lost one is not asked about any more.

        Its answer may still come by itself, for as long as a second question would have taken.
        """
        if request.lost and request.ask_at != NEVER:
            request.tries = request.tries_allowed
            self.ask(request, max(now, self.connected_at + ASK_ABOUT_LOST))

    def session_lost(self, request: Request, now: float) -> None:
        """Ask at once about a call whose session the server has lost, unless it is being asked about already."""
        if not request.lost or not request.tries:
            self.ask(request, now)
        request.lost = True

    def ask_about_all(self, now: float) -> None:
        """Ask about every call that was sealed, at once."""
        for request in self.sealed_calls():
            if request.state is not RequestState.QUEUED:
                request.ask_at = self.next_ask = now

    def ask_again(self, msg_ids: Iterable[int], now: float) -> None:
        """Ask about these calls at once: the question that named them was refused."""
        for msg_id in msg_ids:
            request = self.current(msg_id)
            if request is not None and request.ask_at != NEVER:
                request.tries = max(0, request.tries - 1)
                request.ask_at = self.next_ask = now

    def __iter__(self) -> Iterator[Request]:
        return iter(sorted({*self._by_id.values(), *self._queue}, key=_order))


def _order(request: Request) -> int:
    return request.order
