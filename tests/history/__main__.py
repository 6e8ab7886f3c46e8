"""Pack the history of layers as package data: `python -m tests.history history.tsv`.

The table has the columns `layers`, `kind` (`type` or `function`) and `declaration`. `tl/history.py` describes the file
that comes out.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

from tl import history

__all__ = ["PACKED", "compressed", "pack"]

LACKING = frozenset({*range(47, 51), 60, 63, 64, 69, 94, 101, 127, 141, 153, 215, 219, 226})
"""Layers from the first to the last that nobody kept: the ranges of the table may span them."""

PACKED = Path(history.__file__).parent / "schemas" / "history.z"

_MEMORY = 9


def pack(table: str) -> str:
    """Return the text that is compressed, from the text of a table."""
    rows = [line.split("\t") for line in table.splitlines()[1:]]
    rows.sort(key=lambda row: row[1] == "function")  # functions behind types, and else in the order of the table
    spanned = {number for where, _, _ in rows for number in history.numbers(where)}
    first = [_spans(sorted(spanned - LACKING)), str(sum(kind == "type" for _, kind, _ in rows))]
    return "\n".join([*first, *(where for where, _, _ in rows), *_short([declaration for _, _, declaration in rows])])


def _short(declarations: list[str]) -> list[str]:
    """Return declarations without their ids; an id that is not the CRC32 of what is left stays."""
    heads = [declaration.partition(" ") for declaration in declarations]
    names = [head.partition("#") for head, _, _ in heads]
    short = [f"{name} {rest}" for (name, _, _), (_, _, rest) in zip(names, heads, strict=True)]
    return [
        without if made == int(key, 16) else whole
        for whole, without, made, (_, _, key) in zip(declarations, short, history.ids_of(short), names, strict=True)
    ]


def _spans(numbers: list[int]) -> str:
    """Return the shortest spelling of some numbers: `46,51-59`."""
    starts = [number for number in numbers if number - 1 not in numbers]
    ends = [number for number in numbers if number + 1 not in numbers]
    return ",".join([str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True)])


def compressed(text: str) -> bytes:
    """Return the smallest form that zlib makes of a text."""
    made = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS, _MEMORY)
    return made.compress(text.encode()) + made.flush()


def main() -> None:
    """Write the packed file."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.history history.tsv")
    data = compressed(pack(Path(sys.argv[1]).read_text("utf-8")))
    PACKED.write_bytes(data)
    sys.stdout.write(f"{PACKED}: {len(data)} bytes\n")


if __name__ == "__main__":
    main()
