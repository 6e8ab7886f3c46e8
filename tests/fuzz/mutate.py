"""Changes to inputs that keep enough of their structure: TL and MTProto think in words of four bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

__all__ = ["Mutator"]

_SMALL_WORDS = (
    0,
    1,
    2,
    3,
    4,
    5,
    0x7F,
    0x80,
    0xFE,
    0xFF,
    0x100,
    0x400,
    0x401,
    0x2000,
    0x2001,
    0xFFFF,
    0x10000,
    0xFFFFFF,
)
_LARGE_WORDS = (0x1000000, 0x7FFFFFFC, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFC, 0xFFFFFFFF, 0x1CB5C415)
_WORDS = _SMALL_WORDS + _LARGE_WORDS
_LONGS = (0, 1, 3, 4, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, (1 << 64) - 4)
_BYTES = (0, 1, 2, 3, 4, 0x7F, 0x80, 0xEF, 0xFC, 0xFD, 0xFE, 0xFF)


class Mutator:
    """Makes new inputs out of old ones. The same source of randomness gives the same inputs.

    Args:
        random: the source.
        words: what the target's parser looks for.
        longest: the most bytes of a result.

    """

    def __init__(self, random: Random, words: Sequence[bytes], longest: int) -> None:
        self._random = random
        self._words = words
        self._longest = longest
        self._changes: list[Callable[[bytearray], object]] = [
            self._flip_bit,
            self._set_byte,
            self._set_word,
            self._set_long,
            self._shift_word,
            self._shift_word,
            self._insert,
            self._remove,
            self._repeat,
            self._swap,
            self._cut,
            self._extend,
        ]
        if words:
            self._changes += [self._put_word, self._put_word, self._insert_word]

    def mutate(self, data: bytes, other: bytes) -> bytes:
        """Return `data` changed in one place or several, now and then crossed with `other`."""
        changed = bytearray(data)
        if self._random.random() < 0.15:
            self._cross(changed, other)
        count = 1
        while count < 16 and self._random.random() < 0.45:
            count += 1
        for _ in range(count):
            self._random.choice(self._changes)(changed)
        return bytes(changed[: self._longest])

    def _place(self, data: bytearray, size: int) -> int:
        """Return where to change `size` bytes: mostly at a border of four, counted from the start or from the end."""
        room = max(0, len(data) - size)
        place = self._random.randint(0, room)
        turn = self._random.random()
        if turn < 0.5:
            return place & -4
        return place - (place - room) % 4 if turn < 0.75 and place >= 3 else place

    def _flip_bit(self, data: bytearray) -> None:
        if data:
            data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)

    def _set_byte(self, data: bytearray) -> None:
        if data:
            value = self._random.choice(_BYTES) if self._random.random() < 0.5 else self._random.randrange(256)
            data[self._random.randrange(len(data))] = value

    def _set_word(self, data: bytearray) -> None:
        self._put(data, self._random.choice(_WORDS).to_bytes(4, "little"))

    def _set_long(self, data: bytearray) -> None:
        self._put(data, self._random.choice(_LONGS).to_bytes(8, "little"))

    def _put_word(self, data: bytearray) -> None:
        self._put(data, self._random.choice(self._words))

    def _put(self, data: bytearray, piece: bytes) -> None:
        place = self._place(data, len(piece))
        data[place : place + len(piece)] = piece

    def _shift_word(self, data: bytearray) -> None:
        """Add a little to a number: to a length or a count, above all."""
        size = self._random.choice((1, 2, 4, 4, 8))
        place = self._place(data, size)
        for _ in range(8):  # a word that could be a length, if there is one
            if int.from_bytes(data[place : place + size], "little") <= len(data):
                break
            place = self._place(data, size)
        step = self._random.choice((-16, -8, -4, -2, -1, 1, 2, 4, 8, 16, 1 << 8 * size - 1))
        value = int.from_bytes(data[place : place + size], "little") + step
        data[place : place + size] = (value % (1 << 8 * size)).to_bytes(size, "little")

    def _insert(self, data: bytearray) -> None:
        place = self._place(data, 0)
        data[place:place] = self._random.randbytes(self._length())

    def _insert_word(self, data: bytearray) -> None:
        place = self._place(data, 0)
        data[place:place] = self._random.choice(self._words)

    def _remove(self, data: bytearray) -> None:
        place = self._place(data, 4)
        del data[place : place + self._length()]

    def _repeat(self, data: bytearray) -> None:
        place, size = self._place(data, 4), self._length()
        piece = data[place : place + size]
        data[place:place] = piece * self._random.choice((1, 1, 1, 2, 7))

    def _swap(self, data: bytearray) -> None:
        size = self._length()
        one, other = self._place(data, size), self._place(data, size)
        if abs(one - other) >= size:
            data[one : one + size], data[other : other + size] = data[other : other + size], data[one : one + size]

    def _cut(self, data: bytearray) -> None:
        if self._random.random() < 0.3:
            del data[self._place(data, 0) :]
        else:
            del data[max(0, len(data) - self._length()) :]

    def _extend(self, data: bytearray) -> None:
        data += self._random.choice((bytes(4), bytes(16), self._random.randbytes(self._length())))

    def _cross(self, data: bytearray, other: bytes) -> None:
        begin = self._place(bytearray(other), 4)
        piece = other[begin : begin + max(4, self._length())] if self._random.random() < 0.5 else other[begin:]
        place = self._place(data, 0)
        data[place : place + self._random.choice((0, len(piece), len(data)))] = piece

    def _length(self) -> int:
        """Return a length: small ones and words are frequent."""
        return self._random.choice((1, 2, 3, 4, 4, 4, 8, 8, 12, 16, 20, 24, 32, 48, self._random.randint(1, 256)))
