"""The options of links, as people write them (`…Keywords`) and as they travel (`…Options`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from mtproto._options import named_fields
from mtproto.errors import OptionError
from mtproto.limits import DEFAULT_LIMITS, SERVER_LIMITS, Limits
from mtproto.link.backoff import DEFAULT_BACKOFF, BackoffPolicy
from mtproto.transport import check_transport

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence

    from mtproto.exchange import ExchangeFaults
    from mtproto.link.faults import LinkFaults
    from mtproto.message import KeyState
    from mtproto.transport import Secret

__all__ = [
    "LinkKeywords",
    "LinkOptions",
    "ServerLinkKeywords",
    "ServerLinkOptions",
    "link_options",
    "server_link_options",
]


class LinkKeywords(TypedDict, total=False):
    """The fields of `LinkOptions`, by name; the first two are required."""

    dc_id: int
    random: Callable[[int], bytes]
    state: KeyState | None
    transport: str | None
    secret: Secret | None
    limits: Limits
    backoff: BackoffPolicy
    offload: bool


@named_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class LinkOptions:
    """What a client's link is told beyond the keys to trust.

    Attributes:
        dc_id: the data centre, as `ClientExchange` takes it.
        random: source of random bytes.
        state: what an earlier link left: with it no exchange is made.
        transport: a name of `mtproto.transport.TRANSPORTS`, or "packets"; None takes what the secret asks for, or
            "intermediate".
        secret: the secret of the proxy that is connected to, if it is one that speaks MTProto.
        limits: what is sent and accepted at most.
        backoff: how long to wait between connections that fail.
        offload: leave the slow steps of the exchange to whoever calls `take_work`.

    Raises `OptionError` where the state is that of another data centre, and for a transport that does not exist or
    that the secret does not allow.

    """

    dc_id: int
    random: Callable[[int], bytes]
    state: KeyState | None = None
    transport: str | None = None
    secret: Secret | None = field(default=None, repr=False)
    limits: Limits = DEFAULT_LIMITS
    backoff: BackoffPolicy = DEFAULT_BACKOFF
    offload: bool = False

    def __post_init__(self) -> None:
        if self.state is not None:
            self.state.check_dc(self.dc_id)
        check_transport(self.transport, self.secret)


def link_options(call: str, options: LinkOptions | None, named: LinkKeywords) -> LinkOptions:
    """Return the options of a call that takes them as one object or by name.

    Raises:
        OptionError: they came both ways.
        TypeError: one that is required is missing.

    """
    if options is None:
        return LinkOptions(**named)
    if named:
        raise _both_ways(call, *named)
    return options


class ServerLinkKeywords(TypedDict, total=False):
    """The fields of `ServerLinkOptions`, by name; none is required."""

    limits: Limits
    dc_ids: Container[int] | None
    secrets: Sequence[bytes]
    exchange_faults: ExchangeFaults | None
    faults: LinkFaults | None
    offload: bool


@named_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLinkOptions:
    """What a server's link is told beyond its state, its keys, the time and a source of random bytes.

    Attributes:
        limits: what is sent and accepted at most.
        dc_ids: as `ServerExchange` takes it.
        secrets: as `detect` takes it.
        exchange_faults: how exchanges misbehave.
        faults: how packets are spoilt on their way.
        offload: leave the slow steps of exchanges to whoever calls `take_work`.

    """

    limits: Limits = SERVER_LIMITS
    dc_ids: Container[int] | None = None
    secrets: Sequence[bytes] = field(default=(), repr=False)
    exchange_faults: ExchangeFaults | None = None
    faults: LinkFaults | None = None
    offload: bool = False


def server_link_options(call: str, options: ServerLinkOptions | None, named: ServerLinkKeywords) -> ServerLinkOptions:
    """Return the options of a call that takes them as one object or by name. Raises `OptionError` for both ways."""
    if options is None:
        return ServerLinkOptions(**named)
    if named:
        raise _both_ways(call, *named)
    return options


def _both_ways(call: str, *names: str) -> OptionError:
    return OptionError(f"{call}() takes its options as one object or by name, not both ways", "options", *names)
