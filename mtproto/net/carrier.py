"""What a pump asks of a carrier and of a shell's loop, and what they tell it: the seams of this room.

    Pump        one link; decides when to connect; the same for both shells              net.pump
      │ write, abort          ▲ opened, received, drained, lost  (Owner)
    Carrier     one way to the server: a socket, or something on top of sockets          CARRIERS
      │ write, abort          ▲ opened, received, drained, lost  (Owner)
    CarrierLoop the same loop for one carrier: what came in is dealt with in portions    net.guard
    Loop        sockets, time and threads, as a shell has them                           net.async_loop, net.thread_loop

A carrier that is made of others (TLS, WebSocket, HTTP; several attempts to connect) is the owner of those, and a
carrier to its pump. Nothing here knows asyncio or threads, so that a carrier is written once.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.transport import Address, authority

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    from mtproto.net.socks import SocketProxy
    from mtproto.transport import Secret

__all__ = [
    "CARRIERS",
    "Address",
    "Carrier",
    "CarrierLoop",
    "Loop",
    "Opener",
    "Owner",
    "Place",
    "Route",
    "Socket",
    "Timer",
    "authority",
    "open_tcp",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How to get to a server.

    Attributes:
        addresses: hosts and ports that sockets are connected to, any of them, the best first; at least one.
        carrier: what goes over those sockets, a name in `CARRIERS`.
        framing: what goes over the carrier, as `mtproto.transport.client_transport` calls it.
        path: what is asked for where the carrier speaks HTTP.
        secret: of the proxy at these addresses; None where there is none that speaks MTProto.
        tls: what to trust where the carrier is TLS; None trusts what the system trusts.
        limits: what is accepted at most, for carriers that have to collect it.
        via: the proxy through which sockets are connected; None where there is none.

    """

    addresses: tuple[Address, ...]
    carrier: str = "tcp"
    framing: str = "intermediate"
    path: str = "/"
    secret: Secret | None = None
    tls: ssl.SSLContext | None = None
    limits: Limits = DEFAULT_LIMITS
    via: SocketProxy | None = None

    @property
    def packets(self) -> bool:
        """Whether the carrier moves packets, not a stream."""
        return self.carrier == "http"

    def __str__(self) -> str:
        best, *others = self.addresses
        return f"{authority(best)} and {len(others)} more" if others else authority(best)

    @property
    def words(self) -> str:
        """What the caller asked for, in words for an error: no secret and no login is in them."""
        if self.secret is not None:
            return f"the proxy {self}, with a secret of the kind {self.secret.kind.value}"
        way = f"{self}, transport {self.framing if self.carrier == 'tcp' else self.carrier}"
        return f"{way}, through the proxy {self.via}" if self.via is not None else way


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one socket is connected to.

    Attributes:
        address: host and port; the host is a number, unless a proxy leads there.
        family: of the socket, a number of `socket.AddressFamily`.
        sockaddr: what the socket is told.
        via: the proxy that leads there; family and sockaddr are not used then.

    """

    address: Address
    family: int = 0
    sockaddr: tuple[Any, ...] = ()
    via: SocketProxy | None = None

    def __str__(self) -> str:
        return authority(self.address)


class Carrier(Protocol):
    """One way to a server, from the first attempt to open it until it is lost. Everything happens in one thread.

    Attributes:
        writable: whether `write` may be called: it is open, and not too full. `Owner.drained` says when it is again.
        idle: of a carrier of packets: none is under way, so that the other end can't speak. Never true of a stream.
        stage: what it waits for until it is open, in words for an error.

    """

    @property
    def stage(self) -> str:
        """What it waits for until it is open, in words for an error."""

    @property
    def writable(self) -> bool:
        """Whether `write` may be called."""

    @property
    def idle(self) -> bool:
        """Whether the other end waits for a packet before it can send one."""

    def write(self, data: bytes, /) -> None:
        """Send a piece of the stream; a carrier of packets: one packet."""

    def abort(self) -> None:
        """Give it up, open or not; what was not sent is dropped. `Owner.lost` follows later, not from inside."""

    def close(self) -> None:
        """End it in good order, with what its protocol says at the end. `Owner.lost` follows once that is done.

        The other end may have to answer, so that whoever calls this calls `abort` after a while.
        """


class Socket(Carrier, Protocol):
    """A carrier that nothing lies under."""

    def pause_reading(self) -> None:
        """Read nothing more until `resume_reading` is called. Whoever calls this still has work with what was read."""

    def resume_reading(self) -> None:
        """Read on."""


class Owner(Protocol):
    """What a carrier tells whoever opened it: `opened` once or never, at last `lost` exactly once."""

    def opened(self, carrier: Carrier, /) -> None:
        """It is open and `writable`."""

    def received(self, data: bytes, /) -> None:
        """Take a piece of the stream; of a carrier of packets: one packet."""

    def drained(self) -> None:
        """It is `writable` again."""

    def lost(self, error: Exception | None, /) -> None:
        """It is gone, or never came about; `error` says why, None if it was closed by either end."""


class Timer(Protocol):
    """Something that will be called."""

    def cancel(self) -> None:
        """Let it not be called. May be called at any time."""


class Loop(Protocol):
    """What a shell lends to pumps and carriers. All callbacks come in the one thread of the loop."""

    def now(self) -> float:
        """Return Unix seconds by a clock that never steps."""

    def call_soon(self, callback: Callable[[], None], /) -> object:
        """Call it before the loop waits again."""

    def call_at(self, when: float, callback: Callable[[], None], /) -> Timer:
        """Call it at `when`, Unix seconds as `now` counts them, or a little later."""

    def run_slow(self, work: Callable[[], None], done: Callable[[], None], /) -> None:
        """Run `work`, which takes milliseconds and raises nothing, then call `done` in the loop."""

    def run_waiting(self, work: Callable[[], None], done: Callable[[], None], /) -> None:
        """Run `work`, which waits for others and raises nothing, in a thread, then call `done` in the loop."""

    def open_socket(self, place: Place, owner: Owner, /) -> Socket:
        """Begin to connect a TCP socket to a place; it is a carrier by itself, of a stream."""


class CarrierLoop(Loop, Protocol):
    """What a carrier gets: a loop that does not wait for the end of all that came in."""

    def spread(self, steps: Iterator[None], /) -> None:
        """Go through `steps`, which deal with what came in: some of them now, the others in later turns of the loop.

        They come before whatever the carrier below still has to tell, `lost` included; nothing is read meanwhile.
        """


Opener: TypeAlias = "Callable[[CarrierLoop, Route, Owner], Carrier]"
"""Begins to open a carrier and returns it at once."""


def open_tcp(loop: Loop, route: Route, owner: Owner) -> Carrier:
    """Begin to open a TCP connection to any of a route's addresses."""
    from mtproto.net.happy_eyeballs import HappyEyeballs

    return HappyEyeballs(loop, route, owner)


def _open_websocket(loop: CarrierLoop, route: Route, owner: Owner) -> Carrier:
    from mtproto.net.websocket import WebSocketCarrier

    return WebSocketCarrier(loop, route, owner, open_tcp)


def _open_websocket_tls(loop: CarrierLoop, route: Route, owner: Owner) -> Carrier:
    from mtproto.net.tls import open_tls
    from mtproto.net.websocket import WebSocketCarrier

    return WebSocketCarrier(loop, route, owner, open_tls)


def _open_http(loop: CarrierLoop, route: Route, owner: Owner) -> Carrier:
    from mtproto.net.http import HttpCarrier

    return HttpCarrier(loop, route, owner)


CARRIERS: Mapping[str, Opener] = MappingProxyType(
    {
        "tcp": open_tcp,
        "websocket": _open_websocket,
        "websocket-tls": _open_websocket_tls,
        "http": _open_http,
    }
)
"""The carriers by name."""
