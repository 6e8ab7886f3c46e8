"""`mtproto authorizations`: where a user is logged in; and the end of the other logins."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from mtproto.cli.options import connection_options
from mtproto.cli.render import as_data, plain_table
from mtproto.cli.session import open_blocking_account, session_of
from mtproto.cli.terminal import Terminal, debug_option, pass_terminal, printable
from mtproto.flows import end_authorization, end_other_authorizations, list_authorizations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from mtproto.cli.options import Target

__all__ = ["command"]

_LONG = 1 << 63


def _hash(value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        number = _LONG
    if not -_LONG <= number < _LONG:
        raise click.BadParameter(f"{value!r} is no number as the list shows it")
    return number


@click.command("authorizations", short_help="List where a user is logged in, and end other logins.")
@click.option("--end", type=_hash, metavar="HASH", help="End one login; the list shows its hash.")
@click.option("--end-others", is_flag=True, help="End all logins but this one.")
@click.option("--json", "json_", is_flag=True, help="Print JSON, and nothing else on stdout.")
@connection_options
@debug_option
@pass_terminal
def command(terminal: Terminal, end: int | None, end_others: bool, json_: bool, target: Target) -> None:
    """List the programs in which the user of --session is logged in, this one first; or end the others.

    Telegram lets a new login end no others in its first 24 hours.
    """
    if end is not None and end_others:
        raise click.UsageError("--end and --end-others exclude one another")
    if end == 0:
        raise click.UsageError("0 is this login: `mtproto logout` ends it")
    session_of(target, "authorizations")
    with open_blocking_account(target) as opened:
        account = opened.account
        if end is not None:
            account.run(end_authorization(account.schema, end))
            _say(terminal, {"ended": str(end)}, f"login {end} is ended", json_=json_)
        elif end_others:
            account.run(end_other_authorizations(account.schema))
            _say(terminal, {"ended": "others"}, "all logins but this one are ended", json_=json_)
        else:
            _show(terminal, account.run(list_authorizations(account.schema)), json_=json_)


def _say(terminal: Terminal, data: dict[str, Any], words: str, *, json_: bool) -> None:
    terminal.write(json.dumps(data, indent=1) if json_ else words)


def _show(terminal: Terminal, found: Sequence[Any], *, json_: bool) -> None:
    listed = sorted(found, key=lambda each: not each.current)
    if json_:
        terminal.write(json.dumps({"authorizations": [as_data(each) for each in listed]}, indent=1))
    else:
        terminal.out.print(_table(listed))


def _table(listed: Sequence[Any]) -> Table:
    table = plain_table("hash", "app", "device", "from", "active (UTC)", right=frozenset({"hash"}))
    for each in listed:
        active = f"{datetime.fromtimestamp(each.date_active, UTC):%Y-%m-%d %H:%M}"
        app, device = f"{each.app_name} {each.app_version}", f"{each.device_model}, {each.system_version}"
        place = f"{each.ip} {each.country}"
        number = "this one" if each.current else str(each.hash)
        table.add_row(number, *(printable(text).strip() for text in (app, device, place)), active)
    return table
