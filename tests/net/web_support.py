"""The server's end of the web in memory: a `WebServer`, a DC's state, and clients that speak by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11

from mtproto.limits import DEFAULT_LIMITS, Limits
from mtproto.link import HttpLink, ServerLink, ServerQuery, ServerSessions, SessionCarrier
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.net.servers.web_server import WebServer
from mtproto.session import ClientEvent, ClientSession, HttpWait
from tests.link.support import DC, NOW, rsa_key, seeded

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NOW", "Dc", "Visitor", "post", "read_answers"]

MAX_BYTES = 1 << 20


class Dc:
    """A data centre without sockets.

    Attributes:
        queries: the calls that came.
        flushed: the links that were told to send something that they did not ask for.

    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self.random = seeded()
        self.limits = limits
        self.state = ServerSessions(self.random, limits=limits)
        self.queries: list[ServerQuery] = []
        self.flushed: list[SessionCarrier] = []

    def client(self) -> ClientSession:
        """Return a client's session under a key that the DC knows."""
        key = AuthKey(self.random(256))
        self.state.add_key(key)
        session = ClientSession(KeyState(auth_key=key, dc_id=DC), random=self.random)
        session.connected(NOW)
        return session

    def visitor(self, now: float = NOW) -> Visitor:
        return Visitor(self, now)

    def make_link(self, kind: type[ServerLink] | type[HttpLink], now: float) -> ServerLink | HttpLink:
        if issubclass(kind, HttpLink):
            flush = self.flushed.append
            return HttpLink(self.state, [rsa_key()], now, self.random, flush=flush, limits=self.limits)
        return kind(self.state, [rsa_key()], now, self.random, limits=self.limits)


class Visitor:
    """One connection to the DC."""

    def __init__(self, dc: Dc, now: float) -> None:
        self.dc = dc
        self.now = now
        self.server = WebServer(lambda kind: dc.make_link(kind, self.now), dc.limits, now)

    def send(self, *pieces: bytes) -> bytes:
        """Send bytes, in these pieces; return what is answered at once."""
        for piece in pieces:
            self._note(self.server.received(piece, self.now))
        return self.flush()

    def flush(self) -> bytes:
        """Return what is to be sent now, all of it, when all that was received is read."""
        answer = b""
        while True:
            while data := self.server.data_to_send(self.now):
                answer += data
            if not self.server.unread:
                return answer
            self._note(self.server.read_on(self.now))

    def wait(self, seconds: float) -> bytes:
        """Let time pass; return what is sent meanwhile."""
        end = self.now + seconds
        answer = b""
        for _ in range(100):
            deadline = self.server.next_deadline()
            if deadline is None or deadline > end or self.server.closing:
                break
            self.now = max(self.now, deadline)
            self._note(self.server.tick(self.now))
            answer += self.flush()
        self.now = end
        return answer

    def _note(self, events: Iterable[object]) -> None:
        self.dc.queries += [event for event in events if isinstance(event, ServerQuery)]


def packet(client: ClientSession, now: float = NOW, wait: HttpWait | None = None, *, poll: bool = True) -> bytes:
    """Return what the client has to send."""
    made = client.next_packet(now, max_bytes=MAX_BYTES, http_wait=wait, poll=poll)
    assert made is not None
    return made.payload


def post(body: bytes, path: str = "/api", *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def read_answers(data: bytes) -> list[tuple[int, bytes, dict[bytes, bytes]]]:
    """Read answers with an independent machine: status, body, headers. It has to be all of them."""
    answers: list[tuple[int, bytes, dict[bytes, bytes]]] = []
    while data:
        reader = h11.Connection(h11.CLIENT)
        reader.send(h11.Request(method="POST", target="/", headers=[("Host", "x"), ("Content-Length", "0")]))
        reader.send(h11.EndOfMessage())
        reader.receive_data(data)
        body = b""
        while not isinstance(event := reader.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status, headers = event.status_code, dict(event.headers)
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                assert isinstance(event, h11.InformationalResponse), event
        answers.append((status, body, headers))
        data = reader.trailing_data[0]
    return answers


def heard(client: ClientSession, data: bytes, now: float = NOW) -> list[ClientEvent]:
    """Give the answers to the client; return what they mean."""
    events: list[ClientEvent] = []
    for status, body, _ in read_answers(data):
        assert status == 200
        events += client.receive(body, now)
    return events
