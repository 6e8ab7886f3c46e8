"""Uploads of accounts to a local data centre, in both faces."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mtproto.localdc import LocalDCThread, Refused
from tests.account.faces import InThreads, KeptInMemory, account_of
from tl import api

__all__ = ["PART", "SendersDC", "called", "content", "kept", "transfers_of"]

PART = 512 << 10
"""Bytes of a part."""


class SendersDC:
    """A data centre, and the logins of two users, which are kept: the accounts of later tests make no exchange.

    Attributes:
        dc: the data centre.
        parts: by file id and number of the part, how often the DC has kept the part.
        refusals: what the next parts are refused with, instead of being kept: code and name.

    """

    def __init__(self, dc: LocalDCThread) -> None:
        self.dc = dc
        self.parts: Counter[tuple[int, int]] = Counter()
        self.refusals: list[tuple[int, str]] = []
        self._stores: dict[str, KeptInMemory] = {}
        for method in (api.functions.upload.SaveFilePart, api.functions.upload.SaveBigFilePart):
            dc.handler(method)(self._save)

    def begin(self) -> None:
        """Forget what an earlier test has left."""
        self.parts.clear()
        self.refusals.clear()
        self.dc.clear_calls()

    def _save(self, call: Any) -> Any:
        if self.refusals:
            raise Refused(*self.refusals.pop(0))
        answer = call.default()
        self.parts[call.request.file_id, call.request.file_part] += 1
        return answer

    @asynccontextmanager
    async def logged_in(self, face: str, name: str = "triple", **options: Any) -> AsyncIterator[Any]:
        """Open an account in which a user of the DC is logged in."""
        user = self.dc.accounts.named(name)
        async with account_of(face, self._stores.setdefault(name, KeptInMemory()), self.dc, **options) as account:
            await account.login(phone=user.phone, ask=lambda question: user.code)
            yield account

    @property
    def files(self) -> dict[int, int]:
        """How many parts of each file have come, each counted once."""
        return Counter(file_id for file_id, _ in self.parts)

    @property
    def saves(self) -> list[Any]:
        """The calls that brought parts."""
        return [call for call in self.dc.calls if call.method in {"upload.saveFilePart", "upload.saveBigFilePart"}]


async def called(account: Any, name: str, **fields: Any) -> Any:
    """Make a call by its short name: `called(account, "photos.deletePhotos", id=[…])`."""
    inner = account.account if isinstance(account, InThreads) else account
    namespace, method = name.split(".")
    short = getattr(getattr(inner.api, namespace), method)
    return await (asyncio.to_thread(short, **fields) if isinstance(account, InThreads) else short(**fields))


async def kept(account: Any, file: Any, mime_type: str = "text/plain") -> Any:
    """Let an uploaded file be a document; return that."""
    media = api.types.InputMediaUploadedDocument(file=file, mime_type=mime_type, attributes=[])
    return (await called(account, "messages.uploadMedia", peer="me", media=media)).document


def content(size: int, name: str = "") -> bytes:
    """Return bytes no two KiB of which are the same."""
    return hashlib.shake_128(name.encode()).digest(size)


def transfers_of(account: Any) -> Any:
    """Return what the transfers of an account share."""
    return getattr(account, "account", account)._transfers
