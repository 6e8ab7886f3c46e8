"""Payloads one by one, for carriers that keep them apart: HTTP (core.telegram.org/mtproto/transports#http).

    packet  payload          nothing before it, nothing behind
    error   code (4 bytes)   little-endian, negative; over HTTP it travels as the status 404 instead of -404

There is no stream: what is handed to `receive` is one packet, or nothing. Quick acknowledgements don't exist.
"""

from __future__ import annotations

from typing import ClassVar

from mtproto.transport.framing import Framing

__all__ = ["Packets"]


class Packets(Framing):
    """Either end of a connection whose carrier moves packets."""

    name: ClassVar[str] = "packets"
    quick_acks = False
    packets = True

    def pieces(self, payload: bytes, marked: bool) -> tuple[bytes, ...]:
        """Return the bytes as they are; `marked` has no place here."""
        return (payload,)

    def _measure(self) -> tuple[int, int, bool] | None:
        size = len(self._buffer)
        return (0, size, False) if size else None
