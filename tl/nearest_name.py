"""A suggestion for errors about unknown names: the known name that is most like the unknown one."""

from __future__ import annotations

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LONGEST", "nearest"]

LONGEST = 100
"""Characters of a name; a longer name is not compared with the thousands that a schema has."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean '…'?` with the known name that is most like `name`; an empty text if none is like it."""
    from difflib import get_close_matches

    if len(name) > LONGEST:
        return ""
    by_folded = {other.casefold(): other for other in known}
    found = get_close_matches(name.casefold(), by_folded, n=1)
    return f"; did you mean {by_folded[found[0]]!r}?" if found else ""
