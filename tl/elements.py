"""A bound on the objects that decoding makes of a stranger's bytes: few bytes can stand for many objects."""

from __future__ import annotations

__all__ = ["Elements"]


class Elements:
    """A bound on the objects and elements of vectors that `Schema.decode` makes. Several decodes may share one bound.

    Each object counts as one: a field, an element, or a whole answer. Each element of a vector counts as one, but four
    numbers together count as one. Of a string that is no UTF-8, each 32 bytes count as one. One thread owns the bound.

    Attributes:
        left: how many elements may still be made; below zero once there were too many.

    """

    __slots__ = ("left",)

    def __init__(self, most: int) -> None:
        self.left = most

    def take(self, made: int) -> None:
        """Count so many elements as made."""
        self.left -= made

    def __repr__(self) -> str:
        return f"Elements({self.left})"
