"""The options that both clients share, and how they divide between a client and its connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from mtproto.client.application import Application
    from mtproto.exchange import Step
    from mtproto.limits import Limits
    from mtproto.link import LinkEvent
    from mtproto.message.key_state import KeyState
    from mtproto.net.proxies import Proxy
    from tl import Schema

__all__ = ["ConnectionOptions", "Options", "application_of", "connection_options", "named_proxy", "schema_of"]

DEFAULT_TIMEOUT = 60.0
"""Seconds a call waits by default: longer than any honest answer, short enough for a person."""


class ConnectionOptions(TypedDict, total=False):
    """What `net.Connection` and `net.blocking.BlockingConnection` are told beyond address and keys.

    Attributes:
        dc_id: the data centre's id; 10000 is added for Telegram's test servers, media-only ones are negative. Left
            out, it is that of the `DataCenter` that is connected to, or 2.
        state: what a former run left in `client.state`; with it no exchange is made.
        transport: the framing: "abridged", "intermediate", "full" … (core.telegram.org/mtproto/mtproto-transports),
            or "websocket", "websocket-tls" or "http" (extra `web`).
        tls: what to trust for "websocket-tls"; None trusts what the system trusts.
        proxy: the way to the data centre: the tg://proxy?… link of a proxy that speaks MTProto, or an `MTProxy`, whose
            secret may ask for another framing than `transport`; or socks5://…, socks4://… or http://HOST:PORT, with
            USER:PASSWORD@ before the host where that is needed (extra `proxy`).
        pfs: whether calls travel under temporary keys only, bound to the permanent one (core.telegram.org/api/pfs);
            `state` is that of the permanent key all the same.
        expires_in: seconds that a temporary key lives; it is replaced in time. A day by default.
        limits: bounds on what is sent and accepted.
        random: a cryptographically secure source of bytes; the operating system's by default.
        trace: called with each step of the key exchange; it sees no secret.
        on_event: called with every event of the connection (`mtproto.link.LinkEvent`), in the thread that carries it:
            its states (`StatusChanged`), its keys, what happens to each call. It sees no secret.

    """

    dc_id: int
    state: KeyState | None
    transport: str
    tls: ssl.SSLContext | None
    proxy: str | Proxy | None
    pfs: bool
    expires_in: int
    limits: Limits
    random: Callable[[int], bytes]
    trace: Callable[[Step], None] | None
    on_event: Callable[[LinkEvent], None] | None


class Options(ConnectionOptions, total=False):
    """What `connect` and `blocking.connect` are told beyond address, keys and application ids.

    Attributes:
        application: the whole of what `initConnection` says; its `api_id` and `api_hash` win over the separate ones.
        schema: the API schema of the calls, by default the packaged layer.
        timeout: seconds that opening and each call may take unless the call says otherwise; None waits for ever.

    """

    application: Application
    schema: Schema
    timeout: float | None


def application_of(api_id: int, api_hash: str, options: Options) -> Application:
    """Return the application that the options name, or one made of the two ids."""
    from mtproto.client.application import Application

    return options.get("application") or Application(api_id=api_id, api_hash=api_hash)


def schema_of(options: Options) -> Schema:
    """Return the schema that the options name, or the packaged one."""
    if chosen := options.get("schema"):
        return chosen
    from tl import api

    return api.schema


def named_proxy(options: Options) -> tuple[str, int] | None:
    """Return host and port of the proxy that the options name, if it is one that speaks MTProto."""
    from mtproto.net.proxies import parse_proxy
    from mtproto.transport import MTProxy

    proxy = options.get("proxy")
    if isinstance(proxy, str):
        proxy = parse_proxy(proxy)
    return proxy.address if isinstance(proxy, MTProxy) else None


def connection_options(options: Options) -> Any:
    """Return those options that the connection takes, as its keyword arguments."""
    chosen: dict[str, Any] = {
        name: value for name, value in options.items() if name in ConnectionOptions.__annotations__
    }
    trace = chosen.pop("trace", None)
    if trace is not None:
        chosen["on_event"] = _steps_and_events(trace, chosen.get("on_event"))
    return chosen


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
