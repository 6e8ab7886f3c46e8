"""Where a server's link lets somebody spoil what it sends: a seam for tests of clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LinkFaults"]


class LinkFaults(Protocol):
    """Changes what links send; shared with its owner, who may arm more at any time."""

    def outgoing(self, payload: bytes) -> Sequence[bytes]:
        """Return what to send in place of a sealed packet: itself, nothing, others.

        Args:
            payload: a sealed packet, before the framing.

        """
