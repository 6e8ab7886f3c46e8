"""Everything that runs on an event loop runs on uvloop too, whose transports are no `asyncio.Transport`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import pytest

from mtproto import connect
from mtproto.localdc import LocalDC
from mtproto.proxy import ProxyServer
from mtproto.transport import Secret
from tests.net.certificate import contexts
from tests.net.streams import visiting
from tests.net.support import ANSWER, QUERY, SOON, body_of, connection, listener
from tl import api

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

uvloop = pytest.importorskip("uvloop", reason="uvloop does not exist for this platform (it is part of the extra dev)")

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine on uvloop; one that hangs fails."""

    async def bounded() -> T:
        async with asyncio.timeout(SOON):
            return await main

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert isinstance(runner.get_loop(), uvloop.Loop)
        return runner.run(bounded())


def test_the_main_call_is_answered() -> None:
    async def main() -> None:
        async with (
            LocalDC() as dc,
            connect(address=dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash) as client,
        ):
            await client(
                api.functions.auth.ImportBotAuthorization(
                    flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
                )
            )
            photos = await client(
                api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)
            )
            assert [photo.id for photo in photos.photos] == [photo.id for photo in dc.world.bot.photos]

    run(main())


@pytest.mark.parametrize("transport", ["intermediate", "websocket", "http", "websocket-tls"])
def test_calls_are_answered_over_every_carrier(transport: str) -> None:
    server_tls, trusted = contexts() if transport == "websocket-tls" else (None, None)

    async def main() -> None:
        async with listener(tls=server_tls) as server, connection(server, transport=transport, tls=trusted) as client:
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY

    run(main())


def test_calls_are_answered_through_the_proxy() -> None:
    async def main() -> None:
        async with (
            listener() as server,
            ProxyServer([Secret(bytes(range(16)))], {2: server.address}) as proxy,
            connection(server, proxy=proxy.links()[0]) as client,
        ):
            assert body_of(await client.call(QUERY)) == ANSWER + QUERY

    run(main())


def test_a_server_that_closes_ends_the_connections_that_it_has() -> None:
    async def main() -> None:
        server = listener()
        await server.start()
        async with visiting(server.address) as (reader, _):
            while not server.connections:
                await asyncio.sleep(0)
            await server.close()
            assert server.connections == 0
            assert await reader.read() == b""

    run(main())
