"""The ready file of a server: it is there exactly as long as the server listens."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from mtproto.cli.files import PRIVATE, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["ReadyFile"]

HINT = "--ready-file"

MARKS = (frozenset({"host", "port", "public_key_pem"}), frozenset({"host", "port", "links"}))
"""The keys by which the ready file of an earlier run is recognised: those of `serve`, those of `proxy`."""


class ReadyFile:
    """Where a server says that it listens, and how to reach it; nowhere, if `path` is None.

    A file that an earlier run left there is removed at once, so that nobody waits for a port of yesterday. Only a ready
    file, or an empty one as `mktemp` makes it, is removed.

    Raises:
        click.BadParameter: its folder is not there, or the path is taken by something that is no ready file.
        OSError: the old file can't be removed.

    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        if path is None:
            return
        if not path.parent.is_dir():
            raise click.BadParameter(f"there is no folder {path.parent}", param_hint=HINT)
        if path.exists():
            if not path.is_file():
                raise click.BadParameter(f"{path} is there, and is no file", param_hint=HINT)
            if not _is_ready_file(path.read_bytes()):
                raise click.BadParameter(
                    f"{path} is there, and is no ready file of an earlier run: it is left as it is", param_hint=HINT
                )
            path.unlink()

    @contextmanager
    def holding(self, info: Mapping[str, Any]) -> Iterator[None]:
        """Write the file, and remove it at the end; what somebody else has put in its place stays."""
        if self._path is None:
            yield
            return
        data = (json.dumps(info, indent=1) + "\n").encode()
        write_whole(self._path, data, PRIVATE)
        try:
            yield
        finally:
            if self._path.is_file() and self._path.read_bytes() == data:
                self._path.unlink()


def _is_ready_file(data: bytes) -> bool:
    if not data:
        return True
    try:
        found = json.loads(data)
    except ValueError:
        return False
    return isinstance(found, dict) and any(marks <= found.keys() for marks in MARKS)
