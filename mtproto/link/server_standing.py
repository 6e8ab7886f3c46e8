"""Whether a connection of a client goes on, and what the server's shell is to be told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.link.events import Hangup

if TYPE_CHECKING:
    from mtproto.link.events import ServerLinkEvent

__all__ = ["ServerStanding"]


class ServerStanding:
    """The state of one connection, and its events. One owner: a server's link, whose parts write here.

    Attributes:
        closing: the connection is to be closed once all is sent.

    """

    __slots__ = ("_events", "closing")

    def __init__(self) -> None:
        self._events: list[ServerLinkEvent] = []
        self.closing = False

    def tell(self, event: ServerLinkEvent) -> None:
        """Add an event to what the shell is to be told."""
        self._events.append(event)

    def take_events(self) -> list[ServerLinkEvent]:
        """Take out what the shell is to be told."""
        events, self._events = self._events, []
        return events

    def hang_up(self, reason: str) -> None:
        """Have the connection closed once all is sent."""
        if not self.closing:
            self.closing = True
            self._events.append(Hangup(reason))

    def disconnected(self) -> None:
        """Take notice that the connection has ended."""
        self.closing = True
