"""The service messages that a client sends, and the packet that either half hands to a framing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtproto.session.events import ClientEvent
    from mtproto.session.request import Request

__all__ = ["ANSWERED", "MAX_REFUSALS", "HttpWait", "MessageKind", "Packet", "ServiceMessage"]

MAX_REFUSALS = 5
"""Times that one message is sent again after refusals with the same code, before its call fails."""


class MessageKind(Enum):
    """The purpose of a service message. It decides what follows when the message is refused or its connection lost."""

    ACKS = "msgs_ack"
    STATE = "msgs_state_req"
    RESEND = "msg_resend_req"
    RESEND_ANSWER = "msg_resend_ans_req"
    PING = "ping"
    SALTS = "get_future_salts"
    DROP = "rpc_drop_answer"
    DESTROY_SESSION = "destroy_session"
    DESTROY_AUTH_KEY = "destroy_auth_key"
    HTTP_WAIT = "http_wait"
    REPLY = "an answer to the peer"


ANSWERED = frozenset(MessageKind) - {MessageKind.ACKS, MessageKind.HTTP_WAIT, MessageKind.REPLY}
"""The kinds that the peer answers, so that the ids of such messages are kept."""


class ServiceMessage:
    """One service message of ours.

    Attributes:
        kind: the purpose of the message.
        body: the serialized message.
        ids: the msg_ids that the message names; for a ping its ping_id, for `destroy_session` the session's id.
        request: the cancelled call of an `rpc_drop_answer`.
        msg_id: the id under which the message was last sealed.
        sent_at: when it was last sealed, local time.
        refusals: how often the server refused the message.
        sends: how often the message was sealed.
        final: whether the message is sent in a session that is being given up.

    """

    __slots__ = ("body", "final", "ids", "kind", "msg_id", "refusals", "request", "sends", "sent_at")

    def __init__(self, kind: MessageKind, body: bytes, ids: Sequence[int] = (), request: Request | None = None) -> None:
        self.kind = kind
        self.body = body
        self.ids = tuple(ids)
        self.request = request
        self.msg_id = 0
        self.sent_at = 0.0
        self.refusals = 0
        self.sends = 0
        self.final = False

    def sealed(self, msg_id: int, now: float) -> None:
        """Note that the message went into a packet under this id at `now`, local time."""
        self.msg_id = msg_id
        self.sent_at = now
        self.sends += 1

    def refused(self) -> None:
        """Note that the server has refused the message."""
        self.refusals += 1

    def asked_finally(self) -> None:
        """Note that the message is sent in a session that is being given up."""
        self.final = True

    def __repr__(self) -> str:
        return f"ServiceMessage({self.kind.value}, msg_id={self.msg_id})"


@dataclass(frozen=True, slots=True)
class HttpWait:
    """`http_wait` for a long poll (core.telegram.org/mtproto/service_messages#http-wait-long-poll), all in ms.

    Attributes:
        max_delay: how long the server may collect further messages after the first.
        wait_after: how long the server may wait after each further message.
        max_wait: how long the server may hold an empty answer back.

    """

    max_delay: int
    wait_after: int
    max_wait: int


@dataclass(frozen=True, slots=True)
class Packet:
    """One sealed packet, ready for a framing.

    Attributes:
        payload: the bytes.
        quick_ack_token: the token that the server sends back at once if the framing asks for one; None where no call
            wants a quick acknowledgement.
        requests: the calls in the packet; empty on the server's half.
        events: `Sent` and `Resent` for each of them.

    """

    payload: bytes = field(repr=False)
    quick_ack_token: int | None = None
    requests: tuple[Request, ...] = ()
    events: tuple[ClientEvent, ...] = ()
