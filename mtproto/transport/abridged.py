"""The abridged framing (core.telegram.org/mtproto/mtproto-transports#abridged): the shortest headers.

    tag     ef
    packet  n                | payload      n = bytes / 4, below 127
            7f | n (3 bytes) | payload      otherwise

The top bit of the first byte asks for a quick ack; from the server it marks one: the token, big-endian.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from mtproto.transport.layout import Layout

if TYPE_CHECKING:
    from mtproto.transport.buffer import ReceiveBuffer

__all__ = ["Abridged"]

_LONG = 0x7F
_TOP_BIT = 0x80


class Abridged(Layout):
    """The packets of either end of an abridged connection."""

    name: ClassVar[str] = "abridged"
    tag: ClassVar[bytes] = b"\xef"
    capacity: ClassVar[int] = 0xFF_FFFF << 2
    quick_ack_order: ClassVar[Literal["little", "big"]] = "big"

    def pieces(self, payload: bytes, marked: bool) -> tuple[bytes, ...]:
        """Return the header, and any bytes that fill whole words, unchecked."""
        words = len(payload) >> 2
        top = _TOP_BIT if marked else 0
        if words < _LONG:
            return bytes((words | top,)), payload
        return (words << 8 | _LONG | top).to_bytes(4, "little"), payload

    def measure(self, buffer: ReceiveBuffer, client: bool) -> tuple[int, int, bool] | None:
        """Read a header of one byte or four; the first byte of a quick ack is a header of one byte."""
        first = buffer.peek(1)
        if not first:
            return None
        marked, words = first[0] >= _TOP_BIT, first[0] & _LONG
        if words < _LONG or (marked and client):
            return 1, words << 2, marked
        head = buffer.peek(4)
        if not head:
            return None
        return 4, int.from_bytes(head[1:], "little") << 2, marked
