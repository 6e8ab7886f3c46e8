"""The option `proxy`: what it may be, and the way to a DC that it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from mtproto.errors import LocalProtocolError
from mtproto.net.carrier import Route
from mtproto.transport import MTProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mtproto.net.carrier import Address

__all__ = ["Proxy", "parse_proxy", "route_to"]

Proxy: TypeAlias = MTProxy
"""Every kind of proxy that a connection can go through."""

_SCHEMES: Mapping[str, Callable[[str], Proxy]] = {
    "tg": MTProxy.parse,
    "https": MTProxy.parse,
    "http": MTProxy.parse,
}
"""What reads the text of a proxy, by its scheme."""


def parse_proxy(text: str) -> Proxy:
    """Read a proxy as people write it: a tg://proxy?… link, or https://t.me/proxy?…

    Raises:
        LocalProtocolError: it is none of them. What may be a credential is not repeated.

    """
    read = _SCHEMES.get(text.partition(":")[0].lower())
    if read is None:
        raise LocalProtocolError(f"a proxy begins with one of {', '.join(f'{scheme}:' for scheme in _SCHEMES)}")
    return read(text)


def route_to(address: Address, transport: str, proxy: str | Proxy | None) -> Route:
    """Return the way to the DC at `address`, for the options `transport` and `proxy`; raises as `parse_proxy` does."""
    if proxy is None:
        return Route(addresses=(address,), framing=transport)
    if isinstance(proxy, str):
        proxy = parse_proxy(proxy)
    return Route(addresses=(proxy.address,), framing=transport, secret=proxy.secret)
