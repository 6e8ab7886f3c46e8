"""One connection between two links, which carries whole packets: they may be held back, repeated and overtaken.

A framing over TCP has no other order than its own, so what travels here are frames of the intermediate framing, one
packet in each, cut out of what a link has to send.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtproto.link import ServerLink
    from mtproto.message.key_state import KeyState

__all__ = ["History", "Wire"]

TAG = b"\xee\xee\xee\xee"
REPLAYED = 60
QUICK_ACK = 1 << 31
"""The bit that marks a frame whose sender wants a quick acknowledgement, and a token that is one."""


class Wire:
    """A connection: the server's link at its end, and the frames that are on their way.

    Attributes:
        link: the server's end.
        up: frames on their way to the server.
        down: frames on their way to the client.
        open_above: whether the server still has this connection.

    """

    def __init__(self, link: ServerLink) -> None:
        self.link = link
        self.up: list[bytes] = []
        self.down: list[bytes] = []
        self.open_above = True
        self._opened = False

    def put_up(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """Take what the client's link sends at once.

        Returns:
            what the server gets before all frames, if anything, and the new frames.

        """
        head = b""
        if not self._opened:
            head, data = data[: len(TAG)], data[len(TAG) :]
            self._opened = True
        frames = []
        while data:
            size = 4 + (int.from_bytes(data[:4], "little") & ~QUICK_ACK)
            frames.append(data[:size])
            data = data[size:]
        self.up += frames
        return head, frames

    def put_down(self, data: bytes) -> list[bytes]:
        """Take what the server's link sends at once; return the new frames."""
        frames = []
        while data:
            word = int.from_bytes(data[:4], "little")
            size = 4 if word & QUICK_ACK else 4 + word
            frames.append(data[:size])
            data = data[size:]
        self.down += frames
        return frames


class History:
    """Frames of the past that may come again, or late: on another connection than the one that they were lost with."""

    def __init__(self) -> None:
        self.frames: deque[bytes] = deque(maxlen=REPLAYED)

    def of(self, state: KeyState | None) -> list[bytes]:
        """Return those of one key; others are noise that closes connections."""
        key_id = None if state is None else state.auth_key.id_bytes
        return [frame for frame in self.frames if frame[4:12] == key_id]
