"""The option `proxy`: what it may be, and the way to a DC that it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mtproto.errors import LocalProtocolError
from mtproto.transport import MTProxy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mtproto.transport import Secret

__all__ = ["Proxy", "Route", "parse_proxy", "route_to"]

Proxy: TypeAlias = MTProxy
"""Every kind of proxy that a connection can go through."""

_SCHEMES: Mapping[str, Callable[[str], Proxy]] = {
    "tg": MTProxy.parse,
    "https": MTProxy.parse,
    "http": MTProxy.parse,
}
"""What reads the text of a proxy, by its scheme."""


@dataclass(frozen=True, slots=True)
class Route:
    """The way to a DC.

    Attributes:
        address: host and port that the socket is connected to.
        secret: of the proxy there; None where there is none that speaks MTProto.

    """

    address: tuple[str, int]
    secret: Secret | None = None


def parse_proxy(text: str) -> Proxy:
    """Read a proxy as people write it: a tg://proxy?… link, or https://t.me/proxy?…

    Raises:
        LocalProtocolError: it is none of them. What may be a credential is not repeated.

    """
    read = _SCHEMES.get(text.partition(":")[0].lower())
    if read is None:
        raise LocalProtocolError(f"a proxy begins with one of {', '.join(f'{scheme}:' for scheme in _SCHEMES)}")
    return read(text)


def route_to(address: tuple[str, int], proxy: str | Proxy | None) -> Route:
    """Return the way to the DC at `address`, host and port; raises as `parse_proxy` does."""
    if proxy is None:
        return Route(address)
    if isinstance(proxy, str):
        proxy = parse_proxy(proxy)
    return Route(proxy.address, proxy.secret)
