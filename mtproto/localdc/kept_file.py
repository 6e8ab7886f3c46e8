"""A file that keeps a part of a network's state over restarts, as JSON."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from mtproto.store import LockedFile, StoreError, read_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mtproto.store import Fields

__all__ = ["LIMIT", "VERSION", "KeptFile"]

logger = logging.getLogger(__name__)

VERSION = 1
"""The version of every such file, which stands in it."""

LIMIT = 32 * 1024 * 1024
"""Bytes that a file may have: more than is ever written."""

_LAST_VERSION = (1 << 31) - 1


class KeptFile:
    """One file on disk, locked from `open` to `close`.

    Args:
        path: the file.
        content: the plural of what is kept, for errors and the log: `"accounts"`.

    """

    def __init__(self, path: Path, content: str) -> None:
        self._path = path
        self._content = content
        self._file: LockedFile | None = None
        self._last: bytes | None = None

    @property
    def is_open(self) -> bool:
        """Whether the file is locked."""
        return self._file is not None

    @property
    def is_written(self) -> bool:
        """Whether the file has content, as `open` and `write` have found."""
        return self._last is not None

    def open(self, restore: Callable[[Fields], None]) -> None:
        """Lock the file, and hand what stands there to `restore`, unless that is what this run has written.

        Raises:
            StoreDamaged: the file is another one, or damaged.
            StoreError: the file can't be locked or read.

        """
        self._file = LockedFile(self._path, limit=LIMIT)
        try:
            data = self._file.read()
            if data is not None and data != self._last:
                kept = read_fields(self._path, data, f"a file of a network's {self._content}, version {VERSION}")
                if kept.integer("version", 0, _LAST_VERSION) != VERSION:
                    raise kept.damaged("another version")
                restore(kept)
            self._last = data
        except BaseException:
            self.close()
            raise

    def write(self, fields: Mapping[str, Any]) -> bool:
        """Write the file if it has other content, and return whether it has this one now.

        A failure is logged: a full disk is no reason to refuse anything. The file has to be open.
        """
        data = json.dumps({"version": VERSION, **fields}).encode()
        if self._file is None or data == self._last:
            return True
        try:
            self._file.write(data)
        except StoreError as error:
            logger.error("%s are not saved: %s", self._content, error)
            return False
        self._last = data
        return True

    def close(self) -> None:
        """Give the lock back. May be called twice."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
