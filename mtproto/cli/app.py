"""The program itself: its commands by name, and how their errors are shown."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from mtproto import __version__
from mtproto.cli.errors import EXPECTED, explain
from mtproto.cli.exits import Exit, exit_of, exit_table
from mtproto.cli.terminal import Terminal, debug_option
from tl import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["commands", "run"]

# Errors reach the user as one line. Without this, warnings about them would be written as well.
logging.getLogger("mtproto").addHandler(logging.NullHandler())

# Each name is a module, loaded when somebody runs its `command`.
_NAMES = (
    *("authorizations", "call", "decode", "demo", "download", "login", "logout", "photos"),
    *("probe", "proxy", "selftest", "serve", "session", "tl", "upload", "whoami"),
)
_MODULES = {"session": "sessions"}
"""Commands whose module has another name."""


class Commands(click.Group):
    """Commands that are loaded by name; an error of a command becomes one line, and a status of `Exit`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order in which `--help` shows them."""
        return list(_NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None if no command has that name."""
        if cmd_name not in _NAMES:
            return None
        command = import_module(f"mtproto.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with; if there is none, the error names the nearest one."""
        if args and not args[0].startswith("-") and args[0] not in _NAMES:
            raise click.UsageError(f"No such command {args[0]!r}{nearest(args[0], _NAMES)}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        terminal = ctx.ensure_object(Terminal)
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            text = error.format_message()
            if (hidden := terminal.secrets.hide(text)) == text:
                raise
            raise click.UsageError(hidden, ctx=error.ctx) from None
        except (KeyboardInterrupt, EOFError, click.Abort):
            terminal.note("cancelled")
            raise click.exceptions.Exit(Exit.CANCELLED) from None
        except (BrokenPipeError, click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:  # also mistakes of our own: a trace printed by the interpreter would hide nothing
            if terminal.debug or not isinstance(error, EXPECTED):
                terminal.trace(error)
            terminal.fail("\n".join([explain(error), *getattr(error, "__notes__", ())]))
            raise click.exceptions.Exit(exit_of(error)) from error


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"\b\nExit status:\n{exit_table()}",
)
@click.version_option(__version__, prog_name="mtproto")
@debug_option
def commands() -> None:
    """MTProto, Telegram's protocol: raw calls, and a data centre to call."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        commands.main(args=None if arguments is None else list(arguments), prog_name="mtproto")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0
