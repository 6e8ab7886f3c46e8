"""Proxies that carry TCP for anybody: SOCKS5 (RFC 1928, login RFC 1929), SOCKS4 and HTTP's CONNECT (RFC 9110, 9.3.6).

What they speak is `python-socks`, an extra, loaded with the first use. They know nothing of MTProto, so that any
transport goes through them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from mtproto.errors import LocalProtocolError

if TYPE_CHECKING:
    import socket

    from mtproto.net.carrier import Address

__all__ = ["SCHEMES", "SocketProxy", "connect_through", "connect_through_async"]

LIBRARY = "python_socks"

SCHEMES = {"socks5": "SOCKS5", "socks4": "SOCKS4", "http": "HTTP"}
"""What a link begins with, and how the library calls it."""


@dataclass(frozen=True, slots=True)
class SocketProxy:
    """One proxy.

    Attributes:
        scheme: a key of `SCHEMES`.
        address: its host and port.
        username: to log in with, if it wants a login; of SOCKS4 the user's id.
        password: to log in with.

    """

    scheme: str
    address: Address
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> SocketProxy:
        """Read SCHEME://HOST:PORT or SCHEME://USER:PASSWORD@HOST:PORT, with %-escapes in the login.

        Raises:
            LocalProtocolError: it is no such link, which is not repeated, or the library is missing.

        """
        try:
            link = urlsplit(text)
            host, port = link.hostname, link.port
        except ValueError:
            host = port = None
        if not host or not port or link.scheme not in SCHEMES or link.path not in ("", "/") or link.query:
            raise LocalProtocolError("a proxy is written as SCHEME://HOST:PORT or SCHEME://USER:PASSWORD@HOST:PORT")
        if find_spec(LIBRARY) is None:
            raise LocalProtocolError(
                "SOCKS and HTTP proxies need python-socks: install the extra `proxy`, mtproto-raw[proxy]"
            )
        login = [None if part is None else unquote(part) for part in (link.username, link.password)]
        return cls(link.scheme, (host, port), *login)


def connect_through(proxy: SocketProxy, address: Address, timeout: float) -> socket.socket:
    """Return a socket that leads to `address`; blocks for `timeout` seconds at most.

    Raises:
        OSError: the proxy can't be reached, or does not lead there.

    """
    from python_socks import ProxyError
    from python_socks.sync import Proxy

    try:
        connected: socket.socket = Proxy(*_arguments(proxy)).connect(*address, timeout=timeout)
    except ProxyError as error:
        raise OSError(f"the proxy does not lead there: {error}") from error
    return connected


async def connect_through_async(proxy: SocketProxy, address: Address) -> socket.socket:
    """Return a socket that leads to `address`; raises what `connect_through` raises."""
    from python_socks import ProxyError
    from python_socks.async_.asyncio import Proxy

    try:
        connected: socket.socket = await Proxy(*_arguments(proxy)).connect(*address)
    except ProxyError as error:
        raise OSError(f"the proxy does not lead there: {error}") from error
    return connected


def _arguments(proxy: SocketProxy) -> tuple[Any, ...]:
    from python_socks import ProxyType

    return (ProxyType[SCHEMES[proxy.scheme]], *proxy.address, proxy.username, proxy.password)
