"""Both faces of an account behind one: a scene is written for asyncio, and runs over either."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from mtproto import Account, blocking
from mtproto.localdc import LocalDCThread
from mtproto.store import AccountRecord

T = TypeVar("T")

FACES = ("asyncio", "blocking")


@dataclass
class KeptInMemory:
    """A store that outlives its accounts, and notes what it was given."""

    record: AccountRecord = field(default_factory=AccountRecord)
    saves: list[AccountRecord] = field(default_factory=list)
    closed: int = 0

    def load(self) -> AccountRecord:
        return self.record

    def save(self, record: AccountRecord) -> None:
        self.record = record
        self.saves.append(record)

    def save_soft(self, record: AccountRecord) -> None:
        self.save(self.record.with_soft(record))

    def close(self) -> None:
        self.closed += 1


class InThreads:
    """A blocking account that is awaited: each call runs in a thread of its own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.account = blocking.Account(*args, **options)

    async def __aenter__(self) -> InThreads:
        await asyncio.to_thread(self.account.open)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.account.close)

    async def __call__(self, *args: Any, **options: Any) -> Any:
        return await asyncio.to_thread(self.account, *args, **options)

    def incoming(self, *args: Any, **options: Any) -> AsyncIterator[Any]:
        return self._steps(self.account.incoming(*args, **options))

    @staticmethod
    async def _steps(iterator: Generator[Any, None, None]) -> AsyncIterator[Any]:
        over = object()
        try:
            while (item := await asyncio.to_thread(next, iterator, over)) is not over:
                yield item
        finally:
            with suppress(ValueError):  # another thread still waits in it
                await asyncio.to_thread(iterator.close)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.account, name)
        if not callable(value) or name == "export_string":
            return value

        async def awaited(*args: Any, **options: Any) -> Any:
            return await asyncio.to_thread(value, *args, **options)

        return awaited


def account_of(face: str, store: Any, *dcs: LocalDCThread, **options: Any) -> Any:
    """Return an account of a face over some local DCs."""
    made: Any = Account if face == "asyncio" else InThreads
    places = {dc.dc_id: dc.address for dc in dcs}
    options = {"api_id": dcs[0].api_id, "api_hash": dcs[0].api_hash, "dcs": places, **options}
    return made(store, **{"keys": dcs[0].keys, **options})


def account_at(face: str, store: Any, network: Any, **options: Any) -> Any:
    """Return an account of a face over a local network."""
    made: Any = Account if face == "asyncio" else InThreads
    application = {"api_id": network.api_id, "api_hash": network.api_hash}
    return made(store, **{"dcs": network.addresses, "keys": network.keys, **application, **options})


def play(scene: Callable[[], Awaitable[T]]) -> T:
    """Run a scene to its end."""

    async def bounded() -> T:
        async with asyncio.timeout(15):
            return await scene()

    return asyncio.run(bounded())
