"""A bar that fills while bytes arrive."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(console: Console, label: str, total: int, *, is_shown: bool = True) -> Iterator[Callable[[int], None]]:
    """Show how many of `total` bytes are there; on a stream that is no terminal, once, at the end.

    Nothing is shown where `is_shown` is False.

    Returns:
        a function to call with the number of bytes that came, each time.

    """
    columns = (TextColumn("{task.description}"), BarColumn(40), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, disable=not is_shown) as progress:
        task = progress.add_task(label, total=total)
        yield lambda count: progress.advance(task, count)
