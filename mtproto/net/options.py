"""The options of a connection: by name, as users write them, and as one object, as the code passes them on."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from mtproto._options import named_fields
from mtproto.datacenters import DataCenter
from mtproto.errors import OptionError
from mtproto.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from mtproto.link import BackoffPolicy, LinkEvent
    from mtproto.message import KeyState
    from mtproto.net.route_options import Destination, Proxy

__all__ = ["ConnectionKeywords", "ConnectionOptions", "connection_options", "dc_id_of"]

DEFAULT_DC = 2
"""The data centre that is called where no option names one."""


class ConnectionKeywords(TypedDict, total=False):
    """The fields of `ConnectionOptions`, by name; none is required."""

    dc_id: int | None
    state: KeyState | bytes | None
    transport: str | None
    tls: ssl.SSLContext | None
    proxy: str | Proxy | None
    pfs: bool
    expires_in: int | None
    limits: Limits
    backoff: BackoffPolicy | None
    clock: Callable[[], float] | None
    random: Callable[[int], bytes]
    on_event: Callable[[LinkEvent], None] | None


@named_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """What `net.Connection` and `net.BlockingConnection` are told beyond address and keys.

    Attributes:
        dc_id: the data centre's id; 10000 is added for Telegram's test servers, media-only ones are negative. None
            takes that of the `DataCenter` that is connected to, or that of `state`, or 2.
        state: what a former run left in `client.state`, as the object, or as the bytes that `to_bytes` made of it, or
            those of a file of the command line's `--state`; with it no exchange is made. That of a temporary key
            which another connection has bound (`bound_key`) is used without `pfs`, and ends this connection with it.
        transport: the framing: "abridged", "intermediate", "full" … (core.telegram.org/mtproto/mtproto-transports),
            or "websocket", "websocket-tls" or "http" (extra `web`). None takes the one that the proxy's secret asks
            for, or "intermediate".
        tls: what to trust for "websocket-tls"; None trusts what the system trusts.
        proxy: the way to the data centre: the tg://proxy?… link of a proxy that speaks MTProto, or an `MTProxy`; or
            socks5://…, socks4://… or http://HOST:PORT, with USER:PASSWORD@ before the host where that is needed
            (extra `proxy`).
        pfs: whether calls travel under temporary keys only, bound to the permanent one (core.telegram.org/api/pfs);
            `state` is that of the permanent key all the same.
        expires_in: seconds that a temporary key lives; it is replaced in time. None takes a day.
        limits: bounds on what is sent, accepted and kept.
        backoff: how long to wait between attempts to connect; None takes the default of `BackoffPolicy`.
        clock: gives Unix seconds and never steps; None takes the clock of `mtproto.net`.
        random: a cryptographically secure source of bytes.
        on_event: called with every event of the connection (`mtproto.link.LinkEvent`), in the thread that carries it:
            its states (`StatusChanged`), its keys, what happens to each call. It sees no secret.

    Raises `OptionError` for a value that no connection can have, and for options that exclude one another.

    """

    dc_id: int | None = None
    state: KeyState | bytes | None = field(default=None, repr=False)
    transport: str | None = None
    tls: ssl.SSLContext | None = None
    proxy: str | Proxy | None = field(default=None, repr=False)
    pfs: bool = False
    expires_in: int | None = None
    limits: Limits = DEFAULT_LIMITS
    backoff: BackoffPolicy | None = None
    clock: Callable[[], float] | None = None
    random: Callable[[int], bytes] = os.urandom
    on_event: Callable[[LinkEvent], None] | None = None

    def __post_init__(self) -> None:
        if self.expires_in is None:
            return
        if not self.pfs:
            raise OptionError("the option expires_in needs pfs=True: no other key expires", "expires_in", "pfs")
        if self.expires_in <= 0:
            raise OptionError(f"a temporary key can't live for {self.expires_in} seconds", "expires_in")


def connection_options(call: str, options: ConnectionOptions | None, named: ConnectionKeywords) -> ConnectionOptions:
    """Return the options of a call that takes them as one object or by name.

    Raises:
        OptionError: they came both ways, or as `ConnectionOptions` raises it.

    """
    if options is None:
        return ConnectionOptions(**named)
    if named:
        raise OptionError(f"{call}() takes its options as one object or by name, not both ways", "options", *named)
    return options


def dc_id_of(destination: Destination, named: int | None, state: KeyState | None) -> int:
    """Return the id of the data centre to call, as a key exchange carries it.

    Args:
        destination: where to connect.
        named: the option `dc_id`.
        state: the key that an earlier run left, if there is one.

    Raises:
        OptionError: the option names another data centre than the `DataCenter` of `destination`. The negative id of
            the same data centre is taken: it stands for its addresses for file queries.

    """
    known = destination.exchange_id if isinstance(destination, DataCenter) else None
    if known is not None and named is not None and abs(named) != known:
        raise OptionError.excluding("dc_id", "address", f"the data centre has the id {known}, not {named}")
    return named or known or (state.dc_id if state is not None else 0) or DEFAULT_DC
