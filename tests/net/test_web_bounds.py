"""What one data centre takes of all its visitors: so many connections, and of each one so many bytes before a link."""

from __future__ import annotations

import asyncio

from mtproto.net.servers.listener import SWEEP
from tests.net.support import listener, move_on, run


async def is_closed(reader: asyncio.StreamReader) -> bool:
    """Wait for the end of a connection; a reset is one, too."""
    try:
        return await reader.read(1) == b""
    except ConnectionError:
        return True


def test_no_more_connections_are_taken_than_the_limit_and_a_place_becomes_free_again() -> None:
    async def main() -> None:
        async with listener(max_connections=2) as server:
            first = await asyncio.open_connection(*server.address)
            second = await asyncio.open_connection(*server.address)
            while server.connections < 2:
                await asyncio.sleep(0)
            third = await asyncio.open_connection(*server.address)
            assert await is_closed(third[0])
            assert server.connections == 2
            first[1].close()
            while server.connections > 1:
                await asyncio.sleep(0)
            fourth = await asyncio.open_connection(*server.address)
            while server.connections < 2:
                await asyncio.sleep(0)
            for _, writer in (second, third, fourth):
                writer.close()

    run(main())


def test_sessions_and_keys_that_are_too_old_are_looked_for_after_a_minute() -> None:
    async def main() -> None:
        async with listener() as server:
            looks: list[None] = []
            server.on_sweep(lambda: looks.append(None))
            move_on(SWEEP / 2)
            await asyncio.sleep(0)
            assert looks == []
            move_on(SWEEP / 2)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert looks == [None]

    run(main())
