"""Which session a connection over HTTP carries: that of its request which waits for an answer.

A session's messages go out as the answer of whichever request of it waits, the latest first; nothing goes out where
none waits (core.telegram.org/mtproto/transports#http). So a session moves between links, and is not taken for
disconnected when it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.link.carriage import StreamCarriage

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.link.carriage import CarriedSessions
    from mtproto.link.server_keys import PollingCarrier, SessionCarrier, SessionSlot

__all__ = ["HttpCarriage"]


class HttpCarriage:
    """Takes the session of the latest request until the request is answered, and on until another request comes.

    Args:
        link: the link that carries the session, by which others know it. Nothing of it is called here.
        flush: told a link to which messages have come that it did not ask for itself.

    """

    __slots__ = ("_current", "_flush", "_link", "_stream")

    def __init__(self, link: PollingCarrier, flush: Callable[[SessionCarrier], None]) -> None:
        self._link = link
        self._flush = flush
        self._stream = StreamCarriage(link)
        self._current: SessionSlot | None = None  # the session of the latest request

    @property
    def carried(self) -> CarriedSessions:
        """The sessions that the link carries."""
        return self._stream.carried

    @property
    def current(self) -> SessionSlot | None:
        """The session of the latest request, if this link carries it still."""
        return self._current if self._current in self.carried else None

    def attach(self, slot: SessionSlot, now: float) -> bool:
        """See `Carriage`."""
        self._current = slot
        slot.begin_poll(self._link)
        if slot.link is None or slot.link is self._link or not slot.link.by_polls:
            self._stream.attach(slot, now)
        else:
            self.take_over(slot)
        return True

    def take_over(self, slot: SessionSlot) -> None:
        """Carry a session that another link carried, without anything being sent again."""
        if slot.link is not None:
            slot.link.detach(slot)
        self._stream.take(slot)

    def detach(self, slot: SessionSlot) -> None:
        """Carry a session no more."""
        self._stream.detach(slot)

    def answered(self) -> None:
        """Take notice that the request was answered: what comes next is for another that waits, if there is one."""
        slot = self._current
        if slot is None or not slot.end_poll(self._link):
            return
        if slot.polls and slot.link is self._link:
            heir = slot.polls[-1]
            heir.take_over(slot)
            self._flush(heir)

    def disconnected(self, now: float) -> None:
        """End the connection. What it carried may be lost, so that it goes out again over another one."""
        slot = self._current
        if slot is not None:
            slot.end_poll(self._link)
        self._stream.disconnected(now)
        if slot is None:
            return
        if slot.link is None and slot.polls:
            slot.polls[-1].take_over(slot)
        if slot.link is not None and slot.link.by_polls:
            slot.session.disconnected(now)
            slot.session.connected(now)
            self._flush(slot.link)
