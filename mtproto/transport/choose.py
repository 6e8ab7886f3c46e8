"""The client's transports by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import LocalProtocolError
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.transport.abridged import Abridged
from mtproto.transport.framing import ClientTransport, Framing, Role
from mtproto.transport.full import Full
from mtproto.transport.intermediate import Intermediate
from mtproto.transport.obfuscated import obfuscate
from mtproto.transport.padded import PaddedIntermediate

if TYPE_CHECKING:
    from collections.abc import Callable

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
"""Every name that `client_transport` takes, and the framing behind it."""


def client_transport(
    name: str,
    random: Callable[[int], bytes],
    *,
    dc_id: int | None = None,
    secret: bytes | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> ClientTransport:
    """Return the client's end of a transport, for one connection.

    Args:
        name: a key of `TRANSPORTS`.
        random: source of random bytes.
        dc_id: the DC that an obfuscated header names.
        secret: 16 bytes, the secret of a proxy; obfuscated transports only.
        limits: handed to the framing.

    Raises:
        LocalProtocolError: an unknown name, or a secret for a transport that is not obfuscated.

    """
    if name not in TRANSPORTS:
        raise LocalProtocolError(f"no transport is called {name!r}; there are: {', '.join(TRANSPORTS)}")
    framing = TRANSPORTS[name](Role.CLIENT, random, limits=limits)
    if name.startswith(_OBFUSCATED):
        return obfuscate(framing, random, dc_id=dc_id, secret=secret)
    if secret is not None:
        raise LocalProtocolError(f"{name}: only an obfuscated transport uses a secret")
    return framing
