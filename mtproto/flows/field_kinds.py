"""What fields of TL objects hold, as far as flows look (`tl` keeps the plans of its classes to itself)."""

from __future__ import annotations

from typing import Protocol

__all__ = ["FieldKind", "boxed_type"]


class FieldKind(Protocol):
    """The form of a value: a vector has an `element`, a boxed object the `name` of its type."""

    @property
    def code(self) -> str:
        """`"vector"`, `"boxed"`, or another one."""

    @property
    def name(self) -> str:
        """The TL name of the type."""

    @property
    def element(self) -> FieldKind | None:
        """The form of a vector's elements."""


def boxed_type(kind: FieldKind) -> str | None:
    """Return the type of an object, or of the objects of a vector; None for other values."""
    if kind.code == "vector" and kind.element is not None:
        kind = kind.element
    return kind.name if kind.code == "boxed" else None
