"""What an account's updates are told as, once they are in order (core.telegram.org/api/updates)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from tl import TLFunction, TLObject

__all__ = ["Fetch", "Gap", "Incoming"]


Told = TypeVar("Told", bound="TLObject", covariant=True)


@dataclass(frozen=True, slots=True)
class Incoming(Generic[Told]):
    """One update, in its place.

    Attributes:
        update: an object of the type `Update`. A short form is expanded to `updateNewMessage`. A message that came in
            a difference stands in `updateNewMessage` or `updateNewChannelMessage` with a `pts_count` of 0: the server
            tells no number of the single message there.
        users: the users (`User`) that the server sent with the update.
        chats: the chats (`Chat`) that the server sent with the update.

    """

    update: Told
    users: tuple[TLObject, ...] = field(default=(), repr=False)
    chats: tuple[TLObject, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Gap:
    """Updates are missing that can't be fetched.

    The difference was too long, the server refused it for good, or more channels missed something than are remembered.

    Attributes:
        chat: the channel (`peerChannel`), whose history tells more. None: private chats and groups, and what belongs to
            no chat: the account counts all of them in common, so that nobody knows in which of them something is
            missing.

    """

    chat: TLObject | None


@dataclass(frozen=True, slots=True, eq=False)
class Fetch:
    """A call that an `UpdateOrder` wants to be made; its answer goes to `answered`, its error to `failed`.

    Attributes:
        request: `updates.getState`, `updates.getDifference` or `updates.getChannelDifference`.
        source: the id of the channel; 0: private chats and groups.

    """

    request: TLFunction[Any] = field(repr=False)
    source: int
