"""Where a client's link stands from one connection to the next, and what its shell is to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import ConnectionLost, without_frames
from mtproto.link.events import Broken, Failed, LinkStatus, StatusChanged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtproto.errors import MTProtoError
    from mtproto.link.client_wire import ClientWire
    from mtproto.link.events import LinkEvent
    from mtproto.link.reconnection import Reconnection

__all__ = ["Standing"]


class Standing:
    """The status of one link, how it came to it, and its events. One owner: that link.

    Args:
        wire: of the link; is dropped when a connection ends.
        reconnection: of the link; says how long to wait, and when to give up.

    Attributes:
        status: where the link stands.
        connect_at: when to connect, Unix seconds; None while the link is connected, or over.
        failure: why the link has given up.
        trouble: why the last connection ended, or what else went wrong; None once a call was answered after it.

    """

    __slots__ = ("_events", "_reconnection", "_wire", "connect_at", "failure", "status", "trouble")

    def __init__(self, wire: ClientWire, reconnection: Reconnection) -> None:
        self._wire = wire
        self._reconnection = reconnection
        self._events: list[LinkEvent] = []
        self.status = LinkStatus.DISCONNECTED
        self.connect_at: float | None = 0.0
        self.failure: MTProtoError | None = None
        self.trouble: Exception | None = None

    # What the shell is to be told --------------------------------------------------------------------------------

    def tell(self, *events: LinkEvent) -> None:
        """Add events to what the shell is to be told."""
        self._events += events

    def tell_all(self, events: Iterable[LinkEvent]) -> None:
        """Do the same for as many as there are."""
        self._events += events

    def take_events(self) -> list[LinkEvent]:
        """Take out what the shell is to be told."""
        events, self._events = self._events, []
        return events

    # How the link gets on ----------------------------------------------------------------------------------------

    def enter(self, status: LinkStatus) -> None:
        """Go into another status."""
        if status is not self.status:
            self.status = status
            self._events.append(StatusChanged(status))

    def connected(self) -> None:
        """Take notice that there is a connection."""
        self.connect_at = None

    def call_answered(self) -> None:
        """Take notice that a call was answered."""
        self._reconnection.succeeded()
        self.trouble = None

    def key_bound(self) -> None:
        """Take notice that a temporary key was bound: from now on the link does not give up for want of a key."""
        self._reconnection.persist(always=True)
        self.trouble = None

    def stumble(self, error: MTProtoError) -> None:
        """Take notice of an error that ends nothing."""
        self.trouble = error

    # Endings -----------------------------------------------------------------------------------------------------

    def break_off(self, error: MTProtoError) -> None:
        """Take nothing more from this connection; the shell is to close it."""
        if self._wire.transport is not None:
            self._wire.drop()
            self.trouble = error
            self._events.append(Broken(error))

    def break_if(self, error: MTProtoError | None) -> None:
        """Do the same if there is an error."""
        if error is not None:
            self.break_off(error)

    def break_for(self, error: MTProtoError) -> None:
        """End the connection since the server broke the protocol, and the link if it does so each time."""
        if self.status is LinkStatus.READY and self._reconnection.senseless():
            self.give_up(error)
        else:
            self.break_off(error)

    def disconnected(self, reason: Exception | None) -> MTProtoError | None:
        """Take notice that a connection has ended, or an attempt that failed.

        Args:
            reason: why, where the shell knows.

        Returns:
            why the link has to give up, if this was one connection too many without a key or a greeting.

        """
        other_end = self._wire.other_end
        greeting, exchanging = self.status is LinkStatus.GREETING, self.status is LinkStatus.EXCHANGING
        if self._wire.transport is not None or self.status is LinkStatus.DISCONNECTED:
            self.trouble = without_frames(reason or other_end.closed(greeting=greeting))
        self._wire.drop()
        fruitless = exchanging or (greeting and not other_end.greeted)
        if fruitless and self._reconnection.fruitless():
            failed = "no key could be made" if exchanging else "no proxy answered"
            text = f"{failed} over {self._reconnection.barren} connections, the last one: {self.trouble}"
            error = ConnectionLost(text)
            error.__cause__ = self.trouble
            return error
        return None

    def wait(self, now: float) -> None:
        """Plan the next connection."""
        if self.status is not LinkStatus.CLOSED:
            self.connect_at = self._reconnection.next_attempt(now)
            self.enter(LinkStatus.DISCONNECTED)

    def give_up(self, error: MTProtoError) -> None:
        """End the link for good, for a reason that another connection would not cure."""
        self.failure = error
        self._events.append(Failed(error))
        self.close()

    def close(self) -> None:
        """End the link for good."""
        self._wire.drop()
        self.connect_at = None
        self.enter(LinkStatus.CLOSED)
