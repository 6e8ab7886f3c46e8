"""The server's end of a WebSocket, between the bytes of a connection and a link.

One duplex stream of bytes in binary messages whose borders mean nothing; inside, an obfuscated framing
(core.telegram.org/mtproto/transports#websocket). The protocol itself (RFC 6455) is `wsproto`. No I/O and no clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, Pong, Request
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import ProtocolError

from mtproto.net.web_libraries import SUBPROTOCOL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.link import ServerLink, ServerLinkEvent

__all__ = ["WebSocketServer"]

_OBFUSCATED = "obfuscated-"

FRAMES = 32
"""Frames, or pieces of them, that are read at once; the rest is left for later."""

FRAME_WORK = 3
"""Units of work, of about 10 µs each, that a frame makes by itself."""


class WebSocketServer:
    """One WebSocket that was accepted.

    Args:
        connection: the machine, open.
        answer: what accepts it.

    Attributes:
        link: gets the stream; `lead_to` names it before anything is received.
        unread: there may be input that is not read yet: `read_on` is to be called.
        frames: how many frames, or pieces of them, were read.

    """

    link: ServerLink

    def __init__(self, connection: WSConnection, answer: bytes) -> None:
        self._connection = connection
        self._outgoing = [answer]
        self._closing = False  # our Close is made; nothing else is sent any more
        self._over = False  # and nothing is waited for
        self.unread = False
        self.frames = 0

    @classmethod
    def accept(cls, headers: list[tuple[bytes, bytes]], target: bytes) -> WebSocketServer | None:
        """Return the server's end of the WebSocket that a request asks for; None if the request is wrong."""
        connection = WSConnection(ConnectionType.SERVER)
        try:
            connection.initiate_upgrade_connection(headers, target)
            [request] = connection.events()
            if not isinstance(request, Request) or SUBPROTOCOL not in request.subprotocols:
                return None
            return cls(connection, connection.send(AcceptConnection(subprotocol=SUBPROTOCOL)))
        except (ProtocolError, h11.ProtocolError, ValueError):  # of header values that are no text, too
            return None

    def lead_to(self, link: ServerLink) -> None:
        """Give the stream to a link from now on."""
        self.link = link

    def received(self, data: bytes, now: float, budget: int | None = None) -> Sequence[ServerLinkEvent]:
        """Take what came in, in pieces of any size, and return its events. Nothing is raised for wrong bytes.

        If the input is many frames, or more than the budget of the link, only its first part is read: see `unread`.
        """
        if self._over or not data:
            return ()
        self._connection.receive_data(data)
        return self.read_on(now, budget)

    def read_on(self, now: float, budget: int | None = None) -> Sequence[ServerLinkEvent]:
        """Read the next part of the input, and return its events."""
        link = self.link
        end = None if budget is None else link.work + budget
        events: list[ServerLinkEvent] = []
        if link.unread:
            events += link.read_on(now, budget)
        self.unread = link.unread or (end is not None and link.work >= end)
        if self.unread:
            return events
        for number, event in enumerate(self._connection.events(), 1):
            self.frames += 1
            events += self._handle(event, now, None if end is None else end - link.work)
            if self._over:
                break
            if number == FRAMES or link.unread or (end is not None and link.work >= end):
                self.unread = True
                break
        return events

    def _handle(self, event: Event, now: float, budget: int | None) -> Sequence[ServerLinkEvent]:
        match event:
            case CloseConnection(code=code):
                self._close(code)
            case _ if self._closing:
                pass
            case BytesMessage(data=piece):
                return self._take(bytes(piece), now, budget)
            case Ping():
                self._send(event.response())
            case Pong():
                pass
            case _:
                self._close(CloseReason.UNSUPPORTED_DATA)
        return ()

    def _take(self, piece: bytes, now: float, budget: int | None) -> Sequence[ServerLinkEvent]:
        events = self.link.received(piece, now, budget)
        name = self.link.transport_name
        if name is not None and not name.startswith(_OBFUSCATED):
            self._close(CloseReason.POLICY_VIOLATION)
        return events

    def shut_down(self) -> None:
        """Close in good order: `closing` is true once the client has answered (RFC 6455, section 7.1.2)."""
        if not self._closing:
            self._closing = True
            self._send(CloseConnection(code=CloseReason.NORMAL_CLOSURE))  # whatever the reason: documented

    def _close(self, code: int) -> None:
        self._over = True
        if not self._closing:
            self._closing = True
            self._send(CloseConnection(code=_sendable(code)))

    def _send(self, event: Event) -> None:
        self._outgoing.append(self._connection.send(event))

    def data_to_send(self, now: float) -> bytes:
        """Return what is to be sent now; call again until it is empty. What is returned counts as sent."""
        if not self._closing:
            if data := self.link.data_to_send(now):
                self._send(BytesMessage(data=data))
            elif self.link.closing:
                self._close(CloseReason.NORMAL_CLOSURE)  # whatever the reason: documented
        pieces, self._outgoing = self._outgoing, []
        return b"".join(pieces)

    @property
    def unsent(self) -> int:
        """Bytes that wait to be sent and answer input: all bytes except updates."""
        return sum(map(len, self._outgoing)) + self.link.unsent

    @property
    def closing(self) -> bool:
        """Whether the connection is to be closed once all is sent."""
        return self._over


def _sendable(code: int) -> int:
    """Return a code that a Close frame may carry, for the code of the peer (RFC 6455, section 7.4.1)."""
    unsendable = (CloseReason.NO_STATUS_RCVD, CloseReason.ABNORMAL_CLOSURE, CloseReason.TLS_HANDSHAKE_FAILED)
    return CloseReason.NORMAL_CLOSURE if code in unsendable else code
