"""The part of a packet that a client has accepted and not handled yet.

A packet may hold more work than one turn of an event loop should take. Where the caller gives a budget, the session
handles as many messages as the budget allows and keeps the rest here. The checks of the packet have all passed before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mtproto.session.wire import Message

__all__ = ["UnreadPacket"]


class UnreadPacket:
    """The rest of one packet. Owned by one session.

    Attributes:
        first: the next message of the packet's container that is still to be handled; None if there is none.
        packed: the message of a packet without a container, while it is being unpacked; else None.
        budget: units of work, of about 10 µs each, that the present step may take; None for all that there is.

    """

    __slots__ = ("_others", "budget", "first", "packed")

    def __init__(self) -> None:
        self.first: Message | None = None
        self._others: Iterator[Message] = iter(())  # behind the first
        self.packed: Message | None = None
        self.budget: int | None = None

    def __bool__(self) -> bool:
        return self.packed is not None or self.first is not None

    def begin_step(self, budget: int | None) -> None:
        """Begin a step that may take so much work."""
        self.budget = budget

    def keep(self, messages: Iterable[Message]) -> None:
        """Keep the messages of a container; no other one is left."""
        self._others = iter(messages)
        self.take()

    def keep_packed(self, message: Message) -> None:
        """Keep the only message of a packet, which is not unpacked yet."""
        self.packed = message

    def take(self) -> None:
        """Go on to the next message of the container."""
        self.first = next(self._others, None)

    def take_packed(self) -> None:
        """Take out the only message of the packet."""
        self.packed = None

    def drop(self) -> None:
        """Drop everything: the session has ended."""
        self.drop_messages()
        self.packed = None

    def drop_messages(self) -> None:
        """Drop the messages of a container."""
        self.first, self._others = None, iter(())
