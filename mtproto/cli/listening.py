"""The options of every command that listens: where, and what clients are told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["age", "host_options", "in_folder"]


def _host(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty; all addresses of this machine are 0.0.0.0, or :: with IPv6")
    return value


_OPTIONS = (
    click.option("--host", default="127.0.0.1", show_default=True, callback=_host, help="Address to listen on."),
    click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port; 0 for a free one."),
    click.option(
        "--max-connections",
        type=click.IntRange(min=1),
        default=4096,
        show_default=True,
        help="Connections at a time; more are closed as they come.",
    ),
    click.option("--public-host", callback=_host, help="Address that clients are told, where it is another."),
)


def host_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options `--host`, `--port`, `--max-connections` and `--public-host`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def age(_context: click.Context, _parameter: click.Parameter, value: str) -> float | None:
    """Return a number of seconds, or None for `never`; a callback of an option."""
    try:
        seconds = None if value == "never" else float(value)
    except ValueError:
        seconds = -1.0
    if seconds is not None and not 0 < seconds < float("inf"):
        raise click.BadParameter(f"{value!r} is neither a number of seconds above 0 nor `never`")
    return seconds


def in_folder(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    """Refuse a file whose folder is not there; a callback of an option."""
    if value is not None and not value.parent.is_dir():
        raise click.BadParameter(f"there is no folder {value.parent}")
    return value
