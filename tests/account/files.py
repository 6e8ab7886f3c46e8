"""Downloads of an account from a local data centre, in both faces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from mtproto.flows import DownloadLimits
from mtproto.localdc import LocalDCThread
from tests.account.faces import InThreads, KeptInMemory, account_of, play
from tl import api

__all__ = ["KIB", "MIB", "FilesDC", "Logged", "fetched", "hurry", "in_order"]

KIB, MIB = 1 << 10, 1 << 20
HURRY = 20
"""How many times faster the clock of `hurry` is. Connections keep their own clock."""


class Logged:
    """A bot that is logged in, and its data centre.

    Attributes:
        account: of either face, whose calls are awaited.
        dc: the data centre.

    """

    def __init__(self, account: Any, dc: LocalDCThread) -> None:
        self.account = account
        self.dc = dc

    def document(self, size: int, **options: Any) -> tuple[Any, Any]:
        """Return a document of so many bytes: the DC's own, and the object that clients see."""
        document = self.dc.add_document(size=size, **options)
        return document, self.dc.document_object(document)

    async def photo(self) -> Any:
        """Return the newest photo of a user who has several."""
        owner = next(user for user in self.dc.world.users if len(user.photos) > 1)
        user = api.types.InputUser(user_id=owner.id, access_hash=owner.access_hash)
        call = api.functions.photos.GetUserPhotos(user_id=user, offset=0, max_id=0, limit=1)
        return (await self.account(call)).photos[0]


@dataclass
class FilesDC:
    """A data centre, and a bot's login that is kept: the accounts of later tests make no exchange.

    Attributes:
        dc: the data centre.
        store: keeps the login.

    """

    dc: LocalDCThread
    store: KeptInMemory = field(default_factory=KeptInMemory)

    def begin(self) -> None:
        """Forget what an earlier test has left."""
        self.dc.files_asked.clear()

    @asynccontextmanager
    async def logged_in(self, face: str, **options: Any) -> AsyncIterator[Logged]:
        """Open an account in which the bot is logged in."""
        async with account_of(face, self.store, self.dc, **options) as account:
            await account.login(bot_token=self.dc.bot_token)
            yield Logged(account, self.dc)

    def play(
        self,
        face: str,
        scene: Callable[[Logged], Awaitable[None]],
        *,
        clock: Callable[[], float] | None = None,
        **options: Any,
    ) -> None:
        """Play a scene with the bot; `clock` is that of the account, not of its connections."""

        async def whole() -> None:
            async with self.logged_in(face, **options) as logged:
                if clock is not None:
                    inner = getattr(logged.account, "account", logged.account)
                    object.__setattr__(inner._options, "clock", clock)
                await scene(logged)

        play(whole)


def in_order(account: Any, *args: Any, **options: Any) -> AsyncIterator[bytes]:
    """Return `iter_download` of either face."""
    if isinstance(account, InThreads):
        return InThreads._steps(account.account.iter_download(*args, **options))
    found: AsyncIterator[bytes] = account.iter_download(*args, **options)
    return found


def fetched(dc: LocalDCThread, offset: int) -> int:
    """Return how often a part that begins there was sent."""
    return sum(part.offset == offset for part in dc.files_asked.parts)


def hurry(monkeypatch: pytest.MonkeyPatch, **limits: Any) -> Callable[[], float]:
    """Let waits of downloads pass quickly; return the clock that tells of it, for `FilesDC.play`.

    Args:
        monkeypatch: of the test.
        limits: other defaults of `DownloadLimits`.

    """
    import time

    from mtproto.account import waiting_async, waiting_threads

    async def wait_async(news: Any, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(None if seconds is None else seconds / HURRY):
                await news._event.wait()
        except TimeoutError:
            return

    def wait_threads(news: Any, seconds: float | None) -> None:
        news._event.wait(None if seconds is None else seconds / HURRY)

    monkeypatch.setattr(waiting_async.AsyncNews, "wait", wait_async)
    monkeypatch.setattr(waiting_threads.ThreadNews, "wait", wait_threads)
    if limits:
        for name in ("downloads", "downloads_threads"):
            monkeypatch.setattr(
                f"mtproto.account.{name}.DownloadLimits", lambda **given: DownloadLimits(**{**given, **limits})
            )
    began = time.monotonic()
    start = time.time()
    return lambda: start + (time.monotonic() - began) * HURRY
