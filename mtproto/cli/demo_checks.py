"""The comparisons of the demo: the answers and files of the data centre with the files that it was given.

Each function returns the differences that it found, each as one sentence that names the thing. An empty list means that
there are none.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from mtproto.flows import sizes_of

if TYPE_CHECKING:
    from mtproto.flows import MediaSize
    from mtproto.localdc import Photo, User

__all__ = ["check_file", "check_listing"]


def check_listing(answer: Any, user: User) -> list[str]:
    """Compare `photos.Photos` with the photos that the user has.

    Args:
        answer: the object that came.
        user: the user whose photos were asked for, as in the world of the data centre.

    """
    expected = [photo.id for photo in user.photos]
    received = [photo.id for photo in answer.photos]
    if received != expected:
        return [f"photos.getUserPhotos: the ids {received} came, not {expected}"]
    differences = []
    for photo, original in zip(answer.photos, user.photos, strict=True):
        differences += _check_photo(photo, original)
    return differences


def _check_photo(photo: Any, original: Photo) -> list[str]:
    declared = {file.type: file for file in sizes_of(photo)}
    known = {size.type: size for size in (*original.sizes, *original.videos)}
    if declared.keys() != known.keys():
        return [f"photo {photo.id}: sizes {sorted(declared)} are declared, not {sorted(known)}"]
    return [
        f"{_name(file)}: prefixes {list(file.prefixes)} are declared, the file has {list(known[type_].prefixes)}"
        for type_, file in declared.items()
        if file.prefixes != known[type_].prefixes
    ]


def check_file(file: MediaSize, data: bytes, original: bytes) -> list[str]:
    """Compare a downloaded file with its declaration and with the data centre's own file.

    Args:
        file: the declaration of the file.
        data: the bytes that came.
        original: the bytes that should have come.

    """
    name = _name(file)
    differences = []
    if len(data) != file.size:
        differences.append(f"{name}: {file.size} bytes are declared, {len(data)} came")
    if hashlib.sha256(data).digest() != hashlib.sha256(original).digest():
        differences.append(f"{name}: the SHA-256 is another one; {_first_difference(data, original)}")
    return differences


def _first_difference(data: bytes, original: bytes) -> str:
    for place, (came, expected) in enumerate(zip(data, original, strict=False)):
        if came != expected:
            return f"byte {place} is {came:02x}, not {expected:02x}"
    return f"{len(data)} bytes came, not {len(original)}"


def _name(file: MediaSize) -> str:
    return f"photo {file.carrier.id}, size {file.type}"
