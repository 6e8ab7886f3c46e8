"""What links tell their shells, beside the events of the session that pass through them."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from mtproto.errors import without_frames
from mtproto.session import ClientEvent

if TYPE_CHECKING:
    from mtproto.errors import MTProtoError
    from mtproto.exchange import Step
    from mtproto.link.key_maker import Work
    from mtproto.link.server_keys import ServerKey, SessionSlot
    from mtproto.message import KeyState
    from mtproto.session import Budget, ServerEvent

__all__ = [
    "Broken",
    "ExchangeStep",
    "Failed",
    "Hangup",
    "InSession",
    "KeyBound",
    "KeyCreated",
    "KeyDropped",
    "KeyForgotten",
    "KeyMade",
    "KeyUse",
    "LinkAdded",
    "LinkEvent",
    "LinkRemoved",
    "LinkStatus",
    "PumpedLink",
    "ServerLinkEvent",
    "ServerQuery",
    "StatusChanged",
]


class LinkStatus(enum.Enum):
    """Where a client's link stands."""

    DISCONNECTED = "disconnected"
    """No carrier. `connect_at` says when to connect."""

    GREETING = "greeting"
    """Connected to a proxy, and waiting for its answer before anything else may be said."""

    EXCHANGING = "exchanging"
    """Connected, and making an authorization key."""

    READY = "ready"
    """Connected, and calls travel."""

    CLOSED = "closed"
    """Over: closed by its owner, or failed for good. It will not connect again."""


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """The link went into another state."""

    status: LinkStatus


@dataclass(frozen=True, slots=True)
class ExchangeStep:
    """A message of the key exchange was sent or received; it holds nothing secret."""

    step: Step


class KeyUse(NamedTuple):
    """The use of a key by calls. What the server was told under one use has to be said again under another.

    Attributes:
        key_id: the id of the auth key.
        binding: how many times this link has bound a temporary key, this use included; 0 for permanent keys.

    """

    key_id: int
    binding: int = 0


class BoundKey(NamedTuple):
    """A temporary key that a link has bound, for other sessions that are to use the key as well.

    Attributes:
        state: what belongs to the key.
        use: which key it is, and under which of its bindings.

    """

    state: KeyState
    use: KeyUse


@dataclass(frozen=True, slots=True)
class KeyCreated:
    """An exchange ended with a key. Whoever keeps `state` needs no exchange the next time."""

    state: KeyState


@dataclass(frozen=True, slots=True)
class KeyBound:
    """A temporary key was bound; calls go out under it from now on. `state` lives in memory only."""

    state: KeyState


@dataclass(frozen=True, slots=True)
class KeyDropped:
    """The server binds nothing to the permanent key any more. A new permanent key is made, without any login."""

    error: MTProtoError

    def __post_init__(self) -> None:
        without_frames(self.error)


@dataclass(frozen=True, slots=True)
class LinkAdded:
    """A temporary key is to be replaced; its successor wants a connection of its own, beside the others."""

    link: PumpedLink = field(repr=False)


@dataclass(frozen=True, slots=True)
class LinkRemoved:
    """A link has done its work. The link is closed, and its carrier is of no use any more."""

    link: PumpedLink = field(repr=False)


@dataclass(frozen=True, slots=True)
class Broken:
    """The carrier is of no use any more: the shell closes it and calls `disconnected`. The link will want another."""

    error: MTProtoError

    def __post_init__(self) -> None:
        without_frames(self.error)


@dataclass(frozen=True, slots=True)
class Failed:
    """The link has given up, for a reason that another connection would not cure. Calls that wait will not settle."""

    error: MTProtoError

    def __post_init__(self) -> None:
        without_frames(self.error)


class PumpedLink(Protocol):
    """One connection of a client's link, for the shell that moves its bytes and tells it the time.

    See `ClientLink`, which is one; a `PfsLink` has one for each of its keys.
    """

    @property
    def status(self) -> LinkStatus:
        """Where the link stands."""

    @property
    def connect_at(self) -> float | None:
        """When to connect, Unix seconds; None while it is connected, or over."""

    @property
    def trouble(self) -> Exception | None:
        """Why the last connection ended, or what else went wrong; None once a call was answered after it."""

    @property
    def missing(self) -> int:
        """How many bytes at least are still to come of the packet whose beginning has come; 0 if none has."""

    @property
    def has_more(self) -> bool:
        """Whether the last `data_to_send` left something behind."""

    def connected(self, now: float) -> list[LinkEvent]:
        """Begin a new connection."""

    def disconnected(self, now: float, reason: Exception | None = None) -> list[LinkEvent]:
        """End the connection, or an attempt that failed."""

    def fault(self, error: MTProtoError, now: float) -> list[LinkEvent]:
        """Take nothing more from this connection, since it led to an exception that nobody expected."""

    @property
    def unread(self) -> bool:
        """Whether a part of what came in is still to be handled, by `read_on`."""

    def received(self, data: bytes, now: float, budget: int | None = None) -> list[LinkEvent]:
        """Take what came in, in pieces of any size, and return what it means."""

    def read_on(self, now: float, budget: int | None = None) -> list[LinkEvent]:
        """Handle the rest of what came in, or a part of it."""

    def data_to_send(self, now: float, poll: bool = False) -> bytes:
        """Return what is to be sent now."""

    def next_deadline(self) -> float | None:
        """Return when to call `tick`, Unix seconds; None if nothing waits for a time."""

    def tick(self, now: float) -> list[LinkEvent]:
        """Do what is due at `now`."""

    def take_work(self, now: float) -> Work | None:
        """Return a slow step of an exchange; None if there is none."""

    def finish_work(self, work: Work, now: float) -> list[LinkEvent]:
        """Take back a step that was run."""


LinkEvent: TypeAlias = (
    ClientEvent
    | StatusChanged
    | ExchangeStep
    | KeyCreated
    | KeyBound
    | KeyDropped
    | LinkAdded
    | LinkRemoved
    | Broken
    | Failed
)


# What a server's link tells its shell.


@dataclass(frozen=True, slots=True)
class KeyMade:
    """An exchange ended with a key."""

    key: ServerKey


@dataclass(frozen=True, slots=True)
class KeyForgotten:
    """The server has forgotten a key: nobody has used the key for too long, or its time is over."""

    key: ServerKey


@dataclass(frozen=True, slots=True)
class ServerQuery:
    """A call of the API, to be answered through `slot.session.answer(msg_id, body)`.

    Attributes:
        slot: the session of the call, and the link that carries the session.
        msg_id: its id.
        body: one serialized function call.
        budget: what the packet of this call may still make its receiver do; None where nobody bounds that.

    """

    slot: SessionSlot = field(repr=False)
    msg_id: int
    body: bytes = field(repr=False)
    budget: Budget | None = field(default=None, repr=False, compare=False)

    @property
    def key_id(self) -> int:
        """The id of the auth key, signed 64 bits."""
        return self.slot.key.auth_key.id

    @property
    def session_id(self) -> int:
        """The id of the session, signed 64 bits."""
        return self.slot.session_id


@dataclass(frozen=True, slots=True)
class InSession:
    """Any other event of a session."""

    slot: SessionSlot = field(repr=False)
    event: ServerEvent


@dataclass(frozen=True, slots=True)
class Hangup:
    """The connection is to be closed once all is sent."""

    reason: str


ServerLinkEvent: TypeAlias = KeyMade | KeyForgotten | ServerQuery | InSession | Hangup
