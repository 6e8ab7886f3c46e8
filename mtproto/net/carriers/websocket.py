"""The client's end of a WebSocket, as a carrier of a stream (core.telegram.org/mtproto/transports#websocket).

The stream travels in binary messages of the subprotocol `binary`; their borders mean nothing. The framing inside is
obfuscated. The protocol WebSocket itself (RFC 6455) is `wsproto`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    RejectConnection,
    Request,
)
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import ProtocolError

from mtproto.errors import ConnectionLost, RemoteProtocolError
from mtproto.net.web_libraries import SUBPROTOCOL
from mtproto.transport import BANNER_SIZE, authority, foreign_peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtproto.net.carriers.interfaces import Carrier, CarrierLoop, Opener, Owner
    from mtproto.net.carriers.route import Route

__all__ = ["WebSocketCarrier"]

_HTTP = b"HTTP/"


class WebSocketCarrier:
    """One WebSocket, open once the server has accepted it.

    Args:
        loop: of the shell.
        route: where to; its first address is the name that the server is called by.
        owner: whoever opens it.
        open_below: opens the carrier below: TCP or TLS.

    """

    idle = False

    def __init__(self, loop: CarrierLoop, route: Route, owner: Owner, open_below: Opener) -> None:
        self._loop = loop
        self._owner = owner
        self._host = authority(route.addresses[0])
        self._path = route.path
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._asked = False
        self._accepted = False
        self._closing = False  # our Close is sent, that of the server is waited for
        self._over = False
        self._reading = False
        self._head = b""  # what the server began with
        self._unanswered: Ping | None = None  # the last one that came while nothing could be sent
        self._failure: Exception | None = None
        self._inner = open_below(loop, route, self)

    # What its owner asks -----------------------------------------------------------------------------------------

    @property
    def stage(self) -> str:
        """What it waits for until it is open."""
        return "the request for a WebSocket is not answered" if self._asked else self._inner.stage

    @property
    def writable(self) -> bool:
        """Whether `write` may be called."""
        return self._accepted and not self._closing and not self._over and self._inner.writable

    def write(self, data: bytes) -> None:
        """Send a piece of the stream, as one message."""
        self._send(BytesMessage(data=data))

    def abort(self) -> None:
        """Give it up."""
        self._over = True
        self._inner.abort()

    def close(self) -> None:
        """Close with a Close frame, and wait for that of the server (RFC 6455, section 7.1.2)."""
        if not self.writable:
            self.abort()
            return
        self._closing = True
        self._send(CloseConnection(code=CloseReason.NORMAL_CLOSURE))

    # What the carrier below tells --------------------------------------------------------------------------------

    def opened(self, carrier: Carrier) -> None:
        """Ask for a WebSocket."""
        self._inner = carrier
        self._asked = True
        self._send(Request(host=self._host, target=self._path, subprotocols=[SUBPROTOCOL]))

    def received(self, data: bytes) -> None:
        """Take what came in, in pieces of any size."""
        if self._over:
            return
        if not self._accepted:
            self._head = (self._head + data)[:BANNER_SIZE]
            if self._head[: len(_HTTP)] != _HTTP and (foreign := foreign_peer(self._head)) is not None:
                self._fail(foreign)
                return
        try:
            self._connection.receive_data(data)
        except (ProtocolError, ValueError) as error:
            self._refuse(error)
        else:
            if not self._reading:
                self._reading = True
                self._loop.spread(self._read())

    def _read(self) -> Iterator[None]:
        """Handle what came in, one event a step."""
        try:
            for event in self._connection.events():
                self._handle(event)
                if self._over:
                    return
                yield
        except (ProtocolError, ValueError) as error:  # of header values that are no text, too
            self._refuse(error)
        finally:
            self._reading = False

    def drained(self) -> None:
        """Answer the last ping that waits for an answer, then tell the owner."""
        ping, self._unanswered = self._unanswered, None
        if ping is not None and not self._over:
            self._pong(ping)
        if self._accepted:
            self._owner.drained()

    def lost(self, error: Exception | None) -> None:
        """Tell the owner. What the server did wrong is a better reason than the end of the carrier below."""
        reason = self._failure or error
        if reason is None and self._asked and not self._accepted and not self._over:
            reason = ConnectionLost("the request for a WebSocket was answered with the end of the connection")
        self._over = True
        self._owner.lost(reason)

    # Between the two ---------------------------------------------------------------------------------------------

    def _handle(self, event: Event) -> None:
        match event:
            case CloseConnection():  # its code says nothing: documented
                if not self._closing:
                    self._send(event.response())
                self._over = True
                self._inner.close()
            case _ if self._closing:
                pass
            case BytesMessage(data=data):
                self._owner.received(bytes(data))
            case AcceptConnection(subprotocol=subprotocol):
                if subprotocol != SUBPROTOCOL:
                    self._fail(RemoteProtocolError("websocket", f"the server chose no subprotocol {SUBPROTOCOL!r}"))
                    return
                self._accepted = True
                self._owner.opened(self)
            case RejectConnection(status_code=status):
                detail = f"the request for one is refused with HTTP status {status}"
                self._fail(RemoteProtocolError("websocket", detail))
            case Ping():
                self._pong(event)
            case Pong():
                pass
            case _:
                self._fail(RemoteProtocolError("websocket", "a message that is not binary"))

    def _pong(self, ping: Ping) -> None:
        """Answer a ping now if that can be sent, else keep it; only the last one is kept (RFC 6455, section 5.5.3)."""
        if self._inner.writable:
            self._send(ping.response())
        else:
            self._unanswered = ping

    def _refuse(self, error: Exception) -> None:
        failure = RemoteProtocolError("websocket", str(error))
        failure.__cause__ = error
        self._fail(failure)

    def _fail(self, error: Exception) -> None:
        self._failure = error
        self.abort()

    def _send(self, event: Event) -> None:
        try:
            self._inner.write(self._connection.send(event))
        except ProtocolError as error:  # the other end has closed it, and that was not read yet
            self._fail(RemoteProtocolError("websocket", str(error)))
