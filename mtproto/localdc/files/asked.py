"""Which parts of files were asked for, and how many of these calls shared a container: for tests of downloads."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass

__all__ = ["PARTS_NOTED", "AskedPart", "FilesAsked"]

PARTS_NOTED = 65_536
"""Parts that are remembered; one more, and the oldest is forgotten."""

PACKETS_NOTED = 256
"""Packets of which is known how many parts they asked for; one more, and the oldest is forgotten."""


@dataclass(frozen=True, slots=True)
class AskedPart:
    """One part of a file that was asked for, and sent.

    Attributes:
        file_id: of the photo or the document.
        type: the letter of the photo's size; empty for a document.
        offset: where the part begins.
        limit: how many bytes were asked for.
        size: how many were sent.
        method: `upload.getFile` or `upload.getCdnFile`.
        dc_id: at which DC.
        session_id: the session that asked.

    """

    file_id: int
    type: str
    offset: int
    limit: int
    size: int
    method: str
    dc_id: int
    session_id: int


class FilesAsked:
    """The count of one network. It is written in the thread of the DCs, and may be read in any.

    Attributes:
        most_together: the most calls of `upload.getFile` and `upload.getCdnFile` that came in one packet, refused
            ones too; 1 where none ever shared a container.

    """

    def __init__(self) -> None:
        self.most_together = 0
        self._parts: deque[AskedPart] = deque(maxlen=PARTS_NOTED)
        self._packets: OrderedDict[int, tuple[object, int]] = OrderedDict()  # by identity, which is kept with it

    def __repr__(self) -> str:
        """Tell how many parts were sent, of how many files."""
        parts = self.parts
        return f"<FilesAsked: {len(parts)} parts of {len({part.file_id for part in parts})} files>"

    @property
    def parts(self) -> list[AskedPart]:
        """The parts that were sent, in that order."""
        return list(self._parts)

    def times(self, file_id: int, offset: int, type_: str = "") -> int:
        """Return how often the part of a file that begins at `offset` was sent."""
        wanted = file_id, type_, offset
        return sum((part.file_id, part.type, part.offset) == wanted for part in list(self._parts))

    def sent_twice(self) -> int:
        """Return how many bytes were sent more than once, whatever the parts in which they were asked for."""
        ends: dict[tuple[int, str], list[tuple[int, int]]] = {}
        for part in list(self._parts):
            ends.setdefault((part.file_id, part.type), []).append((part.offset, part.offset + part.size))
        return sum(_overlap(ranges) for ranges in ends.values())

    def clear(self) -> None:
        """Forget all parts, and how many came together."""
        self._parts.clear()
        self._packets.clear()
        self.most_together = 0

    def note_call(self, packet: object | None) -> None:
        """Note that a call asks for a part.

        `packet` is the same object for all calls that came in one packet; None for a call that came alone.
        """
        key = id(packet)
        _, before = self._packets.get(key, (None, 0)) if packet is not None else (None, 0)
        self.most_together = max(self.most_together, before + 1)
        if packet is None:
            return
        self._packets[key] = packet, before + 1
        if len(self._packets) > PACKETS_NOTED:
            self._packets.popitem(last=False)

    def note_part(self, part: AskedPart) -> None:
        """Note a part that is sent."""
        self._parts.append(part)


def _overlap(ranges: list[tuple[int, int]]) -> int:
    """Return how many bytes lie in several of these ranges, each as often as it was sent but for the first time."""
    covered = Counter[int]()
    for start, end in ranges:
        covered[start] += 1
        covered[end] -= 1
    twice, depth, last = 0, 0, 0
    for at in sorted(covered):
        twice += max(depth - 1, 0) * (at - last)
        depth, last = depth + covered[at], at
    return twice
