"""The blocking shell against a listener in a thread of its own."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.errors import (
    ConnectionLost,
    DeadlineExceeded,
    ExchangeFailed,
    LocalProtocolError,
    RequestCancelled,
    TransportError,
)
from mtproto.limits import Limits
from mtproto.link import ExchangeStep, KeyCreated, LinkStatus
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.net.shells.blocking import BlockingConnection
from mtproto.session import Update
from mtproto.transport import TRANSPORTS
from tests.net.streams import unused_address
from tests.net.support import (
    ANSWER,
    IMPATIENT,
    QUERY,
    SOON,
    ListenerThread,
    blocking_connection,
    body_of,
    echo,
    introduced,
    rsa_key,
)

if TYPE_CHECKING:
    from mtproto.link import LinkEvent
    from mtproto.net import ServerQuery


class Gate:
    """A handler that answers a call only when it is told to, from any thread."""

    def __init__(self) -> None:
        self.queries: list[ServerQuery] = []
        self.arrived = threading.Event()
        self._lock = threading.Lock()  # between the look whether it is open and the wait for that
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self._open = False

    async def __call__(self, query: ServerQuery) -> bytes:
        self.queries.append(query)
        opened = asyncio.Event()
        with self._lock:
            if self._open:
                opened.set()
            self._waiting.append((asyncio.get_running_loop(), opened))
        self.arrived.set()
        await opened.wait()
        return echo(query)

    def open(self) -> None:
        with self._lock:
            self._open = True
            for loop, opened in self._waiting:
                loop.call_soon_threadsafe(opened.set)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_it_makes_a_key_and_carries_calls(transport: str) -> None:
    events: list[LinkEvent] = []
    with ListenerThread() as server:
        with blocking_connection(server, state=None, transport=transport, on_event=events.append) as client:
            assert client.is_open
            assert body_of(client.call(QUERY)) == ANSWER + QUERY
            assert body_of(client.call(QUERY + bytes(300_000))) == ANSWER + QUERY + bytes(300_000)
        assert not client.is_open
    assert len([event for event in events if isinstance(event, ExchangeStep)]) == 6
    assert [event.state for event in events if isinstance(event, KeyCreated)] == [client.state]


def test_threads_share_a_connection() -> None:
    with ListenerThread() as server, blocking_connection(server) as client, ThreadPoolExecutor(8) as pool:
        bodies = [QUERY + number.to_bytes(4, "little") for number in range(200)]
        outcomes = list(pool.map(client.call, bodies))
        assert [body_of(outcome) for outcome in outcomes] == [ANSWER + body for body in bodies]


def test_a_call_can_be_started_and_waited_for_later() -> None:
    with ListenerThread() as server, blocking_connection(server) as client:
        first = client.start(QUERY)
        second = client.start(QUERY + QUERY, after=[first.request])
        assert body_of(second.result(SOON)).endswith(QUERY + QUERY)
        assert body_of(first.result()) == ANSWER + QUERY


def test_a_deadline_ends_one_call() -> None:
    gate = Gate()
    with ListenerThread(gate) as server, blocking_connection(server) as client:
        with pytest.raises(DeadlineExceeded):
            client.call(QUERY, timeout=0.05)
        gate.open()
        assert body_of(client.call(QUERY + QUERY)) == ANSWER + QUERY + QUERY


def test_closing_ends_the_calls_that_wait() -> None:
    gate = Gate()
    with ListenerThread(gate) as server:
        client = blocking_connection(server)
        client.open()
        call = client.start(QUERY)
        assert gate.arrived.wait(SOON)
        client.close()
        client.close()
        with pytest.raises(RequestCancelled):
            call.result(SOON)
        with pytest.raises(ConnectionLost):
            client.call(QUERY)


def test_at_its_end_no_other_thread_does_what_is_the_pumps() -> None:
    done: list[str] = []
    with ListenerThread() as server:
        client = blocking_connection(server)
        client.open()
        call = client.start(QUERY)
        call.result(SOON)
        client.close()
        assert not client._driver._wish(lambda: done.append("wish"))
        client._driver.give_up(call.request)
    assert done == []


def test_calls_wait_for_room() -> None:
    gate = Gate()
    limits = Limits(unanswered_requests=2)
    with (
        ListenerThread(gate) as server,
        blocking_connection(server, limits=limits) as client,
        ThreadPoolExecutor(6) as pool,
    ):
        calls = [pool.submit(client.call, QUERY) for _ in range(6)]
        assert gate.arrived.wait(SOON)
        assert len(gate.queries) <= 2
        gate.open()
        assert [body_of(call.result(SOON)) for call in calls] == [ANSWER + QUERY] * 6


def test_the_wait_for_room_is_part_of_a_calls_time() -> None:
    gate = Gate()
    with ListenerThread(gate) as server, blocking_connection(server, limits=Limits(unanswered_requests=1)) as client:
        first = client.start(QUERY)
        with pytest.raises(DeadlineExceeded, match="no room"):
            client.call(QUERY, timeout=0.01)
        gate.open()
        assert body_of(first.result(SOON)) == ANSWER + QUERY
        assert body_of(client.call(QUERY, timeout=SOON)) == ANSWER + QUERY


def test_what_the_wait_for_room_has_taken_is_not_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter((100.0, 104.0, 109.0))  # the call begins, waits for room, and waits for its answer
    waits: list[float | None] = []

    def acquire(timeout: float | None) -> bool:
        waits.append(timeout)
        return True

    with ListenerThread() as server, blocking_connection(server) as client:
        monkeypatch.setattr("mtproto.net.shells.driver_threads.time", SimpleNamespace(monotonic=lambda: next(times)))
        monkeypatch.setattr(client._driver._room, "acquire", acquire)
        monkeypatch.setattr(client._driver._room, "release", lambda: None)
        monkeypatch.setattr(Future, "exception", lambda self, timeout=None: waits.append(timeout))
        client.call(QUERY, timeout=10.0)
        monkeypatch.undo()
    assert waits == [6.0, 1.0]


class Interruption(Exception):
    """What a handler of signals may raise."""


@pytest.mark.parametrize("raised", [Interruption, KeyboardInterrupt, SystemExit, TimeoutError])
def test_whatever_a_handler_of_signals_raises_gives_the_call_up(
    raised: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Future[object], timeout: float | None = None) -> None:
        raise raised

    gate = Gate()
    with ListenerThread(gate) as server, blocking_connection(server) as client:
        for timeout in (None, SOON):
            call = client.start(QUERY)
            with monkeypatch.context() as patch:
                patch.setattr(Future, "exception", interrupted)
                with pytest.raises(raised) as caught:
                    call.result(timeout)
            assert type(caught.value) is raised
            with pytest.raises(RequestCancelled):
                call.result(SOON)
        gate.open()


def test_nothing_is_sealed_before_the_socket_takes_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        state = KeyState(auth_key=AuthKey(bytes(range(256))), dc_id=2)
        with BlockingConnection(deaf.getsockname(), [rsa_key().public], state=state) as client:
            calls = [client.start(os.urandom(1_000_000)) for _ in range(32)]
            for _ in range(2):  # once they are queued, and once what could be sent was sent
                turned = threading.Event()
                client._driver._wish(turned.set)
                assert turned.wait(SOON)
            sealed = [call.request.msg_id != 0 for call in calls]
            assert any(sealed)
            assert not all(sealed)
        for call in calls:
            with pytest.raises(RequestCancelled):
                call.result()


def test_calls_survive_a_cut() -> None:
    gate = Gate()
    with ListenerThread(gate) as server, blocking_connection(server, backoff=IMPATIENT) as client:
        call = client.start(QUERY)
        assert gate.arrived.wait(SOON)
        server.do(server.listener.cut_connections)
        gate.open()
        assert body_of(call.result(SOON)) == ANSWER + QUERY
        assert len(gate.queries) == 1
        for _ in range(5):
            server.do(server.listener.cut_connections)
            assert body_of(client.call(QUERY, timeout=SOON)) == ANSWER + QUERY


def test_an_address_that_nobody_listens_on_is_an_error_at_once() -> None:
    client = BlockingConnection(unused_address(), [rsa_key().public])
    with pytest.raises(ConnectionLost):
        client.open()
    assert client.status is LinkStatus.CLOSED


def test_a_server_that_says_nothing_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = BlockingConnection(silent.getsockname(), [rsa_key().public])
        with pytest.raises(DeadlineExceeded):
            client.open(timeout=0.05)
    assert client.status is LinkStatus.CLOSED


def test_a_server_key_that_is_not_trusted_is_an_error() -> None:
    with ListenerThread() as server:
        client = BlockingConnection(server.listener.address, [RSAPrivateKey.generate().public])
        with pytest.raises(ExchangeFailed):
            client.open()


def test_a_key_that_the_server_does_not_know_is_an_error_after_some_attempts() -> None:
    with ListenerThread() as server, ListenerThread() as other:
        stranger = other.do(lambda: introduced(other.listener))
        with blocking_connection(server, state=stranger, backoff=IMPATIENT) as client:
            for _ in range(2):
                with pytest.raises(TransportError) as caught:
                    client.call(QUERY, timeout=SOON)
                assert caught.value.code == -404


def test_a_connection_that_was_not_opened_takes_no_calls() -> None:
    client = BlockingConnection(("127.0.0.1", 1), [rsa_key().public])
    with pytest.raises(ConnectionLost):
        client.call(QUERY)
    client.close()


def test_updates_come_in_order_until_the_end() -> None:
    with ListenerThread() as server:
        client = blocking_connection(server)
        client.open()
        client.call(QUERY)
        assert client.state is not None
        key_id = client.state.auth_key.id

        def push() -> None:
            for number in range(10):
                server.listener.push(key_id, QUERY + bytes((number, 0, 0, 0)))

        server.do(push)
        received = []
        for item in client.incoming():
            assert isinstance(item, Update)
            received.append(item.body[8])
            if len(received) == 10:
                client.close()
        assert received == list(range(10))


def test_a_waiting_reader_of_updates_is_let_go_by_close() -> None:
    with ListenerThread() as server:
        client = blocking_connection(server)
        client.open()
        with ThreadPoolExecutor(1) as pool:
            reader = pool.submit(lambda: list(client.incoming()))
            client.close()
            assert reader.result(SOON) == []


def test_it_needs_no_asyncio() -> None:
    script = "import sys, mtproto.net.shells.blocking; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_connection_that_is_open_is_not_opened_twice_and_goes_on() -> None:
    with ListenerThread() as server, blocking_connection(server) as client:
        with pytest.raises(LocalProtocolError, match="opened already"):
            client.open(timeout=SOON)
        assert body_of(client.call(QUERY, timeout=SOON)) == ANSWER + QUERY


@pytest.mark.parametrize("opened", [True, False])
def test_a_connection_that_was_closed_is_not_opened_again(opened: bool) -> None:
    with ListenerThread() as server:
        client = blocking_connection(server)
        if opened:
            client.open()
        client.close()
        with pytest.raises(LocalProtocolError, match="over"):
            client.open(timeout=SOON)


def test_a_connection_that_was_forgotten_ends_with_a_warning() -> None:
    with ListenerThread() as server:
        client = blocking_connection(server)
        client.open()
        client.call(QUERY, timeout=SOON)
        thread = client._driver._thread
        assert thread is not None
        connections = [client]
        del client
        with pytest.warns(ResourceWarning, match="a connection was not closed: 127.0.0.1"):
            connections.clear()
        thread.join(SOON)
        assert not thread.is_alive()


def test_a_connection_that_was_closed_is_forgotten_without_a_warning() -> None:
    with ListenerThread() as server:
        client = blocking_connection(server)
        client.open()
        client.close()
        del client
        gc.collect()


def test_a_connection_may_be_closed_while_another_thread_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever closes it waits until its thread runs; whoever opens it is told."""
    failures: list[BaseException] = []
    start = threading.Thread.start

    def close(connection: BlockingConnection) -> None:
        try:
            connection.close()
        except BaseException as error:  # whatever it is, the test shows it
            failures.append(error)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = BlockingConnection(silent.getsockname(), [rsa_key().public])
        closer = threading.Thread(target=close, args=(connection,))

        def start_late(thread: threading.Thread) -> None:
            if thread is not closer and thread.name.startswith("mtproto: connection"):
                start(closer)
                closer.join(0.1)  # ends at once only if nothing holds it up
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", start_late)
        with pytest.raises(RequestCancelled):
            connection.open(timeout=SOON)
        closer.join(SOON)
        assert not failures
