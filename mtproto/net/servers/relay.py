"""A shell for machines that stand between two connections: one that came, and one that it leads to."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from mtproto.net.servers.endings import Ending, Reading
from mtproto.net.servers.tcp_port import TCPServer
from mtproto.net.servers.turns import Turns
from mtproto.net.streams import as_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Relay", "RelayLink"]

logger = logging.getLogger(__name__)

MAX_VISITORS = 4096
"""Visitors at a time; more are closed as they come."""

READ = 32 * 1024
"""Bytes of one visitor that are read at once, and that may wait for their turn before nothing more is read."""

SLICE = 16 * 1024
"""Bytes of one turn."""

BYTES_OF_A_UNIT = 64
"""Bytes of a visitor that make one unit of work (10 µs), cut into the smallest records."""

CONNECT_TIME = 10.0
"""Seconds for the second connection to come about."""


class RelayLink(Protocol):
    """What happens between a visitor and whoever it is led to, without any I/O.

    Attributes:
        upstream: host and port to connect to; None until that is known.
        closing: it is over, but for bytes that are still to be sent.
        refusal: why somebody was turned away, for the log.

    """

    upstream: tuple[str, int] | None
    closing: bool
    refusal: str | None

    def received(self, data: bytes, now: float) -> None:
        """Take what the visitor sent."""

    def upstream_received(self, data: bytes, now: float) -> None:
        """Take what came from upstream."""

    def data_for_visitor(self) -> bytes:
        """Return what is to be sent to the visitor now."""

    def data_for_upstream(self) -> bytes:
        """Return what is to be sent upstream now."""

    def next_deadline(self) -> float | None:
        """Return when to call `tick`, Unix seconds; None if nothing waits for a time."""

    def tick(self, now: float) -> None:
        """Do what is due."""


class Relay(TCPServer):
    """Takes visitors in and leads each to where its link says. Belongs to one event loop.

    Neither side is read faster than the other one takes it. What visitors send is passed on in turns.

    Args:
        new_link: makes the link of a visitor who came at a time, Unix seconds.
        clock: gives Unix seconds; never steps.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        max_visitors: how many there may be at a time; more are closed as they come.

    Attributes:
        turns: whose bytes are passed on next; for its visitors.
        buffer: what the next bytes of any visitor are read to, and copied from at once; likewise.

    """

    def __init__(
        self,
        new_link: Callable[[float], RelayLink],
        clock: Callable[[], float],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        max_visitors: int = MAX_VISITORS,
    ) -> None:
        super().__init__(host, port)
        self._max_visitors = max_visitors
        self._new_link = new_link
        self._clock = clock
        self._visitors: set[_Visitor] = set()
        self.turns: Turns[_Visitor] = Turns(lambda callback: asyncio.get_running_loop().call_soon(callback))
        self.buffer = memoryview(bytearray(READ))

    def _take_in(self, loop: asyncio.AbstractEventLoop) -> _Visitor:
        return _Visitor(self, loop)

    async def _send_away(self) -> None:
        visitors = list(self._visitors)
        for visitor in visitors:
            visitor.abort()
        await asyncio.gather(*(visitor.closed.wait() for visitor in visitors))

    @property
    def visitors(self) -> int:
        """How many visitors there are."""
        return len(self._visitors)

    # For its visitors --------------------------------------------------------------------------------------------

    def opened(self, visitor: _Visitor) -> RelayLink | None:
        """Take a visitor in, and return its link; None if there are too many."""
        if self._server is None or len(self._visitors) >= self._max_visitors:
            return None
        self._visitors.add(visitor)
        return self._new_link(self._clock())

    def lost(self, visitor: _Visitor) -> None:
        """Let go of a visitor."""
        self._visitors.discard(visitor)

    def now(self) -> float:
        """Return Unix seconds."""
        return self._clock()


class _Side(asyncio.BaseProtocol):
    """One of the two connections; the other one may not be there yet, or any more."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._ending: Ending
        self._reading: Reading
        self._listens = True
        self.other: _Side | None = None
        self.ended = False  # the peer says no more; it may still listen
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = as_stream(transport)
        self._ending = Ending(self._loop, self._transport)
        self._reading = Reading(self._transport)

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.listen(False)

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.listen(True)

    def eof_received(self) -> bool:
        """Tell the other side, and stay open for what it still has to say."""
        self.ended = True
        if self.other is None or self.other.ended:
            return False
        self.other.end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._ending.over()
        if self.other is not None:
            self.other.close()
        self.closed.set()

    def listen(self, wanted: bool) -> None:
        """Read on, or don't."""
        self._listens = wanted
        if self._transport is not None:
            if wanted:
                self._reading.release("the other side")
            else:
                self._reading.hold("the other side")

    def write(self, data: bytes) -> None:
        """Send, unless the connection is gone."""
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def end(self) -> None:
        """Say no more, once all is sent."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def close(self) -> None:
        """Close, once all is sent."""
        if self._transport is not None:
            self._ending.close()

    def abort(self) -> None:
        """Close at once; what was not sent is dropped."""
        if self._transport is not None:
            self._transport.abort()


class _Visitor(_Side, asyncio.BufferedProtocol):
    """The connection that came. What it sends waits for its turn.

    Attributes:
        group: with whom it shares its turns: all visitors are alike.

    """

    group: Hashable = None

    def __init__(self, owner: Relay, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._owner = owner
        self._link: RelayLink
        self._input = bytearray()
        self._end_waits = False  # the peer says no more, behind what waits
        self._connecting: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        link = self._owner.opened(self)
        if link is None:
            self.abort()
            return
        self._link = link
        self._set_timer()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes are to be read to."""
        return self._owner.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take so many bytes that were read."""
        self.data_received(self._owner.buffer[:nbytes])

    def data_received(self, data: bytes | memoryview) -> None:
        """Put what came in behind what waits for its turn."""
        self._input += data
        if len(self._input) >= READ:
            self._reading.hold("its turn")
        self._owner.turns.want(self)

    def listen(self, wanted: bool) -> None:
        """Read on, and go on with what waits, or don't."""
        super().listen(wanted)
        if wanted:
            self._owner.turns.want(self)

    @property
    def wants_turn(self) -> bool:
        """Whether something waits that can be passed on now."""
        return bool(self._input) and self._listens

    def take_turn(self) -> int:
        """Pass on a slice of what waits, and return how many units of work that was."""
        with memoryview(self._input) as view:
            data = bytes(view[:SLICE])
        del self._input[:SLICE]
        try:
            self._link.received(data, self._owner.now())
            self.flush()
        except Exception as error:  # the other visitors go on, whatever it is
            logger.error("a visit ends by an unexpected error", exc_info=error)
            self._input.clear()
            self.abort()
        if not self._input:
            self._reading.release("its turn")
            if self._end_waits:
                self._pass_end_on()
        return 1 + len(data) // BYTES_OF_A_UNIT

    def eof_received(self) -> bool:
        """Tell the other side once all that came before is passed on."""
        if self._input:
            self._end_waits = True
            return True
        return super().eof_received()

    def _pass_end_on(self) -> None:
        self._end_waits = False
        if not super().eof_received():
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of all."""
        super().connection_lost(exc)
        self._input.clear()
        self._owner.turns.leave(self)
        self._owner.lost(self)
        for waiting in (self._timer, self._connecting):
            if waiting is not None:
                waiting.cancel()

    def upstream_received(self, data: bytes) -> None:
        """Take what came from upstream; for that side only."""
        self._link.upstream_received(data, self._owner.now())
        self.flush()

    def flush(self) -> None:
        """Send what is to be sent to either side, and connect or close where the link wants it."""
        link = self._link
        self.write(link.data_for_visitor())
        if self.other is not None:
            self.other.write(link.data_for_upstream())
        elif link.upstream is not None and self._connecting is None:
            if link.refusal is not None:
                logger.info("a visitor is passed on: %s", link.refusal)
            self.listen(False)
            self._connecting = self._loop.create_task(self._connect(*link.upstream))
        if link.closing:
            logger.info("a visitor is refused: %s", link.refusal)
            self.close()
        else:
            self._set_timer()

    async def _connect(self, host: str, port: int) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIME):
                _, upstream = await self._loop.create_connection(lambda: _Upstream(self._loop, self), host, port)
        except OSError as error:
            logger.info("could not connect to %s:%d: %s", host, port, error)
            self.abort()
            return
        self.other = upstream
        self.listen(True)
        self.flush()

    def _set_timer(self) -> None:
        """Wait for the deadline; one that has moved on is looked at again when the old one is over."""
        deadline = self._link.next_deadline()
        if self._timer is None and deadline is not None and self._transport is not None:
            self._timer = self._loop.call_later(max(0.0, deadline - self._owner.now()), self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._link.tick(self._owner.now())
        self.flush()


class _Upstream(_Side, asyncio.Protocol):
    """The connection that a visitor is led to."""

    def __init__(self, loop: asyncio.AbstractEventLoop, visitor: _Visitor) -> None:
        super().__init__(loop)
        self._visitor = visitor
        self.other = visitor

    def data_received(self, data: bytes) -> None:
        self._visitor.upstream_received(data)
