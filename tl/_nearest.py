"""The name that somebody meant, for errors about names that nobody knows."""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it; importing `typing` would cost more than all of `tl`

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["nearest"]

LONGEST = 100
"""Characters of a name that is worth a comparison with thousands of others."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean '…'?` for the known name that is most like `name`, or nothing if none is like it."""
    from difflib import get_close_matches

    if len(name) > LONGEST:
        return ""
    by_folded = {other.casefold(): other for other in known}
    found = get_close_matches(name.casefold(), by_folded, n=1)
    return f"; did you mean {by_folded[found[0]]!r}?" if found else ""
