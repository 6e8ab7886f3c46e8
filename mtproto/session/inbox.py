"""The messages that a client received: which ids it saw, and which of them it still has to acknowledge.

core.telegram.org/mtproto/security_guidelines (checking msg_id); acknowledgements and the status bytes of
`msgs_state_info`: core.telegram.org/mtproto/service_messages_about_messages.
"""

from __future__ import annotations

from bisect import bisect_left
from enum import Enum, IntFlag

from mtproto.limits import Limits
from mtproto.session.time_window import NEVER

__all__ = ["TAKEN", "Inbox", "MessageStatus", "Seen"]

ACK_DELAY = 30.0
"""Seconds that an acknowledgement waits for a message to travel with. Documented are 60 to 120; TDLib takes 30."""


ACKS_QUEUED = 65536
"""Acknowledgements that may wait for a connection that takes nothing."""


class Seen(Enum):
    """Whether a message came before, as far as its receiver remembers."""

    NEW = "new"
    BEFORE = "seen before"
    TOO_OLD = "older than all that is remembered"


class MessageStatus(IntFlag):
    """The byte of `msgs_state_info` for one message: the low three bits are a number, the others flags."""

    UNKNOWN = 1
    NOT_RECEIVED = 2
    NOT_RECEIVED_YET = 3
    RECEIVED = 4
    ACKNOWLEDGED = 8
    NEEDS_NO_ACK = 16
    RUNNING = 32
    ANSWERED = 64
    PEER_KNOWS = 128

    @property
    def kind(self) -> int:
        """Return the number in the low three bits: 1, 2, 3 or 4."""
        return self & 7


TAKEN = MessageStatus.RECEIVED | MessageStatus.ACKNOWLEDGED
"""The state of most messages. It is joined once, since joining flags is slow and one question names thousands."""


class Inbox:
    """The ids of received messages. Owned by one session.

    Attributes:
        acks: ids to be acknowledged, in order of arrival; the id of a repeated message stands here again.
        ack_deadline: when the acks that wait have to be sent alone, local time; infinite where none waits, or where
            they may be sent now.

    """

    __slots__ = ("_floor", "_ids", "_limit", "_overdue", "_pending", "_waiting", "ack_deadline", "acks")

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.remembered_message_ids
        self._pending = limits.acks_pending
        self._ids: list[int] = []  # in ascending order
        self._floor = -1
        self.acks: list[int] = []
        self._waiting: set[int] = set()  # the ids in `acks`
        self.ack_deadline = NEVER
        self._overdue = False

    def restart(self) -> None:
        """Forget everything: a new session begins."""
        self._ids = []
        self._floor = -1
        self.acks = []
        self._waiting = set()
        self.ack_deadline = NEVER
        self._overdue = False

    def look_up(self, msg_id: int) -> Seen:
        """Say whether a message with this id was received before, is new, or is too old to tell."""
        ids = self._ids
        if not ids or msg_id > ids[-1]:
            return Seen.NEW if msg_id > self._floor else Seen.TOO_OLD
        if ids[bisect_left(ids, msg_id)] == msg_id:
            return Seen.BEFORE
        return Seen.NEW if msg_id > self._floor else Seen.TOO_OLD

    def remember(self, msg_id: int) -> None:
        """Remember a new id; beyond the limit the lowest one is forgotten."""
        ids = self._ids
        if not ids or msg_id > ids[-1]:
            ids.append(msg_id)
        else:
            ids.insert(bisect_left(ids, msg_id), msg_id)
        if len(ids) > self._limit:
            self._floor = ids.pop(0)

    def acknowledge(self, msg_id: int, now: float) -> None:
        """Queue an acknowledgement. Where too many wait, it is left out, and the peer sends the message again."""
        if len(self.acks) < ACKS_QUEUED:
            self.acks.append(msg_id)
            self._waiting.add(msg_id)
        if self.ack_deadline == NEVER and not self._overdue:
            self.ack_deadline = now + ACK_DELAY

    def tick(self, now: float) -> None:
        """Note that the acks that wait have to be sent, if their deadline is reached."""
        if self.ack_deadline <= now:
            self.ack_deadline = NEVER
            self._overdue = True

    def acks_due(self, now: float) -> bool:
        """Say whether the acks that wait have to be sent, alone if need be."""
        return len(self.acks) > self._pending or self._overdue or self.ack_deadline <= now

    def take_acks(self, count: int) -> list[int]:
        """Take up to `count` acks out of the queue."""
        taken, self.acks = self.acks[:count], self.acks[count:]
        self._waiting = set(self.acks)
        self._overdue = bool(self.acks)
        self.ack_deadline = NEVER
        return taken

    def status(self, msg_id: int) -> MessageStatus:
        """Return the status byte for a message of the peer, as `msgs_state_info` reports it."""
        ids = self._ids
        if msg_id > (ids[-1] if ids else self._floor):
            return MessageStatus.NOT_RECEIVED_YET
        if ids and ids[bisect_left(ids, msg_id)] == msg_id:
            return MessageStatus.RECEIVED if msg_id in self._waiting else TAKEN
        return MessageStatus.NOT_RECEIVED if msg_id > self._floor else MessageStatus.UNKNOWN
