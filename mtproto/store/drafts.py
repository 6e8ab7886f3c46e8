"""Writing a file whole or not at all: a draft in the same folder is written, made durable, and put into place."""

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
"""Permissions of files that hold keys or credentials."""

PUBLIC = 0o644
"""Permissions of other files."""

_RANDOM = 8
"""Bytes of the random part of a draft's name: nobody can guess the name, and O_EXCL refuses a file that is there."""

# Windows has no O_NOFOLLOW; there O_EXCL alone refuses a link in the draft's place. POSIX has no O_BINARY.
_DRAFT_FLAGS = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | int(getattr(os, "O_NOFOLLOW", 0)) | int(getattr(os, "O_BINARY", 0))
)


def write_whole(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Write a file so that after a crash or a power cut, and for every reader, it holds the old contents or the new
    ones.

    When the function returns, the new contents are on disk (except that Windows can't make a renaming durable).
    A link at `path` is replaced, not followed. A process that is killed meanwhile leaves a draft, which `remove_drafts`
    removes.

    Args:
        path: the file; its folder exists.
        data: the new contents.
        mode: the permissions, whatever the umask and the old file say. The file never has wider ones.

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
    """Check that a file of `size` bytes can be written now; the old file stays as it is.

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
    """Write a durable draft of a file, and remove the draft at the end unless it was put into place."""
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
    """Open a folder, and make renamings in it durable at the end; Windows can't, so nothing is done there."""
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
    """Remove the drafts of a file that killed processes left. The caller holds the lock of the file.

    A draft has a name made of the name of the file, is a regular file, and belongs to this user.

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
