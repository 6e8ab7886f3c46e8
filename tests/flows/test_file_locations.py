"""Which file a photo, a document, a message or a location means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import tl
from mtproto.flows import NoSuchFile, best_size, carrier_of, peer_photo_file, remote_file, sizes_of
from tl import api

types = api.types


def photo(*sizes: Any, videos: Any = None, reference: bytes = b"ref") -> Any:
    return types.Photo(
        id=5, access_hash=-6, file_reference=reference, date=0, sizes=list(sizes), video_sizes=videos, dc_id=4
    )


def document(reference: bytes = b"ref", mime: str = "video/mp4", **fields: Any) -> Any:
    return types.Document(
        id=7,
        access_hash=8,
        file_reference=reference,
        date=0,
        mime_type=mime,
        size=5 << 30,
        dc_id=2,
        attributes=[types.DocumentAttributeFilename(file_name="../../etc/passwd")],
        **fields,
    )


def size(letter: str, side: int = 100, length: int = 10) -> Any:
    return types.PhotoSize(type=letter, w=side, h=side, size=length)


PROGRESSIVE = types.PhotoSizeProgressive(type="y", w=200, h=100, sizes=[10, 30, 20])
INSIDE = (
    types.PhotoStrippedSize(type="i", bytes=b"1"),
    types.PhotoPathSize(type="j", bytes=b"1"),
    types.PhotoCachedSize(type="m", w=999, h=999, bytes=b"1"),
    types.PhotoSizeEmpty(type="s"),
)
MARKUP = types.VideoSizeEmojiMarkup(emoji_id=1, background_colors=[1])


def test_sizes_are_the_files_of_their_own() -> None:
    videos = [types.VideoSize(type="u", w=800, h=800, size=70), MARKUP, types.VideoSize(type="f", w=1, h=1, size=2)]
    found = sizes_of(photo(*INSIDE, size("a"), PROGRESSIVE, videos=videos))
    assert [(one.type, one.size, one.suffix) for one in found] == [
        ("a", 10, "jpg"),
        ("y", 30, "jpg"),
        ("u", 70, "mp4"),
        ("f", 2, "tgs"),
    ]
    assert found[1].prefixes == (10, 30, 20)


@pytest.mark.parametrize("letter", ["", "ab", "/", "\u00e9", "1", "."])
def test_letters_that_are_none_are_left_out(letter: str) -> None:
    assert sizes_of(photo(size(letter))) == []


def test_the_best_size_is_the_picture_with_most_pixels() -> None:
    videos = [types.VideoSize(type="u", w=800, h=800, size=70)]
    best = best_size(photo(size("c", 640), size("a", 160), *INSIDE, videos=videos))
    assert best is not None
    assert best.type == "c"
    assert best_size(photo(*INSIDE)) is None
    assert best_size(types.PhotoEmpty(id=5)) is None


def test_a_photo_is_asked_for_by_its_location() -> None:
    file = remote_file(photo(size("a"), PROGRESSIVE))
    location = types.InputPhotoFileLocation(id=5, access_hash=-6, file_reference=b"ref", thumb_size="y")
    assert (file.location, file.dc, file.size, file.name) == (location, 4, 30, "5_y.jpg")
    small: Any = remote_file(photo(size("a"), PROGRESSIVE), "a")
    assert (small.size, small.name, small.location.thumb_size) == (10, "5_a.jpg", "a")


def test_a_document_is_asked_for_whole_or_by_a_preview() -> None:
    file = remote_file(document(thumbs=[*INSIDE, size("m")]))
    location = types.InputDocumentFileLocation(id=7, access_hash=8, file_reference=b"ref", thumb_size="")
    assert (file.location, file.dc, file.size, file.name) == (location, 2, 5 << 30, "7.mp4")
    assert remote_file(document(thumbs=[size("m")]), "m").location == types.InputDocumentFileLocation(
        id=7, access_hash=8, file_reference=b"ref", thumb_size="m"
    )


def test_no_text_of_a_stranger_gets_into_a_name() -> None:
    assert remote_file(document(mime="../x")).name == "7.bin"


def message(media: Any) -> Any:
    return types.Message(id=1, peer_id=types.PeerUser(user_id=1), date=0, message="", media=media)


def page(**fields: Any) -> Any:
    return types.WebPage(id=1, url="", display_url="", hash=0, **fields)


CARRIED = {
    "photo": (message(types.MessageMediaPhoto(photo=photo(size("a")))), "photo"),
    "document": (message(types.MessageMediaDocument(document=document())), "document"),
    "page with both": (
        message(types.MessageMediaWebPage(webpage=page(photo=photo(size("a")), document=document()))),
        "document",
    ),
    "page with a photo": (message(types.MessageMediaWebPage(webpage=page(photo=photo(size("a"))))), "photo"),
    "new picture of a chat": (
        types.MessageService(
            id=1,
            peer_id=types.PeerChat(chat_id=1),
            date=0,
            action=types.MessageActionChatEditPhoto(photo=photo(size("a"))),
        ),
        "photo",
    ),
    "the photo itself": (photo(size("a")), "photo"),
}


@pytest.mark.parametrize("name", CARRIED)
def test_a_message_carries_a_file(name: str) -> None:
    value, kind = CARRIED[name]
    assert kind == carrier_of(value).NAME
    assert remote_file(value).carrier is carrier_of(value)


NOTHING = {
    "no such size": (photo(size("a"), size("c")), "w", "photo 5 has no file of size 'w'; it has the sizes a, c"),
    "no picture": (photo(*INSIDE), None, "photo 5 has no picture; it has no sizes"),
    "empty photo": (types.PhotoEmpty(id=5), None, "photoEmpty carries no file"),
    "text": (message(None), None, "message carries no file"),
    "media that is gone": (message(types.MessageMediaPhoto()), None, "messageMediaPhoto carries no file"),
    "a string": ("@durov", None, "str carries no file"),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_carries_no_file_is_told(name: str) -> None:
    value, letter, text = NOTHING[name]
    with pytest.raises(NoSuchFile, match=text):
        remote_file(value, letter)


def test_a_bare_location_is_taken_as_it_is() -> None:
    location = types.InputPhotoFileLocation(id=5, access_hash=-6, file_reference=b"", thumb_size="../")
    file = remote_file(location, dc=3, length=99)
    assert (file.location, file.dc, file.size, file.name) == (location, 3, 99, "5.bin")


def test_the_identity_of_a_file_is_not_its_reference() -> None:
    one, other = (remote_file(photo(size("a"), reference=reference)) for reference in (b"1", b"another"))
    assert one.identity == other.identity
    moved = photo(size("a"))
    moved.access_hash = 9
    assert remote_file(moved).identity != one.identity
    assert remote_file(photo(size("a"), size("c", 640))).identity != one.identity
    peer = types.InputPeerPhotoFileLocation(peer=types.InputPeerSelf(), photo_id=5, big=True)
    assert remote_file(peer).identity == replace(remote_file(peer), size=5).identity == peer.to_bytes()


def test_a_profile_picture_is_asked_for_by_its_peer() -> None:
    peer = types.InputPeerUser(user_id=1, access_hash=2)
    shown = types.UserProfilePhoto(photo_id=5, dc_id=4)
    file = peer_photo_file(peer, shown)
    location = types.InputPeerPhotoFileLocation(peer=peer, photo_id=5, big=True)
    assert (file.location, file.dc, file.size, file.name) == (location, 4, None, "5_c.jpg")
    assert peer_photo_file(peer, shown, big=False).name == "5_a.jpg"
    with pytest.raises(NoSuchFile, match="userProfilePhotoEmpty"):
        peer_photo_file(peer, types.UserProfilePhotoEmpty())


@pytest.mark.parametrize("layer", [133, 97])
def test_a_photo_of_a_former_layer_is_asked_for_in_that_layer(layer: int) -> None:
    schema = tl.load_layer(layer)
    kinds: Any = schema.types
    fields = {field.name for field in kinds.PhotoSize.PLAN.fields}
    place = {"dc_id": 3, "volume_id": 1, "local_id": 2, "secret": 3}
    made = (
        {field.name: place.get(field.name, b"ref") for field in schema["fileLocation"].PLAN.fields}
        if layer < 98
        else {}
    )
    given: dict[str, Any] = {"type": "a", "w": 1, "h": 1, "size": 9}
    if "location" in fields:
        where = {"volume_id": 1, "local_id": 2}
        given["location"] = kinds.FileLocation(**made) if made else kinds.FileLocationToBeDeprecated(**where)
    values = {"id": 5, "access_hash": 6, "file_reference": b"ref", "date": 0, "dc_id": 4}
    values["sizes"] = [kinds.PhotoSize(**given)]
    values = {name: value for name, value in values.items() if hasattr(kinds.Photo, name)}
    file = remote_file(kinds.Photo(**values))
    assert file.location.SCHEMA is schema
    assert file.dc == (3 if layer == 97 else 4)


def test_every_location_is_one_whatever_its_name_ends_with() -> None:
    stickers = api.types.InputStickerSetShortName(short_name="x")
    thumb = api.types.InputStickerSetThumb(stickerset=stickers, thumb_version=7)
    assert remote_file(thumb).location is thumb
    with pytest.raises(NoSuchFile, match="inputWebFileLocation carries no file"):
        remote_file(api.types.InputWebFileLocation(url="x", access_hash=1))
