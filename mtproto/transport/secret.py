"""MTProxy secrets and links (core.telegram.org/mtproto/mtproto-transports#transport-obfuscation).

    16 bytes                 the secret itself; any framing, obfuscated
    dd | 16 bytes            padded intermediate framing, obfuscated
    ee | 16 bytes | domain   the same inside what looks like TLS with that domain

They are written in hex or base64url, alone or in a link: tg://proxy?server=…&port=…&secret=…, which is also
https://t.me/proxy?…
"""

from __future__ import annotations

import binascii
import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mtproto.errors import LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LINK_HOSTS", "MTProxy", "Secret", "SecretKind"]

_KEY = 16
_PADDED = b"\xdd"
_FAKE_TLS = b"\xee"

LONGEST_DOMAIN = 182
"""Bytes of a domain: what TDLib takes, so that a hello without the large key share has its usual size."""

LINK_HOSTS = frozenset({"t.me", "telegram.me", "telegram.dog"})
"""The hosts whose page /proxy stands for tg://proxy."""

_URL_SAFE = str.maketrans("-_", "+/")


class SecretKind(enum.Enum):
    """What a secret asks of the connection."""

    PLAIN = "plain"
    """Obfuscation; the framing is free."""

    PADDED = "padded"
    """Obfuscation, and the padded intermediate framing."""

    FAKE_TLS = "fake TLS"
    """The same inside fake TLS."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret of a proxy.

    Attributes:
        key: 16 bytes; shown by no repr.
        kind: what it asks of the connection.
        domain: whom a fake-TLS hello names, ASCII; empty for the other kinds.

    Raises `LocalProtocolError` where these do not fit together.

    """

    key: bytes = field(repr=False)
    kind: SecretKind = SecretKind.PLAIN
    domain: str = ""

    def __post_init__(self) -> None:
        if len(self.key) != _KEY:
            raise LocalProtocolError(f"the key of a proxy secret has {_KEY} bytes, not {len(self.key)}")
        if (self.kind is SecretKind.FAKE_TLS) != bool(self.domain):
            raise LocalProtocolError("a proxy secret names a domain if it asks for fake TLS, and only then")
        if len(self.domain) > LONGEST_DOMAIN or not all("!" <= sign <= "~" for sign in self.domain):
            raise LocalProtocolError(f"the domain of a proxy secret is ASCII, {LONGEST_DOMAIN} bytes at most")

    @classmethod
    def from_bytes(cls, data: bytes) -> Secret:
        """Read a secret as it is before hex or base64url.

        Raises:
            LocalProtocolError: it has none of the three forms.

        """
        marker, key, domain = data[:1], data[1 : 1 + _KEY], data[1 + _KEY :]
        if len(data) == _KEY:
            return cls(data)  # whatever its first byte is
        if len(data) == 1 + _KEY and marker == _PADDED:
            return cls(key, SecretKind.PADDED)
        if len(data) > _KEY and marker == _FAKE_TLS:
            return cls(key, SecretKind.FAKE_TLS, domain.decode("ascii", errors="replace"))
        raise LocalProtocolError(
            f"a proxy secret has 16 bytes, or dd and 16, or ee, 16 and a domain; this one is another, of {len(data)}"
        )

    @classmethod
    def parse(cls, text: str) -> Secret:
        """Read a secret as people pass it on: hex or base64, url-safe or not, with its padding or without.

        Raises:
            LocalProtocolError: it is neither, or what it says is no secret. The text itself is not repeated.

        """
        failure: LocalProtocolError | None = None
        for data in _readings(text):
            try:
                return cls.from_bytes(data)
            except LocalProtocolError as error:
                failure = failure or error
        raise failure or LocalProtocolError("a proxy secret is written in hex or base64url")

    def to_bytes(self) -> bytes:
        """Return the secret as `from_bytes` reads it."""
        match self.kind:
            case SecretKind.PLAIN:
                return self.key
            case SecretKind.PADDED:
                return _PADDED + self.key
            case SecretKind.FAKE_TLS:
                return _FAKE_TLS + self.key + self.domain.encode("ascii")


def _readings(text: str) -> Iterator[bytes]:
    """Give what a text may stand for, the likelier first: hex digits are letters of base64 too."""
    bare = text.rstrip("=").translate(_URL_SAFE)
    for read, form in ((binascii.unhexlify, text), (_from_base64, bare + "=" * (-len(bare) % 4))):
        try:
            yield read(form)
        except ValueError:
            continue


def _from_base64(text: str) -> bytes:
    return binascii.a2b_base64(text, strict_mode=True)


@dataclass(frozen=True, slots=True)
class MTProxy:
    """A proxy that speaks MTProto: where it is, and its secret.

    Attributes:
        address: host and port.
        secret: see `Secret`.

    """

    address: tuple[str, int]
    secret: Secret

    @classmethod
    def parse(cls, link: str) -> MTProxy:
        """Read a link: tg://proxy?server=…&port=…&secret=…, or https://t.me/proxy?… (core.telegram.org/api/links).

        Raises:
            LocalProtocolError: it is no such link, or a part of it is missing or wrong. The secret is not repeated.

        """
        from urllib.parse import parse_qs, urlsplit

        try:
            parts = urlsplit(link)
            fields = parse_qs(parts.query, keep_blank_values=True, max_num_fields=16)
        except ValueError:
            raise LocalProtocolError("a link to a proxy is not even a link") from None
        if not _leads_to_a_proxy(parts.scheme, parts.netloc, parts.path):
            raise LocalProtocolError("a link to a proxy begins with tg://proxy? or https://t.me/proxy?")
        for name in ("server", "port", "secret"):
            if len(fields.get(name, ())) != 1 or not fields[name][0]:
                raise LocalProtocolError(f"a link to a proxy says {name}=… once")
        port = fields["port"][0]
        if not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 1 << 16):
            raise LocalProtocolError("the port in a link to a proxy is a number from 1 to 65535")
        secret = fields["secret"][0].replace(" ", "+")  # base64 that was not escaped
        return cls((fields["server"][0], int(port)), Secret.parse(secret))

    @property
    def link(self) -> str:
        """The tg:// link, with the secret in it: for whoever may use the proxy."""
        from urllib.parse import urlencode

        host, port = self.address
        query = urlencode({"server": host, "port": port, "secret": self.secret.to_bytes().hex()}, safe=":")
        return f"tg://proxy?{query}"


def _leads_to_a_proxy(scheme: str, host: str, path: str) -> bool:
    if scheme == "tg":
        return (host, path.rstrip("/")) == ("proxy", "") or (host, path) == ("", "proxy")
    return scheme in {"http", "https"} and host.lower() in LINK_HOSTS and path.rstrip("/") == "/proxy"
