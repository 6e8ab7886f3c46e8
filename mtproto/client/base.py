"""What the asyncio and the blocking client have in common: everything but the waiting."""

from __future__ import annotations

from types import EllipsisType
from typing import TYPE_CHECKING, Any

from mtproto.client.calls import CallWriter, innermost
from mtproto.errors import DeadlineExceeded
from mtproto.net.route_options import parse_proxy
from mtproto.transport import MTProxy

if TYPE_CHECKING:
    from mtproto.client.options import ClientOptions
    from mtproto.net.route_options import Proxy
    from tl import Schema

__all__ = ["BaseClient", "Timeout", "named_proxy"]

Timeout = float | None | EllipsisType
"""Seconds; None for ever; `...` for the client's own."""


class BaseClient:
    """The schema, the application and the default deadline of a client."""

    def __init__(self, options: ClientOptions) -> None:
        self.schema = _packaged() if options.schema is None else options.schema
        self.application = options.application
        self.timeout = options.timeout
        self._elements = options.limits.elements
        self._writer = CallWriter(self.schema, self.application, named_proxy(options.proxy))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of api_id {self.application.api_id}, layer {self.schema.layer}>"

    def _seconds(self, timeout: Timeout) -> float | None:
        return self.timeout if isinstance(timeout, EllipsisType) else timeout

    @staticmethod
    def _left(end: float | None, now: float) -> float | None:
        """Return the seconds that a call has left for another attempt; both times are of one clock.

        Raises:
            DeadlineExceeded: there are none.

        """
        if end is None:
            return None
        if now >= end:
            raise DeadlineExceeded("no time was left to send the call again, behind initConnection")
        return end - now

    def _decode(self, answer: bytes, request: Any) -> Any:
        """Return the answer as an object of the client's schema; of the method's own one where that is another."""
        query = innermost(request)
        schema = self.schema if query.SCHEMA is self.schema or query.NAME in self.schema else query.SCHEMA
        return schema.decode(answer, request.result, elements=self._elements)


def named_proxy(proxy: str | Proxy | None) -> tuple[str, int] | None:
    """Return host and port of a proxy if it is one that speaks MTProto: `initConnection` names no other."""
    if isinstance(proxy, str):
        proxy = parse_proxy(proxy)
    return proxy.address if isinstance(proxy, MTProxy) else None


def _packaged() -> Schema:
    from tl import api

    return api.schema
