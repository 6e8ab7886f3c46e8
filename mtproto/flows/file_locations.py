"""Which file is meant by a photo, a document or a message, and the location by which a server is asked for the file.

core.telegram.org/api/files#downloading-files, core.telegram.org/api/files#image-thumbnail-types. Nothing here makes a
call: `upload.getFile` takes what `RemoteFile.location` holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mtproto.flows.errors import NoSuchFile
from mtproto.flows.layers import has_field, name_of

if TYPE_CHECKING:
    from tl import TLObject

__all__ = ["MediaSize", "RemoteFile", "best_size", "carrier_of", "peer_photo_file", "remote_file", "sizes_of"]

_SUFFIXES = {"u": "mp4", "v": "mp4", "f": "tgs"}
"""The kinds of files behind the letters of `videoSize`; a letter that is not known is taken for a video."""

_MIME_SUFFIXES = {
    "application/pdf": "pdf",
    "application/x-tgsticker": "tgs",
    "application/zip": "zip",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "text/plain": "txt",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}
"""Endings of file names; those of other types are "bin". No text that a stranger chose gets into a name."""


@dataclass(frozen=True, slots=True)
class MediaSize:
    """One size of a photo, or one preview of a document, that is a file of its own.

    Attributes:
        carrier: the `Photo` or `Document`.
        type: the letter of the size.
        size: bytes in all, as the server declares them.
        prefixes: bytes after which a progressive JPEG shows a whole picture; empty for other files.
        w: pixels.
        h: pixels.
        suffix: "jpg", "mp4", or "tgs" for the effect of a sticker.
        former_location: the `FileLocation` that layers until 126 give each size; None in later ones.

    """

    carrier: Any
    type: str
    size: int
    prefixes: tuple[int, ...]
    w: int
    h: int
    suffix: str
    former_location: Any = None

    @property
    def is_picture(self) -> bool:
        """Whether it is a JPEG."""
        return self.suffix == "jpg"

    @property
    def name(self) -> str:
        """A name for the file on disk, without any text that the server may choose."""
        return f"{self.carrier.id}_{self.type}.{self.suffix}"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file that a server has.

    Attributes:
        location: an object of the type `InputFileLocation`.
        dc: the number of the data centre that has the file; None where nobody knows.
        size: bytes in all; None where nobody knows.
        name: a name for the file on disk, without any text that the server or a stranger may choose.
        carrier: the `Photo` or `Document` that the file belongs to; None for a bare location.

    """

    location: TLObject
    dc: int | None
    size: int | None
    name: str
    carrier: Any = None

    @property
    def identity(self) -> bytes:
        """Bytes that name the file whatever its file reference is: the location with an empty one."""
        location = self.location
        if not has_field(type(location), "file_reference"):
            return location.to_bytes()
        fields = {field.name: getattr(location, field.name) for field in type(location).PLAN.fields}
        return type(location)(**{**fields, "file_reference": b""}).to_bytes()


def sizes_of(carrier: Any) -> list[MediaSize]:
    """Return the files of a photo, or the previews of a document, in the order of the declaration.

    Thumbnails that come inside the object (`photoStrippedSize`, `photoPathSize`, `photoCachedSize`) are not files, and
    neither are the markups of animated profile pictures.

    Args:
        carrier: an object of the type `Photo` or `Document`.

    """
    found = []
    listed = (*_list(carrier, "sizes"), *_list(carrier, "thumbs"), *_list(carrier, "video_sizes"))
    for size in (*listed, *_list(carrier, "video_thumbs")):
        former = getattr(size, "location", None)
        name = name_of(size)
        if name == "photoSizeProgressive":
            prefixes = tuple(size.sizes)
            found.append(
                MediaSize(carrier, size.type, max(prefixes, default=0), prefixes, size.w, size.h, "jpg", former)
            )
        elif name == "photoSize":
            found.append(MediaSize(carrier, size.type, size.size, (), size.w, size.h, "jpg", former))
        elif name == "videoSize":
            suffix = _SUFFIXES.get(size.type, "mp4")
            found.append(MediaSize(carrier, size.type, size.size, (), size.w, size.h, suffix, former))
    return [size for size in found if len(size.type) == 1 and size.type.isalpha() and size.type.isascii()]


def best_size(photo: Any) -> MediaSize | None:
    """Return the picture with most pixels of a photo, or preview of a document; None where there is none."""
    return max((size for size in sizes_of(photo) if size.is_picture), key=lambda size: size.w * size.h, default=None)


def carrier_of(value: Any) -> Any:
    """Return the photo or the document that a message or its media carries; any other value as it is.

    A web page's document counts before its photo. A message that changes the picture of a chat carries the new one.

    Args:
        value: an object: a `Message`, a `MessageMedia`, a `MessageAction`, a `WebPage`, a `Game`, or anything else.

    """
    for _ in range(4):  # message, media, web page, document
        inner = None
        for field in _WAYS.get(name_of(value), ()):
            inner = inner if inner is not None else getattr(value, field, None)
        if inner is None:
            return value
        value = inner
    return value


_WAYS = {
    "message": ("media",),
    "messageService": ("action",),
    "messageMediaPhoto": ("photo",),
    "messageMediaDocument": ("document",),
    "messageMediaWebPage": ("webpage",),
    "messageMediaGame": ("game",),
    "messageMediaInvoice": ("extended_media",),
    "messageExtendedMedia": ("media",),
    "messageActionChatEditPhoto": ("photo",),
    "messageActionSuggestProfilePhoto": ("photo",),
    "webPage": ("document", "photo"),
    "game": ("document", "photo"),
}
"""The fields in which an object carries a file, the first ones first."""


def remote_file(value: Any, size: str | None = None, *, dc: int | None = None, length: int | None = None) -> RemoteFile:
    """Return the file that is meant.

    Args:
        value: a `Photo`, a `Document`, a message or its media, a `MediaSize`, a `RemoteFile`, or an object of the type
            `InputFileLocation`.
        size: the letter of a size; None: the picture with most pixels of a photo, the document itself.
        dc: the data centre of a bare location, where the caller knows it.
        length: the bytes of the file of a bare location, where the caller knows them.

    Raises:
        NoSuchFile: there is no such file; the error says what there is.

    """
    if isinstance(value, RemoteFile):
        return value
    if isinstance(value, MediaSize):
        return _of_size(value)
    carrier = carrier_of(value)
    kind = name_of(carrier)
    if kind == "photo" or (kind == "document" and size is not None):
        return _of_size(_chosen(carrier, size))
    if kind == "document":
        suffix = _MIME_SUFFIXES.get(carrier.mime_type, "bin")
        return RemoteFile(
            _located(carrier, ""), carrier.dc_id, carrier.size, name=f"{carrier.id}.{suffix}", carrier=carrier
        )
    if _is_location(carrier):
        number = next((found for field in _NUMBERS if (found := getattr(carrier, field, None)) is not None), 0)
        letter = getattr(carrier, "thumb_size", "")
        is_plain = len(letter) == 1 and letter.isalpha() and letter.isascii()
        name = f"{number}_{letter}.bin" if is_plain else f"{number}.bin"
        return RemoteFile(carrier, dc, length, name)
    raise NoSuchFile(kind or type(value).__name__, "carries no file")


def _is_location(value: Any) -> bool:
    """Tell whether an object, of any layer, has the type `InputFileLocation`."""
    return any(getattr(base, "NAME", None) == "InputFileLocation" for base in type(value).__mro__)


_NUMBERS = ("id", "photo_id", "volume_id")
"""The fields of locations after which a file is named."""


def peer_photo_file(peer: Any, photo: Any, *, big: bool = True) -> RemoteFile:
    """Return the profile picture of a user or a chat of which no more is known than `User.photo` or `Chat.photo` says.

    Such a file has no file reference (core.telegram.org/constructor/inputPeerPhotoFileLocation).

    Args:
        peer: an object of the type `InputPeer`.
        photo: an object of the type `UserProfilePhoto` or `ChatPhoto`.
        big: 640 pixels a side rather than 160.

    Raises:
        NoSuchFile: there is no picture.

    """
    if name_of(photo) not in ("userProfilePhoto", "chatPhoto"):
        raise NoSuchFile(name_of(photo) or type(photo).__name__, "is no profile picture")
    make = peer.SCHEMA.types.InputPeerPhotoFileLocation
    location = make(peer=peer, photo_id=photo.photo_id, big=big)
    return RemoteFile(location, photo.dc_id, None, f"{photo.photo_id}_{'c' if big else 'a'}.jpg")


def _list(carrier: Any, field: str) -> list[Any]:
    found = getattr(carrier, field, None)
    return found if isinstance(found, list) else []


def _chosen(carrier: Any, letter: str | None) -> MediaSize:
    """Return the size of that letter; the best picture without one. Raises NoSuchFile."""
    sizes = sizes_of(carrier)
    chosen = best_size(carrier) if letter is None else next((size for size in sizes if size.type == letter), None)
    if chosen is None:
        wanted = "no picture" if letter is None else f"no file of size {letter!r}"
        there = ", ".join(size.type for size in sizes)
        raise NoSuchFile(
            f"{name_of(carrier)} {carrier.id}", f"has {wanted}; it has {f'the sizes {there}' if there else 'no sizes'}"
        )
    return chosen


def _of_size(size: MediaSize) -> RemoteFile:
    carrier = size.carrier
    dc = getattr(carrier, "dc_id", None)
    if dc is None:  # layers until 96 name the DC of each size
        dc = getattr(size.former_location, "dc_id", None)
    return RemoteFile(_located(carrier, size.type, size.former_location), dc, size.size, size.name, carrier)


def _located(carrier: Any, letter: str, former: Any = None) -> TLObject:
    """Return the location of a size of a photo or document, in the layer of that object."""
    schema = carrier.SCHEMA
    name = "inputPhotoFileLocation" if name_of(carrier) == "photo" else "inputDocumentFileLocation"
    kind: Any
    if name not in schema:  # photos of layers until 97
        kind = schema["inputFileLocation"]
        fields = {field.name: getattr(former, field.name) for field in kind.PLAN.fields}
    else:
        kind = schema[name]
        known = {
            "id": carrier.id,
            "access_hash": carrier.access_hash,
            "file_reference": getattr(carrier, "file_reference", b""),
            "thumb_size": letter,
            "version": 0,
        }
        fields = {field.name: known[field.name] for field in kind.PLAN.fields}
    location: TLObject = kind(**fields)
    return location
