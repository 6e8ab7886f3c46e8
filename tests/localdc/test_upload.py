"""upload.getFile: the rules of offset and limit, locations, file references."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from mtproto.localdc.answers import Refused
from mtproto.localdc.handlers.parts import check_range
from mtproto.localdc.world.model import Photo
from tests.localdc.conftest import Caller, RpcFailure
from tl import api

KIB, MIB = 1024, 1 << 20


def get(caller: Caller, location: Any, offset: int = 0, limit: int = MIB, precise: bool = False) -> Any:
    return caller(api.functions.upload.GetFile(location=location, offset=offset, limit=limit, precise=precise))


def location_of(caller: Caller, photo: Photo, type_: str = "c", reference: bytes | None = None) -> Any:
    return api.types.InputPhotoFileLocation(
        id=photo.id,
        access_hash=photo.access_hash,
        file_reference=caller.dc.references.reference(photo.id) if reference is None else reference,
        thumb_size=type_,
    )


def newest(caller: Caller) -> Photo:
    return caller.world.users[-1].photos[0]


@pytest.mark.parametrize("type_", ["a", "b", "c"])
def test_a_jpeg_comes_whole(caller: Caller, type_: str) -> None:
    photo = newest(caller)
    answer = get(caller, location_of(caller, photo, type_))
    assert answer.type.NAME == "storage.fileJpeg"
    assert answer.mtime == photo.date
    assert answer.bytes == photo.file(type_)


def test_a_video_comes_as_mp4(caller: Caller) -> None:
    photo = next(photo for photo in caller.world.users[-1].photos if photo.videos)
    answer = get(caller, location_of(caller, photo, "u"))
    assert answer.type.NAME == "storage.fileMp4"
    assert answer.bytes == photo.file("u")


def test_parts_put_together_are_the_file_and_the_last_one_is_short(caller: Caller) -> None:
    photo = newest(caller)
    parts: list[bytes] = []
    while not parts or len(parts[-1]) == 4096:
        parts.append(get(caller, location_of(caller, photo), offset=4096 * len(parts), limit=4096).bytes)
    data = photo.file("c")
    assert data is not None
    assert len(parts) > 2
    assert hashlib.sha256(b"".join(parts)).digest() == hashlib.sha256(data).digest()


def test_behind_the_end_there_is_nothing(caller: Caller) -> None:
    assert get(caller, location_of(caller, newest(caller)), offset=MIB).bytes == b""


@pytest.mark.parametrize(
    ("offset", "limit", "precise"),
    [
        (0, 4096, False),
        (4096, 4096, False),
        (0, MIB, False),
        (MIB, MIB, False),
        (512 * KIB, 512 * KIB, False),
        (0, KIB, True),
        (KIB, 3 * KIB, True),
        (0, MIB, True),
        (MIB - KIB, KIB, True),
        (12288, 4096, False),
    ],
)
def test_ranges_that_are_allowed(offset: int, limit: int, precise: bool) -> None:
    check_range(offset, limit, precise=precise)


@pytest.mark.parametrize(
    ("offset", "limit", "precise", "name"),
    [
        (0, 0, False, "LIMIT_INVALID"),
        (0, -4096, False, "LIMIT_INVALID"),
        (0, KIB, False, "LIMIT_INVALID"),
        (0, 3 * 4096, False, "LIMIT_INVALID"),
        (0, 2 * MIB, False, "LIMIT_INVALID"),
        (0, 1000, True, "LIMIT_INVALID"),
        (0, MIB + KIB, True, "LIMIT_INVALID"),
        (-4096, 4096, False, "OFFSET_INVALID"),
        (KIB, 4096, False, "OFFSET_INVALID"),
        (512, KIB, True, "OFFSET_INVALID"),
        (4096, MIB, False, "LIMIT_INVALID"),
        (MIB - KIB, 2 * KIB, True, "LIMIT_INVALID"),
    ],
)
def test_ranges_that_are_refused(offset: int, limit: int, precise: bool, name: str) -> None:
    with pytest.raises(Refused, match=f"400 {name}"):
        check_range(offset, limit, precise=precise)


def test_the_handler_checks_the_range(caller: Caller) -> None:
    with pytest.raises(RpcFailure, match="400 LIMIT_INVALID"):
        get(caller, location_of(caller, newest(caller)), limit=1000)


def test_an_expired_reference_is_refused_and_a_new_one_is_good(caller: Caller) -> None:
    photo = newest(caller)
    old = location_of(caller, photo)
    caller.dc.references.expire()
    with pytest.raises(RpcFailure, match="400 FILE_REFERENCE_EXPIRED"):
        get(caller, old)
    assert get(caller, location_of(caller, photo)).bytes == photo.file("c")


def test_the_documented_way_to_renew_a_reference_works(caller: Caller) -> None:
    owner = caller.world.users[-1]
    photo = owner.photos[42]
    caller.dc.references.expire()
    named = api.types.InputUser(user_id=owner.id, access_hash=owner.access_hash)
    request = api.functions.photos.GetUserPhotos(user_id=named, offset=-1, max_id=photo.id, limit=1)
    renewed = caller(request).photos[0].file_reference
    assert get(caller, location_of(caller, photo, reference=renewed)).bytes == photo.file("c")


def test_an_empty_and_a_foreign_reference_are_refused(caller: Caller) -> None:
    photo, other = caller.world.users[-1].photos[:2]
    with pytest.raises(RpcFailure, match="400 FILE_REFERENCE_EMPTY"):
        get(caller, location_of(caller, photo, reference=b""))
    for wrong in (b"nonsense", caller.dc.references.reference(other.id), b"\x01\xff\xff\xff\xff" + bytes(20)):
        with pytest.raises(RpcFailure, match="400 FILE_REFERENCE_INVALID"):
            get(caller, location_of(caller, photo, reference=wrong))


def test_a_reference_of_a_generation_to_come_is_invalid(caller: Caller) -> None:
    photo = newest(caller)
    caller.dc.references.expire()
    early = caller.dc.references.reference(photo.id)
    caller.dc.references.generation -= 1
    with pytest.raises(RpcFailure, match="400 FILE_REFERENCE_INVALID"):
        get(caller, location_of(caller, photo, reference=early))


def test_a_photo_that_is_not_there_and_a_wrong_access_hash_are_refused(caller: Caller) -> None:
    photo = newest(caller)
    for wrong in ({"id": 5}, {"access_hash": photo.access_hash ^ 1}):
        location = location_of(caller, photo)
        for name, value in wrong.items():
            setattr(location, name, value)
        with pytest.raises(RpcFailure, match="400 FILE_ID_INVALID"):
            get(caller, location)


@pytest.mark.parametrize("type_", ["", "x", "i", "u"])
def test_a_size_that_the_photo_lacks_is_refused(caller: Caller, type_: str) -> None:
    photo = next(photo for photo in caller.world.users[-1].photos if not photo.videos)
    with pytest.raises(RpcFailure, match="400 LOCATION_INVALID"):
        get(caller, location_of(caller, photo, type_))


def test_a_profile_photo_is_found_by_its_owner(caller: Caller) -> None:
    owner = caller.world.users[-1]
    peer = api.types.InputPeerUser(user_id=owner.id, access_hash=owner.access_hash)
    photo = owner.photos[3]
    for big, type_ in ((True, "c"), (False, "a")):
        location = api.types.InputPeerPhotoFileLocation(peer=peer, photo_id=photo.id, big=big)
        assert get(caller, location).bytes == photo.file(type_)


def test_a_photo_of_another_peer_or_of_no_peer_is_refused(caller: Caller) -> None:
    owner, photo = caller.world.users[-1], caller.world.users[-2].photos[0]
    peer = api.types.InputPeerUser(user_id=owner.id, access_hash=owner.access_hash)
    with pytest.raises(RpcFailure, match="400 LOCATION_INVALID"):
        get(caller, api.types.InputPeerPhotoFileLocation(peer=peer, photo_id=photo.id))
    with pytest.raises(RpcFailure, match="400 PEER_ID_INVALID"):
        get(caller, api.types.InputPeerPhotoFileLocation(peer=api.types.InputPeerEmpty(), photo_id=photo.id))


def test_a_location_of_another_kind_is_refused(caller: Caller) -> None:
    location = api.types.InputTakeoutFileLocation()
    with pytest.raises(RpcFailure, match="400 LOCATION_INVALID"):
        get(caller, location)
