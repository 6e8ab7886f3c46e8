"""How a server puts a packet together: what travels together, which ids it gets, what is remembered of it.

core.telegram.org/mtproto/description#message-identifier-msg-id, and containers in
core.telegram.org/mtproto/service_messages#containers. A message keeps its id when it is sent again.
"""

from __future__ import annotations

from mtproto.message import Sender, seal, server_msg_id
from mtproto.session import wire
from mtproto.session.inbox import NEVER
from mtproto.session.server_handlers import ServerHandlers
from mtproto.session.server_records import Outgoing
from mtproto.session.service_messages import Packet
from mtproto.session.wire import MESSAGE_HEADER, PACKET_OVERHEAD, Message
from tl import service

__all__ = ["ServerSending"]

ACK = 8
"""Bytes of one id in a list of acknowledgements."""

QUESTIONS_KEPT = 1000
"""Questions and pings of ours without an answer that are remembered."""


class ServerSending(ServerHandlers):
    """The sealing half of a server session. A base of `ServerSession`, of no use alone."""

    @property
    def waiting(self) -> int:
        """How many messages wait to be sent at once; acknowledgements count as one when they are due."""
        acks_due = self._acks_due or len(self._acks) > self._limits.acks_pending
        return len(self._queue) + (acks_due and bool(self._acks)) + self._gap_due

    @property
    def unsent(self) -> int:
        """Bytes of acknowledgements, answers and replies to service messages that wait: all but updates."""
        return ACK * len(self._acks) + self._queue.replies + self._queue.answers

    @property
    def unsent_answers(self) -> int:
        """Bytes of answers to calls that wait to be sent."""
        return self._queue.answers

    def next_packet(self, now: float, *, max_bytes: int) -> Packet | None:
        """Seal what waits into one packet, or return None if nothing has to be sent now.

        Args:
            now: the server's time.
            max_bytes: the most bytes of the payload; a message that alone is larger stays queued.

        """
        if not self._connected:
            return None
        if self._gap_due:
            self._notify_of_session(now)
        taken = self._take(max_bytes - PACKET_OVERHEAD) if self._queue else []
        if self._acks and (taken or self._acks_due or len(self._acks) > self._limits.acks_pending):
            taken.append(self._take_acks())
        if not taken:
            return None
        again = any(message.msg_id for message in taken)
        messages = [self._number(message, now) for message in taken]
        if len(messages) == 1 and not again:
            msg_id, seqno, body = messages[0]
        else:
            # A message keeps its id when it is sent again, and travels in a container that has a fresh one.
            msg_id = self._next_msg_id(now, reply=any(message.reply for message in taken))
            seqno, body = 2 * self._content_count, wire.write_container(messages)
        return Packet(self.craft(body, now, msg_id=msg_id, seqno=seqno))

    @property
    def _gap_due(self) -> bool:
        """Whether a gap is to be told; before its first message a client is told of the session anyway."""
        return self._gap and self._first_msg_id != 0

    def craft(
        self,
        body: bytes,
        now: float,
        *,
        msg_id: int | None = None,
        seqno: int | None = None,
        session_id: int | None = None,
        reply: bool = True,
    ) -> bytes:
        """Seal any message with the key and the current salt, and remember nothing of it; return the payload.

        `next_packet` seals through it, and so do faults in tests of clients: it asks nothing about what it is given.

        Args:
            body: one serialized boxed object, a multiple of 4 bytes.
            now: the server's time.
            msg_id: the id of the packet; by default the next one.
            seqno: its number; by default that of a message that is not content-related.
            session_id: by default that of this session.
            reply: whether the next id is that of an answer (modulo 4 it is 1) or not (3).

        """
        return seal(
            self.key,
            Sender.SERVER,
            salt=self._salts.current(now),
            session_id=self.session_id if session_id is None else session_id,
            msg_id=self._next_msg_id(now, reply=reply) if msg_id is None else msg_id,
            seqno=2 * self._content_count if seqno is None else seqno,
            body=body,
            random=self._random,
        ).payload

    def _take(self, budget: int) -> list[Outgoing]:
        taken: list[Outgoing] = []
        size = 0
        soft = min(budget, self._limits.frame_sent_soft)
        while self._queue and len(taken) < self._limits.container_messages_sent:
            size += MESSAGE_HEADER + len(self._queue.first.body)
            if size > (soft if taken else budget):
                break
            taken.append(self._queue.popleft())
        return taken

    def _take_acks(self) -> Outgoing:
        acks = list(self._acks)[: self._limits.acks_sent]
        for msg_id in acks:
            del self._acks[msg_id]
        self._acks_due = bool(self._acks)
        self._ack_deadline = NEVER
        return Outgoing(wire.write_acks(acks), content=False, reply=True)

    def _number(self, message: Outgoing, now: float) -> Message:
        """Give a message its id and number, unless it has them; of an announced one, return the announcement."""
        if not message.msg_id:
            message.msg_id = self._next_msg_id(now, reply=message.reply)
            message.seqno = 2 * self._content_count + message.content
            message.sent_at = now
            self._content_count += message.content
            self._note(message)
        if message.announced:
            return Message(self._next_msg_id(now, reply=False), 2 * self._content_count, self._announcement(message))
        return Message(message.msg_id, message.seqno, message.body)

    def _note(self, message: Outgoing) -> None:
        """Remember what was sent, where something is to come of it."""
        if message.content:
            self._stored[message.msg_id] = message
        elif message.asks:
            self._asked[message.msg_id] = message.asks
            if len(self._asked) > QUESTIONS_KEPT:
                del self._asked[next(iter(self._asked))]
        elif message.ping_id is not None:
            self._pings[message.msg_id] = (message.ping_id, message.sent_at)
            if len(self._pings) > QUESTIONS_KEPT:
                del self._pings[next(iter(self._pings))]

    def _announcement(self, message: Outgoing) -> bytes:
        size = len(message.body)
        if message.query:
            info = service.types.MsgDetailedInfo(
                msg_id=message.query, answer_msg_id=message.msg_id, bytes=size, status=0
            )
        else:
            info = service.types.MsgNewDetailedInfo(answer_msg_id=message.msg_id, bytes=size, status=0)
        announcement: bytes = info.to_bytes()
        return announcement

    def _next_msg_id(self, now: float, *, reply: bool) -> int:
        self._last_msg_id = server_msg_id(now, self._last_msg_id, reply=reply)
        return self._last_msg_id
