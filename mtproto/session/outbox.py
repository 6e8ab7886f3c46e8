"""The calls of a client that are not settled: those that wait to be sealed, those that were sealed, and their ids.

The three-way rule (core.telegram.org/mtproto/service_messages_about_messages) decides what becomes of a call after a
lost connection. `Outbox` keeps the books for that rule; `calls` applies it.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterable, Iterator

from mtproto.errors import LocalProtocolError
from mtproto.limits import Limits
from mtproto.session.request import ASK_ABOUT_ACKED, ASK_ABOUT_LOST, Request, RequestState
from mtproto.session.time_window import NEVER
from mtproto.session.wire import MESSAGE_HEADER

__all__ = ["DROPPED_KEPT", "DROPPED_LIFETIME", "Outbox"]

DROPPED_KEPT = 4096
"""Cancelled calls whose late answers are recognised; beyond it the oldest is forgotten."""

DROPPED_LIFETIME = 600.0
"""Seconds for which the late answer of a cancelled call is expected: servers forget answers after ten minutes."""


class Outbox:
    """All calls of one session that are not settled. Owned by the session.

    Attributes:
        next_ask: a time (local) before which no call has to be asked about.
        again: sealed calls that are to be sent once more under the ids that they have, first ones first.
        dropped: msg_ids of cancelled calls whose answers may still come, with the time to stop waiting.

    """

    __slots__ = ("_by_id", "_connected_at", "_count", "_limit", "_order", "_queue", "again", "dropped", "next_ask")

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.unanswered_requests
        self._queue: deque[Request] = deque()
        self._by_id: dict[int, Request] = {}  # by current id and by earlier ones
        self._count = 0
        self._order = 0
        self.next_ask = NEVER
        self._connected_at = 0.0  # local time
        self.again: list[Request] = []
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
    def head_uncontained(self) -> bool:
        """Whether the next call has to go without a container around it."""
        return bool(self._queue) and self._queue[0].uncontained

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
        request.joined(self, self._order)
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

        Of the calls that are sent alone there is one at most.

        Args:
            budget: the most bytes of the first one, if it goes alone.
            soft: the most bytes for more than one together, with a header for each.
            count: the most calls.

        """
        taken: list[Request] = []
        held: list[Request] = []
        queue, size, alone = self._queue, 0, False
        while queue and len(taken) < count:
            request = queue[0]
            if request.after and not request.ready:
                held.append(queue.popleft())
                continue
            length = len(request.body) if isinstance(request.body, bytes) else 0
            size += MESSAGE_HEADER + length
            too_much = size > soft if taken else length > budget
            if too_much or (taken and request.uncontained) or (alone and request.alone):
                break
            taken.append(queue.popleft())
            alone = alone or request.alone
            if request.uncontained:
                break
        queue.extendleft(reversed(held))
        return taken

    def sealed(self, request: Request, msg_id: int, seqno: int, packet_id: int, now: float, *, timed: bool) -> None:
        """Note that a call went into a packet; `timed` says whether the server's time was known then."""
        forgotten = request.sealed(msg_id, seqno, packet_id, now, timed=timed)
        if forgotten:
            self._by_id.pop(forgotten, None)
        if request.ask_at < self.next_ask:
            self.next_ask = request.ask_at
        self._by_id[msg_id] = request

    def send_again(self, requests: Iterable[Request]) -> None:
        """Send sealed calls once more under the ids that they have, each once."""
        self.again = list(dict.fromkeys((*self.again, *requests)))

    def sent_again(self) -> None:
        """Take out the first of the calls that are to be sent once more."""
        del self.again[0]

    def send_none_again(self) -> None:
        """Send no call under the id that it has: the session of these ids is gone."""
        self.again.clear()

    def acked(self, request: Request, now: float) -> bool:
        """Note that the server has a call; return whether that is news."""
        if not request.acked(now):
            return False
        self.next_ask = min(self.next_ask, request.ask_at)
        return True

    def requeue(self, requests: Iterable[Request]) -> None:
        """Queue sealed calls again, each in the place that the order of `send` gives it."""
        for request in requests:
            request.requeued()
            insort(self._queue, request, key=_order)

    def settle(self, request: Request, *, failed: bool) -> None:
        """Forget a call that is answered, lost or cancelled."""
        self._remove(request)
        request.settle(failed=failed)

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

        The call's body goes: the question that gives up its answer keeps the call until the server says something.
        """
        self.settle(request, failed=True)
        request.drop_body()
        self.dropped[request.msg_id] = now + DROPPED_LIFETIME
        while self.dropped:
            oldest = next(iter(self.dropped))
            if self.dropped[oldest] > now and len(self.dropped) <= DROPPED_KEPT:
                break
            del self.dropped[oldest]

    def forget_dropped(self, msg_id: int) -> bool:
        """Expect no answer to a cancelled call any more; return whether one was expected."""
        return self.dropped.pop(msg_id, None) is not None

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
        self.again.clear()
        for request in self.sealed_calls():
            request.connection_lost()

    def connection_made(self, now: float) -> None:
        """Ask about the unknown calls at once, and about the acknowledged ones if nothing comes."""
        self._connected_at = now
        for request in self.sealed_calls():
            request.connection_made(now)
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
                request.ask(NEVER)
                undecided.append(request)
            elif request.ask_at <= now and len(asked) < count:
                request.asked(now, newest)
                asked.append(request)
            self.next_ask = min(self.next_ask, request.ask_at)
        return asked, undecided

    def running(self, request: Request, now: float) -> None:
        """Note that the server has said once more that it has a call."""
        request.running()
        if request.state is RequestState.ACKED:
            self.ask(request, now + ASK_ABOUT_ACKED)

    def ask(self, request: Request, at: float) -> None:
        """Ask about a call at that time (local) rather than when it was to be asked about."""
        request.ask(at)
        self.next_ask = min(self.next_ask, at)

    def doubt(self, request: Request, now: float) -> None:
        """Ask at once about a call of which a late copy was refused: the server may have taken the first one."""
        request.doubted()
        self.ask(request, now)

    def unanswerable(self, request: Request, now: float) -> None:
        """Note that the server refuses to say what became of a call; a lost one is not asked about any more.

        Its answer may still come by itself, for as long as a second question would have taken.
        """
        if request.lost and request.ask_at != NEVER:
            request.asked_enough()
            self.ask(request, max(now, self._connected_at + ASK_ABOUT_LOST))

    def session_lost(self, request: Request, now: float) -> None:
        """Ask at once about a call whose session the server has lost, unless it is being asked about already."""
        if not request.lost or not request.tries:
            self.ask(request, now)
        request.session_lost()

    def ask_about_all(self, now: float) -> None:
        """Ask about every call that was sealed, at once."""
        for request in self.sealed_calls():
            if request.state is not RequestState.QUEUED:
                self.ask(request, now)

    def ask_again(self, msg_ids: Iterable[int], now: float) -> None:
        """Ask about these calls at once: the question that named them was refused."""
        for msg_id in msg_ids:
            request = self.current(msg_id)
            if request is not None and request.ask_at != NEVER:
                request.unask()
                self.ask(request, now)

    def __iter__(self) -> Iterator[Request]:
        return iter(sorted({*self._by_id.values(), *self._queue}, key=_order))


def _order(request: Request) -> int:
    return request.order
