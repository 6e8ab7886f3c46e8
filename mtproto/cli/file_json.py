"""The file that `mtproto download` fetches, read as JSON: a location, or an object that carries a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mtproto.errors import OptionError
from mtproto.flows import NoSuchFile, remote_file
from tl import TLError

if TYPE_CHECKING:
    from mtproto.flows import RemoteFile
    from tl import Schema, TLObject

__all__ = ["WANTED", "read_file_object", "wanted_file"]

WANTED = "LOCATION-JSON"

STDIN_LIMIT = 4 << 20
"""Characters of standard input that are read at most."""


def read_file_object(text: str, schema: Schema) -> TLObject:
    """Return the object that a text names; `-` reads the text from stdin.

    Args:
        text: a JSON object, as `mtproto call` takes one and every command with `--json` prints one.
        schema: its layer.

    Raises:
        click.BadParameter: the text is no such object; the error names what is wrong.

    """
    source = "stdin" if text == "-" else WANTED
    if text == "-":
        text = sys.stdin.read(STDIN_LIMIT + 1)
        if len(text) > STDIN_LIMIT:
            raise click.BadParameter(f"more than {STDIN_LIMIT} characters", param_hint=source)
    fields = _fields(text, source)
    try:
        found: TLObject = schema.from_json(json.dumps(fields))
        found.to_bytes()  # what can't be written is refused before connecting
    except (TLError, RecursionError) as error:
        raise click.BadParameter(str(error), param_hint=source) from None
    return found


def _fields(text: str, source: str) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError) as error:
        words = f"not JSON: {error}"
        if source == WANTED and _is_file(text):
            words += f"; to read the file, write: - < {text}"
        raise click.BadParameter(words, param_hint=source) from None
    if not isinstance(fields, dict):
        raise click.BadParameter("not a JSON object", param_hint=source)
    if "_" not in fields:
        words = 'the object has no "_", which names its constructor'
        if isinstance(fields.get("photos"), list):
            words += '; of the answer of `mtproto photos`, give one of its "photos"'
        raise click.BadParameter(words, param_hint=source)
    return fields


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a path, or a NUL inside
        return False


def wanted_file(found: TLObject, *, dc: int | None, size: int | None, letter: str | None) -> RemoteFile:
    """Return the file that an object means.

    Args:
        found: of `read_file_object`.
        dc: the data centre of a bare location; None: not given.
        size: the bytes of a bare location; None: not given.
        letter: of a size of a photo, or of a preview of a document; None: the best picture, the document itself.

    Raises:
        click.UsageError: the object means no file, or says itself what an option says.

    """
    try:
        file = remote_file(found, letter, dc=dc, length=size)
    except (NoSuchFile, OptionError) as error:
        words = f"{error}; a photo, a document, a message with one of them, or an InputFileLocation is wanted"
        raise click.BadParameter(str(error) if letter else words, param_hint=WANTED) from None
    is_bare = file.carrier is None
    if not is_bare and (dc is not None or size is not None):
        raise click.UsageError(f"--file-dc and --size are for a bare location: the {found.NAME} says both itself")
    if is_bare and letter is not None:
        raise click.UsageError("--letter is for a photo or a document: a location names one size itself")
    return file
