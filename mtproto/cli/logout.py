"""`mtproto logout`: the end of a login."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from mtproto.cli.errors import NotLoggedIn, login_hint
from mtproto.cli.options import connection_options
from mtproto.cli.session import open_blocking_account, session_of
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal

if TYPE_CHECKING:
    from mtproto.cli.options import Target

__all__ = ["command"]


@click.command("logout", short_help="End the login of a session file.")
@click.option("--json", "json_", is_flag=True, help="Print JSON, and nothing else on stdout.")
@connection_options
@debug_option
@pass_terminal
def command(terminal: Terminal, json_: bool, target: Target) -> None:
    """Log out at the server, then in the session file. The file stays: `mtproto login` may use it again."""
    session = session_of(target, "logout")
    with open_blocking_account(target) as opened:
        user_id = opened.account.user_id
        if user_id is None:
            raise NotLoggedIn(login_hint(session))
        opened.account.log_out()
        if json_:
            terminal.write(json.dumps({"logged_out": str(user_id), "session": str(session)}, indent=1))
        else:
            terminal.write(f"user {user_id} is logged out; {session} stays, and knows nobody")
