"""How far a transfer of files is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.text import Text

from mtproto.cli.render import bytes_text, rough_time
from mtproto.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

__all__ = ["progress_bar"]

LINE_EVERY = 10.0
"""Seconds between two lines on a stream that is no terminal, but for the last line."""


@contextmanager
def progress_bar(
    console: Console,
    label: str,
    total: int | None,
    *,
    is_shown: bool = True,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Callable[[int], None]]:
    """Show how many of `total` bytes are there, how many come a second, and how long the rest takes.

    A terminal shows a bar. On other streams there is a line every `LINE_EVERY` seconds, and one at the end.

    Args:
        console: where to show it.
        label: what is transferred.
        total: bytes in all; None where nobody knows.
        is_shown: False: nothing is shown.
        clock: tells seconds.

    Returns:
        a function to call with the number of bytes that came, each time. The bytes of the first call count for no rate:
        they may have been there before.

    """
    if not is_shown:
        yield _ignore
    elif console.is_terminal:
        columns = (TextColumn("{task.description}", markup=False), BarColumn(40), DownloadColumn())
        with Progress(*columns, TransferSpeedColumn(), TimeRemainingColumn(), console=console) as progress:
            task = progress.add_task(printable(label), total=total)
            yield lambda count: progress.advance(task, count)
    else:
        lines = _Lines(console, label, total, clock)
        try:
            yield lines.advance
        finally:
            lines.end()


def _ignore(_: int) -> None:
    """Show nothing."""


class _Lines:
    """The lines of one transfer."""

    def __init__(self, console: Console, label: str, total: int | None, clock: Callable[[], float]) -> None:
        self._console = console
        self._label = label
        self._total = total
        self._clock = clock
        self._done = 0
        self._there: int | None = None
        self._began_at = self._shown_at = clock()  # the first bytes begin anew

    def advance(self, count: int) -> None:
        """Count bytes that came; show a line if it is time."""
        self._done += count
        if self._there is None:
            self._there, self._began_at = count, self._clock()
        if self._clock() - self._shown_at >= LINE_EVERY:
            self._show()

    def end(self) -> None:
        """Show the last line, of a transfer of which anything came."""
        if self._there is not None:
            self._show()

    def _show(self) -> None:
        now = self._shown_at = self._clock()
        seconds, came = now - self._began_at, self._done - (self._there or 0)
        of = "" if self._total is None else f" of {bytes_text(self._total)}"
        words = [f"{bytes_text(self._done)}{of}"]
        if seconds > 0 and came > 0:
            rate = came / seconds
            words.append(f"{bytes_text(round(rate))}/s")
            if self._total is not None and self._total > self._done:
                words.append(f"{rough_time((self._total - self._done) / rate)} left")
        self._console.print(Text(printable(f"{self._label}: {', '.join(words)}")), soft_wrap=True)
