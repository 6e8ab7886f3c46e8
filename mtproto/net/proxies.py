"""The options `transport` and `proxy`: what they may be, and the way to a DC that they come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mtproto.datacenters import DataCenter
from mtproto.errors import LocalProtocolError
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.net.carrier import Route
from mtproto.net.socks import ALIASES, SCHEMES, SocketProxy
from mtproto.net.web import require_web
from mtproto.transport import TRANSPORTS, MTProxy, parse_address, read_link
from mtproto.transport.address import read_host, read_port

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

    from mtproto.net.carrier import Address

__all__ = ["TRANSPORT_NAMES", "Destination", "Proxy", "parse_proxy", "route_to"]

Proxy: TypeAlias = MTProxy | SocketProxy
"""Every kind of proxy that a connection can go through."""


def parse_proxy(text: str) -> Proxy:
    """Read a proxy as people write it: tg://proxy?…, tg://socks?…, https://t.me/proxy?…, socks5://…, socks4://…, http://…

    Raises:
        LocalProtocolError: it is none of them, or a library is missing. What may be a credential is not repeated.

    """
    found = read_link(text)
    if found is not None:
        return MTProxy.from_fields(found) if found.kind == "proxy" else SocketProxy.from_fields(found)
    scheme = text.strip().partition(":")[0].lower()
    if ALIASES.get(scheme, scheme) not in SCHEMES:
        raise LocalProtocolError(f"a proxy begins with {', '.join(_BEGINNINGS[:-1])} or {_BEGINNINGS[-1]}")
    return SocketProxy.parse(text)


_BEGINNINGS = ("tg://proxy?", "https://t.me/proxy?", "tg://socks?", *(f"{scheme}://" for scheme in SCHEMES))


Destination: TypeAlias = "str | Address | Sequence[Address | str] | DataCenter"
"""Where to: host and port, as a pair or as `HOST:PORT`; several of them, any of which will do, the best first; or one
of Telegram's data centres."""


@dataclass(frozen=True, slots=True)
class _Web:
    """A transport that has a carrier of the same name: what runs inside, and where Telegram has it."""

    framing: str
    path: str
    port: int = 80
    by_name: bool = False  # rather than by number, since it looks at the certificate


_WEB: Mapping[str, _Web] = {
    "websocket": _Web("obfuscated-intermediate", "/apiws"),
    "websocket-tls": _Web("obfuscated-intermediate", "/apiws", port=443, by_name=True),
    "http": _Web("packets", "/api"),
}

TRANSPORT_NAMES = (*TRANSPORTS, *_WEB)
"""Every name that the option `transport` takes."""


def route_to(
    destination: Destination,
    transport: str,
    proxy: str | Proxy | None,
    *,
    tls: ssl.SSLContext | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Route:
    """Return the way to a DC, for the options of those names.

    Of a `DataCenter` that are all addresses, of IPv4 and of IPv6, on all ports on which it speaks the transport.

    Raises:
        LocalProtocolError: no such transport or proxy, a library is missing for it, the two don't go together, or
            there is no address.

    """
    if transport not in TRANSPORT_NAMES:
        raise LocalProtocolError(f"no transport is called {transport!r}; there are: {', '.join(TRANSPORT_NAMES)}")
    if isinstance(proxy, str):
        proxy = parse_proxy(proxy)
    web = _WEB.get(transport)
    if web is not None:
        require_web(transport)
    if isinstance(proxy, MTProxy):
        if web is not None:
            raise LocalProtocolError(f"a proxy that speaks MTProto does not speak {transport!r}")
        return Route(addresses=(proxy.address,), framing=transport, secret=proxy.secret)
    addresses, path = _places(destination, web)
    if web is None:
        return Route(addresses=addresses, framing=transport, via=proxy)
    return Route(
        addresses=addresses, carrier=transport, framing=web.framing, path=path, tls=tls, limits=limits, via=proxy
    )


def _places(destination: Destination, web: _Web | None) -> tuple[tuple[Address, ...], str]:
    """Return the addresses of a destination, and what is asked for there."""
    path = web.path if web is not None else ""
    if isinstance(destination, DataCenter):
        if web is not None and web.by_name:
            # core.telegram.org/mtproto/transports#uri-format: a host serves the test servers under names of their own.
            return ((destination.web_host, web.port),), f"{path}_test" if destination.test else path
        addresses = destination.addresses() + destination.addresses(ipv6=True)
        return tuple(address for address in addresses if web is None or address[1] == web.port), path
    match destination:
        case str():
            return (parse_address(destination),), path
        case (str(host), int(port), *_):  # what a socket calls its name goes on behind the port where it is of IPv6
            return (_checked(host, port),), path
        case [_, *_]:
            return tuple(_place(address) for address in destination), path
        case _:
            raise LocalProtocolError(f"there is no address to connect to: {_WANTED}")


_WANTED = "an address is (HOST, PORT), 'HOST:PORT', several of them, or a DataCenter"


def _place(address: object) -> Address:
    match address:
        case str():
            return parse_address(address)
        case (str(host), int(port), *_):
            return _checked(host, port)
        case _:
            raise LocalProtocolError(f"{address!r} is no address: {_WANTED}")


def _checked(host: str, port: int) -> Address:
    """Return an address that was given as a pair."""
    return read_host(host), read_port(str(port))
