"""MTProxy secrets and links (core.telegram.org/mtproto/mtproto-transports#transport-obfuscation).

    16 bytes                 the secret itself; any framing, obfuscated
    dd | 16 bytes            padded intermediate framing, obfuscated
    ee | 16 bytes | domain   the same inside what looks like TLS with that domain

They are written in hex or base64url, alone or in a link, which `mtproto.transport.links` reads.
"""

from __future__ import annotations

import binascii
import enum
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mtproto._options import named_fields
from mtproto.errors import LocalProtocolError
from mtproto.transport.links import LINK_HOSTS, read_link

if TYPE_CHECKING:
    from mtproto.transport.links import ProxyFields

__all__ = ["LINK_HOSTS", "MTProxy", "Secret", "SecretKind"]

_KEY = 16
_PADDED = b"\xdd"
_FAKE_TLS = b"\xee"

LONGEST_DOMAIN = 182
"""Bytes of a domain: what TDLib takes, so that a hello without the large key share has its usual size."""

_URL_SAFE = str.maketrans("-_", "+/")
_HEX_DIGITS = frozenset(string.hexdigits)


class SecretKind(enum.Enum):
    """The kinds of secrets, by what they ask of the connection."""

    PLAIN = "plain"
    """Obfuscation; the framing is free."""

    PADDED = "padded"
    """Obfuscation, and the padded intermediate framing."""

    FAKE_TLS = "fake TLS"
    """Obfuscation and the padded intermediate framing, inside fake TLS."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret of a proxy.

    Attributes:
        key: 16 bytes; no repr shows them.
        kind: the kind of the secret.
        domain: the server that a fake-TLS hello names, ASCII; empty for the other kinds.

    Raises `LocalProtocolError` if these do not fit together.

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
        """Read the bytes of a secret, before hex or base64url.

        Raises:
            LocalProtocolError: the bytes have none of the three forms.

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

        A text of hex digits alone is hex, never base64: a mistyped secret must not become another secret.
        Blanks and line breaks around the secret are dropped.

        Raises:
            LocalProtocolError: the text is neither, or the bytes are no secret. The error does not repeat the text.

        """
        text = text.strip()
        if text and _HEX_DIGITS.issuperset(text):
            if len(text) % 2:
                raise LocalProtocolError(f"a proxy secret in hex has an even number of digits, not {len(text)}")
            return cls.from_bytes(bytes.fromhex(text))
        bare = text.rstrip("=").translate(_URL_SAFE)
        try:
            data = binascii.a2b_base64(bare + "=" * (-len(bare) % 4), strict_mode=True)
        except ValueError:
            raise LocalProtocolError("a proxy secret is written in hex or base64url") from None
        return cls.from_bytes(data)

    def to_bytes(self) -> bytes:
        """Return the secret as `from_bytes` reads it."""
        match self.kind:
            case SecretKind.PLAIN:
                return self.key
            case SecretKind.PADDED:
                return _PADDED + self.key
            case SecretKind.FAKE_TLS:
                return _FAKE_TLS + self.key + self.domain.encode("ascii")


@named_fields
@dataclass(frozen=True, slots=True)
class MTProxy:
    """A proxy that speaks MTProto: its address and its secret.

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
            LocalProtocolError: the text is no such link, or a part is missing or wrong. The error does not repeat the
                secret.

        """
        found = read_link(link)
        if found is None:
            raise LocalProtocolError("a link to a proxy begins with tg://proxy? or https://t.me/proxy?")
        return cls.from_fields(found)

    @classmethod
    def from_fields(cls, found: ProxyFields) -> MTProxy:
        """Return the proxy that a link names.

        Raises:
            LocalProtocolError: the link is of another kind, or has no good secret. The error does not repeat the
            secret.

        """
        if found.kind != "proxy":
            raise LocalProtocolError("this link leads to a SOCKS5 proxy; one that speaks MTProto has tg://proxy?")
        if not found.others.get("secret"):
            raise LocalProtocolError("a link to a proxy says secret=… once")
        secret = found.others["secret"].strip().replace(" ", "+")  # base64 that was decoded once too often
        return cls(found.address, Secret.parse(secret))

    @property
    def link(self) -> str:
        """The tg:// link, with the secret in it: for whoever may use the proxy."""
        from urllib.parse import urlencode

        host, port = self.address
        query = urlencode({"server": host, "port": port, "secret": self.secret.to_bytes().hex()}, safe=":")
        return f"tg://proxy?{query}"
