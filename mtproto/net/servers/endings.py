"""How a server's connection ends, and when it is not read: `Ending`, `Reading` and `Brake`, parts of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

__all__ = ["LINGER", "OUTPUT", "STALL_TIME", "Brake", "Ending", "Reading"]

LINGER = 5.0
"""Seconds that a connection may take to send its last bytes once it is told to close."""

OUTPUT = 64 * 1024
"""Bytes that may wait for a peer that takes nothing; beyond that, the peer is not read any more."""

STALL_TIME = 60.0
"""Seconds without reading, since the peer takes nothing, after which the connection is cut."""


class Ending:
    """The end of one connection. After `begin`, the connection is gone within `LINGER` seconds, even if the peer does
    not read.

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


class Reading:
    """Whether one connection is read. Several parts may hold it; it is read while none does.

    Args:
        transport: of the connection.

    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._holders: set[object] = set()

    def hold(self, who: object) -> None:
        """Stop reading, until `who` calls `release`."""
        if not self._holders and not self._transport.is_closing():
            self._transport.pause_reading()
        self._holders.add(who)

    def release(self, who: object) -> None:
        """Read on, unless another part still holds the connection."""
        if who in self._holders:
            self._holders.remove(who)
            if not self._holders and not self._transport.is_closing():
                self._transport.resume_reading()


class Brake:
    """Stops the reading of one connection while too many bytes wait for a peer that takes none.

    So the answers to input (pongs, acks, refusals) are bounded: by `OUTPUT`, and by the answers to one slice of input.
    Reading goes on as soon as the peer takes something. If the peer takes nothing for `STALL_TIME`, the connection is
    cut.

    Args:
        loop: the event loop of the connection.
        transport: its transport.
        reading: stops and goes on; other holders of it are not disturbed.

    """

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, reading: Reading) -> None:
        self._loop = loop
        self._transport = transport
        self._reading = reading
        self._stalled: asyncio.TimerHandle | None = None
        self._left = 0  # bytes that the peer had not taken at the last look

    @property
    def holds(self) -> bool:
        """Whether the connection is not to be read now."""
        return self._stalled is not None

    def hold(self, waiting: int) -> None:
        """Stop reading if more than `OUTPUT` of `waiting` bytes wait. Called while nothing can be written."""
        if waiting > OUTPUT and self._stalled is None and not self._transport.is_closing():
            self._reading.hold(self)
            self._watch()

    def _watch(self) -> None:
        self._left = self._transport.get_write_buffer_size()
        self._stalled = self._loop.call_later(STALL_TIME, self._look)

    def _look(self) -> None:
        """Cut the connection, unless its peer has taken at least one byte."""
        if self._transport.get_write_buffer_size() < self._left:
            self._watch()
        else:
            self._transport.abort()

    def release(self) -> None:
        """Read on: the peer has taken something, or the connection is gone."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
            self._reading.release(self)
