"""Whether a connection carries a client's session at present."""

from __future__ import annotations

__all__ = ["ConnectionState"]


class ConnectionState:
    """The state of the connection under a session. Owned by the session.

    Attributes:
        up: a connection is there.
        usable: a connection is there and is not broken, so that packets may be sent.
        broken: the connection is of no more use; nothing is read or sent until it is lost.

    """

    __slots__ = ("broken", "up", "usable")

    def __init__(self) -> None:
        self.up = False
        self.usable = False
        self.broken = False

    def made(self) -> None:
        """Note that a connection is there."""
        self.up = self.usable = True
        self.broken = False

    def lost(self) -> None:
        """Note that the connection is gone."""
        self.up = self.usable = False
        self.broken = False

    def breaks(self) -> None:
        """Note that the connection is of no more use and has to be closed."""
        self.broken = True
        self.usable = False
