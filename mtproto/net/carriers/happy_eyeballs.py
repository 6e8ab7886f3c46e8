"""Connecting to any of several addresses, as "Happy Eyeballs" has it (RFC 8305): whoever answers first is taken.

    addresses ──look_up──▶ places ──in_turns──▶ attempt · attempt · attempt …
                                                each a quarter of a second after the one before, or at once when that
                                                fails; the first that is open is handed over, the others are given up

A DC has several addresses and ports, of IPv4 and of IPv6, and networks in which some of them lead nowhere are common.
"""

from __future__ import annotations

import errno
import socket
from collections import deque
from itertools import zip_longest
from typing import TYPE_CHECKING

from mtproto.net.carriers.route import Place
from mtproto.transport import authority

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mtproto.net.carriers.interfaces import Carrier, Loop, Owner, Timer
    from mtproto.net.carriers.route import Route
    from mtproto.transport import Address

__all__ = ["ATTEMPT_DELAY", "CONNECT_TIME", "HappyEyeballs", "in_turns", "look_up", "open_tcp", "unreachable"]

ATTEMPT_DELAY = 0.25
"""Seconds between two attempts while neither has failed: what the RFC recommends as "Connection Attempt Delay"."""

CONNECT_TIME = 60.0
"""Seconds for all attempts together, if the owner never gives the carrier up."""


def open_tcp(loop: Loop, route: Route, owner: Owner) -> Carrier:
    """Begin to open a TCP connection to any of a route's addresses."""
    return HappyEyeballs(loop, route, owner)


class HappyEyeballs:
    """A TCP connection that is being made: a carrier of a stream. The owner gets the socket itself once that is open.

    Through a proxy, which looks names up by itself, one address is attempted after the other.

    Args:
        loop: of the shell.
        route: its addresses are attempted, those of IPv4 and of IPv6 in turns.
        owner: whoever opens it.

    """

    idle = False
    writable = False

    def __init__(self, loop: Loop, route: Route, owner: Owner) -> None:
        self._loop = loop
        self._owner = owner
        self._via = route.via
        self._delay = ATTEMPT_DELAY if route.via is None else CONNECT_TIME
        self._names: Sequence[Address] = ()  # being looked up
        self._waiting: deque[Place] = deque()
        self._attempts: list[_Attempt] = []
        self._failures: list[tuple[Address, OSError]] = []
        self._winner: Carrier | None = None
        self._over = False
        self._pause: Timer | None = None  # until the next attempt
        self._patience = loop.call_at(loop.now() + CONNECT_TIME, self._expire)
        if route.via is not None:
            self._begin([Place(address=address, via=route.via) for address in route.addresses])
        else:
            self._look_up(route.addresses)

    @property
    def stage(self) -> str:
        """What it waits for until it is open."""
        return "TCP does not connect" if self._via is None else f"the proxy {self._via} does not answer"

    # What its owner asks -----------------------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Do nothing: this carrier is never `writable`."""

    def abort(self) -> None:
        """Give all attempts up, or close the socket that was open first."""
        if self._winner is not None:
            self._winner.abort()
        elif not self._over:
            self._stop()
            self._loop.call_soon(lambda: self._owner.lost(None))

    def close(self) -> None:
        """Do what `abort` does."""
        self.abort()

    # From addresses to attempts ----------------------------------------------------------------------------------

    def _look_up(self, addresses: Sequence[Address]) -> None:
        """Find the places of the addresses. Only names need a name server, which is asked in a thread."""
        places, failures = look_up(addresses, socket.AI_NUMERICHOST)
        if not failures:
            self._begin(places)
            return

        def ask() -> None:
            nonlocal places, failures
            places, failures = look_up(addresses)

        def answered() -> None:
            if not self._over:
                self._names = ()
                self._failures += failures
                self._begin(places)

        self._names = addresses
        self._loop.run_waiting(ask, answered)

    def _begin(self, places: Iterable[Place]) -> None:
        self._waiting.extend(in_turns(places))
        self._next()

    def _next(self) -> None:
        """Make the next attempt, and plan the one after it."""
        if self._pause is not None:
            self._pause.cancel()
        if self._waiting:
            self._attempts.append(_Attempt(self, self._loop, self._waiting.popleft(), self._owner))
            self._pause = self._loop.call_at(self._loop.now() + self._delay, self._next)
        elif not self._attempts:
            self._fail()

    # How they end ------------------------------------------------------------------------------------------------

    def attempt_opened(self, attempt: _Attempt, carrier: Carrier) -> None:
        """Take the first socket that is open, and give the other attempts up."""
        self._attempts.remove(attempt)
        self._winner = carrier
        self._stop()
        self._owner.opened(carrier)

    def attempt_failed(self, attempt: _Attempt, error: Exception | None) -> None:
        """Go on with the next address. An attempt that was given up is not heard any more."""
        if attempt in self._attempts:
            self._attempts.remove(attempt)
            failure = error if isinstance(error, OSError) else OSError(str(error or "closed"))
            self._failures.append((attempt.place.address, failure))
            self._next()

    def _expire(self) -> None:
        """Give up: all attempts together have taken too long."""
        places = [*(attempt.place for attempt in self._attempts), *self._waiting]
        late = [*self._names, *(place.address for place in places)]
        self._failures += [(address, TimeoutError(errno.ETIMEDOUT, "no answer in time")) for address in late]
        self._fail()

    def _fail(self) -> None:
        self._stop()
        self._owner.lost(unreachable(self._failures))

    def _stop(self) -> None:
        """Attempt nothing more."""
        self._over = True
        self._patience.cancel()
        if self._pause is not None:
            self._pause.cancel()
        attempts, self._attempts = self._attempts, []
        for attempt in attempts:
            attempt.carrier.abort()


class _Attempt:
    """One socket that is being connected. This object owns the socket until the socket is open.

    From then on the socket calls the owner of the race directly.
    """

    def __init__(self, race: HappyEyeballs, loop: Loop, place: Place, owner: Owner) -> None:
        self.place = place
        self.received = owner.received
        self.drained = owner.drained
        self._race = race
        self._owner = owner
        self._opened = False
        self.carrier = loop.open_socket(place, self)

    def opened(self, carrier: Carrier) -> None:
        """Tell the race that the socket is open."""
        self._opened = True
        self._race.attempt_opened(self, carrier)

    def lost(self, error: Exception | None) -> None:
        """Tell the end of the socket: to the owner if the socket was open, else to the race."""
        if self._opened:
            self._owner.lost(error)
        else:
            self._race.attempt_failed(self, error)


def look_up(addresses: Iterable[Address], flags: int = 0) -> tuple[list[Place], list[tuple[Address, OSError]]]:
    """Return the places that addresses stand for, the best first, and the addresses without a place, with the reason.

    Blocks while name servers are asked.

    Args:
        addresses: hosts and ports; a host is a number or a name, which may stand for several numbers.
        flags: of `socket.getaddrinfo`.

    """
    places: list[Place] = []
    failures: list[tuple[Address, OSError]] = []
    for address in addresses:
        host, port = address
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
        except OSError as error:
            failures.append((address, error))
        except UnicodeError as error:
            failures.append((address, OSError(f"no name of a host: {error}")))
        else:
            places += [
                Place(address=(str(sockaddr[0]), port), family=family, sockaddr=sockaddr)
                for family, _, _, _, sockaddr in found
            ]
    return places, failures


def in_turns(places: Iterable[Place]) -> list[Place]:
    """Return places with the two families in turns, beginning with that of the first (RFC 8305, section 4).

    Within a family the order stays. A place that comes twice is left out the second time.
    """
    single = list(dict.fromkeys(places))
    first = [place for place in single if place.family == single[0].family]
    other = [place for place in single if place.family != single[0].family]
    return [place for pair in zip_longest(first, other) for place in pair if place is not None]


def unreachable(failures: Sequence[tuple[Address, OSError]]) -> OSError:
    """Return one error for all failures, which names each address with its reason; a single failure stays as it is.

    The `errno` is the first that a failure has.
    """
    if len(failures) == 1:
        return failures[0][1]
    reasons: dict[str, list[str]] = {}
    for address, error in failures:
        reasons.setdefault(error.strerror or str(error), []).append(authority(address))
    text = "; ".join(f"{', '.join(places)}: {reason}" for reason, places in reasons.items())
    codes = [error.errno for _, error in failures if error.errno and not isinstance(error, socket.gaierror)]
    return OSError(codes[0], text) if codes else OSError(text)
