"""Telegram's links to proxies, as people paste them (core.telegram.org/api/links#proxy-links).

    tg://proxy?server=…&port=…&secret=…            an MTProxy
    tg://socks?server=…&port=…&user=…&pass=…       a SOCKS5 proxy; user and pass may be left out

Links that begin with https://t.me/ have the same parts, with or without the scheme. Blanks and line breaks around a
link, capital letters and the `&amp;` of copied HTML change nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qs, urlsplit

from mtproto.errors import LocalProtocolError
from mtproto.transport.address import read_host, read_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from urllib.parse import SplitResult

    from mtproto.transport.address import Address

__all__ = ["LINK_HOSTS", "ProxyFields", "read_link"]

T = TypeVar("T")

LINK_HOSTS = frozenset({"t.me", "telegram.me", "telegram.dog"})
"""The hosts whose pages /proxy and /socks stand for tg://proxy and tg://socks."""

KINDS = frozenset({"proxy", "socks"})

_FIELDS = 16
"""Fields that a link may have: known links have fewer."""

_WANTED = {"server": "the name of a host or an IP address", "port": "a number from 1 to 65535"}

_BARE_HOST = re.compile(rf"(?:www\.)?(?:{'|'.join(map(re.escape, sorted(LINK_HOSTS)))})(?::[0-9]*)?/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ProxyFields:
    """The fields of a link.

    Attributes:
        kind: "proxy" or "socks".
        address: host and port.
        others: the other fields by name, decoded; a field that is in the link twice is left out.

    """

    kind: str
    address: Address
    others: Mapping[str, str] = field(repr=False)


def read_link(link: str) -> ProxyFields | None:
    """Read one of Telegram's links to a proxy.

    Returns:
        None if the text is another link, or no link.

    Raises:
        LocalProtocolError: the text is no URL; or it is a link to a proxy, and server or port is missing or wrong. The
            error repeats no field: with a wrong escape, a secret may stand in any of them.

    """
    text = link.strip().replace("&amp;", "&")
    if _BARE_HOST.match(text):
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        kind = _kind(parts)
        if kind is None:
            return None
        query = parts.query.replace("+", "%2B")  # base64 that was not escaped; apps write a blank as %20
        found = parse_qs(query, keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError:
        raise LocalProtocolError("a link to a proxy is not even a link") from None
    values = {name: value for name, (value, *more) in found.items() if not more}
    for name in ("server", "port"):
        if not values.get(name):
            raise LocalProtocolError(f"a link to a proxy says {name}=… once")
    address = _read("server", read_host, values.pop("server")), _read("port", read_port, values.pop("port"))
    return ProxyFields(kind, address, values)


def _kind(parts: SplitResult) -> str | None:
    """Return the kind of a link; None for a link that leads to no proxy."""
    path = parts.path.strip("/").lower()
    if parts.scheme == "tg":
        host = parts.netloc.lower()
        kind = host if host and not path else path if not host else ""
    elif parts.scheme in {"http", "https"} and (parts.hostname or "").removeprefix("www.") in LINK_HOSTS:
        kind = path
    else:
        return None
    return kind if kind in KINDS else None


def _read(name: str, read: Callable[[str], T], value: str) -> T:
    try:
        return read(value)
    except LocalProtocolError:  # its text repeats the value, into which a wrong escape brings the fields behind
        raise LocalProtocolError(f"the {name} in a link to a proxy is not {_WANTED[name]}") from None
