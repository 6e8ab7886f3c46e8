"""`mtproto decode`: the meaning of some bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mtproto.cli.decode_input import read_input
from mtproto.cli.dump import tree_table
from mtproto.cli.errors import CommandFailed
from mtproto.cli.opening import AUTH_KEY, STATE, STDIN_TAKEN, looks_encrypted, open_packet, the_key
from mtproto.cli.options import LAYER
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal
from mtproto.errors import RemoteProtocolError, TransportError
from mtproto.message import unpack_plain
from mtproto.session import constructors, wire
from tl import DecodeError, SchemaError, api, service

if TYPE_CHECKING:
    from pathlib import Path

    from mtproto.message import AuthKey
    from tl import Node, Schema

__all__ = ["command", "dissect_any"]

_WORD = 4
_CODES = range(-999, -99)
"""Transport errors that servers send: HTTP's codes, negative."""

_INFLATED = 4 * 1024 * 1024
"""Bytes that are unpacked in one run: the tree of the bytes takes a hundred times the memory."""

_NESTING = 4
"""How deep packed objects may be nested: a packet has one level, and bytes that people keep have a few more."""

_GZIP = "gzip_packed"


@click.command("decode", short_help="Show what some bytes say.")
@click.argument("source", metavar="HEX|FILE")
@click.option(
    "--as",
    "type_",
    metavar="TYPE",
    help='What to read, such as "Vector<long>"; else any boxed object. In an rpc_result, what the result is.',
)
@LAYER
@AUTH_KEY
@STATE
@debug_option
@pass_terminal
def command(
    terminal: Terminal,
    source: str,
    type_: str | None,
    schema: Schema,
    auth_key: AuthKey | None,
    state: Path | None,
) -> None:
    r"""Show what bytes say: every value with its offset, length, path, type and meaning.

    The bytes are given as hex digits (with colons, blanks or 0x), as \x escapes, as b'…', in base64, or in a file: raw,
    in any of these forms, or as a dump of `xxd` or `hexdump -C`. `-` is standard input.

    Objects of the API and of MTProto itself are known, also inside one another; gzip_packed is opened. So are plain
    messages, transport errors and, with a key, encrypted packets of both directions.
    """
    key = the_key(auth_key, state)
    if source == "-" and STDIN_TAKEN in click.get_current_context().meta:
        raise click.UsageError("standard input can't be both the bytes and the key")
    data = read_input(source)
    reading = _Reading(terminal, schema)
    if type_ is None and _show_error_code(terminal, data):
        return
    if key is not None and looks_encrypted(data) and (data[:8] == key.id_bytes or not _is_known(data, schema)):
        _show_opened(terminal, key, data, type_, reading)
    elif type_ is not None or not _show_plain(terminal, data, reading):
        reading.show(data, type_)


def dissect_any(data: bytes, type_: str | None = None, schema: Schema = api.schema) -> tuple[Node, DecodeError | None]:
    """Return the tree of a value that starts the data, by a layer of the API and MTProto's own schema together.

    Args:
        data: the bytes.
        type_: what to read; None for any boxed object.
        schema: the layer of the API.

    Returns:
        The tree of the values that could be read, and the error that ended the reading, or None.

    Raises:
        SchemaError: neither schema has such a type.

    """
    try:
        return schema.dissect_partly(data, type_, others=(service.schema,))
    except SchemaError as error:
        try:
            return service.schema.dissect_partly(data, type_, others=(schema,))
        except SchemaError:
            raise error from None


class _Reading:
    """Shows values, and the values that are packed inside them; one run has one limit for all that is unpacked."""

    def __init__(self, terminal: Terminal, schema: Schema) -> None:
        self._terminal = terminal
        self._schema = schema
        self._room = _INFLATED
        self._nesting = 0

    def show(self, data: bytes, type_: str | None = None, *, base: int = 0, padded: bool = False) -> None:
        """Show the value that takes all of the data.

        Args:
            data: the bytes.
            type_: what to read; None for any boxed object.
            base: what to add to each offset.
            padded: whether bytes behind the value are padding.

        Raises:
            CommandFailed: bytes are left over, or a packed value can't be unpacked.
            DecodeError: the data does not fit the schema; the values that could be read have been shown.

        """
        if type_ is not None and not _of_service(type_):
            data, base = self._unwrapped(data, base)
        root, error = dissect_any(data, type_, self._schema)
        if error is None or root.length:
            self._terminal.out.print(tree_table(root, base=base))
        for node in root.walk():
            if node.value == _GZIP and node.children and (error is None or node.offset + node.length <= error.offset):
                self._show_packed(node)
        if error is not None:
            raise _explained(error, data)
        left = len(data) - root.length
        if left and not padded:
            raise CommandFailed(f"{left} bytes too many at byte {base + root.length}")
        if left:
            self._say(f"{left} bytes of padding follow")

    def _unwrapped(self, data: bytes, base: int) -> tuple[bytes, int]:
        """Return the result inside an rpc_result, unpacked, and its offset; a type that was given is that of the
        result.
        """
        if wire.constructor_id(data) == constructors.RPC_RESULT:
            try:
                req_msg_id, data = wire.read_rpc_result(data)
            except RemoteProtocolError as error:
                raise CommandFailed(str(error)) from None
            self._say(f"rpc_result, req_msg_id {req_msg_id}, {len(data)} bytes of data:")
            base += 3 * _WORD
        return (
            (self._unpacked(data, _GZIP), 0) if wire.constructor_id(data) == constructors.GZIP_PACKED else (data, base)
        )

    def _unpacked(self, packed: bytes, path: str) -> bytes:
        try:
            inside = wire.read_gzip(packed, self._room)
        except RemoteProtocolError as error:
            raise CommandFailed(f"{path}: {error} (at most {_INFLATED} bytes are unpacked)") from None
        if wire.constructor_id(inside) == constructors.GZIP_PACKED:
            raise CommandFailed(f"{path}: it holds another gzip_packed, which no peer may send")
        self._room -= len(inside)
        self._say(f"\npacked in {path}, {len(inside)} bytes:")
        return inside

    def _show_packed(self, node: Node) -> None:
        if self._nesting == _NESTING:
            raise CommandFailed(f"{node.path}: packed more than {_NESTING} times")
        packed = service.types.GzipPacked(packed_data=node.children[0].value).to_bytes()
        self._nesting += 1
        self.show(self._unpacked(packed, node.path))
        self._nesting -= 1

    def _say(self, text: str) -> None:
        self._terminal.out.print(text, markup=False)


def _of_service(type_: str) -> bool:
    try:
        kind = service.schema.kind(type_)
    except SchemaError:
        return False
    return kind.code in ("boxed", "bare")


def _is_known(data: bytes, schema: Schema) -> bool:
    """Tell whether a schema knows the first word of the data."""
    key = wire.constructor_id(data)
    return schema.name_of(key) is not None or service.schema.name_of(key) is not None


def _explained(error: DecodeError, data: bytes) -> Exception:
    """Return the error with a hint where the data is an encrypted packet, or the type of a result can be given."""
    if error.id == constructors.VECTOR and error.reason.startswith("a vector"):
        return CommandFailed(f'{error}\n--as names it, such as --as "Vector<User>", for the result of a call too')
    if error.offset or error.id is None or not looks_encrypted(data):
        return error
    return CommandFailed(
        f"{error}\nthis may be an encrypted packet of the key with the auth_key_id {data[:8].hex()}: --auth-key or "
        "--state opens it"
    )


def _show_error_code(terminal: Terminal, data: bytes) -> bool:
    """Show the data if they are an error of the transport (core.telegram.org/mtproto/mtproto-transports)."""
    code = int.from_bytes(data, "little", signed=True)
    if len(data) != _WORD or code not in _CODES:
        return False
    terminal.out.print(str(TransportError(code)), markup=False)
    return True


def _show_opened(terminal: Terminal, key: AuthKey, data: bytes, type_: str | None, reading: _Reading) -> None:
    """Show an encrypted packet (core.telegram.org/mtproto/description): its header but for the salt, and its data."""
    which, packet = open_packet(key, data)
    terminal.out.print(
        f"encrypted packet, {which}, session_id {packet.session_id}, msg_id {packet.msg_id}, seqno {packet.seqno}, "
        f"{len(packet.body)} bytes of data:",
        markup=False,
    )
    reading.show(packet.body, type_)


def _show_plain(terminal: Terminal, data: bytes, reading: _Reading) -> bool:
    """Show the data if they are a message that is not encrypted (core.telegram.org/mtproto/description)."""
    try:
        message = unpack_plain(data)
    except RemoteProtocolError:
        return False
    body = message.body
    terminal.out.print(f"plain message, msg_id {message.msg_id}, {len(body)} bytes of data:", markup=False)
    reading.show(body, base=len(data) - len(body), padded=True)
    return True
