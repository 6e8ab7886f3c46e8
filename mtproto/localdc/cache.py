"""A bounded memory of bytes that take long to make."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Remembered"]

Value = TypeVar("Value", bound="bytes | None")


class Remembered(Generic[Value]):
    """Keeps the values that were asked for last. One caller at a time.

    Args:
        size: how many at most.
        most_bytes: how many bytes at most; but the value that was asked for last is kept however large it is.

    """

    def __init__(self, size: int, most_bytes: int) -> None:
        self._size = size
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return what is kept under `key`, made first if need be."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        value = self._kept[key] = make()
        self._bytes += _size(value)
        while len(self._kept) > 1 and (len(self._kept) > self._size or self._bytes > self._most_bytes):
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= _size(oldest)
        return value


def _size(value: bytes | None) -> int:
    return 0 if value is None else len(value)
