"""Calls on their way to the handler of a server, and answers on their way back: both are bounded.

A client that does not take its answers is answered no further: its calls wait, packed as they came, until it does.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import Counter, deque
from typing import TYPE_CHECKING

from mtproto.errors import LocalProtocolError
from mtproto.session import wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from mtproto.link import ServerQuery, SessionSlot

    Handler: TypeAlias = Callable[[ServerQuery], bytes | Awaitable[bytes]]

__all__ = ["Answering"]

logger = logging.getLogger(__name__)

ANSWERS_UNSENT = 1024 * 1024
"""Bytes of answers that may wait to be sent in a session before its next call is answered: the largest answers in the
field have that size."""

RUNNING_OF_A_SESSION = 16 * 1024 * 1024
"""Bytes of the calls of one session that may run: beyond that, its next call waits."""

RUNNING_IN_ALL = 32 * 1024 * 1024
"""The same for all sessions together."""

RUNNING_WITH_EACH = 3 * 1024
"""Bytes that a running call counts for besides its body: its task, and the data of its handler."""

HELD_OF_A_SESSION = 4 * 1024 * 1024
"""Bytes of the calls of one session that may wait; one call more is refused with `420 FLOOD_WAIT_1`."""

HELD_IN_ALL = 16 * 1024 * 1024
"""The same for all sessions together."""

HELD_WITH_EACH = 512
"""Bytes that a waiting call counts for besides its body."""

TURN = 32
"""Units of work for calls in one turn of the loop, some milliseconds; the other calls wait for the next turn."""

UNIT = 8 * 1024
"""Bytes of an answer that are one unit of work: they have to be packed. A call itself is one unit."""

LATER = 8
"""Units of work that a call counts for whose answer comes later: the size of the answer is not known yet."""

OF_ONE = 4
"""Calls of one session that are answered before it is the turn of the next session that waits."""

REFUSAL = (420, "FLOOD_WAIT_1")
"""The error for a call that is not answered because too many wait: the client may make the call again."""


class _Held:
    """The calls of one session that wait.

    Attributes:
        size: the bytes that they count for.

    """

    __slots__ = ("_queries", "size")

    def __init__(self) -> None:
        self._queries: deque[ServerQuery] = deque()
        self.size = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._queries)

    def put(self, query: ServerQuery) -> None:
        """Add a call behind the others."""
        self._queries.append(query)
        self.size += _size(query)

    def take(self) -> ServerQuery:
        """Take out the call that came first, and return it."""
        query = self._queries.popleft()
        self.size -= _size(query)
        return query


class Answering:
    """Has calls answered, and hands the answers to their sessions. Belongs to one event loop.

    Args:
        handler: as `Listener` takes it.
        flush: lets the connection that carries a session send.
        known: says of the id of an auth key whether it is known: calls of a key that is not are dropped.

    """

    def __init__(self, handler: Handler, flush: Callable[[SessionSlot], None], known: Callable[[int], bool]) -> None:
        self._handler = handler
        self._flush = flush
        self._known = known
        self._running: dict[asyncio.Task[None], Awaitable[bytes]] = {}
        self._running_of: Counter[SessionSlot] = Counter()
        self._running_size = 0
        self._held: dict[SessionSlot, _Held] = {}
        self._held_size = 0
        self._left = TURN
        self._turn_planned = False

    def take(self, query: ServerQuery) -> None:
        """Have a call answered: now, or once its client has taken enough answers, and few enough calls run."""
        slot = query.slot
        if slot not in self._held and self._takes(slot):
            self._answer(query)
            return
        held = self._held.setdefault(slot, _Held())
        size = _size(query)
        if held.size + size > HELD_OF_A_SESSION or self._held_size + size > HELD_IN_ALL:
            self._refuse(query)
        else:
            held.put(query)
            self._held_size += size
        if not held:
            del self._held[slot]

    def go_on(self) -> None:
        """Have calls answered that waited, where that is possible now; some at once, the others in later turns.

        To be called whenever something was sent.
        """
        going_on = True
        while going_on and self._held:
            going_on = False
            for slot in list(self._held):
                going_on = self._go_on_with(slot) or going_on

    def _go_on_with(self, slot: SessionSlot) -> bool:
        """Have some calls of a session answered, and put the session last; return whether any call was answered."""
        answered = 0
        while answered < OF_ONE and slot in self._held and slot.connected and self._takes(slot):
            self._answer(self._next(slot))
            answered += 1
        if answered and slot in self._held:
            self._held[slot] = self._held.pop(slot)
        return answered > 0

    def _takes(self, slot: SessionSlot) -> bool:
        """Whether another call of a session may be answered now.

        A call whose client is gone does not wait for the next turn: calls that wait are answered only once their client
        is back.
        """
        return (
            (self._left > 0 or not slot.connected)
            and slot.session.unsent_answers < ANSWERS_UNSENT
            and self._running_size < RUNNING_IN_ALL
            and self._running_of[slot] < RUNNING_OF_A_SESSION
        )

    def _spend(self, units: int) -> None:
        """Count work in this turn of the loop; once its share is used up, plan the next turn."""
        self._left -= units
        if self._left <= 0 and not self._turn_planned:
            self._turn_planned = True
            asyncio.get_running_loop().call_soon(self._begin_turn)

    def _begin_turn(self) -> None:
        self._turn_planned = False
        self._left = TURN
        self.go_on()

    def refuse_abandoned(self) -> None:
        """Refuse the waiting calls of clients that have no connection. The listener calls this once a minute."""
        for slot in [slot for slot in self._held if not slot.connected]:
            while slot in self._held:
                self._refuse(self._next(slot))

    def end(self) -> list[asyncio.Task[None]]:
        """Give up all calls that run or wait; return the tasks of those that ran, for the caller to await."""
        self._held.clear()
        self._held_size = 0
        running, self._running = self._running, {}
        for task, answer in running.items():
            task.cancel()
            if inspect.iscoroutine(answer) and inspect.getcoroutinestate(answer) == inspect.CORO_CREATED:
                answer.close()  # the task would end without having awaited it
        return list(running)

    def _next(self, slot: SessionSlot) -> ServerQuery:
        """Take out the next waiting call of a session, and return it."""
        held = self._held[slot]
        query = held.take()
        self._held_size -= _size(query)
        if not held:
            del self._held[slot]
        return query

    def _answer(self, query: ServerQuery) -> None:
        if not self._known(query.key_id):  # forgotten while the call waited
            self._spend(1)
            return
        try:
            answer = self._handler(query)
        except Exception as error:  # of a handler: other clients must not suffer from it
            self._spend(1)
            self._fail(query, error)
            return
        if isinstance(answer, bytes):
            self._spend(1 + len(answer) // UNIT)
            self._send(query, answer)
            return
        self._spend(LATER)
        task = asyncio.get_running_loop().create_task(self._answer_later(query, answer))
        self._running[task] = answer
        self._count_running(query, 1)
        task.add_done_callback(lambda done: self._end_running(query, done))

    def _count_running(self, query: ServerQuery, times: int) -> None:
        size = times * (RUNNING_WITH_EACH + len(query.body))
        self._running_size += size
        self._running_of[query.slot] += size
        if not self._running_of[query.slot]:
            del self._running_of[query.slot]

    def _end_running(self, query: ServerQuery, done: asyncio.Task[None]) -> None:
        self._count_running(query, -1)
        if self._running.pop(done, None) is not None:
            self.go_on()

    async def _answer_later(self, query: ServerQuery, answer: Awaitable[bytes]) -> None:
        """Wait for an answer and send it at once, so that no finished answers pile up."""
        try:
            body = await answer
        except asyncio.CancelledError:
            if asyncio.current_task() not in self._running:  # cancelled here, at the end
                raise
            self._fail(query, asyncio.CancelledError("what the handler waited for was cancelled"))
        except Exception as error:  # as above
            self._fail(query, error)
        else:
            self._send(query, body)

    def _refuse(self, query: ServerQuery) -> None:
        if self._known(query.key_id):
            self._send(query, wire.write_rpc_error(*REFUSAL))

    def _fail(self, query: ServerQuery, error: BaseException) -> None:
        logger.error("the handler of a call failed", exc_info=error)
        self._send(query, wire.write_rpc_error(500, "INTERNAL"))

    def _send(self, query: ServerQuery, body: bytes) -> None:
        try:
            query.slot.session.answer(query.msg_id, body)
        except LocalProtocolError as error:  # no packet holds it
            logger.error("an answer could not be sent", exc_info=error)
            query.slot.session.answer(query.msg_id, wire.write_rpc_error(500, "INTERNAL"))
        self._flush(query.slot)


def _size(query: ServerQuery) -> int:
    return HELD_WITH_EACH + len(query.body)
