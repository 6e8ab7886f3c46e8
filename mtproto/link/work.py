"""How much work the bytes of a packet make, before anything is known of what they hold.

Links count the work that their peer makes, so that whoever owns several connections can give each its turn. A unit is
about 10 µs of one core; a count needs no clock, so that the same bytes always cost the same.
"""

from __future__ import annotations

__all__ = ["NEW_SESSION", "packet_work"]

NEW_SESSION = 10
"""Units for a packet of a session that the server does not know."""

_A_PACKET = 3
# Units for its framing, its key and its message key.

_BYTES = 1536
# Bytes that are decrypted and hashed in one unit.


def packet_work(payload: bytes) -> int:
    """Return the units of work that it takes to open a packet of this size."""
    return _A_PACKET + len(payload) // _BYTES
