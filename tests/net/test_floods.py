"""A client that gets more than it can deal with at once: its loop goes on, and calls end at their deadlines.

No time is measured here. The clock moves on by itself while something is dealt with, and turns of the loop are counted.
"""

from __future__ import annotations

import contextlib
import heapq
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, Ping, Pong, Request

from mtproto.errors import DeadlineExceeded
from mtproto.link import ClientLink, ServerQuery
from mtproto.net import Connection
from mtproto.net.carriers.registry import CARRIERS
from mtproto.net.carriers.route import Route
from mtproto.net.shells.blocking import BlockingConnection
from mtproto.net.shells.guard import Guard
from mtproto.net.shells.portions import SLICE, TURN, WHOLE
from mtproto.session import Result
from tests.link.support import ANSWER, QUERY, known_state, of_type, rsa_key, seeded
from tests.net.certificate import contexts
from tests.net.fake_loop import FakeLoop
from tests.net.support import SOON, ShiftedClock, move_on, run
from tests.net.test_pump import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mtproto.net.carriers.interfaces import Carrier

BURST = 70
"""Slices of a read: what asyncio takes at once has 128."""


class Busy:
    """A pump whose link needs a whole turn of the loop for each piece that it gets."""

    def __init__(self, patch: pytest.MonkeyPatch, **options: Any) -> None:
        self.scene = Scene(**options)
        self.scene.pump.connect()
        self.scene.carrier.open()
        self.server = self.scene.serve()
        self.pieces: list[int] = []
        self.random = seeded(5)  # zeros would travel packed
        self.takes = TURN
        original = self.scene.link.received

        def received(data: bytes, now: float, budget: int | None) -> Any:
            self.pieces.append(len(data))
            self.scene.loop.time += self.takes
            return original(data, now, budget)

        patch.setattr(self.scene.link, "received", received)

    def answers(self, *sizes: int) -> bytes:
        """Return the answers to as many calls, made now, each in a packet of its own."""
        for _ in sizes:
            self.scene.link.send(QUERY)
            self.scene.pump.plan_flush()
        self.scene.loop.turn()
        data = b"".join(self.scene.carrier.written)
        self.scene.carrier.written.clear()
        queries = of_type(self.server.received(data, self.scene.loop.time), ServerQuery)
        stream = b""
        for query, size in zip(queries, sizes, strict=True):
            query.slot.session.answer(query.msg_id, ANSWER + self.random(size - 4))
            stream += self.server.data_to_send(self.scene.loop.time)
        return stream

    @property
    def results(self) -> list[int]:
        return [len(event.body) for event in of_type(self.scene.events, Result)]


def test_a_long_read_is_dealt_with_slice_by_slice_in_turns_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Busy(monkeypatch)
    sizes = [1000] * 150
    stream = busy.answers(*sizes)
    busy.scene.carrier.owner.received(stream)
    turns = 1
    while busy.scene.loop.soon:
        assert len(busy.pieces) <= turns
        busy.scene.loop.once()
        turns += 1
    assert turns > BURST - 4
    assert max(busy.pieces) == SLICE
    assert sum(busy.pieces) == len(stream)
    assert busy.results == sizes


def test_a_timer_comes_at_its_time_whatever_came_in(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Busy(monkeypatch)
    loop = busy.scene.loop
    stream = busy.answers(*[1000] * 150)
    taken = []
    loop.call_at(loop.time + 4.5 * TURN, lambda: taken.append(len(busy.pieces)))
    busy.scene.carrier.owner.received(stream)
    while loop.soon:
        loop.once()
        while loop.timers and loop.timers[0][0] <= loop.time:
            timer = heapq.heappop(loop.timers)[2]
            if timer.callback is not None:
                timer.callback()
    assert taken == [5]


@pytest.mark.parametrize("size", [100, 1000, WHOLE - 200])
def test_an_ordinary_read_goes_the_direct_way(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Busy(monkeypatch)
    stream = busy.answers(size)
    monkeypatch.setattr(Guard, "spread", None)
    busy.scene.carrier.owner.received(stream)
    assert busy.pieces == [len(stream)]
    assert busy.results == [size]
    assert busy.scene.carrier.reading


def test_a_large_packet_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to do before its end, and small packets behind it are slices again."""
    busy = Busy(monkeypatch)
    busy.takes = 0.0
    stream = busy.answers(1 << 20) + busy.answers(*[1000] * 30)
    for at in range(0, len(stream), 1 << 18):
        busy.scene.carrier.owner.received(stream[at : at + (1 << 18)])
        busy.scene.loop.turn()
    assert busy.results == [1 << 20, *[1000] * 30]
    assert busy.pieces[:4] == [SLICE, (1 << 18) - SLICE, 1 << 18, 1 << 18]
    assert set(busy.pieces[5:-1]) == {SLICE}
    assert len(busy.pieces) < 30


def test_much_that_is_to_be_sent_goes_out_in_turns_of_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    scene.pump.connect()
    scene.carrier.open()
    scene.serve()
    original = scene.carrier.write

    def write(data: bytes) -> None:
        scene.loop.time += TURN
        original(data)

    monkeypatch.setattr(scene.carrier, "write", write)
    size = 100_000
    for _ in range(10):
        scene.link.send(QUERY + seeded(6)(size))
    scene.pump.plan_flush()
    turns = 0
    while scene.loop.soon:
        assert len(scene.carrier.written) <= turns
        scene.loop.once()
        turns += 1
    assert len(scene.carrier.written) == 10
    assert sum(map(len, scene.carrier.written)) > 10 * size


def test_what_fails_in_a_later_slice_is_an_unexpected_error_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = Busy(monkeypatch)
    stream = busy.answers(*[1000] * 150)
    busy.scene.carrier.owner.received(stream)
    monkeypatch.setattr(busy.scene.link, "received", None)
    first = busy.scene.carrier
    busy.scene.loop.wait(5)
    assert len(busy.pieces) == 1
    assert first.over
    assert [str(error) for error in busy.scene.settled] == [
        "an unexpected error: TypeError: 'NoneType' object is not callable"
    ]
    assert len(busy.scene.loop.carriers) == 2


def test_packets_are_not_cut_where_the_carrier_keeps_them_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer over HTTP is one packet, however long it is."""
    busy = Busy(monkeypatch)
    monkeypatch.setattr(busy.scene.pump, "_route", Route(addresses=(("192.0.2.1", 80),), carrier="http"))
    stream = busy.answers(100_000)
    busy.scene.carrier.owner.received(stream)
    assert busy.pieces == [len(stream)]


@pytest.mark.parametrize("name", ["abridged", "intermediate", "padded", "full", "obfuscated-padded"])
def test_a_framing_tells_how_much_is_missing_of_a_packet(name: str) -> None:
    """At most a checksum more is missing: what is announced is never too much."""
    scene = Scene(transport=name)
    scene.pump.connect()
    scene.carrier.open()
    server = scene.serve()
    request = scene.link.send(QUERY)
    scene.pump.flush()
    [query] = of_type(server.received(scene.carrier.written.pop(), scene.loop.time), ServerQuery)
    query.slot.session.answer(query.msg_id, ANSWER + seeded(5)(100_000))
    stream = server.data_to_send(scene.loop.time)
    at = 0
    for end in (1000, 50_000, len(stream) - 1):
        scene.link.received(stream[at:end], scene.loop.time)
        at = end
        assert len(stream) - at - 4 <= scene.link.missing <= len(stream) - at
    assert of_type(scene.link.received(stream[-1:], scene.loop.time), Result)[0].request is request
    assert scene.link.missing == 0


# Layers that make work of their own


class Slow(FakeLoop):
    """A loop whose clock moves on whenever somebody looks at it: three steps make a turn."""

    def now(self) -> float:
        self.time += 0.4 * TURN
        return self.time


class Ear:
    """The owner of a carrier on a slow loop."""

    def __init__(self, name: str, **route: Any) -> None:
        self.loop = Slow()
        self.failures: list[Exception] = []
        self.guard = Guard(self.loop, self.failures.append)
        self.heard = b""
        self.pieces = 0
        self.end: list[Exception | None] = []
        self.carrier = CARRIERS[name](self.guard, Route(addresses=(("127.0.0.1", 443),), carrier=name, **route), self)
        self.socket = self.loop.carriers[0]
        self.socket.open()

    def opened(self, carrier: Carrier) -> None:
        self.carrier = carrier

    def received(self, data: bytes) -> None:
        self.heard += data
        self.pieces += 1

    def drained(self) -> None: ...

    def lost(self, error: Exception | None) -> None:
        self.end.append(error)

    def written(self) -> bytes:
        data = b"".join(self.socket.written)
        self.socket.written.clear()
        return data

    def hear(self, data: bytes, *, pieces: int) -> int:
        """Give it a read, and the end of the connection right behind; return how many turns that took."""
        self.socket.owner.received(data)
        self.socket.lose()
        turns = 1
        while self.loop.soon:
            assert not self.socket.reading
            assert self.end == []
            assert self.pieces <= 5 * turns
            self.loop.once()
            turns += 1
        assert self.pieces == pieces
        assert self.end != []
        assert self.failures == []
        return turns


def frames(server: WSConnection, data: bytes) -> bytes:
    """Return fragments of one byte each, with pings and nothing in between."""
    stream = b""
    for number in range(len(data)):
        last = number == len(data) - 1
        stream += server.send(BytesMessage(data=data[number : number + 1], message_finished=last))
    return stream


def greeted(request: bytes) -> tuple[WSConnection, bytes]:
    """Return the server's end of a WebSocket, and what accepts the request."""
    server = WSConnection(ConnectionType.SERVER)
    server.receive_data(request)
    assert isinstance(next(server.events()), Request)
    return server, server.send(AcceptConnection(subprotocol="binary"))


TEXT = bytes(range(256)) * 2


def test_the_frames_of_a_websocket_do_not_hold_up_the_loop() -> None:
    ear = Ear("websocket", path="/apiws")
    server, acceptance = greeted(ear.written())
    turns = ear.hear(acceptance + frames(server, TEXT), pieces=len(TEXT))
    assert ear.heard == TEXT
    assert turns > len(TEXT) / 5


def test_frames_inside_one_record_of_tls_do_not_hold_up_the_loop_either() -> None:
    server_context, trusted = contexts()
    ear = Ear("websocket-tls", path="/apiws", tls=trusted)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = server_context.wrap_bio(incoming, outgoing, server_side=True)
    for _ in range(4):
        incoming.write(ear.written())
        with contextlib.suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        ear.socket.owner.received(outgoing.read())
        ear.loop.turn()
    server, acceptance = greeted(tls.read())
    tls.write(acceptance + frames(server, TEXT))
    turns = ear.hear(outgoing.read(), pieces=len(TEXT))
    assert ear.heard == TEXT
    assert turns > len(TEXT) / 5


def test_the_chunks_of_an_answer_over_http_do_not_hold_up_the_loop() -> None:
    ear = Ear("http", path="/api")
    ear.carrier.write(b"what")
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in TEXT)
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
    ear.socket.owner.received(answer)
    turns = 1
    while ear.loop.soon:
        ear.loop.once()
        turns += 1
    assert ear.heard == TEXT
    assert turns > len(TEXT) / 5
    assert ear.socket.reading


def test_an_answer_over_http_that_ends_with_the_connection_is_whole() -> None:
    ear = Ear("http", path="/api")
    ear.carrier.write(b"what")
    ear.socket.owner.received(b"HTTP/1.0 200 OK\r\n\r\n" + TEXT)
    ear.socket.lose()
    ear.loop.turn()
    assert ear.heard == TEXT


def test_pings_between_the_frames_are_answered_in_their_turn() -> None:
    ear = Ear("websocket", path="/apiws")
    server, acceptance = greeted(ear.written())
    ear.socket.owner.received(acceptance + b"".join(server.send(Ping(payload=b"%d" % number)) for number in range(50)))
    assert len(ear.socket.written) <= 5
    ear.loop.turn()
    assert len(ear.socket.written) == 50


def test_of_the_pings_of_a_server_that_does_not_read_the_last_is_answered_in_the_end() -> None:
    ear = Ear("websocket", path="/apiws")
    server, acceptance = greeted(ear.written())
    ear.socket.owner.received(acceptance)
    ear.socket.writable = False
    ear.socket.owner.received(b"".join(server.send(Ping(payload=b"%d" % number)) for number in range(50)))
    ear.loop.turn()
    assert (ear.socket.written, ear.failures) == ([], [])
    ear.socket.writable = True
    ear.socket.owner.drained()
    server.receive_data(ear.written())
    assert list(server.events()) == [Pong(payload=b"49")]


# Both shells

FLOOD = 1000 * SLICE
LATE = 50
"""Turns after which something is due, while the flood would need a thousand."""


@pytest.fixture
def flood() -> Iterator[tuple[str, int]]:
    """A server that sends without end to whoever has said something."""

    def serve() -> None:
        with contextlib.suppress(OSError), listening, listening.accept()[0] as visitor:
            visitor.recv(1)
            visitor.sendall(bytes(FLOOD))
            while visitor.recv(1 << 16):
                pass

    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve)
    thread.start()
    yield listening.getsockname()
    thread.join(SOON)


class Busily:
    """The links of all clients are busy for a turn of the loop with each piece that comes, and learn nothing from it.

    Attributes:
        clock: what the clients take for the time.
        bytes: how many came.
        first: called with the first piece.

    """

    def __init__(self, patch: pytest.MonkeyPatch, passes: Callable[[float], None] = lambda _: None) -> None:
        self.clock = ShiftedClock()
        self.bytes = 0
        self.first: Callable[[], None] = lambda: None

        def received(_link: ClientLink, data: bytes, _now: float, _budget: int | None) -> list[Any]:
            if not self.bytes:
                self.first()
            self.bytes += len(data)
            self.clock.ahead += TURN
            passes(TURN)
            return []

        patch.setattr(ClientLink, "received", received)

    def options(self) -> dict[str, Any]:
        return {"state": known_state(), "clock": self.clock}


def test_a_call_ends_at_its_deadline_however_much_comes_in(
    flood: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        busily = Busily(monkeypatch, move_on)
        async with Connection(flood, [rsa_key().public], **busily.options()) as client:
            with pytest.raises(DeadlineExceeded):
                await client.call(QUERY, timeout=LATE * TURN)
            assert busily.bytes <= (LATE + 4) * SLICE

    run(main())


def test_the_timers_of_a_blocking_client_go_off_however_much_comes_in(
    flood: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    busily = Busily(monkeypatch)
    taken: list[int] = []
    over = threading.Event()
    client = BlockingConnection(flood, [rsa_key().public], **busily.options())

    def due() -> None:
        taken.append(busily.bytes)
        over.set()

    def begin() -> None:
        assert client._driver._loop is not None
        client._driver._loop.call_at(busily.clock() + LATE * TURN, due)

    busily.first = begin
    with client:
        assert over.wait(SOON)
    assert taken[0] <= (LATE + 4) * SLICE
