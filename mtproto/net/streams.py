"""The transport of a TCP connection, on every event loop: asyncio's own, and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import asyncio

__all__ = ["as_stream"]


def as_stream(transport: asyncio.BaseTransport) -> asyncio.Transport:
    """Return the transport of a TCP connection as what it is.

    The class is not looked at: transports of other event loops (uvloop) do all that `asyncio.Transport` does, and do
    not inherit from it.
    """
    return cast("asyncio.Transport", transport)
