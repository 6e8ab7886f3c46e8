"""The padded intermediate framing (core.telegram.org/mtproto/mtproto-transports#padded-intermediate).

    tag     dddddddd
    packet  length (4 bytes, little-endian, padding included) | payload | 0 to 15 random bytes, 0 to 3 from our server

The framing does not say where the payload ends. The payload does: a plain message names its length, an encrypted one
has 24 bytes and whole AES blocks. A quick ack is a packet of its own: ffffffff | token | 0 to 8 random bytes. The
client's end also takes the bare word of the intermediate framing, as clients in the field do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from mtproto.errors import LocalProtocolError, RemoteProtocolError, TransportError
from mtproto.transport.events import Event, QuickAck
from mtproto.transport.intermediate import TOP_BIT, read_length
from mtproto.transport.layout import SMALLEST_PAYLOAD, Layout, Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.transport.buffer import ReceiveBuffer

__all__ = ["PaddedIntermediate"]

_LONGEST_PADDING = 15
_LONGEST_SERVER_PADDING = 3
"""Some clients in the field cut off no more than this: the bytes behind the last whole word."""

_LONGEST_CONTROL = 15
_QUICK_ACK = -1
_PLAIN_KEY_ID = bytes(8)
_PLAIN_HEADER = 20
_ENCRYPTED_HEADER = 24
_BLOCK = 16


class PaddedIntermediate(Layout):
    """The packets of either end of a padded intermediate connection."""

    name: ClassVar[str] = "padded"
    tag: ClassVar[bytes] = b"\xdd" * 4

    def __init__(self, role: Role, random: Callable[[int], bytes]) -> None:
        super().__init__(role, random)
        self._longest_padding = _LONGEST_PADDING if role is Role.CLIENT else _LONGEST_SERVER_PADDING
        self._random = random

    def pieces(self, payload: bytes, marked: bool) -> tuple[bytes, ...]:
        """Return the header, the payload or a bare error code, and random bytes.

        Raises:
            LocalProtocolError: the payload's form does not tell the receiver where it ends.

        """
        if len(payload) < SMALLEST_PAYLOAD:
            return self._pad(payload, min(_LONGEST_CONTROL - len(payload), self._longest_padding), marked)
        if _exact_size(payload[:_PLAIN_HEADER], len(payload)) != len(payload):
            raise LocalProtocolError("neither an encrypted packet of whole blocks nor a plain message of exact length")
        return self._pad(payload, self._longest_padding, marked)

    def quick_ack(self, token: int) -> bytes:
        """Return the bytes of a quick acknowledgement: a packet of 8 to 16 bytes."""
        return b"".join(self._pad(b"\xff" * 4 + super().quick_ack(token), 8, marked=False))

    def _pad(self, data: bytes, longest: int, marked: bool) -> tuple[bytes, ...]:
        size = self._random(1)[0] % (longest + 1)
        word = len(data) + size | (TOP_BIT if marked else 0)
        return word.to_bytes(4, "little"), data, self._random(size)

    def measure(self, buffer: ReceiveBuffer, client: bool) -> tuple[int, int, bool] | None:
        """Read the length, which counts the padding; both ends read it alike."""
        return read_length(buffer)

    def check_size(self, size: int, largest: int, client: bool) -> None:
        """Refuse a packet by its header; the header counts the padding."""
        smallest = 4 if client else SMALLEST_PAYLOAD
        largest += _LONGEST_PADDING
        if not smallest <= size <= largest:
            raise RemoteProtocolError("frame", f"{size} bytes announced, accepted are {smallest} to {largest}")

    def take(self, buffer: ReceiveBuffer, header: int, size: int) -> bytes | None:
        """Take the next packet off the buffer and return its payload without the padding."""
        if size < SMALLEST_PAYLOAD:
            return buffer.take(header, size)
        head = buffer.peek(header + _PLAIN_HEADER)
        if not head:
            return None
        exact = _exact_size(head[header:], size)
        if len(buffer) < header + size:
            buffer.expect(header, min(exact, size))
            return None
        if not SMALLEST_PAYLOAD <= exact <= size or exact % 4:
            raise RemoteProtocolError("frame", f"a plain message of {exact} bytes in a packet of {size}")
        payload = buffer.take(header, exact)
        buffer.take(size - exact, 0)
        return payload

    def control(self, data: bytes) -> Event | None:
        """Read an error code or a quick ack, either with padding behind it."""
        code = int.from_bytes(data[:4], "little", signed=True)
        if code == _QUICK_ACK and len(data) >= 8:
            return QuickAck(int.from_bytes(data[4:8], "little"))
        if code < 0:
            return TransportError(code)
        return super().control(data[:4])


def _exact_size(head: bytes, size: int) -> int:
    """Return where a payload ends that begins with `head` (20 bytes) and has `size` bytes with its padding."""
    if head[:8] == _PLAIN_KEY_ID:
        return _PLAIN_HEADER + int.from_bytes(head[16:20], "little", signed=True)
    return size - (size - _ENCRYPTED_HEADER) % _BLOCK
