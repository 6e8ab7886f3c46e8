"""Uploaded files that a DC keeps: which of them make room for new ones."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.localdc.files import KeptFiles, kept
from mtproto.localdc.world.model import World
from tests.localdc.conftest import RpcFailure
from tests.localdc.test_uploads import ME, Uploader, document, named, picture, send, shown_in
from tl import api

t: Any = api.types
f: Any = api.functions


def test_what_is_made_of_uploads_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT_OF_ACCOUNT", 20_000)
    monkeypatch.setattr(kept, "KEPT_IN_ALL", 30_000)
    files, forgotten = KeptFiles(), list[int]()

    def keep(user_id: int, file_id: int, *, is_used: bool = False) -> None:
        assert files.make_room(user_id, 1000)
        files.add(user_id, file_id, 1000, lambda: forgotten.append(file_id), is_used=is_used)
        assert files.cost <= 30_000

    keep(1, 1, is_used=True)
    keep(1, 2)
    keep(1, 3)  # in place of 2, which nobody was sent
    files.was_sent(3)
    keep(1, 4, is_used=True)  # in place of 1, the oldest
    keep(2, 5)
    keep(2, 6)  # one account has most
    assert forgotten == [2, 1, 3]
    files.remove(4)
    keep(1, 7)
    assert forgotten == [2, 1, 3]


def test_a_file_as_large_as_the_bound_is_kept_and_a_larger_one_is_refused_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    files, forgotten = KeptFiles(), list[int]()
    files.add(ME, 1, 1000, lambda: forgotten.append(1), is_used=True)
    assert not files.make_room(ME, kept.KEPT_OF_ACCOUNT + 1)
    assert (forgotten, len(caplog.records)) == ([], 1)
    assert files.make_room(ME, kept.KEPT_OF_ACCOUNT)
    assert forgotten == [1]


def test_a_new_photo_has_the_room_of_the_oldest_that_was_uploaded(
    packaged_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    triple = Uploader(packaged_world, "triple")
    data = picture(triple.world)
    monkeypatch.setattr(kept, "KEPT_OF_ACCOUNT", 2 * (len(data) + kept.COST_OF_FILE))
    first, second = (triple.set_photo(data).photo for _ in range(2))
    first = triple(f.photos.UpdateProfilePhoto(id=named(first))).photo  # the newest again
    third = triple.set_photo(data).photo
    assert [photo.id for photo in triple.photos()][:2] == [third.id, first.id]
    assert len(triple.photos()) == 5
    with pytest.raises(RpcFailure, match="400 FILE_ID_INVALID"):
        triple.fetch(second)
    monkeypatch.setattr(kept, "KEPT_OF_ACCOUNT", len(data) - 1)
    with pytest.raises(RpcFailure, match="400 ALBUM_PHOTOS_TOO_MANY"):
        triple.set_photo(data)


def test_uploads_are_taken_for_ever_and_old_ones_make_room(
    packaged_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    triple = Uploader(packaged_world, "triple")
    monkeypatch.setattr(kept, "KEPT_OF_ACCOUNT", 4 * kept.COST_OF_FILE)
    peer, shared = t.InputPeerSelf(), triple.dc.shared
    sent = shown_in(send(triple, document(triple.upload(b"sent"))))
    kept_documents = [
        triple(f.messages.UploadMedia(peer=peer, media=document(triple.upload(bytes(5000))))).document.id
        for _ in range(6)
    ]
    assert shared.documents.find(sent.id) is not None  # those that nobody was sent went first
    assert [shared.documents.find(each) is not None for each in kept_documents] == [False] * 5 + [True]
    for random_id in range(20, 25):
        last = shown_in(send(triple, document(triple.upload(bytes(5000))), random_id=random_id))
    assert shared.documents.find(sent.id) is None
    assert shared.documents.find(last.id) is not None
    history = triple(
        f.messages.GetHistory(
            peer=t.InputPeerUser(user_id=triple.of("single").id, access_hash=triple.of("single").access_hash),
            offset_id=0, offset_date=0, add_offset=0, limit=10, max_id=0, min_id=0, hash=0,
        )
    )  # fmt: skip
    assert [each.media is not None for each in history.messages] == [True, True, False, False, False, False]
