"""The client's transports by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto._options import nearest
from mtproto.errors import LocalProtocolError, OptionError
from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.transport.faketls import FakeTLS
from mtproto.transport.framing import ClientTransport, Framing
from mtproto.transport.framings import FRAMINGS, OBFUSCATED, TRANSPORTS
from mtproto.transport.layout import Layout, Role
from mtproto.transport.obfuscated import obfuscate
from mtproto.transport.padded import PaddedIntermediate
from mtproto.transport.secret import SecretKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mtproto.transport.secret import Secret

__all__ = ["check_transport", "client_transport", "no_transport"]

_LAYOUTS: dict[str, type[Layout]] = {**TRANSPORTS, **{layout.name: layout for layout in FRAMINGS}}
"""Every name, including those for carriers that keep packets apart."""

_DEFAULT = "intermediate"
"""The framing if nobody names one."""

_SECRET_TRANSPORT = "padded"  # noqa: S105 - a name of a framing
"""The framing that every secret but a plain one asks for."""


def no_transport(name: str, known: Iterable[str]) -> OptionError:
    """Return the error for an unknown name of a transport, with the known names."""
    text = f"no transport is called {name!r}{nearest(str(name), known)}; there are: {', '.join(known)}"
    return OptionError(text, "transport")


def check_transport(name: str | None, secret: Secret | None) -> str:
    """Return the name of the framing to use: the name that was given, or the framing that a proxy's secret asks for.

    Args:
        name: a name that `client_transport` takes; None if nobody named one.
        secret: the secret of the MTProto proxy on the way; None without such a proxy.

    Raises:
        OptionError: there is no such framing, or the secret does not allow it.

    """
    bound = secret is not None and secret.kind is not SecretKind.PLAIN
    if name is None:
        return _SECRET_TRANSPORT if bound else _DEFAULT
    if name not in _LAYOUTS:
        raise no_transport(name, TRANSPORTS)
    if bound and TRANSPORTS.get(name) is not PaddedIntermediate:
        raise OptionError.excluding("transport", "proxy", f"the secret asks for {_SECRET_TRANSPORT!r}, not {name!r}")
    if secret is not None and not _LAYOUTS[name].tag:
        raise OptionError.excluding("transport", "proxy", f"no proxy carries {name!r}")
    return name


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
        secret: the secret of the proxy at the other end. It decides before the name: with a secret the framing is
            obfuscated, and only a plain secret allows another framing than padded.
        limits: the limits of the framing.
        now: Unix seconds, which fake TLS needs.

    Raises:
        OptionError: an unknown name.
        LocalProtocolError: a framing that no proxy carries.

    """
    if name not in _LAYOUTS:
        raise no_transport(name, TRANSPORTS)
    kind = SecretKind.PLAIN if secret is None else secret.kind
    layout = _LAYOUTS[name] if kind is SecretKind.PLAIN else PaddedIntermediate
    framing = Framing(layout, Role.CLIENT, random, limits=limits)
    if secret is None:
        return obfuscate(framing, random, dc_id=dc_id) if name.startswith(OBFUSCATED) else framing
    obfuscated = obfuscate(framing, random, dc_id=dc_id, secret=secret.key)
    if kind is not SecretKind.FAKE_TLS:
        return obfuscated
    if now is None:
        raise LocalProtocolError("a secret that asks for fake TLS needs the time")
    return FakeTLS(obfuscated, secret, random, now)
