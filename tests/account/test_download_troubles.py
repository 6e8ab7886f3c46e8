"""What goes wrong with downloads, in both faces: references, changed files, floods, stalls, hashes, other DCs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mtproto.errors import BadRequest, FloodWait
from mtproto.flows import FileChanged, FileFailed, NoFreshReference, PeerAsker, RemoteFile, remote_file
from tests.account.faces import FACES
from tests.account.files import KIB, MIB, FilesDC, Logged, fetched, hurry
from tl import api

both = pytest.mark.parametrize("face", FACES)
SIZE = 3 * MIB


# File references.

REFERENCES = ("file_reference_expired", "file_reference_invalid", "file_reference_empty")


@both
def test_a_photo_that_the_account_has_listed_gets_a_fresh_reference(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        photo = await logged.photo()
        right = await logged.account.download(photo)
        for fault in REFERENCES:
            getattr(files.dc.faults, fault)()
            assert await logged.account.download(photo) == right
            assert files.dc.faults.applied[fault]
        files.dc.expire_file_references()
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
def test_a_file_that_changes_is_told_and_nothing_of_it_stays(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        for change in (files.dc.faults.file_shrinks, files.dc.faults.file_grows):
            _, shown = logged.document(SIZE)
            change()
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
def test_a_flood_that_is_longer_than_the_caller_waits_is_raised(face: str, files: FilesDC, tmp_path: Path) -> None:
    async def scene(logged: Logged) -> None:
        _, shown = logged.document(SIZE)
        files.dc.faults.file_flood_wait(61)
        with pytest.raises(FloodWait) as caught:
            await logged.account.download(shown, tmp_path / "film", window=512 * KIB)
        assert caught.value.seconds == 61

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


@both
def test_a_data_centre_that_refuses_the_file_is_heard(face: str, files: FilesDC) -> None:
    async def scene(logged: Logged) -> None:
        _, shown = logged.document(SIZE)
        wrong = shown.replace(access_hash=1)
        with pytest.raises(BadRequest):
            await logged.account.download(wrong)

    files.play(face, scene)


@both
def test_premium_accounts_have_a_larger_window_and_more_lanes(
    face: str, files: FilesDC, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(logged: Logged) -> None:
        inner = getattr(logged.account, "account", logged.account)._transfers
        monkeypatch.setattr(type(inner._known), "asker", PeerAsker(api.schema, 1))
        _, shown = logged.document(10)
        for premium in (True, False, None):  # None: the server does not say
            asked: list[bool | None] = []
            monkeypatch.setattr(inner._peers, "me", asking(face, premium, asked))
            inner._measured = None
            await asyncio.gather(*(logged.account.download(shown) for _ in range(3)))
            assert asked == [premium]
            assert (inner._budget.limit, inner.lanes._counts["file"]) == ((16 * MIB, 8) if premium else (2 * MIB, 2))
            assert inner.is_premium is bool(premium)

    files.play(face, scene)


def asking(face: str, premium: bool | None, asked: list[bool | None]) -> Any:
    """Return what stands for `me` of an account, and notes each call."""

    def me() -> Any:
        asked.append(premium)
        if premium is None:
            raise BadRequest(400, "USER_ID_INVALID")
        return api.types.User(id=1, premium=premium)

    async def me_later() -> Any:
        return me()

    return me if face == "blocking" else me_later
