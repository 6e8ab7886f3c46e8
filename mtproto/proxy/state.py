"""What all visitors of one proxy share: its secrets, its data centres, and the greetings that it has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import LocalProtocolError
from mtproto.transport import OBFUSCATED_HEADER, TAGGED, PaddedIntermediate, Secret, SecretKind, hello_time, read_header

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtproto.transport import ClientHello, Header

__all__ = ["ProxyState", "Stranger"]

OLDEST_HELLO, MOST_AHEAD = 10 * 60.0, 20 * 60.0
"""Seconds by which a hello may be old, or ahead of our clock: as much as proxies in the field allow."""

SEEN_GREETINGS = 1 << 16
"""Greetings of each kind that are remembered: those of clients with a secret, so that nobody else can fill the
memory."""

_KEY_MATERIAL = slice(8, 56)
"""The part of an obfuscated header that the keys come from: a change of the rest does not change the keys."""

_SIGNED = slice(0, 28)
"""The part of a hello's random bytes that nobody without the secret can change. The other four bytes carry the time,
and anybody can change them: the time of a recorded hello may look right, so the proxy has to remember the hello."""


class Stranger(Exception):
    """A visitor that did not show that it knows a secret; the text says why."""


class ProxyState:
    """Secrets, data centres and memory of one proxy. One owner.

    Args:
        secrets: at least one.
        dcs: host and port of each data centre by its id. Negative ids (media) that are not in it count as positive.
        fallback: host and port to pass strangers on to; None to close their connections.

    Raises `LocalProtocolError` without a secret or a data centre.

    """

    def __init__(
        self,
        secrets: Sequence[Secret],
        dcs: Mapping[int, tuple[str, int]],
        *,
        fallback: tuple[str, int] | None = None,
    ) -> None:
        if not secrets or not dcs:
            raise LocalProtocolError("a proxy has at least one secret, and one data centre to lead to")
        self.open_secrets = tuple(secret for secret in secrets if secret.kind is not SecretKind.FAKE_TLS)
        self.tls_secrets = tuple(secret for secret in secrets if secret.kind is SecretKind.FAKE_TLS)
        self.fallback = fallback
        self._dcs = dict(dcs)
        self._hellos: dict[bytes, None] = {}
        self._headers: dict[bytes, None] = {}

    def recognise_hello(self, hello: ClientHello, now: float) -> Secret:
        """Return the secret that a hello was signed with.

        Raises:
            Stranger: the hello was signed with no secret of ours, is too old or too new, or was seen before.

        """
        for secret in self.tls_secrets:
            time = hello_time(hello, secret.key)
            if time is None:
                continue
            if not -MOST_AHEAD <= now - time <= OLDEST_HELLO:
                raise Stranger(f"a stale hello: made {now - time:.0f} seconds ago")
            if not _is_first(self._hellos, hello.random[_SIGNED]):
                raise Stranger("a hello that was replayed")
            return secret
        raise Stranger("a hello without a secret of ours")

    def recognise_header(self, header: bytes, secrets: Sequence[Secret]) -> Header:
        """Read an obfuscated header, 64 bytes, that was made with one of `secrets`.

        Raises:
            Stranger: the header was made with none of them, its secret asks for another framing, or it was seen before.

        """
        for secret in secrets:
            found = read_header(header[:OBFUSCATED_HEADER], secret.key)
            if found.tag in (TAGGED if secret.kind is SecretKind.PLAIN else (PaddedIntermediate.tag,)):
                if not _is_first(self._headers, header[_KEY_MATERIAL]):
                    raise Stranger("an obfuscated header that was replayed")
                return found
        raise Stranger("no secret of ours")

    def address_of(self, dc_id: int) -> tuple[str, int] | None:
        """Return host and port of a data centre; None if the proxy does not know the data centre."""
        return self._dcs.get(dc_id) or self._dcs.get(abs(dc_id))


def _is_first(seen: dict[bytes, None], mark: bytes) -> bool:
    """Remember a mark, and forget the oldest mark beyond the limit; false if the mark was there before."""
    if mark in seen:
        return False
    seen[mark] = None
    if len(seen) > SEEN_GREETINGS:
        del seen[next(iter(seen))]
    return True
