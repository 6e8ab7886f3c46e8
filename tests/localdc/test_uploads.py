"""Uploaded files: the rules of parts, what is kept of them, profile photos and documents that are made of them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto import blocking
from mtproto.localdc import LocalDCThread
from mtproto.localdc.answers import Refused
from mtproto.localdc.files import Uploads, kept, uploads
from mtproto.localdc.handlers import media
from mtproto.localdc.world import WorldError, jpeg_size
from mtproto.localdc.world.model import Photo, World
from tests.localdc.conftest import RpcFailure
from tests.localdc.test_contacts import Person, full
from tests.localdc.test_private_messages import Talker
from tl import api

t: Any = api.types
f: Any = api.functions

KIB, MIB = 1 << 10, 1 << 20
ME = 7
FRAME = b"\xff\xc2\x00\x0b\x08\x01\x02\x03\x04\x01\x01\x11\x00"
"""The segment of a JPEG file that says 772 by 258 pixels."""


def new_uploads() -> Uploads:
    return Uploads(lambda: 0.0)


def refused(name: str) -> Any:
    return pytest.raises(Refused, match=f"400 {name}$")


# Parts


@given(data=st.binary(min_size=1, max_size=20 * KIB), step=st.sampled_from([KIB, 2 * KIB, 8 * KIB]), order=st.randoms())
def test_parts_make_the_file_in_any_order_and_sent_twice(data: bytes, step: int, order: Any) -> None:
    for total in (None, -1, -(-len(data) // step)):
        kept_parts = new_uploads()
        parts = [data[at : at + step] for at in range(0, len(data), step)]
        numbers = [*range(len(parts))] * 2
        order.shuffle(numbers)
        for number in numbers:
            kept_parts.save(ME, 5, number, parts[number], total)
        assert kept_parts.take(ME, 5, len(parts), hashlib.md5(data).hexdigest()) == data
        assert kept_parts.take(ME, 5, len(parts)) == data


@pytest.mark.parametrize("total", [None, 3])
@pytest.mark.parametrize(
    ("number", "size", "name"),
    [
        (0, 0, "FILE_PART_EMPTY"),
        (-1, KIB, "FILE_PART_INVALID"),
        (8_000, KIB, "FILE_PART_INVALID"),
        (0, 512 * KIB + 1, "FILE_PART_TOO_BIG"),
    ],
)
def test_a_part_that_can_not_be_is_refused(number: int, size: int, name: str, total: int | None) -> None:
    with refused(name):
        new_uploads().save(ME, 5, number, bytes(size), total)


@pytest.mark.parametrize("total", [0, -2, 8_001])
def test_a_number_of_parts_that_can_not_be_is_refused(total: int) -> None:
    with refused("FILE_PARTS_INVALID"):
        new_uploads().save(ME, 5, 0, bytes(KIB), total)


@pytest.mark.parametrize("size", [1, KIB + 1, 3 * KIB])
def test_only_the_last_part_of_a_big_file_has_any_size(size: int) -> None:
    kept_parts = new_uploads()
    kept_parts.save(ME, 5, 1, bytes(size), 2)
    with refused("FILE_PART_SIZE_INVALID"):
        kept_parts.save(ME, 5, 0, bytes(size), 2)


def test_the_size_and_the_number_of_parts_of_a_big_file_do_not_change() -> None:
    kept_parts = new_uploads()
    kept_parts.save(ME, 5, 0, bytes(KIB), 3)
    with refused("FILE_PART_SIZE_CHANGED"):
        kept_parts.save(ME, 5, 1, bytes(2 * KIB), 3)
    with refused("FILE_PARTS_INVALID"):
        kept_parts.save(ME, 5, 1, bytes(KIB), 4)


@pytest.mark.parametrize(
    ("sizes", "parts", "name"),
    [
        ({0: KIB, 2: KIB}, 3, "FILE_PART_1_MISSING"),
        ({}, 1, "FILE_PART_0_MISSING"),
        ({0: KIB}, 0, "FILE_PARTS_INVALID"),
        ({0: KIB, 1: KIB}, 1, "FILE_PARTS_INVALID"),
        ({0: KIB, 1: 2 * KIB, 2: 5}, 3, "FILE_PART_SIZE_CHANGED"),
        ({0: KIB, 1: KIB + 1}, 2, "FILE_PART_SIZE_CHANGED"),
        ({0: 1000, 1: 1000}, 2, "FILE_PART_SIZE_INVALID"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(sizes: dict[int, int], parts: int, name: str) -> None:
    kept_parts = new_uploads()
    for number, size in sizes.items():
        kept_parts.save(ME, 5, number, bytes(size))
    with refused(name):
        kept_parts.take(ME, 5, parts)


def test_a_wrong_md5_is_refused() -> None:
    kept_parts = new_uploads()
    kept_parts.save(ME, 5, 0, b"data")
    for wrong in ("0" * 32, "nonsense", "\N{SNOWMAN}"):
        with refused("MD5_CHECKSUM_INVALID"):
            kept_parts.take(ME, 5, 1, wrong)


def test_nobody_gets_the_file_of_another_account() -> None:
    kept_parts = new_uploads()
    kept_parts.save(ME, 5, 0, b"mine")
    with refused("FILE_PART_0_MISSING"):
        kept_parts.take(ME + 1, 5, 1)


# What is kept


def test_a_small_file_ends_at_ten_mebibytes_and_a_big_one_at_what_an_account_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uploads, "BYTES_OF_ACCOUNT", 12 * MIB)
    for total, most in ((None, 20), (-1, 24)):
        kept_parts = new_uploads()
        for number in range(most):
            kept_parts.save(ME, 5, number, bytes(512 * KIB), total)
        with refused("FILE_PARTS_INVALID"):
            kept_parts.save(ME, 5, most, b"1", total)
        kept_parts.save(ME, 5, 0, bytes(512 * KIB), total)  # once more, which makes the file no larger


def test_a_file_that_comes_by_the_other_method_begins_anew() -> None:
    kept_parts = new_uploads()
    kept_parts.save(ME, 5, 0, bytes(KIB), 2)
    kept_parts.save(ME, 5, 1, b"last")
    with refused("FILE_PART_0_MISSING"):
        kept_parts.take(ME, 5, 2)
    assert kept_parts.cost == 4 + uploads.COST_OF_PART


def test_uploads_of_an_account_are_bounded_and_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "UPLOADS_OF_ACCOUNT", 3)
    kept_parts = new_uploads()
    for file_id in (1, 2, 3, 1, 4):
        kept_parts.save(ME, file_id, 0, b"part")
    with refused("FILE_PART_0_MISSING"):
        kept_parts.take(ME, 2, 1)
    assert [kept_parts.take(ME, file_id, 1) for file_id in (1, 3, 4)] == [b"part"] * 3


def test_bytes_of_uploads_are_bounded_for_each_account_and_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "BYTES_OF_ACCOUNT", 3 * KIB)
    monkeypatch.setattr(uploads, "BYTES_IN_ALL", 5 * KIB)
    kept_parts = new_uploads()
    for file_id in range(9):
        kept_parts.save(ME, file_id, 0, bytes(KIB))
    assert kept_parts.cost <= 3 * KIB
    for user_id in range(20):
        kept_parts.save(user_id, 1, 0, bytes(KIB))
    assert 3 * KIB < kept_parts.cost <= 5 * KIB
    assert len(kept_parts.take(19, 1, 1)) == KIB


def test_an_upload_is_forgotten_with_age() -> None:
    now = [0.0]
    kept_parts = Uploads(lambda: now[0])
    kept_parts.save(ME, 1, 0, b"old")
    now[0] = 1000.0
    kept_parts.save(ME, 2, 0, b"new")
    now[0] = uploads.UPLOAD_AGE
    kept_parts.forget_old()
    assert kept_parts.take(ME, 2, 1) == b"new"
    with refused("FILE_PART_0_MISSING"):
        kept_parts.take(ME, 1, 1)
    now[0] += 1000.0
    kept_parts.forget_old()
    assert (kept_parts.cost, kept_parts._uploads, kept_parts._costs) == (0, {}, {})


def test_the_upload_that_comes_now_stays_and_the_others_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "BYTES_OF_ACCOUNT", 5 * KIB)
    monkeypatch.setattr(uploads, "BYTES_IN_ALL", 7 * KIB)
    kept_parts = new_uploads()
    for user_id in (1, 2):
        for number in range(2):
            kept_parts.save(user_id, 1, number, bytes(KIB))
    for number in range(4):
        kept_parts.save(ME, 5, number, bytes(KIB))
    assert len(kept_parts.take(ME, 5, 4)) == 4 * KIB
    assert kept_parts.cost <= 7 * KIB


def test_a_file_beyond_the_bound_is_refused_at_its_first_part_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept_parts = new_uploads()
    for number in (0, 1):
        with refused("FILE_PARTS_INVALID"):
            kept_parts.save(ME, 5, number, bytes(512 * KIB), 129)
    assert [record.getMessage() for record in caplog.records] == [
        f"the upload 5 of user {ME} is refused: this data centre takes files of up to {64 * MIB} bytes"
    ]
    kept_parts.save(ME, 6, 0, bytes(512 * KIB), 128)


# Profile photos


class Uploader(Talker):
    """A person who uploads files."""

    last_file_id = 0

    def upload(self, data: bytes, *, big: bool = False, **fields: Any) -> Any:
        self.last_file_id += 1
        step = 512 * KIB
        parts = [data[at : at + step] for at in range(0, len(data), step)]
        for number, part in enumerate(parts):
            if big:
                request = f.upload.SaveBigFilePart(
                    file_id=self.last_file_id, file_part=number, file_total_parts=len(parts), bytes=part
                )
            else:
                request = f.upload.SaveFilePart(file_id=self.last_file_id, file_part=number, bytes=part)
            assert self(request) is True
        common = {"id": self.last_file_id, "parts": len(parts), "name": "given.jpg", **fields}
        return t.InputFileBig(**common) if big else t.InputFile(**{"md5_checksum": "", **common})

    def photos(self, name: str = "triple") -> list[Any]:
        user = full(self.of(name))
        return list(self(f.photos.GetUserPhotos(user_id=user, offset=0, max_id=0, limit=100)).photos)

    def set_photo(self, data: bytes, **fields: Any) -> Any:
        return self(f.photos.UploadProfilePhoto(file=self.upload(data), **fields))

    def fetch(self, photo: Any, type_: str = "c") -> bytes:
        location = t.InputPhotoFileLocation(
            id=photo.id, access_hash=photo.access_hash, file_reference=photo.file_reference, thumb_size=type_
        )
        data: bytes = self(f.upload.GetFile(location=location, offset=0, limit=MIB)).bytes
        return data


@pytest.fixture
def triple(packaged_world: World) -> Uploader:
    """Somebody with three photos."""
    return Uploader(packaged_world, "triple")


def picture(world: World, number: int = 0) -> bytes:
    photos: tuple[Photo, ...] = world.users[-1].photos
    data = photos[number].file("c")
    assert data is not None
    return data


def test_an_uploaded_photo_is_the_newest_and_comes_back_byte_for_byte(triple: Uploader) -> None:
    before = triple.photos()
    data = picture(triple.world)
    answer = triple.set_photo(data)
    photos = triple.photos()
    assert [photo.id for photo in photos] == [answer.photo.id, *(photo.id for photo in before)]
    assert sorted((photo.id for photo in photos), reverse=True) == [photo.id for photo in photos]
    [size] = photos[0].sizes
    assert (size.NAME, size.type, size.w, size.h, size.size) == ("photoSize", "c", 640, 640, len(data))
    assert triple.fetch(photos[0]) == data
    assert answer.users[0].photo.photo_id == photos[0].id
    [me] = triple(f.users.GetUsers(id=[t.InputUserSelf()]))
    assert (me.photo.photo_id, me.photo.stripped_thumb) == (photos[0].id, None)
    assert triple(f.users.GetFullUser(id=t.InputUserSelf())).full_user.profile_photo.id == photos[0].id


def test_an_uploaded_photo_is_found_by_its_owner_in_both_sizes(triple: Uploader) -> None:
    data = picture(triple.world)
    photo_id = triple.set_photo(data).photo.id
    for big in (True, False):
        location = t.InputPeerPhotoFileLocation(peer=t.InputPeerSelf(), photo_id=photo_id, big=big)
        assert triple(f.upload.GetFile(location=location, offset=0, limit=MIB)).bytes == data


def test_a_photo_may_come_as_a_big_file_and_with_a_video(triple: Uploader) -> None:
    film = next(photo for photo in triple.world.users[-1].photos if photo.videos).file("u")
    assert film is not None
    data = picture(triple.world)
    file, video = triple.upload(data, big=True), triple.upload(film)
    shown = triple(f.photos.UploadProfilePhoto(file=file, video=video)).photo
    assert (triple.fetch(shown), triple.fetch(shown, "u")) == (data, film)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "IMAGE_PROCESS_FAILED"),
        (b"\xff\xd8", "IMAGE_PROCESS_FAILED"),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xda\x00\x02" + FRAME, "IMAGE_PROCESS_FAILED"),
        (b"\xff\xd8" + b"\xff\xe0\x00\x02" * 256 + FRAME, "IMAGE_PROCESS_FAILED"),
    ],
)
def test_what_is_no_jpeg_is_no_photo(triple: Uploader, data: bytes, name: str) -> None:
    with pytest.raises(RpcFailure, match=f"400 {name}"):
        triple.set_photo(data)
    assert len(triple.photos()) == 3


def test_photos_that_can_not_be_set_are_refused(triple: Uploader) -> None:
    data = picture(triple.world)
    for fields, name in (
        ({"file": None}, "PHOTO_FILE_MISSING"),
        ({"file": triple.upload(data), "video": triple.upload(data)}, "VIDEO_FILE_INVALID"),
        ({"file": triple.upload(data), "bot": full(triple.world.bot)}, "BOT_INVALID"),
        ({"file": triple.upload(data), "fallback": True}, "PHOTO_INVALID"),
        ({"file": triple.upload(data, md5_checksum="0" * 32)}, "MD5_CHECKSUM_INVALID"),
        ({"file": triple.upload(data, parts=2)}, "FILE_PART_1_MISSING"),
    ):
        with pytest.raises(RpcFailure, match=f"400 {name}"):
            triple(f.photos.UploadProfilePhoto(**fields))


def named(photo: Any) -> Any:
    return t.InputPhoto(id=photo.id, access_hash=photo.access_hash, file_reference=photo.file_reference)


def test_an_old_photo_becomes_the_newest_again_under_an_id_of_its_own(triple: Uploader) -> None:
    before = triple.photos()
    answer = triple(f.photos.UpdateProfilePhoto(id=named(before[2])))
    after = triple.photos()
    assert [photo.id for photo in after] == [answer.photo.id, before[0].id, before[1].id]
    assert answer.photo.id > before[0].id
    assert [size.w for size in answer.photo.sizes[1:]] == [size.w for size in before[2].sizes[1:]]


def test_the_newest_photo_is_taken_back_by_an_empty_one(triple: Uploader) -> None:
    before = triple.photos()
    assert triple(f.photos.UpdateProfilePhoto(id=t.InputPhotoEmpty())).photo == t.PhotoEmpty(id=0)
    assert [photo.id for photo in triple.photos()] == [photo.id for photo in before[1:]]


def test_a_photo_that_is_not_ones_own_is_not_set(triple: Uploader) -> None:
    mine, other = triple.photos()[0], triple.photos("dozen")[0]
    for wrong in (named(other), t.InputPhoto(id=mine.id, access_hash=1, file_reference=mine.file_reference)):
        with pytest.raises(RpcFailure, match="400 PHOTO_ID_INVALID"):
            triple(f.photos.UpdateProfilePhoto(id=wrong))
    triple.dc.references.expire()
    with pytest.raises(RpcFailure, match="400 FILE_REFERENCE_EXPIRED"):
        triple(f.photos.UpdateProfilePhoto(id=named(mine)))


def test_photos_are_deleted_and_are_gone_for_everybody(triple: Uploader) -> None:
    dozen = Person(triple.world, "dozen", triple.dc)
    first, second, third = triple.photos()
    uploaded = triple.set_photo(picture(triple.world)).photo
    foreign = triple.photos("dozen")[0]
    deleted = triple(f.photos.DeletePhotos(id=[named(foreign), named(second), named(uploaded), t.InputPhotoEmpty()]))
    assert sorted(deleted) == sorted([second.id, uploaded.id])
    seen = dozen(f.photos.GetUserPhotos(user_id=full(triple.user), offset=0, max_id=0, limit=100)).photos
    assert [photo.id for photo in seen] == [first.id, third.id]
    for photo in (second, uploaded):
        with pytest.raises(RpcFailure, match="400 FILE_ID_INVALID"):
            triple.fetch(photo)
    assert triple(f.photos.DeletePhotos(id=[named(second)])) == []
    assert len(triple.photos("dozen")) == 12


def test_the_size_of_a_jpeg_stands_in_its_header() -> None:
    header = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc4\x00\x03x" + FRAME
    assert jpeg_size(header) == (0x0304, 0x0102)
    with pytest.raises(WorldError):
        jpeg_size(header.replace(b"\x01\x02\x03\x04", bytes(4)))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader_of_the_size(data: bytes) -> None:
    for each in (data, b"\xff\xd8" + data, b"\xff\xd8\xff\xc0" + data):
        try:
            width, height = jpeg_size(each)
        except WorldError:
            continue
        assert width > 0 < height


# Documents


def document(file: Any, **fields: Any) -> Any:
    return t.InputMediaUploadedDocument(file=file, **{"mime_type": "text/plain", "attributes": [], **fields})


def send(person: Uploader, media_: Any, *, to: str = "single", random_id: int = 9, text: str = "") -> Any:
    peer = t.InputPeerUser(user_id=person.of(to).id, access_hash=person.of(to).access_hash)
    return person(f.messages.SendMedia(peer=peer, media=media_, message=text, random_id=random_id))


def shown_in(updates: Any) -> Any:
    return updates.updates[1].message.media.document


def test_an_uploaded_document_is_sent_once_and_fetched_by_the_receiver(triple: Uploader) -> None:
    single = Uploader(triple.world, "single", triple)
    data = bytes(range(256)) * 5000
    attributes = [t.DocumentAttributeFilename(file_name="a.txt"), t.DocumentAttributeAnimated()]
    media_ = document(triple.upload(data, big=True), attributes=attributes)
    for _ in range(2):
        sent = shown_in(send(triple, media_, text="look"))
    [(came, _)] = single.heard()
    got = came.updates[0].message
    assert (got.message, got.media.document.id) == ("look", sent.id)
    assert {each.NAME for each in sent.attributes} == {"documentAttributeAnimated", "documentAttributeFilename"}
    assert (sent.size, sent.mime_type, sent.dc_id) == (len(data), "text/plain", 2)
    location = t.InputDocumentFileLocation(
        id=sent.id, access_hash=sent.access_hash, file_reference=sent.file_reference, thumb_size=""
    )
    parts = [single(f.upload.GetFile(location=location, offset=at, limit=MIB)).bytes for at in (0, MIB)]
    assert b"".join(parts) == data
    assert triple.dc.executions.of(9) == 2


def test_a_document_that_is_there_is_sent_again(triple: Uploader) -> None:
    peer = t.InputPeerSelf()
    shown = triple(f.messages.UploadMedia(peer=peer, media=document(triple.upload(b"data")))).document
    assert shown.attributes[0].file_name == "given.jpg"
    again = t.InputDocument(id=shown.id, access_hash=shown.access_hash, file_reference=shown.file_reference)
    assert shown_in(send(triple, t.InputMediaDocument(id=again))).id == shown.id
    triple.dc.references.expire()
    wrong = again.replace(access_hash=1)
    for named_, name in ((again, "FILE_REFERENCE_EXPIRED"), (wrong, "MEDIA_EMPTY")):
        with pytest.raises(RpcFailure, match=f"400 {name}"):
            send(triple, t.InputMediaDocument(id=named_), random_id=10)


def test_media_that_can_not_be_sent_are_refused(triple: Uploader, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = t.InputDocument(id=1, access_hash=2, file_reference=b"")
    long = t.DocumentAttributeAudio(duration=1, title="x" * media.ATTRIBUTES_BYTES)
    for media_, name in (
        (t.InputMediaEmpty(), "MEDIA_INVALID"),
        (t.InputMediaDocument(id=unknown), "MEDIA_EMPTY"),
        (t.InputMediaDocument(id=t.InputDocumentEmpty()), "MEDIA_EMPTY"),
        (document(triple.upload(b"data"), attributes=[long]), "MEDIA_INVALID"),
        (document(triple.upload(b"data", parts=2)), "FILE_PART_1_MISSING"),
        (document(t.InputFileStoryDocument(id=unknown)), "FILE_PARTS_INVALID"),
    ):
        with pytest.raises(RpcFailure, match=f"400 {name}"):
            send(triple, media_)
    channel = triple(f.contacts.ResolveUsername(username="the_square")).chats[0]
    peer = t.InputPeerChannel(channel_id=channel.id, access_hash=channel.access_hash)
    file = document(triple.upload(b"data"))
    with pytest.raises(RpcFailure, match="403 CHAT_SEND_DOCS_FORBIDDEN"):
        triple(f.messages.SendMedia(peer=peer, media=file, message="", random_id=1))
    monkeypatch.setattr(kept, "KEPT_OF_ACCOUNT", len(b"data") - 1)
    with pytest.raises(RpcFailure, match="400 FILE_PARTS_INVALID"):
        send(triple, file)


def test_names_of_documents_are_bounded(triple: Uploader) -> None:
    media_ = document(triple.upload(b"data", name="n" * 300), mime_type="m" * 300)
    shown = triple(f.messages.UploadMedia(peer=t.InputPeerSelf(), media=media_)).document
    assert (len(shown.attributes[0].file_name), len(shown.mime_type)) == (media.LONGEST_NAME, media.LONGEST_NAME)


# Over sockets


def test_a_photo_is_uploaded_over_sockets(local_dc: LocalDCThread) -> None:
    data = picture(local_dc.world, 1)
    with blocking.connect(local_dc.address, keys=local_dc.keys, api_id=local_dc.api_id) as client:
        client(
            f.auth.ImportBotAuthorization(
                flags=0, api_id=local_dc.api_id, api_hash=local_dc.api_hash, bot_auth_token=local_dc.bot_token
            )
        )
        assert client(f.upload.SaveFilePart(file_id=1, file_part=0, bytes=data))
        file = t.InputFile(id=1, parts=1, name="me.jpg", md5_checksum=hashlib.md5(data).hexdigest())
        photo = client(f.photos.UploadProfilePhoto(file=file)).photo
        location = t.InputPhotoFileLocation(
            id=photo.id, access_hash=photo.access_hash, file_reference=photo.file_reference, thumb_size="c"
        )
        assert client(f.upload.GetFile(location=location, offset=0, limit=MIB)).bytes == data
