"""A file that is being downloaded: its bytes in FILE.part, and in FILE.part.log which of them are on disk.

The log never claims what is not on disk, whenever the process is killed or the power goes: the bytes are made durable
first, and the log is then replaced as a whole. So a later download goes on where an earlier one was cut. Ranges may
have holes between them, since parts come in any order. The file gets its name when it is whole, and not before.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mtproto.errors import MTProtoError
from mtproto.store import PUBLIC, StoreError, read_file, remove_drafts, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SYNC_BYTES", "SYNC_SECONDS", "FileNotWritten", "PartFile", "PartMark", "path_of"]

_SEPARATORS = ("/", os.sep)

SYNC_BYTES = 8 << 20
"""Bytes after which they are made durable and noted in the log."""

SYNC_SECONDS = 1.0
"""Seconds after which the same happens, if anything was written."""

LOG_LIMIT = 1 << 20
"""Bytes of a log that are read. A log has a line for each range, and there are as many ranges as parts in flight."""

_KIND = "mtproto download log"
_VERSION = 1

# O_NOFOLLOW: a link in the place of FILE.part is refused. Windows has no such flag; POSIX has no O_BINARY.
_FLAGS = os.O_RDWR | os.O_CREAT | sum(int(getattr(os, name, 0)) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))


class FileNotWritten(MTProtoError):
    """A file can't be written where it is downloaded to. What is on disk stays there, for a later download.

    Attributes:
        path: the file, as the caller named it.
        reason: what happened, in the words of the system.

    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PartMark:
    """Which bytes of which file a part file holds. Where one of the fields has changed, the download begins anew.

    Attributes:
        file: the SHA-256 of the location without its file reference, in hex: kind, id, access hash, size letter.
        size: of the whole file in bytes; None: unknown.
        offset: the first byte that is wanted.
        length: how many bytes are wanted; None: up to the end.
        part_size: bytes of one part.
        verified: whether all bytes in the part file were checked by hashes of the server.

    """

    file: str
    size: int | None
    offset: int
    length: int | None
    part_size: int
    verified: bool

    @classmethod
    def of(
        cls, identity: bytes, size: int | None, offset: int, length: int | None, part_size: int, *, verified: bool
    ) -> PartMark:
        """Return the mark of a file that `identity` names (`RemoteFile.identity`)."""
        return cls(hashlib.sha256(identity).hexdigest(), size, offset, length, part_size, verified)


class PartFile:
    """The file of one download, which this object alone writes from `open` to `close`.

    One owner; `sync` and `finish` may run in a thread of their own, beside `write`. All offsets are those of the file
    at the server: a range that begins later is written from the beginning of the file on disk.

    Args:
        path: the file, in a folder that exists.
        mark: which bytes of which file are wanted.

    Attributes:
        path: the file.
        part: FILE.part.

    """

    def __init__(self, path: Path, mark: PartMark) -> None:
        self.path = path
        self.part = path.with_name(f"{path.name}.part")
        self._log = path.with_name(f"{path.name}.part.log")
        self._mark = mark
        self._lock = threading.Lock()  # over the ranges
        self._syncing = threading.Lock()  # one `sync` at a time
        self._pending: list[tuple[int, int]] = []  # written, not durable
        self._durable: list[tuple[int, int]] = []  # in the log
        self._unsynced = 0
        self._handle = -1

    def open(self, *, resume: bool = True) -> None:
        """Take the file, and what an earlier download of the same bytes has left.

        Args:
            resume: whether to go on with that; otherwise it is dropped.

        Raises:
            FileNotWritten: the file can't be made or read, or another download writes it.

        """
        try:
            _check_place(self.path)
            self._handle = self._opened()
            self._begin(resume=resume)
        except (OSError, ValueError, StoreError) as error:  # ValueError: a NUL in the path
            self._give_back()
            raise self._refused(error) from error
        except BaseException:
            self._give_back()
            raise

    @property
    def have(self) -> list[tuple[int, int]]:
        """The half-open ranges that are durable, in order: offsets in the file at the server."""
        with self._lock:
            return list(self._durable)

    @property
    def unsynced(self) -> int:
        """Bytes that were written since the last `sync` began."""
        return self._unsynced

    def write(self, offset: int, data: bytes) -> None:
        """Write bytes at an offset of the file at the server.

        Raises:
            FileNotWritten: the disk is full, or fails.

        """
        at, view = offset - self._mark.offset, memoryview(data)
        try:
            while view:
                written = _write_at(self._handle, view, at)
                view, at = view[written:], at + written
        except OSError as error:
            raise self._refused(error) from error
        with self._lock:
            self._pending.append((offset, offset + len(data)))
            self._unsynced += len(data)

    def sync(self) -> None:
        """Make durable what was written, then note it in the log.

        Raises:
            FileNotWritten: the disk is full, or fails; the log says what it said.

        """
        with self._syncing:
            self._sync()

    def _sync(self) -> None:
        with self._lock:
            pending, self._pending, self._unsynced = self._pending, [], 0
            ranges = joined([*self._durable, *pending])
        if not pending:
            return
        try:
            os.fsync(self._handle)
            write_whole(self._log, _written(self._mark, ranges), PUBLIC)
        except OSError as error:
            raise self._refused(error) from error
        with self._lock:
            self._durable = ranges

    def finish(self, size: int) -> None:
        """Give the file its name. The object is closed then.

        Args:
            size: bytes that the file has to have; what is behind them goes.

        Raises:
            FileNotWritten: there are fewer bytes; or the disk fails.

        """
        with self._syncing:
            try:
                there = os.fstat(self._handle).st_size
                if there < size:
                    raise FileNotWritten(self.path, f"{self.part} has {there} bytes instead of {size}")
                if there > size:
                    os.ftruncate(self._handle, size)
                os.fsync(self._handle)
                if os.name == "nt":
                    self._give_back()  # Windows renames no file that is open
                self.part.replace(self.path)
                self._log.unlink(missing_ok=True)
            except OSError as error:
                raise self._refused(error) from error
            finally:
                self._give_back()

    def close(self) -> None:
        """Note in the log what was written, if the disk lets us, and let the part file be. May be called twice."""
        with self._syncing:
            if self._handle < 0:
                return
            with suppress(FileNotWritten):
                self._sync()
            empty = not self._durable
            if empty and os.name != "nt":
                self._remove()
            self._give_back()
            if empty and os.name == "nt":
                self._remove()

    def forget(self) -> None:
        """Claim nothing: the file at the server has changed. Nothing stays on disk after `close`."""
        with self._syncing, self._lock:
            self._pending.clear()
            self._durable.clear()

    # Beginning and end.

    def _opened(self) -> int:
        """Return a handle of FILE.part, which nobody else has."""
        while True:
            handle = os.open(self.part, _FLAGS, 0o666)
            try:
                found = os.fstat(handle)
                if not stat.S_ISREG(found.st_mode):
                    raise OSError(errno.EINVAL, f"{self.part} is not a regular file")
                if os.name != "nt" and found.st_uid != os.geteuid():
                    raise OSError(errno.EPERM, f"{self.part} belongs to another user")
                if not _lock_alone(handle):
                    raise OSError(errno.EBUSY, "another download writes the file")
                with suppress(FileNotFoundError):
                    if os.path.samestat(found, os.stat(self.part, follow_symlinks=False)):
                        return handle
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)  # another download has given it its name meanwhile

    def _begin(self, *, resume: bool) -> None:
        """Take over what an earlier download has left; what does not belong to this one goes, the log first."""
        remove_drafts(self._log)
        length = os.fstat(self._handle).st_size
        ranges = _read(self._log, self._mark) if resume and length else None
        if ranges is None:
            if self._log.exists():
                write_whole(self._log, b"", PUBLIC)  # durable, which the removal of a file is not by itself
                self._log.unlink()
            os.ftruncate(self._handle, 0)
            return
        end = self._mark.offset + length
        self._durable = joined((start, min(stop, end)) for start, stop in ranges if start < end)

    def _remove(self) -> None:
        with suppress(OSError):
            self._log.unlink(missing_ok=True)
            self.part.unlink(missing_ok=True)

    def _give_back(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            with suppress(OSError):  # every byte that counts was made durable before
                os.close(handle)

    def _refused(self, error: Exception) -> FileNotWritten:
        """Return the error for the user: the words of the system, and what stays."""
        words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        there = sum(stop - start for start, stop in self._durable)
        kept = f"; {there} bytes stay in {self.part}, and a later download goes on from there" if there else ""
        return FileNotWritten(self.path, f"can't be written: {words}{kept}")


def path_of(to: str | Path, name: str) -> Path:
    """Return where a file goes: into the folder `to` under its name, or to `to` itself.

    A string that ends with a separator means a folder, which is made where it is missing. A `Path` keeps no separator
    at its end, and means a folder only where one is there.

    Raises `FileNotWritten` where the folder can't be made.

    """
    path = Path(to)
    if isinstance(to, str) and to.endswith(_SEPARATORS):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise FileNotWritten(path, f"the folder can't be made: {words}") from error
        return path / name
    with suppress(OSError):  # the file can't be opened there either, and that error is told
        return path / name if path.is_dir() else path
    return path


def joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return half-open ranges in order, with those that touch or overlap joined."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        elif start < stop:
            found.append((start, stop))
    return found


def _written(mark: PartMark, ranges: list[tuple[int, int]]) -> bytes:
    log = {"kind": _KIND, "version": _VERSION, **asdict(mark), "ranges": ranges}
    return json.dumps(log).encode() + b"\n"


def _read(path: Path, mark: PartMark) -> list[tuple[int, int]] | None:
    """Return the ranges of a log; None where there is no log, or one of other bytes, or a damaged one."""
    data = read_file(path, LOG_LIMIT)
    if not data:
        return None
    try:
        log = json.loads(data)
        head = {"kind": _KIND, "version": _VERSION, **asdict(mark)}
        # Bytes that were checked do for a download that does not check; the other way round they don't.
        head["verified"] = mark.verified or bool(log["verified"])
        if any(log[name] != value for name, value in head.items()):
            return None
        ranges = [(int(start), int(stop)) for start, stop in log["ranges"]]
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    low = mark.offset
    return ranges if all(low <= start < stop for start, stop in ranges) else None


def _check_place(path: Path) -> None:
    """Raise OSError where the name is that of a folder, a device or a pipe, which no file may replace."""
    with suppress(FileNotFoundError):
        mode = os.lstat(path).st_mode
        if stat.S_ISDIR(mode) or (stat.S_ISLNK(mode) and path.is_dir()):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise OSError(errno.EINVAL, "it is not a regular file")


def _write_at(handle: int, view: memoryview, at: int) -> int:
    if hasattr(os, "pwrite"):
        return os.pwrite(handle, view, at)
    os.lseek(handle, at, os.SEEK_SET)  # Windows
    return os.write(handle, view)


def _lock_alone(handle: int) -> bool:
    """Lock a file for this handle alone; return whether that went well. Windows has no such lock: True."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
