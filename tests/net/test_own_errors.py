"""Every caller gets an exception object of its own: a shared one would keep the frames of all who raised it."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.errors import MTProtoError, RequestCancelled, TransportError
from mtproto.link import Failed
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.net import BlockingConnection, Connection
from tests.net.support import IMPATIENT, QUERY, SOON, ListenerThread, connection, listener, rsa_key, run

if TYPE_CHECKING:
    from collections.abc import Sequence

CALLS = 1000
PENDING = 50


class Local:
    """Something big in a caller's frame."""


def unknown() -> dict[str, Any]:
    """Return the options of a client whose key no server knows: its link gives up after the third -404."""
    return {"state": KeyState(auth_key=AuthKey(bytes(range(256))), dc_id=2), "backoff": IMPATIENT}


def check(errors: list[MTProtoError], locals_: Sequence[weakref.ref[Local]]) -> None:
    """Check that each caller got an error of its own, which keeps nobody's frame once it is gone."""
    assert len({id(error) for error in errors}) == len(errors)
    for error in errors:
        assert isinstance(error, TransportError)
        assert error.code == -404
        assert "127.0.0.1" in str(error)
        assert isinstance(error.__cause__, TransportError)
    assert len({id(error.__cause__) for error in errors}) == 1
    errors.clear()
    del error
    gc.collect()
    assert not any(local() is not None for local in locals_)


def test_every_task_gets_an_error_of_its_own_after_a_link_has_given_up() -> None:
    errors: list[MTProtoError] = []
    locals_: list[weakref.ref[Local]] = []

    async def call(client: Connection) -> None:
        local = Local()
        locals_.append(weakref.ref(local))
        try:
            await client.call(QUERY)
        except MTProtoError as error:
            errors.append(error)

    async def main() -> None:
        async with listener() as server, connection(server, **unknown()) as client:
            await asyncio.gather(*(call(client) for _ in range(PENDING)))
            assert not client.is_open
            for _ in range(CALLS):
                await call(client)
            assert len(errors) == PENDING + CALLS
            check(errors, locals_)

    run(main())


def test_every_thread_gets_an_error_of_its_own_after_a_link_has_given_up() -> None:
    errors: list[MTProtoError] = []
    locals_: list[weakref.ref[Local]] = []

    def call(client: BlockingConnection) -> None:
        local = Local()
        locals_.append(weakref.ref(local))
        try:
            client.call(QUERY, timeout=SOON)
        except MTProtoError as error:
            errors.append(error)

    with (
        ListenerThread() as server,
        BlockingConnection(server.listener.address, [rsa_key().public], **unknown()) as client,
    ):
        started = [client.start(QUERY) for _ in range(PENDING)]
        for waiting in started * 2:  # whoever asks twice gets two
            with pytest.raises(TransportError) as caught:
                waiting.result(SOON)
            errors.append(caught.value)
        del caught, waiting
        for _ in range(CALLS):
            call(client)
        assert len(errors) == 2 * PENDING + CALLS
        check(errors, locals_)


def test_whoever_waits_for_opening_gets_another_error_than_whoever_calls() -> None:
    async def main() -> None:
        events: list[Any] = []
        async with listener() as server:
            client = connection(server, state=None, dc_id=3, on_event=events.append)
            with pytest.raises(TransportError, match="DC 3 was asked for") as first:
                await client.open()
            with pytest.raises(TransportError, match=r"transport error -444.*127\.0\.0\.1") as second:
                await client.call(QUERY)
            [failed] = [event for event in events if isinstance(event, Failed)]
            assert len({id(error) for error in (first.value, second.value, failed.error)}) == 3

    run(main())


def test_calls_that_a_close_cancels_get_errors_of_their_own() -> None:
    async def main() -> None:
        async def never(_query: object) -> bytes:
            await asyncio.Event().wait()
            return b""

        async with listener(never) as server, connection(server) as client:
            calls = [await client.start(QUERY) for _ in range(3)]
            await client.close()
            errors = []
            for call in calls:
                with pytest.raises(RequestCancelled) as caught:
                    await call
                errors.append(caught.value)
            assert len({id(error) for error in errors}) == 3

    run(main())
