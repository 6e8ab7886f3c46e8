"""A key that is used from two places at once is dead: a place is a source address, and its connections are lanes."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from mtproto.client.client import Client, connect
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.errors import RpcError
from mtproto.localdc import LocalDC
from mtproto.localdc.keys import KeyRecord
from mtproto.localdc.places import KEYS, Places
from mtproto.localdc.world.model import World
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from tl import api

HERE, THERE = "127.0.0.1", "127.0.0.2"


def new_key() -> KeyRecord:
    return KeyRecord(AuthKey(os.urandom(256)), user_id=7)


@pytest.mark.parametrize(
    ("calls", "dies"),
    [
        ([(1, HERE), (2, HERE), (1, HERE), (3, HERE)], False),  # lanes
        ([(1, HERE), (2, THERE), (2, THERE), (3, THERE)], False),  # the client moved
        ([(1, HERE), (2, THERE), (3, HERE), (3, HERE)], False),  # and moved back
        ([(1, HERE), (2, THERE), (1, HERE)], True),
        ([(2, HERE), (1, THERE)], True),
        ([(1, HERE), (2, THERE), (3, HERE), (2, THERE)], True),
    ],
)
def test_a_call_over_a_connection_from_before_the_move_is_what_kills_a_key(
    calls: list[tuple[int, str]], dies: bool
) -> None:
    places, key = Places(), new_key()
    died = [places.check(key, *call) for call in calls]
    assert (any(died), key.is_dead, places.duplicated) == (dies, dies, int(dies))
    assert (key.user_id is None) is dies
    if dies:
        assert not places.check(key, *calls[0])
        assert places.duplicated == 1


def test_places_that_are_remembered_are_bounded() -> None:
    places, key = Places(), new_key()
    places.check(key, 2, HERE)
    for number in range(KEYS):
        other = KeyRecord(AuthKey(number.to_bytes(256, "little")))
        places.check(other, 1, HERE)
    assert not places.check(key, 1, THERE)


@asynccontextmanager
async def relay(target: tuple[str, int]) -> AsyncIterator[tuple[str, int]]:
    """Give an address whose connections reach the target from another source address."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*target, local_addr=(THERE, 0))
        await asyncio.gather(pipe(reader, far_writer), pipe(far_reader, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, HERE, 0)
    async with server:
        yield server.sockets[0].getsockname()[:2]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has more than one address on loopback")
def test_a_copied_key_is_refused_at_both_places(local_dc_key: RSAPrivateKey, packaged_world: World) -> None:
    async def main() -> None:
        async with LocalDC(key=local_dc_key, world=packaged_world) as dc, relay(dc.address) as detour:

            def client(address: tuple[str, int], state: KeyState | None = None) -> Client:
                return connect(address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash, state=state)

            request: Any = api.functions.help.GetNearestDc()
            async with client(dc.address) as first:
                await first(request)
                assert first.state is not None
                copied = KeyState.from_bytes(first.state.to_bytes())
                async with client(dc.address, KeyState.from_bytes(first.state.to_bytes())) as lane:
                    await lane(request)
                await first(request)
                assert dc.duplicated_keys == 0
                async with client(detour, copied) as second:
                    await second(request)
                    for either in (first, second):
                        with pytest.raises(RpcError, match="406 AUTH_KEY_DUPLICATED"):
                            await either(request)
                assert dc.duplicated_keys == 1

    asyncio.run(main())
