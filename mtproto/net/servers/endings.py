"""What is done with the transport of a connection on every event loop, asyncio's own and others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

__all__ = ["LINGER", "OUTPUT", "STALL_TIME", "Brake", "Ending", "Reading"]

LINGER = 5.0
"""Seconds that a connection which is to be closed may take to send its last bytes."""

OUTPUT = 64 * 1024
"""Bytes that may wait for a peer that does not read before nothing more is read of it."""

STALL_TIME = 60.0
"""Seconds after which a connection is cut that could not be read for so long, since its peer takes nothing."""


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


class Reading:
    """Whether one connection is read: not while anybody holds it.

    Args:
        transport: of the connection.

    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._holders: set[object] = set()

    def hold(self, who: object) -> None:
        """Stop reading, until `who` releases it again."""
        if not self._holders and not self._transport.is_closing():
            self._transport.pause_reading()
        self._holders.add(who)

    def release(self, who: object) -> None:
        """Read on, unless somebody else holds it."""
        if who in self._holders:
            self._holders.remove(who)
            if not self._holders and not self._transport.is_closing():
                self._transport.resume_reading()


class Brake:
    """Stops the reading of one connection while its peer takes nothing of too much that waits for it.

    Whatever answers what comes in (pongs, acks, refusals) is so bounded by `OUTPUT`, and by the answers to the bytes of
    one slice. Reading goes on as soon as the peer takes something; a connection without that is cut after `STALL_TIME`.

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
        """Whether nothing more is to be read now."""
        return self._stalled is not None

    def hold(self, waiting: int) -> None:
        """Stop reading if too much waits; to be called while nothing can be written. `waiting`: bytes."""
        if waiting > OUTPUT and self._stalled is None and not self._transport.is_closing():
            self._reading.hold(self)
            self._watch()

    def _watch(self) -> None:
        self._left = self._transport.get_write_buffer_size()
        self._stalled = self._loop.call_later(STALL_TIME, self._look)

    def _look(self) -> None:
        """Cut the connection, unless its peer has taken something, however slowly."""
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
