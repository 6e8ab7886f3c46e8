"""The lock on a key file, and the name of the process that holds the lock.

The lock is on PLACE.lock, which stays when nobody holds the lock: if it were removed, two processes could hold the
lock. PLACE.holder says who has the lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
from typing import TYPE_CHECKING

from mtproto.store.drafts import PRIVATE, remove_drafts, write_whole
from mtproto.store.errors import StoreError, StoreLocked
from mtproto.store.fields import read_fields
from mtproto.store.reading import read_file, refuse_foreign, words

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Protocol

    class _Lock(Protocol):
        """What this module needs of a `filelock.BaseFileLock`, whose many modules every checker would read."""

        def release(self) -> None: ...


__all__ = ["HeldLock"]

_HOLDER_LIMIT = 1024
"""Bytes of PLACE.holder that are read: a number and the name of a machine, which has at most 255 bytes."""


class HeldLock:
    """A lock that this process alone has until `close`. The lock may be given back in any thread.

    Args:
        path: the file that the caller named, for errors.
        place: where the lock is, without `.lock`; its folder exists.
        what: what is locked, if it is not the whole file: "the account 'me'".
        wait: seconds to wait for another holder.
        named: whether PLACE.holder names this process; a lock that is held for a moment needs no name.

    Raises:
        StoreLocked: another process, or another object of this process, has the lock.
        StoreError: the folder can't be written, or the library filelock is missing.

    """

    def __init__(self, path: Path, place: Path, *, what: str = "", wait: float = 0, named: bool = True) -> None:
        self._path = path
        self._what = what
        self._holder = place.with_name(f"{place.name}.holder")
        self._named = named
        self._lock: _Lock | None = None
        try:
            self._lock = self._acquire(place.with_name(f"{place.name}.lock"), wait)
            if named:
                self._write_name()
        except FileNotFoundError as error:
            self.close()
            raise StoreError(path, f"there is no folder {place.parent}") from error
        except (OSError, ValueError, NotImplementedError) as error:
            self.close()
            raise StoreError(path, f"can't be locked: {words(error)}") from error

    @property
    def held(self) -> bool:
        """Whether the lock was not given back yet."""
        return self._lock is not None

    def _acquire(self, lock_path: Path, wait: float) -> _Lock:
        try:
            from filelock import FileLock, Timeout
        except ModuleNotFoundError as error:
            reason = "can't be locked without the library filelock: install the extra `store`, mtproto-raw[store]"
            raise StoreError(self._path, reason) from error
        lock_path.parent.stat()  # filelock would make a folder that is not there
        refuse_foreign(self._path, lock_path)
        # The lock belongs to the process: a file that one thread opens may be closed in another thread.
        lock = FileLock(lock_path, mode=PRIVATE, thread_local=False)
        try:
            lock.acquire(timeout=wait)
        except Timeout as error:
            raise self._locked() from error
        return lock

    def _write_name(self) -> None:
        remove_drafts(self._holder)
        holder = {"pid": os.getpid(), "host": platform.node() or "this machine"}
        write_whole(self._holder, json.dumps(holder).encode(), PRIVATE)

    def _locked(self) -> StoreLocked:
        try:
            data = read_file(self._holder, _HOLDER_LIMIT)
            fields = read_fields(self._holder, data or b"", "the name of a process")
            pid, host = fields.integer("pid", 1, 1 << 32), fields.line("host")
        except StoreError:  # not written yet, or gone again
            return StoreLocked(self._path, what=self._what)
        return StoreLocked(self._path, pid, host, what=self._what)

    def close(self) -> None:
        """Give the lock back. May be called twice."""
        lock, self._lock = self._lock, None
        if lock is not None:
            if self._named:
                with contextlib.suppress(OSError):  # the next holder's takes its place
                    self._holder.unlink()
            lock.release()
