"""Downloads in both faces: where the bytes go, which bytes, what goes on after a cut, and what is told meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
import io
import threading
from pathlib import Path
from typing import Any

import pytest

from mtproto.account.kept import KeptAccount
from mtproto.account.part_file import FileNotWritten, PartFile
from mtproto.account.transfers import Transfers
from mtproto.account.transfers_threads import Transfers as TransfersOfThreads
from mtproto.errors import OptionError, RequestCancelled, RpcError
from mtproto.flows import NoSuchFile, best_size, remote_file
from tests.account.faces import FACES
from tests.account.files import KIB, MIB, FilesDC, Logged, fetched, in_order
from tl import api

both = pytest.mark.parametrize("face", FACES)


@both
def test_a_file_comes_whole_wherever_it_is_to_go(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        for size in (0, 1, 100 * KIB, MIB, 2 * MIB + 5):
            await everywhere(logged, size, tmp_path)

    files.play(face, scene)
    assert files.dc.files_asked.most_together == 1


async def everywhere(logged: Logged, size: int, folder: Path) -> None:
    """Download a file of a size into each kind of place."""
    document, shown = logged.document(size, mime_type="video/mp4")
    right = document.read(0, size)
    account = logged.account
    assert await account.download(shown) == right
    path = await account.download(shown, folder / "film.mp4")
    assert (path, path.read_bytes()) == (folder / "film.mp4", right)
    path = await account.download(shown, str(folder))
    assert (path, path.read_bytes()) == (folder / f"{document.id}.mp4", right)
    path.unlink()
    path = await account.download(shown, f"{folder}/new/")
    assert (path, path.read_bytes()) == (folder / "new" / f"{document.id}.mp4", right)
    path.unlink()
    path.parent.rmdir()
    path = await account.download(shown, Path(f"{folder}/bare/"))  # the separator is lost
    assert (path, path.read_bytes()) == (folder / "bare", right)
    path.unlink()
    file = io.BytesIO()
    assert await account.download(shown, file) == size
    assert file.getvalue() == right
    assert b"".join([data async for data in in_order(account, shown)]) == right
    assert [entry.name for entry in folder.iterdir()] == ["film.mp4"]


RANGES = [(0, 10), (5, None), (700_001, 600_003), (MIB, 0), (3 * MIB, 5)]


@both
def test_a_range_of_a_file_comes_and_on_disk_it_is_a_file_of_its_own(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        size = 2 * MIB + 77
        document, shown = logged.document(size)
        whole = document.read(0, size)
        for offset, length in RANGES:
            right = whole[offset : None if length is None else offset + length]
            found = [data async for data in in_order(logged.account, shown, offset=offset, length=length)]
            assert b"".join(found) == await logged.account.download(shown, offset=offset, length=length) == right
            path = await logged.account.download(shown, tmp_path / "a", offset=offset, length=length)
            assert path.read_bytes() == right

    files.play(face, scene)


@both
def test_what_may_be_given_for_a_file(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        account, photo = logged.account, await logged.photo()
        best: Any = best_size(photo)
        right = await account.download(photo)
        assert len(right) == best.size
        assert await account.download(remote_file(photo).location) == right
        assert await account.download(remote_file(photo)) == right
        assert await account.download(best) == right
        small = await account.download(photo, size="a")
        assert 0 < len(small) < len(right)
        path = await account.download(photo, tmp_path, size="a")
        assert (path.name, path.read_bytes()) == (f"{photo.id}_a.jpg", small)

    files.play(face, scene)


@both
def test_wrong_wishes_are_refused_before_anything_is_asked_for(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        _, shown = logged.document(10)
        download = logged.account.download
        with pytest.raises(TypeError, match="did you mean 'offset'"):
            await download(shown, ofset=1)
        with pytest.raises(OptionError, match="offset is 0 or more"):
            await download(shown, offset=-1)
        with pytest.raises(OptionError, match="window is above 0"):
            await download(shown, window=0)
        with pytest.raises(OptionError, match="the option size takes"):
            await download(shown, size=5)
        with pytest.raises(NoSuchFile, match="has no file of size 'x'"):
            await download(shown, size="x")
        with pytest.raises(NoSuchFile, match="str carries no file"):
            await download("@durov")

    files.play(face, scene)
    assert not files.dc.files_asked.parts


@both
def test_a_refusal_is_told_as_it_came(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        document, _ = logged.document(10)
        wrong = api.types.InputDocumentFileLocation(id=document.id, access_hash=1, file_reference=b"", thumb_size="")
        with pytest.raises(RpcError):
            await logged.account.download(wrong, tmp_path / "a")
        assert not list(tmp_path.iterdir())

    files.play(face, scene)


# What goes on after a cut.


class CutError(Exception):
    """What a test raises in the middle."""


class CutAt:
    """Raises once so many bytes are there."""

    def __init__(self, done: int) -> None:
        self.done = done

    def __call__(self, progress: Any) -> None:
        if progress.done >= self.done:
            raise CutError


@both
def test_a_download_that_is_cut_goes_on_where_it_was(face: str, files: FilesDC, tmp_path: Path) -> None:
    size, cuts = 6 * MIB + 9, 5

    async def scene(logged: Logged) -> None:
        document, shown = logged.document(size)
        path = tmp_path / "film"
        for cut in range(cuts):
            with pytest.raises(CutError):
                await logged.account.download(shown, path, progress=CutAt((cut + 1) * MIB), window=512 * KIB)
            assert sorted(entry.name for entry in tmp_path.iterdir()) == ["film.part", "film.part.log"]
        await logged.account.download(shown, path)
        assert hashlib.sha256(path.read_bytes()).digest() == document.sha256()
        assert [entry.name for entry in tmp_path.iterdir()] == ["film"]

    files.play(face, scene)
    times = [fetched(files.dc, offset) for offset in range(0, size, 512 * KIB)]
    assert all(times)
    assert sum(times) - len(times) <= cuts  # the part that was in flight at each cut, and no other one


def test_a_task_that_is_cancelled_keeps_the_part(files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        document, shown = logged.document(4 * MIB)
        path = tmp_path / "film"
        task: asyncio.Future[Any] = asyncio.ensure_future(
            logged.account.download(shown, path, window=512 * KIB, progress=lambda now: now.done and task.cancel())
        )
        with pytest.raises(asyncio.CancelledError):
            await task
        before = len(files.dc.files_asked.parts)
        assert path.with_name("film.part.log").exists()
        await logged.account.download(shown, path)
        assert path.read_bytes() == document.read(0, 4 * MIB)
        assert len(files.dc.files_asked.parts) - before <= 8

    files.play("asyncio", scene)


def test_a_task_that_is_cancelled_while_its_file_is_opened_gives_the_file_back(
    files: FilesDC, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, go = threading.Event(), threading.Event()
    take = PartFile._opened

    def slowly(part: PartFile) -> int:
        handle = take(part)
        opened.set()
        go.wait(10)
        return handle

    async def scene(logged: Logged) -> None:
        document, shown = logged.document(10)
        with monkeypatch.context() as patch:
            patch.setattr(PartFile, "_opened", slowly)
            task = asyncio.ensure_future(logged.account.download(shown, tmp_path / "film"))
            await asyncio.to_thread(opened.wait, 10)
            task.cancel()
            go.set()
            with pytest.raises(asyncio.CancelledError):
                await task
        path = await logged.account.download(shown, tmp_path / "film")
        assert path.read_bytes() == document.read(0, 10)

    files.play("asyncio", scene)


@both
def test_a_file_that_has_changed_is_fetched_anew(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        path = tmp_path / "film"
        _, old = logged.document(3 * MIB)
        with pytest.raises(CutError):
            await logged.account.download(old, path, progress=CutAt(MIB), window=512 * KIB)
        new, shown = logged.document(3 * MIB)
        await logged.account.download(shown, path)
        assert path.read_bytes() == new.read(0, 3 * MIB)

    files.play(face, scene)


@both
def test_without_resume_a_file_is_fetched_anew(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        path = tmp_path / "film"
        _, shown = logged.document(2 * MIB)
        with pytest.raises(CutError):
            await logged.account.download(shown, path, progress=CutAt(MIB), window=512 * KIB)
        await logged.account.download(shown, path, resume=False)
        assert fetched(files.dc, 0) == 2

    files.play(face, scene)


@both
def test_closing_the_account_ends_downloads_and_keeps_the_part(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        document, shown = logged.document(4 * MIB)
        path = tmp_path / "film"
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()

        def note(progress: Any) -> None:
            if progress.done:
                loop.call_soon_threadsafe(begun.set)

        files.dc.faults.stalled_part(600)
        tasks = [
            asyncio.ensure_future(logged.account.download(shown, to, progress=note))
            for to in (path, None, tmp_path / "other")
        ]
        await begun.wait()
        await logged.account.close()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert any(isinstance(end, RequestCancelled) for end in ends)
        assert all(isinstance(end, RequestCancelled | bytes | Path) for end in ends)
        async with files.logged_in(face) as again:
            await again.account.download(shown, path)
        assert path.read_bytes() == document.read(0, 4 * MIB)

    files.play(face, scene)


class CloseAt:
    """Closes an account, from within a download's callback, once bytes have come."""

    def __init__(self, face: str, account: Any) -> None:
        self._close = account.close if face == "asyncio" else account.account.close

    def __call__(self, progress: Any) -> Any:
        return self._close() if progress.done else None


@both
@pytest.mark.parametrize("seconds", [10.0, 0.0])
def test_an_account_that_is_closed_waits_for_the_last_logs_but_not_for_ever(
    face: str, seconds: float, files: FilesDC, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, closing, go, ends = threading.Event(), threading.Event(), threading.Event(), []
    close, end = PartFile.close, KeptAccount.close

    def close_later(part: PartFile) -> None:
        begun.set()
        closing.wait(10)
        if not seconds:
            go.wait(10)
        close(part)
        ends.append("log")

    def note(kept: KeptAccount) -> None:
        end(kept)
        ends.append("account")
        go.set()

    def settle(transfers: Any) -> Any:
        closing.set()
        return settles[type(transfers)](transfers)

    settles = {each: each.settle for each in (Transfers, TransfersOfThreads)}
    for each, name in ((Transfers, "transfers"), (TransfersOfThreads, "transfers_threads")):
        monkeypatch.setattr(each, "settle", settle)
        monkeypatch.setattr(f"mtproto.account.{name}.LAST_LOG_SECONDS", seconds)
    monkeypatch.setattr(PartFile, "close", close_later)
    monkeypatch.setattr(KeptAccount, "close", note)

    async def scene(logged: Logged) -> None:
        _, shown = logged.document(2 * MIB)
        cut = CutAt(MIB)
        cutting = asyncio.ensure_future(
            logged.account.download(shown, tmp_path / "film", progress=cut, window=512 * KIB)
        )
        await asyncio.to_thread(begun.wait, 10)
        await logged.account.close()
        with pytest.raises(CutError):
            await cutting
        assert ends == (["log", "account"] if seconds else ["account", "log"])

    files.play(face, scene)


@both
def test_a_callback_of_a_download_may_close_the_account(
    face: str, files: FilesDC, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("transfers", "transfers_threads"):
        monkeypatch.setattr(f"mtproto.account.{name}.LAST_LOG_SECONDS", 60.0)

    async def scene(logged: Logged) -> None:
        _, shown = logged.document(2 * MIB)
        with pytest.raises(RequestCancelled):
            await logged.account.download(
                shown, tmp_path / "film", progress=CloseAt(face, logged.account), window=512 * KIB
            )
        assert (tmp_path / "film.part.log").exists()

    files.play(face, scene)


@both
def test_two_downloads_never_write_one_file(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        document, shown = logged.document(3 * MIB)
        path = tmp_path / "film"
        ends = await asyncio.gather(*(logged.account.download(shown, path) for _ in range(3)), return_exceptions=True)
        assert [type(end) for end in ends].count(FileNotWritten) == 2
        assert path.read_bytes() == document.read(0, 3 * MIB)

    files.play(face, scene)


@both
def test_a_full_disk_is_told_and_a_later_download_goes_on(
    face: str, files: FilesDC, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno
    import os

    pwrite, room = os.pwrite, [3]

    def filling(handle: int, data: Any, at: int) -> int:
        room[0] -= 1
        if room[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return pwrite(handle, data, at)

    async def scene(logged: Logged) -> None:
        document, shown = logged.document(3 * MIB)
        path = tmp_path / "film"
        with monkeypatch.context() as patch:
            patch.setattr("os.pwrite", filling)
            with pytest.raises(FileNotWritten, match="No space left on device"):
                await logged.account.download(shown, path, window=512 * KIB)
        await logged.account.download(shown, path)
        assert path.read_bytes() == document.read(0, 3 * MIB)
        times = [fetched(files.dc, offset) for offset in range(0, 3 * MIB, 512 * KIB)]
        assert sum(times) - len(times) <= 2  # what was refused, and what was in flight

    files.play(face, scene)


# What is told meanwhile.


@both
def test_progress_tells_bytes_rate_and_estimate_of_each_file_and_in_total(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        seen: list[Any] = []
        files = [logged.document(size)[1] for size in (3 * MIB, 100 * KIB)]
        await asyncio.gather(*(logged.account.download(shown, progress=seen.append) for shown in files))
        for shown in files:
            own = [told for told in seen if told.name == f"{shown.id}.bin"]
            assert [told.done for told in own] == sorted(told.done for told in own)
            last = own[-1]
            assert (last.done, last.size, last.seconds_left, last.is_done) == (shown.size, shown.size, 0.0, True)
            assert last.rate > 0
        whole = seen[-1].total
        assert (whole.done, whole.size, whole.seconds_left) == (3 * MIB + 100 * KIB, 3 * MIB + 100 * KIB, 0.0)

    files.play(face, scene)


@both
def test_progress_is_told_each_time_that_bytes_have_come_and_never_twice(
    face: str, files: FilesDC, tmp_path: Path
) -> None:
    async def scene(logged: Logged) -> None:
        _, shown = logged.document(3 * MIB)
        steps = list(range(0, 3 * MIB + 1, 512 * KIB))
        for to in (None, tmp_path / "film", io.BytesIO()):
            seen: list[Any] = []
            await logged.account.download(shown, to, progress=seen.append, window=512 * KIB)
            assert [told.done for told in seen] == steps

    files.play(face, scene)


@both
def test_progress_counts_what_an_earlier_run_has_left(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        seen: list[Any] = []
        _, shown = logged.document(3 * MIB)
        with pytest.raises(CutError):
            await logged.account.download(shown, tmp_path / "a", progress=CutAt(2 * MIB), window=512 * KIB)
        await logged.account.download(shown, tmp_path / "a", progress=seen.append)
        assert 2 * MIB <= seen[0].done < 3 * MIB
        assert seen[-1].done == seen[-1].total.done == 3 * MIB

    files.play(face, scene)


# One budget, and lanes.


@both
def test_downloads_share_lanes_and_leave_nothing_behind(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        shown = [logged.document(size)[1] for size in [20 * KIB] * 40 + [MIB + 1] * 6]
        found = await asyncio.gather(*(logged.account.download(each) for each in shown))
        assert [len(data) for data in found] == [each.size for each in shown]
        inner = getattr(logged.account, "account", logged.account)._transfers
        assert (inner._budget.used, inner._budget._used, inner._running) == (0, {}, set())
        assert not inner.lanes._loads
        lanes = {name for _, name in logged.account.open_lanes}
        assert lanes - {"main"} == {"file-1", "file-2", "small-1", "small-2"}

    files.play(face, scene)
    small = {part.session_id for part in files.dc.files_asked.parts if part.limit < MIB // 2}
    large = {part.session_id for part in files.dc.files_asked.parts if part.limit >= MIB // 2}
    assert not small & large
    assert files.dc.files_asked.most_together == 1


@both
def test_a_reader_that_stops_holds_up_no_other_download(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        document, shown = logged.document(8 * MIB)
        slow = in_order(logged.account, shown)
        first = await anext(slow)
        asked = len(files.dc.files_asked.parts)
        other, shown_other = logged.document(3 * MIB)
        assert await logged.account.download(shown_other) == other.read(0, 3 * MIB)
        assert asked <= 5  # no more than the window, and the part that came
        rest = [data async for data in slow]
        assert b"".join([first, *rest]) == document.read(0, 8 * MIB)

    files.play(face, scene)


@both
def test_an_iteration_that_is_left_ends_its_download(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        _, shown = logged.document(8 * MIB)
        pieces: Any = in_order(logged.account, shown)
        await anext(pieces)
        await pieces.aclose()
        inner = getattr(logged.account, "account", logged.account)._transfers
        assert (inner._budget.used, inner._running) == (0, set())

    files.play(face, scene)
