"""The questions of a server to its client that wait for an answer: pings, and questions about messages.

core.telegram.org/mtproto/service_messages#ping-messages-pingpong,
core.telegram.org/mtproto/service_messages_about_messages#request-for-message-status-information.
"""

from __future__ import annotations

from collections.abc import Callable

from mtproto.message import random_long
from mtproto.session.server_records import Outgoing
from tl import service

__all__ = ["ServerQuestions"]

QUESTIONS_KEPT = 1000
"""Questions without an answer that are remembered, and as many pings; beyond that number the oldest is forgotten."""


class ServerQuestions:
    """The open questions of one session. Owned by the session.

    A question is made here and queued by the caller; it is open from the moment when `sent` is told of it.
    """

    __slots__ = ("_asked", "_pings", "_random")

    def __init__(self, random: Callable[[int], bytes]) -> None:
        """Begin without questions; `random` gives bytes for ping_ids."""
        self._random = random
        self._asked: dict[int, tuple[int, ...]] = {}  # by msg_id: which messages the question names
        self._pings: dict[int, tuple[int, float]] = {}  # by msg_id: the ping_id, and when the ping was sent

    def new_ping(self) -> tuple[int, Outgoing]:
        """Return a random ping_id and the `ping` that carries it."""
        ping_id = random_long(self._random)
        body = service.functions.Ping(ping_id=ping_id).to_bytes()
        return ping_id, Outgoing(body, content=False, reply=False, ping_id=ping_id)

    def new_state_request(self, msg_ids: tuple[int, ...]) -> Outgoing:
        """Return a `msgs_state_req` about these messages of ours."""
        body = service.types.MsgsStateReq(msg_ids=list(msg_ids)).to_bytes()
        return Outgoing(body, content=False, reply=False, asks=msg_ids)

    def new_resend_request(self, msg_id: int) -> Outgoing:
        """Return a `msg_resend_req` for a message of the client."""
        body = service.types.MsgResendReq(msg_ids=[msg_id]).to_bytes()
        return Outgoing(body, content=False, reply=False, asks=(msg_id,))

    def sent(self, question: Outgoing) -> None:
        """Remember a question that was sealed; a message that asks nothing is ignored."""
        if question.asks:
            self._asked[question.msg_id] = question.asks
            if len(self._asked) > QUESTIONS_KEPT:
                del self._asked[next(iter(self._asked))]
        elif question.ping_id is not None:
            self._pings[question.msg_id] = (question.ping_id, question.sent_at)
            if len(self._pings) > QUESTIONS_KEPT:
                del self._pings[next(iter(self._pings))]

    def take_ping(self, msg_id: int, ping_id: int) -> float | None:
        """End the ping that a `pong` answers; return when the ping was sent, or None if no such ping is open."""
        asked_id, sent_at = self._pings.get(msg_id, (None, 0.0))
        if asked_id != ping_id:
            return None
        del self._pings[msg_id]
        return sent_at

    def asked(self, msg_id: int) -> tuple[int, ...] | None:
        """Return the msg_ids that an open question names, or None if no such question is open."""
        return self._asked.get(msg_id)

    def close(self, msg_id: int) -> None:
        """End an open question: its answer came."""
        del self._asked[msg_id]

    def clear(self) -> None:
        """Forget all questions: the connection is gone, and nobody will answer them."""
        self._asked.clear()
        self._pings.clear()
