"""The one writer of key files: of the command line's `--state`, of accounts, and of the data centre's state file.

The lock is on FILE.lock, since FILE itself is replaced at each writing. FILE.holder says who has the lock.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mtproto.store.drafts import PRIVATE, check_room, remove_drafts, write_whole
from mtproto.store.errors import StoreError
from mtproto.store.locks import HeldLock
from mtproto.store.reading import read_file, target_of, words

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["ROOM", "LockedFile"]

ROOM = 64 * 1024
"""Bytes that must be free before anything is sent: more than a login has, so that a new key can be saved."""


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
        lock: HeldLock | None = None
        try:
            self._target = target_of(self.path)
            lock = HeldLock(self.path, self._target)
            remove_drafts(self._target)
        except (OSError, ValueError) as error:
            if lock is not None:
                lock.close()
            raise StoreError(self.path, f"can't be locked: {words(error)}") from error
        self._lock = lock

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
        if not self._lock.held:
            raise StoreError(self.path, "can't be written: its lock was given back")
        try:
            write_whole(self._target, data, PRIVATE)
        except OSError as error:
            raise StoreError(self.path, f"can't be written: {words(error)}") from error

    def check_room(self, size: int) -> None:
        """Check that `size` bytes can be written now; the file stays as it is.

        Raises:
            StoreError: they can't be written: the disk is full, or the folder is read-only.

        """
        try:
            check_room(self._target, size)
        except OSError as error:
            raise StoreError(self.path, f"can't be written: {words(error)}") from error

    def close(self) -> None:
        """Give the lock back. May be called twice."""
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
