"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["PRIVATE", "PUBLIC", "write_whole"]

PRIVATE = 0o600
"""For files that hold keys or credentials."""

PUBLIC = 0o644
"""For files that hold neither."""


def write_whole(path: Path, data: bytes, mode: int) -> None:
    """Write a file so that a reader, and a crash, see the old contents or the new ones and nothing between.

    Args:
        path: the file; its folder exists.
        data: what it will hold.
        mode: its permissions; it never exists with wider ones.

    Raises:
        OSError: as the system says.

    """
    # mkstemp makes the file with mode 0600, in the same folder so that the renaming cannot cross file systems.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
