"""The ready file of a server: the file exists exactly as long as the server listens."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mtproto.cli.files import PRIVATE, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["ReadyFile", "ServedDC", "served_dc"]

T = TypeVar("T")

HINT = "--ready-file"

MARKS = (frozenset({"host", "port", "public_key_pem"}), frozenset({"host", "port", "links"}))
"""The JSON keys by which the ready file of an earlier run is recognised: of `serve` and of `proxy`."""


class ReadyFile:
    """The file that says how to reach a server that listens; no file if `path` is None.

    A file that an earlier run left is removed at once, so that nobody connects to an old port. Only a ready file, or an
    empty file as `mktemp` makes it, is removed.

    Raises:
        click.BadParameter: the folder does not exist, or the file at the path is no ready file.
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
        """Write the file, and remove it at the end; a file that somebody else has put in its place stays."""
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


@dataclass(frozen=True, slots=True)
class ServedDC:
    """What a ready file of `mtproto serve` tells a client; None where the file does not say it.

    Attributes:
        public_key_pem: the key to trust.
        address: host and port.
        dc_id: the number of the data centre.
        api_id: the application's number, good for nothing elsewhere.
        api_hash: its secret half.
        bot_token: the token to log in with.
        dcs: where the data centres of a network are, by number; empty for one that is alone.

    """

    public_key_pem: str
    address: tuple[str, int] | None
    dc_id: int | None
    api_id: int | None = field(repr=False)
    api_hash: str | None = field(repr=False)
    bot_token: str | None = field(repr=False)
    dcs: Mapping[int, tuple[str, int]] = field(default_factory=dict)


def served_dc(text: str) -> ServedDC | None:
    """Read a ready file of `mtproto serve`; None for any other text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not (isinstance(found, dict) and "public_key_pem" in found):
        return None
    host, port = _of(found, "host", str), _of(found, "port", int)
    return ServedDC(
        public_key_pem=str(found["public_key_pem"]),
        address=(host, port) if host is not None and port is not None else None,
        dc_id=_of(found, "dc_id", int),
        api_id=_of(found, "api_id", int),
        api_hash=_of(found, "api_hash", str),
        bot_token=_of(found, "bot_token", str),
        dcs=dict(_each_dc(_of(found, "dcs", list) or [])),
    )


def _each_dc(listed: Sequence[Any]) -> Iterator[tuple[int, tuple[str, int]]]:
    for each in listed:
        if isinstance(each, dict):
            dc_id, host, port = _of(each, "dc_id", int), _of(each, "host", str), _of(each, "port", int)
            if dc_id is not None and host is not None and port is not None:
                yield dc_id, (host, port)


def _of(found: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    value = found.get(name)
    return value if isinstance(value, kind) else None


def _is_ready_file(data: bytes) -> bool:
    if not data:
        return True
    try:
        found = json.loads(data)
    except ValueError:
        return False
    return isinstance(found, dict) and any(marks <= found.keys() for marks in MARKS)
