"""How to get to a server (`Route`), and where one socket is connected to (`Place`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.transport import authority

if TYPE_CHECKING:
    import ssl

    from mtproto.net.carriers.socks import SocketProxy
    from mtproto.transport import Address, Secret

__all__ = ["Place", "Route"]


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
