"""What the commands that transfer files have in common: their options, what they show, and what they say at the end."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from rich.text import Text

from mtproto.cli.connection import Watch
from mtproto.cli.progress import progress_bar
from mtproto.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mtproto.cli.terminal import Terminal

__all__ = ["QUIET", "WAIT", "TransferView"]

QUIET = click.option("--quiet", is_flag=True, help="Show no progress.")
WAIT = click.option(
    "--wait",
    type=click.FloatRange(0, 86_400),
    default=60.0,
    show_default=True,
    help="Seconds that a transfer waits at most where the server asks for patience; beyond, the command ends.",
)


@dataclass(frozen=True, slots=True)
class TransferView:
    """How a command tells its user of a transfer.

    Attributes:
        terminal: where.
        quiet: whether nothing is told.
        wait: seconds that a flood may ask for.

    """

    terminal: Terminal
    quiet: bool
    wait: float

    @contextmanager
    def watching(self, label: str, total: int | None) -> Iterator[Watch]:
        """Show a transfer while the block runs.

        Args:
            label: what is transferred.
            total: bytes in all; None where nobody knows.

        """
        with progress_bar(self.terminal.err, label, total, is_shown=not self.quiet) as advance:
            yield Watch(advance, self.tell, self.wait)

    def tell(self, notice: object) -> None:
        """Tell of a flood that is waited for, or of a part that stalls."""
        if not self.quiet:
            self.terminal.err.print(Text(printable(str(notice))), soft_wrap=True)
