"""What goes wrong with downloads, in both faces: references, changed files, floods, stalls, hashes, other DCs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mtproto.errors import BadRequest, FloodWait
from mtproto.flows import FileChanged, FileFailed, NoFreshReference, RemoteFile, remote_file
from mtproto.localdc import LocalNetworkThread
from tests.account.faces import FACES, KeptInMemory, account_at, play
from tests.account.files import KIB, MIB, FilesDC, Logged, fetched, hurry
from tl import api

both = pytest.mark.parametrize("face", FACES)
SIZE = 3 * MIB


# File references.

REFERENCES = ("file_reference_expired", "file_reference_invalid", "file_reference_empty")


@both
@pytest.mark.parametrize("fault", REFERENCES)
def test_a_photo_that_the_account_has_listed_gets_a_fresh_reference(face: str, fault: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        photo = await logged.photo()
        right = await logged.account.download(photo)
        getattr(files.dc.faults, fault)()
        assert await logged.account.download(photo) == right
        assert await logged.account.download(remote_file(photo).location) == right

    files.play(face, scene)


@both
def test_a_reference_is_made_fresh_by_what_the_caller_says(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        document, shown = logged.document(SIZE)
        asked: list[RemoteFile] = []

        def again(file: RemoteFile) -> Any:
            asked.append(file)
            return files.dc.document_object(document)

        async def later(file: RemoteFile) -> Any:
            await asyncio.sleep(0)
            return again(file)

        files.dc.expire_file_references()
        origins = [again, later] if face == "asyncio" else [again]
        for origin in origins:
            assert await logged.account.download(shown, origin=origin) == document.read(0, SIZE)
        assert [file.name for file in asked] == [f"{document.id}.bin"] * len(origins)

    files.play(face, scene)


@both
def test_a_message_is_the_origin_of_its_file(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        document, _ = logged.document(SIZE)
        number = files.dc.send_message("triple", str(files.dc.bot.username), document=document)
        wanted = [api.types.InputMessageID(id=number)]
        [message] = (await logged.account(api.functions.messages.GetMessages(id=wanted))).messages
        files.dc.expire_file_references()
        assert await logged.account.download(message) == document.read(0, SIZE)
        files.dc.expire_file_references()
        assert await logged.account.download(message.media, origin=message) == document.read(0, SIZE)

    files.play(face, scene)


@both
def test_without_an_origin_or_with_a_wrong_one_the_error_says_so(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        document, shown = logged.document(10)
        other, _ = logged.document(10)
        files.dc.expire_file_references()
        with pytest.raises(NoFreshReference):
            await logged.account.download(shown)
        with pytest.raises(NoFreshReference, match="another file has taken the place"):
            await logged.account.download(shown, origin=lambda _: files.dc.document_object(other))
        with pytest.raises(ZeroDivisionError):
            await logged.account.download(shown, origin=lambda _: 1 / 0)
        assert await logged.account.download(files.dc.document_object(document)) == document.read(0, 10)

    files.play(face, scene)


@both
def test_a_reference_that_stays_stale_ends_the_download(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        _, shown = logged.document(10)
        files.dc.expire_file_references()
        times = []

        def stale(_: RemoteFile) -> Any:
            times.append(1)
            return shown

        with pytest.raises(FileFailed):
            await logged.account.download(shown, origin=stale)
        assert len(times) <= 3

    files.play(face, scene)


# Files that are not what they were.


@both
@pytest.mark.parametrize("fault", ["file_shrinks", "file_grows"])
def test_a_file_that_changes_is_told_and_nothing_of_it_stays(
    face: str, fault: str, files: FilesDC, tmp_path: Path
) -> None:
    async def scene(logged: Logged) -> None:
        _, shown = logged.document(SIZE)
        getattr(files.dc.faults, fault)()
        with pytest.raises(FileChanged):
            await logged.account.download(shown, tmp_path / "film", window=512 * KIB)
        assert not list(tmp_path.iterdir())

    files.play(face, scene)


@both
def test_an_answer_that_is_shorter_than_asked_is_asked_for_again(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        document, shown = logged.document(SIZE)
        files.dc.faults.short_part(1024)
        assert await logged.account.download(shown) == document.read(0, SIZE)

    files.play(face, scene)


@both
def test_bytes_are_checked_by_hashes_where_that_is_asked_for(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        document, shown = logged.document(SIZE)
        files.dc.faults.wrong_part_bytes()
        path = await logged.account.download(shown, tmp_path / "film", verify=True)
        assert path.read_bytes() == document.read(0, SIZE)

    files.play(face, scene)


# Floods and stalls.


@both
def test_floods_are_waited_for_and_told(face: str, files: FilesDC, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = hurry(monkeypatch)

    async def scene(logged: Logged) -> None:
        document, shown = logged.document(SIZE)
        told: list[Any] = []
        files.dc.faults.file_flood_wait(4)
        assert await logged.account.download(shown, tell=told.append) == document.read(0, SIZE)
        assert any("4" in str(notice) for notice in told)
        del told[:]
        files.dc.faults.file_premium_wait(5)
        assert await logged.account.download(shown, tell=told.append, wait=0) == document.read(0, SIZE)
        assert any("5" in str(notice) for notice in told)

    files.play(face, scene, clock=clock)


@both
@pytest.mark.parametrize(("wait", "seconds"), [(60.0, 61), (0.0, 1)])
def test_a_flood_that_is_longer_than_the_caller_waits_is_raised(
    face: str, wait: float, seconds: int, files: FilesDC, tmp_path: Path
) -> None:
    async def scene(logged: Logged) -> None:
        _, shown = logged.document(SIZE)
        files.dc.faults.file_flood_wait(seconds)
        with pytest.raises(FloodWait) as caught:
            await logged.account.download(shown, tmp_path / "film", wait=wait, window=512 * KIB)
        assert caught.value.seconds == seconds

    files.play(face, scene)


@both
def test_a_part_that_stalls_is_asked_for_over_another_lane(
    face: str, files: FilesDC, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = hurry(monkeypatch)

    async def scene(logged: Logged) -> None:
        document, shown = logged.document(SIZE)
        files.dc.faults.stalled_part(600)
        assert await logged.account.download(shown) == document.read(0, SIZE)
        assert files.dc.faults.applied["stalled_part"] >= 1

    files.play(face, scene, clock=clock)
    parts = files.dc.files_asked.parts
    twice = [offset for offset in range(0, SIZE, 512 * KIB) if fetched(files.dc, offset) > 1]
    for offset in twice:
        assert len({part.session_id for part in parts if part.offset == offset}) == 2


# Other data centres.


@both
def test_a_file_of_another_data_centre_comes_from_there(face: str, tmp_path: Path) -> None:
    async def scene() -> None:
        with LocalNetworkThread() as network:
            async with account_at(face, KeptInMemory(), network) as account:
                await account.login(bot_token=network.bot_token)
                elsewhere = next(dc for dc in network.addresses if dc != account.home_dc)
                document = network.add_document(size=SIZE, dc_id=elsewhere)
                shown: Any = network.document_object(document)
                assert shown.dc_id == elsewhere
                assert await account.download(shown) == document.read(0, SIZE)
                location = remote_file(shown).location
                assert await account.download(location) == document.read(0, SIZE)  # the server says where it is
                path = await account.download(location, tmp_path / "film", dc=elsewhere)
                assert path.read_bytes() == document.read(0, SIZE)
                assert {part.dc_id for part in network.files_asked.parts} == {elsewhere}

    play(scene)


@both
def test_a_data_centre_that_refuses_the_file_is_heard(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        _, shown = logged.document(SIZE)
        wrong = shown.replace(access_hash=1)
        with pytest.raises(BadRequest):
            await logged.account.download(wrong)

    files.play(face, scene)
