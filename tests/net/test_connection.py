"""The asyncio shell against a listener, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
from typing import TYPE_CHECKING, Any

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
from mtproto.link import ExchangeStep, InSession, KeyCreated, LinkStatus
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.net import Connection, UpdatesDropped
from mtproto.session import QueryDropped, QuickAcked, RpcFailed, Update
from mtproto.transport import TRANSPORTS
from tests.net.streams import unused_address
from tests.net.support import (
    ANSWER,
    IMPATIENT,
    QUERY,
    SOON,
    body_of,
    connection,
    echo,
    listener,
    move_on,
    rsa_key,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from mtproto.link import LinkEvent, ServerLinkEvent
    from mtproto.net import ServerQuery


class Gate:
    """A handler that answers a call only when it is told to."""

    def __init__(self) -> None:
        self.queries: list[ServerQuery] = []
        self.arrived = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self, query: ServerQuery) -> bytes:
        self.queries.append(query)
        self.arrived.set()
        await self.open.wait()
        return echo(query)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_it_makes_a_key_and_carries_calls(transport: str) -> None:
    async def main() -> None:
        events: list[LinkEvent] = []
        options = {"state": None, "transport": transport, "on_event": events.append}
        async with listener() as server, connection(server, **options) as client:
            assert client.is_open
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY
            assert body_of(await client.call(QUERY + bytes(300_000))) == ANSWER + QUERY + bytes(300_000)
        assert not client.is_open
        assert len([event for event in events if isinstance(event, ExchangeStep)]) == 6
        assert [event.state for event in events if isinstance(event, KeyCreated)] == [client.state]

    run(main())


def test_a_state_saves_the_exchange() -> None:
    async def main() -> None:
        async with listener() as server:
            async with connection(server, state=None) as first:
                assert first.state is not None
                kept = first.state.to_bytes()
            events: list[LinkEvent] = []
            async with connection(server, state=KeyState.from_bytes(kept), on_event=events.append) as second:
                assert body_of(await second.call(QUERY)) == ANSWER + QUERY
            assert [event for event in events if isinstance(event, ExchangeStep)] == []

    run(main())


def test_many_calls_wait_at_once_and_each_gets_its_own_answer() -> None:
    async def main() -> None:
        answers: dict[bytes, asyncio.Future[bytes]] = {}

        async def later(query: ServerQuery) -> bytes:
            answers[query.body] = asyncio.get_running_loop().create_future()
            if len(answers) == 100:  # the last one first
                for body, answer in reversed(answers.items()):
                    answer.set_result(ANSWER + body)
            return await answers[query.body]

        async with listener(later) as server, connection(server) as client:
            bodies = [QUERY + number.to_bytes(4, "little") for number in range(100)]
            outcomes = await asyncio.gather(*(client.call(body) for body in bodies))
            assert [body_of(outcome) for outcome in outcomes] == [ANSWER + body for body in bodies]

    run(main())


def test_a_call_can_be_started_and_awaited_later() -> None:
    async def main() -> None:
        async with listener() as server, connection(server) as client:
            first = await client.start(QUERY)
            second = await client.start(QUERY + QUERY, after=[first.request])
            assert body_of(await first) == ANSWER + QUERY
            assert body_of(await second).endswith(QUERY + QUERY)

    run(main())


def test_an_error_of_the_handler_is_an_outcome() -> None:
    def broken(query: ServerQuery) -> bytes:
        raise ZeroDivisionError

    async def broken_later(query: ServerQuery) -> bytes:
        raise ZeroDivisionError

    async def main() -> None:
        for handler in (broken, broken_later):
            async with listener(handler) as server, connection(server) as client:
                outcome = await client.call(QUERY)
                assert isinstance(outcome, RpcFailed)
                assert (outcome.code, outcome.message) == (500, "INTERNAL")

    run(main())


# Deadlines, cancelling, closing ---------------------------------------------------------------------------------------


async def deadline_after(event: asyncio.Event, call: Coroutine[Any, Any, Any]) -> None:
    """Make a call whose deadline, of `SOON / 4`, passes once the event is set."""
    task = asyncio.ensure_future(call)
    await event.wait()
    move_on(SOON / 4)
    await task


def test_a_deadline_ends_one_call_and_the_server_is_told() -> None:
    async def main() -> None:
        gate = Gate()
        dropped = asyncio.Event()

        def watch(event: ServerLinkEvent) -> None:
            if isinstance(event, InSession) and isinstance(event.event, QueryDropped):
                dropped.set()

        async with listener(gate) as server, connection(server) as client:
            server.on_event(watch)
            with pytest.raises(DeadlineExceeded):
                await deadline_after(gate.arrived, client.call(QUERY, timeout=SOON / 4))
            await dropped.wait()
            gate.open.set()
            assert body_of(await client.call(QUERY + QUERY)) == ANSWER + QUERY + QUERY

    run(main())


def test_a_cancelled_task_cancels_its_call() -> None:
    async def main() -> None:
        gate = Gate()
        async with listener(gate) as server, connection(server) as client:
            task = asyncio.ensure_future(client.call(QUERY))
            await gate.arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            gate.open.set()
            assert body_of(await client.call(QUERY + QUERY)) == ANSWER + QUERY + QUERY

    run(main())


def test_closing_ends_the_calls_that_wait() -> None:
    async def main() -> None:
        gate = Gate()
        async with listener(gate) as server:
            client = connection(server)
            await client.open()
            task = asyncio.ensure_future(client.call(QUERY))
            await gate.arrived.wait()
            await client.close()
            await client.close()
            with pytest.raises(RequestCancelled):
                await task
            with pytest.raises(ConnectionLost):
                await client.call(QUERY)

    run(main())


def test_a_connection_that_was_not_opened_takes_no_calls() -> None:
    async def main() -> None:
        client = Connection(("127.0.0.1", 1), [rsa_key().public])
        with pytest.raises(ConnectionLost):
            await client.call(QUERY)
        await client.close()

    run(main())


def test_calls_wait_for_room() -> None:
    async def main() -> None:
        gate = Gate()
        async with listener(gate) as server, connection(server, limits=Limits(unanswered_requests=2)) as client:
            calls = [asyncio.ensure_future(client.call(QUERY)) for _ in range(6)]
            await gate.arrived.wait()
            await asyncio.sleep(0)
            assert len(gate.queries) <= 2
            gate.open.set()
            assert len(await asyncio.gather(*calls)) == 6

    run(main())


def test_the_wait_for_room_is_part_of_a_calls_time_and_its_error_names_the_route() -> None:
    async def main() -> None:
        gate = Gate()
        async with listener(gate) as server, connection(server, limits=Limits(unanswered_requests=1)) as client:
            first = await client.start(QUERY)
            second = asyncio.ensure_future(client.call(QUERY, timeout=1.0))
            await gate.arrived.wait()
            move_on(2.0)
            host, port = server.address
            with pytest.raises(DeadlineExceeded, match=rf"no room for the call in time \({host}:{port}"):
                await second
            gate.open.set()
            assert body_of(await first) == ANSWER + QUERY

    run(main())


def test_nothing_is_sealed_before_the_socket_takes_it() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            state = KeyState(auth_key=AuthKey(bytes(range(256))), dc_id=2)
            client = Connection(deaf.getsockname(), [rsa_key().public], state=state)
            await client.open()
            calls = [await client.start(bytes(1_000_000)) for _ in range(64)]
            for _ in range(1000):
                await asyncio.sleep(0)
            sealed = [call.request.msg_id != 0 for call in calls]
            assert any(sealed)
            assert not all(sealed)
            await client.close()
            for call in calls:
                with pytest.raises(RequestCancelled):
                    await call

    run(main())


# Connections that fail ------------------------------------------------------------------------------------------------


def test_calls_survive_a_cut() -> None:
    async def main() -> None:
        gate = Gate()
        async with listener(gate) as server, connection(server, backoff=IMPATIENT) as client:
            waiting = asyncio.ensure_future(client.call(QUERY))
            await gate.arrived.wait()
            assert server.cut_connections() == 1
            gate.open.set()
            assert body_of(await waiting) == ANSWER + QUERY
            assert len(gate.queries) == 1
            for _ in range(5):
                server.cut_connections()
                assert body_of(await client.call(QUERY)) == ANSWER + QUERY

    run(main())


def test_an_address_that_nobody_listens_on_is_an_error_at_once() -> None:
    async def main() -> None:
        client = Connection(unused_address(), [rsa_key().public])
        with pytest.raises(ConnectionLost):
            await client.open()
        assert client.status is LinkStatus.CLOSED

    run(main())


def test_a_server_that_says_nothing_is_left_at_the_deadline() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            client = Connection(silent.getsockname(), [rsa_key().public])
            with pytest.raises(DeadlineExceeded):
                await client.open(timeout=0.05)
        assert client.status is LinkStatus.CLOSED

    run(main())


def test_a_server_key_that_is_not_trusted_is_an_error() -> None:
    async def main() -> None:
        async with listener() as server:
            client = Connection(server.address, [RSAPrivateKey.generate().public])
            with pytest.raises(ExchangeFailed):
                await client.open()

    run(main())


def test_a_key_that_the_server_forgot_is_an_error_after_some_attempts() -> None:
    async def main() -> None:
        async with listener() as server:
            async with connection(server) as first:
                state = first.state
            assert state is not None
            server.state.forget_key(state.auth_key.id)
            async with connection(server, state=state, backoff=IMPATIENT) as client:
                with pytest.raises(TransportError) as caught:
                    await client.call(QUERY)
                assert caught.value.code == -404
                with pytest.raises(TransportError):
                    await client.call(QUERY)

    run(main())


# Updates and events ---------------------------------------------------------------------------------------------------


def test_updates_come_in_order_until_the_end() -> None:
    async def main() -> None:
        async with listener() as server:
            client = connection(server)
            await client.open()
            await client.call(QUERY)
            assert client.state is not None
            for number in range(10):
                assert server.push(client.state.auth_key.id, QUERY + bytes((number, 0, 0, 0))) == 1
            received = []
            async for item in client.incoming():
                assert isinstance(item, Update)
                received.append(item.body[8])
                if len(received) == 10:
                    await client.close()
            assert received == list(range(10))

    run(main())


def test_a_slow_reader_loses_the_oldest_updates_and_is_told() -> None:
    async def main() -> None:
        async with listener() as server, connection(server, limits=Limits(queued_updates=3)) as client:
            await client.call(QUERY)
            assert client.state is not None
            for number in range(10):
                server.push(client.state.auth_key.id, QUERY + bytes((number, 0, 0, 0)))
            await client.call(QUERY)
            updates = client.incoming()
            items = [await anext(updates) for _ in range(4)]
            assert isinstance(items[0], UpdatesDropped)
            assert items[0].count >= 7
            assert [item.body[8] for item in items[1:] if isinstance(item, Update)] == [7, 8, 9]

    run(main())


def test_a_quick_ack_is_an_event() -> None:
    async def main() -> None:
        events: list[LinkEvent] = []
        async with listener() as server, connection(server, on_event=events.append) as client:
            await client.call(QUERY)
            await client.call(QUERY, want_quick_ack=True)
        assert len([event for event in events if isinstance(event, QuickAcked)]) == 1

    run(main())


def test_no_key_material_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> bytes:
        async with listener() as server, connection(server, state=None) as client:
            await client.call(QUERY)
            server.cut_connections()
            await client.call(QUERY)
            assert client.state is not None
            return client.state.auth_key.data

    with caplog.at_level(logging.DEBUG, logger="mtproto"):
        secret = run(main())
    ours = {record.name for record in caplog.records if record.name.startswith("mtproto")}
    assert ours
    assert all(name.startswith("mtproto.net.") for name in ours)
    assert secret.hex()[:24] not in caplog.text
    assert repr(secret)[2:40] not in caplog.text


# The listener ---------------------------------------------------------------------------------------------------------


def test_a_listener_tells_each_new_key() -> None:
    async def main() -> None:
        made: list[AuthKey] = []
        async with listener() as server:
            server.on_key(made.append)
            async with connection(server, state=None) as client:
                assert client.state is not None
                assert made == [client.state.auth_key]

    run(main())


def test_a_listener_that_does_not_listen_has_no_address() -> None:
    with pytest.raises(LocalProtocolError):
        _ = listener().address


def test_closing_a_listener_ends_its_connections_and_handlers() -> None:
    async def main() -> None:
        gate = Gate()
        server = listener(gate)
        await server.start()
        client = connection(server, backoff=IMPATIENT)
        await client.open()
        task = asyncio.ensure_future(client.call(QUERY, timeout=SOON / 4))
        await gate.arrived.wait()
        await server.close()
        await server.close()
        assert server.connections == 0
        move_on(SOON / 4)
        with pytest.raises(DeadlineExceeded):
            await task
        await client.close()

    run(main())


@pytest.mark.parametrize("turns", range(6))
def test_closing_a_listener_forgets_nobody_who_has_just_come(turns: int) -> None:
    async def main() -> None:
        server = listener()
        await server.start()
        with socket.create_connection(server.address) as visitor:
            for _ in range(turns):  # of the loop, in which asyncio accepts it, and begins with it
                await asyncio.sleep(0)
            await server.close()
            visitor.settimeout(SOON)
            with contextlib.suppress(ConnectionError):
                assert visitor.recv(1) == b""

    run(main())
    gc.collect()  # a socket that is forgotten is a warning, and a warning is an error


def test_garbage_ends_one_connection_only() -> None:
    async def main() -> None:
        async with listener() as server, connection(server) as client:
            reader, writer = await asyncio.open_connection(*server.address)
            writer.write(b"\x16\x03\x01 is TLS, which is not spoken here")
            assert await reader.read() == b""
            writer.close()
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY

    run(main())


def test_a_connection_that_is_open_is_not_opened_twice_and_goes_on() -> None:
    async def main() -> None:
        async with listener() as server, connection(server) as client:
            with pytest.raises(LocalProtocolError, match="opened already"):
                await client.open(timeout=SOON)
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY

    run(main())


def test_a_connection_that_was_closed_is_not_opened_again() -> None:
    async def main() -> None:
        async with listener() as server:
            client = connection(server)
            await client.open()
            await client.close()
            with pytest.raises(LocalProtocolError, match="over"):
                await client.open(timeout=SOON)
            never = connection(server)
            await never.close()
            with pytest.raises(LocalProtocolError, match="over"):
                await never.open(timeout=SOON)

    run(main())


@pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning")  # asyncio's own, for the loop that ended early
def test_a_connection_can_be_closed_after_its_loop() -> None:
    loop = asyncio.new_event_loop()
    server = listener(lambda query: asyncio.sleep(SOON, ANSWER))
    loop.run_until_complete(server.start())
    client = connection(server)
    loop.run_until_complete(client.open())
    call = loop.run_until_complete(client.start(QUERY))
    loop.run_until_complete(server.close())
    loop.close()
    asyncio.run(client.close())
    assert client.status is LinkStatus.CLOSED
    asyncio.run(client.close())
    del call, client
    gc.collect()


def test_a_call_that_was_started_and_forgotten_leaves_no_complaint(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with listener(lambda query: asyncio.sleep(SOON, ANSWER)) as server:
            client = connection(server)
            await client.open()
            await client.start(QUERY)
            await client.close()
            gc.collect()
            await asyncio.sleep(0)

    run(main())
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []
