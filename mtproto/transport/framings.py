"""Every framing of this library. A new framing is its own file and one line in `FRAMINGS`; the rest follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.transport.abridged import Abridged
from mtproto.transport.full import Full
from mtproto.transport.intermediate import Intermediate
from mtproto.transport.packets import Packets
from mtproto.transport.padded import PaddedIntermediate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtproto.transport.layout import Layout

__all__ = ["FRAMINGS", "OBFUSCATED", "STREAMS", "TAGGED", "TRANSPORTS"]

FRAMINGS: tuple[type[Layout], ...] = (Abridged, Intermediate, PaddedIntermediate, Full, Packets)
"""All framings. A server asks them in this order whether a connection begins as theirs do."""

STREAMS: tuple[type[Layout], ...] = tuple(layout for layout in FRAMINGS if not layout.packets)
"""The framings of a byte stream."""

TAGGED: Mapping[bytes, type[Layout]] = {layout.tag * (4 // len(layout.tag)): layout for layout in STREAMS if layout.tag}
"""The framings that can be obfuscated, by the four bytes that name each of them in the header."""

OBFUSCATED = "obfuscated-"
"""What stands before the name of a framing that is obfuscated."""

TRANSPORTS: Mapping[str, type[Layout]] = {
    **{layout.name: layout for layout in STREAMS},
    **{OBFUSCATED + layout.name: layout for layout in TAGGED.values()},
}
"""Every name of a stream that `client_transport` takes, and the framing behind it."""
