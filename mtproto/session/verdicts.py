"""The outcome of a server's checks of an opened packet.

The checks change nothing; `ServerReceiver` does what follows from their outcome. They are apart because a packet that
fails a check may come from anybody who has recorded it, and because the link decides between the two which connection
carries the session.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from mtproto.session.events import Tolerated
from mtproto.session.wire import Message

__all__ = ["Finding", "Verdict"]


class Finding(Enum):
    """The kind of an outcome."""

    NEW = "it is new, and all is well"
    REPEATED = "it was accepted before"
    DENIED = "the client was told that it was not received"
    REFUSED = "it has to be refused"
    FLOOD = "it passes a documented limit"


class Verdict(NamedTuple):
    """The outcome of the checks of one packet.

    Attributes:
        finding: the kind of the outcome.
        code: the code with which the packet is to be refused (see `BAD_MESSAGES`).
        messages: the messages in a container; None where the packet is a single message.
        tolerated: the messages of a new packet whose numbers are wrong and let pass.
        forced: whether a fault of a test refuses the packet.
        reason: the reason of a flood, for people.

    """

    finding: Finding
    code: int = 0
    messages: tuple[Message, ...] | None = None
    tolerated: tuple[Tolerated, ...] = ()
    forced: bool = False
    reason: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the packet is new and passed all checks. No other packet may have an effect."""
        return self.finding is Finding.NEW
