"""The options `transport` and `proxy`: which values they take, and which way to a DC they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mtproto.datacenters import DataCenter
from mtproto.errors import LocalProtocolError, OptionError
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.net.carriers import ALIASES, SCHEMES, Route, SocketProxy
from mtproto.net.web_libraries import require_web
from mtproto.transport import (
    TRANSPORTS,
    MTProxy,
    check_transport,
    no_transport,
    parse_address,
    read_host,
    read_link,
    read_port,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

    from mtproto.transport import Address

__all__ = ["TRANSPORT_NAMES", "Destination", "Proxy", "parse_proxy", "route_to"]

Proxy: TypeAlias = MTProxy | SocketProxy
"""Every kind of proxy that a connection can go through."""

_BEGINNINGS = ("tg://proxy?", "https://t.me/proxy?", "tg://socks?", *(f"{scheme}://" for scheme in SCHEMES))


def parse_proxy(text: str) -> Proxy:
    """Read a proxy as people write it: tg://proxy?…, tg://socks?…, https://t.me/proxy?…, socks5://…, socks4://…, http://…

    Raises:
        LocalProtocolError: the text is none of these, or a library is missing. The error does not repeat the text,
            which may hold a credential.

    """
    found = read_link(text)
    if found is not None:
        return MTProxy.from_fields(found) if found.kind == "proxy" else SocketProxy.from_fields(found)
    scheme = text.strip().partition(":")[0].lower()
    if ALIASES.get(scheme, scheme) not in SCHEMES:
        raise LocalProtocolError(f"a proxy begins with {', '.join(_BEGINNINGS[:-1])} or {_BEGINNINGS[-1]}")
    return SocketProxy.parse(text)


Destination: TypeAlias = "str | Address | Sequence[Address | str] | DataCenter"
"""Where to connect: host and port, as a pair or as `HOST:PORT`; or several of these, any of which will do, the best
first; or one of Telegram's data centres."""


@dataclass(frozen=True, slots=True)
class _Web:
    """A transport that has a carrier of the same name: the framing inside, and path and port at Telegram's servers."""

    framing: str
    path: str
    port: int = 80
    tls: bool = False  # then the host is a name, since the certificate holds a name


_WEB: Mapping[str, _Web] = {
    "websocket": _Web("obfuscated-intermediate", "/apiws"),
    "websocket-tls": _Web("obfuscated-intermediate", "/apiws", port=443, tls=True),
    "http": _Web("packets", "/api"),
}

TRANSPORT_NAMES = (*TRANSPORTS, *_WEB)
"""Every name that the option `transport` takes."""


def route_to(
    destination: Destination,
    transport: str | None,
    proxy: str | Proxy | None,
    *,
    tls: ssl.SSLContext | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Route:
    """Return the way to a DC, for the options of those names. Without a transport, `check_transport` chooses one.

    For a `DataCenter` the way has all addresses, of IPv4 and of IPv6, on all ports on which it speaks the transport.

    Raises:
        OptionError: no such transport, what is given as a proxy is none, or two of the options exclude one another.
        LocalProtocolError: no such proxy, a library is missing for it or for the transport, or there is no address.

    """
    if transport is not None and transport not in TRANSPORT_NAMES:
        raise no_transport(transport, TRANSPORT_NAMES)
    if isinstance(proxy, str):
        proxy = parse_proxy(proxy)
    if not isinstance(proxy, MTProxy | SocketProxy | None):
        raise OptionError(f"a proxy is a link, an MTProxy or a SocketProxy, not {type(proxy).__name__}", "proxy")
    if transport is not None and transport in _WEB:
        return _web_route(destination, transport, proxy, tls=tls, limits=limits)
    secret = proxy.secret if isinstance(proxy, MTProxy) else None
    framing = check_transport(transport, secret)
    if tls is not None:
        raise _no_tls(framing)
    if isinstance(proxy, MTProxy):
        return Route(addresses=(proxy.address,), framing=framing, secret=secret)
    addresses, _ = _places(destination, None)
    return Route(addresses=addresses, framing=framing, via=proxy)


def _web_route(
    destination: Destination, transport: str, proxy: Proxy | None, *, tls: ssl.SSLContext | None, limits: Limits
) -> Route:
    web = _WEB[transport]
    if isinstance(proxy, MTProxy):
        reason = f"a proxy that speaks MTProto does not speak {transport!r}"
        raise OptionError.excluding("transport", "proxy", reason)
    if tls is not None and not web.tls:
        raise _no_tls(transport)
    require_web(transport)
    addresses, path = _places(destination, web)
    return Route(
        addresses=addresses, carrier=transport, framing=web.framing, path=path, tls=tls, limits=limits, via=proxy
    )


def _no_tls(transport: str) -> OptionError:
    return OptionError.excluding("tls", "transport", f"{transport!r} has no TLS")


def _places(destination: Destination, web: _Web | None) -> tuple[tuple[Address, ...], str]:
    """Return the addresses of a destination, and the path that HTTP asks for there."""
    path = web.path if web is not None else ""
    if isinstance(destination, DataCenter):
        if web is not None and web.tls:
            # core.telegram.org/mtproto/transports#uri-format: a host serves the test servers under names of their own.
            return ((destination.web_host, web.port),), f"{path}_test" if destination.test else path
        addresses = destination.addresses() + destination.addresses(ipv6=True)
        return tuple(address for address in addresses if web is None or address[1] == web.port), path
    match destination:
        case str():
            return (parse_address(destination),), path
        case (str(host), int(port), *_):  # `getsockname` of IPv6 has more items behind the port
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
