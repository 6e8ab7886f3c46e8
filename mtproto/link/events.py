"""What links tell their shells, beside the events of the session that pass through them."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from mtproto.errors import without_frames
from mtproto.session.events import ClientEvent

if TYPE_CHECKING:
    from mtproto.errors import MTProtoError
    from mtproto.exchange import Step
    from mtproto.link.client import ClientLink
    from mtproto.link.server_state import ServerKey, SessionSlot
    from mtproto.message import KeyState
    from mtproto.session.events import ServerEvent
    from mtproto.session.packet_reader import Budget

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
    "ServerLinkEvent",
    "ServerQuery",
    "Status",
    "StatusChanged",
]


class Status(enum.Enum):
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

    status: Status


@dataclass(frozen=True, slots=True)
class ExchangeStep:
    """A message of the key exchange was sent or received; it holds nothing secret."""

    step: Step


class KeyUse(NamedTuple):
    """A key as calls go out under it: what the server was told under one use, it was not told under another.

    Attributes:
        key_id: the id of the auth key.
        binding: how many times this link has bound a temporary key, this use included; 0 for permanent keys.

    """

    key_id: int
    binding: int = 0


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
    """The server takes no binding to the permanent key any more. A new one is made, which nobody is logged in with."""

    error: MTProtoError

    def __post_init__(self) -> None:
        without_frames(self.error)


@dataclass(frozen=True, slots=True)
class LinkAdded:
    """A temporary key is to be replaced; the link that does it wants a connection of its own, beside the others."""

    link: ClientLink = field(repr=False)


@dataclass(frozen=True, slots=True)
class LinkRemoved:
    """A link has done its work; it is closed, and its carrier is of no use any more."""

    link: ClientLink = field(repr=False)


@dataclass(frozen=True, slots=True)
class Broken:
    """The carrier is of no use any more: the shell closes it and calls `disconnected`. The link will want another."""

    error: MTProtoError

    def __post_init__(self) -> None:
        without_frames(self.error)


@dataclass(frozen=True, slots=True)
class Failed:
    """The link has given up, for a reason that another connection would not cure. Nothing that waits will settle."""

    error: MTProtoError

    def __post_init__(self) -> None:
        without_frames(self.error)


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
    """A key is not known any more: nobody has used it for too long, or it has expired."""

    key: ServerKey


@dataclass(frozen=True, slots=True)
class ServerQuery:
    """A call of the API, to be answered through `slot.session.answer(msg_id, body)`.

    Attributes:
        slot: the session that it came in, and the link that carries it.
        msg_id: its id.
        body: one serialized function call.
        budget: what the packet that it came in may still make its receiver do; None where nobody bounds that.

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
