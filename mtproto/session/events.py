"""The events of sessions: frozen values, which a session returns in the order in which things happened.

The client's half tells the events of the first part, the server's half those of the second part, and both halves those
of the last part. Events about a call carry the handle of the call, the `Request` that `send` returned. A msg_id is a
signed 64-bit integer, a body is serialized TL. Each call ends with exactly one of `Result`, `RpcFailed` and
`RequestLost`; a cancelled call ends with none of them. An event that holds an error may be kept for long, so that its
error holds no frames (`mtproto.errors.without_frames`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from mtproto.errors import without_frames

if TYPE_CHECKING:
    from mtproto.errors import MTProtoError
    from mtproto.session.packet_reader import Budget
    from mtproto.session.request import Request
    from tl import TLError

__all__ = [
    "Acked",
    "Anomaly",
    "AnswerDropped",
    "AnswersAcked",
    "AuthKeyDestroyed",
    "BadMessage",
    "ClientEvent",
    "CloseAfter",
    "DestroyAuthKey",
    "DestroySession",
    "Flooded",
    "ForeignSession",
    "HttpWaited",
    "NewSession",
    "NotAccepted",
    "Pong",
    "Query",
    "QueryDropped",
    "QuestionRefused",
    "QuickAcked",
    "Repeated",
    "RequestLost",
    "Resent",
    "Result",
    "RpcFailed",
    "SaltChanged",
    "Sent",
    "ServerEvent",
    "SessionBroken",
    "SessionCreated",
    "SessionDestroyed",
    "SessionRenewed",
    "Stale",
    "TimeLearned",
    "Tolerated",
    "Undecodable",
    "Update",
    "UpdatesGap",
]


# The life of a call, on the client's half.


@dataclass(frozen=True, slots=True)
class Sent:
    """The call was sealed into a packet for the first time."""

    request: Request
    msg_id: int


@dataclass(frozen=True, slots=True)
class Resent:
    """The call was sealed again under a new id.

    The server has not executed the call under the old id, or the call may be executed twice.
    """

    request: Request
    old_msg_id: int
    msg_id: int


@dataclass(frozen=True, slots=True)
class QuickAcked:
    """The server has decrypted and accepted the packet. Not authenticated: a hint for a user's eye, nothing more."""

    request: Request


@dataclass(frozen=True, slots=True)
class Acked:
    """The server has the call (`msgs_ack`, or a state of 4); the answer is still to come."""

    request: Request


@dataclass(frozen=True, slots=True)
class Result:
    """The answer: one serialized object, `gzip_packed` already undone. Ends the call."""

    request: Request
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RpcFailed:
    """The answer is `rpc_error` (core.telegram.org/api/errors). Ends the call.

    `MSG_WAIT_FAILED` may come from this side: a predecessor named with `after` had failed before the call was sent.
    """

    request: Request
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class RequestLost:
    """The call ends without an answer; `error` says why.

    `OutcomeUnknown`: the server may or may not have executed the call. `MessageRefused`: the server did not execute the
    call. `LocalProtocolError`: the call can't be sent. Any other error: the call was answered, but the answer can't be
    read.
    """

    request: Request
    error: MTProtoError | TLError

    def __post_init__(self) -> None:
        without_frames(self.error)


@dataclass(frozen=True, slots=True)
class AnswerDropped:
    """The answer to `rpc_drop_answer` after a cancelled call.

    `outcome` is the constructor that came: `rpc_answer_unknown`, `rpc_answer_dropped_running`, `rpc_answer_dropped`.
    """

    request: Request
    outcome: str


# The client's half, other news.


@dataclass(frozen=True, slots=True)
class Update:
    """A message that nobody asked for: any boxed object that is not a service message (`gzip_packed` undone)."""

    msg_id: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class UpdatesGap:
    """Updates may be lost, since the server made the session anew; `updates.getDifference` tells the lost ones."""

    unique_id: int


@dataclass(frozen=True, slots=True)
class NewSession:
    """`new_session_created`, once for each unique_id. Further events tell what follows for calls and updates."""

    first_msg_id: int
    unique_id: int


@dataclass(frozen=True, slots=True)
class SessionRenewed:
    """The session goes on under a new session id, because of a `bad_msg_notification` with this code."""

    old_session_id: int
    session_id: int
    code: int


@dataclass(frozen=True, slots=True)
class BadMessage:
    """The server refused one of our messages (`bad_msg_notification`, `bad_server_salt`); the session deals with it."""

    msg_id: int
    code: int


@dataclass(frozen=True, slots=True)
class TimeLearned:
    """The server's clock less the local one is now taken to be `offset` seconds."""

    offset: float


@dataclass(frozen=True, slots=True)
class SaltChanged:
    """The key has other salts than before; its `KeyState` is worth storing."""


@dataclass(frozen=True, slots=True)
class ForeignSession:
    """A packet under our key belongs to another session, and was dropped. Mostly the key is in use elsewhere, too."""

    msg_id: int


@dataclass(frozen=True, slots=True)
class SessionDestroyed:
    """The answer to `destroy_session`: whether the server knew the session."""

    session_id: int
    existed: bool


@dataclass(frozen=True, slots=True)
class AuthKeyDestroyed:
    """The answer to `destroy_auth_key`: `destroy_auth_key_ok`, `destroy_auth_key_none` or `destroy_auth_key_fail`."""

    outcome: str


@dataclass(frozen=True, slots=True)
class QuestionRefused:
    """The server refused a service question of ours: a ping, or one about salts, states, answers, sessions, the key.

    The session goes on without the answer, and does not ask the question over and over.

    Attributes:
        question: its constructor, such as `msgs_state_req`.
        code: of the `rpc_error` or `bad_msg_notification`; 0 where some other message came that is no answer.
        message: the error's text, or what the code means.

    """

    question: str
    code: int
    message: str


@dataclass(frozen=True, slots=True)
class SessionBroken:
    """The connection is of no more use: close it and call `disconnected`."""

    error: MTProtoError

    def __post_init__(self) -> None:
        without_frames(self.error)


# The server's half.


@dataclass(frozen=True, slots=True)
class SessionCreated:
    """The first message came; the client was sent `new_session_created` with this unique_id."""

    first_msg_id: int
    unique_id: int


@dataclass(frozen=True, slots=True)
class Query:
    """A call of the API (`gzip_packed` undone), seen for the first time. Answer it with `answer(msg_id, body)`.

    `budget` is the work that the call's packet may still make its receiver do; None where nobody bounds that.
    """

    msg_id: int
    body: bytes = field(repr=False)
    budget: Budget | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class QueryDropped:
    """The client gave up a call that still runs (`rpc_drop_answer`). The call may be stopped, and must be answered."""

    msg_id: int


@dataclass(frozen=True, slots=True)
class AnswersAcked:
    """The client has these messages of ours, which are forgotten now. `queries` are the calls that they answered."""

    msg_ids: tuple[int, ...]
    queries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NotAccepted:
    """A message was not accepted and not looked into; the client was told so with this code.

    The code is 0 for a late copy of a message that the client was told was not received; the client was told so again.
    """

    msg_id: int
    code: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """A packet that was accepted before came again, over a connection that does not carry its session.

    The client sent the packet, or somebody who had recorded it. The packet is acknowledged again, over the connection
    that carries the session, and has no other effect.
    """

    msg_id: int


@dataclass(frozen=True, slots=True)
class Tolerated:
    """A service message has a number that the documentation calls wrong. It was handled all the same, as servers do.

    `code` is the code with which a strict session refuses the message: 32, 33 or 34.
    """

    msg_id: int
    code: int


@dataclass(frozen=True, slots=True)
class Flooded:
    """The client passed a documented limit: transport error -429 is due, and the end of the connection."""

    reason: str


@dataclass(frozen=True, slots=True)
class CloseAfter:
    """`ping_delay_disconnect`: close this connection after so many seconds, counted anew from each such event."""

    seconds: int


@dataclass(frozen=True, slots=True)
class HttpWaited:
    """`http_wait` (core.telegram.org/mtproto/service_messages#http-wait-long-poll); all three in milliseconds."""

    max_delay: int
    wait_after: int
    max_wait: int


@dataclass(frozen=True, slots=True)
class DestroySession:
    """The client asks to forget another session of its key. Answer with `session_destroyed`."""

    msg_id: int
    session_id: int


@dataclass(frozen=True, slots=True)
class DestroyAuthKey:
    """The client asks to forget its key. Answer with `auth_key_destroyed`."""

    msg_id: int


# Both halves.


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping of ours, and how many seconds it took."""

    ping_id: int
    round_trip: float


@dataclass(frozen=True, slots=True)
class Stale:
    """A message was dropped, not acknowledged: too old to tell whether it was seen, or outside the time window."""

    msg_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A service message or a packed object can't be read. It was acknowledged, so that it does not come again."""

    msg_id: int
    body: bytes = field(repr=False)
    error: MTProtoError | TLError

    def __post_init__(self) -> None:
        without_frames(self.error)


@dataclass(frozen=True, slots=True)
class Anomaly:
    """The peer did something that the specification does not foresee and that does no harm. It was ignored."""

    msg_id: int
    reason: str


ClientEvent: TypeAlias = (
    Sent
    | Resent
    | QuickAcked
    | Acked
    | Result
    | RpcFailed
    | RequestLost
    | AnswerDropped
    | Update
    | UpdatesGap
    | NewSession
    | SessionRenewed
    | BadMessage
    | TimeLearned
    | SaltChanged
    | ForeignSession
    | SessionDestroyed
    | AuthKeyDestroyed
    | QuestionRefused
    | SessionBroken
    | Pong
    | Stale
    | Undecodable
    | Anomaly
)

ServerEvent: TypeAlias = (
    SessionCreated
    | Query
    | QueryDropped
    | AnswersAcked
    | NotAccepted
    | Repeated
    | Tolerated
    | Flooded
    | CloseAfter
    | HttpWaited
    | DestroySession
    | DestroyAuthKey
    | Pong
    | Stale
    | Undecodable
    | Anomaly
)
