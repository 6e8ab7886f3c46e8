"""A server session's messages to its client: those that wait to be sent, and those that are kept until they arrived.

core.telegram.org/mtproto/service_messages_about_messages. A message that is content-related is kept until the client
acknowledges it, for ten minutes at most, and is sent again over each new connection. Messages that are forgotten before
that leave a gap in the client's updates, which the client is told of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from mtproto.errors import LocalProtocolError
from mtproto.limits import Limits
from mtproto.session import wire
from mtproto.session.kept import Kept
from mtproto.session.send_queue import SendQueue
from mtproto.session.server_records import Outgoing, Received, Register

__all__ = ["ServerOutbox"]

ANSWER_LIFETIME = 600.0
"""Seconds for which an unacknowledged message is kept: documented as ten minutes."""

STORED_AT_MOST = 4096
"""Unacknowledged messages kept at once; beyond that number the oldest is forgotten."""

KEPT_BYTES = 8 * 1024 * 1024
"""Bytes of answers and updates kept for a client that has not acknowledged them, sent or not. Beyond that the oldest
are forgotten, first of those that were sent. A client has fewer bytes of answers under way at a time."""

KEPT_WITH_EACH = 512
"""Bytes that a message counts for besides its body: its record, the record of the call, and their places."""

UPDATES_BYTES = 4 * 1024 * 1024
"""Bytes of updates that may wait to be sent before the oldest is dropped: half of what is kept for a session."""


class ServerOutbox:
    """The messages of one session to its client. Owned by the session.

    Attributes:
        gap: whether updates were lost and no notice of that is queued yet.

    """

    __slots__ = ("_compress", "_gap_notice", "_kept", "_limits", "_queue", "_register", "_stored", "gap")

    def __init__(self, limits: Limits, register: Register, *, compress: bool, kept_in: Kept | None) -> None:
        """Begin without messages.

        Args:
            limits: what is sent and accepted at most.
            register: the client's messages, which hear of answers that are kept no longer.
            compress: whether bodies above 256 bytes go as `gzip_packed` where that is shorter.
            kept_in: counts the bytes of all sessions of the key; None where nobody asks.

        """
        self._limits = limits
        self._register = register
        self._compress = compress
        self._queue = SendQueue()
        self._kept = Kept(KEPT_BYTES, self._make_room, kept_in)
        self._stored: dict[int, Outgoing] = {}  # sent, content-related, not acknowledged; in the order of ids
        self.gap = False
        self._gap_notice: Outgoing | None = None

    # What waits to be sent.

    def __len__(self) -> int:
        """Return how many messages wait to be sent."""
        return len(self._queue)

    @property
    def answer_bytes(self) -> int:
        """Bytes of answers to calls that wait to be sent."""
        return self._queue.answers

    @property
    def reply_bytes(self) -> int:
        """Bytes of messages that wait to be sent and are neither answers to calls nor updates."""
        return self._queue.replies

    def take(self, max_bytes: int) -> list[Outgoing]:
        """Take out the messages that travel in the next packet.

        Args:
            max_bytes: the most bytes of a container's messages; a message that alone is larger stays queued.

        """
        queue = self._queue
        taken: list[Outgoing] = []
        size = 0
        soft = min(max_bytes, self._limits.frame_sent_soft)
        while queue and len(taken) < self._limits.container_messages_sent:
            size += wire.MESSAGE_HEADER + len(queue.first.body)
            if size > (soft if taken else max_bytes):
                break
            taken.append(queue.popleft())
        return taken

    # What is added.

    def reply(self, body: bytes) -> None:
        """Queue a service message that answers one of the client's and needs no acknowledgement."""
        self._queue.append(Outgoing(body, content=False, reply=True))

    def ask(self, question: Outgoing) -> None:
        """Queue a question of ours."""
        self._queue.append(question)

    def answer(self, record: Received, result: bytes, *, announced: bool = False) -> None:
        """Queue the answer to a query, which is kept until the client has it.

        Args:
            record: the query.
            result: the serialized result, boxed.
            announced: send only a `msg_detailed_info`.

        Raises:
            LocalProtocolError: the answer is larger than packets may be.

        """
        if self._compress:
            result = wire.gzip_if_shorter(result)
        body = wire.write_rpc_result(record.msg_id, result)
        self._check_size(body)
        answer = Outgoing(body, content=True, reply=True, query=record.msg_id, announced=announced)
        self._register.take_answer(record, answer)
        self._keep(answer)

    def push(self, body: bytes, *, announced: bool = False) -> None:
        """Queue an update, which is kept until the client has it; where too many wait, the oldest goes.

        Raises:
            LocalProtocolError: the update is larger than packets may be.

        """
        if self._compress:
            body = wire.gzip_if_shorter(body)
        self._check_size(body)
        if self._updates_full:
            oldest = (message for message in self._queue if message.update and not message.msg_id)
            self._forget(list(islice(oldest, 1)), acknowledged=False)
        self._keep(Outgoing(body, content=True, reply=False, update=True, announced=announced))

    def notify_of_session(self, body: bytes) -> None:
        """Queue a `new_session_created` in front of all others; it tells the client of a gap, too, if there is one."""
        notice = Outgoing(body, content=True, reply=False)
        if self.gap:
            self.gap, self._gap_notice = False, notice
        notice.keep(KEPT_WITH_EACH + len(body))
        self._queue.appendleft(notice)
        self._kept.add(notice.kept)

    def send_again(self, message: Outgoing) -> None:
        """Queue a message that was sent before once more, unless it waits already."""
        message.send_itself()
        if not message.queued:
            message.enter_queue()
            self._queue.append(message)

    def send_all_again(self, now: float) -> None:
        """Queue everything that the client did not acknowledge, in front of all that was never sent."""
        self.forget_old(now)
        waiting = [message for message in self._queue if not message.msg_id]
        self._queue.refill([*self._stored.values(), *waiting])

    def _keep(self, message: Outgoing) -> None:
        """Queue a message that is kept until the client has it."""
        message.keep(KEPT_WITH_EACH + len(message.body))
        self._queue.append(message)
        self._kept.add(message.kept)

    def _check_size(self, body: bytes) -> None:
        """Refuse a body that fits into no packet: it would wait for ever, and all messages behind it."""
        most = self._limits.frame_accepted - wire.PACKET_OVERHEAD - wire.MESSAGE_HEADER
        if len(body) > most:
            raise LocalProtocolError(f"a message of {len(body)} bytes; {most} are the most (`frame_accepted`)")

    # Updates.

    @property
    def has_room(self) -> bool:
        """Whether another update can be pushed without one being dropped."""
        return not self._updates_full and len(self._stored) + self._queue.updates < STORED_AT_MOST

    @property
    def _updates_full(self) -> bool:
        waiting = self._queue
        return waiting.updates >= self._limits.queued_updates or waiting.update_bytes >= UPDATES_BYTES

    def lose_update(self) -> None:
        """Note that an update was lost, so that the client is told of a gap."""
        self.gap = True

    # What was sent.

    def sent(self, message: Outgoing) -> None:
        """Keep a content-related message that was sealed for the first time."""
        self._stored[message.msg_id] = message

    def find(self, msg_id: int) -> Outgoing | None:
        """Return a message that was sent and that the client did not acknowledge, if there is one."""
        return self._stored.get(msg_id)

    def unacknowledged(self, count: int) -> tuple[int, ...]:
        """Return the ids of the oldest messages that the client did not acknowledge, at most `count`."""
        return tuple(islice(self._stored, count))

    def delivered(self, msg_ids: Iterable[int]) -> list[Outgoing]:
        """Forget the messages that the client has; return those that were kept."""
        stored = [self._stored[msg_id] for msg_id in msg_ids if msg_id in self._stored]
        if stored:
            self._forget(stored, acknowledged=True)
        return stored

    def drop_answer(self, answer: Outgoing) -> None:
        """Forget an answer that the client does not want any more."""
        self._forget([answer], acknowledged=True)

    # What is forgotten.

    def _forget(self, messages: Sequence[Outgoing], *, acknowledged: bool) -> None:
        """Keep these messages no longer."""
        for message in messages:
            self._stored.pop(message.msg_id, None)
            self._kept.take(message.release())
            self._register.answer_gone(message, acknowledged=acknowledged)
            if not acknowledged and (message.update or message is self._gap_notice):
                self.gap = True
        self._queue.remove(messages)

    def forget_old(self, now: float) -> None:
        """Forget sent messages that the client did not acknowledge in time, and the oldest where there are too many."""
        old: list[Outgoing] = []
        for message in self._stored.values():  # they were stored in the order of sending
            if message.sent_at + ANSWER_LIFETIME > now and len(self._stored) - len(old) <= STORED_AT_MOST:
                break
            old.append(message)
        if old:
            self._forget(old, acknowledged=False)

    def forget_unsent(self, now: float) -> None:
        """Forget messages that were never sent for ten minutes, counted from the first call that meets them.

        Updates that were never sent stay: they wait for the client as long as its session lives.
        """
        old: list[Outgoing] = []
        for message in self._queue:
            if message.msg_id or message.update:
                continue
            if not message.sent_at:
                message.waits_since(now)
            elif message.sent_at + ANSWER_LIFETIME <= now:
                old.append(message)
        if old:
            self._forget(old, acknowledged=False)

    # What is kept, in bytes.

    @property
    def kept(self) -> int:
        """Bytes of answers and updates that are kept until the client has them, and of what belongs to them."""
        return self._kept.bytes

    def release(self, size: int, *, unsent: bool) -> int:
        """Forget the oldest messages that are kept, until `size` bytes are free; see `ServerSession.release`."""
        oldest = (message for message in self._queue if not message.msg_id) if unsent else self._stored.values()
        chosen: list[Outgoing] = []
        freed = 0
        for message in oldest:
            if freed >= size:
                break
            if message.kept:
                freed += message.kept
                chosen.append(message)
        if chosen:
            self._forget(chosen, acknowledged=False)
        return freed

    def _make_room(self, size: int) -> None:
        """Free so many bytes of what is kept, first of the messages that were sent."""
        self.release(size - self.release(size, unsent=False), unsent=True)

    def given_up(self) -> None:
        """Count for nothing any more among what the key and the server keep."""
        self._kept.leave()
