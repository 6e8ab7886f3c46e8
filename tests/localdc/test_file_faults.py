"""What goes wrong with files on command: a client sees it once, and the next call is answered as ever."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from mtproto.errors import RpcError
from mtproto.localdc.files import LocalDocument
from tests.localdc.stage import Stage, perform
from tl import api

t: Any = api.types
f: Any = api.functions

KIB = 1 << 10
SIZE = 300 * KIB
PART = 128 * KIB


class Fetcher:
    """A document of three parts, and the client of a stage that fetches it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.document: LocalDocument = stage.dc.add_document(size=SIZE)
        shown: Any = stage.dc.document_object(self.document)
        self.location = t.InputDocumentFileLocation(
            id=shown.id, access_hash=shown.access_hash, file_reference=shown.file_reference, thumb_size=""
        )

    async def part(self, offset: int = 0, *, alone: bool | None = None) -> bytes:
        request = f.upload.GetFile(location=self.location, offset=offset, limit=PART)
        data: bytes = (await self.stage.client(request, alone=alone)).bytes
        return data

    async def hashes(self) -> list[bytes]:
        told: Any = await self.stage.client(f.upload.GetFileHashes(location=self.location, offset=0))
        return [each.hash for each in told]

    def right(self, offset: int = 0) -> bytes:
        return self.document.read(offset, PART)


def fetching(scene: Any) -> None:
    async def fetch(stage: Stage) -> None:
        await scene(Fetcher(stage), stage.dc.faults)

    perform(fetch)


def test_calls_that_share_a_container_are_counted_and_calls_in_turn_are_not() -> None:
    async def scene(fetcher: Fetcher, faults: Any) -> None:
        asked = fetcher.stage.dc.files_asked
        assert [await fetcher.part(offset) for offset in (0, PART)] == [fetcher.right(0), fetcher.right(PART)]
        assert asked.most_together == 1
        await asyncio.gather(*(fetcher.part(offset) for offset in (0, PART, 2 * PART)))
        assert asked.most_together == 1
        await asyncio.gather(*(fetcher.part(offset, alone=False) for offset in (0, PART, 2 * PART)))
        assert asked.most_together == 3
        assert asked.sent_twice() == 2 * PART + SIZE

    fetching(scene)


def test_a_short_part_comes_once() -> None:
    async def scene(fetcher: Fetcher, faults: Any) -> None:
        faults.short_part(1000)
        assert await fetcher.part() == fetcher.right()[:-1000]
        assert await fetcher.part() == fetcher.right()
        assert faults.applied["short_part"] == 1

    fetching(scene)


def test_a_stalled_part_comes_late_and_others_meanwhile() -> None:
    async def scene(fetcher: Fetcher, faults: Any) -> None:
        faults.stalled_part(50)
        loop = asyncio.get_running_loop()
        began = loop.time()
        stalled = asyncio.ensure_future(fetcher.part())
        while not faults.applied["stalled_part"]:
            await asyncio.sleep(0.1)
        assert await fetcher.part(PART) == fetcher.right(PART)
        assert not stalled.done()
        assert await stalled == fetcher.right()
        assert loop.time() - began >= 50

    fetching(scene)


def test_a_byte_of_a_part_is_wrong_once() -> None:
    async def scene(fetcher: Fetcher, faults: Any) -> None:
        faults.wrong_part_bytes()
        wrong = await fetcher.part()
        assert sum(a != b for a, b in zip(wrong, fetcher.right(), strict=True)) == 1
        assert await fetcher.part() == fetcher.right()

    fetching(scene)


def test_a_hash_of_a_file_is_wrong_once() -> None:
    async def scene(fetcher: Fetcher, faults: Any) -> None:
        right = await fetcher.hashes()
        faults.wrong_file_hash()
        wrong = await fetcher.hashes()
        assert [a == b for a, b in zip(wrong, right, strict=True)] == [False, True, True]
        assert await fetcher.hashes() == right

    fetching(scene)


def test_a_document_shrinks_between_two_parts() -> None:
    async def scene(fetcher: Fetcher, faults: Any) -> None:
        faults.file_shrinks()
        assert await fetcher.part() == fetcher.right()
        assert faults.applied["file_shrinks"] == 0
        assert await fetcher.part(PART) == b""
        assert await fetcher.part() == fetcher.right()
        assert fetcher.document.size == fetcher.stage.dc.document_object(fetcher.document).size == PART

    fetching(scene)


def test_a_document_grows_between_two_parts() -> None:
    async def scene(fetcher: Fetcher, faults: Any) -> None:
        faults.file_grows(5000)
        assert await fetcher.part() == fetcher.right()
        assert await fetcher.part(PART) == fetcher.right(PART)
        last = await fetcher.part(2 * PART)
        assert (len(last), last[-5000:], fetcher.document.size) == (SIZE - 2 * PART + 5000, bytes(5000), SIZE + 5000)

    fetching(scene)


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("file_reference_expired", (), "FILE_REFERENCE_EXPIRED"),
        ("file_reference_invalid", (), "FILE_REFERENCE_INVALID"),
        ("file_reference_empty", (), "FILE_REFERENCE_EMPTY"),
        ("file_flood_wait", (7,), "FLOOD_WAIT"),
        ("file_premium_wait", (9,), "FLOOD_PREMIUM_WAIT"),
    ],
)
def test_a_part_is_refused_once(name: str, arguments: tuple[int, ...], error: str) -> None:
    async def scene(fetcher: Fetcher, faults: Any) -> None:
        getattr(faults, name)(*arguments)
        with pytest.raises(RpcError, match=error):
            await fetcher.stage.client(f.upload.GetFile(location=fetcher.location, offset=0, limit=PART))
        assert await fetcher.part() == fetcher.right()
        assert fetcher.stage.dc.files_asked.times(fetcher.document.id, 0) == 1

    fetching(scene)
