"""When a link connects again, and when it gives up: the counters behind both.

Each failure counts until a success. A success is a call that was answered, or a connection that stood for a while. A
handshake alone is no success: else a server that greets and then closes would be visited at once, again and again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import TransportError
from mtproto.link.backoff import Backoff, BackoffPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BARREN_CONNECTIONS", "Reconnection"]

REFUSALS = 3
"""Transport errors in a row, over as many connections, after which the link believes them. Transport errors are not
authenticated: one may come from anybody in the middle, or from a server that is just restarting."""

BARREN_CONNECTIONS = 5
"""Connections in a row on which no key could be made."""

SENSELESS_CONNECTIONS = 5
"""Connections in a row on which the server broke the protocol: the next connection will not be better."""

STABLE = 10.0
"""Seconds for which a connection has to stand to be called a success although nothing was asked over it."""


class Reconnection:
    """The memory of one link. One owner: that link.

    Attributes:
        barren: connections in a row that were to bring a key or a greeting, and did not.

    """

    __slots__ = ("_backoff", "_flooded", "_refusals", "_senseless", "_since", "_tireless", "barren")

    def __init__(self, random: Callable[[int], bytes], policy: BackoffPolicy) -> None:
        self._backoff = Backoff(random, policy)
        self._flooded = False
        self._senseless = 0
        self._since: float | None = None
        self._refusals = 0
        self._tireless = False  # connections that bring no key never end the link
        self.barren = 0

    def begun(self, now: float) -> None:
        """Note that a session begins to use a connection."""
        self._since = now

    def key_made(self) -> None:
        """Note that an exchange has ended with a key."""
        self.barren = 0
        self.succeeded()

    def succeeded(self) -> None:
        """Note that a call was answered, or that something else went right."""
        self._refusals = self._senseless = 0
        self._backoff.succeeded()

    def key_known(self) -> None:
        """Note that the server knows the key: it sealed a packet under it. Transport errors before that were wrong."""
        self._refusals = 0

    def key_dropped(self) -> None:
        """Note that the key is dropped: transport errors that spoke of it say nothing of the next one."""
        self._refusals = 0

    def persist(self, *, always: bool) -> None:
        """Decide whether connections that bring no key end the link in the end, or never do."""
        self._tireless = always

    @property
    def refused_again(self) -> bool:
        """Whether the transport error that was noted last follows another one."""
        return self._refusals > 1

    def answered(self) -> None:
        """Note that the server has answered, whatever the answer was: the next connection need not wait."""
        self._backoff.succeeded()

    def refused(self, code: int) -> bool:
        """Note a transport error; return whether there were enough of them in a row. A flood only costs time."""
        self._flooded = code == TransportError.FLOOD
        if not self._flooded:
            self._refusals += 1
        return self._refusals >= REFUSALS

    def fruitless(self) -> bool:
        """Note a connection that brought no key or no greeting; return whether that is enough of them."""
        self.barren += 1
        return self.barren >= BARREN_CONNECTIONS and not self._tireless

    def senseless(self) -> bool:
        """Note that the server broke the protocol; return whether that is enough."""
        self._senseless += 1
        return self._senseless >= SENSELESS_CONNECTIONS

    def next_attempt(self, now: float) -> float:
        """Note that a connection, or the attempt to make one, is over; return when to try again, Unix seconds."""
        if self._since is not None and now - self._since >= STABLE:
            self.succeeded()
        at_once, self._since, self._flooded = not self._flooded, None, False
        return now + self._backoff.next_delay(at_once=at_once)
