"""Documents: files of any size that messages carry, fetched in parts, at their DC, with references that expire."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto import blocking
from mtproto.errors import OptionError
from mtproto.limits import SERVER_LIMITS
from mtproto.localdc import LocalDCThread, LocalNetworkThread
from mtproto.localdc.files import HASHED, HASHES, LocalDocument, StreamedContent, asked
from mtproto.localdc.objects import document_object
from mtproto.localdc.own_documents import added_document
from mtproto.localdc.post_channel import send_by_name
from mtproto.localdc.world.model import World
from mtproto.session import whole_budget
from tests.localdc.conftest import Caller, RpcFailure
from tests.localdc.several import Several
from tests.localdc.test_private_messages import Talker
from tl import api

t: Any = api.types
f: Any = api.functions

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


def added(caller: Caller, **options: Any) -> LocalDocument:
    return _added(caller.dc, **options)


def _added(
    dc: Any, size: int | None = None, data: bytes | None = None, path: Path | None = None, **options: Any
) -> LocalDocument:
    options = {"mime_type": "application/octet-stream", "dc_id": None, "on_cdn": False, **options}
    return added_document(dc, "a.bin", size, data, path, **options)


def place(document: LocalDocument, references: Any, thumb_size: str = "", **fields: Any) -> Any:
    shown: Any = document_object(document, references)
    wanted = {"id": shown.id, "access_hash": shown.access_hash, "file_reference": shown.file_reference, **fields}
    return t.InputDocumentFileLocation(**wanted, thumb_size=thumb_size)


def part(caller: Any, document: LocalDocument, offset: int = 0, limit: int = MIB, **fields: Any) -> Any:
    location = place(document, caller.dc.references, **fields)
    return caller(f.upload.GetFile(location=location, offset=offset, limit=limit))


def hashes(caller: Any, document: LocalDocument, offset: int = 0) -> Any:
    return caller(f.upload.GetFileHashes(location=place(document, caller.dc.references), offset=offset))


# What is in them


@given(size=st.integers(0, 3 * MIB), offset=st.integers(0, 3 * MIB), limit=st.integers(0, MIB), seed=st.integers())
def test_a_streamed_content_is_the_same_wherever_it_is_cut(size: int, offset: int, limit: int, seed: int) -> None:
    content = StreamedContent(size, seed)
    cut = max(min(limit // 3, size - offset), 0)
    whole = content.read(offset, limit)
    assert len(whole) == max(min(limit, size - offset), 0)
    assert content.read(offset, cut) + content.read(offset + cut, limit - cut) == whole


def test_no_block_of_a_streamed_content_is_another_one() -> None:
    blocks = {StreamedContent(3 * MIB, seed).read(at, 4096) for seed in (0, 1) for at in range(0, 3 * MIB, 4096)}
    assert len(blocks) == 2 * 3 * MIB // 4096


def test_a_document_of_a_hundred_gibibytes_is_read_at_any_place(caller: Caller) -> None:
    document = added(caller, size=100 * GIB + 5)
    answer = part(caller, document, 100 * GIB - MIB)
    assert answer.bytes == document.read(100 * GIB - MIB, MIB)
    assert len(part(caller, document, 100 * GIB).bytes) == 5
    assert part(caller, document, 100 * GIB + MIB).bytes == b""


def test_a_document_is_made_of_bytes_or_of_a_file(caller: Caller, tmp_path: Path) -> None:
    data = StreamedContent(10_000, 5).read(0, 10_000)
    path = tmp_path / "kept.pdf"
    path.write_bytes(data)
    for document in (added(caller, data=data), added(caller, path=path)):
        assert (document.size, document.sha256()) == (len(data), hashlib.sha256(data).digest())
        assert part(caller, document, 4096, 4096).bytes == data[4096:8192]
        assert part(caller, document, 8192, 4096).bytes == data[8192:]


def test_what_a_server_takes_a_document_for_follows_from_its_type(caller: Caller) -> None:
    assert part(caller, added(caller, size=10, mime_type="application/pdf")).type.NAME == "storage.filePdf"
    assert part(caller, added(caller, size=10)).type.NAME == "storage.fileUnknown"


@pytest.mark.parametrize(
    "options", [{}, {"size": -1}, {"size": 1, "data": b"1"}, {"path": Path("nowhere")}, {"size": 1, "dc_id": 9}]
)
def test_a_document_that_can_not_be_is_not_added(caller: Caller, options: dict[str, Any]) -> None:
    with pytest.raises(OptionError):
        added(caller, **options)


# Who gets them


def test_a_reference_of_a_document_expires(caller: Caller) -> None:
    document = added(caller, size=10)
    old = place(document, caller.dc.references)
    caller.dc.references.expire()
    for request in (
        f.upload.GetFile(location=old, offset=0, limit=MIB),
        f.upload.GetFileHashes(location=old, offset=0),
    ):
        with pytest.raises(RpcFailure, match="400 FILE_REFERENCE_EXPIRED"):
            caller(request)
    assert part(caller, document).bytes == document.read(0, 10)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"id": 5}, "FILE_ID_INVALID"),
        ({"access_hash": 5}, "FILE_ID_INVALID"),
        ({"file_reference": b""}, "FILE_REFERENCE_EMPTY"),
        ({"file_reference": b"nonsense"}, "FILE_REFERENCE_INVALID"),
        ({"thumb_size": "m"}, "LOCATION_INVALID"),
    ],
)
def test_a_location_that_is_not_right_is_refused(caller: Caller, fields: dict[str, Any], name: str) -> None:
    with pytest.raises(RpcFailure, match=f"400 {name}"):
        part(caller, added(caller, size=10), **fields)


def test_a_document_is_fetched_at_the_dc_that_has_it(packaged_world: World) -> None:
    several = Several(packaged_world)
    document = _added(several.dcs[2], size=10, dc_id=4)
    phone = several.logged_in("single")
    home = several.accounts.named("single").dc_id
    request = f.upload.GetFile(location=place(document, several.shared.references), offset=0, limit=MIB)
    if home != 4:
        with pytest.raises(RpcFailure, match="303 FILE_MIGRATE_4"):
            phone(request)
    exported = phone(f.auth.ExportAuthorization(dc_id=4))
    there = several.phone_at(4)
    there(f.auth.ImportAuthorization(id=exported.id, bytes=exported.bytes))
    assert there(request).bytes == document.read(0, 10)


def test_a_message_carries_a_document_and_gives_fresh_references(packaged_world: World) -> None:
    single = Talker(packaged_world, "single")
    triple = Talker(packaged_world, "triple", single)
    document = _added(single.dc, size=3 * MIB)
    send_by_name("single", "triple", "hello", single.dc)  # so that they know one another, and the short form would do
    single.heard()
    number = send_by_name("triple", "single", "", single.dc, document)
    [(told, _)] = single.heard()
    assert told.updates[0].message.media.document.id == document.id
    seen = [
        single(f.messages.GetMessages(id=[t.InputMessageID(id=number)])).messages[0],
        single.history("triple").messages[0],
        triple.history("single").messages[0],
    ]
    single.dc.references.expire()
    seen.append(single.difference(2).new_messages[0])
    shown = [message.media.document for message in seen]
    assert {(each.id, each.size, each.dc_id, each.attributes[0].file_name) for each in shown} == {
        (document.id, 3 * MIB, 2, "a.bin")
    }
    assert [each.file_reference == shown[0].file_reference for each in shown] == [True, True, True, False]


def test_the_channel_and_groups_take_no_document(local_dc: LocalDCThread) -> None:
    document = local_dc.add_document(size=1)
    group = next(chat for chat in local_dc.world.chats if local_dc.accounts.named("triple").user.id in chat.members)
    for title in ("the_square", group.display_name):
        with pytest.raises(ValueError, match="no documents"):
            local_dc.send_message("triple", title, document=document)
    assert local_dc.send_message("triple", "single", document=document) == 1


# Hashes


def test_hashes_cover_a_document_without_holes(caller: Caller) -> None:
    document = added(caller, size=10 * HASHED + 77)
    first = hashes(caller, document)
    rest = hashes(caller, document, first[-1].offset + first[-1].limit)
    assert [len(first), len(rest)] == [HASHES, 3]
    for number, each in enumerate([*first, *rest]):
        assert (each.offset, each.limit) == (number * HASHED, HASHED if number < 10 else 77)
        assert each.hash == hashlib.sha256(document.read(each.offset, each.limit)).digest()


def test_hashes_begin_with_the_range_of_the_offset_and_end_with_the_file(caller: Caller) -> None:
    document = added(caller, size=3 * HASHED)
    assert [each.offset for each in hashes(caller, document, HASHED + 1)] == [HASHED, 2 * HASHED]
    assert hashes(caller, document, 3 * HASHED) == []
    with pytest.raises(RpcFailure, match="400 OFFSET_INVALID"):
        hashes(caller, document, -1)


def test_a_photo_has_hashes_too(caller: Caller) -> None:
    photo = caller.world.users[-1].photos[0]
    location = t.InputPhotoFileLocation(
        id=photo.id,
        access_hash=photo.access_hash,
        file_reference=caller.dc.references.reference(photo.id),
        thumb_size="c",
    )
    data = photo.file("c")
    assert data is not None
    [only] = caller(f.upload.GetFileHashes(location=location, offset=0))
    assert (only.offset, only.limit, only.hash) == (0, len(data), hashlib.sha256(data).digest())


# What was asked for


def test_parts_are_counted_by_file_and_offset(caller: Caller) -> None:
    document, other = added(caller, size=5000), added(caller, size=5000)
    part(caller, document, 0, 4096)
    part(caller, document, 4096, 4096)
    part(caller, other, 0, 4096)
    part(caller, document, 0, 4096)
    count = caller.dc.shared.files_asked
    assert [(each.offset, each.limit, each.size) for each in count.parts if each.file_id == document.id] == [
        (0, 4096, 4096),
        (4096, 4096, 904),
        (0, 4096, 4096),
    ]
    assert [count.times(document.id, 0), count.times(document.id, 4096), count.times(other.id, 4096)] == [2, 1, 0]
    assert (count.sent_twice(), count.most_together) == (4096, 1)
    count.clear()
    assert (count.parts, count.sent_twice(), count.most_together) == ([], 0, 0)


def test_bytes_that_were_sent_twice_are_counted_whatever_the_parts(caller: Caller) -> None:
    document = added(caller, size=20 * KIB)
    for offset, limit in ((0, 16384), (4096, 4096), (4096, 4096), (16384, 4096)):
        part(caller, document, offset, limit)
    assert caller.dc.shared.files_asked.sent_twice() == 8192
    assert re.fullmatch(r"<FilesAsked: \d+ parts of 1 files>", repr(caller.dc.shared.files_asked))


def test_parts_of_one_packet_are_counted(caller: Caller) -> None:
    document = added(caller, size=5000)
    request = f.upload.GetFile(location=place(document, caller.dc.references), offset=0, limit=4096).to_bytes()
    first, second = (whole_budget(SERVER_LIMITS) for _ in range(2))
    for msg_id, budget in enumerate((first, second, first, None, second, first)):
        caller.dispatcher.answer(request, caller.key, 7, 4 * msg_id + 4, budget)
    assert caller.dc.shared.files_asked.most_together == 3


def test_what_is_remembered_of_parts_is_bounded(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "PARTS_NOTED", 3)
    monkeypatch.setattr(asked, "PACKETS_NOTED", 2)
    noted = asked.FilesAsked()
    for number in range(5):
        noted.note_call(object())
        noted.note_part(asked.AskedPart(number, "", 0, 1, 1, "upload.getFile", 2, 1))
    assert [each.file_id for each in noted.parts] == [2, 3, 4]
    assert len(noted._packets) == 2


# Over sockets


def test_a_document_is_fetched_over_sockets_from_any_dc_of_a_network() -> None:
    with LocalNetworkThread(dcs=(2, 4)) as network:
        document = network.add_document("film.mp4", size=2 * MIB + 5, mime_type="video/mp4", dc_id=2)
        shown = network.document_object(document)
        assert shown.dc_id == 2
        dc = network.dcs[2]
        location = t.InputDocumentFileLocation(
            id=shown.id, access_hash=shown.access_hash, file_reference=shown.file_reference, thumb_size=""
        )
        with blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash) as client:
            client(
                f.auth.ImportBotAuthorization(
                    flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
                )
            )
            data = b"".join(
                client(f.upload.GetFile(location=location, offset=offset, limit=MIB)).bytes
                for offset in range(0, 3 * MIB, MIB)
            )
        assert hashlib.sha256(data).digest() == document.sha256()
        assert network.dcs[4].files_asked.most_together == 1
        assert {each.dc_id for each in network.files_asked.parts} == {2}
