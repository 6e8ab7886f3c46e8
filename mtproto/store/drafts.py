"""Files that are there whole or not at all: written as a draft in the same folder, made durable, put into place."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["PRIVATE", "PUBLIC", "check_room", "remove_drafts", "write_whole"]

PRIVATE = 0o600
"""For files that hold keys or credentials."""

PUBLIC = 0o644
"""For files that hold neither."""

_RANDOM = 8
"""Bytes of the random part of a draft's name: nobody can put anything there first, and O_EXCL notices who tries."""

# Windows has no O_NOFOLLOW; there O_EXCL alone refuses a link in the draft's place. POSIX has no O_BINARY.
_DRAFT_FLAGS = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | int(getattr(os, "O_NOFOLLOW", 0)) | int(getattr(os, "O_BINARY", 0))
)


def write_whole(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Write a file so that a reader, a crash and a power cut see the old contents or the new ones, nothing between.

    When the function returns, the new contents are on disk (except that Windows can't make a renaming durable).
    A link at `path` is replaced, not followed. A process that is killed inside leaves a draft for `remove_drafts`.

    Args:
        path: the file; its folder exists.
        data: what it will hold.
        mode: its permissions, whatever the umask and the old file say; no byte of it ever has wider ones.

    Raises:
        OSError: as the system says; its file name is `path`.

    """
    try:
        with _durable_folder(path.parent), _draft(path, data, mode) as draft:
            draft.replace(path)
    except OSError as error:
        # A draft's name would tell the user nothing.
        raise OSError(error.errno, error.strerror, str(path)) from error


def check_room(path: Path, size: int) -> None:
    """See whether a file of `size` bytes can be written now; what is there stays as it is.

    Raises:
        OSError: a full disk, a folder that is read-only; its file name is `path`.

    """
    try:
        with _draft(path, bytes(size), PRIVATE):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


@contextlib.contextmanager
def _draft(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """Write a draft of a file, durable, and remove it at the end unless it was put into place."""
    draft = path.parent / f".{path.name}.{secrets.token_hex(_RANDOM)}.draft"
    handle = os.open(draft, _DRAFT_FLAGS, mode)
    try:
        _fill(handle, data, mode)
        yield draft
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _fill(handle: int, data: bytes, mode: int) -> None:
    with open(handle, "wb") as file:
        if sys.platform != "win32":
            os.fchmod(handle, mode)  # the umask may have taken some of it away
        file.write(data)
        file.flush()
        os.fsync(handle)


@contextlib.contextmanager
def _durable_folder(folder: Path) -> Iterator[None]:
    """Open a folder, and make what was renamed in it durable at the end; on Windows do neither, which it can't."""
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_drafts(path: Path) -> None:
    """Remove the drafts of a file that killed processes left. For who holds the file's lock: nobody else writes it.

    A draft is known by its name, which holds the file's, by being a regular file, and by belonging to this user.

    Raises:
        OSError: as the system says.

    """
    name_of_ours = re.compile(rf"\.{re.escape(path.name)}\.[0-9a-f]{{{2 * _RANDOM}}}\.draft")
    with os.scandir(path.parent) as entries:
        for entry in entries:
            if name_of_ours.fullmatch(entry.name) and entry.is_file(follow_symlinks=False) and _is_own(entry):
                os.unlink(entry.path)


def _is_own(entry: os.DirEntry[str]) -> bool:
    return sys.platform == "win32" or entry.stat(follow_symlinks=False).st_uid == os.geteuid()
