"""The client's end of a WebSocket, as a carrier of a stream (core.telegram.org/mtproto/transports#websocket).

Binary messages of the subprotocol `binary`, whose borders mean nothing; what runs inside is obfuscated. The protocol
itself (RFC 6455) is `wsproto`.
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
from wsproto.utilities import ProtocolError

from mtproto.errors import RemoteProtocolError, TransportError
from mtproto.net.carrier import authority

if TYPE_CHECKING:
    from mtproto.net.carrier import Carrier, Loop, Opener, Owner, Route

__all__ = ["WebSocketCarrier"]

SUBPROTOCOL = "binary"


class WebSocketCarrier:
    """One WebSocket, open once the server has accepted it.

    Args:
        loop: of the shell.
        route: where to; its first address is the name that the server is called by.
        owner: whoever opens it.
        open_below: opens what it runs over: TCP or TLS.

    """

    idle = False

    def __init__(self, loop: Loop, route: Route, owner: Owner, open_below: Opener) -> None:
        self._owner = owner
        self._host = authority(route.addresses[0])
        self._path = route.path
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._accepted = False
        self._over = False
        self._failure: Exception | None = None
        self._inner = open_below(loop, route, self)

    # What its owner asks -----------------------------------------------------------------------------------------

    @property
    def writable(self) -> bool:
        """Whether `write` may be called."""
        return self._accepted and not self._over and self._inner.writable

    def write(self, data: bytes) -> None:
        """Send a piece of the stream, as one message."""
        self._send(BytesMessage(data=data))

    def abort(self) -> None:
        """Give it up."""
        self._over = True
        self._inner.abort()

    # What the carrier below tells --------------------------------------------------------------------------------

    def opened(self, carrier: Carrier) -> None:
        """Ask for a WebSocket."""
        self._inner = carrier
        self._send(Request(host=self._host, target=self._path, subprotocols=[SUBPROTOCOL]))

    def received(self, data: bytes) -> None:
        """Take what came in, in pieces of any size."""
        if self._over:
            return
        try:
            self._connection.receive_data(data)
            for event in self._connection.events():
                self._handle(event)
                if self._over:
                    return
        except (ProtocolError, ValueError) as error:  # of header values that are no text, too
            self._fail(RemoteProtocolError("websocket", str(error)))

    def drained(self) -> None:
        """Pass it on."""
        if self._accepted:
            self._owner.drained()

    def lost(self, error: Exception | None) -> None:
        """Tell the owner; what the server did wrong is the better reason."""
        self._over = True
        self._owner.lost(self._failure or error)

    # Between the two ---------------------------------------------------------------------------------------------

    def _handle(self, event: Event) -> None:
        match event:
            case BytesMessage(data=data):
                self._owner.received(bytes(data))
            case AcceptConnection(subprotocol=subprotocol):
                if subprotocol != SUBPROTOCOL:
                    self._fail(RemoteProtocolError("websocket", f"the server chose no subprotocol {SUBPROTOCOL!r}"))
                    return
                self._accepted = True
                self._owner.opened(self)
            case RejectConnection(status_code=status):
                self._fail(TransportError(-status))
            case Ping():
                self._send(event.response())
            case Pong():
                pass
            case CloseConnection():  # its code says nothing: documented
                self._send(event.response())
                self.abort()
            case _:
                self._fail(RemoteProtocolError("websocket", "a message that is not binary"))

    def _fail(self, error: Exception) -> None:
        self._failure = error
        self.abort()

    def _send(self, event: Event) -> None:
        try:
            self._inner.write(self._connection.send(event))
        except ProtocolError as error:  # the other end has closed it, and that was not read yet
            self._fail(RemoteProtocolError("websocket", str(error)))
