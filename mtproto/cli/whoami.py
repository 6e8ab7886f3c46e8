"""`mtproto whoami`: who is logged in."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import click

from mtproto.cli.connection import open_caller
from mtproto.cli.errors import CommandFailed
from mtproto.cli.options import connection_options
from mtproto.cli.render import as_data
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal, printable

if TYPE_CHECKING:
    from mtproto.cli.options import Target
    from tl import Schema, TLFunction

__all__ = ["command", "myself", "show_user", "user_line"]


@click.command("whoami", short_help="Show who is logged in.")
@click.option("--json", "json_", is_flag=True, help="Print JSON, and nothing else on stdout.")
@connection_options
@debug_option
@pass_terminal
def command(terminal: Terminal, json_: bool, target: Target) -> None:
    """Show who is logged in, as the server says."""
    asyncio.run(_whoami(terminal, target, json_=json_))


async def _whoami(terminal: Terminal, target: Target, *, json_: bool) -> None:
    async with open_caller(target) as call:
        answer = await call(myself(target.schema))
        show_user(terminal, answer, json_=json_)
        if call.user_id not in (None, answer[0].id):
            terminal.note(
                f"warning: {target.session} says that user {call.user_id} is logged in; make it again with "
                "`mtproto session convert`, and --ask"
            )


def myself(schema: Schema) -> TLFunction[Any]:
    """Return the call that asks for the user who is logged in."""
    request: TLFunction[Any] = schema.functions.users.GetUsers(id=[schema.types.InputUserSelf()])
    return request


def show_user(terminal: Terminal, answer: Any, *, json_: bool, **more: Any) -> None:
    """Write the user whom the answer to `myself` names.

    Args:
        terminal: where to.
        answer: of the server.
        json_: whether as JSON: an object with `user`, and `more`.
        more: what else the object holds.

    Raises:
        CommandFailed: the answer names nobody.

    """
    if len(answer) != 1 or answer[0].NAME != "user":
        raise CommandFailed("the server does not say who is logged in")
    if json_:
        terminal.write(json.dumps({"user": as_data(answer[0]), **more}, indent=1))
    else:
        terminal.write(user_line(answer[0]))


def user_line(user: Any) -> str:
    """Return a user in one line: name, user name, id, kind."""
    names = (getattr(user, "first_name", None), getattr(user, "last_name", None))
    name = " ".join(part for part in names if part) or "(no name)"
    username = getattr(user, "username", None)
    at = f" (@{username})" if username else ""
    return printable(f"{name}{at}, {'bot' if user.bot else 'user'} {user.id}")
