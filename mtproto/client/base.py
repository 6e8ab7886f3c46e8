"""What the asyncio and the blocking client have in common: everything but the waiting."""

from __future__ import annotations

from types import EllipsisType
from typing import TYPE_CHECKING, Any

from mtproto.client.calls import CallWriter
from mtproto.client.options import DEFAULT_TIMEOUT, application_of, named_proxy, schema_of

if TYPE_CHECKING:
    from mtproto.client.options import Options

__all__ = ["BaseClient", "Timeout"]

Timeout = float | None | EllipsisType
"""Seconds; None for ever; `...` for the client's own."""


class BaseClient:
    """The schema, the application and the default deadline of a client."""

    def __init__(self, api_id: int, api_hash: str, options: Options) -> None:
        self.schema = schema_of(options)
        self.application = application_of(api_id, api_hash, options)
        self.timeout = options.get("timeout", DEFAULT_TIMEOUT)
        self._writer = CallWriter(self.schema, self.application, named_proxy(options))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of api_id {self.application.api_id}, layer {self.schema.layer}>"

    def _seconds(self, timeout: Timeout) -> float | None:
        return self.timeout if isinstance(timeout, EllipsisType) else timeout

    def _decode(self, answer: bytes, request: Any) -> Any:
        return self.schema.decode(answer, request.result)
