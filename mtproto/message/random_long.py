"""Numbers drawn at random, as large as a long of TL: ids of sessions, pings and notices, salts, nonces of bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["random_long"]


def random_long(random: Callable[[int], bytes]) -> int:
    """Return a random number of 64 bits, signed, of the next eight bytes of `random`."""
    return int.from_bytes(random(8), "little", signed=True)
