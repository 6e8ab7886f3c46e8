"""The updates inside what a server sends unasked (core.telegram.org/type/Updates)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tl import TLObject

__all__ = ["each_update"]

_MANY = frozenset({"updates", "updatesCombined"})


def each_update(received: TLObject) -> tuple[Any, ...]:
    """Return what a `NextUpdate` step looks at: the updates inside an object of the type `Updates`, in order.

    An object that carries no list and no update (`updateShortMessage`, `updatesTooLong`) is returned as it is.
    """
    holder: Any = received
    if received.NAME in _MANY:
        return tuple(holder.updates)
    return (holder.update,) if received.NAME == "updateShort" else (holder,)
