"""The options that both clients share, as people write them (`ClientKeywords`) and as they travel (`ClientOptions`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mtproto.client.application import Application
from mtproto.errors import OptionError
from mtproto.net.options import ConnectionKeywords, ConnectionOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.exchange import Step
    from mtproto.link import LinkEvent
    from tl import Schema

__all__ = ["ClientKeywords", "ClientOptions", "client_options"]

DEFAULT_TIMEOUT = 60.0
"""Seconds a call waits by default: longer than any honest answer, short enough for a person."""


class ClientKeywords(ConnectionKeywords, total=False):
    """The fields of `ClientOptions`, by name; none is required where the ids of the application are given."""

    application: Application
    schema: Schema | None
    timeout: float | None
    trace: Callable[[Step], None] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOptions(ConnectionOptions):
    """What `connect` and `blocking.connect` are told beyond address and keys: a connection's options, and more.

    Attributes:
        application: the whole of what `initConnection` says; it takes the place of `api_id` and `api_hash`, so
            give it both.
        schema: the API schema of the calls; None takes the packaged layer.
        timeout: seconds that opening and each call may take unless the call says otherwise; None waits for ever.
        trace: called with each step of the key exchange; it sees no secret.

    Raises `OptionError` for a value that no client can have, and for options that exclude one another.

    """

    application: Application
    schema: Schema | None = None
    timeout: float | None = DEFAULT_TIMEOUT
    trace: Callable[[Step], None] | None = None

    def __post_init__(self) -> None:
        ConnectionOptions.__post_init__(self)  # a class with slots is made anew, where `super()` doesn't find it
        if self.timeout is not None and not self.timeout >= 0:  # NaN is no time either
            raise OptionError(f"no call can wait for {self.timeout} seconds", "timeout")


def client_options(api_id: int | None, api_hash: str, named: ClientKeywords) -> ClientOptions:
    """Return the options of a client.

    Args:
        api_id: the application's number; None where `application` has it.
        api_hash: its secret half; "" where `application` has it, or nobody needs it.
        named: the other options.

    Raises:
        TypeError: neither `api_id` nor `application` is given.
        OptionError: both are, and differ; or as `ClientOptions` raises it.

    """
    given: ClientKeywords = {**named, "application": _application(api_id, api_hash, named.get("application"))}
    options = ClientOptions(**given)
    if options.trace is None:
        return options
    return replace(options, on_event=_steps_and_events(options.trace, options.on_event))


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
