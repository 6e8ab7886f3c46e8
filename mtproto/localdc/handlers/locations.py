"""Which file a client means by an `InputFileLocation` (core.telegram.org/api/files#downloading-files)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mtproto.localdc.answers import Refused
from mtproto.localdc.former import BIG, SMALL, location_secret
from mtproto.localdc.objects import find_user
from tl import api

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.dc_state import DCState
    from mtproto.localdc.files import LocalDocument
    from mtproto.localdc.world import Photo, User

__all__ = ["FoundFile", "document_file", "find_file"]


class FoundFile(NamedTuple):
    """A file that can be fetched.

    Attributes:
        id: of the photo or the document.
        type: the letter of the photo's size; empty for a document.
        size: bytes of the file.
        dc_id: the DC that has the file.
        date: when it was made (Unix seconds).
        kind: what the server takes it for.
        read: returns bytes of the file, from an offset and a number of bytes.
        document: the document; None for a photo.

    """

    id: int
    type: str
    size: int
    dc_id: int
    date: int
    kind: api.boxed.storage.FileType
    read: Callable[[int, int], bytes]
    document: LocalDocument | None = None


def find_file(location: Any, call: IncomingCall) -> FoundFile:
    """Return the file at a location. Refuses one that means none, and a file reference that is not good now.

    Refuses with `303 FILE_MIGRATE_X` a file that another DC has.
    """
    locate = LOCATIONS.get(location.NAME)
    if locate is None:
        raise Refused(400, "LOCATION_INVALID")
    file = locate(location, call)
    if file.dc_id != call.dc.dc_id:
        raise Refused(303, f"FILE_MIGRATE_{file.dc_id}")
    return file


def document_file(document: LocalDocument) -> FoundFile:
    """Return the file of a document."""
    kind = MIME_TYPES.get(document.mime_type, api.types.storage.FileUnknown)()
    return FoundFile(document.id, "", document.size, document.dc_id, document.date, kind, document.read, document)


def _document(location: Any, call: IncomingCall) -> FoundFile:
    """`inputDocumentFileLocation`: a document, with a file reference that is still good."""
    document = call.dc.shared.documents.find(location.id)
    if document is None or document.access_hash != location.access_hash:
        raise Refused(400, "FILE_ID_INVALID")
    call.dc.references.check(location.file_reference, location.id)
    if location.thumb_size:
        raise Refused(400, "LOCATION_INVALID")
    return document_file(document)


def _photo(location: Any, call: IncomingCall) -> FoundFile:
    """`inputPhotoFileLocation`: a photo of any user, with a file reference that is still good."""
    found = call.dc.shared.albums.photo(location.id)
    if found is None or found[1].access_hash != location.access_hash:
        raise Refused(400, "FILE_ID_INVALID")
    call.dc.references.check(location.file_reference, location.id)
    return _photo_file(*found, location.thumb_size, call.dc)


def _peer_photo(location: Any, call: IncomingCall) -> FoundFile:
    """`inputPeerPhotoFileLocation`: a photo of this user, without a file reference."""
    user = find_user(location.peer, call, by_min=True)
    if user is None:
        raise Refused(400, "PEER_ID_INVALID")
    found = call.dc.shared.albums.photo(location.photo_id)
    if found is None or found[0] is not user:
        raise Refused(400, "LOCATION_INVALID")
    images = [size.type for size in found[1].sizes]
    type_ = BIG if location.big else SMALL
    return _photo_file(*found, type_ if type_ in images else images[-1 if location.big else 0], call.dc)


def _former(location: Any, call: IncomingCall) -> FoundFile:
    """`inputFileLocation`, of layers until 126: the photo and the letter of the size, as `former` writes them.

    Those layers know no file reference until 85, and none for the photo of a profile; so it may be empty.
    """
    found = call.dc.shared.albums.photo(location.volume_id)
    if found is None or location.secret != location_secret(location.volume_id):
        raise Refused(400, "LOCATION_INVALID")
    if location.file_reference:
        call.dc.references.check(location.file_reference, location.volume_id)
    return _photo_file(*found, chr(location.local_id & 0x7F), call.dc)


def _photo_file(user: User, photo: Photo, type_: str, dc: DCState) -> FoundFile:
    """Return the file of one size of a photo, made if need be; of a file at another DC only where it is."""
    dc_id = dc.files_dc(user)
    data = dc.files.get((photo.id, type_), lambda: photo.file(type_)) if dc_id == dc.dc_id else b""
    if data is None:
        raise Refused(400, "LOCATION_INVALID")
    is_jpeg = any(size.type == type_ for size in photo.sizes)
    kind = api.types.storage.FileJpeg() if is_jpeg else api.types.storage.FileMp4()
    return FoundFile(
        photo.id, type_, len(data), dc_id, photo.date, kind, lambda offset, limit: data[offset : offset + limit]
    )


LOCATIONS: Mapping[str, Callable[[Any, IncomingCall], FoundFile]] = {
    "inputDocumentFileLocation": _document,
    "inputFileLocation": _former,
    "inputPeerPhotoFileLocation": _peer_photo,
    "inputPhotoFileLocation": _photo,
}

MIME_TYPES: Mapping[str, Callable[[], api.boxed.storage.FileType]] = {
    "application/pdf": api.types.storage.FilePdf,
    "audio/mpeg": api.types.storage.FileMp3,
    "image/gif": api.types.storage.FileGif,
    "image/jpeg": api.types.storage.FileJpeg,
    "image/png": api.types.storage.FilePng,
    "image/webp": api.types.storage.FileWebp,
    "video/mp4": api.types.storage.FileMp4,
    "video/quicktime": api.types.storage.FileMov,
}
