"""`mtproto decode`: what some bytes say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mtproto.cli.dump import tree_table
from mtproto.cli.errors import CommandFailed
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal
from mtproto.errors import RemoteProtocolError
from mtproto.message.envelope import unpack_plain
from tl import DecodeError, SchemaError, api, service

if TYPE_CHECKING:
    from tl.dissect import Node

__all__ = ["command", "dissect_any", "read_input"]

_HEX = re.compile(rb"[0-9A-Fa-f\s]+")


@click.command("decode", short_help="Show what some bytes say.")
@click.argument("source", metavar="HEX|FILE")
@click.option("--as", "type_", metavar="TYPE", help='What to read, such as "Vector<long>"; else any boxed object.')
@debug_option
@pass_terminal
def command(terminal: Terminal, source: str, type_: str | None) -> None:
    """Show what bytes say: every value with its offset, length, path, type and meaning.

    The bytes are given as hex digits or in a file (raw, or as hex digits). Objects of the API and of MTProto itself
    are known, and the envelope of messages that are not encrypted.
    """
    data = read_input(source)
    if type_ is None and _show_plain(terminal, data):
        return
    root = dissect_any(data, type_)
    terminal.out.print(tree_table(root))
    if root.length < len(data):
        raise CommandFailed(f"{len(data) - root.length} bytes too many at byte {root.length}")


def read_input(source: str) -> bytes:
    """Return the bytes of an argument: hex digits, or a file's contents, which may be hex digits too.

    Raises:
        click.BadParameter: it is neither.
        OSError: the file can't be read.

    """
    digits = source.encode()
    if _HEX.fullmatch(digits) is None:
        path = Path(source)
        if not path.is_file():
            raise click.BadParameter("neither hex digits nor a file", param_hint="HEX|FILE")
        contents = path.read_bytes()
        if _HEX.fullmatch(contents) is None:
            return contents
        digits = contents
    try:
        return bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        raise click.BadParameter("an odd number of hex digits", param_hint="HEX|FILE") from None


def dissect_any(data: bytes, type_: str | None = None) -> Node:
    """Return the tree of a value that starts the data, by the API's schema or else by MTProto's own.

    Args:
        data: the bytes.
        type_: what to read; None for any boxed object.

    Raises:
        DecodeError: by the API's schema, unless the other one alone knows the constructor.
        SchemaError: neither schema has such a type.

    """
    try:
        return api.schema.dissect(data, type_)
    except (DecodeError, SchemaError) as error:
        if not _unknown(error):
            raise
        try:
            return service.schema.dissect(data, type_)
        except (DecodeError, SchemaError) as other:
            raise error if _unknown(other) else other from None


def _unknown(error: DecodeError | SchemaError) -> bool:
    """Tell whether a schema does not know the value at all, rather than finding it damaged."""
    return isinstance(error, SchemaError) or (error.offset == 0 and error.id is not None)


def _show_plain(terminal: Terminal, data: bytes) -> bool:
    """Show the data if they are a message that is not encrypted (core.telegram.org/mtproto/description)."""
    try:
        message = unpack_plain(data)
    except RemoteProtocolError:
        return False
    body = message.body
    root = dissect_any(body)
    terminal.out.print(f"plain message, msg_id {message.msg_id}, {len(body)} bytes of data:", markup=False)
    terminal.out.print(tree_table(root, base=len(data) - len(body)))
    if root.length < len(body):
        terminal.out.print(f"{len(body) - root.length} bytes of padding follow", markup=False)
    return True
