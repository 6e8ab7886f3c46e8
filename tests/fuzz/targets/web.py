"""HTTP and WebSocket at both ends: what stands around payloads, right and wrong. Nothing is raised for any of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Any

from mtproto.limits import Limits
from mtproto.link import HttpLink, ServerLink, ServerQuery, ServerSessions
from mtproto.message.envelope import Sender, pack_plain
from mtproto.net.carriers.http import HttpCarrier
from mtproto.net.carriers.interfaces import Carrier, Loop, Owner
from mtproto.net.carriers.route import Place, Route
from mtproto.net.carriers.websocket import WebSocketCarrier
from mtproto.net.servers.web_server import WebServer
from mtproto.transport import Framing, Intermediate, Obfuscated, Role, obfuscate
from tests.fuzz.tape import Tape, pieces
from tests.fuzz.target import Target, Verdict, Violation, never_refuses, outline
from tests.fuzz.targets.envelope import fixed_key
from tests.fuzz.targets.exchange_support import DC, OpenKey, Source
from tests.fuzz.targets.forger import SALT, START, Forger
from tests.fuzz.targets.framing import source
from tests.fuzz.targets.words import service_words
from tests.net.fake_loop import FakeLoop

__all__ = ["TARGETS"]

LARGEST = 2048
"""Bytes that a body may have."""

_LIMITS = Limits(frame_accepted=LARGEST)
_PLACE = Place(address=("192.0.2.1", 80))
_SIZES = 4
_RAW, _GREEDY, _CUT_OFF, _ACCEPTED = 1, 2, 4, 8
_MOST_REQUESTS = 8
_MOST_BURSTS = 100
_CALL = b"\x0d\x0c\x0b\x0a" * 2
_STATUSES = (200, 404, 403, 429, 500, 100, 204, 304, 101)
_PATHS = ("/api", "/apiw", "/apiw1_test", "/apiws", "/", "/api?a=b")
_WORDS = (
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 ",
    b"POST /api HTTP/1.1\r\n",
    b"Content-Length: 4\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"Upgrade: websocket\r\n",
    b"Sec-WebSocket-Extensions: permessage-deflate\r\n",
    b"Sec-WebSocket-Protocol: binary\r\n",
    b"\x82\x7e\x01\x00",
    b"\x82\x7f\0\0\0\0\0\1\0\0",
    b"\x88\x02\x03\xe8",
    b"\x89\x00",
)


class Ear:
    """The owner of a carrier: hears what it tells, and answers with a request if it is to."""

    def __init__(self, request: bytes | None) -> None:
        self.carrier: Carrier | None = None
        self.heard: list[bytes] = []
        self.end: str | None = None
        self._request = request
        self._left = _MOST_REQUESTS

    def opened(self, carrier: Carrier) -> None:
        if self.carrier is not None or self.end is not None:
            raise Violation("opened twice, or after its end")
        self.carrier = carrier
        self.drained()

    def received(self, data: bytes) -> None:
        if self.carrier is None or self.end is not None:
            raise Violation("it hears something before it is open, or after its end")
        self.heard.append(data)
        self.drained()

    def drained(self) -> None:
        if self._request is not None and self._left and self.carrier is not None and self.carrier.writable:
            self._left -= 1
            self.carrier.write(self._request)

    def lost(self, error: Exception | None) -> None:
        if self.end is not None:
            raise Violation("it ends twice")
        self.end = outline(f"{type(error).__name__}: {error}")


def _verdict(ears: Iterable[Ear], *, early: bool = False) -> Verdict:
    """Compare what was heard however the stream was cut; which of two faults was seen first may differ.

    `early` lets one hear less than another, and nothing else: an answer that stands in the stream before its question
    is one to the next question if that has gone out when it comes, and ends the line if not.
    """
    first, *others = ears
    heard = b"".join(first.heard)
    for other in others:
        theirs = b"".join(other.heard)
        same = (heard.startswith(theirs) or theirs.startswith(heard)) if early else theirs == heard
        ends = early or (other.end is None) == (first.end is None)
        if not same or not ends or (other.carrier is None) != (first.carrier is None):
            raise Violation("the pieces change what is heard")
    return Verdict(first.end is None, f"{min(len(heard), 9)} {first.carrier is None} {first.end}")


def _cut(stream: bytes, sizes: bytes) -> list[bytes]:
    """Cut a stream; no piece is empty, which would be its end."""
    return pieces(stream, sizes) if stream else []


# The client's end ----------------------------------------------------------------------------------------------------


def _http_client(data: bytes) -> Verdict:
    """Answer requests: with any bytes, or with well formed answers."""
    tape = Tape(data)
    choice = tape.number()
    sizes = tape.take(tape.number() % _SIZES)
    stream = tape.rest() if choice & _RAW else _answers(tape)
    return _verdict((_hear_http(choice, _cut(stream, each)) for each in (b"", sizes, b"\0")), early=True)


def _answers(tape: Tape) -> bytes:
    made = b""
    while tape:
        choice = tape.number()
        status, body = _STATUSES[choice % len(_STATUSES)], tape.block()
        head = f"HTTP/1.1 {status} Told\r\n".encode()
        if choice & 64:
            head += b"Connection: close\r\n"
        if choice & 128:
            made += head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        else:
            made += head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    return made


def _hear_http(choice: int, cut: list[bytes]) -> Ear:
    loop, ear = FakeLoop(), Ear(bytes(40))
    route = Route(addresses=(_PLACE.address,), carrier="http", framing="packets", path="/api", limits=_LIMITS)
    with never_refuses("HTTP"):
        carrier = HttpCarrier(loop, route, ear)
        lines = list(carrier._lines)
        loop.carriers[0].open()
        for piece in cut:
            if not loop.carriers[0].over:
                loop.carriers[0].owner.received(piece)
            loop.turn()
            if any(len(line._body) > LARGEST + len(piece) for line in lines):
                raise Violation("more of an answer is kept than is accepted")
        if choice & _CUT_OFF:
            loop.carriers[0].lose()
            loop.turn()
    if any(len(heard) > LARGEST for heard in ear.heard):
        raise Violation("an answer that is too large is handed up")
    return ear


def _websocket_client(data: bytes) -> Verdict:
    """Answer the handshake and speak: with any bytes, or with what a server would say."""
    tape = Tape(data)
    choice = tape.number()
    sizes = tape.take(tape.number() % _SIZES)
    accepted = bool(choice & _ACCEPTED)
    stream = tape.rest() if choice & _RAW else b"".join(_frames(tape, mask=b""))
    return _verdict(_hear_websocket(choice, accepted, stream, each) for each in (b"", sizes, b"\0"))


def _frames(tape: Tape, mask: bytes) -> Iterable[bytes]:
    """Give frames: opcode and flags as they stand on the tape, the length as it is."""
    while tape:
        yield _frame(tape.number(), tape.block(), mask)


def _frame(first: int, content: bytes, mask: bytes) -> bytes:
    size, masked = len(content), 128 if mask else 0
    if size < 126:
        return bytes((first, size | masked)) + mask + content
    return bytes((first, 126 | masked)) + size.to_bytes(2, "big") + mask + content


def _hear_websocket(choice: int, accepted: bool, stream: bytes, sizes: bytes) -> Ear:
    loop, ear = FakeLoop(), Ear(_CALL if choice & _GREEDY else None)

    def open_below(loop: Loop, _route: Route, owner: Owner) -> Carrier:
        return loop.open_socket(_PLACE, owner)

    with never_refuses("a WebSocket"):
        WebSocketCarrier(loop, Route(addresses=(_PLACE.address,), path="/apiws"), ear, open_below)
        (below,) = loop.carriers
        below.open()
        whole = (_acceptance(below.written[0]) if accepted else b"") + stream
        for piece in _cut(whole, sizes):
            if not below.over:
                below.owner.received(piece)
            loop.turn()
        if choice & _CUT_OFF:
            below.lose()
            loop.turn()
    return ear


def _acceptance(request: bytes) -> bytes:
    lines = dict(line.split(b": ", 1) for line in request.split(b"\r\n")[1:] if line)
    nonce = next(value for name, value in lines.items() if name.lower() == b"sec-websocket-key")
    token = base64.b64encode(hashlib.sha1(nonce + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    head = b"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: binary\r\n"
    return head + b"Sec-WebSocket-Accept: " + token + b"\r\n\r\n"


# The server's end ----------------------------------------------------------------------------------------------------

_HANDSHAKE = (
    b"GET /apiws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: binary\r\n\r\n"
)
_NO_MASK = bytes(4)
_BINARY = 0x82


class Visit:
    """One connection to a data centre that knows the fixed key."""

    def __init__(self, sizes: bytes) -> None:
        self.state = ServerSessions(Source(1), limits=_LIMITS)
        self.state.add_key(fixed_key(), first_salt=SALT)
        self.server = WebServer(self._make_link, _LIMITS, START)
        self.forger = Forger(Sender.CLIENT, (0, 0), 1)
        self.trace: list[str] = []
        self._sizes = sizes
        self._queries: list[ServerQuery] = []
        self._inside: Obfuscated | None = None

    def _make_link(self, kind: type[ServerLink] | type[HttpLink]) -> ServerLink | HttpLink:
        options: dict[str, Any] = {"limits": _LIMITS, "dc_ids": {DC}}
        if kind is HttpLink:
            options["flush"] = lambda _link: None
        return kind(self.state, [OpenKey()], self.forger.now, Source(2), **options)

    def say(self, data: bytes) -> None:
        for piece in _cut(data, self._sizes):
            self.note(self.server.received(piece, self.forger.now))
            if len(self.server._body) > LARGEST + len(piece):
                raise Violation("more of a request is kept than is accepted")

    def let_pass(self, seconds: float) -> None:
        self.forger.now += seconds
        self.note(self.server.tick(self.forger.now))

    def note(self, events: Iterable[object]) -> None:
        self.trace += [type(event).__name__ for event in events]
        self._queries += [event for event in events if isinstance(event, ServerQuery)]
        for _ in range(_MOST_BURSTS):
            data = self.server.data_to_send(self.forger.now)
            if data:
                self.trace.append(data[9:12].decode("latin-1") if data.startswith(b"HTTP/1.1 ") else "frame")
            elif self.server.unread:
                events = self.server.read_on(self.forger.now)
                self.trace += [type(event).__name__ for event in events]
                self._queries += [event for event in events if isinstance(event, ServerQuery)]
            else:
                return
        raise Violation("it never stops sending")

    def answer(self) -> None:
        queries, self._queries = self._queries, []
        for query in queries:
            query.slot.session.answer(query.msg_id, _CALL)
        self.note(())

    def hidden(self, data: bytes) -> bytes:
        """Return what the client's end of the stream in a WebSocket says, from its header on."""
        if self._inside is None:
            self._inside = obfuscate(Framing(Intermediate, Role.CLIENT, source()), source(5), dc_id=DC)
            return _header() + self._inside._encrypt.update(data)
        return self._inside._encrypt.update(data)

    def settle(self) -> None:
        idle = 0
        for _ in range(_SIZES * 2):
            deadline = self.server.next_deadline()
            if deadline is None or self.server.closing:
                return
            idle = idle + 1 if deadline <= self.forger.now else 0
            if idle > 3:
                raise Violation("it asks to be called again and again")
            self.let_pass(max(0.0, deadline - self.forger.now))


@cache
def _header() -> bytes:
    return obfuscate(Framing(Intermediate, Role.CLIENT, source()), source(5), dc_id=DC).opening()


def _post(path: int, body: bytes, length: int | None = None) -> bytes:
    head = f"POST {_PATHS[(path & 63) % len(_PATHS)]} HTTP/1.1\r\nHost: x\r\n"
    if path & 64:
        head += "Connection: close\r\n"
    if path & 128:
        return f"{head}Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    return f"{head}Content-Length: {len(body) if length is None else length}\r\n\r\n".encode() + body


def _step(visit: Visit, tape: Tape) -> None:
    step = tape.number() % 10
    match step:
        case 0 | 1:
            visit.say(_post(tape.number(), visit.forger.packet(tape)))
        case 2:
            visit.say(_post(tape.number(), pack_plain(4, tape.block())))
        case 3:
            visit.say(_post(tape.number(), tape.block(), tape.number(2)))
        case 4:
            visit.say(tape.block())
        case 5:
            visit.let_pass(tape.number() / 4)
        case 6:
            visit.answer()
        case 7:
            visit.say(_HANDSHAKE)
        case 8:
            visit.say(_frame(tape.number(), tape.block(), _NO_MASK))
        case _:
            packet = Framing(Intermediate, Role.CLIENT, source()).frame(visit.forger.packet(tape), False)
            visit.say(_frame(_BINARY, visit.hidden(packet), _NO_MASK))


def _server(data: bytes) -> Verdict:
    tape = Tape(data)
    visit = Visit(tape.take(tape.number() % _SIZES))
    with never_refuses("a web server"):
        while tape and not visit.server.closing:
            _step(visit, tape)
        trace = ",".join(visit.trace[-8:])
        refused = visit.server.closing
        visit.settle()
    return Verdict(not refused, trace)


def _server_words() -> tuple[bytes, ...]:
    return (*_WORDS, *service_words())


TARGETS = (
    Target("http-client", "web", _http_client, words=lambda: _WORDS, longest=1024),
    Target("websocket-client", "web", _websocket_client, words=lambda: _WORDS, longest=1024),
    Target("web-server", "web", _server, words=_server_words, longest=2048, patience=5),
)
