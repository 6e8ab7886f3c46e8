"""The service messages of a client: those that wait to be sent, and those that the server has not answered yet.

core.telegram.org/mtproto/service_messages and core.telegram.org/mtproto/service_messages_about_messages.
"""

from __future__ import annotations

from collections.abc import Iterable

from mtproto.session.request import Request
from mtproto.session.service_messages import ANSWERED, MAX_REFUSALS, MessageKind, ServiceMessage
from mtproto.session.wire import MESSAGE_HEADER
from tl import service

__all__ = ["LARGE", "LARGE_QUEUED", "QUESTIONS_KEPT", "SERVICES_QUEUED", "Questions"]

SERVICES_QUEUED = 4096
"""Service messages that wait to be sent before those that the server provokes, or that save it work, are left out."""

LARGE_QUEUED = 128
"""The same for those above `LARGE` bytes: the states of many messages."""

LARGE = 256

QUESTIONS_KEPT = 1000
"""Service questions without an answer that are remembered; beyond it the oldest is forgotten."""

_LEFT_OUT = frozenset({MessageKind.REPLY, MessageKind.RESEND, MessageKind.DROP})
# Messages that the server provokes, or that save it work: they are left out where too many wait.

_OUTLIVE_A_CONNECTION = frozenset({MessageKind.DROP, MessageKind.DESTROY_SESSION, MessageKind.DESTROY_AUTH_KEY})
# The others speak of the connection that was lost, or are asked anew when they are due.

_OUTLIVE_A_SESSION = frozenset(
    {MessageKind.PING, MessageKind.SALTS, MessageKind.DESTROY_SESSION, MessageKind.DESTROY_AUTH_KEY}
)
# The others name messages of the session that was given up.


class Questions:
    """Service messages on their way and waiting for answers. Owned by one session."""

    __slots__ = ("_open", "_resends", "_state_refusals", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[ServiceMessage] = []  # to be sent, first ones first
        self._open: dict[int, ServiceMessage] = {}  # sent, to be answered
        self._state_refusals = 0  # of msgs_state_req, one after the other
        self._resends: set[int] | None = None  # ids asked for again, gathered when a packet first needs them

    # To be sent.

    @property
    def waiting(self) -> bool:
        """Whether any message waits to be sent."""
        return bool(self._waiting)

    def add(self, kind: MessageKind, body: bytes, ids: Iterable[int] = (), request: Request | None = None) -> None:
        """Queue a serialized service message; where too many wait, one that can be done without is left out.

        Args:
            kind: the message's purpose.
            body: the serialized message.
            ids: see `ServiceMessage.ids`.
            request: the call that the message is about.

        """
        most = SERVICES_QUEUED if len(body) <= LARGE else LARGE_QUEUED
        if len(self._waiting) < most or kind not in _LEFT_OUT:
            self._waiting.append(ServiceMessage(kind, body, tuple(ids), request))

    def add_again(self, item: ServiceMessage) -> None:
        """Queue a message that was refused once more."""
        self._waiting.append(item)

    def ask_states(self, requests: Iterable[Request]) -> None:
        """Queue the question what became of these calls, in front of all others."""
        ids = [request.msg_id for request in requests]
        self._waiting.insert(
            0, ServiceMessage(MessageKind.STATE, service.types.MsgsStateReq(msg_ids=ids).to_bytes(), ids)
        )

    def ask_resend(self, answer_msg_id: int, request: Request | None) -> None:
        """Queue the question for a message that the server holds back, unless that question is under way."""
        if self._resends is None:
            asked = (*self._waiting, *self._open.values())
            self._resends = {msg_id for item in asked if item.kind is MessageKind.RESEND for msg_id in item.ids}
        if answer_msg_id not in self._resends:
            self._resends.add(answer_msg_id)
            body = service.types.MsgResendReq(msg_ids=[answer_msg_id]).to_bytes()
            self.add(MessageKind.RESEND, body, [answer_msg_id], request)

    def take(self, budget: int, count: int) -> list[ServiceMessage]:
        """Take out the messages that go next: at most `count`, and `budget` bytes with a header for each."""
        taken: list[ServiceMessage] = []
        size = 0
        while self._waiting and len(taken) < count:
            size += MESSAGE_HEADER + len(self._waiting[0].body)
            if size > budget:
                break
            taken.append(self._waiting.pop(0))
        return taken

    def take_final_states(self) -> list[ServiceMessage]:
        """Take out the questions about calls: they alone are sent in a session that is being given up."""
        questions = [item for item in self._waiting if item.kind is MessageKind.STATE]
        self._waiting = [item for item in self._waiting if item.kind is not MessageKind.STATE]
        for item in questions:
            item.asked_finally()
        return questions

    # To be answered.

    def sent(self, items: Iterable[ServiceMessage]) -> None:
        """Remember those of these messages that the server answers; beyond the bound the oldest is forgotten."""
        for item in items:
            if item.kind in ANSWERED:
                self._open[item.msg_id] = item
        while len(self._open) > QUESTIONS_KEPT:
            del self._open[next(iter(self._open))]

    def find(self, msg_id: int) -> ServiceMessage | None:
        """Return the unanswered question that was last sent under this id."""
        return self._open.get(msg_id)

    def open_of(self, kind: MessageKind) -> list[ServiceMessage]:
        """Return the unanswered questions of this kind, first ones first."""
        return [item for item in self._open.values() if item.kind is kind]

    def close(self, item: ServiceMessage) -> None:
        """Wait for the answer to a question no longer: it came, or the question was refused."""
        self._open.pop(item.msg_id, None)

    def under_way(self, kind: MessageKind) -> bool:
        """Whether a question of this kind waits to be sent or to be answered."""
        return any(item.kind is kind for item in (*self._waiting, *self._open.values()))

    def states_told(self) -> None:
        """Note that the server answers questions about calls."""
        self._state_refusals = 0

    def refused_too_often(self, item: ServiceMessage) -> bool:
        """Whether a refused message is not worth another attempt. Each state question is made anew, so they add up."""
        if item.kind is MessageKind.STATE:
            self._state_refusals += 1
            return self._state_refusals > MAX_REFUSALS
        return item.refusals > MAX_REFUSALS

    # What happens to all of them.

    def packet_begins(self) -> None:
        """Note that another packet is read."""
        self._resends = None

    def connection_made(self) -> None:
        """Begin to count refusals anew."""
        self._state_refusals = 0

    def connection_lost(self) -> None:
        """Keep what has to reach the server over any connection, and forget the other questions."""
        again = [item for item in self._open.values() if item.sends <= MAX_REFUSALS]
        self._waiting = [item for item in (*again, *self._waiting) if item.kind in _OUTLIVE_A_CONNECTION]
        self._open.clear()

    def session_ended(self, session_id: int) -> None:
        """Forget the questions of a session that was given up, and ask the server to forget that session."""
        self._open.clear()
        self._waiting = [item for item in self._waiting if item.kind in _OUTLIVE_A_SESSION]
        body = service.functions.DestroySession(session_id=session_id).to_bytes()
        self.add(MessageKind.DESTROY_SESSION, body, [session_id])
