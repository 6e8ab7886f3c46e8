"""Which messages of the client the server still has to acknowledge.

core.telegram.org/mtproto/service_messages_about_messages#acknowledgment-of-receipt. An answer to a message does the
work of an acknowledgement. The client's half keeps its acknowledgements in `Inbox`.
"""

from __future__ import annotations

from mtproto.limits import Limits
from mtproto.session.time_window import NEVER

__all__ = ["ACK_DELAY", "ServerAcks"]

ACK_DELAY = 1.0
"""Seconds that an acknowledgement waits for an answer that does its work."""


class ServerAcks:
    """Acknowledgements that wait to be sent, each once, in the order in which their messages came.

    Attributes:
        deadline: when the acknowledgements that wait have to be sent alone, Unix seconds; infinite where none waits,
            or where they may be sent at once.

    """

    __slots__ = ("_limits", "_overdue", "_waiting", "deadline")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: dict[int, None] = {}
        self._overdue = False
        self.deadline = NEVER

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, msg_id: int) -> bool:
        return msg_id in self._waiting

    def queue(self, msg_id: int, now: float) -> None:
        """Let a message be acknowledged."""
        self._waiting[msg_id] = None
        self.deadline = min(self.deadline, now + ACK_DELAY)

    def withdraw(self, msg_id: int) -> None:
        """Acknowledge a message no longer: its answer does that, or it was not accepted after all."""
        self._waiting.pop(msg_id, None)

    @property
    def due(self) -> bool:
        """Whether acknowledgements have to be sent now, alone if need be."""
        return bool(self._waiting) and (self._overdue or len(self._waiting) > self._limits.acks_pending)

    def tick(self, now: float) -> None:
        """Note that the deadline is reached."""
        if self.deadline <= now:
            self.deadline = NEVER
            self._overdue = bool(self._waiting)

    def take(self, *, travelling: bool) -> list[int]:
        """Take out the acknowledgements of the next packet, the oldest first: as many as one `msgs_ack` may hold.

        There are none if they are not `due` and no packet goes that they can join (`travelling`).
        """
        if not self._waiting or not (travelling or self.due):
            return []
        taken = list(self._waiting)[: self._limits.acks_sent]
        for msg_id in taken:
            del self._waiting[msg_id]
        self._overdue = bool(self._waiting)
        self.deadline = NEVER
        return taken
