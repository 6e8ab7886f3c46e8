"""Parts of files by the documented rules (core.telegram.org/api/files#downloading-files), and sets of byte ranges."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "ENDLESS",
    "LARGEST_PART",
    "PRECISE_UNIT",
    "UNIT",
    "AskedRange",
    "ByteRanges",
    "first_gap",
    "part_size",
    "range_to_ask",
]

LARGEST_PART = 1 << 20
"""Bytes: the most that one answer holds. No call may cross a multiple of this number."""

UNIT = 4096
"""Bytes: offsets and limits are multiples of this number."""

PRECISE_UNIT = 1024
"""Bytes: the same for calls with the flag `precise`."""

ENDLESS = 1 << 62
"""The end of a range that goes on to the end of a file of unknown size."""

_SMALLEST_PART = 64 << 10
_USUAL_PART = 512 << 10
_LARGE_FILE = 20 << 20


class AskedRange(NamedTuple):
    """What one call asks for: `limit` bytes from `offset` on. `is_precise`: the call needs the flag `precise`."""

    offset: int
    limit: int
    is_precise: bool


def part_size(size: int | None) -> int:
    """Return the bytes of one part: a power of two from 64 KiB to 1 MiB.

    A file below 1 MiB comes in one part, which is larger than the file, so that a file that has grown is noticed. From
    20 MiB on, where servers take a file for a large one, parts are of 1 MiB: they cost the least time of a processor.

    Args:
        size: of the file in bytes; None: unknown.

    """
    if size is None or size >= _LARGE_FILE:
        return LARGEST_PART
    if size >= LARGEST_PART:
        return _USUAL_PART
    part = _SMALLEST_PART
    while part <= size:
        part *= 2
    return part


def range_to_ask(start: int, end: int, part: int, *, may_be_precise: bool) -> AskedRange:
    """Return a call's range that holds the byte `start`, and as many up to `end` as one call may bring.

    Without `precise`: offset and limit are multiples of 4 KiB, and 1 MiB is a multiple of the limit. With `precise`:
    both are multiples of 1 KiB. The range never crosses a multiple of `part`, and so never one of 1 MiB.

    Args:
        start: the first byte that is wanted.
        end: the end of what is wanted, above `start`.
        part: the size of a part, as `part_size` gives it.
        may_be_precise: whether the method has the flag.

    """
    last = start - start % part + part
    end = min(end, last)
    offset, limit = start - start % UNIT, part
    while offset % limit or (limit > UNIT and limit // 2 >= end - offset):
        limit //= 2
    is_close = end == last or offset + limit < end + UNIT
    if not may_be_precise or (is_close and offset + limit >= end):
        return AskedRange(offset, limit, is_precise=False)
    offset = start - start % PRECISE_UNIT
    return AskedRange(offset, -(offset - end) // PRECISE_UNIT * PRECISE_UNIT, is_precise=True)


class ByteRanges:
    """A set of bytes of a file, as half-open ranges in order. The set only shrinks."""

    def __init__(self, start: int, end: int) -> None:
        self._starts = [start] if start < end else []
        self._ends = [end] if start < end else []

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Give the ranges, lowest first."""
        return iter(zip(self._starts, self._ends, strict=True))

    def __bool__(self) -> bool:
        """Tell whether there is a byte in the set."""
        return bool(self._starts)

    def remove(self, start: int, end: int) -> None:
        """Take the bytes of a range out."""
        if start >= end:
            return
        first, last = self._touched(start, end)
        if first >= last:
            return
        left, right = self._starts[first], self._ends[last - 1]
        kept = [(a, b) for a, b in ((left, start), (end, right)) if a < b]
        self._starts[first:last] = [a for a, _ in kept]
        self._ends[first:last] = [b for _, b in kept]

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the ranges of the set inside a range."""
        first, last = self._touched(start, end)
        return [(max(self._starts[at], start), min(self._ends[at], end)) for at in range(first, last)]

    def _touched(self, start: int, end: int) -> tuple[int, int]:
        first = bisect_right(self._ends, start)
        last = first
        while last < len(self._starts) and self._starts[last] < end:
            last += 1
        return first, last


def first_gap(low: int, high: int, taken: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the first part of a range that no range of `taken` (in order of their starts) holds; None: all is held."""
    for start, end in taken:
        if start >= high:
            break
        if start > low:
            return low, start
        low = max(low, end)
    return (low, high) if low < high else None
