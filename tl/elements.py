"""How much decoding may make of bytes that somebody else chose: few bytes can stand for many objects."""

from __future__ import annotations

__all__ = ["Elements"]


class Elements:
    """A bound on what `Schema.decode` makes: objects, and elements of vectors. Several decodes may share one.

    Each object counts as one, be it a field, an element or a whole answer; each element of a vector too, four numbers
    of a vector as one, and 32 bytes of a string that is no UTF-8. Owned by one thread.

    Attributes:
        left: how many may still be made; below zero once there were too many.

    """

    __slots__ = ("left",)

    def __init__(self, most: int) -> None:
        self.left = most

    def __repr__(self) -> str:
        return f"Elements({self.left})"
