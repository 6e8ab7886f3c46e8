"""A transport without a socket, whose peer reads or does not read as a test says."""

from __future__ import annotations

import asyncio

__all__ = ["FakeTransport"]

HIGH_WATER = 64 * 1024


class FakeTransport(asyncio.Transport):
    """Keeps what is written while the peer does not read.

    Args:
        protocol: what is told of it.
        reads: whether the peer reads.

    Attributes:
        held: what the peer has not taken.
        aborted: whether the connection was cut.
        written: bytes that were written, taken or not.

    """

    def __init__(self, protocol: asyncio.Protocol | asyncio.BufferedProtocol, *, reads: bool = True) -> None:
        super().__init__()
        self._protocol = protocol
        self._reads = reads
        self._reading = True
        self._closing = False
        self.held = b""
        self.aborted = False
        self.written = 0
        protocol.connection_made(self)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += len(data)
        if self._reads or self._closing:
            return
        before, self.held = len(self.held), self.held + data
        if before <= HIGH_WATER < len(self.held):
            self._protocol.pause_writing()

    def read_all(self) -> None:
        """Let the peer take all that it has not taken."""
        stopped, self.held = len(self.held) > HIGH_WATER, b""
        if stopped:
            self._protocol.resume_writing()

    def get_write_buffer_size(self) -> int:
        return len(self.held)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True
        if not self.held:
            self._end()

    def abort(self) -> None:
        if not self.aborted:
            self._closing = self.aborted = True
            self._end()

    def _end(self) -> None:
        asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def is_reading(self) -> bool:
        return self._reading and not self._closing

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
