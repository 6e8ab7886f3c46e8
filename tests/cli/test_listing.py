"""Pages of photos and parts of files, against a server of a few lines."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

import pytest

from mtproto.cli.errors import CommandFailed
from mtproto.cli.listing import download, list_photos
from mtproto.cli.whom import as_input_user, find_user, users_of
from mtproto.errors import RpcError, rpc_error
from mtproto.flows import best_size
from tl import TLFunction, api

SELF = api.types.InputUserSelf()
MIB = 1 << 20


def photo(photo_id: int, reference: bytes = b"good", **fields: Any) -> Any:
    return api.types.Photo(
        id=photo_id,
        access_hash=1,
        file_reference=reference,
        date=0,
        sizes=fields.pop("sizes", [api.types.PhotoSize(type="c", w=640, h=640, size=MIB)]),
        dc_id=2,
        **fields,
    )


class Server:
    """Answers `photos.getUserPhotos` from a list of ids, and `upload.getFile` from bytes; keeps what was asked."""

    def __init__(self, ids: list[int], data: bytes = b"") -> None:
        self.ids = ids
        self.data = data
        self.asked: list[Any] = []
        self.expired: set[bytes] = set()
        self.renewed = b"good"

    async def __call__(self, request: TLFunction[Any]) -> Any:
        self.asked.append(request)
        match request:
            case api.functions.photos.GetUserPhotos(offset=-1, max_id=wanted):
                return api.types.photos.PhotosSlice(count=len(self.ids), photos=[photo(wanted, self.renewed)], users=[])
            case api.functions.photos.GetUserPhotos(offset=offset, limit=limit):
                page = [photo(photo_id) for photo_id in self.ids[offset : offset + min(limit, 100)]]
                if len(page) == len(self.ids):
                    return api.types.photos.Photos(photos=page, users=[])
                return api.types.photos.PhotosSlice(count=len(self.ids), photos=page, users=[])
            case api.functions.upload.GetFile(location=location, offset=offset, limit=limit):
                assert isinstance(location, api.types.InputPhotoFileLocation)
                if location.file_reference in self.expired:
                    raise rpc_error(400, "FILE_REFERENCE_EXPIRED", request.NAME)
                part = self.data[offset : offset + limit]
                return api.types.upload.File(type=api.types.storage.FileJpeg(), mtime=0, bytes=part)
        raise AssertionError(request.NAME)

    def windows(self) -> list[tuple[int, int]]:
        return [(request.offset, request.limit) for request in self.asked]


def listed(server: Server, **window: int) -> list[int]:
    return [found.id for found in asyncio.run(list_photos(server, SELF, **window)).photos]


def test_a_limit_beyond_one_page_asks_for_pages_of_100() -> None:
    server = Server(list(range(250, 0, -1)))
    assert listed(server, limit=230) == list(range(250, 20, -1))
    assert server.windows() == [(0, 100), (100, 100), (200, 30)]


def test_the_list_ends_where_the_server_says_so() -> None:
    server = Server(list(range(250, 0, -1)))
    assert listed(server, limit=1000) == list(range(250, 0, -1))
    assert server.windows() == [(0, 100), (100, 100), (200, 100)]


def test_a_complete_answer_is_the_last() -> None:
    server = Server([3, 2, 1])
    assert listed(server, limit=1000) == [3, 2, 1]
    assert len(server.asked) == 1


def test_an_empty_page_is_the_last_whatever_the_count_says() -> None:
    class Forgetful(Server):
        async def __call__(self, request: TLFunction[Any]) -> Any:
            answer = await super().__call__(request)
            answer.count = 10_000
            return answer

    server = Forgetful(list(range(150, 0, -1)))
    assert len(listed(server, limit=1000)) == 150
    assert len(server.asked) == 3


class Moving(Server):
    """A new photo is set between any two pages, so that the last of a page is the first of the next."""

    async def __call__(self, request: TLFunction[Any]) -> Any:
        answer = await super().__call__(request)
        self.ids = [max(self.ids) + 1, *self.ids]
        return answer


def test_a_photo_that_comes_twice_is_taken_once() -> None:
    assert listed(Moving(list(range(300, 0, -1))), limit=150) == list(range(300, 151, -1))


def test_a_list_that_always_grows_does_not_hold_for_ever() -> None:
    server = Moving(list(range(300, 0, -1)))
    listed(server, limit=150)
    assert server.windows() == [(0, 100), (100, 50), (150, 1)]


def test_offset_and_max_id_are_handed_on() -> None:
    server = Server(list(range(10, 0, -1)))
    assert listed(server, offset=4, limit=3) == [6, 5, 4]
    assert listed(server, offset=-1, max_id=7, limit=5) == [7]
    assert [(request.offset, request.max_id) for request in server.asked] == [(4, 0), (-1, 7)]


def test_the_count_covers_what_was_skipped() -> None:
    listing = asyncio.run(list_photos(Server(list(range(10, 0, -1))), SELF, offset=4, limit=3))
    assert listing.count == 10


def fetch(server: Server, found: Any) -> tuple[bytes, list[int]]:
    steps: list[int] = []
    file = best_size(found)
    assert file is not None
    return asyncio.run(download(server, file, owner=SELF, advance=steps.append)), steps


@pytest.mark.parametrize("size", [0, 1, MIB // 2 - 1, MIB // 2, MIB // 2 + 1, MIB])
def test_a_file_is_put_together_from_its_parts(size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    server = Server([], data[:size])
    received, steps = fetch(server, photo(1))
    assert received == data[:size]
    assert sum(steps) == size
    for request in server.asked:
        assert request.offset % request.limit == 0
        assert MIB % request.limit == 0


def test_an_expired_reference_is_renewed_once() -> None:
    server = Server([1], b"picture")
    server.expired = {b"old"}
    assert fetch(server, photo(1, b"old"))[0] == b"picture"
    assert [request.NAME for request in server.asked] == [
        "upload.getFile",
        "photos.getUserPhotos",
        "upload.getFile",
    ]
    server.expired = {b"old", b"good"}
    with pytest.raises(RpcError, match="FILE_REFERENCE_EXPIRED"):
        fetch(server, photo(1, b"old"))


def test_a_server_that_never_ends_a_file_is_left() -> None:
    with pytest.raises(CommandFailed, match="photo 1, size c: more bytes"):
        fetch(Server([], bytes(64 * MIB)), photo(1))


def resolving(peer: Any, users: list[Any]) -> Callable[[TLFunction[Any]], Any]:
    async def call(request: TLFunction[Any]) -> Any:
        assert request == api.functions.contacts.ResolveUsername(username="name")
        return api.types.contacts.ResolvedPeer(peer=peer, chats=[], users=users)

    return call


def found_by(call: Callable[[TLFunction[Any]], Any], reference: str) -> Any:
    return asyncio.run(find_user(call, reference, api.schema))


def test_users_are_named_by_me_by_id_and_by_name() -> None:
    found = resolving(api.types.PeerUser(user_id=9), [api.types.User(id=9, access_hash=-8)])
    assert found_by(found, "me") == SELF
    assert found_by(found, "123") == api.types.InputUser(user_id=123, access_hash=0)
    wanted = api.types.InputUser(user_id=9, access_hash=-8)
    for text in ("name", "@Name", " https://t.me/name ", "tg://resolve?domain=name"):
        assert found_by(found, text) == wanted


def test_a_phone_number_is_asked_for() -> None:
    async def call(request: TLFunction[Any]) -> Any:
        assert request == api.functions.contacts.ResolvePhone(phone="4915112345678")
        user = api.types.User(id=9, access_hash=-8)
        return api.types.contacts.ResolvedPeer(peer=api.types.PeerUser(user_id=9), chats=[], users=[user])

    assert found_by(call, "+49 151 12345678") == api.types.InputUser(user_id=9, access_hash=-8)


def test_a_name_that_is_a_channels_is_refused() -> None:
    call = resolving(api.types.PeerChannel(channel_id=9), [])
    with pytest.raises(CommandFailed, match="name is not a user"):
        found_by(call, "name")


def test_what_an_account_resolves_becomes_a_user_or_is_refused() -> None:
    types = api.types
    user = types.InputPeerUser(user_id=9, access_hash=-8)
    met = types.InputPeerUserFromMessage(peer=user, msg_id=5, user_id=7)
    assert as_input_user(types.InputPeerSelf(), "me") == SELF
    assert as_input_user(user, "ada") == types.InputUser(user_id=9, access_hash=-8)
    assert as_input_user(met, "ada") == types.InputUserFromMessage(peer=user, msg_id=5, user_id=7)
    with pytest.raises(CommandFailed, match="the_square is not a user"):
        as_input_user(types.InputPeerChannel(channel_id=9, access_hash=1), "the_square")


def test_a_list_is_read_from_stdin_where_a_dash_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("ada\n\n# a comment\n  @bob \nada\n"))
    assert users_of(["zoe", "-", "me"]) == ["zoe", "ada", "@bob", "me"]


@pytest.mark.parametrize("lines", ["", "\n# nobody\n"])
def test_a_list_of_nobody_is_refused(monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    with pytest.raises(CommandFailed, match="names no user"):
        users_of(["-"])


@pytest.mark.parametrize("text", ["", "@", "-5", "https://example.org/ada", "https://t.me/+AbCdEf", "ada@", "x" * 33])
def test_what_names_no_user_is_refused_with_the_users_own_words(text: str) -> None:
    with pytest.raises(CommandFailed) as caught:
        users_of(["ada", text])
    assert text in str(caught.value)
