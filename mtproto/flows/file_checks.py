"""Bytes of a file between the server and who writes them: what has a known SHA-256 is checked before it goes on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from mtproto.flows.errors import FileChanged, UnexpectedAnswer
from mtproto.flows.file_parts import LARGEST_PART, first_gap
from mtproto.flows.layers import expect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mtproto.flows.errors import FileChanged, UnexpectedAnswer
from mtproto.flows.file_parts import ByteRanges

__all__ = ["HASHES_KEPT", "CheckedBytes", "HashedRange"]

HASHES_KEPT = 4096
"""Hashes of one download that are kept: those of the lowest bytes. The others are asked for again when it is time."""

_SHA256 = 32


class HashedRange(NamedTuple):
    """Bytes of a file, from `start` to `end`, and their SHA-256 (`fileHash`)."""

    start: int
    end: int
    digest: bytes


class _Block(NamedTuple):
    """Bytes that came and wait for a hash, or for the rest of their hashed range."""

    start: int
    data: bytes
    is_checked_only: bool  # whether the bytes go on only after a check

    @property
    def end(self) -> int:
        return self.start + len(self.data)


class CheckedBytes:
    """What came of a file, and what of it may be given out.

    Args:
        wanted: the bytes that are to be given out; the set shrinks as they are.

    """

    def __init__(self, wanted: ByteRanges) -> None:
        self.wanted = wanted
        self._pieces: list[tuple[int, bytes]] = []
        self._hashes: list[HashedRange] = []  # in order, disjoint; each holds a byte that is wanted
        self._blocks: list[_Block] = []  # in order of their starts

    @property
    def held(self) -> int:
        """Bytes that came and were not given out yet."""
        return sum(len(block.data) for block in self._blocks)

    def take_pieces(self) -> list[tuple[int, bytes]]:
        """Return what may be written since the last call: offsets in the file, and bytes."""
        pieces, self._pieces = self._pieces, []
        return pieces

    def put(self, start: int, data: bytes, *, is_checked_only: bool) -> list[HashedRange]:
        """Take bytes that came, and return the hashed ranges whose bytes are wrong; these bytes are forgotten.

        Args:
            start: where in the file the bytes belong.
            data: the bytes.
            is_checked_only: whether bytes without a known hash are kept back until their hash is known.

        """
        block = _Block(start, data, is_checked_only)
        self._blocks.insert(bisect_right(self._blocks, start, key=_start), block)
        return self._settle(block.start, block.end)

    def learn(self, hashes: Iterable[Any], method: str, size: int | None) -> list[HashedRange]:
        """Take hashes (`fileHash`) of the server, and return the ranges whose bytes are here and wrong.

        Args:
            hashes: the objects. A range that overlaps one that is known, or has no byte that is wanted, is left out.
            method: the TL name of the call.
            size: of the file, where the last range ends.

        Raises:
            UnexpectedAnswer: something is not the hash of a range.
            FileChanged: there is a range behind the end of the file.

        """
        wrong: list[HashedRange] = []
        for each in hashes:
            expect(each, method, "fileHash")
            end = each.offset + each.limit
            if not (each.offset >= 0 and 0 < each.limit <= LARGEST_PART and len(each.hash) == _SHA256):
                text = f"{each.limit} bytes from {each.offset} on, and {len(each.hash)} bytes of hash"
                raise UnexpectedAnswer(method, each, text)
            if size is not None and each.offset >= size:
                raise FileChanged(size, end)
            known = HashedRange(each.offset, end if size is None else min(end, size), bytes(each.hash))
            if self._is_above_all(known.start):
                continue
            if self.wanted.within(known.start, known.end) and not self._hashes_in(known.start, known.end):
                self._hashes.insert(bisect_left(self._hashes, known.start, key=_start), known)
                wrong += self._settle(known.start, known.end)
                del self._hashes[HASHES_KEPT:]
        return wrong

    def _is_above_all(self, start: int) -> bool:
        return len(self._hashes) >= HASHES_KEPT and start > self._hashes[-1].start

    def end_at(self, size: int) -> list[HashedRange]:
        """Let the file end: nothing behind is wanted, and the last hashed range ends here.

        Returns the hashed ranges that are wrong, or lie behind the end.
        """
        if self.wanted:
            self.wanted.remove(size, max(size, [*self.wanted][-1][1]))
        behind = [known for known in self._hashes if known.start >= size]
        last = [known._replace(end=size) for known in self._hashes if known.start < size < known.end]
        self._hashes = [known for known in self._hashes if known.end <= size] + last
        return behind or (self._settle(last[0].start, size) if last else [])

    def first_gap(self, asked: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
        """Return the first bytes that are needed, neither here nor among the ranges that are asked for.

        Needed are the bytes that are wanted, and the rest of the hashed ranges that hold a byte of them.
        """
        taken = sorted([*asked, *((block.start, block.end) for block in self._blocks)])
        for start, end in self.wanted:
            around = self._hashes_in(start, end)
            low = min(start, around[0].start) if around else start
            high = max(end, around[-1].end) if around else end
            if gap := first_gap(low, high, taken):
                return gap
        return None

    def first_without_hash(self) -> int | None:
        """Return the first byte that is wanted and has no known hash; None where there is none."""
        for start, end in self.wanted:
            if gap := first_gap(start, end, ((known.start, known.end) for known in self._hashes_in(start, end))):
                return gap[0]
        return None

    def has_room_for_hash(self, position: int) -> bool:
        """Tell whether the hash of a byte would be kept; if not, the bytes whose hashes are known come first."""
        return not self._is_above_all(position)

    def holds_behind(self, position: int) -> bool:
        """Tell whether bytes from a place on are here, and were not given out."""
        return bool(self._blocks) and max(block.end for block in self._blocks) > position

    def drop_unchecked(self) -> None:
        """Forget the bytes that wait for a check: they are to be fetched from elsewhere."""
        self._blocks = [block for block in self._blocks if not block.is_checked_only]

    def drop(self) -> None:
        """Forget every byte that was not given out."""
        self._blocks.clear()

    def _hashes_in(self, start: int, end: int) -> list[HashedRange]:
        first = bisect_right(self._hashes, start, key=_end)
        return self._hashes[first : bisect_left(self._hashes, end, lo=first, key=_start)]

    def _settle(self, start: int, end: int) -> list[HashedRange]:
        """Check and give out whatever can be by now; only bytes of this range are new."""
        wrong = []
        for known in self._hashes_in(start, end):
            data = self._joined(known.start, known.end)
            if data is None:
                continue
            if sha256(data).digest() != known.digest:
                wrong.append(known)
                self._blocks = [block for block in self._blocks if not _overlap(block, known.start, known.end)]
                continue
            self._hashes.remove(known)
            for low, high in self.wanted.within(known.start, known.end):
                self._give(low, data[low - known.start : high - known.start])
        for block in [block for block in self._blocks if _overlap(block, start, end)]:
            if not block.is_checked_only:
                self._give_unhashed(block)
        self._blocks = [
            block
            for block in self._blocks
            if self._hashes_in(block.start, block.end) or self.wanted.within(block.start, block.end)
        ]
        return wrong

    def _give_unhashed(self, block: _Block) -> None:
        """Give out what no hash is known for."""
        for start, end in self.wanted.within(block.start, block.end):
            known = [(each.start, each.end) for each in self._hashes_in(start, end)]
            while gap := first_gap(start, end, known):
                self._give(gap[0], block.data[gap[0] - block.start : gap[1] - block.start])
                start = gap[1]

    def _give(self, start: int, data: bytes | memoryview) -> None:
        self._pieces.append((start, bytes(data)))
        self.wanted.remove(start, start + len(data))

    def _joined(self, start: int, end: int) -> memoryview | None:
        """Return the bytes of a range; None where some are missing."""
        joined = bytearray()
        position = start
        for block in self._blocks:
            if block.start <= position < block.end:
                part = memoryview(block.data)[position - block.start : end - block.start]
                if position == start and block.end >= end:
                    return part
                joined += part
                position += len(part)
            if position >= end:
                return memoryview(joined)
        return None


def _start(each: HashedRange | _Block) -> int:
    return each.start


def _end(each: HashedRange) -> int:
    return each.end


def _overlap(block: _Block, start: int, end: int) -> bool:
    return block.start < end and start < block.end
