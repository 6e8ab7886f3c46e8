"""What former layers declare otherwise, where names alone do not translate: answers for them, and requests of theirs.

Each function makes one object of another schema by hand, or returns None where the names are enough. The reasons:

    photo             until layer 126 each size has a `location`, by which its file was fetched; before layer 119 no
                      size is progressive, and such a file is an ordinary one
    userProfilePhoto  until layer 126 it holds two locations instead of the photo's id alone
    user              before layer 51 none is `min`: a stranger has no access hash there
    users.userFull    until layer 134 the answer is the `userFull` itself, with the user inside
    contacts          until layer 70 the hash of `contacts.getContacts` is a text
    locations         clients of these layers give such a location back to fetch the file
    messages          in `mtproto.localdc.former_messages`
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from mtproto.localdc.former_messages import MESSAGE_ANSWERS, MESSAGE_REQUESTS, MISSING, message_maker
from tl import api, translate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tl import Schema, TLObject

    ByHand = Mapping[str, Callable[[Any, Schema], TLObject | None]]

__all__ = ["BIG", "SMALL", "former_answer", "location_secret", "make", "packaged_request"]

BIG, SMALL = "c", "a"
"""The sizes of the two files of a `userProfilePhoto`."""


def make(schema: Schema, name: str, fields: Mapping[str, Any]) -> TLObject:
    """Return an object of a schema; fields that its declaration does not have there are left out."""
    constructor = schema[name]
    known = {field.name for field in constructor.PLAN.fields}
    return constructor(**{field: value for field, value in fields.items() if field in known})


def location_secret(photo_id: int) -> int:
    """Return the `secret` of the locations of a photo, a signed 64-bit number that follows from the id.

    As a file reference, it guards nothing: everybody can make one.
    """
    digest = hashlib.sha256(f"file locations of photo {photo_id}".encode()).digest()
    return int.from_bytes(digest[:8], "little", signed=True)


def _fields(value: TLObject) -> dict[str, Any]:
    return {field.name: getattr(value, field.attribute) for field in value.PLAN.fields}


def _has_field(schema: Schema, name: str, field: str) -> bool:
    return name in schema and any(each.name == field for each in schema.plan(name).fields)


def _location(schema: Schema, photo_id: int, dc_id: int, type_: str, reference: bytes = b"") -> TLObject:
    """Return the location of the file of one size: its parts name the photo and the letter of the size."""
    name = "fileLocation" if "fileLocation" in schema else "fileLocationToBeDeprecated"
    fields = {"dc_id": dc_id, "volume_id": photo_id, "local_id": ord(type_), "file_reference": reference}
    return make(schema, name, {**fields, "secret": location_secret(photo_id)})


def _photo(photo: Any, schema: Schema) -> TLObject | None:
    if not _has_field(schema, "photoSize", "location"):
        return None
    sizes = [_size(size, photo, schema) for size in photo.sizes]
    fields = {**_fields(photo), "sizes": [size for size in sizes if size is not None]}
    if _has_field(schema, "photo", "video_sizes") and photo.video_sizes:
        videos = [_size(size, photo, schema) for size in photo.video_sizes]
        fields["video_sizes"] = [size for size in videos if size is not None] or None
    return make(schema, "photo", fields)


def _size(size: Any, photo: Any, schema: Schema) -> TLObject | None:
    """Return a size with its location; None if the layer can describe no such size."""
    name, fields = size.NAME, _fields(size)
    if name == "photoSizeProgressive" and name not in schema:
        name, fields["size"] = "photoSize", max(size.sizes, default=0)
    if name not in schema:
        return None
    if _has_field(schema, name, "location"):
        fields["location"] = _location(schema, photo.id, photo.dc_id, size.type, photo.file_reference)
    return make(schema, name, fields)


def _profile_photo(photo: Any, schema: Schema) -> TLObject | None:
    if not _has_field(schema, "userProfilePhoto", "photo_small"):
        return None
    small, big = (_location(schema, photo.photo_id, photo.dc_id, type_) for type_ in (SMALL, BIG))
    return make(schema, "userProfilePhoto", {**_fields(photo), "photo_small": small, "photo_big": big})


def _user(user: Any, schema: Schema) -> TLObject | None:
    if not user.min or _has_field(schema, "user", "min"):
        return None
    return _answer(user.replace(min=False, access_hash=None), schema)


def _full_user(answer: Any, schema: Schema) -> TLObject | None:
    if "users.userFull" in schema or "userFull" not in schema:
        return None
    full = answer.full_user
    user = next(_answer(user, schema) for user in answer.users if user.id == full.id)
    photo = api.types.PhotoEmpty(id=0) if full.profile_photo is None else full.profile_photo
    fields = {
        "user": user,
        "settings": _answer(full.settings, schema) if "peerSettings" in schema else None,
        "profile_photo": _answer(photo, schema),
        "notify_settings": make(schema, "peerNotifySettings", _NOTIFY_SETTINGS),
        "common_chats_count": full.common_chats_count,
    }
    if _has_field(schema, "userFull", "link"):
        unknown = schema["contactLinkUnknown"]()
        fields["link"] = make(schema, "contacts.link", {"my_link": unknown, "foreign_link": unknown, "user": user})
    if not schema.plan("userFull").words:  # layer 46: no field is optional
        fields |= {"blocked": False, "bot_info": schema["botInfoEmpty"]()}
    return make(schema, "userFull", fields)


_NOTIFY_SETTINGS = {"mute_until": 0, "sound": "default", "show_previews": True, "events_mask": 0}
"""Fields that were required once; those that became optional have values that mean the same."""


def _answer(value: TLObject, schema: Schema) -> TLObject:
    return translate(value, schema, by_hand=ANSWERS)


def _peer_photo_location(location: Any, schema: Schema) -> TLObject | None:
    if not hasattr(location, "volume_id"):
        return None
    peer = translate(location.peer, schema)
    return make(
        schema, "inputPeerPhotoFileLocation", {"big": location.big, "peer": peer, "photo_id": location.volume_id}
    )


def _file_location(location: Any, schema: Schema) -> TLObject | None:
    return (
        None
        if hasattr(location, "file_reference")
        else make(schema, location.NAME, {**_fields(location), "file_reference": b""})
    )


ANSWERS: ByHand = {
    "photo": _photo,
    "user": _user,
    "userProfilePhoto": _profile_photo,
    "users.userFull": _full_user,
    **MESSAGE_ANSWERS,
}
"""Objects of the packaged layer in another layer, by TL name."""


def former_answer(answer: TLObject, schema: Schema, viewer_id: int | None = None) -> TLObject:
    """Return an object of the packaged layer as one of another layer.

    Args:
        answer: the object.
        schema: the layer.
        viewer_id: who is to see the object; None for nobody who is logged in.

    Raises EncodeError where the layer can't carry the object.

    """
    message = message_maker(viewer_id, ANSWERS)
    return translate(
        answer, schema, by_hand={**ANSWERS, "message": message, "messageService": message}, missing=MISSING
    )


def _get_contacts(request: Any, schema: Schema) -> TLObject | None:
    return make(schema, request.NAME, {"hash": 0}) if isinstance(request.hash, str) else None


REQUESTS: ByHand = {
    "contacts.getContacts": _get_contacts,
    "inputFileLocation": _file_location,
    "inputPeerPhotoFileLocation": _peer_photo_location,
    "inputPeerPhotoFileLocationLegacy": _peer_photo_location,
    **MESSAGE_REQUESTS,
}
"""Objects of another layer in the packaged layer, by TL name."""


def packaged_request(request: TLObject) -> TLObject:
    """Return a request of another layer as one of the packaged layer; raises EncodeError where there is none."""
    return translate(request, api.schema, by_hand=REQUESTS, missing=MISSING)
