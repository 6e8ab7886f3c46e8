"""What a server session remembers: the client's messages, and its own until the client has them.

core.telegram.org/mtproto/service_messages_about_messages. A message of the client is handled once, however often it
comes; an answer is kept until it is acknowledged, for ten minutes at most.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from functools import cache

from mtproto.limits import Limits
from mtproto.session.inbox import TAKEN, Seen, Status

__all__ = ["Outgoing", "Received", "Register", "follows"]

DENIED_KEPT = 8192
"""Ids that were promised never to be accepted; beyond it the oldest promise is forgotten."""

RECORD, PROMISE = 226, 76
"""Bytes that a record takes, and an id that was promised never to be accepted; as measured."""

EVICTED_AT_ONCE = 64
"""New records after which the old ones are looked through, so that it does not happen for each message."""


class Outgoing:
    """One message to the client.

    Attributes:
        body: the serialized message.
        content: whether it is content-related, so that it is kept until it is acknowledged.
        reply: whether it answers a message of the client (msg_id % 4 == 1), or speaks by itself (3).
        query: the client's message that it answers as `rpc_result`, or 0.
        update: it is one that was pushed, so that it may be dropped where too many wait.
        announced: only its `msg_detailed_info` or `msg_new_detailed_info` is sent; itself when it is asked for.
        msg_id: given when it is sealed for the first time, and kept when it is sent again.
        seqno: given with it.
        sent_at: when that was; until then, when it was first seen to wait by whoever looks for what is old.
        asks: the ids that a question names.
        ping_id: of a ping.
        kept: how many bytes it counts for among what is kept for the client; 0 for what is not kept.
        queued: it stands in the queue of what is to be sent, where it is put when it is made.

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
        self.asks: tuple[int, ...] = ()
        self.ping_id: int | None = None
        self.kept = 0
        self.queued = True

    def __repr__(self) -> str:
        return f"Outgoing(msg_id={self.msg_id}, {len(self.body)} bytes)"


class Received:
    """One message of the client.

    Attributes:
        msg_id: its id.
        seqno: its number.
        container: it is a container.
        query: it is a call of the API, or a service query that is answered like one.
        answered: the answer was given.
        dropped: the client gave the call up while it ran.
        answer: the answer, while it is kept.
        forgotten: the answer is not kept any more, although the client never acknowledged it.
        counted: its number is compared with those of other messages.

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
    def open(self) -> bool:
        """Whether more is to come of it: it runs, or its answer is kept."""
        return (self.query and not self.answered) or self.answer is not None


class Register:
    """The client's messages of one session, by id.

    Attributes:
        floor: ids below it may have been received and forgotten (by this session, or by an earlier one under this id).
        running: how many queries are not answered.

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
        """Say whether a message was received before, or can't be known to be new."""
        if msg_id in self._records:
            return Seen.BEFORE
        return Seen.TOO_OLD if msg_id < self.floor else Seen.NEW

    def denied(self, msg_id: int) -> bool:
        """Whether it was promised never to accept this id."""
        return msg_id in self._denied

    def denied_from(self, msg_id: int) -> tuple[int, ...]:
        """Return the ids from this one on that it was promised never to accept."""
        return tuple(denied for denied in self._denied if denied >= msg_id)

    def remember(self, record: Received) -> None:
        """Keep a new record; where there are too many, the oldest that are done with go."""
        self._records[record.msg_id] = record
        _insert(self._ids, record.msg_id)
        if record.counted:
            _insert(self._counted, record.msg_id)
        if len(self._ids) > self._evict_at:
            self._evict(self._limit)

    def discard(self, record: Received) -> None:
        """Take back a record: the message was not accepted after all."""
        del self._records[record.msg_id]
        del self._ids[bisect_left(self._ids, record.msg_id)]
        if record.counted:
            del self._counted[bisect_left(self._counted, record.msg_id)]

    @property
    def weight(self) -> int:
        """How many bytes it takes, about."""
        return RECORD * len(self._records) + PROMISE * len(self._denied)

    def shrink(self, keep: int) -> None:
        """Forget all but so many records that are done with, the latest, and as many promises.

        The ids of what is forgotten, and all ids below, are taken to have been received before.
        """
        for msg_id in list(self._denied)[:-keep]:
            del self._denied[msg_id]
            self.floor = max(self.floor, msg_id + 1)
        self._evict(keep)

    def _evict(self, limit: int) -> None:
        """Forget the oldest records that are done with, beyond the limit; those that are open do not count."""
        done = [msg_id for msg_id in self._ids if not self._records[msg_id].open]
        for msg_id in done[: max(0, len(done) - limit)]:
            del self._records[msg_id]
            self.floor = max(self.floor, msg_id + 1)
        self._ids = [msg_id for msg_id in self._ids if msg_id in self._records]
        self._counted = [msg_id for msg_id in self._counted if msg_id in self._records]
        self._evict_at = len(self._ids) + EVICTED_AT_ONCE

    def deny(self, msg_id: int) -> None:
        """Promise never to accept this id: the client was told that it was not received, and sends it under another."""
        if msg_id not in self._records:
            self._denied[msg_id] = None
            if len(self._denied) > DENIED_KEPT:
                self._denied.popitem(last=False)

    def check_seqno(self, msg_id: int, seqno: int, *, counted: bool) -> int:
        """Return 32 or 33 where a number does not fit between those of the neighbouring ids, else 0.

        Args:
            msg_id: the id of a new message.
            seqno: its number.
            counted: compare it with the messages whose numbers count, not with all.

        """
        ids = self._counted if counted else self._ids
        place = bisect_left(ids, msg_id)
        if place and not follows(seqno, self._records[ids[place - 1]].seqno):
            return 32
        if place < len(ids) and not follows(self._records[ids[place]].seqno, seqno):
            return 33
        return 0

    def status(self, msg_id: int, *, ack_waits: bool) -> Status:
        """Return the status byte of a message of the client (#message-status-information)."""
        record = self._records.get(msg_id)
        if record is None:
            if msg_id < self.floor:
                return Status.UNKNOWN
            return Status.NOT_RECEIVED_YET if msg_id > self.newest else Status.NOT_RECEIVED
        if record.forgotten:
            return Status.UNKNOWN
        return _joined(ack_waits, not record.seqno & 1, record.query, record.answered)


@cache
def _joined(ack_waits: bool, needs_no_ack: bool, running: bool, answered: bool) -> Status:
    """Return the status of a message that was received; kept, as flags are joined slowly."""
    status = Status.RECEIVED if ack_waits else TAKEN
    if needs_no_ack:
        status |= Status.NEEDS_NO_ACK
    if running:
        status |= Status.RUNNING
    if answered:
        status |= Status.ANSWERED
    return status


def follows(seqno: int, before: int) -> bool:
    """Tell whether a message may have this number where one with a lower msg_id has the number `before`."""
    return before < seqno or (before == seqno and not seqno & 1)


def _insert(ids: list[int], msg_id: int) -> None:
    """Put an id into an ascending list; mostly it is the highest."""
    if not ids or msg_id > ids[-1]:
        ids.append(msg_id)
    else:
        insort(ids, msg_id)
