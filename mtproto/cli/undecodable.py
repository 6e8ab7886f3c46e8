"""Answers that can't be decoded: a command keeps their bytes if the user asks for that."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mtproto.cli.errors import CommandFailed
from mtproto.cli.files import PRIVATE, write_whole
from tl import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["keep_undecodable"]

_OPTION = "--save-undecodable"


def _in_a_folder(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and not value.parent.is_dir():
        raise click.BadParameter(f"there is no folder {value.parent}")
    return value


def keep_undecodable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--save-undecodable FILE`.

    A `DecodeError` of the command becomes a `CommandFailed` that says where the bytes of the answer are, or how to keep
    them. Only the owner can read the file: an answer may be private.
    """

    @wraps(function)
    def kept(*arguments: Any, save_undecodable: Path | None, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except DecodeError as error:
            text = f"the answer can't be read: {error}\n{_place(error, save_undecodable)}"
            # The notes tell other failures: that the state file could not be written, for example.
            raise CommandFailed("\n".join([text, *getattr(error, "__notes__", ())])) from error

    return click.option(
        _OPTION,
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_in_a_folder,
        help="Where to keep the bytes of an answer that can't be read.",
    )(kept)


def _place(error: DecodeError, path: Path | None) -> str:
    size = len(error.raw)
    if path is None:
        return f"its {size} bytes are not kept; {_OPTION} FILE keeps them, for `mtproto decode FILE`"
    write_whole(path, error.raw, PRIVATE)
    return f"its {size} bytes are in {path}; `mtproto decode {path}` shows what can be read of them"
