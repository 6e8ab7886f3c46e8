"""A client's session while it has a connection: what comes in is read, and a dead connection is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import ConnectionLost
from mtproto.link.keep_alive import DISCONNECT_DELAY, KeepAlive

if TYPE_CHECKING:
    from mtproto.session import ClientEvent, ClientSession

__all__ = ["LiveSession"]


class LiveSession:
    """A session and the present connection. One owner: a link, which makes another one for each connection.

    Args:
        session: what the connection carries.
        now: when the session began to use the connection, Unix seconds.

    """

    __slots__ = ("_keep_alive", "session")

    def __init__(self, session: ClientSession, now: float) -> None:
        self.session = session
        self._keep_alive = KeepAlive(now)
        session.connected(now)
        self.ping(now, waiting=False)

    def receive(self, payload: bytes, now: float, budget: int | None) -> list[ClientEvent]:
        """Take a packet of the server. Arguments and errors are those of `ClientSession.receive`."""
        self._keep_alive.heard(now)
        return self.session.receive(payload, now, budget)

    def ping(self, now: float, *, waiting: bool) -> ConnectionLost | None:
        """Ping if it is time to; return an error if the connection is dead. `waiting` says that calls wait."""
        if self._keep_alive.is_dead(now):
            return ConnectionLost("the connection is dead: nothing came after a ping")
        if self._keep_alive.is_ping_due(now, waiting=waiting):
            self.session.ping(disconnect_delay=DISCONNECT_DELAY)
        return None

    def deadline(self, *, waiting: bool) -> float:
        """Return when to call `ping` again, Unix seconds."""
        return self._keep_alive.deadline(waiting=waiting)
