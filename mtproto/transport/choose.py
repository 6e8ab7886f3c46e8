"""The client's transports by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import LocalProtocolError
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.transport.abridged import Abridged
from mtproto.transport.faketls import FakeTLS
from mtproto.transport.framing import ClientTransport, Framing, Role
from mtproto.transport.full import Full
from mtproto.transport.intermediate import Intermediate
from mtproto.transport.obfuscated import obfuscate
from mtproto.transport.packets import Packets
from mtproto.transport.padded import PaddedIntermediate
from mtproto.transport.secret import SecretKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.transport.secret import Secret

__all__ = ["TRANSPORTS", "client_transport"]

_OBFUSCATED = "obfuscated-"

TRANSPORTS: dict[str, type[Framing]] = {
    "abridged": Abridged,
    "intermediate": Intermediate,
    "padded": PaddedIntermediate,
    "full": Full,
    "obfuscated-abridged": Abridged,
    "obfuscated-intermediate": Intermediate,
    "obfuscated-padded": PaddedIntermediate,
}
"""Every name of a stream that `client_transport` takes, and the framing behind it."""

_FRAMINGS: dict[str, type[Framing]] = {**TRANSPORTS, Packets.name: Packets}


def client_transport(
    name: str,
    random: Callable[[int], bytes],
    *,
    dc_id: int | None = None,
    secret: Secret | None = None,
    limits: Limits = DEFAULT_LIMITS,
    now: float | None = None,
) -> ClientTransport:
    """Return the client's end of a transport, for one connection.

    Args:
        name: a key of `TRANSPORTS`, or "packets" for a carrier that keeps packets apart.
        random: source of random bytes.
        dc_id: the DC that an obfuscated header names.
        secret: of the proxy at the other end. It wins over the name: with any secret the framing is obfuscated, and
            other than plain secrets allow the padded one only.
        limits: handed to the framing.
        now: Unix seconds; a secret that asks for fake TLS needs them.

    Raises:
        LocalProtocolError: an unknown name, or a framing that no proxy carries.

    """
    if name not in _FRAMINGS:
        raise LocalProtocolError(f"no transport is called {name!r}; there are: {', '.join(TRANSPORTS)}")
    kind = SecretKind.PLAIN if secret is None else secret.kind
    framing = (_FRAMINGS[name] if kind is SecretKind.PLAIN else PaddedIntermediate)(Role.CLIENT, random, limits=limits)
    if secret is None:
        return obfuscate(framing, random, dc_id=dc_id) if name.startswith(_OBFUSCATED) else framing
    obfuscated = obfuscate(framing, random, dc_id=dc_id, secret=secret.key)
    if kind is not SecretKind.FAKE_TLS:
        return obfuscated
    if now is None:
        raise LocalProtocolError("a secret that asks for fake TLS needs the time")
    return FakeTLS(obfuscated, secret, random, now)
