"""Warnings of a server that runs in the foreground, on its terminal, since nobody sees them elsewhere."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mtproto.cli.terminal import Terminal

__all__ = ["show_warnings"]


class _OnTerminal(logging.Handler):
    """Writes records to stderr, tracebacks included, without credentials."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.WARNING)
        self._terminal = terminal
        self._errors = logging.Formatter("%(asctime)s %(name)s: %(message)s")
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if record.levelno >= logging.ERROR:
                self._terminal.fail(self._errors.format(record))
            else:
                self._terminal.note(self.format(record))
        except Exception:  # as in every handler: `logging` reports a record that can't be logged
            self.handleError(record)


def show_warnings(terminal: Terminal) -> None:
    """Write the warnings and errors of this package to the terminal until the running command ends."""
    logger, handler = logging.getLogger("mtproto"), _OnTerminal(terminal)
    logger.addHandler(handler)
    click.get_current_context().call_on_close(lambda: logger.removeHandler(handler))
