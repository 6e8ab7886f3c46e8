"""Reading a key file: what links may lead to, and whose file it may be."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path

from mtproto.store.errors import StoreError

__all__ = ["read_file", "refuse_foreign", "target_of", "words"]

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
        target = target_of(path)
        with contextlib.suppress(FileNotFoundError):
            return _read_regular(path, os.open(target, _READ_FLAGS), limit)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise StoreError(path, f"can't be read: {words(error)}") from error
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


def target_of(path: Path) -> Path:
    """Return the path with all links resolved.

    Raises:
        StoreError: the file or the link belongs to another user, in a folder where anybody may write.
        OSError, ValueError: the path can't be one.

    """
    target = Path(os.path.realpath(path))
    for entry in (path, target):
        refuse_foreign(path, entry)
    return target


def refuse_foreign(path: Path, entry: Path) -> None:
    """Refuse a file or link of another user in a folder where anybody may write.

    Args:
        path: the file that the caller named, for errors.
        entry: what is looked at; it need not exist.

    Raises:
        StoreError: it is another user's.

    """
    if sys.platform == "win32":  # no owners and no such folders
        return
    try:
        owner = entry.lstat().st_uid
    except FileNotFoundError:
        return
    folder = entry.parent.stat()
    if folder.st_mode & stat.S_IWOTH and owner not in (os.geteuid(), folder.st_uid):
        raise StoreError(path, f"{entry} belongs to another user, in a folder where anybody may write")


def words(error: Exception) -> str:
    """Return the words of the system, without the name of a file that the user never named."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
