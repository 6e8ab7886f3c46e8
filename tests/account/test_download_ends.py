"""Downloads at their edges, in both faces: files of unknown size, odd places on disk, functions of the caller."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from mtproto.account.part_file import FileNotWritten
from mtproto.errors import OptionError
from mtproto.flows import remote_file
from tests.account.faces import FACES
from tests.account.files import KIB, MIB, FilesDC, Logged
from tests.account.test_downloads import CutAt, CutError

both = pytest.mark.parametrize("face", FACES)


# Files of unknown size.


@both
def test_a_range_of_a_file_of_unknown_size_is_whole_on_disk(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        document, shown = logged.document(MIB + 5)
        location = remote_file(shown).location
        for offset, length in ((0, 1000), (5, 4096), (MIB - 1, 100), (9 * MIB, 10)):
            path = await logged.account.download(location, tmp_path / "a", offset=offset, length=length)
            assert path.read_bytes() == document.read(offset, length)

    files.play(face, scene)


@both
@pytest.mark.parametrize("size", [4 * KIB, MIB, MIB + 5])
def test_a_file_of_unknown_size_is_whole_though_the_last_run_ended_at_its_end(
    face: str, size: int, files: FilesDC, tmp_path: Path
) -> None:
    async def scene(logged: Logged) -> None:
        document, shown = logged.document(size)
        location = remote_file(shown).location
        with pytest.raises(CutError):
            await logged.account.download(location, tmp_path / "a", progress=CutAt(size))
        path = await logged.account.download(location, tmp_path / "a")
        assert path.read_bytes() == document.read(0, size)

    files.play(face, scene)


# Places on disk.


@both
def test_a_place_where_no_file_can_be_is_named(face: str, files: FilesDC, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    async def scene(logged: Logged) -> None:
        _, shown = logged.document(10)
        with pytest.raises(FileNotWritten, match="File name too long"):
            await logged.account.download(shown, tmp_path / ("x" * 300))
        with pytest.raises(FileNotWritten, match="not a regular file"):
            await logged.account.download(shown, pipe)
        for to in (b"name", 5):
            with pytest.raises(OptionError, match="to is a path"):
                await logged.account.download(shown, to)

    files.play(face, scene)
    assert pipe.is_fifo()
    assert [entry.name for entry in tmp_path.iterdir()] == ["pipe"]


@both
def test_a_writer_that_takes_nothing_ends_the_download(face: str, files: FilesDC) -> None:
    class Full:
        def write(self, _: bytes) -> int:
            return 0

    async def scene(logged: Logged) -> None:
        document, shown = logged.document(MIB)
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with open(reader, "rb") as out, open(writer, "wb", buffering=0) as pipe:
            with pytest.raises(BlockingIOError):
                await logged.account.download(shown, pipe)
            pipe.close()
            assert document.read(0, MIB).startswith(out.read())
        with pytest.raises(BlockingIOError):
            await logged.account.download(shown, Full())

    files.play(face, scene)


# Functions of the caller.


@both
def test_functions_of_the_caller_may_download_other_files(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        document, shown = logged.document(3 * MIB)
        _, other_shown = logged.document(100 * KIB)
        account = logged.account
        found: list[bool] = []

        def there() -> Any:
            if found:
                return None
            found.append(True)
            if face == "asyncio":
                return account.download(other_shown)
            return account.account.download(other_shown)

        async def right(**options: Any) -> bool:
            del found[:]
            async with asyncio.timeout(10):
                data = await account.download(shown, window=8 * MIB, **options)
            return bool(found) and bytes(data) == document.read(0, 3 * MIB)

        assert await right(progress=lambda now: there() if now.done else None)
        files.dc.faults.file_premium_wait(0)
        assert await right(tell=lambda _: there())

        class Slow:
            def write(self, _: bytes) -> Any:
                return there()

        async with asyncio.timeout(10):
            del found[:]
            assert await account.download(shown, Slow(), window=8 * MIB) == 3 * MIB

    files.play(face, scene)
