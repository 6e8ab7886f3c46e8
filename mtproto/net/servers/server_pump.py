"""One connection under a `Listener`: what came in waits for its turn, and is handled slice by slice."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from mtproto.link import ServerQuery
from mtproto.net.servers.endings import Brake, Ending, Reading
from mtproto.net.servers.strangers import ROOM
from mtproto.net.servers.turns import BURST
from mtproto.net.streams import as_stream
from mtproto.net.web_libraries import has_web
from mtproto.transport import begins_http

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from mtproto.link import HttpLink, ServerLink, ServerLinkEvent, ServerWork
    from mtproto.net.servers.inputs import Inputs
    from mtproto.net.servers.slow_steps import OneAtATime
    from mtproto.net.servers.strangers import StrangersBudget
    from mtproto.net.servers.web_server import WebServer

__all__ = ["Origin", "ServerPump", "ServerPumpOwner"]

logger = logging.getLogger(__name__)

READ = 64 * 1024
"""Bytes that are read at once, and that may wait for their turn; beyond that, the connection is not read."""

LITTLE = 4 * 1024
"""The same while much waits, of all connections together."""

MUCH = 8 * 1024 * 1024
"""Bytes of all connections together that are much."""

SLICE = 1024
"""Bytes of one turn: a dozen of the smallest packets."""

LARGEST_SLICE = 16 * 1024
"""Bytes of one turn where the turns before made little work, as parts of a large packet do."""

LITTLE_WORK = 20
"""Units of work that are little for one slice."""

QUERIES = 4
"""Calls whose handlers are started in one turn."""

QUERY_WORK = 50
"""Units of work that a call counts for: the work of its handler is not known beforehand."""


class Origin(NamedTuple):
    """Where a connection comes from.

    Attributes:
        number: of the connection, which grows from one to the next.
        address: of the client.

    """

    number: int
    address: str


class ServerPumpOwner(Protocol):
    """What a pump asks of its listener, and what it tells it.

    Attributes:
        inputs: the input of all connections that waits, and whose turn it is.
        strangers: the memory of connections without an accepted packet.
        slow_steps: the slow steps of exchanges.

    """

    inputs: Inputs[ServerPump]
    strangers: StrangersBudget[ServerPump]
    slow_steps: OneAtATime[ServerPump]

    def opened(self, pump: ServerPump, /) -> ServerLink | None:
        """Take a new connection in, and return its link; None if there are too many."""

    def web_server(self, pump: ServerPump, link: ServerLink | HttpLink, /) -> WebServer:
        """Return what speaks HTTP with a new connection."""

    def lost(self, link: ServerLink | HttpLink, /) -> None:
        """Let go of a connection that has ended."""

    def flushed(self) -> None:
        """Take notice that something was sent or acknowledged."""

    def dispatch(self, events: Iterable[ServerLinkEvent], /) -> None:
        """Take the events of a link."""

    def now(self) -> float:
        """Return Unix seconds."""


class ServerPump(asyncio.BufferedProtocol):
    """One connection under a `Listener`.

    Attributes:
        link: its link; None before and after.
        group: with whom it shares its turns: the id of the auth key that it has shown to hold, None before that.

    """

    def __init__(self, owner: ServerPumpOwner, loop: asyncio.AbstractEventLoop, number: int = 0) -> None:
        self._owner = owner
        self._inputs = owner.inputs
        self._loop = loop
        self._number = number
        self.link: ServerLink | HttpLink | None = None
        self.group: Hashable = None
        self._link: ServerLink | WebServer | None = None  # takes the bytes: the link, or the web server before it
        self._web: WebServer | None = None  # the web server, where there is one
        self._leaving: ServerLink | HttpLink | None = None  # of a connection that is gone, while it has input left
        self._head: bytes | None = b""  # the first bytes, while it is not known whether they are HTTP
        self._input = bytearray()  # waits for its turn
        self._events: deque[ServerLinkEvent] = deque()  # likewise
        self._slice = SLICE
        self._ended = False  # the peer says no more
        self._transport: asyncio.Transport
        self._writable = True
        self._flush_planned = False
        self._timer: asyncio.TimerHandle | None = None
        self._received: int | None = 0  # bytes, while no packet is accepted
        self._ticked = 0.0  # Unix seconds of the last tick
        self._ending: Ending
        self._reading: Reading
        self._brake: Brake
        self.closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many connections."""
        self._transport = as_stream(transport)
        self._ending = Ending(self._loop, self._transport)
        self._reading = Reading(self._transport)
        self._brake = Brake(self._loop, self._transport, self._reading)
        self._link = self.link = self._owner.opened(self)
        if self._link is None:
            self._transport.abort()
        else:
            self._set_timer(self._link)

    @property
    def origin(self) -> Origin:
        """Where the connection comes from."""
        peer = self._transport.get_extra_info("peername")
        return Origin(self._number, str(peer[0]) if peer else "")

    def use(self, link: ServerLink | HttpLink) -> None:
        """Go on with another link, under the web server that takes the bytes."""
        self.link = link

    # What comes in -----------------------------------------------------------------------------------------------

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes are to be read to."""
        return self._inputs.buffer()

    def buffer_updated(self, nbytes: int) -> None:
        """Take so many bytes that were read."""
        self.data_received(self._inputs.just_read(nbytes))

    def data_received(self, data: bytes | memoryview) -> None:
        """Put what came in behind what waits for its turn."""
        if self._link is None or self._link.closing:
            return
        if self._received is not None:
            self._received += len(data)
        self._input += data
        self._inputs.came(len(data))
        if len(self._input) > self._inputs.room:
            self._reading.hold(self)
        self._inputs.turns.want(self)
        if self._input:
            self._count()

    def eof_received(self) -> bool:
        """Handle what waits before the connection is closed, as if it had not been read yet."""
        self._ended = True
        return self._has_input and self._transport.get_extra_info("ssl_object") is None  # TLS can't wait

    @property
    def _has_input(self) -> bool:
        return bool(self._input) or (self._link is not None and self._link.unread)

    @property
    def wants_turn(self) -> bool:
        """Whether something waits that can be handled now."""
        if self._events or self._leaving is not None:
            return True
        return self._link is not None and (self._flush_planned or (self._has_input and not self._brake.holds))

    def take_turn(self) -> int:
        """Send what is to be sent, handle a slice of what waits, and return how many units of work that was."""
        units = 1
        try:
            if self._flush_planned:
                units += self._flush()
            if not self._events and self._link is not None and self._has_input and not self._brake.holds:
                units += self._take_slice()
            elif not self._events and self._leaving is not None:
                units += self._leave(self._leaving)
            units += self._dispatch()
        except Exception as error:  # of one connection: the others go on
            logger.error("a connection ends by an unexpected error", exc_info=error)
            self._events.clear()
            self.let_go()
            self._forget_input()
            self._flush_planned = False
            self.abort()
        return units

    def _take_slice(self) -> int:
        """Give the link a slice of the input."""
        now, link = self._owner.now(), self._link
        before = link.work if link is not None else 0
        size = 0
        if link is not None and link.unread:
            self._events += link.read_on(now, BURST)
        else:
            data = self._cut()
            size = len(data)
            if self._head is not None and self.link is not None:
                data = self._begin(data, self.link)
            if self._link is None:
                return 0
            self._events += self._link.received(data, now, BURST)
        link = self._link
        if link is None:
            return 0
        work = max(0, link.work - before)  # HTTP that has just begun has no link yet
        if work > LITTLE_WORK:
            self._slice = SLICE
        elif size >= self._slice:  # a full one: less tells nothing of what a larger one makes
            self._slice = min(2 * self._slice, LARGEST_SLICE)
        self._after(link)
        return work + (size >> 10)

    def _leave(self, link: ServerLink | HttpLink) -> int:
        """Handle the input that is left of a connection that is gone; then let go of its link."""
        before = link.work
        self._events += link.read_on(self._owner.now(), BURST)
        if not link.unread:
            self.let_go()
        return link.work - before

    def let_go(self) -> None:
        """Drop the input that is left of a connection that is gone, and let go of its link."""
        link, self._leaving = self._leaving, None
        if link is not None:
            self._owner.lost(link)

    def _after(self, link: ServerLink | WebServer) -> None:
        """Do what follows from a slice, apart from its events."""
        if self.link is not None and self.link.key_id is not None:
            self.group = self.link.key_id
        if link.closing:
            self._forget_input()
        self._offload(link)
        if not self._writable:
            self._brake.hold(link.unsent)
        self.plan_flush()
        self._count()

    def _cut(self) -> bytes:
        """Take a slice from the input."""
        if len(self._input) <= self._slice:
            data = bytes(self._input)
            self._input.clear()
        else:
            with memoryview(self._input) as view:
                data = bytes(view[: self._slice])
            del self._input[: self._slice]  # moves no bytes: a bytearray only shifts where it begins
        self._inputs.went(len(data))
        if len(self._input) <= self._inputs.room // 2:
            self._reading.release(self)
        return data

    def _forget_input(self) -> None:
        self._inputs.went(len(self._input))
        self._input.clear()

    def _begin(self, data: bytes, link: ServerLink | HttpLink) -> bytes:
        """Look whether the connection begins as HTTP, and return what is to be read now."""
        head = (self._head or b"") + data
        http = begins_http(head)
        if http is None:
            self._head = head
            return b""
        self._head = None
        if http and has_web():
            self._link = self._web = self._owner.web_server(self, link)
        return head

    def _dispatch(self) -> int:
        """Pass events on, up to `QUERIES` calls; return the units of work that these count for."""
        some: list[ServerLinkEvent] = []
        queries = 0
        while self._events and queries < QUERIES:
            event = self._events.popleft()
            queries += isinstance(event, ServerQuery)
            some.append(event)
        if some:
            self._owner.dispatch(some)
        return QUERY_WORK * queries

    def _count(self) -> None:
        """Count the bytes of a connection until a packet of it is accepted: the bytes that came, and those unsent."""
        if self._received is None or self.link is None or self._link is None or self._transport.is_closing():
            return
        if self.link.accepted:
            self._received = None
            self._owner.strangers.forget(self)
            return
        unsent = self._link.unsent + self._transport.get_write_buffer_size()
        largest = self._owner.strangers.note(self, ROOM * self._received + unsent)
        if largest is not None:
            logger.info("cutting the connection that holds most, of those without an accepted packet")
            largest.abort()

    # What goes out -----------------------------------------------------------------------------------------------

    def pause_writing(self) -> None:
        """Send nothing more for now: the peer takes nothing."""
        self._writable = False

    def resume_writing(self) -> None:
        """Send on, and go on with what waits."""
        self._writable = True
        self._brake.release()
        self.plan_flush()

    def plan_flush(self) -> None:
        """Send when the loop has gone round, and the turn comes: answers that come together travel together."""
        if self._link is not None:
            self._flush_planned = True
            self._inputs.turns.want(self, later=True)

    def _flush(self) -> int:
        """Send what is to be sent, and return how many units of work that was."""
        self._flush_planned = False
        link, units = self._link, 0
        if link is None:
            return 0
        while (
            self._writable and not self._transport.is_closing() and (data := link.data_to_send(self._owner.now()))
        ):  # data that is not taken out of the link now goes out over the next connection
            self._transport.write(data)
            units += 1 + (len(data) >> 10)
        self._owner.flushed()
        if link.closing or (self.link is not None and self.link.closing):
            self._ending.begin()  # even if the peer does not read its last bytes
        if self._writable and (link.closing or (self._ended and not self._has_input)):
            self._ending.close()
        self._set_timer(link)
        return units

    # Time --------------------------------------------------------------------------------------------------------

    def _set_timer(self, link: ServerLink | WebServer) -> None:
        deadline = link.next_deadline()
        if deadline is None or link.closing or self._transport.is_closing():
            return
        if not self._writable and deadline <= self._ticked:
            return  # the link knows, and waits until something can be sent
        when = self._loop.time() + max(0.0, deadline - self._owner.now())
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._link is not None:
            self._ticked = self._owner.now()
            self._owner.dispatch(self._link.tick(self._ticked))
            self.plan_flush()

    # Slow steps --------------------------------------------------------------------------------------------------

    def _offload(self, link: ServerLink | WebServer) -> None:
        """Have the next slow step of an exchange run in a thread."""
        work = link.take_work(self._owner.now())
        if work is not None:
            self._owner.slow_steps.run(self, work.run, lambda done: self._finish(work, done))

    def _finish(self, work: ServerWork, done: asyncio.Future[None]) -> None:
        link = self._link
        if link is not None and not done.cancelled():
            done.result()
            self._owner.dispatch(link.finish_work(work))
            self._offload(link)
            self.plan_flush()

    # The end -----------------------------------------------------------------------------------------------------

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of all; calls that came before are still made."""
        link, self.link, self._link, self._web = self.link, None, None, None
        if self._timer is not None:
            self._timer.cancel()
        self._ending.over()
        self._brake.release()
        self._received = None
        self._forget_input()
        self._owner.strangers.forget(self)
        self._owner.slow_steps.leave(self)
        if link is not None and link.unread:
            self._leaving = link
            self._inputs.turns.want(self, later=True)
        elif link is not None:
            self._owner.lost(link)
        if not self.wants_turn:  # else the calls that came before are still made
            self._inputs.turns.leave(self)
        self.closed.set()

    def abort(self) -> None:
        """Close at once; what was not sent is dropped."""
        self._transport.abort()

    def shut_down(self) -> bool:
        """Begin to close in good order; return False where the protocol has no such thing."""
        if self._web is None or self._link is None or not self._writable or not self._web.shut_down():
            return False
        self._flush()
        return True
