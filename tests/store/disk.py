"""A disk that fills up, or whose folder is read-only, when a test says so: root is stopped by no mode of a file."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Disk:
    """Refuses to make files in one folder while `error` is set.

    Attributes:
        error: the number of the error; 0 for none.

    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.error = 0
        opened = os.open

        def refusing(path: Any, flags: int, *arguments: Any, **options: Any) -> int:
            if self.error and flags & os.O_CREAT and os.fspath(path).startswith(f"{folder}{os.sep}"):
                raise OSError(self.error, os.strerror(self.error), os.fspath(path))
            return opened(path, flags, *arguments, **options)

        monkeypatch.setattr("os.open", refusing)

    def fill(self) -> None:
        """Let the disk be full."""
        self.error = errno.ENOSPC

    def free(self) -> None:
        """Let the disk have room again."""
        self.error = 0


DRAFT = "*.draft"
"""What matches the drafts in a folder."""
