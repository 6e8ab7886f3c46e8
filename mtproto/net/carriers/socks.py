"""Proxies that carry TCP for anybody: SOCKS5 (RFC 1928, login RFC 1929), SOCKS4 and HTTP's CONNECT (RFC 9110, 9.3.6).

The library `python-socks` speaks these protocols; it is an extra, loaded when a proxy is first used. Such a proxy knows
nothing of MTProto, so that any transport goes through it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from mtproto._options import named_fields
from mtproto.errors import LocalProtocolError
from mtproto.transport import authority

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from mtproto.transport import Address, ProxyFields

__all__ = ["SCHEMES", "SocketProxy", "connect_through", "connect_through_async"]

LIBRARY = "python_socks"

SCHEMES: Mapping[str, str] = {"socks5": "SOCKS5", "socks4": "SOCKS4", "http": "HTTP"}
"""The scheme of a link, and the name of the kind in the library."""

ALIASES: Mapping[str, str] = {"socks": "socks5", "socks5h": "socks5"}
"""Other schemes for the same kinds. `socks5h` says that the proxy looks names up; here every proxy does."""

LONGEST_LOGIN = 255
"""Bytes of a name and of a password (RFC 1929, section 2)."""


@named_fields
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
            LocalProtocolError: the text is no such link, or the library is missing. The error does not repeat the text.

        """
        try:
            link = urlsplit(text.strip())
            host, port = link.hostname, link.port
        except ValueError:
            link, host, port = urlsplit(""), None, None
        scheme = ALIASES.get(link.scheme, link.scheme)
        if not host or not port or scheme not in SCHEMES or link.path not in ("", "/") or link.query:
            raise LocalProtocolError("a proxy is written as SCHEME://HOST:PORT or SCHEME://USER:PASSWORD@HOST:PORT")
        username, password = (None if part is None else unquote(part) for part in (link.username, link.password))
        return cls._checked(scheme, (host, port), username, password)

    @classmethod
    def from_fields(cls, found: ProxyFields) -> SocketProxy:
        """Return the proxy that a link of Telegram's names: tg://socks?server=…&port=…&user=…&pass=….

        Raises:
            LocalProtocolError: the link is of another kind, or the library is missing.

        """
        if found.kind != "socks":
            raise LocalProtocolError("this link leads to a proxy that speaks MTProto; a SOCKS5 proxy has tg://socks?")
        username, password = found.others.get("user") or None, found.others.get("pass") or None
        return cls._checked("socks5", found.address, username, password)

    @classmethod
    def _checked(cls, scheme: str, address: Address, username: str | None, password: str | None) -> SocketProxy:
        if find_spec(LIBRARY) is None:
            raise LocalProtocolError(
                "SOCKS and HTTP proxies need python-socks: install the extra `proxy`, mtproto-raw[proxy]"
            )
        if scheme == "socks5" and any(len((part or "").encode()) > LONGEST_LOGIN for part in (username, password)):
            raise LocalProtocolError(f"name and password of a SOCKS5 proxy have {LONGEST_LOGIN} bytes at most")
        return cls(scheme, address, username, password)

    def __str__(self) -> str:
        return f"{self.scheme}://{authority(self.address)}"


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
