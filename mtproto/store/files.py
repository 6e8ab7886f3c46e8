"""The one writer of key files: of the command line's `--state`, and of the data centre's state file.

The lock is on FILE.lock, since FILE itself is replaced at each writing. FILE.holder says who has the lock. FILE.lock
stays when nobody holds the lock: if it were removed, two processes could hold the lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mtproto.store.drafts import PRIVATE, check_room, remove_drafts, write_whole
from mtproto.store.errors import StoreError, StoreLocked
from mtproto.store.fields import read_fields

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Protocol, Self

    class _Lock(Protocol):
        """What this module needs of a `filelock.BaseFileLock`, whose many modules every checker would read."""

        def release(self) -> None: ...


__all__ = ["LockedFile", "read_file"]

_HOLDER_LIMIT = 1024
"""Bytes of FILE.holder that are read: a number and the name of a machine, which has at most 255 bytes."""

# The flags refuse a link that has taken the place of the file meanwhile (Windows has no flag for that), and do not let
# a pipe make the reader wait.
_READ_FLAGS = os.O_RDONLY | sum(int(getattr(os, name, 0)) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))


def read_file(path: Path, limit: int) -> bytes | None:
    """Return the contents of a key file; None if there is no file.

    No lock is needed to read: a writer replaces the file as a whole.

    Args:
        path: the file, or a link to it. In a folder where anybody may write, links and files of other users are
            refused, since other users would choose the key.
        limit: bytes that the file may have at most.

    Raises:
        StoreError: the file is larger, is no regular file, belongs to another user, or can't be read.

    """
    try:
        target = _target_of(path)
        with contextlib.suppress(FileNotFoundError):
            return _read_regular(path, os.open(target, _READ_FLAGS), limit)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise StoreError(path, f"can't be read: {_words(error)}") from error
    return None


def _read_regular(path: Path, handle: int, limit: int) -> bytes:
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise StoreError(path, "can't be read: not a regular file")
        with open(handle, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    finally:
        os.close(handle)
    if len(data) > limit:
        raise StoreError(path, f"can't be read: larger than {limit} bytes")
    return data


def _target_of(path: Path) -> Path:
    """Return the path with all links resolved; refuses files and links of other users where anybody may write."""
    target = Path(os.path.realpath(path))
    for entry in (path, target):
        _refuse_foreign(path, entry)
    return target


def _refuse_foreign(path: Path, entry: Path) -> None:
    if sys.platform == "win32":  # no owners and no such folders
        return
    try:
        owner = entry.lstat().st_uid
    except FileNotFoundError:
        return
    folder = entry.parent.stat()
    if folder.st_mode & stat.S_IWOTH and owner not in (os.geteuid(), folder.st_uid):
        raise StoreError(path, f"{entry} belongs to another user, in a folder where anybody may write")


class LockedFile:
    """A key file that this process alone uses until `close`; `with` closes it.

    One owner. The methods may be called from any thread, one at a time.

    Args:
        path: the file, which need not exist, in a folder that does. The target of a link is locked and replaced, not
            the link.
        limit: bytes that the file may have at most, read or written.

    Attributes:
        path: the file, as the caller named it.

    Raises:
        StoreLocked: another process, or another object of this process, has the lock; the call does not wait.
        StoreError: the folder can't be written, or the library filelock is missing.

    """

    def __init__(self, path: str | Path, *, limit: int) -> None:
        self.path = Path(path)
        self._limit = limit
        self._lock: _Lock | None = None
        try:
            self._target = _target_of(self.path)
            self._holder = self._target.with_name(f"{self._target.name}.holder")
            self._lock = self._acquire(self._target.with_name(f"{self._target.name}.lock"))
            remove_drafts(self._target)
            remove_drafts(self._holder)
            holder = {"pid": os.getpid(), "host": platform.node() or "this machine"}
            write_whole(self._holder, json.dumps(holder).encode(), PRIVATE)
        except (OSError, ValueError, NotImplementedError) as error:
            self.close()
            raise StoreError(self.path, f"can't be locked: {_words(error)}") from error

    def _acquire(self, lock_path: Path) -> _Lock:
        try:
            from filelock import FileLock, Timeout
        except ModuleNotFoundError as error:
            reason = "can't be locked without the library filelock: install the extra `store`, mtproto-raw[store]"
            raise StoreError(self.path, reason) from error
        lock_path.parent.stat()  # filelock would make a folder that is not there
        _refuse_foreign(self.path, lock_path)
        # The lock belongs to the process: a file that one thread opens may be closed in another thread.
        lock = FileLock(lock_path, mode=PRIVATE, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise self._locked() from error
        return lock

    def _locked(self) -> StoreLocked:
        try:
            data = read_file(self._holder, _HOLDER_LIMIT)
            fields = read_fields(self._holder, data or b"", "the name of a process")
            return StoreLocked(self.path, fields.integer("pid", 1, 1 << 32), fields.line("host"))
        except StoreError:  # not written yet, or gone again
            return StoreLocked(self.path)

    def read(self) -> bytes | None:
        """Return the contents of the file; None if there is no file.

        Raises:
            StoreError: as `read_file`.

        """
        return read_file(self.path, self._limit)

    def write(self, data: bytes) -> None:
        """Replace the contents: whole, durable, readable by the owner of the file only.

        Raises:
            StoreError: the file can't be written, or `data` is larger than the limit. The old contents stay, and no
                draft is left.

        """
        if len(data) > self._limit:
            raise StoreError(self.path, f"can't be written: larger than {self._limit} bytes")
        if self._lock is None:
            raise StoreError(self.path, "can't be written: its lock was given back")
        try:
            write_whole(self._target, data, PRIVATE)
        except OSError as error:
            raise StoreError(self.path, f"can't be written: {_words(error)}") from error

    def check_room(self, size: int) -> None:
        """Check that `size` bytes can be written now; the file stays as it is.

        Raises:
            StoreError: they can't be written: the disk is full, or the folder is read-only.

        """
        try:
            check_room(self._target, size)
        except OSError as error:
            raise StoreError(self.path, f"can't be written: {_words(error)}") from error

    def close(self) -> None:
        """Give the lock back. May be called twice."""
        lock, self._lock = self._lock, None
        if lock is not None:
            with contextlib.suppress(OSError):  # the next holder's takes its place
                self._holder.unlink()
            lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _words(error: Exception) -> str:
    """Return the words of the system, without the name of a file that the user never named."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
