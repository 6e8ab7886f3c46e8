"""A server between two connections: a visitor, who came, and upstream, where the visitor is led to."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from mtproto.net.servers.endings import Ending, Reading
from mtproto.net.servers.inputs import Inputs
from mtproto.net.servers.tcp_port import TCPPort
from mtproto.net.streams import as_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from types import TracebackType
    from typing import Self

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
"""Seconds for the connection upstream to open."""


class RelayLink(Protocol):
    """The protocol between a visitor and upstream, without any I/O.

    Attributes:
        upstream: host and port to connect to; None until that is known.
        closing: the visit is over once the last bytes are sent.
        refusal: why the visitor was turned away, for the log.

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


class Relay:
    """Takes visitors in and leads each to where its link says. Belongs to one event loop.

    `async with` starts and closes it. Neither side is read faster than the other one takes it. What visitors send is
    passed on in turns.

    Args:
        new_link: makes the link of a visitor who came at a time, Unix seconds.
        clock: gives Unix seconds; never steps.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        max_visitors: how many there may be at a time; more are closed as they come.

    Attributes:
        inputs: the input of all visitors that waits, and whose turn it is; for its visitors.

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
        self._port = TCPPort(host, port)
        self._max_visitors = max_visitors
        self._new_link = new_link
        self._clock = clock
        self._visitors: set[_Visitor] = set()
        self.inputs: Inputs[_Visitor] = Inputs(READ)

    async def start(self) -> None:
        """Listen. Raises `OSError` if the address can't be had."""
        loop = asyncio.get_running_loop()
        await self._port.open(lambda: _Visitor(self, loop))

    async def close(self) -> None:
        """Stop listening and close all connections. May be called twice."""
        await self._port.close(self._send_away)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on; raises `LocalProtocolError` while it does not listen."""
        return self._port.address

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
        if not self._port.is_open or len(self._visitors) >= self._max_visitors:
            return None
        self._visitors.add(visitor)
        return self._new_link(self._clock())

    def lost(self, visitor: _Visitor) -> None:
        """Let go of a visitor."""
        self._visitors.discard(visitor)

    def now(self) -> float:
        """Return Unix seconds."""
        return self._clock()


class _Side:
    """One of the two connections of a visit; the other one may not be there yet, or any more.

    Args:
        loop: the event loop of the connection.
        listens: called when reading goes on.

    Attributes:
        ended: the peer says no more; it may still listen.
        listening: the other side takes what this one says.
        closed: set when the connection is gone.

    """

    def __init__(self, loop: asyncio.AbstractEventLoop, listens: Callable[[], None] = lambda: None) -> None:
        self._loop = loop
        self._listens = listens
        self._transport: asyncio.Transport | None = None
        self._ending: Ending
        self._reading: Reading
        self._other: _Side | None = None
        self.ended = False
        self.listening = True
        self.closed = asyncio.Event()

    def begin(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, which is open."""
        self._transport = as_stream(transport)
        self._ending = Ending(self._loop, self._transport)
        self._reading = Reading(self._transport)

    @property
    def is_open(self) -> bool:
        """Whether the connection is there."""
        return self._transport is not None

    def face(self, other: _Side) -> None:
        """Take the other side, once it is there."""
        self._other = other

    def full(self) -> None:
        """Have the other side say no more: the peer takes nothing."""
        if self._other is not None:
            self._other.listen(False)

    def drained(self) -> None:
        """Have the other side go on."""
        if self._other is not None:
            self._other.listen(True)

    def end_came(self) -> bool:
        """Tell the other side that the peer says no more; return whether to stay open for what the peer still hears."""
        self.ended = True
        if self._other is None or self._other.ended:
            return False
        self._other.end()
        return True

    def lost(self) -> None:
        """Close the other side, too: the connection is gone."""
        self._transport = None
        self._ending.over()
        if self._other is not None:
            self._other.close()
        self.closed.set()

    def listen(self, wanted: bool) -> None:
        """Read on, or read no more, because of the other side."""
        self.listening = wanted
        if self._transport is not None:
            if wanted:
                self._reading.release("the other side")
            else:
                self._reading.hold("the other side")
        if wanted:
            self._listens()

    def hold(self) -> None:
        """Read no more until `release`: what came in waits for its turn."""
        self._reading.hold("its turn")

    def release(self) -> None:
        """Read on."""
        self._reading.release("its turn")

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


class _Visitor(asyncio.BufferedProtocol):
    """The connection that came, with its link. What the visitor sends waits for its turn.

    Attributes:
        group: with whom it shares its turns: all visitors are alike.
        closed: set when the connection is gone.

    """

    group: Hashable = None

    def __init__(self, owner: Relay, loop: asyncio.AbstractEventLoop) -> None:
        self._owner = owner
        self._inputs = owner.inputs
        self._loop = loop
        self._side = _Side(loop, lambda: self._inputs.turns.want(self))
        self.closed = self._side.closed
        self._upstream: _Side | None = None
        self._link: RelayLink
        self._input = bytearray()
        self._end_waits = False  # the peer says no more, behind what waits
        self._connecting: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    # What asyncio tells ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many visitors."""
        self._side.begin(transport)
        link = self._owner.opened(self)
        if link is None:
            self.abort()
            return
        self._link = link
        self._set_timer()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes are to be read to."""
        return self._inputs.buffer()

    def buffer_updated(self, nbytes: int) -> None:
        """Take so many bytes that were read."""
        self.data_received(self._inputs.just_read(nbytes))

    def data_received(self, data: bytes | memoryview) -> None:
        """Put what came in behind what waits for its turn."""
        self._input += data
        if len(self._input) >= READ:
            self._side.hold()
        self._inputs.turns.want(self)

    def pause_writing(self) -> None:
        """Have upstream say no more."""
        self._side.full()

    def resume_writing(self) -> None:
        """Have upstream go on."""
        self._side.drained()

    def eof_received(self) -> bool:
        """Tell the other side once all that came before is passed on."""
        if self._input:
            self._end_waits = True
            return True
        return self._side.end_came()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of all."""
        self._side.lost()
        self._input.clear()
        self._inputs.turns.leave(self)
        self._owner.lost(self)
        for waiting in (self._timer, self._connecting):
            if waiting is not None:
                waiting.cancel()

    # Its turns ---------------------------------------------------------------------------------------------------

    @property
    def wants_turn(self) -> bool:
        """Whether something waits that can be passed on now."""
        return bool(self._input) and self._side.listening

    def take_turn(self) -> int:
        """Pass on a slice of what waits, and return how many units of work that was."""
        with memoryview(self._input) as view:
            data = bytes(view[:SLICE])
        del self._input[:SLICE]
        try:
            self._link.received(data, self._owner.now())
            self.flush()
        except Exception as error:  # of one visit: the other visitors go on
            logger.error("a visit ends by an unexpected error", exc_info=error)
            self._input.clear()
            self.abort()
        if not self._input:
            self._side.release()
            if self._end_waits:
                self._pass_end_on()
        return 1 + len(data) // BYTES_OF_A_UNIT

    def _pass_end_on(self) -> None:
        self._end_waits = False
        if not self._side.end_came():
            self._side.close()

    # Between the two sides ---------------------------------------------------------------------------------------

    def upstream_received(self, data: bytes) -> None:
        """Take what came from upstream; for that side only."""
        self._link.upstream_received(data, self._owner.now())
        self.flush()

    def flush(self) -> None:
        """Send what is to be sent to either side, and connect or close where the link wants it."""
        link = self._link
        self._side.write(link.data_for_visitor())
        if self._upstream is not None:
            self._upstream.write(link.data_for_upstream())
        elif link.upstream is not None and self._connecting is None:
            if link.refusal is not None:
                logger.info("a visitor is passed on: %s", link.refusal)
            self._side.listen(False)
            self._connecting = self._loop.create_task(self._connect(*link.upstream))
        if link.closing:
            logger.info("a visitor is refused: %s", link.refusal)
            self._side.close()
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
        self._upstream = upstream.side
        self._side.face(upstream.side)
        self._side.listen(True)
        self.flush()

    def upstream_side(self, loop: asyncio.AbstractEventLoop) -> _Side:
        """Return the side of a new connection upstream, which faces the visitor; for that connection only."""
        side = _Side(loop)
        side.face(self._side)
        return side

    def abort(self) -> None:
        """Close the visitor's connection at once; what was not sent is dropped."""
        self._side.abort()

    def _set_timer(self) -> None:
        """Wait for the deadline; one that has moved on is looked at again when the old one is over."""
        deadline = self._link.next_deadline()
        if self._timer is None and deadline is not None and self._side.is_open:
            self._timer = self._loop.call_later(max(0.0, deadline - self._owner.now()), self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._link.tick(self._owner.now())
        self.flush()


class _Upstream(asyncio.Protocol):
    """The connection that a visitor is led to.

    Attributes:
        side: this connection, as the visitor writes to it.

    """

    def __init__(self, loop: asyncio.AbstractEventLoop, visitor: _Visitor) -> None:
        self._visitor = visitor
        self.side = visitor.upstream_side(loop)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.side.begin(transport)

    def data_received(self, data: bytes) -> None:
        """Pass on what came in."""
        self._visitor.upstream_received(data)

    def pause_writing(self) -> None:
        """Have the visitor say no more."""
        self.side.full()

    def resume_writing(self) -> None:
        """Have the visitor go on."""
        self.side.drained()

    def eof_received(self) -> bool:
        """Tell the visitor that upstream says no more."""
        return self.side.end_came()

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the visitor's connection, too."""
        self.side.lost()
