"""WebSocket at the server's end, with `wsproto` as the judge of what it says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    Request,
    TextMessage,
)

from mtproto.errors import ConnectionLost
from mtproto.link import BackoffPolicy
from mtproto.net import Connection
from mtproto.session import Result
from mtproto.transport import ClientTransport, Payload, client_transport
from tests.link.support import seeded
from tests.net.support import ANSWER, QUERY, connection, listener, rsa_key, run
from tests.net.web_support import Dc, packet, read_answers

HANDSHAKE = (
    b"GET /apiws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: binary\r\n\r\n"
)


class Browser:
    """A client that shares no code with ours but the framing."""

    def __init__(self, dc: Dc) -> None:
        self.visitor = dc.visitor()
        self.socket = WSConnection(ConnectionType.CLIENT)
        self.transport: ClientTransport = client_transport("obfuscated-padded", seeded(3), dc_id=2)
        [accepted] = self.say(Request(host="x", target="/apiws", subprotocols=["binary"]))
        assert isinstance(accepted, AcceptConnection)
        assert (accepted.subprotocol, accepted.extensions) == ("binary", [])

    def say(self, *events: Event, chunk: int = 1 << 20) -> list[Event]:
        data = b"".join(self.socket.send(event) for event in events)
        answer = self.visitor.send(*(data[at : at + chunk] for at in range(0, len(data), chunk)))
        return self.read(answer)

    def read(self, answer: bytes) -> list[Event]:
        self.socket.receive_data(answer)
        return list(self.socket.events())

    def payloads(self, events: list[Event]) -> list[bytes]:
        data = b"".join(event.data for event in events if isinstance(event, BytesMessage))
        return [item.data for item in self.transport.receive(data) if isinstance(item, Payload)]


def call(browser: Browser, client: Any, *, cut: int = 1 << 20, chunk: int = 1 << 20, finished: bool = True) -> bytes:
    """Make one call, in messages of `cut` bytes; return its answer."""
    client.send(QUERY)
    opening = browser.transport.opening() if not browser.visitor.dc.queries else b""
    for _ in range(4):
        data = opening + browser.transport.pack(packet(client))
        opening = b""
        pieces = [data[at : at + cut] for at in range(0, len(data), cut)]
        last = len(pieces) - 1
        events = browser.say(
            *(BytesMessage(data=piece, message_finished=finished or at == last) for at, piece in enumerate(pieces)),
            chunk=chunk,
        )
        for query in browser.visitor.dc.queries:
            query.slot.session.answer(query.msg_id, ANSWER)
        browser.visitor.dc.queries.clear()
        events += browser.read(browser.visitor.flush())
        for payload in browser.payloads(events):
            for event in client.receive(payload, browser.visitor.now):
                if isinstance(event, Result):
                    return event.body
        if not client._parts.outbox.waiting:
            break
    raise AssertionError("no answer")


def test_the_upgrade_is_answered_as_the_specification_says() -> None:
    answer = Dc().visitor().send(HANDSHAKE)
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"sec-websocket-protocol: binary\r\n" in answer.lower()
    assert b"sec-websocket-accept: icx+yqv66kxgm0fcwalwlflwtai=\r\n" in answer.lower()


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
@pytest.mark.parametrize(("cut", "finished"), [(1 << 20, True), (10, True), (10, False)])
def test_borders_of_messages_fragments_and_segments_mean_nothing(chunk: int, cut: int, finished: bool) -> None:
    dc = Dc()
    client, browser = dc.client(), Browser(dc)
    assert call(browser, client, cut=cut, chunk=chunk, finished=finished) == ANSWER


def test_a_ping_is_answered_even_between_fragments() -> None:
    browser = Browser(Dc())
    opening = browser.transport.opening()
    events = browser.say(
        BytesMessage(data=opening[:10], message_finished=False),
        Ping(payload=b"there?"),
        BytesMessage(data=opening[10:]),
    )
    assert events == [Pong(payload=b"there?")]
    assert browser.say(Pong(payload=b"unasked")) == []
    assert not browser.visitor.server.closing


@pytest.mark.parametrize("code", [1000, 1001, 4000])
def test_a_close_is_answered(code: int) -> None:
    browser = Browser(Dc())
    [closed] = browser.say(CloseConnection(code=code))
    assert isinstance(closed, CloseConnection)
    assert closed.code == code
    assert browser.visitor.server.closing


def test_text_is_refused() -> None:
    browser = Browser(Dc())
    [closed] = browser.say(TextMessage(data="hello"))
    assert isinstance(closed, CloseConnection)
    assert closed.code == 1003
    assert browser.visitor.server.closing


@pytest.mark.parametrize("stream", [b"\xef" + bytes(60), b"\xee\xee\xee\xee" + bytes(60), b"GET / HTTP/1.1\r\n\r\n"])
def test_nothing_but_an_obfuscated_framing_is_accepted_inside(stream: bytes) -> None:
    browser = Browser(Dc())
    events = browser.say(BytesMessage(data=stream))
    assert [type(event) for event in events] == [CloseConnection]
    assert browser.visitor.server.closing


@pytest.mark.parametrize("tag", [b"\xef", b"\xee" * 4, b"\xdd" * 4])
def test_a_plain_framing_is_refused_before_anything_of_it_is_answered(tag: bytes) -> None:
    """The tag alone is no mistake of the framing: what closes the WebSocket is that nothing hides it."""
    browser = Browser(Dc())
    [closed] = browser.say(BytesMessage(data=tag))
    assert isinstance(closed, CloseConnection)
    assert closed.code == 1008
    assert browser.visitor.server.closing


def test_an_error_of_the_link_closes_with_1000() -> None:
    browser = Browser(Dc())
    stranger = Dc().client()
    stranger.send(QUERY)
    data = browser.transport.opening() + browser.transport.pack(packet(stranger))
    events = browser.say(BytesMessage(data=data)) + browser.read(browser.visitor.flush())
    message, closed = events
    assert isinstance(message, BytesMessage)
    assert [str(item) for item in browser.transport.receive(bytes(message.data))]
    assert isinstance(closed, CloseConnection)
    assert closed.code == 1000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Sec-WebSocket-Protocol: binary\r\n", b""),
        (b"binary", b"chat"),
        (b"binary", b"\xff\xfe"),
        (b"Host: x", b"Host: \xff"),
        (b"Version: 13", b"Version: 8"),
        (b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", b""),
        (b"Connection: Upgrade", b"Connection: close"),
        (b"Upgrade: websocket", b"Upgrade: h2c"),
        (b"Host: x\r\n", b"Host: x\r\nContent-Length: 4\r\n"),
        (b"HTTP/1.1", b"HTTP/1.0"),
    ],
)
def test_a_bad_handshake_is_refused(old: bytes, new: bytes) -> None:
    visitor = Dc().visitor()
    assert old in HANDSHAKE
    answer = visitor.send(HANDSHAKE.replace(old, new) + b"four")
    if b"1.0" in new:
        return  # whatever is said, nothing was raised
    [(status, _, _)] = read_answers(answer)
    assert status == 400
    assert visitor.server.closing


@given(frames=st.binary(max_size=200), chunk=st.integers(1, 50))
def test_no_frames_raise_anything(frames: bytes, chunk: int) -> None:
    visitor = Dc().visitor()
    visitor.send(HANDSHAKE)
    visitor.send(*(frames[at : at + chunk] for at in range(0, len(frames), chunk)))
    visitor.wait(100)
    assert visitor.server.closing


@pytest.mark.parametrize(
    "frame",
    [
        b"\x82\x02hi",  # a client that does not mask
        b"\xf2\x80\0\0\0\0",  # reserved bits
        b"\x83\x80\0\0\0\0",  # an unknown kind
        b"\x80\x80\0\0\0\0",  # goes on with nothing
        b"\x09\x80\0\0\0\0",  # a ping in fragments
        b"\x89\xfe\x01\x00\0\0\0\0",  # a ping of 256 bytes
        b"\x88\x81\0\0\0\0a",  # a close with half a code
        b"\x88\x82\0\0\0\0\x03\xed",  # a close with a code that must not be sent
        b"\x82\xff" + b"\xff" * 8 + bytes(4),  # a message of 2^64 bytes
        b"\x81\x82\0\0\0\0\xff\xff",  # text that is none
    ],
)
def test_a_bad_frame_closes_the_connection(frame: bytes) -> None:
    visitor = Dc().visitor()
    visitor.send(HANDSHAKE)
    assert visitor.send(frame)[:1] == b"\x88"
    assert visitor.server.closing


# Our own client against servers that are not ours


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
        b"HTTP/1.1 101 Yes\r\nConnection: upgrade\r\nUpgrade: \xff\r\nSec-WebSocket-Accept: \xff\r\n\r\n",
    ],
)
def test_a_server_that_does_not_accept_is_unreachable(answer: bytes) -> None:
    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.write(answer)
            self.transport.close()

    async def main() -> None:
        async with await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0) as server:
            address = server.sockets[0].getsockname()
            backoff = BackoffPolicy(first=0.001, ceiling=0.001)
            client = Connection(address, [rsa_key().public], transport="websocket", backoff=backoff)
            with pytest.raises(ConnectionLost):
                await client.open()

    run(main())


def test_a_server_that_chooses_no_subprotocol_is_unreachable() -> None:
    class Server(asyncio.Protocol):
        """Takes every WebSocket, and says nothing of what is spoken in it."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport
            self.socket = WSConnection(ConnectionType.SERVER)

        def data_received(self, data: bytes) -> None:
            assert isinstance(self.transport, asyncio.Transport)
            self.socket.receive_data(data)
            if [event for event in self.socket.events() if isinstance(event, Request)]:
                self.transport.write(self.socket.send(AcceptConnection()))

    async def main() -> None:
        async with await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0) as server:
            backoff = BackoffPolicy(first=0.001, ceiling=0.001)
            address = server.sockets[0].getsockname()
            client = Connection(address, [rsa_key().public], transport="websocket", backoff=backoff)
            with pytest.raises(ConnectionLost, match="subprotocol"):
                await client.open()

    run(main())


def test_closing_while_the_server_is_silent_ends_at_once() -> None:
    async def main() -> None:
        async with listener() as server:
            client = connection(server, transport="websocket")
            await client.open()
            await client.close()
            assert not client.is_open

    run(main())
