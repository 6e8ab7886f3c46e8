"""The key exchanges over one connection of a client, and the keys that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.link.events import KeyMade

if TYPE_CHECKING:
    from mtproto.link.server_key_maker import ServerKeyMaker, ServerWork
    from mtproto.link.server_sessions import ServerSessions
    from mtproto.link.server_standing import ServerStanding
    from mtproto.link.server_wire import ServerWire

__all__ = ["ServerExchanging"]


class ServerExchanging:
    """Answers the queries of exchanges, and takes keys into use. One owner: a server's link.

    Args:
        sessions: where keys are kept.
        maker: runs the exchanges.
        wire: of the link; carries the answers.
        standing: of the link.
        offload: leave the slow steps to whoever calls `take_work`.

    """

    __slots__ = ("_maker", "_offload", "_sessions", "_standing", "_wire")

    def __init__(
        self,
        sessions: ServerSessions,
        maker: ServerKeyMaker,
        wire: ServerWire,
        standing: ServerStanding,
        *,
        offload: bool,
    ) -> None:
        self._sessions = sessions
        self._maker = maker
        self._wire = wire
        self._standing = standing
        self._offload = offload

    def receive(self, payload: bytes, now: float) -> None:
        """Take a plain payload of the client."""
        self._maker.receive(payload)
        if not self._offload:
            while (work := self.take_work(now)) is not None:
                work.run()
                self.finish(work)

    def take_work(self, now: float) -> ServerWork | None:
        """Return the next slow step; None if there is none, or one is out, or the connection is to be closed."""
        return None if self._standing.closing else self._maker.take_work(now)

    def finish(self, work: ServerWork) -> None:
        """Take back a step that was run, and send its answer."""
        self._maker.finish(work)
        if self._standing.closing:
            return
        if work.error is not None:
            self._wire.refuse(work.error.code)
        elif work.answer is not None and self._wire.transport is not None:
            self._take_key(work)
            self._wire.send(work.answer, None, work.now)

    def _take_key(self, work: ServerWork) -> None:
        """Take into use what an exchange has made, if it has come to its end."""
        result = work.exchange.result
        if result is not None and result.auth_key.id not in self._sessions:
            key = self._sessions.add_key(
                result.auth_key,
                first_salt=result.server_salt,
                expires_at=result.expires_at,
                used_at=work.now,
            )
            self._standing.tell(KeyMade(key))
