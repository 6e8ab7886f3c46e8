"""The full framing (core.telegram.org/mtproto/mtproto-transports#full): numbered packets with a checksum.

    tag     none: the server knows it by the sequence number 0 of the first packet
    packet  length (4 bytes, counts all) | sequence number (4) | payload | CRC32 of all before (4), little-endian

Quick acknowledgements are not documented for it; here it has none.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, ClassVar

from mtproto.errors import RemoteProtocolError
from mtproto.transport.layout import Layout, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.transport.buffer import ReceiveBuffer

__all__ = ["Full"]

_OVERHEAD = 12
_HEADER = 8
_WORD = 0xFFFF_FFFF


class Full(Layout):
    """The packets of either end of a full connection. It counts the packets of each direction."""

    name: ClassVar[str] = "full"
    quick_acks: ClassVar[bool] = False

    def __init__(self, role: Role, random: Callable[[int], bytes]) -> None:
        super().__init__(role, random)
        self._sent = 0
        self._received = 0

    @classmethod
    def begins(cls, head: bytes) -> int | None:
        """Return 0 if the second word, the sequence number of the first packet, is 0: the first packet says it all."""
        return 0 if len(head) >= _HEADER and head[4:_HEADER] == bytes(4) else None

    def pieces(self, payload: bytes, marked: bool) -> tuple[bytes, ...]:
        """Return the next sequence number, any bytes and the checksum; `marked` has no place here."""
        header = (len(payload) + _OVERHEAD).to_bytes(4, "little") + self._sent.to_bytes(4, "little")
        self._sent = self._sent + 1 & _WORD
        checksum = zlib.crc32(payload, zlib.crc32(header))
        return header, payload, checksum.to_bytes(4, "little")

    def measure(self, buffer: ReceiveBuffer, client: bool) -> tuple[int, int, bool] | None:
        """Read length and sequence number; the number is that of the next packet."""
        head = buffer.peek(_HEADER)
        if not head:
            return None
        size = int.from_bytes(head[:4], "little") - _OVERHEAD
        if size < 0:
            raise RemoteProtocolError("frame", f"a length of {size + _OVERHEAD} does not even count itself")
        sequence = int.from_bytes(head[4:], "little")
        if sequence != self._received:
            raise RemoteProtocolError("frame", f"sequence number {sequence} in place of {self._received}")
        return _HEADER, size, False

    def take(self, buffer: ReceiveBuffer, header: int, size: int) -> bytes | None:
        """Take the next packet off the buffer, check its checksum, and return its payload."""
        if len(buffer) < size + _OVERHEAD:
            buffer.expect(header, size)
            return None
        head = buffer.peek(header)
        payload = buffer.take(header, size) or b""
        checksum = buffer.take(0, 4) or b""
        if zlib.crc32(payload, zlib.crc32(head)) != int.from_bytes(checksum, "little"):
            raise RemoteProtocolError("frame", "wrong checksum")
        self._received = self._received + 1 & _WORD
        return payload
