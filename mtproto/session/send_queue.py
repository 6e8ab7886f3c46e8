"""What a server session has to send, in order, and how many bytes of each kind wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from mtproto.session.server_records import Outgoing

__all__ = ["SendQueue"]


class SendQueue:
    """Messages that wait to be sent. Owned by one session.

    Attributes:
        answers: bytes of answers to calls, sent before or not.
        replies: bytes of all that is neither an answer nor an update.
        updates: how many updates wait that were never sent.
        update_bytes: bytes of these.

    """

    __slots__ = ("_messages", "_removed", "answers", "replies", "update_bytes", "updates")

    def __init__(self) -> None:
        self._messages: deque[Outgoing] = deque()
        self._removed = 0  # messages that still stand among the others, marked as not queued
        self.answers = 0
        self.replies = 0
        self.updates = 0
        self.update_bytes = 0

    def __len__(self) -> int:
        return len(self._messages) - self._removed

    def __iter__(self) -> Iterator[Outgoing]:
        return (message for message in self._messages if message.queued)

    @property
    def first(self) -> Outgoing:
        """The message that is to be sent next; there must be one."""
        while not self._messages[0].queued:
            self._messages.popleft()
            self._removed -= 1
        return self._messages[0]

    def append(self, message: Outgoing) -> None:
        """Put a message behind all others."""
        self._messages.append(message)
        self._count(message, 1)

    def appendleft(self, message: Outgoing) -> None:
        """Put a message in front of all others."""
        self._messages.appendleft(message)
        self._count(message, 1)

    def popleft(self) -> Outgoing:
        """Take out the message that is to be sent next."""
        message = self.first
        self._messages.popleft()
        message.leave_queue()
        self._count(message, -1)
        return message

    def remove(self, messages: Iterable[Outgoing]) -> None:
        """Take those of these messages out that wait, wherever they stand.

        A look at all the others is taken only once for as many as half of them, so that one message after the other
        costs little.
        """
        for message in messages:
            if message.queued:
                message.leave_queue()
                self._removed += 1
                self._count(message, -1)
        if self._removed > len(self._messages) // 2:
            self._messages = deque(self)
            self._removed = 0

    def refill(self, messages: Iterable[Outgoing]) -> None:
        """Hold these messages, in this order, and no other."""
        self._messages.clear()
        self._removed = self.answers = self.replies = self.updates = self.update_bytes = 0
        for message in messages:
            message.enter_queue()
            self.append(message)

    def _count(self, message: Outgoing, times: int) -> None:
        size = times * len(message.body)
        if message.query:
            self.answers += size
        elif not message.update:
            self.replies += size
        elif not message.msg_id:
            self.updates += times
            self.update_bytes += size
