"""What a server's checks say about an opened packet, before anything is done about it.

Whether a packet is new, well timed and well numbered is one question, what follows from the answer another: a packet
that fails a check may come from anybody who has recorded it.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from mtproto.session.events import Tolerated
from mtproto.session.wire import Message

__all__ = ["Finding", "Verdict"]


class Finding(Enum):
    """What was found."""

    NEW = "it is new, and all is well"
    REPEATED = "it was accepted before"
    DENIED = "the client was told that it was not received"
    REFUSED = "it has to be refused"
    FLOOD = "it passes a documented limit"


class Verdict(NamedTuple):
    """What the checks say about one packet.

    Attributes:
        finding: what was found.
        code: with which it is to be refused (see `BAD_MESSAGES`).
        messages: what stands in a container; None where the packet is a single message.
        tolerated: numbers in a new packet that are wrong and let pass.
        forced: it is refused by a fault of a test.
        reason: of a flood, for people.

    """

    finding: Finding
    code: int = 0
    messages: tuple[Message, ...] | None = None
    tolerated: tuple[Tolerated, ...] = ()
    forced: bool = False
    reason: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the packet is new and all is well: then alone it may have an effect."""
        return self.finding is Finding.NEW
