"""The options of `mtproto serve` about faults: `--list-faults` and `--fault`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mtproto.errors import LocalProtocolError
from mtproto.localdc import FAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mtproto.localdc import Faults

__all__ = ["arm_faults", "fault_options"]


def fault_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command both options; the faults that were named reach it as `faults`."""
    named = click.option(
        "--fault",
        "faults",
        metavar="NAME[=ARG,…]",
        multiple=True,
        help="Misbehave once; may be repeated. See --list-faults.",
    )
    listed = click.option(
        "--list-faults",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_list_faults,
        help="List the faults and exit.",
    )
    return named(listed(function))


def arm_faults(faults: Faults, named: Iterable[str]) -> None:
    """Arm faults as the command line names them.

    Raises:
        click.BadParameter: there is no such fault, or its arguments are wrong.

    """
    for text in named:
        name, _, arguments = text.partition("=")
        if name not in FAULTS:
            raise click.BadParameter(f"there is no fault {name!r}; --list-faults lists them", param_hint="--fault")
        try:
            FAULTS[name].arm(faults, arguments)
        except LocalProtocolError as error:
            raise click.BadParameter(str(error), param_hint="--fault") from None


def _list_faults(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    for fault in FAULTS.values():
        click.echo(f"{fault.usage}\n    {fault.description}")
    context.exit()
