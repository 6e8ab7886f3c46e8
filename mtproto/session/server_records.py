"""What a server session remembers of each message: of the client's messages, and of its own messages to the client.

core.telegram.org/mtproto/service_messages_about_messages. The server handles a message of the client once, however
often the message comes. The server keeps an answer until the client acknowledges it, for ten minutes at most.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from functools import cache

from mtproto.limits import Limits
from mtproto.session.inbox import TAKEN, MessageStatus, Seen

__all__ = ["Outgoing", "Received", "Register", "follows"]

DENIED_KEPT = 8192
"""Ids that a session promises never to accept; beyond that number the oldest promise is forgotten."""

RECORD, PROMISE = 226, 76
"""Bytes that the record of a message takes, and bytes that a promise about an id takes; as measured."""

EVICTED_AT_ONCE = 64
"""New records between two looks for old ones, so that there is no look for each message."""


class Outgoing:
    """One message to the client. Other objects read its attributes; only its methods write them.

    Attributes:
        body: the serialized message.
        content: whether the message is content-related: the server keeps it until the client acknowledges it.
        reply: whether the message answers one of the client's (msg_id % 4 == 1), or speaks by itself (3).
        query: the msg_id of the client's call that this message answers as `rpc_result`, or 0.
        update: whether the message was pushed, so that it may be dropped where too many wait.
        announced: only a `msg_detailed_info` or `msg_new_detailed_info` about the message is sent; the message itself
            is sent when the client asks for it.
        msg_id: 0 until the message is sealed for the first time; the message keeps its id when it is sent again.
        seqno: given together with `msg_id`.
        sent_at: when the message was sealed first, Unix seconds. Before that: when a look for old messages first met
            this one, or 0.0.
        asks: the msg_ids that a question names.
        ping_id: of a ping; None for any other message.
        kept: how many bytes the message counts for among those kept for the client; 0 if it is not kept.
        queued: whether the message stands in the queue of messages to be sent. A new message does: whoever makes it
            queues it.

    """

    __slots__ = (
        "announced",
        "asks",
        "body",
        "content",
        "kept",
        "msg_id",
        "ping_id",
        "query",
        "queued",
        "reply",
        "sent_at",
        "seqno",
        "update",
    )

    def __init__(
        self,
        body: bytes,
        *,
        content: bool,
        reply: bool,
        query: int = 0,
        update: bool = False,
        announced: bool = False,
        asks: tuple[int, ...] = (),
        ping_id: int | None = None,
    ) -> None:
        self.body = body
        self.content = content
        self.reply = reply
        self.query = query
        self.update = update
        self.announced = announced
        self.msg_id = 0
        self.seqno = 0
        self.sent_at = 0.0
        self.asks = asks
        self.ping_id = ping_id
        self.kept = 0
        self.queued = True

    def number(self, msg_id: int, seqno: int, now: float) -> None:
        """Note the id and the number under which the message is sealed for the first time, at `now`."""
        self.msg_id = msg_id
        self.seqno = seqno
        self.sent_at = now

    def enter_queue(self) -> None:
        """Note that the message stands in the queue."""
        self.queued = True

    def leave_queue(self) -> None:
        """Note that the message stands in the queue no longer."""
        self.queued = False

    def send_itself(self) -> None:
        """Let the message itself be sent from now on, not an announcement."""
        self.announced = False

    def waits_since(self, now: float) -> None:
        """Note that a look for old messages met this one, which was never sent, for the first time at `now`."""
        self.sent_at = now

    def keep(self, size: int) -> None:
        """Count for so many bytes among what is kept for the client."""
        self.kept = size

    def release(self) -> int:
        """Count for nothing any more among what is kept; return the bytes that the message counted for."""
        kept, self.kept = self.kept, 0
        return kept

    def __repr__(self) -> str:
        return f"Outgoing(msg_id={self.msg_id}, {len(self.body)} bytes)"


class Received:
    """One message of the client. Other objects read its attributes; only its methods and `Register` change them.

    Attributes:
        msg_id: the id of the message.
        seqno: the number of the message.
        container: whether the message is a container.
        query: whether the message is a call of the API, or a service query that is answered like a call.
        answered: whether the answer was given.
        dropped: whether the client gave the call up while the call ran.
        answer: the answer, while the server keeps it.
        forgotten: whether the server forgot the answer although the client never acknowledged it.
        counted: whether the number of the message is compared with the numbers of other messages.

    """

    __slots__ = ("answer", "answered", "container", "counted", "dropped", "forgotten", "msg_id", "query", "seqno")

    def __init__(self, msg_id: int, seqno: int, *, container: bool = False, counted: bool = True) -> None:
        self.msg_id = msg_id
        self.seqno = seqno
        self.container = container
        self.counted = counted
        self.query = False
        self.answered = False
        self.dropped = False
        self.answer: Outgoing | None = None
        self.forgotten = False

    @property
    def runs(self) -> bool:
        """Whether the message is a query without an answer."""
        return self.query and not self.answered

    @property
    def open(self) -> bool:
        """Whether the record is still needed: the query runs, or its answer is kept."""
        return self.runs or self.answer is not None

    def begin_query(self) -> None:
        """Note that the message will be answered."""
        self.query = True

    def take_answer(self, answer: Outgoing) -> None:
        """Note the answer, which is kept."""
        self.answered = True
        self.answer = answer

    def drop(self) -> None:
        """Note that the client gave up the call."""
        self.dropped = True

    def lose_answer(self, *, acknowledged: bool) -> None:
        """Note that the answer is kept no longer: the client has it, or the server forgot it."""
        self.answer = None
        self.forgotten = not acknowledged


class Register:
    """The client's messages of one session, by id.

    Attributes:
        floor: messages with lower ids may have been received and forgotten, by this session or by an earlier one of
            the same session id.
        running: how many queries have no answer yet.

    """

    __slots__ = ("_counted", "_denied", "_evict_at", "_ids", "_limit", "_records", "floor", "running")

    def __init__(self, limits: Limits, floor: int) -> None:
        self._limit = limits.remembered_message_ids
        self._evict_at = self._limit + EVICTED_AT_ONCE
        self._records: dict[int, Received] = {}
        self._ids: list[int] = []  # in ascending order
        self._counted: list[int] = []  # those of them whose numbers count
        self._denied: OrderedDict[int, None] = OrderedDict()  # the first of a dict is slow to find again and again
        self.floor = floor
        self.running = 0

    @property
    def newest(self) -> int:
        """The highest id received, 0 before the first."""
        return self._ids[-1] if self._ids else 0

    def find(self, msg_id: int) -> Received | None:
        """Return the record of a message, if there is one."""
        return self._records.get(msg_id)

    def look_up(self, msg_id: int) -> Seen:
        """Say whether a message was received before, is new, or is too old to tell."""
        if msg_id in self._records:
            return Seen.BEFORE
        return Seen.TOO_OLD if msg_id < self.floor else Seen.NEW

    def denied(self, msg_id: int) -> bool:
        """Whether the session promised never to accept this id."""
        return msg_id in self._denied

    def denied_from(self, msg_id: int) -> tuple[int, ...]:
        """Return the ids from this one on that the session promised never to accept."""
        return tuple(denied for denied in self._denied if denied >= msg_id)

    def remember(self, record: Received) -> None:
        """Keep a new record; where there are too many, forget the oldest that nobody needs any more."""
        self._records[record.msg_id] = record
        _insert(self._ids, record.msg_id)
        if record.counted:
            _insert(self._counted, record.msg_id)
        if len(self._ids) > self._evict_at:
            self._evict(self._limit)

    def begin_query(self, record: Received) -> None:
        """Count a message as a query that will be answered."""
        record.begin_query()
        self.running += 1

    def take_answer(self, record: Received, answer: Outgoing) -> None:
        """Note the answer to a query."""
        record.take_answer(answer)
        self.running -= 1

    def answer_gone(self, answer: Outgoing, *, acknowledged: bool) -> None:
        """Note that an answer is kept no longer; a message that is no answer is ignored."""
        record = self._records.get(answer.query)
        if record is not None and record.answer is answer:
            record.lose_answer(acknowledged=acknowledged)

    def discard(self, record: Received) -> None:
        """Take back a record: the message was not accepted after all."""
        del self._records[record.msg_id]
        del self._ids[bisect_left(self._ids, record.msg_id)]
        if record.counted:
            del self._counted[bisect_left(self._counted, record.msg_id)]

    @property
    def weight(self) -> int:
        """How many bytes the register takes, about."""
        return RECORD * len(self._records) + PROMISE * len(self._denied)

    def shrink(self, keep: int) -> None:
        """Forget the oldest promises and the oldest records that nobody needs; keep `keep` of each.

        From then on the session takes a message with a forgotten id, or a lower one, for one that it received before.
        """
        for msg_id in list(self._denied)[:-keep]:
            del self._denied[msg_id]
            self.floor = max(self.floor, msg_id + 1)
        self._evict(keep)

    def _evict(self, limit: int) -> None:
        """Forget the oldest records that nobody needs, beyond the limit; open records do not count."""
        done = [msg_id for msg_id in self._ids if not self._records[msg_id].open]
        for msg_id in done[: max(0, len(done) - limit)]:
            del self._records[msg_id]
            self.floor = max(self.floor, msg_id + 1)
        self._ids = [msg_id for msg_id in self._ids if msg_id in self._records]
        self._counted = [msg_id for msg_id in self._counted if msg_id in self._records]
        self._evict_at = len(self._ids) + EVICTED_AT_ONCE

    def deny(self, msg_id: int) -> None:
        """Promise never to accept this id.

        The client was told that the message was not received, and sends the same content under another id.
        """
        if msg_id not in self._records:
            self._denied[msg_id] = None
            if len(self._denied) > DENIED_KEPT:
                self._denied.popitem(last=False)

    def check_seqno(self, msg_id: int, seqno: int, *, counted: bool) -> int:
        """Return 32 or 33 where a number does not fit between the numbers of the neighbouring ids, else 0.

        Args:
            msg_id: the id of a new message.
            seqno: its number.
            counted: compare the number only with messages whose numbers count, not with all messages.

        """
        ids = self._counted if counted else self._ids
        place = bisect_left(ids, msg_id)
        if place and not follows(seqno, self._records[ids[place - 1]].seqno):
            return 32
        if place < len(ids) and not follows(self._records[ids[place]].seqno, seqno):
            return 33
        return 0

    def status(self, msg_id: int, *, ack_waits: bool) -> MessageStatus:
        """Return the status byte of a message of the client (#message-status-information)."""
        record = self._records.get(msg_id)
        if record is None:
            if msg_id < self.floor:
                return MessageStatus.UNKNOWN
            return MessageStatus.NOT_RECEIVED_YET if msg_id > self.newest else MessageStatus.NOT_RECEIVED
        if record.forgotten:
            return MessageStatus.UNKNOWN
        return _joined(ack_waits, not record.seqno & 1, record.query, record.answered)


@cache
def _joined(ack_waits: bool, needs_no_ack: bool, running: bool, answered: bool) -> MessageStatus:
    """Return the status of a message that was received. The result is cached, since joining flags is slow."""
    status = MessageStatus.RECEIVED if ack_waits else TAKEN
    if needs_no_ack:
        status |= MessageStatus.NEEDS_NO_ACK
    if running:
        status |= MessageStatus.RUNNING
    if answered:
        status |= MessageStatus.ANSWERED
    return status


def follows(seqno: int, before: int) -> bool:
    """Tell whether a message may have this number where one with a lower msg_id has the number `before`."""
    return before < seqno or (before == seqno and not seqno & 1)


def _insert(ids: list[int], msg_id: int) -> None:
    """Put an id into an ascending list. Most ids are the highest of all so far."""
    if not ids or msg_id > ids[-1]:
        ids.append(msg_id)
    else:
        insort(ids, msg_id)
