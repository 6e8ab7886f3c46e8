"""The intermediate framing (core.telegram.org/mtproto/mtproto-transports#intermediate): a length before each payload.

    tag     eeeeeeee
    packet  length (4 bytes, little-endian) | payload

Bit 31 of the length asks for a quick ack; from the server it marks one: the word itself is the token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mtproto.transport.layout import Layout

if TYPE_CHECKING:
    from mtproto.transport.buffer import ReceiveBuffer

__all__ = ["TOP_BIT", "Intermediate", "read_length"]

TOP_BIT = 1 << 31


def read_length(buffer: ReceiveBuffer) -> tuple[int, int, bool] | None:
    """Read the length before a packet: 4 bytes, the size of what follows, the top bit. None while it is incomplete."""
    head = buffer.peek(4)
    if not head:
        return None
    word = int.from_bytes(head, "little")
    return 4, word & ~TOP_BIT, word >= TOP_BIT


class Intermediate(Layout):
    """The packets of either end of an intermediate connection."""

    name: ClassVar[str] = "intermediate"
    tag: ClassVar[bytes] = b"\xee" * 4

    def pieces(self, payload: bytes, marked: bool) -> tuple[bytes, ...]:
        """Return the header, and any bytes, unchecked."""
        return (len(payload) | (TOP_BIT if marked else 0)).to_bytes(4, "little"), payload

    def measure(self, buffer: ReceiveBuffer, client: bool) -> tuple[int, int, bool] | None:
        """Read the length; both ends read it alike."""
        return read_length(buffer)
