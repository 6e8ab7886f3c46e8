"""A caller that hands queries straight to the dispatcher: the DC without its protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from mtproto.limits import DEFAULT_LIMITS
from mtproto.localdc.auth_keys import AuthKeys
from mtproto.localdc.dc_state import DCState
from mtproto.localdc.dispatch import Dispatcher
from mtproto.localdc.keys import KeyRecord
from mtproto.localdc.spoken import SpokenLayers
from mtproto.localdc.world.load import load_world
from mtproto.localdc.world.model import World
from mtproto.message.auth_key import AuthKey
from mtproto.session.wire import read_gzip
from tests.vectors.generate import RSA_KEY
from tl import Schema, api, service

NOW = 1_700_000_000.0
SESSION = 77
GZIP_PACKED = service.schema.id_of("gzip_packed").to_bytes(4, "little")


class RpcFailure(Exception):
    """The answer was an `rpc_error`."""


class Caller:
    """One auth key that calls methods; `await` nothing, see the decoded answers."""

    def __init__(self, world: World, schemas: dict[int, Schema] | None = None) -> None:
        self.world = world
        self.dc = DCState(world, 2, AuthKeys(RSA_KEY, None, lambda: NOW), lambda: NOW)
        self.dc.address = ("127.0.0.1", 4433)
        self.dispatcher = Dispatcher(self.dc, SpokenLayers(schemas or {}), default_layer=api.layer)
        self.key = KeyRecord(AuthKey(bytes(range(256))), inited=True, user_id=world.bot.id)
        self.msg_id = 4

    def raw(self, body: bytes) -> bytes | Awaitable[bytes]:
        self.msg_id += 4
        return self.dispatcher.answer(body, self.key, SESSION, self.msg_id)

    def raw_now(self, body: bytes) -> bytes:
        answer = self.raw(body)
        assert isinstance(answer, bytes)
        return answer

    def read(self, answer: bytes, request: Any) -> Any:
        if answer[:4] == service.types.RpcError.ID.to_bytes(4, "little"):
            error = service.decode(answer)
            raise RpcFailure(f"{error.error_code} {error.error_message}")
        if answer[:4] == GZIP_PACKED:
            answer = read_gzip(answer, DEFAULT_LIMITS.inflated)
        return request.SCHEMA.decode(answer, request.result)

    def __call__(self, request: Any) -> Any:
        answer = self.raw(request.to_bytes())
        return self.read(answer if isinstance(answer, bytes) else asyncio.run(_awaited(answer)), request)


async def _awaited(answer: Awaitable[bytes]) -> bytes:
    return await answer


@pytest.fixture(scope="session")
def packaged_world() -> World:
    return load_world()


@pytest.fixture
def caller(packaged_world: World) -> Caller:
    """A key under which `initConnection` was sent and the bot is logged in."""
    return Caller(packaged_world)


@pytest.fixture
def stranger(packaged_world: World) -> Caller:
    """A key under which nothing was sent yet."""
    caller = Caller(packaged_world)
    caller.key.inited = False
    caller.key.user_id = None
    return caller
