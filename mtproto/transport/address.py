"""Addresses as people write them: `HOST:PORT`, `[HOST]:PORT` for IPv6 (RFC 3986, section 3.2). Nothing is looked up."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import TypeAlias

from mtproto.errors import LocalProtocolError

__all__ = ["Address", "authority", "parse_address", "read_host", "read_port"]

Address: TypeAlias = tuple[str, int]
"""Host and port."""

_LONGEST_HOST = 254
"""Characters of a host's name: 253, and the dot of the root (RFC 1035, section 2.3.4: 255 bytes on the wire)."""

_SHOWN = 80
"""Characters of a wrong input that an error repeats."""

_LOGIN = re.compile(r"^([a-z][a-z0-9+.-]*://)?.*:.*@", re.IGNORECASE | re.DOTALL)
"""The part before the host in a link that has a password (RFC 3986, section 3.2.1)."""

_FIELDS = re.compile(r"([?&]).*", re.DOTALL)
"""The part of a link that has a secret, or of what is left of a link."""

_FORBIDDEN = frozenset("/?#@\\[]<>\"'`,;&=")


def authority(address: Address) -> str:
    """Return an address as people and the header `Host` of HTTP write it."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_address(text: str) -> Address:
    """Read `HOST:PORT`, or `[HOST]:PORT` if the host is a number of IPv6. Blanks around the text are dropped.

    Raises:
        LocalProtocolError: the text is neither. The error does not repeat secrets or passwords of a link.

    """
    if any(sign in text for sign in "/?@"):
        reason = "it is a link; that of a proxy belongs to the option proxy"
        raise LocalProtocolError(f"{_shown(text)} is not HOST:PORT, nor [HOST]:PORT: {reason}")
    host, colon, port = text.strip().rpartition(":")
    try:
        if not colon or (":" in host and not (host[:1] == "[" and host[-1:] == "]")):
            raise LocalProtocolError("there is no port behind the host")
        return read_host(host), read_port(port)
    except LocalProtocolError as error:
        raise LocalProtocolError(f"{_shown(text)} is not HOST:PORT, nor [HOST]:PORT: {error}") from None


def read_host(text: str) -> str:
    """Read a host: a name, a number of IPv4, or a number of IPv6 with or without brackets.

    Returns:
        The host without blanks and brackets around it.

    Raises:
        LocalProtocolError: the text is no host.

    """
    host = text.strip()
    bracketed = host[:1] == "[" and host[-1:] == "]"
    if bracketed:
        host = host[1:-1]
    if bracketed or ":" in host:
        try:
            IPv6Address(host)
        except ValueError:
            raise LocalProtocolError(f"{_shown(text)} is no number of IPv6") from None
        return host
    if not 0 < len(host) <= _LONGEST_HOST or not all(map(_may_be_in_a_name, host)):
        raise LocalProtocolError(f"{_shown(text)} is no name of a host")
    return host


def read_port(text: str) -> int:
    """Read a TCP port.

    Raises:
        LocalProtocolError: the text is no number from 1 to 65535.

    """
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 6 and 0 < int(digits) < 1 << 16):
        raise LocalProtocolError(f"a port is a number from 1 to 65535, not {_shown(text)}")
    return int(digits)


def _may_be_in_a_name(sign: str) -> bool:
    return sign.isprintable() and not sign.isspace() and sign not in _FORBIDDEN


def _shown(text: str) -> str:
    """Return a wrong input for an error, without the password of a link and without the fields of a link."""
    text = _FIELDS.sub(r"\1…", _LOGIN.sub(r"\1…@", text))
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}…"
