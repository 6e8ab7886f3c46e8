"""Bytes explained: one row for each value, with its place, its bytes, its name and what it means."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from rich.text import Text

from mtproto.cli.render import plain_table
from mtproto.cli.terminal import printable

if TYPE_CHECKING:
    from rich.table import Table

    from tl import Node

__all__ = ["annotated_hex", "hex_text", "tree_table", "value_text"]

_SHOWN = 32
"""Bytes of one value that are shown; nobody reads more of a ciphertext."""

_MOST_ROWS = 10_000
"""Values of one tree that are shown; a table takes a thousand times the memory of the bytes."""

_GROUP = 4

_PLACES = frozenset({"offset", "length"})


def hex_text(data: bytes, shown: int = _SHOWN) -> str:
    """Return bytes as words of hex digits, cut after `shown` bytes, and then with their number."""
    text = data[:shown].hex(" ", -_GROUP)
    return text if len(data) <= shown else f"{text} ... ({len(data)} bytes)"


def value_text(node: Node) -> str:
    """Return what a value is: a number, a text, bytes in hex, a constructor, the length of a vector; "?" if unread."""
    value: Any = node.value
    if value is None:
        return "?"
    if node.declared == "#":
        bits = [str(bit) for bit in range(value.bit_length()) if value >> bit & 1]
        return f"bits {', '.join(bits)}" if bits else "no bits"
    if isinstance(value, bytes):
        return hex_text(value) or "empty"
    if node.declared == "string":
        return f'"{printable(str(value))}"'
    if node.declared.lower().startswith("vector"):
        return f"count {value}"
    return str(value)


def tree_table(root: Node, base: int = 0) -> Table:
    """Return the tree of a value as rows of offset, length, path, type and value.

    Args:
        root: the tree.
        base: what to add to each offset.

    """
    table = plain_table("offset", "length", "path", "type", "value", right=_PLACES)
    nodes = root.walk()
    for node in islice(nodes, _MOST_ROWS):
        table.add_row(
            str(base + node.offset),
            str(node.length),
            Text(node.path or node.declared),
            Text(node.declared),
            Text(value_text(node)),
        )
    if more := sum(1 for _ in nodes):
        table.add_row("", "", Text(f"... and {more} more values"), "", "")
    return table


def annotated_hex(root: Node, data: bytes) -> Table:
    """Return every byte of a value once, in order, each row with the field that the bytes belong to.

    Args:
        root: the tree of the value.
        data: the bytes that it was made from.

    """
    table = plain_table("offset", "bytes", "name", "type", "value", right=frozenset({"offset"}))
    for node in root.walk():
        # What an object or a vector has to itself: its id, its count. Its parts have rows of their own.
        end = node.children[0].offset if node.children else node.offset + node.length
        table.add_row(
            str(node.offset),
            Text(hex_text(data[node.offset : end])),
            Text(node.path.removeprefix(root.path).removeprefix(".") or node.path),
            Text(node.declared),
            Text(value_text(node)),
        )
    return table
