"""The options that both clients share: by name, as users write them, and as one object, as the code passes them on."""

from __future__ import annotations

from dataclasses import dataclass
from types import EllipsisType
from typing import TYPE_CHECKING, TypeAlias, cast

from mtproto._options import named_fields
from mtproto.client.application import Application
from mtproto.errors import OptionError
from mtproto.net import ConnectionKeywords, ConnectionOptions, parse_proxy
from mtproto.transport import MTProxy

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.exchange import Step
    from mtproto.link import LinkEvent
    from mtproto.net import Proxy
    from tl import Schema

__all__ = ["ClientKeywords", "ClientOptions", "Timeout", "client_options", "named_proxy", "schema_of"]

Timeout: TypeAlias = float | EllipsisType | None
"""Seconds; None for ever; `...` for the client's own."""

DEFAULT_TIMEOUT = 60.0
"""Seconds a call waits by default: longer than any honest answer, short enough for a person."""


class ClientKeywords(ConnectionKeywords, total=False):
    """The fields of `ClientOptions`, by name; none is required where the ids of the application are given."""

    application: Application
    schema: Schema | None
    timeout: float | None
    trace: Callable[[Step], None] | None


@named_fields
@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions:
    """What `connect` and `blocking.connect` are told beyond address and keys.

    Attributes:
        application: the whole of what `initConnection` says; it takes the place of `api_id` and `api_hash`, so
            give it both.
        connection: the options of the connection; people write each of them by its own name.
        schema: the API schema of the calls; None takes the packaged layer.
        timeout: seconds that opening and each call may take unless the call says otherwise; None waits for ever.
        trace: called with each step of the key exchange; it sees no secret.

    Raises `OptionError` for a value that no client can have.

    """

    application: Application
    connection: ConnectionOptions
    schema: Schema | None = None
    timeout: float | None = DEFAULT_TIMEOUT
    trace: Callable[[Step], None] | None = None

    def __post_init__(self) -> None:
        if self.timeout is not None and not self.timeout >= 0:  # NaN is no time either
            raise OptionError(f"no call can wait for {self.timeout} seconds", "timeout")


def client_options(api_id: int | None, api_hash: str, named: ClientKeywords) -> ClientOptions:
    """Return the options of a client: the one place where those of the connection are told from its own.

    Args:
        api_id: the application's number; None where `application` has it.
        api_hash: its secret half; "" where `application` has it, or nobody needs it.
        named: the other options.

    Raises:
        TypeError: neither `api_id` nor `application` is given.
        OptionError: both are, and differ; or as `ClientOptions` and `ConnectionOptions` raise it.

    """
    application = _application(api_id, api_hash, named.get("application"))
    below = {name: value for name, value in named.items() if name in ConnectionKeywords.__annotations__}
    trace = named.get("trace")
    if trace is not None:
        below["on_event"] = _steps_and_events(trace, named.get("on_event"))
    return ClientOptions(
        application=application,
        connection=ConnectionOptions(**cast("ConnectionKeywords", below)),  # a comprehension loses the types
        schema=named.get("schema"),
        timeout=named.get("timeout", DEFAULT_TIMEOUT),
        trace=trace,
    )


def named_proxy(proxy: str | Proxy | None) -> tuple[str, int] | None:
    """Return host and port of a proxy if it is one that speaks MTProto: `initConnection` names no other."""
    if isinstance(proxy, str):
        proxy = parse_proxy(proxy)
    return proxy.address if isinstance(proxy, MTProxy) else None


def schema_of(options: ClientOptions) -> Schema:
    """Return the API schema of a client: the packaged layer, which is loaded now, unless the options name another."""
    if options.schema is not None:
        return options.schema
    from tl import api

    return api.schema


def _application(api_id: int | None, api_hash: str, given: Application | None) -> Application:
    if given is None:
        if api_id is None:
            raise TypeError("connect() wants api_id=, from my.telegram.org, or application=")
        if not isinstance(api_id, int):  # a text, as environment variables are
            raise OptionError(f"api_id is a number, not {type(api_id).__name__}", "api_id")
        return Application(api_id=api_id, api_hash=api_hash)
    if api_id not in (None, given.api_id):
        raise OptionError.excluding("application", "api_id", f"it has the api_id {given.api_id}, not {api_id}")
    if api_hash not in ("", given.api_hash):
        raise OptionError.excluding("application", "api_hash", "application.api_hash is another one, or empty")
    return given


def _steps_and_events(
    trace: Callable[[Step], None], watch: Callable[[LinkEvent], None] | None
) -> Callable[[LinkEvent], None]:
    from mtproto.link import ExchangeStep

    def on_event(event: LinkEvent) -> None:
        if watch is not None:
            watch(event)
        if isinstance(event, ExchangeStep):
            trace(event.step)

    return on_event
