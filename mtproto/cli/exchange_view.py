"""The key exchange for readers: each message with its fields. A `Step` holds nothing secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from mtproto.cli.dump import hex_text
from mtproto.cli.render import plain_table

if TYPE_CHECKING:
    from mtproto.exchange import Step
    from tl import TLObject

__all__ = ["step_table"]

_SHORT = 8  # big-endian numbers up to this size are shown as numbers too: pq and its factors


def step_table(step: Step) -> Table:
    """Return one message: its sender, its size, its fields, and its encrypted part if that is public."""
    arrow, verb, colour = ("-->", "sent", "cyan") if step.sent else ("<--", "received", "green")
    table = plain_table("", "")
    table.show_header = False
    table.title = Text(f"{arrow} {step.message.NAME}, {step.size} bytes {verb}", style=f"bold {colour}")
    table.title_justify = "left"
    _add_fields(table, step.message, "  ")
    if step.inner is not None:
        table.add_row(Text(f"  inside: {step.inner.NAME}", style="italic"), "")
        _add_fields(table, step.inner, "    ")
    return table


def _add_fields(table: Table, message: TLObject, indent: str) -> None:
    for name, value in message.to_dict().items():
        if name != "_":
            table.add_row(Text(indent + name), Text(_value_text(value)))


def _value_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_value_text(item) for item in value)
    if isinstance(value, bytes):
        number = f"  = {int.from_bytes(value, 'big')}" if 0 < len(value) <= _SHORT else ""
        return hex_text(value) + number
    if isinstance(value, int) and value.bit_length() > 32:
        return f"{value & (1 << 64) - 1:016x}"
    return str(value)
