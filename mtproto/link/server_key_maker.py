"""The server's part in making authorization keys over one connection.

As with `mtproto.link.key_maker`, the slow steps can be taken out as a `ServerWork` and run in a thread of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.exchange import ExchangeRejected, ServerExchange

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ServerKeyMaker", "ServerWork"]

WAITING_QUERIES = 4
"""Queries that may wait while one is dealt with: an honest client sends one, and perhaps repeats it."""

LARGEST_QUERY = 4096
"""Bytes of a query that are kept, several times what the largest query has. A longer query is wrong, and so is its
beginning."""


class ServerWork:
    """One slow step. `run` may be called in any thread, once; then the owner of the link hands it back."""

    __slots__ = ("answer", "error", "exchange", "now", "payload")

    def __init__(self, exchange: ServerExchange, payload: bytes, now: float) -> None:
        self.exchange = exchange
        self.payload = payload
        self.now = now
        self.answer: bytes | None = None
        self.error: ExchangeRejected | None = None

    def run(self) -> None:
        """Read the client's query and make the answer. Raises nothing for what the client did."""
        try:
            self.answer = self.exchange.receive(self.payload, self.now)
        except ExchangeRejected as error:
            self.error = error


class ServerKeyMaker:
    """One server's exchange after another, as a client asks for them. One owner: a link.

    Args:
        new_exchange: makes the server's half of an exchange.

    """

    def __init__(self, new_exchange: Callable[[], ServerExchange]) -> None:
        self._new_exchange = new_exchange
        self._exchange = new_exchange()
        self._queries: list[bytes] = []
        self._out: ServerWork | None = None

    def receive(self, payload: bytes) -> None:
        """Keep a plain payload of the client for `take_work`. Payloads that come too fast are dropped."""
        if len(self._queries) < WAITING_QUERIES:
            self._queries.append(payload[:LARGEST_QUERY])

    def take_work(self, now: float) -> ServerWork | None:
        """Return the next slow step, None if there is none or one is out already."""
        if self._out is not None or not self._queries:
            return None
        payload = self._queries.pop(0)
        if self._exchange.begins_another(payload):
            self._exchange = self._new_exchange()
        self._out = ServerWork(self._exchange, payload, now)
        return self._out

    def finish(self, work: ServerWork) -> None:
        """Take back a step that was run."""
        if work is self._out:
            self._out = None
