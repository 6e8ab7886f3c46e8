"""photos.getUserPhotos: which photos come, in which order, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.localdc.calls import IncomingCall
from mtproto.localdc.handlers.photos import get_user_photos
from mtproto.localdc.world.model import User
from tests.localdc.conftest import GZIP_PACKED, Caller, RpcFailure
from tl import api


def ask(caller: Caller, username: str, *, offset: int = 0, max_id: int = 0, limit: int = 100) -> Any:
    user = find(caller, username)
    named = api.types.InputUser(user_id=user.id, access_hash=user.access_hash)
    return caller(api.functions.photos.GetUserPhotos(user_id=named, offset=offset, max_id=max_id, limit=limit))


def find(caller: Caller, username: str) -> User:
    user = caller.world.by_username(username)
    assert user is not None
    return user


def ids(answer: Any) -> list[int]:
    return [photo.id for photo in answer.photos]


@pytest.mark.parametrize(("username", "total"), [("nobody", 0), ("single", 1), ("triple", 3), ("hundred", 100)])
def test_a_complete_answer_is_photos_photos_newest_first(caller: Caller, username: str, total: int) -> None:
    answer = ask(caller, username)
    assert answer.NAME == "photos.photos"
    assert ids(answer) == [photo.id for photo in find(caller, username).photos]
    assert len(answer.photos) == total
    assert [user.username for user in answer.users] == [username]


def test_a_part_is_photos_slice_with_the_count_of_all(caller: Caller) -> None:
    answer = ask(caller, "plenty")
    assert answer.NAME == "photos.photosSlice"
    assert answer.count == 250
    assert ids(answer) == [photo.id for photo in find(caller, "plenty").photos[:100]]


@pytest.mark.parametrize(
    ("limit", "returned"), [(0, 0), (-5, 0), (1, 1), (99, 99), (100, 100), (101, 100), (2**31 - 1, 100)]
)
def test_the_limit_is_cut_to_a_hundred(caller: Caller, limit: int, returned: int) -> None:
    assert len(ask(caller, "plenty", limit=limit).photos) == returned


def test_offset_skips_the_newest(caller: Caller) -> None:
    photos = find(caller, "triple").photos
    answer = ask(caller, "triple", offset=1)
    assert answer.NAME == "photos.photosSlice"
    assert answer.count == 3
    assert ids(answer) == [photos[1].id, photos[2].id]


def test_an_offset_behind_the_end_gives_an_empty_slice(caller: Caller) -> None:
    answer = ask(caller, "triple", offset=3)
    assert (answer.NAME, answer.count, answer.photos) == ("photos.photosSlice", 3, [])
    assert ask(caller, "triple", offset=2**31 - 1).photos == []


def test_pages_by_offset_cover_everything_once(caller: Caller) -> None:
    seen: list[int] = []
    while page := ids(ask(caller, "plenty", offset=len(seen))):
        seen += page
    assert seen == [photo.id for photo in find(caller, "plenty").photos]


def test_max_id_is_exclusive(caller: Caller) -> None:
    photos = find(caller, "plenty").photos
    assert ids(ask(caller, "plenty", max_id=photos[4].id, limit=2)) == [photos[5].id, photos[6].id]
    assert ids(ask(caller, "plenty", max_id=photos[4].id + 1, limit=1)) == [photos[4].id]


def test_offset_counts_behind_max_id(caller: Caller) -> None:
    photos = find(caller, "plenty").photos
    assert ids(ask(caller, "plenty", max_id=photos[4].id, offset=3, limit=1)) == [photos[8].id]


def test_pages_by_max_id_cover_everything_once(caller: Caller) -> None:
    seen = ids(ask(caller, "plenty"))
    while page := ids(ask(caller, "plenty", max_id=min(seen))):
        seen += page
    assert seen == [photo.id for photo in find(caller, "plenty").photos]


def test_offset_minus_one_with_max_id_and_limit_one_is_that_photo(caller: Caller) -> None:
    for photo in find(caller, "dozen").photos:
        assert ids(ask(caller, "dozen", offset=-1, max_id=photo.id, limit=1)) == [photo.id]


def test_a_lower_offset_goes_on_towards_newer_photos_and_stops_at_the_newest(caller: Caller) -> None:
    photos = find(caller, "dozen").photos
    assert ids(ask(caller, "dozen", offset=-3, max_id=photos[4].id, limit=3)) == [p.id for p in photos[2:5]]
    assert ids(ask(caller, "dozen", offset=-3, max_id=photos[0].id, limit=3)) == [photos[0].id]


@pytest.mark.parametrize(("offset", "max_id"), [(0, -1), (-1, 0), (-1, 12345)])
def test_a_max_id_that_cannot_be_is_invalid(caller: Caller, offset: int, max_id: int) -> None:
    with pytest.raises(RpcFailure, match="400 MAX_ID_INVALID"):
        ask(caller, "dozen", offset=offset, max_id=max_id, limit=1)


def test_a_photo_of_somebody_else_is_no_max_id_to_refresh(caller: Caller) -> None:
    with pytest.raises(RpcFailure, match="400 MAX_ID_INVALID"):
        ask(caller, "dozen", offset=-1, max_id=find(caller, "triple").photos[0].id, limit=1)


def test_self_is_whoever_is_logged_in(caller: Caller) -> None:
    request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)
    answer = caller(request)
    assert ids(answer) == [photo.id for photo in caller.world.bot.photos]
    assert [(user.self, user.bot) for user in answer.users] == [(True, True)]


def test_a_bot_may_leave_the_access_hash_zero(caller: Caller) -> None:
    named = api.types.InputUser(user_id=find(caller, "triple").id, access_hash=0)
    assert len(caller(api.functions.photos.GetUserPhotos(user_id=named, offset=0, max_id=0, limit=100)).photos) == 3


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_input_peer_is_taken_for_the_input_user_that_it_means(caller: Caller, wrapped: bool) -> None:
    user = find(caller, "triple")
    request = api.functions.photos.GetUserPhotos(
        user_id=api.types.InputUser(user_id=user.id, access_hash=user.access_hash), offset=0, max_id=0, limit=100
    )
    expected = caller(request)
    sent = api.functions.InvokeWithoutUpdates(query=request) if wrapped else request
    known, sloppy = (cls.ID.to_bytes(4, "little") for cls in (api.types.InputUser, api.types.InputPeerUser))
    answer = caller.raw(sent.to_bytes().replace(known, sloppy))
    assert isinstance(answer, bytes)
    assert caller.read(answer, request) == expected


def users_by_peers(count: int) -> tuple[Any, bytes]:
    """Return a request for so many users, and what a client sends that names each by an `InputPeer`."""
    request = api.functions.users.GetUsers(id=[api.types.InputUserSelf()] * count)
    known, sloppy = (cls.ID.to_bytes(4, "little") for cls in (api.types.InputUserSelf, api.types.InputPeerSelf))
    return request, request.to_bytes().replace(known, sloppy)


def test_a_hundred_input_peers_are_taken_for_input_users(caller: Caller) -> None:
    request, sent = users_by_peers(100)
    assert len(caller.read(caller.raw_now(sent), request)) == 100


def test_a_query_with_more_of_them_is_not_repaired(caller: Caller) -> None:
    request, sent = users_by_peers(101)
    with pytest.raises(RpcFailure, match="400 INPUT_FETCH_ERROR"):
        caller.read(caller.raw_now(sent), request)


def test_nobody_and_a_wrong_access_hash_are_invalid_users(caller: Caller) -> None:
    user = find(caller, "triple")
    for named in (
        api.types.InputUserEmpty(),
        api.types.InputUser(user_id=5, access_hash=0),
        api.types.InputUser(user_id=user.id, access_hash=user.access_hash + 1),
    ):
        with pytest.raises(RpcFailure, match="400 USER_ID_INVALID"):
            caller(api.functions.photos.GetUserPhotos(user_id=named, offset=0, max_id=0, limit=1))


def test_a_photo_declares_its_files_as_they_are(caller: Caller) -> None:
    for described, photo in zip(ask(caller, "dozen").photos, find(caller, "dozen").photos, strict=True):
        assert (described.access_hash, described.date, described.dc_id) == (photo.access_hash, photo.date, 2)
        stripped, small, middle, large = described.sizes
        assert (stripped.NAME, stripped.type, stripped.bytes) == ("photoStrippedSize", "i", photo.stripped)
        for size, type_ in ((small, "a"), (middle, "b")):
            data = photo.file(type_)
            assert data is not None
            assert (size.NAME, size.type, size.size) == ("photoSize", type_, len(data))
        data = photo.file("c")
        assert data is not None
        assert (large.NAME, large.type, large.sizes[-1]) == ("photoSizeProgressive", "c", len(data))
        assert [video.type for video in described.video_sizes or []] == [video.type for video in photo.videos]


def test_everybody_sees_a_page_as_themselves(caller: Caller) -> None:
    named = api.types.InputUser(user_id=caller.world.bot.id, access_hash=caller.world.bot.access_hash)
    request = api.functions.photos.GetUserPhotos(user_id=named, offset=0, max_id=0, limit=1)
    assert caller(request).users[0].self
    caller.key.user_id = find(caller, "plenty").id
    assert not caller(request).users[0].self


def test_a_page_is_packed_where_that_is_shorter(caller: Caller) -> None:
    request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)
    answer = caller.raw(request.to_bytes())
    assert isinstance(answer, bytes)
    assert answer[:4] == GZIP_PACKED
    assert len(answer) < len(caller(request).to_bytes())


def test_a_handler_that_builds_on_the_dcs_own_gets_an_object(caller: Caller) -> None:
    def fewer(call: IncomingCall) -> Any:
        answer: Any = get_user_photos(call)
        del answer.photos[1:]
        return answer

    caller.dispatcher.register(api.functions.photos.GetUserPhotos, fewer)
    assert len(ask(caller, "dozen").photos) == 1


def test_a_page_is_written_once_until_references_expire(caller: Caller) -> None:
    request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=9)
    first = caller.raw(request.to_bytes())
    assert caller.raw(request.to_bytes()) is first
    caller.dc.references.expire()
    later = caller.raw(request.to_bytes())
    assert isinstance(first, bytes)
    assert isinstance(later, bytes)
    assert caller.read(first, request).photos[0].file_reference != caller.read(later, request).photos[0].file_reference
