"""HTTP at the server's end: what is asked, how long an answer waits, and what is refused."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.errors import ConnectionLost, TransportError
from mtproto.limits import Limits
from mtproto.link import BackoffPolicy, HttpLink, ServerQuery
from mtproto.message.envelope import Sender, pack_plain, seal
from mtproto.net import Connection
from mtproto.net.carriers.http import CONNECTIONS, HEAD_SIZE, HttpCarrier
from mtproto.net.carriers.route import Route
from mtproto.net.servers.web_server import LONGEST_WAIT
from mtproto.session import HttpWait, Result, Update
from mtproto.session.wire import write_acks
from tests.link.support import of_type
from tests.net.fake_loop import FakeLoop
from tests.net.support import ANSWER, QUERY, SOON, rsa_key
from tests.net.web_support import NOW, Dc, Visitor, heard, packet, post, read_answers

if TYPE_CHECKING:
    from mtproto.session import ClientSession

LONG_POLL = HttpWait(0, 0, 25_000)
AT_ONCE = HttpWait(0, 0, 0)


def quiet() -> tuple[Dc, ClientSession, Visitor]:
    """Return a DC, a client that it knows, and the connection between them, with nothing left to say."""
    dc = Dc()
    client, visitor = dc.client(), dc.visitor()
    client.send(QUERY)
    for _ in range(5):  # the salt, the greeting and the answer, acknowledgements
        answer = visitor.send(post(packet(client, wait=AT_ONCE)))
        for query in dc.queries:
            query.slot.session.answer(query.msg_id, ANSWER)
        dc.queries.clear()
        heard(client, answer)
    assert visitor.server.next_deadline() == NOW + 60
    return dc, client, visitor


def acknowledgement(client: ClientSession) -> bytes:
    """Return a packet to which there is nothing to say."""
    state = client.key_state
    return seal(
        state.auth_key,
        Sender.CLIENT,
        salt=state.salt_at(NOW),
        session_id=client.session_id,
        msg_id=state.last_msg_id + 4,
        seqno=2 * client._parts.sealer._content_count,
        body=write_acks([1]),
        random=bytes,
    ).payload


def results(events: list[object]) -> list[bytes]:
    return [event.body for event in events if isinstance(event, Result)]


# Requests and answers


def test_a_request_is_answered_with_one_payload() -> None:
    dc, client, visitor = quiet()
    client.send(QUERY)
    assert visitor.send(post(packet(client))) == b""
    [query] = dc.queries
    assert query.body == QUERY
    query.slot.session.answer(query.msg_id, ANSWER + query.body)
    answer = visitor.flush()
    [(status, _, headers)] = read_answers(answer)
    assert status == 200
    assert int(headers[b"content-length"]) % 4 == 0
    assert results([*heard(client, answer)]) == [ANSWER + QUERY]


def test_requests_are_read_whatever_the_chunking() -> None:
    dc, client, visitor = quiet()
    for number in range(3):
        client.send(QUERY)
        request = post(packet(client))
        visitor.send(*(request[at : at + 1] for at in range(len(request))))
        assert len(dc.queries) == number + 1
        query = dc.queries[-1]
        query.slot.session.answer(query.msg_id, ANSWER)
        assert results([*heard(client, visitor.flush())]) == [ANSWER]


def test_a_body_may_come_in_chunks() -> None:
    dc, client, visitor = quiet()
    client.send(QUERY)
    body = packet(client)
    head = b"POST /api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:10], body[10:])]
    visitor.send(head, *chunks, b"0\r\n\r\n")
    assert len(dc.queries) == 1


def test_a_request_that_waits_makes_way_for_one_that_comes_behind_it() -> None:
    dc, client, visitor = quiet()
    requests = []
    for _ in range(3):
        client.send(QUERY)
        requests.append(post(packet(client)))
    answer = visitor.send(b"".join(requests)) + visitor.wait(0)
    assert len(dc.queries) == 3
    assert len(read_answers(answer)) == 2
    assert heard(client, answer) == []
    for query in dc.queries:
        query.slot.session.answer(query.msg_id, ANSWER)
    answer = visitor.flush()
    assert len(read_answers(answer)) == 1
    assert results([*heard(client, answer)]) == [ANSWER] * 3


def test_a_request_that_is_handled_in_steps_makes_way_for_one_that_came_behind_it() -> None:
    dc, client, visitor = quiet()
    requests = []
    for count in (20, 1):
        for _ in range(count):
            client.send(QUERY)
        requests.append(post(packet(client)))
    dc.queries += of_type(visitor.server.received(b"".join(requests), NOW, 1), ServerQuery)
    assert 0 < len(dc.queries) < 20
    while visitor.server.unread:
        dc.queries += of_type(visitor.server.read_on(NOW, 1), ServerQuery)
    assert len(dc.queries) == 20
    assert visitor.server.next_deadline() == NOW
    answer = visitor.flush()
    assert len(dc.queries) == 21
    assert len(read_answers(answer)) == 1


def test_the_length_is_the_last_header() -> None:
    _, client, visitor = quiet()
    head, _, body = visitor.send(post(packet(client, wait=AT_ONCE))).partition(b"\r\n\r\n")
    assert head.rpartition(b"\r\n")[2] == b"Content-Length: %d" % len(body)


def test_a_client_that_asks_first_is_encouraged() -> None:
    dc, client, visitor = quiet()
    client.send(QUERY)
    body = packet(client)
    request = post(body, "/api", "Expect: 100-continue")
    assert visitor.send(request[: -len(body)]).startswith(b"HTTP/1.1 100")
    visitor.send(body)
    assert len(dc.queries) == 1


def test_browsers_may_ask_from_anywhere() -> None:
    [(status, body, headers)] = read_answers(Dc().visitor().send(b"OPTIONS /apiw1 HTTP/1.1\r\nHost: x\r\n\r\n"))
    assert (status, body) == (204, b"")
    assert headers[b"access-control-allow-origin"] == b"*"
    assert b"POST" in headers[b"access-control-allow-methods"]


def test_transport_errors_are_statuses() -> None:
    stranger = Dc().client()
    stranger.send(QUERY)
    visitor = Dc().visitor()
    [(status, body, _)] = read_answers(visitor.send(post(packet(stranger))))
    assert (status, body) == (404, b"")
    assert visitor.server.closing


# How long an answer waits


def test_without_http_wait_an_answer_waits_for_something_to_say_for_25_seconds_at_most() -> None:
    _, client, visitor = quiet()
    assert visitor.send(post(acknowledgement(client))) == b""
    assert visitor.server.next_deadline() == NOW + 25
    assert visitor.wait(24.9) == b""
    assert heard(client, visitor.wait(0.2), visitor.now) == []
    assert visitor.server.next_deadline() == NOW + 85


def test_a_poll_ends_empty_when_its_time_is_over() -> None:
    _, client, visitor = quiet()
    assert visitor.send(post(packet(client, wait=HttpWait(0, 0, 7000)))) == b""
    assert visitor.wait(6.9) == b""
    answer = visitor.wait(0.2)
    [(status, body, _)] = read_answers(answer)
    assert (status, len(body) % 4) == (200, 0)
    assert heard(client, answer, visitor.now) == []
    assert not visitor.server.closing


def test_no_answer_is_held_back_for_longer_than_a_minute_whatever_the_client_asks_for() -> None:
    _, client, visitor = quiet()
    visitor.send(post(packet(client, wait=HttpWait(0, 0, (1 << 31) - 1))))
    assert visitor.wait(LONGEST_WAIT - 0.1) == b""
    assert [status for status, _, _ in read_answers(visitor.wait(0.2))] == [200]


def test_a_poll_is_answered_with_the_first_message() -> None:
    dc, client, visitor = quiet()
    visitor.send(post(packet(client, wait=LONG_POLL)))
    push(dc)
    assert len(updates(heard(client, visitor.flush()))) == 1


def test_a_request_beside_a_poll_is_answered_at_once_and_the_poll_brings_the_answer() -> None:
    dc, client, first = quiet()
    assert first.send(post(packet(client, wait=LONG_POLL))) == b""
    second = dc.visitor()
    client.send(QUERY)
    answer = second.send(post(packet(client, wait=AT_ONCE, poll=False)))
    assert heard(client, answer) == []
    [query] = dc.queries
    assert first.flush() == b""
    query.slot.session.answer(query.msg_id, ANSWER)
    assert query.slot.link is not None
    assert query.slot.polls == [query.slot.link]
    assert second.flush() == b""
    assert results([*heard(client, first.flush())]) == [ANSWER]


def test_max_delay_collects_from_the_first_message_on() -> None:
    dc, client, visitor = quiet()
    visitor.send(post(packet(client, wait=HttpWait(max_delay=3000, wait_after=2000, max_wait=25_000))))
    push(dc)
    assert visitor.flush() == b""
    assert visitor.wait(1.5) == b""
    push(dc)  # `wait_after` begins anew
    assert visitor.flush() == b""
    assert visitor.wait(1.4) == b""
    assert len(updates(heard(client, visitor.wait(0.2)))) == 2  # `max_delay` is over


def test_wait_after_ends_the_wait_when_nothing_follows() -> None:
    dc, client, visitor = quiet()
    visitor.send(post(packet(client, wait=HttpWait(max_delay=20_000, wait_after=2000, max_wait=25_000))))
    push(dc)
    assert visitor.flush() == b""
    assert visitor.wait(1.9) == b""
    assert len(updates(heard(client, visitor.wait(0.2)))) == 1


def test_max_wait_is_above_max_delay() -> None:
    dc, client, visitor = quiet()
    visitor.send(post(packet(client, wait=HttpWait(max_delay=20_000, wait_after=20_000, max_wait=1000))))
    push(dc)
    assert visitor.flush() == b""
    assert len(updates(heard(client, visitor.wait(1.1)))) == 1


def test_what_a_lost_connection_carried_goes_out_again() -> None:
    dc, client, first = quiet()
    second = dc.visitor()
    second.send(post(packet(client, wait=LONG_POLL)))
    push(dc)
    assert second.flush()  # never arrives
    slot = next(slot for key in dc.state for slot in key.sessions.values())
    assert isinstance(slot.link, HttpLink)
    slot.link.disconnected(NOW)
    assert len(updates(heard(client, first.send(post(packet(client, wait=LONG_POLL)))))) == 1


def test_an_idle_connection_is_closed_in_the_end() -> None:
    _, _, visitor = quiet()
    visitor.wait(59)
    assert not visitor.server.closing
    visitor.wait(2)
    assert visitor.server.closing


def test_a_connection_is_closed_when_its_link_hangs_up_between_two_requests() -> None:
    dc = Dc()
    visitor = dc.visitor()
    question = bytes.fromhex("f18e7ebe") + bytes(16)  # req_pq_multi
    for msg_id in (4, 8):
        [(status, _, _)] = read_answers(visitor.send(post(pack_plain(msg_id, question))))
        assert (status, visitor.server.closing) == (200, False)
        visitor.now += 7
    visitor.wait(46.1)  # a minute after the first question, nobody has authenticated; the last answer is younger
    assert visitor.server.closing
    assert visitor.send(post(pack_plain(12, question))) == b""


def push(dc: Dc) -> None:
    [key] = dc.state
    [slot] = key.sessions.values()
    slot.session.push(QUERY)


def updates(events: object) -> list[Update]:
    assert isinstance(events, list)
    return [event for event in events if isinstance(event, Update)]


# Refusals


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (post(bytes(40), "/elsewhere"), 404),
        (b"GET /api HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (post(bytes(40), "/apiws"), 405),
        (b"GET /apiws HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"POST /api HTTP/1.1\r\n\r\n", 400),
        (b"POST /api\r\n\r\n", 400),
        (b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: -4\r\n\r\n", 400),
        (b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n", 400),
        (b"POST /api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnumber\r\n", 400),
        (b"POST /api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 16777217\r\n\r\n", 413),
        (b"POST /api HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        (b"POST /api HTTP/1.1\r\nHost: x\r\nLong: " + bytes(b"a" * 20_000), 431),
        (post(b""), 400),
        (post(bytes(20)), 400),
        (post(bytes(41)), 400),
        (post(b"\1" * 48), 404),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_what_is_wrong_is_refused_and_ends_the_connection(request_: bytes, status: int, whole: bool) -> None:
    visitor = Dc().visitor()
    pieces = [request_] if whole else [request_[at : at + 1] for at in range(len(request_))]
    [(answered, body, headers)] = read_answers(visitor.send(*pieces))
    assert (answered, body, headers[b"connection"]) == (status, b"", b"close")
    assert visitor.server.closing
    assert visitor.send(post(bytes(40))) == b""


def test_a_chunked_body_is_bounded() -> None:
    visitor = Dc(Limits(frame_accepted=1000)).visitor()
    head = b"POST /api HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"190\r\n" + bytes(400) + b"\r\n"
    assert visitor.send(head, chunk, chunk) == b""
    [(status, _, _)] = read_answers(visitor.send(chunk))
    assert status == 413


def test_a_flood_behind_a_request_that_waits_ends_the_connection() -> None:
    _, client, visitor = quiet()
    visitor.server.received(post(packet(client, wait=LONG_POLL)), NOW)
    for _ in range(65):
        assert not visitor.server.closing
        visitor.server.received(bytes(1024), NOW)
    assert visitor.server.closing


@given(data=st.data())
def test_no_bytes_raise_anything(data: st.DataObject) -> None:
    visitor = Dc().visitor()
    seed = post(bytes(data.draw(st.integers(0, 64))), "/api", "Connection: Upgrade")
    position = data.draw(st.integers(0, len(seed)))
    changed = seed[:position] + data.draw(st.binary(max_size=8)) + seed[position + data.draw(st.integers(0, 4)) :]
    visitor.send(*(changed[at : at + 7] for at in range(0, len(changed), 7)))
    visitor.wait(200)
    assert visitor.server.closing


# The client's end against servers that are not ours


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nwhat?", -404),
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", -403),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + (-404).to_bytes(4, "little", signed=True), -404),
        (b"HTTP/1.0 503 No\r\n\r\n", -503),
    ],
)
def test_a_status_is_a_transport_error(answer: bytes, code: int) -> None:
    assert asyncio.run(error_of(answer)) == code


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a number\r\n",
        b"HTTP/1.1 200 OK\r\nLong: " + b"a" * 50_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n" + b"\1" * 30,
    ],
)
def test_an_answer_that_is_none_ends_the_carrier_and_the_client_tries_again(answer: bytes) -> None:
    assert asyncio.run(error_of(answer)) is None


async def error_of(answer: bytes) -> int | None:
    """Return the transport error that the client ends with; None if it tries until it gives up."""

    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.write(answer)
            self.transport.close()

    async with await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0) as server:
        address = server.sockets[0].getsockname()
        client = Connection(
            address, [rsa_key().public], transport="http", backoff=BackoffPolicy(first=0.001, ceiling=0.001)
        )
        try:
            await client.open(timeout=SOON)
        except TransportError as error:
            return error.code
        except ConnectionLost:
            return None
        raise AssertionError("it opened")


UNASKED = [
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123",
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n",
]


class Line:
    """An HTTP carrier on a loop that a test turns, after its first request was answered."""

    def __init__(self, behind: bytes = b"") -> None:
        self.heard: list[bytes] = []
        self.ends: list[Exception | None] = []
        self.loop = FakeLoop()
        self.carrier = HttpCarrier(self.loop, Route(addresses=(("192.0.2.1", 80),), carrier="http"), self)
        self.loop.carriers[0].open()
        self.carrier.write(b"one")
        self.loop.carriers[0].owner.received(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nuno" + behind)
        self.loop.turn()

    def opened(self, carrier: object) -> None: ...

    def received(self, data: bytes) -> None:
        self.heard.append(data)

    def drained(self) -> None: ...

    def lost(self, error: Exception | None) -> None:
        self.ends.append(error)


@pytest.mark.parametrize("unasked", UNASKED)
@pytest.mark.parametrize("together", [True, False])
def test_an_answer_to_no_question_ends_its_line_and_the_next_question_goes_over_another(
    unasked: bytes, together: bool
) -> None:
    scene = Line(unasked if together else b"")
    if not together:
        scene.loop.carriers[0].owner.received(unasked)
        scene.loop.turn()
    assert scene.heard == [b"uno"]
    assert scene.loop.carriers[0].over
    assert scene.carrier.writable
    scene.carrier.write(b"two")
    scene.loop.carriers[1].open()
    scene.loop.carriers[1].owner.received(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ndue")
    assert scene.heard == [b"uno", b"due"]
    assert scene.ends == []


def test_a_blank_line_that_nobody_asked_for_means_nothing() -> None:
    scene = Line()
    scene.loop.carriers[0].owner.received(b"\r\n")
    scene.carrier.write(b"two")
    scene.loop.carriers[0].owner.received(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ndue")
    assert scene.heard == [b"uno", b"due"]
    assert len(scene.loop.carriers) == 1


def test_requests_beyond_those_that_may_be_under_way_wait() -> None:
    scene = Line()
    for _ in range(CONNECTIONS):
        assert scene.carrier.writable
        scene.carrier.write(b"two")
    assert not scene.carrier.writable
    assert len(scene.loop.carriers) == CONNECTIONS
    scene.loop.carriers[0].owner.received(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ndue")
    assert scene.carrier.writable


@pytest.mark.parametrize(("size", "ends"), [(HEAD_SIZE - 100, 0), (HEAD_SIZE + 100, 1)])
def test_headers_of_an_answer_that_do_not_end_break_the_carrier(size: int, ends: int) -> None:
    scene = Line()
    scene.carrier.write(b"two")
    scene.loop.carriers[0].owner.received(b"HTTP/1.1 200 OK\r\nLong: " + b"a" * size)
    assert len(scene.ends) == ends
