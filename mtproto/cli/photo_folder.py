"""A folder of saved photos: where each file goes, what is there already, and the records of all of it.

DIR/photos.json                                     the records, of this run and of those before
DIR/<username or id>/20200913-122640_<id>.jpg       the best picture of a photo; the time is UTC
DIR/<username or id>/20200913-122640_<id>_a.jpg     another size, or a video
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mtproto.cli.photo_records import (
    FileRecord,
    OwnerRecord,
    PhotoRecord,
    ThumbnailRecord,
    read_records,
    write_records,
)
from mtproto.flows import MediaSize, animations_of, best_size, sizes_of, thumbnail_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["PhotoFolder", "Wanted", "WantedFile"]

_FOLDER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_DEVICES = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)
"""Names that Windows keeps for devices."""

_MEDIA_TYPES = {"jpg": "image/jpeg", "mp4": "video/mp4", "tgs": "application/x-tgsticker"}
_READ = 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which files of a photo are wanted.

    Attributes:
        letters: of sizes; empty: the best picture alone; None: all pictures.
        videos: whether videos are wanted too: all of them with all pictures, else the largest.

    """

    letters: str | None = ""
    videos: bool = False

    def of(self, photo: Any) -> list[MediaSize]:
        """Return the files of a photo that are wanted, the best picture first."""
        best, sizes = best_size(photo), sizes_of(photo)
        films = sorted((size for size in sizes if not size.is_picture), key=lambda size: -size.w * size.h)
        if self.letters:
            chosen = [size for size in sizes if size.type in self.letters]
        elif self.letters is None:
            chosen = [size for size in sizes if size.is_picture]
        else:
            chosen = [] if best is None else [best]
        if self.videos:
            more = films if self.letters is None else films[:1]
            chosen += [film for film in more if film not in chosen]
        return sorted(chosen, key=lambda size: size is not best and (best is None or size.type != best.type))


@dataclass(frozen=True, slots=True)
class WantedFile:
    """A file that belongs into the folder.

    Attributes:
        size: which one.
        path: where it goes.
        is_there: whether it is there, with as many bytes as the server declares.

    """

    size: MediaSize
    path: Path
    is_there: bool


@dataclass(slots=True)
class PhotoFolder:
    """A folder of photos and its records. `save` them when the work is done or has failed.

    Args:
        root: the folder; it is made by `open`.
        owners: the records, by the ids of users.

    """

    root: Path
    owners: dict[str, OwnerRecord] = field(default_factory=dict)
    _added: set[str] = field(default_factory=set)

    @classmethod
    def open(cls, root: Path) -> PhotoFolder:
        """Make the folder if it is not there, and read the records of earlier runs.

        Raises:
            CommandFailed: the records are damaged.
            OSError: as the system says.

        """
        root.mkdir(parents=True, exist_ok=True)
        return cls(root, {owner.id: owner for owner in read_records(root)})

    def add_owner(self, user_id: int, user: Any) -> OwnerRecord:
        """Return the record of a user, whom the server describes as `user` (None: it does not).

        The folder of a user whom earlier runs knew stays, whatever the username is now.
        """
        key = str(user_id)
        known = self.owners.get(key)
        username = _username(user) or ("" if known is None else known.username)
        name = " ".join(filter(None, (getattr(user, "first_name", None), getattr(user, "last_name", None))))
        is_good = known is not None and (known.folder == key or _FOLDER.fullmatch(known.folder) is not None)
        folder = known.folder if known is not None and is_good else self._new_folder(key, username)
        photos = () if known is None else known.photos
        owner = OwnerRecord(key, username, name or ("" if known is None else known.name), folder, photos)
        self.owners[key] = owner
        self._added.add(key)
        return owner

    def _new_folder(self, key: str, username: str) -> str:
        taken = {owner.folder.lower() for owner in self.owners.values()}
        if _FOLDER.fullmatch(username) and not _DEVICES.fullmatch(username) and username.lower() not in taken:
            return username
        return key

    def plan(self, owner: OwnerRecord, photo: Any, wanted: Wanted) -> list[WantedFile]:
        """Return the files of a photo that are wanted, and where each goes."""
        best = best_size(photo)
        found: list[WantedFile] = []
        for size in wanted.of(photo):
            letter = "" if best is not None and size.type == best.type else f"_{size.type}"
            if any(file.size.type == size.type for file in found):
                continue  # a server that says a letter twice does not get two files of one name
            path = self.root / owner.folder / f"{_stamp(photo.date)}_{photo.id}{letter}.{size.suffix}"
            found.append(WantedFile(size, path, path.is_file() and path.stat().st_size == size.size))
        return found

    def note(self, owner: OwnerRecord, done: Sequence[tuple[Any, Sequence[WantedFile]]]) -> list[FileRecord]:
        """Record photos of a user, and the files of them that are on disk; return these files. They get their times.

        What earlier runs saved stays recorded while a file of it is on disk, whether the server still lists it or not.
        """
        earlier = {record.id: record for record in self.owners[owner.id].photos}
        on_disk = {key: kept for key, record in earlier.items() if (kept := self._kept(record))}
        records = {key: replace(earlier[key], files=tuple(kept.values())) for key, kept in on_disk.items()}
        found: list[FileRecord] = []
        for photo, files in done:
            kept = on_disk.get(str(photo.id), {})
            new = {record.path: record for file in files if (record := self._record(file, kept)) is not None}
            best = best_size(photo)
            all_files = sorted({**kept, **new}.values(), key=lambda file: best is None or file.type != best.type)
            records[str(photo.id)] = _photo_record(photo, tuple(all_files))
            found += new.values()
        self.owners[owner.id] = replace(self.owners[owner.id], photos=_newest_first(records.values()))
        return found

    def _kept(self, record: PhotoRecord) -> dict[str, FileRecord]:
        return {file.path: file for file in record.files if (self.root / file.path).is_file()}

    def _record(self, file: WantedFile, kept: dict[str, FileRecord]) -> FileRecord | None:
        path = f"{file.path.parent.name}/{file.path.name}"
        if not file.path.is_file():
            return None
        found = file.path.stat()
        if found.st_mtime != file.size.carrier.date:  # it is new, or a run ended between the last byte and here
            _set_time(file.path, file.size.carrier.date)
        length = found.st_size
        known = kept.get(path)
        digest = known.sha256 if file.is_there and known is not None and known.size == length else _digest(file.path)
        size = file.size
        return FileRecord(size.type, path, _MEDIA_TYPES[size.suffix], size.w, size.h, length, digest)

    def save(self) -> None:
        """Write the records, with those that another run has written meanwhile. Raises as `open`."""
        for there in read_records(self.root):
            mine = self.owners.get(there.id)
            if mine is None or there.id not in self._added:
                self.owners[there.id] = there
                continue
            known = {photo.id for photo in mine.photos}
            more = [photo for photo in there.photos if photo.id not in known and self._kept(photo)]
            self.owners[there.id] = replace(mine, photos=_newest_first([*mine.photos, *more]))
        write_records(self.root, list(self.owners.values()))


def _newest_first(photos: Iterable[PhotoRecord]) -> tuple[PhotoRecord, ...]:
    return tuple(sorted(photos, key=lambda record: (record.date, len(record.id), record.id), reverse=True))


def _set_time(path: Path, date: int) -> None:
    """Give a file the time at which its photo was set; a system that can't keeps the present one."""
    with contextlib.suppress(OSError):
        os.utime(path, (max(date, 0), max(date, 0)))


def _username(user: Any) -> str:
    """Return the username of a user: the only one, or the first of those that are shown; empty for none."""
    names = [name.username for name in getattr(user, "usernames", None) or () if name.active]
    return getattr(user, "username", None) or (names[0] if names else "")


def _stamp(date: int) -> str:
    return f"{datetime.fromtimestamp(date, UTC):%Y%m%d-%H%M%S}"


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(_READ):
            digest.update(part)
    return digest.hexdigest()


def _photo_record(photo: Any, files: tuple[FileRecord, ...]) -> PhotoRecord:
    found = thumbnail_of(photo)
    return PhotoRecord(
        id=str(photo.id),
        date=photo.date,
        files=files,
        moves=tuple(form.name for form in animations_of(photo) if form.kind != "file" or form.type == "u"),
        thumbnail=None
        if found is None
        else ThumbnailRecord(found.media_type, base64.b64encode(found.data).decode("ascii")),
    )
