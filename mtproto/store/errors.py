"""The errors of key files. Every error names the file; no error quotes the contents, since they are keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import MTProtoError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["StoreDamaged", "StoreError", "StoreLocked"]


class StoreError(MTProtoError):
    """A key file can't be locked, read or written.

    Attributes:
        path: the file, as the caller named it.
        reason: what happened; if the system refused something, the words of the system are the last part.

    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class StoreDamaged(StoreError):
    """The contents of a key file are not those that its reader expects."""


class StoreLocked(StoreError):
    """Another process uses the key file.

    Attributes:
        pid: the number of that process; None where the process did not say.
        host: the name of its machine; None where the process did not say.

    """

    def __init__(self, path: Path, pid: int | None = None, host: str | None = None) -> None:
        holder = "another process" if pid is None else f"process {pid} on {host}"
        super().__init__(path, f"in use by {holder}")
        self.pid = pid
        self.host = host
