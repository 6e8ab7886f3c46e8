"""Where a command writes: answers to stdout, everything else to stderr, credentials nowhere."""

from __future__ import annotations

import re
import sys
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Secrets", "Terminal", "debug_option", "pass_terminal", "printable"]

_PIPE_WIDTH = 160  # so wide that no column is cut

_BOT_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{30,}")
_HIDDEN = "[hidden]"


def printable(text: str) -> str:
    """Return `text` with everything escaped that a terminal might obey: the peer chooses names and error texts."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class Secrets:
    """The credentials of this run, so that no text leaves with one of them inside."""

    def __init__(self) -> None:
        self._values: list[str] = []

    def add(self, value: str | None) -> None:
        """Note a credential; None and empty strings are none."""
        if value:
            self._values.append(value)

    def hide(self, text: str) -> str:
        """Return `text` without the credentials of this run and without anything that looks like a bot's token."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, _HIDDEN)
        return _BOT_TOKEN.sub(_HIDDEN, text)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else _PIPE_WIDTH, highlight=False)


@dataclass(slots=True)
class Terminal:
    """The two streams of a run, and the secrets that it must not show.

    Attributes:
        out: the stream of answers; with `--json` nothing else is written to it.
        err: the stream of progress and errors.
        debug: whether errors come with their traceback.
        secrets: the credentials that no text may show.

    """

    out: Console = field(default_factory=lambda: _console(stderr=False))
    err: Console = field(default_factory=lambda: _console(stderr=True))
    debug: bool = False
    secrets: Secrets = field(default_factory=Secrets)

    def show_tracebacks(self) -> None:
        """Let errors come with their traceback from now on."""
        self.debug = True

    def write(self, text: str) -> None:
        """Write lines to stdout exactly as they are, for other programs to read, and flush them."""
        click.echo(text)

    def fail(self, text: str) -> None:
        """Write an error to stderr."""
        lines = [printable(line) for line in self.secrets.hide(text).splitlines()]
        self.err.print(Text("error: ", style="bold red") + Text("\n".join(lines)), soft_wrap=True)

    def note(self, text: str) -> None:
        """Write lines to stderr, without credentials."""
        lines = [printable(line) for line in self.secrets.hide(text).splitlines()]
        self.err.print(Text("\n".join(lines)), soft_wrap=True)

    def trace(self, error: BaseException) -> None:
        """Write an error's traceback to stderr, without credentials."""
        self.err.print(Text(self.secrets.hide("".join(traceback.format_exception(error)))), soft_wrap=True)


pass_terminal = click.make_pass_decorator(Terminal)


def _set_debug(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Terminal).show_tracebacks()


def debug_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--debug`."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, callback=_set_debug, help="Show the traceback of an error."
    )(function)
