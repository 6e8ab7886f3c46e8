"""What a folder of saved photos holds, as records: `photos.json` and the contact sheet are made of them.

Ids are strings, since JavaScript's numbers are too short for them. Paths are relative to the folder, with `/`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mtproto.cli.errors import CommandFailed
from mtproto.cli.files import PUBLIC, write_whole

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RECORDS", "FileRecord", "OwnerRecord", "PhotoRecord", "ThumbnailRecord", "read_records", "write_records"]

RECORDS = "photos.json"
"""The name of the file of records."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file on disk.

    Attributes:
        type: the letter of the size.
        path: where it is, from the folder on.
        media_type: `image/jpeg`, `video/mp4` …
        width: pixels.
        height: pixels.
        size: bytes.
        sha256: of its bytes, in hex.

    """

    type: str
    path: str
    media_type: str
    width: int
    height: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ThumbnailRecord:
    """A picture inside the page: `data` is the file in base64."""

    media_type: str
    data: str


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """A photo.

    Attributes:
        id: its id.
        date: when it was set, Unix seconds.
        files: what is on disk of it, the best picture first.
        moves: the names of the forms in which it moves.
        thumbnail: what came inside the object; None: nothing that can be shown.

    """

    id: str
    date: int
    files: tuple[FileRecord, ...] = ()
    moves: tuple[str, ...] = ()
    thumbnail: ThumbnailRecord | None = None


@dataclass(frozen=True, slots=True)
class OwnerRecord:
    """A user and their photos.

    Attributes:
        id: the user's id.
        username: without `@`; empty for none.
        name: first and last name.
        folder: where the files are, from the folder on.
        photos: newest first.

    """

    id: str
    username: str
    name: str
    folder: str
    photos: tuple[PhotoRecord, ...] = field(default=(), repr=False)


def write_records(folder: Path, owners: list[OwnerRecord]) -> None:
    """Write the file of records, whole or not at all. Raises `OSError` as the system says."""
    content = {"format": 1, "users": [asdict(owner) for owner in owners]}
    write_whole(folder / RECORDS, (json.dumps(content, indent=1) + "\n").encode("ascii"), PUBLIC)


def read_records(folder: Path) -> list[OwnerRecord]:
    """Return the records of an earlier run; none where there is no file.

    Raises:
        CommandFailed: the file is none of records.
        OSError: as the system says.

    """
    path = folder / RECORDS
    try:
        content = json.loads(path.read_bytes())
        return [_owner(entry) for entry in content["users"]]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CommandFailed(
            f"{path} is no list of photos ({type(error).__name__}: {error}); move it away to begin a new one"
        ) from error


def _owner(entry: Any) -> OwnerRecord:
    names = ("id", "username", "name", "folder")
    return OwnerRecord(**{name: _typed(entry, name, str) for name in names}, photos=tuple(map(_photo, entry["photos"])))


def _photo(entry: Any) -> PhotoRecord:
    thumbnail, date = entry["thumbnail"], _typed(entry, "date", int)
    if not -(1 << 31) <= date < 1 << 31:  # what TL's `int` can hold
        raise ValueError(f"date is {date:.3g}")
    return PhotoRecord(
        _typed(entry, "id", str),
        date,
        files=tuple(map(_file, entry["files"])),
        moves=tuple(map(str, entry["moves"])),
        thumbnail=None
        if thumbnail is None
        else ThumbnailRecord(_typed(thumbnail, "media_type", str), _typed(thumbnail, "data", str)),
    )


def _file(entry: Any) -> FileRecord:
    texts = {name: _typed(entry, name, str) for name in ("type", "path", "media_type", "sha256")}
    numbers = {name: _typed(entry, name, int) for name in ("width", "height", "size")}
    return FileRecord(**texts, **numbers)


def _typed(entry: Any, name: str, kind: type) -> Any:
    value = entry[name]
    if not isinstance(value, kind):
        raise TypeError(f"{name} is {value!r:.40}")
    return value
