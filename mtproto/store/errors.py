"""The errors of key files. Every error names the file; no error quotes the contents, since they are keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import MTProtoError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["PassphraseNeeded", "PassphraseWrong", "StoreDamaged", "StoreError", "StoreLocked"]


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


class PassphraseNeeded(StoreError):
    """The contents are encrypted, and no passphrase was given."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "encrypted: it needs its passphrase (passphrase= of its store)")


class PassphraseWrong(StoreError):
    """The contents do not open with the passphrase. Whether the passphrase or the contents are wrong can't be told."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "does not open with this passphrase")


class StoreLocked(StoreError):
    """Another process uses the key file, or that account of a database.

    Attributes:
        pid: the number of that process; None where the process did not say.
        host: the name of its machine; None where the process did not say.

    """

    def __init__(self, path: Path, pid: int | None = None, host: str | None = None, *, what: str = "") -> None:
        holder = "another process" if pid is None else f"process {pid} on {host}"
        super().__init__(path, f"{what} is in use by {holder}" if what else f"in use by {holder}")
        self.pid = pid
        self.host = host
