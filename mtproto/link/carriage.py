"""Which sessions a connection of a client carries, and what becomes of them when it takes or loses one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtproto.link.server_keys import SessionCarrier, SessionSlot

__all__ = ["Carriage", "CarriedSessions", "StreamCarriage"]


class CarriedSessions:
    """An ordered set of sessions: what they have to say goes out over this connection. One owner: a carriage."""

    __slots__ = ("_slots",)

    def __init__(self) -> None:
        self._slots: dict[SessionSlot, None] = {}

    def __contains__(self, slot: SessionSlot | None) -> bool:
        """Tell whether the connection carries a session."""
        return slot in self._slots

    def __iter__(self) -> Iterator[SessionSlot]:
        """Iterate over the sessions, the one that came first before the others."""
        return iter(self._slots)

    def add(self, slot: SessionSlot) -> None:
        """Carry a session from now on."""
        self._slots[slot] = None

    def remove(self, slot: SessionSlot) -> None:
        """Carry a session no more."""
        del self._slots[slot]

    def next_deadline(self) -> float | None:
        """Return when the first of the sessions is to be ticked, Unix seconds; None if none is."""
        deadline = None
        for slot in self._slots:
            time = slot.session.next_deadline()
            if time is not None and (deadline is None or time < deadline):
                deadline = time
        return deadline

    @property
    def unsent(self) -> int:
        """Bytes that wait in the sessions because of bytes that came in: all but updates."""
        return sum(slot.session.unsent for slot in self._slots)


class Carriage(Protocol):
    """The rule by which a link takes sessions."""

    @property
    def carried(self) -> CarriedSessions:
        """The sessions that the link carries."""

    def attach(self, slot: SessionSlot, now: float) -> bool:
        """Carry a session from which something was accepted; return whether it comes to this connection by that."""


class StreamCarriage:
    """Takes each session that something was accepted from, and keeps it until another link takes it.

    Args:
        link: the link that carries the sessions, by which others know it. Nothing of it is called here.

    Attributes:
        carried: the sessions.

    """

    __slots__ = ("_link", "carried")

    def __init__(self, link: SessionCarrier) -> None:
        self._link = link
        self.carried = CarriedSessions()

    def attach(self, slot: SessionSlot, now: float) -> bool:
        """See `Carriage`."""
        if slot.link is self._link:
            return False
        if slot.link is not None:
            slot.link.detach(slot)
            slot.session.disconnected(now)
        self.take(slot)
        slot.session.connected(now)
        return True

    def take(self, slot: SessionSlot) -> None:
        """Carry a session that no link carries."""
        slot.carry(self._link)
        self.carried.add(slot)

    def detach(self, slot: SessionSlot) -> None:
        """Carry a session no more."""
        slot.carry(None)
        self.carried.remove(slot)

    def disconnected(self, now: float) -> None:
        """End the connection: its sessions wait for another."""
        for slot in list(self.carried):
            self.detach(slot)
            slot.heard(now)
            slot.session.disconnected(now)
