"""What documentation and errors say of boxed types: their constructors, and why a name has no class."""

from __future__ import annotations

from tl.declaration import class_path
from tl.nearest_name import nearest

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tl.catalog import Catalog

__all__ = ["described", "no_object", "unknown"]

_NAMED = 8
"""The most constructors that a text names: the largest type of Telegram's API has 165."""

_OF_THE_LANGUAGE = {
    "Bool": "a Bool is Python's bool",
    "Null": "its only value is types.Null()",
    "Object": "every TLObject is one",
    "True_": "a `true` is a flag, or types.True_()",
    "Vector": "a Vector is a list",
}
"""The values of the types of the language, by class name."""


def described(type_name: str, constructors: list[str]) -> str:
    """Return the documentation of the class of a boxed type."""
    return f"The boxed type {type_name}, of the constructors {_shown(constructors)}."


def no_object(type_name: str, constructors: list[str]) -> str:
    """Return the message of the error that refuses to make an object of a boxed type."""
    made = _shown(constructors)
    return f"boxed.{class_path(type_name)} is a boxed type, whose objects are made by its constructors: {made}"


def unknown(catalog: Catalog, path: str, known: Iterable[str]) -> str:
    """Return the message of the error about a name that no boxed type has.

    `path` is the name with its namespace; `known` are the names of that namespace.
    """
    missing = f"{catalog.name} has no class for a boxed type {path}"
    if path in _OF_THE_LANGUAGE:
        return f"{missing}: {_OF_THE_LANGUAGE[path]}"
    for name in catalog.members("types"):
        declaration = catalog.declaration(name) if class_path(name) == path else None
        if declaration is not None:
            return f"{missing}: types.{path} is a constructor of the boxed type {declaration.result.name}"
    return f"{missing}, since no constructor makes one{nearest(path.rpartition('.')[2], known)}"


def _shown(constructors: list[str]) -> str:
    shown = ", ".join([f"types.{class_path(name)}" for name in constructors[:_NAMED]])
    return shown if len(constructors) <= _NAMED else f"{shown} and {len(constructors) - _NAMED} more"
