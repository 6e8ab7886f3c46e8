"""The client's end of HTTP, as a carrier of packets (core.telegram.org/mtproto/transports#http).

    write(packet)    POST /api, the packet is its body        over one of at most two connections, which are kept
    received(packet) the body of an answer; of another status than 200: that status as an error code, 404 as -404

The server can only speak in answers. So one request always waits (`http_wait`), while a second request carries what is
to be sent meanwhile. The protocol HTTP itself is `h11`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11

from mtproto.errors import ConnectionLost, RemoteProtocolError
from mtproto.net.carriers.happy_eyeballs import open_tcp
from mtproto.transport import BANNER_SIZE, authority, foreign_peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtproto.net.carriers.interfaces import Carrier, CarrierLoop, Owner
    from mtproto.net.carriers.route import Route

__all__ = ["HttpCarrier"]

CONNECTIONS = 2
"""Requests at a time, and connections: one may always be waiting for something to tell."""

_HTTP = b"HTTP/"

_BLANK = b"\r\n"
"""Bytes that the server may send while no request is under way. Any other byte makes the borders of answers ambiguous,
and ends the connection (RFC 9112, section 9.2)."""

HEAD_SIZE = 16 * 1024
"""Bytes that the headers of an answer may have."""


class HttpCarrier:
    """Requests to one server. The carrier outlives a connection that is closed between two requests.

    Args:
        loop: of the shell.
        route: where to; its first address is the name that the server is called by.
        owner: whoever opens it.

    """

    def __init__(self, loop: CarrierLoop, route: Route, owner: Owner) -> None:
        self._loop = loop
        self._route = route
        self._owner = owner
        self._opened = False
        self._ended = False
        self._lines: list[_Line] = []
        self._new_line()

    @property
    def stage(self) -> str:
        """What it waits for until it is open."""
        return self._lines[0].stage if self._lines else ""

    @property
    def writable(self) -> bool:
        """Whether a request can be made."""
        return self._opened and not self._ended and (len(self._lines) < CONNECTIONS or self._free is not None)

    @property
    def idle(self) -> bool:
        """Whether no request is under way, so that the server can't say anything."""
        return self._opened and not self._ended and not any(line.busy for line in self._lines)

    def write(self, packet: bytes) -> None:
        """Make a request."""
        (self._free or self._new_line()).post(packet)

    def abort(self) -> None:
        """Give up all connections."""
        if not self._ended:
            self._ended = True
            self._close_lines()
            self._loop.call_soon(lambda: self._owner.lost(None))

    def close(self) -> None:
        """Do what `abort` does: a request that waits can't be ended in good order."""
        self.abort()

    @property
    def _free(self) -> _Line | None:
        return next((line for line in self._lines if line.free), None)

    def _new_line(self) -> _Line:
        line = _Line(self._loop, self._route, self)
        self._lines.append(line)
        return line

    def _close_lines(self) -> None:
        lines, self._lines = self._lines, []
        for line in lines:
            line.close()

    # What its connections tell -----------------------------------------------------------------------------------

    def line_opened(self) -> None:
        """Take notice that a connection is open."""
        if not self._opened and not self._ended:
            self._opened = True
            self._owner.opened(self)

    def answered(self, line: _Line, body: bytes) -> None:
        """Take the answer to a request. Its connection is free again, or closed."""
        if line.over and line in self._lines:
            self._lines.remove(line)
        if not self._ended:
            self._owner.received(body)

    def drained(self) -> None:
        """Pass it on."""
        if self._opened and not self._ended:
            self._owner.drained()

    def line_lost(self, line: _Line, error: Exception | None) -> None:
        """Let go of a connection. If a request was under way, its answer is lost, and the carrier ends."""
        if self._ended or line not in self._lines:
            return
        self._lines.remove(line)
        if line.busy or not self._opened:
            self._ended = True
            self._close_lines()
            self._owner.lost(error)


class _Line:
    """One connection of an `HttpCarrier`: one request after the other. The `Owner` of its socket.

    Attributes:
        busy: a request waits for its answer.
        over: the connection takes no further request.

    """

    def __init__(self, loop: CarrierLoop, route: Route, owner: HttpCarrier) -> None:
        self._loop = loop
        self._owner = owner
        self._host = authority(route.addresses[0])
        self._path = route.path
        self._largest = route.limits.frame_accepted
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_SIZE)
        self._packet: bytes | None = None  # to be sent once it is open
        self._status = 0
        self._body = bytearray()
        self._head = bytearray()  # what the connection began with
        self._open = False
        self._reading = False
        self.busy = False
        self.over = False
        self._socket = open_tcp(loop, route, self)

    @property
    def stage(self) -> str:
        """What it waits for until it is open."""
        return self._socket.stage

    @property
    def free(self) -> bool:
        """Whether a request can be made over this connection."""
        return not self.busy and not self.over and (not self._open or self._socket.writable)

    def post(self, packet: bytes) -> None:
        """Make a request."""
        self.busy = True
        if self._open:
            self._post(packet)
        else:
            self._packet = packet

    def close(self) -> None:
        """End it."""
        self.over = True
        self._socket.abort()

    def opened(self, carrier: Carrier) -> None:
        """Make the request that waits for the connection."""
        self._socket = carrier
        if self.over:
            return
        self._open = True
        packet, self._packet = self._packet, None
        if packet is not None:
            self._post(packet)
        self._owner.line_opened()

    def received(self, data: bytes) -> None:
        """Take what came in, in pieces of any size."""
        if self.over:
            return
        if len(self._head) < BANNER_SIZE:
            self._head += data[: BANNER_SIZE - len(self._head)]
            if self._head[: len(_HTTP)] != _HTTP and (foreign := foreign_peer(bytes(self._head))) is not None:
                self._fail(foreign)
                return
        if not self.busy:
            if data.strip(_BLANK):
                self._fail(RemoteProtocolError("http", "an answer to no question"))
            return
        self._http.receive_data(data)
        if not self._reading:
            self._reading = True
            self._loop.spread(self._read())

    def _read(self) -> Iterator[None]:
        """Handle what came in, one event a step."""
        try:
            while self.busy and not self.over:
                event = self._http.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                    break
                self._handle(event)
                yield
        except h11.ProtocolError as error:
            failure = RemoteProtocolError("http", str(error))
            failure.__cause__ = error
            self._fail(failure)
        finally:
            self._reading = False

    def drained(self) -> None:
        """Pass it on."""
        self._owner.drained()

    def lost(self, error: Exception | None) -> None:
        """Take the end of the connection, which may be the end of an answer, too."""
        if error is None and self.busy and self._head and not self.over:
            self._http.receive_data(b"")
            for _ in self._read():
                pass
        if not self.over:
            self.over = True
            self._owner.line_lost(self, error or ConnectionLost("the server closed the connection"))

    def _post(self, packet: bytes) -> None:
        head = [("Host", self._host), ("Connection", "keep-alive"), ("Content-Length", str(len(packet)))]
        pieces = [
            self._http.send(h11.Request(method="POST", target=self._path, headers=head)),
            self._http.send(h11.Data(data=packet)),
            self._http.send(h11.EndOfMessage()),
        ]
        self._socket.write(b"".join(piece for piece in pieces if piece))

    def _handle(self, event: object) -> None:
        if isinstance(event, h11.Response):
            self._status = event.status_code
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > self._largest:
                self._fail(RemoteProtocolError("http", f"an answer of more than {self._largest} bytes"))
        elif isinstance(event, h11.EndOfMessage):
            self._complete()

    def _complete(self) -> None:
        body = bytes(self._body) if self._status == 200 else (-self._status).to_bytes(4, "little", signed=True)
        self._body.clear()
        self.busy = False
        if not self._http.trailing_data[0] and all(state is h11.DONE for state in self._http.states.values()):
            self._http.start_next_cycle()
        else:
            self.close()
        self._owner.answered(self, body)

    def _fail(self, error: Exception) -> None:
        self.close()
        self._owner.line_lost(self, error)
