"""`mtproto call`: any method of the API by its TL name, with JSON both ways."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import click

from mtproto.cli.connection import open_caller
from mtproto.cli.options import connection_options
from mtproto.cli.render import as_data
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal
from mtproto.cli.undecodable import keep_undecodable
from tl import TLError, TLFunction, nearest, service

if TYPE_CHECKING:
    from mtproto.cli.options import Target
    from tl import Schema

__all__ = ["command"]


@click.command("call", short_help="Call any method, with JSON both ways.")
@click.argument("method")
@click.argument("arguments", default="{}", metavar="[JSON]")
@keep_undecodable
@connection_options
@debug_option
@pass_terminal
def command(terminal: Terminal, method: str, arguments: str, target: Target) -> None:
    """Call METHOD with the fields of a JSON object, and print the answer as JSON.

    Objects carry their constructor as "_", bytes are base64, and 64-bit integers may be strings. For example:

    mtproto call users.getUsers '{"id": [{"_": "inputUserSelf"}]}'

    Peers are objects, and all fields are needed; `mtproto photos` and `mtproto download` take names.
    """
    request = _request(method, arguments, target.schema)
    asyncio.run(_call(terminal, request, target))


def _request(method: str, arguments: str, schema: Schema) -> TLFunction[Any]:
    try:
        fields = json.loads(arguments)
    except ValueError as error:
        raise click.BadParameter(f"not JSON: {error}", param_hint="JSON") from None
    if not isinstance(fields, dict):
        raise click.BadParameter("not a JSON object", param_hint="JSON")
    _check_method(method, schema)
    try:
        request = schema.from_json(json.dumps({**fields, "_": method}))
        request.to_bytes()  # a request that can't be written is the caller's mistake, and is refused before connecting
    except TLError as error:
        raise click.UsageError(str(error)) from None
    if not isinstance(request, TLFunction):
        raise click.BadParameter(f"{method} is not a method", param_hint="METHOD")
    return request


def _check_method(name: str, schema: Schema) -> None:
    """Raise `click.BadParameter` for a name that is no method of the API in a layer."""
    if schema.is_function(name):
        return
    if name in schema:
        raise click.BadParameter(f"{name} is a constructor, not a method", param_hint="METHOD")
    if service.schema.is_function(name):
        reason = "a service message of MTProto, which the connection itself sends; the methods of the API can be called"
        raise click.BadParameter(f"{name} is {reason}", param_hint="METHOD")
    methods = [other for other in schema if schema.is_function(other)]
    raise click.BadParameter(f"there is no method {name!r}{nearest(name, methods)}", param_hint="METHOD")


async def _call(terminal: Terminal, request: TLFunction[Any], target: Target) -> None:
    async with open_caller(target, begins=True) as call:
        answer = await call(request)
        # The answer is shown before the state is saved, so that a full disk does not lose it.
        terminal.write(json.dumps(as_data(answer, request.result), indent=1))
