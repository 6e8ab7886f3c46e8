"""The options `transport` and `proxy`: what they may be, and the way to a DC that they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from mtproto.errors import LocalProtocolError
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.net.carrier import Route
from mtproto.net.socks import SCHEMES, SocketProxy
from mtproto.net.web import require_web
from mtproto.transport import TRANSPORTS, MTProxy

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from mtproto.net.carrier import Address

__all__ = ["TRANSPORT_NAMES", "Proxy", "parse_proxy", "route_to"]

Proxy: TypeAlias = MTProxy | SocketProxy
"""Every kind of proxy that a connection can go through."""


def _parse_http(text: str) -> Proxy:
    """Read a link of a proxy that speaks MTProto, or one of an HTTP proxy: the latter has nothing behind its port."""
    return MTProxy.parse(text) if "?" in text else SocketProxy.parse(text)


_SCHEMES: Mapping[str, Callable[[str], Proxy]] = {
    "tg": MTProxy.parse,
    "https": MTProxy.parse,
    **dict.fromkeys(SCHEMES, SocketProxy.parse),
    "http": _parse_http,
}
"""What reads the text of a proxy, by its scheme."""


def parse_proxy(text: str) -> Proxy:
    """Read a proxy as people write it: tg://proxy?… or https://t.me/proxy?…, socks5://…, socks4://… or http://…

    Raises:
        LocalProtocolError: it is none of them, or a library is missing. What may be a credential is not repeated.

    """
    read = _SCHEMES.get(text.partition(":")[0].lower())
    if read is None:
        raise LocalProtocolError(f"a proxy begins with one of {', '.join(f'{scheme}:' for scheme in _SCHEMES)}")
    return read(text)


_WEB: Mapping[str, str] = {
    "websocket": "obfuscated-intermediate",
    "websocket-tls": "obfuscated-intermediate",
    "http": "packets",
}
"""The transports that have carriers of the same name, and what runs inside."""

TRANSPORT_NAMES = (*TRANSPORTS, *_WEB)
"""Every name that the option `transport` takes."""


def route_to(
    address: Address,
    transport: str,
    proxy: str | Proxy | None,
    *,
    tls: ssl.SSLContext | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Route:
    """Return the way to the DC at `address`, for the options of those names.

    Raises:
        LocalProtocolError: no such transport or proxy, a library is missing for it, or the two don't go together.

    """
    if transport not in TRANSPORT_NAMES:
        raise LocalProtocolError(f"no transport is called {transport!r}; there are: {', '.join(TRANSPORT_NAMES)}")
    if isinstance(proxy, str):
        proxy = parse_proxy(proxy)
    framing = _WEB.get(transport)
    if framing is not None:
        require_web(transport)
    if isinstance(proxy, MTProxy):
        if framing is not None:
            raise LocalProtocolError(f"a proxy that speaks MTProto does not speak {transport!r}")
        return Route(addresses=(proxy.address,), framing=transport, secret=proxy.secret)
    if framing is None:
        return Route(addresses=(address,), framing=transport, via=proxy)
    return Route(addresses=(address,), carrier=transport, framing=framing, tls=tls, limits=limits, via=proxy)
