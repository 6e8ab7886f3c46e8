"""The server's end of HTTP/1.1, between the bytes of a connection and a link; the doorway of WebSockets, too.

    POST /api, /apiw …      one payload as the body, one as the body of the answer    (an `HttpLink`)
    OPTIONS of the same     the question that browsers ask before they POST
    GET /apiws …            becomes a WebSocket                                       (a `ServerLink`)

core.telegram.org/mtproto/transports#http. HTTP itself is `h11`. No I/O and no clock; one owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import h11

from mtproto.link import HttpLink, InSession, ServerLink
from mtproto.net.servers.websocket_server import FRAME_WORK, WebSocketServer
from mtproto.session import HttpWaited

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.limits import Limits
    from mtproto.link import ServerLinkEvent, ServerWork

__all__ = ["LinkMaker", "WebServer"]

HEAD_SIZE = 16 * 1024
"""Bytes that the line and the headers of a request may have."""

PIPELINED = 64 * 1024
"""Bytes that may come behind a request that is not answered yet: no known client sends any."""

STEPS = 8
"""Parts of requests (a head, a piece of a body, an end) that are read at once; the rest is left for later."""

STEP_WORK = 8
"""Units of work, of about 10 µs each, that such a part makes, its share of the answer included."""

REQUEST_TIME = 60.0
"""Seconds for a request to come in, and for the next one to follow an answer."""

LONGEST_WAIT = 60.0
"""Seconds that an answer is held back at most, whatever the client asks for."""

DEFAULT_WAIT = HttpWaited(max_delay=0, wait_after=0, max_wait=25_000)
"""Of a request without `http_wait`: documented."""

_CORS = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "POST, OPTIONS"),
    ("Access-Control-Allow-Headers", "content-type, origin"),
    ("Access-Control-Max-Age", "1728000"),
]
_WEB = ("/apiw", "/apiw1", "/apiw_test", "/apiw1_test")
_HEADERS: dict[str, list[tuple[str, str]]] = {"/api": [], "/api_test": [], **dict.fromkeys(_WEB, _CORS)}
"""Where payloads are posted to, and the headers of the answers for the browsers that use these names."""

_WEBSOCKETS = frozenset({"/apiws", "/apiws_test"})


class LinkMaker(Protocol):
    """Makes the link of a connection once it is known what the client speaks."""

    def __call__(self, kind: type[ServerLink] | type[HttpLink], /) -> ServerLink | HttpLink:
        """Return a link of this kind."""


class _Poll:
    """When a request has to be answered (core.telegram.org/mtproto/service_messages#http-wait-long-poll).

    The wait ends with the first of three times: no message for `max_wait`; `max_delay` after the first message;
    `wait_after` after the last message.
    """

    def __init__(self, now: float, wait: HttpWaited) -> None:
        self._max_delay = wait.max_delay / 1000
        self._wait_after = wait.wait_after / 1000
        self._first: float | None = None
        self._waiting = 0
        self.answer_at = now + min(max(wait.max_wait / 1000, 0.0), LONGEST_WAIT)

    def look(self, waiting: int, now: float) -> bool:
        """Take notice of how many messages wait; return whether it is time to answer."""
        if waiting > self._waiting:
            if self._first is None:
                self._first = now
                self.answer_at = min(self.answer_at, now + self._max_delay)
            self._settled_at = now + self._wait_after
        self._waiting = waiting
        return now >= self.answer_at or (self._first is not None and now >= self._settled_at)

    def end(self, now: float) -> None:
        """Wait no longer."""
        self.answer_at = now

    @property
    def deadline(self) -> float:
        """When to look again."""
        return self.answer_at if self._first is None else min(self.answer_at, self._settled_at)


class WebServer:
    """One connection that began as HTTP. Its pump uses it as it uses a `ServerLink`.

    Args:
        make_link: gives the link that is to be served.
        limits: `frame_accepted` bounds the body of a request.
        now: Unix seconds.

    Attributes:
        closing: nothing more is read; the connection is to be closed once all is sent.

    """

    def __init__(self, make_link: LinkMaker, limits: Limits, now: float) -> None:
        self._make_link = make_link
        self._limits = limits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_SIZE)
        self._link: HttpLink | None = None
        self._websocket: WebSocketServer | None = None
        self._request: h11.Request | None = None
        self._path = ""
        self._body = bytearray()
        self._behind = 0  # bytes that came behind a request that waits
        self._poll: _Poll | None = None
        self._outgoing: list[bytes] = []
        self._unread = False
        self._wait = DEFAULT_WAIT  # of the request that is being handled
        self._steps = 0
        self._deadline = now + REQUEST_TIME
        self._closing = False

    # What comes in -----------------------------------------------------------------------------------------------

    def received(self, data: bytes, now: float, budget: int | None = None) -> Sequence[ServerLinkEvent]:
        """Take what came in, in pieces of any size, and return its events. Nothing is raised for wrong bytes.

        If the input is many requests or frames, or more than the budget of a link, only its first part is read: see
        `unread`.
        """
        if self._websocket is not None:
            return self._websocket.received(data, now, budget)
        if self.closing or not data:
            return ()
        if self._poll is not None:
            self._behind += len(data)
            if self._behind > PIPELINED:
                self._closing = True
                return ()
        self._http.receive_data(data)
        return self._read(now, budget)

    @property
    def unread(self) -> bool:
        """Whether `read_on` is to be called: there may be input that can be read now."""
        if self._websocket is not None:
            return not self.closing and self._websocket.unread
        return not self.closing and (self._unread or (self._link is not None and self._link.unread))

    def read_on(self, now: float, budget: int | None = None) -> Sequence[ServerLinkEvent]:
        """Read the next part of the input, and return its events."""
        if self._websocket is not None:
            return self._websocket.read_on(now, budget)
        if self._link is not None and self._link.unread:
            events = self._taken(self._link, self._link.read_on(now, budget), now)
            self._make_way(now)
            return events
        return self._read(now, budget)

    @property
    def work(self) -> int:
        """Units of work, of about 10 µs each, that were done so far; it never falls."""
        frames = self._websocket.frames if self._websocket is not None else 0
        inner = self._inner.work if self._inner is not None else 0
        return STEP_WORK * self._steps + FRAME_WORK * frames + inner

    def _read(self, now: float, budget: int | None) -> Sequence[ServerLinkEvent]:
        """Read requests, up to the first that has to wait for its answer."""
        events: list[ServerLinkEvent] = []
        self._unread = False
        try:
            for _ in range(STEPS):
                self._unread = not self._closing and self._websocket is None and self._step(events, now, budget)
                if not self._unread:
                    break
        except h11.RemoteProtocolError as error:
            self._respond(error.error_status_hint, close=True)
        self._make_way(now)
        return events

    def _make_way(self, now: float) -> None:
        """End the wait of a request behind which another one came: that one can wait in its place."""
        if self._poll is not None and self._http.trailing_data[0]:
            self._poll.end(now)

    def _step(self, events: list[ServerLinkEvent], now: float, budget: int | None) -> bool:
        """Read the next part of a request; return whether there may be more."""
        event = self._http.next_event()
        if event is h11.NEED_DATA or event is h11.PAUSED:
            self._encourage()
            return False
        self._steps += 1
        if isinstance(event, h11.Request):
            self._begin(event)
        elif isinstance(event, h11.Data):
            self._add(event)
        elif isinstance(event, h11.EndOfMessage):
            events += self._complete(now, budget)
        else:
            return False
        return True

    def _encourage(self) -> None:
        """Tell a client that it may send its body, if the client asks (Expect: 100-continue)."""
        if self._http.they_are_waiting_for_100_continue:
            self._send(h11.InformationalResponse(status_code=100, headers=[]))

    def _begin(self, request: h11.Request) -> None:
        """Look at the head of a request, and refuse it before its body comes if that is possible."""
        self._request = request
        self._path = request.target.decode("ascii").partition("?")[0]
        self._body.clear()
        headers = dict(request.headers)
        if self._path in _WEBSOCKETS:
            allowed = request.method == b"GET"
        elif self._path in _HEADERS:
            allowed = request.method in (b"POST", b"OPTIONS")
        else:
            self._respond(404, close=True)
            return
        if not allowed:
            self._respond(405, close=True)
        elif int(headers.get(b"content-length", b"0")) > self._limits.frame_accepted:
            self._respond(413, close=True)

    def _add(self, data: h11.Data) -> None:
        self._body += data.data
        if len(self._body) > self._limits.frame_accepted:
            self._respond(413, close=True)

    def _complete(self, now: float, budget: int | None) -> Sequence[ServerLinkEvent]:
        request, payload = self._request, bytes(self._body)
        self._body.clear()
        if request is None:
            return ()
        if self._path in _WEBSOCKETS:
            return self._upgrade(request, payload, now, budget)
        if request.method == b"OPTIONS":
            self._respond(204)
            return ()
        return self._take(payload, now, budget)

    def _upgrade(self, request: h11.Request, body: bytes, now: float, budget: int | None) -> Sequence[ServerLinkEvent]:
        """Go on as a WebSocket."""
        websocket = None if body else WebSocketServer.accept(list(request.headers), request.target)
        if websocket is None:
            self._respond(400, close=True)
            return ()
        made = self._make_link(ServerLink)
        if not isinstance(made, ServerLink):
            raise TypeError("a ServerLink is needed")
        websocket.lead_to(made)
        self._websocket = websocket
        return websocket.received(self._http.trailing_data[0], now, budget)

    def _take(self, payload: bytes, now: float, budget: int | None) -> Sequence[ServerLinkEvent]:
        """Give the payload of a request to the link."""
        link = self._link
        if link is None:
            made = self._make_link(HttpLink)
            if not isinstance(made, HttpLink):
                raise TypeError("an HttpLink is needed")
            link = self._link = made
        if not payload:
            self._respond(400, close=True)
            return ()
        self._wait = DEFAULT_WAIT
        return self._taken(link, link.received(payload, now, budget), now)

    def _taken(self, link: HttpLink, events: Sequence[ServerLinkEvent], now: float) -> Sequence[ServerLinkEvent]:
        """Note how long the answer to a request may wait, once the link has handled all of it."""
        for event in events:
            if isinstance(event, InSession) and isinstance(event.event, HttpWaited):
                self._wait = event.event  # of several the last counts
        if not link.unread:
            self._poll = _Poll(now, self._wait)
            self._behind = 0
        return events

    # What goes out -----------------------------------------------------------------------------------------------

    def data_to_send(self, now: float) -> bytes:
        """Return what is to be sent now; call again until it is empty. What is returned counts as sent."""
        if self._websocket is not None:
            return self._websocket.data_to_send(now)
        link = self._link
        if self._poll is not None and link is not None:
            due = self._poll.look(link.has_news, now)
            if link.closing and not link.has_news:
                self._respond(400, close=True)
            elif due:
                self._answer(link, now, overdue=now >= self._poll.answer_at)
        pieces, self._outgoing = self._outgoing, []
        return b"".join(pieces)

    @property
    def unsent(self) -> int:
        """Bytes that wait to be sent and answer input: all bytes except updates."""
        inner = self._websocket if self._websocket is not None else self._link
        return sum(map(len, self._outgoing)) + (inner.unsent if inner is not None else 0)

    def _answer(self, link: HttpLink, now: float, *, overdue: bool) -> None:
        body = link.next_body(now)
        if not body and not link.closing:
            if not overdue:
                return  # a fault has swallowed it
            body = link.empty_body(now)
        status = -int.from_bytes(body, "little", signed=True) if len(body) == 4 else 200
        if not 200 <= status < 600:
            status = 400
        self._poll = None
        self._deadline = now + REQUEST_TIME
        self._respond(status, b"" if status != 200 else body, close=link.closing)
        link.answered()

    def _respond(self, status: int, body: bytes = b"", *, close: bool = False) -> None:
        """Answer a request; with `close`, it is the last request of the connection."""
        self._closing |= close
        self._poll = None
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        headers = [*_HEADERS.get(self._path, []), ("Content-Type", "application/octet-stream")]
        if close:
            headers.append(("Connection", "close"))
        if status != 204:
            headers.append(("Content-Length", str(len(body))))  # the last: some clients look no further
        self._send(h11.Response(status_code=status, headers=headers))
        if body:
            self._send(h11.Data(data=body))
        self._send(h11.EndOfMessage())
        if all(state is h11.DONE for state in self._http.states.values()):
            self._http.start_next_cycle()
            self._unread = bool(self._http.trailing_data[0])
        else:
            self._closing = True

    def _send(self, event: h11.Event) -> None:
        self._outgoing.append(self._http.send(event) or b"")

    # The rest of what a pump asks of a link ----------------------------------------------------------------------

    @property
    def _inner(self) -> ServerLink | HttpLink | None:
        return self._websocket.link if self._websocket is not None else self._link

    @property
    def closing(self) -> bool:
        """Whether the connection is to be closed once all is sent."""
        if self._websocket is not None:
            return self._websocket.closing
        if self._closing or self._link is None or self._poll is not None:
            return self._closing  # a request that waits is answered first
        return self._link.closing

    def shut_down(self) -> bool:
        """Begin to close in good order; return False where there is nothing to say, and the connection may be cut."""
        if self._websocket is None or self._websocket.closing:
            return False
        self._websocket.shut_down()
        return True

    def next_deadline(self) -> float | None:
        """Return when to call `tick`, Unix seconds."""
        if self._websocket is not None:
            return self._websocket.link.next_deadline()
        own = self._deadline if self._poll is None else self._poll.deadline
        inner = self._link.next_deadline() if self._link is not None else None
        return own if inner is None else min(own, inner)

    def tick(self, now: float) -> Sequence[ServerLinkEvent]:
        """Do what is due at `now`. Calling it early or twice does no harm."""
        inner = self._inner
        events = [*inner.tick(now)] if inner is not None else []
        if self._websocket is None and self._poll is None and now >= self._deadline:
            self._closing = True
        return events

    def take_work(self, now: float) -> ServerWork | None:
        """Return a slow step of an exchange, as `ServerLink.take_work` does."""
        return self._inner.take_work(now) if self._inner is not None else None

    def finish_work(self, work: ServerWork) -> Sequence[ServerLinkEvent]:
        """Take back a step that was run."""
        return self._inner.finish_work(work) if self._inner is not None else ()
