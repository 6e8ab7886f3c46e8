"""What the environment knows: a variable `MTPROTO_X`, or a file that `MTPROTO_X_FILE` names."""

from __future__ import annotations

import os
from pathlib import Path

import click

__all__ = ["from_environment"]

_MOST = 64 * 1024
"""Characters of a file that are read: far more than a password has."""


def from_environment(name: str) -> str | None:
    """Return the value of a variable, or else the first line of the file that `name` with `_FILE` names, or None.

    The file may be a pipe. An empty variable is as good as none.

    Raises:
        click.UsageError: the file can't be read, or its first line is empty. The error quotes nothing of it.

    """
    value = os.environ.get(name)
    if value:
        return value
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return None
    try:
        with Path(path).open(encoding="utf-8") as file:
            line = file.readline(_MOST).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise click.UsageError(f"{name}_FILE: {path}: {reason}") from None
    if not line:
        raise click.UsageError(f"{name}_FILE: {path}: its first line is empty")
    return line
