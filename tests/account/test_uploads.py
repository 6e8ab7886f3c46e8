"""Uploads in both faces: what may be sent, what becomes of it, what goes on after a cut, and what is told."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtproto.account import FileNotRead
from mtproto.account.transfer_budget import lanes_of_uploads
from mtproto.account.upload_options import CUT_SECONDS, CUT_UPLOADS, CutUploads
from mtproto.crypto import RSAPrivateKey
from mtproto.errors import BadRequest, FloodWait, OptionError, RequestCancelled
from mtproto.flows import FileChanged, Upload
from mtproto.localdc import LocalDCThread
from tests.account.faces import FACES, play
from tests.account.senders import PART, SendersDC, called, content, kept, transfers_of
from tl import api

both = pytest.mark.parametrize("face", FACES)
t: Any = api.types
MIB = 1 << 20


@pytest.fixture(scope="module")
def lasting_senders(local_dc_key: RSAPrivateKey) -> Iterator[SendersDC]:
    """A data centre for all tests of this module, and two users who stay logged in."""
    with LocalDCThread(key=local_dc_key) as dc:
        yield SendersDC(dc)


@pytest.fixture
def senders(lasting_senders: SendersDC, monkeypatch: pytest.MonkeyPatch) -> SendersDC:
    """The same, with nothing left of other tests but what was made of their files; each part is told of."""
    for name in ("transfers", "transfers_threads"):
        monkeypatch.setattr(f"mtproto.account.{name}.TELL_EVERY", 0.0)
    lasting_senders.begin()
    return lasting_senders


# What becomes of what was sent.


@both
def test_a_profile_photo_is_sent_listed_fetched_made_the_newest_and_deleted(
    face: str, senders: SendersDC, tmp_path: Path
) -> None:
    path = tmp_path / "me.jpg"
    path.write_bytes(picture(senders))

    async def scene() -> None:
        async with senders.logged_in(face) as account:
            before = await listed(account)
            file = await account.upload(path)
            assert file.md5_checksum == hashlib.md5(path.read_bytes()).hexdigest()  # the protocol's
            new = (await called(account, "photos.uploadProfilePhoto", file=file)).photo
            shown = (await called(account, "photos.getUserPhotos", user_id="me", limit=100)).photos
            assert [photo.id for photo in shown] == [new.id, *before]
            assert await account.download(shown[0]) == path.read_bytes()
            old = t.InputPhoto(id=shown[1].id, access_hash=shown[1].access_hash, file_reference=shown[1].file_reference)
            again = (await called(account, "photos.updateProfilePhoto", id=old)).photo
            assert await listed(account) == [again.id, new.id, *before[1:]]
            gone = [t.InputPhoto(id=new.id, access_hash=new.access_hash, file_reference=new.file_reference)]
            assert await called(account, "photos.deletePhotos", id=gone) == [new.id]
            assert await listed(account) == [again.id, *before[1:]]

    play(scene)


def picture(senders: SendersDC) -> bytes:
    """Return a JPEG."""
    owner = next(user for user in senders.dc.world.users if user.photos)
    data: bytes = max((image.data for image in owner.photos[0].picture.images), key=len)
    return data


async def listed(account: Any) -> list[int]:
    """Return the ids of the user's own photos, newest first."""
    return [photo.id for photo in (await called(account, "photos.getUserPhotos", user_id="me", limit=100)).photos]


@both
def test_a_big_file_is_sent_to_a_user_who_fetches_it(face: str, senders: SendersDC, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content(10 * MIB + 5))

    async def scene() -> None:
        async with senders.logged_in(face) as account, senders.logged_in(face, "single") as other:
            file = await account.upload(path)
            assert (type(file), file.parts, file.name) == (t.InputFileBig, 21, "film.mp4")
            lanes = {name for _, name in account.open_lanes} - {"main"}
            assert lanes == {f"upload-{number}" for number in range(1, 5)}
            media = t.InputMediaUploadedDocument(file=file, mime_type="video/mp4", attributes=[])
            await called(account, "messages.sendMedia", peer="@single", media=media, message="look")
            [message] = (await called(other, "messages.getHistory", peer="@triple", limit=1)).messages
            assert (message.message, message.media.document.size) == ("look", 10 * MIB + 5)
            assert await other.download(message, tmp_path / "got") == tmp_path / "got"

    play(scene)
    assert (tmp_path / "got").read_bytes() == path.read_bytes()
    assert {call.method for call in senders.saves} == {"upload.saveBigFilePart"}
    assert set(senders.parts.values()) == {1}


@both
def test_what_may_be_given_for_a_file(face: str, senders: SendersDC, tmp_path: Path) -> None:
    data = content(PART + 3)
    path = tmp_path / "a.txt"
    path.write_bytes(data)

    async def scene() -> None:
        async with senders.logged_in(face) as account:
            with path.open("rb") as file, path.open("rb") as half:
                half.seek(1000)
                sources: list[tuple[Any, str, bytes]] = [
                    (path, "a.txt", data),
                    (str(path), "a.txt", data),
                    (data, "file", data),
                    (bytearray(b"x"), "file", b"x"),
                    (io.BytesIO(data), "file", data),
                    (file, "a.txt", data),
                    (half, "a.txt", data[1000:]),
                    (Scanty(data), "file", data),
                ]
                for source, name, right in sources:
                    sent = await account.upload(source)
                    assert (sent.name, sent.md5_checksum) == (name, hashlib.md5(right).hexdigest())
                    assert await account.download(await kept(account, sent)) == right
                assert not file.closed
            assert (await account.upload(b"x", name="b.txt")).name == "b.txt"

    play(scene)


class Scanty:
    """An open file that gives fewer bytes than it is asked for."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)
        self.seek, self.tell = self._file.seek, self._file.tell

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, 100_000))


@both
def test_what_can_not_be_sent_is_refused_before_any_call(face: str, senders: SendersDC, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", 4000 * PART + 1)
    os.mkfifo(tmp_path / "pipe")
    read, write = os.pipe()

    async def scene() -> None:
        async with senders.logged_in(face) as account:
            await account.me()  # says whether the account is a premium one
            calls = len(senders.dc.calls)
            with os.fdopen(read, "rb") as pipe, os.fdopen(write, "wb"), Path(__file__).open() as text:
                wrong: list[tuple[Any, type[Exception], str]] = [
                    (tmp_path / "none", FileNotRead, "none: can't be read: No such file"),
                    (tmp_path, FileNotRead, "can't be read: Is a directory"),
                    (tmp_path / "pipe", FileNotRead, "pipe: can't be read: it is no ordinary file"),
                    ("a\0b", FileNotRead, "null"),
                    (tmp_path / "empty", OptionError, "empty is empty: a file that is sent has 1 byte at least"),
                    (b"", OptionError, "file is empty"),
                    (io.BytesIO(), OptionError, "file is empty"),
                    (
                        tmp_path / "large",
                        OptionError,
                        "large has 2097152001 bytes, .* may send 2097152000",
                    ),
                    (pipe, OptionError, "has no offsets to read from .*: give its bytes"),
                    (text, OptionError, 'test_uploads.py gives text: open the file with the mode "rb"'),
                    (5, TypeError, "a path, bytes or a binary file that is open can be sent, not int"),
                ]
                for source, kind, words in wrong:
                    with pytest.raises(kind, match=words):
                        await account.upload(source)
            for options, kind, words in (
                ({"nam": "a"}, TypeError, "did you mean 'name'"),
                ({"name": 5}, OptionError, "the option name takes"),
                ({"window": 0}, OptionError, "window is above 0"),
                ({"wait": -1}, OptionError, "wait is 0 or more"),
            ):
                with pytest.raises(kind, match=words):
                    await account.upload(b"x", **options)
            assert len(senders.dc.calls) == calls

    play(scene)


# What goes on after a cut.


class CutError(Exception):
    """What a test raises in the middle."""


class At:
    """Does something once, when so many bytes have arrived."""

    def __init__(self, done: int, act: Any) -> None:
        self.done = done
        self.act = act

    def __call__(self, progress: Any) -> None:
        if progress.done >= self.done and self.act is not None:
            act, self.act = self.act, None
            act()


def cut() -> None:
    """Cut an upload."""
    raise CutError


@both
def test_an_upload_goes_on_over_a_lost_connection(face: str, senders: SendersDC) -> None:
    data = content(2 * MIB)

    async def scene() -> None:
        async with senders.logged_in(face) as account:
            lose = At(MIB, lambda: senders.dc.faults.cut_received(100_000))
            file = await account.upload(data, window=PART, progress=lose)
            assert await account.download(await kept(account, file)) == data

    before = senders.dc.faults.applied["cut_received"]
    play(scene)
    assert senders.dc.faults.applied["cut_received"] == before + 1
    assert list(senders.files.values()) == [4]


@both
def test_parts_that_a_server_fails_to_keep_are_sent_again(
    face: str, senders: SendersDC, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtproto.flows.setbacks._FIRST_PAUSE", 0.0)
    data = content(2 * MIB)

    async def scene() -> None:
        async with senders.logged_in(face) as account:
            senders.refusals += [(500, "INTERNAL"), (-503, "Timeout")]
            assert await account.download(await kept(account, await account.upload(data))) == data

    play(scene)
    assert len(senders.saves) == 6


@both
def test_an_upload_that_is_cut_goes_on_where_it_was(face: str, senders: SendersDC, tmp_path: Path) -> None:
    path, cuts = tmp_path / "film", 3
    path.write_bytes(content(3 * MIB))

    async def scene() -> None:
        async with senders.logged_in(face) as account:
            for number in range(1, cuts + 1):
                with pytest.raises(CutError):
                    await account.upload(path, window=PART, progress=At(number * MIB // 2, cut))
            seen: list[Any] = []
            file = await account.upload(path, progress=seen.append)
            assert cuts * PART <= seen[0].done < cuts * PART + MIB
            assert await account.download(await kept(account, file)) == path.read_bytes()

    play(scene)
    assert list(senders.files.values()) == [6]
    assert senders.parts.total() - 6 <= cuts  # the part that was in flight at each cut, and no other one


@both
def test_a_file_that_was_changed_after_a_cut_is_sent_anew(face: str, senders: SendersDC, tmp_path: Path) -> None:
    path = tmp_path / "film"

    async def scene() -> None:
        async with senders.logged_in(face) as account:
            path.write_bytes(content(2 * MIB))
            with pytest.raises(CutError):
                await account.upload(path, window=PART, progress=At(MIB, cut))
            rewrite(path, content(2 * MIB, "other"))
            file = await account.upload(path)
            assert await account.download(await kept(account, file)) == path.read_bytes()
            assert sorted(senders.files.values())[-1] == 4
            assert len(senders.files) == 2
            await account.upload(path)  # one that has come to its end is over
            assert len(senders.files) == 3

    play(scene)


def rewrite(path: Path, data: bytes) -> None:
    """Write a file anew; the clock of the disk may be coarse."""
    before = path.stat().st_mtime_ns
    path.write_bytes(data)
    os.utime(path, ns=(before, before + 1_000_000_000))


@both
@pytest.mark.parametrize(
    ("size", "words"),
    [(MIB, "ends after 1048576 bytes"), (3 * MIB, "goes on behind"), (2 * MIB, "has other bytes")],
)
def test_a_file_that_changes_while_it_is_sent_is_told(
    face: str, size: int, words: str, senders: SendersDC, tmp_path: Path
) -> None:
    path = tmp_path / "film"
    path.write_bytes(content(2 * MIB))

    async def scene() -> None:
        async with senders.logged_in(face) as account:
            change = At(PART, lambda: rewrite(path, content(size, "other")))
            with pytest.raises(FileChanged, match=f"changed while it was sent: it {words}"):
                await account.upload(path, window=PART, progress=change)
            rewrite(path, content(2 * MIB))
            assert (await account.upload(path)).md5_checksum == hashlib.md5(path.read_bytes()).hexdigest()

    play(scene)
    assert len(senders.files) == 2


@both
def test_an_open_file_that_changes_while_it_is_sent_is_told(face: str, senders: SendersDC) -> None:
    async def scene() -> None:
        async with senders.logged_in(face) as account:
            file = io.BytesIO(content(2 * MIB))
            with pytest.raises(FileChanged, match="while it was sent: it ends after 1048576 bytes, not after 2097152"):
                await account.upload(file, window=PART, progress=At(PART, lambda: file.truncate(MIB)))

    play(scene)


def test_a_task_that_is_cancelled_leaves_nothing_behind_and_the_upload_goes_on(
    senders: SendersDC, tmp_path: Path
) -> None:
    path = tmp_path / "film"
    path.write_bytes(content(3 * MIB))

    async def scene() -> None:
        async with senders.logged_in("asyncio") as account:
            handles = len(os.listdir("/dev/fd"))
            task: asyncio.Future[Any]
            stop = At(MIB, lambda: task.cancel())
            task = asyncio.ensure_future(account.upload(path, window=PART, progress=stop))
            with pytest.raises(asyncio.CancelledError):
                await task
            inner = transfers_of(account)
            assert (inner._budget.used, inner._budget._used, inner._running) == (0, {}, set())
            assert not inner.lanes._loads
            assert len(os.listdir("/dev/fd")) <= handles + 4  # the connections of lanes, and not the file
            before = senders.parts.total()
            await account.upload(path)
            assert senders.parts.total() - before <= 5

    play(scene)
    assert list(senders.files.values()) == [6]


@both
def test_a_refusal_is_told_and_the_next_upload_begins_anew(face: str, senders: SendersDC, tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(content(2 * MIB))

    async def scene() -> None:
        async with senders.logged_in(face) as account:
            refuse = At(MIB, lambda: senders.refusals.append((400, "FILE_PARTS_INVALID")))
            with pytest.raises(BadRequest, match="FILE_PARTS_INVALID"):
                await account.upload(path, window=PART, progress=refuse)
            assert await account.download(await kept(account, await account.upload(path))) == path.read_bytes()

    play(scene)
    assert len(senders.files) == 2


# Floods, and the end of the account.


@both
def test_a_flood_that_is_longer_than_the_caller_waits_is_raised(face: str, senders: SendersDC) -> None:
    async def scene() -> None:
        async with senders.logged_in(face) as account:
            flood = At(MIB, lambda: senders.refusals.append((420, "FLOOD_WAIT_5")))
            with pytest.raises(FloodWait):
                await account.upload(content(2 * MIB), window=PART, wait=4, progress=flood)

    play(scene)
    assert senders.parts.total() == 2


@both
def test_closing_the_account_ends_uploads(face: str, senders: SendersDC) -> None:
    async def scene() -> None:
        async with senders.logged_in(face) as account:
            waits = asyncio.Event()
            loop = asyncio.get_running_loop()
            senders.refusals.append((420, "FLOOD_WAIT_50"))
            task = asyncio.ensure_future(
                account.upload(content(MIB), window=PART, tell=lambda _: loop.call_soon_threadsafe(waits.set))
            )
            await waits.wait()
            await account.close()
            with pytest.raises(RequestCancelled):
                await task

    play(scene)


# One budget, lanes, progress.


@both
def test_uploads_share_lanes_and_budget_with_downloads_and_leave_nothing_behind(face: str, senders: SendersDC) -> None:
    async def scene() -> None:
        async with senders.logged_in(face) as account:
            shown = await kept(account, await account.upload(content(2 * MIB)))
            senders.dc.clear_calls()
            sources = [content(20_000, str(number)) for number in range(10)] + [content(2 * MIB, "large")] * 3
            seen: list[Any] = []
            sending = [account.upload(source, name=str(at), progress=seen.append) for at, source in enumerate(sources)]
            *files, data = await asyncio.gather(*sending, account.download(shown))
            assert data == content(2 * MIB)
            assert [file.md5_checksum for file in files] == [hashlib.md5(each).hexdigest() for each in sources]
            inner = transfers_of(account)
            assert (inner._budget.used, inner._budget._used, inner._running) == (0, {}, set())
            assert not inner.lanes._loads
            own = [told for told in seen if told.name == "12"]
            assert [told.done for told in own] == sorted(told.done for told in own)
            assert (own[-1].done, own[-1].size, own[-1].is_done) == (2 * MIB, 2 * MIB, True)
            assert own[-1].total.size >= 2 * MIB

    play(scene)
    sessions = [call.session_id for call in senders.saves]
    assert len(set(sessions)) <= 6  # four lanes for large files, two for small ones


def test_more_lanes_carry_uploads_of_premium_accounts_and_to_other_data_centres() -> None:
    assert [lanes_of_uploads(dc, premium=False) for dc in (1, 2, 3, 4, 5)] == [8, 4, 8, 4, 8]
    assert lanes_of_uploads(2, premium=True) == 8


def test_uploads_that_were_cut_are_kept_for_a_while_and_not_too_many() -> None:
    def upload() -> Upload:
        return Upload(schema=api.schema, size=5, file_id=1)

    cuts = CutUploads()
    for number in range(CUT_UPLOADS + 1):
        cuts.keep(number, upload(), 0.0)
    assert [cuts.take(number, CUT_SECONDS) is not None for number in (0, 1, 1, 2)] == [False, True, False, True]
    assert cuts.take(3, CUT_SECONDS + 1) is None
