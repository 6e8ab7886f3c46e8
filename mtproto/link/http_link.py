"""The server's link over HTTP, where a client has several connections at once and each answer is one packet.

A session's messages go out as the answer of whichever request of it waits, the latest first; nothing goes out where
none waits (core.telegram.org/mtproto/transports#http). So a session moves between links, and is not taken for
disconnected when it does.

    request ──▶ received(payload, now)     -> events; `HttpWaited` among them says how long the answer may wait
    has_news    whether there is something to answer with
    answer  ◀── next_body(now)             one packet
    none    ◀── empty_body(now)            a packet that says nothing
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._options import named_options
from mtproto.link.options import ServerLinkKeywords, ServerLinkOptions, server_link_options
from mtproto.link.server import ServerLink
from mtproto.session import wire
from mtproto.transport import Packets, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Unpack

    from mtproto.crypto.rsa import RSAPrivateKey
    from mtproto.link.server_sessions import ServerSessions, SessionSlot
    from mtproto.session import ServerEvent

__all__ = ["HttpLink"]


class HttpLink(ServerLink):
    """The server's end of one connection over HTTP. At most one of its requests waits for an answer at a time.

    Args:
        state: shared by all links of the DC.
        keys: the private keys offered in exchanges.
        now: Unix seconds.
        random: source of random bytes.
        flush: told a link to which messages have come that it did not ask for itself.
        options: as `ServerLink` takes them.

    """

    @named_options(ServerLinkKeywords)
    def __init__(
        self,
        state: ServerSessions,
        keys: Sequence[RSAPrivateKey],
        now: float,
        random: Callable[[int], bytes],
        options: ServerLinkOptions | None = None,
        *,
        flush: Callable[[ServerLink], None],
        **named: Unpack[ServerLinkKeywords],
    ) -> None:
        options = server_link_options(type(self).__name__, options, named)
        super().__init__(state, keys, now, random, options)
        self._packets = self._transport = Packets(Role.SERVER, random, limits=options.limits)
        self.transport_name = "http"
        self._flush = flush
        self._current: SessionSlot | None = None  # the session of the latest request

    # The session of a request ------------------------------------------------------------------------------------

    def _attach(self, slot: SessionSlot, now: float) -> None:
        """Carry a session until its request is answered, and on until another one comes."""
        self._current = slot
        if self not in slot.polls:
            slot.polls.append(self)
        if slot.link is None or slot.link is self or not isinstance(slot.link, HttpLink):
            super()._attach(slot, now)
        else:
            self.take_over(slot)
        self.accepted = True
        self._deadline = None

    def take_over(self, slot: SessionSlot) -> None:
        """Carry what another link carries, without anything being sent again."""
        if slot.link is not None:
            slot.link.detach(slot)
        slot.link = self
        self._slots[slot] = None

    def _tell(self, slot: SessionSlot, events: Iterable[ServerEvent], now: float) -> None:
        super()._tell(slot, events, now)
        if slot.link is self:
            # A client with two connections pings over either; the shell closes those that are idle.
            self._deadline = None

    def answered(self) -> None:
        """Note that the request was answered: what comes next is for another that waits, if there is one."""
        slot = self._current
        if slot is None or self not in slot.polls:
            return
        slot.polls.remove(self)
        if slot.polls and slot.link is self:
            heir = slot.polls[-1]
            heir.take_over(slot)
            self._flush(heir)

    def disconnected(self, now: float) -> None:
        """End the connection. What it carried may be lost, so that it goes out again over another one."""
        slot = self._current
        if slot is not None and self in slot.polls:
            slot.polls.remove(self)
        super().disconnected(now)
        if slot is None:
            return
        if slot.link is None and slot.polls:
            slot.polls[-1].take_over(slot)
        if isinstance(slot.link, HttpLink):
            slot.session.disconnected(now)
            slot.session.connected(now)
            self._flush(slot.link)

    # Answers -----------------------------------------------------------------------------------------------------

    @property
    def has_news(self) -> int:
        """How many messages wait for an answer to travel in."""
        slot = self._current
        waiting = slot.session.waiting if slot is not None and slot in self._slots and not self.closing else 0
        return len(self._outgoing) + waiting

    def next_body(self, now: float) -> bytes:
        """Return the body of an answer: a packet, or the four bytes of a transport error; empty if there is none."""
        slot = self._current
        if not self._outgoing and slot is not None and slot in self._slots and not self.closing:
            packet = slot.session.next_packet(now, max_bytes=self._limits.frame_accepted)
            if packet is not None:
                self._outgoing += self._pack(self._packets, packet.payload, slot, now)
        return self._outgoing.pop(0) if self._outgoing else b""

    def empty_body(self, now: float) -> bytes:
        """Return the body of an answer that says nothing: a container of no messages, or nothing without a session."""
        slot = self._current
        if slot is None or slot not in self._slots or self.closing:
            return b""
        return slot.session.craft(wire.write_container([]), now)
