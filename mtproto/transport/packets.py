"""Payloads one by one, for carriers that keep them apart: HTTP (core.telegram.org/mtproto/transports#http).

    packet  payload          nothing before it, nothing behind
    error   code (4 bytes)   little-endian, negative; over HTTP it travels as the status 404 instead of -404

There is no stream: each call of `receive` gets one packet, or nothing. There are no quick acknowledgements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mtproto.transport.layout import Layout

if TYPE_CHECKING:
    from mtproto.transport.buffer import ReceiveBuffer

__all__ = ["Packets"]


class Packets(Layout):
    """The packets of either end of a connection whose carrier moves packets."""

    name: ClassVar[str] = "packets"
    quick_acks: ClassVar[bool] = False
    packets: ClassVar[bool] = True

    def pieces(self, payload: bytes, marked: bool) -> tuple[bytes, ...]:
        """Return the bytes as they are; `marked` has no place here."""
        return (payload,)

    def measure(self, buffer: ReceiveBuffer, client: bool) -> tuple[int, int, bool] | None:
        """Take all that came in for one packet."""
        size = len(buffer)
        return (0, size, False) if size else None
