"""What is done with the transport of a connection on every event loop, asyncio's own and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import asyncio

__all__ = ["LINGER", "Ending", "as_stream"]

LINGER = 5.0
"""Seconds that a connection which is to be closed may take to send its last bytes."""


def as_stream(transport: asyncio.BaseTransport) -> asyncio.Transport:
    """Return the transport of a TCP connection as what it is.

    The class is not looked at: transports of other event loops (uvloop) do all that `asyncio.Transport` does, and do
    not inherit from it.
    """
    return cast("asyncio.Transport", transport)


class Ending:
    """The end of one connection: told to close, it is gone after `LINGER` seconds, whether the peer reads or not.

    Args:
        loop: the event loop of the connection.
        transport: its transport.

    """

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport) -> None:
        self._loop = loop
        self._transport = transport
        self._last: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Give the connection `LINGER` seconds from the first call on; after that, what was not sent is dropped."""
        if self._last is None:
            self._last = self._loop.call_later(LINGER, self._transport.abort)

    def close(self) -> None:
        """Close the connection once what was written is sent, or `LINGER` seconds are over."""
        self.begin()
        if not self._transport.is_closing():
            self._transport.close()

    def over(self) -> None:
        """Take notice that the connection is gone."""
        if self._last is not None:
            self._last.cancel()
