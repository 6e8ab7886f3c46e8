"""Where each class stands in the stubs, and how one file names a class of another one."""

from __future__ import annotations

from keyword import iskeyword

from tl.declaration import class_path
from tl.errors import SchemaError
from tl.plan import CLASSLESS, LANGUAGE

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tl.plan import Plan
    from tl.schema import Schema

__all__ = ["Names", "module_name"]


def module_name(space: str) -> str:
    """Return the name of a namespace's file; a word of Python is no name of a module."""
    return f"_{space}" if iskeyword(space) else space


class Names:
    """The declarations of a schema that have a class at run time, and what the stubs call each class.

    Where several declarations have one class name, one of them has the class, as at run time: the one whose name
    differs least from the name of the class, or else the first. A declaration that `tl` cannot compile has no class.

    Attributes:
        plans: the plan of each constructor and function that has a class, by TL name.
        types: the class paths of the constructors, by TL name: `photos.PhotosSlice`.
        functions: the class paths of the functions, likewise.
        boxed: the class paths of the boxed types, by the name of the type.
        unions: the names of the constructors of each boxed type that has several, by the name of the type.

    """

    def __init__(self, schema: Schema) -> None:
        self.plans: dict[str, Plan] = {}
        self.types: dict[str, str] = {}
        self.functions: dict[str, str] = {}
        self.boxed: dict[str, str] = {}
        self._made: dict[str, list[str]] = {}
        self._read(schema)
        self.unions = {type_name: made for type_name, made in self._made.items() if len(made) > 1}
        self._aliases = _aliases(self.unions)

    def _read(self, schema: Schema) -> None:
        for name in schema:
            try:
                plan = schema.plan(name)
            except SchemaError:
                continue
            if name not in CLASSLESS:
                self.plans[name] = plan
        self.functions = _paths((name for name, plan in self.plans.items() if plan.declaration.function), _quick)
        self.types = _paths((name for name, plan in self.plans.items() if not plan.declaration.function), _quick)
        for name in self.types:
            self._made.setdefault(self.plans[name].declaration.result.name, []).append(name)
        self.boxed = _paths([name for name in self._made if name not in LANGUAGE], str)

    def constructors(self, type_name: str) -> list[str]:
        """Return the class paths of the constructors of a boxed type."""
        return [self.types[name] for name in self._made.get(type_name, [])]

    def plans_of(self, type_name: str) -> list[Plan]:
        """Return the plans of the constructors of a boxed type."""
        return [self.plans[name] for name in self._made.get(type_name, [])]

    def constructor(self, name: str) -> str:
        """Return how the stubs name the class of a constructor; `object` for a class that nothing names."""
        return f"_types.{_reference(self.types[name])}" if name in self.types else "object"

    def base(self, type_name: str) -> str:
        """Return how the stubs name the class that the constructors of a boxed type share."""
        return f"_boxed.{_reference(self.boxed[type_name])}" if type_name in self.boxed else "_TLObject"

    def any_of(self, type_name: str) -> str:
        """Return how the stubs name the union of all constructors of a boxed type."""
        if type_name in self.unions:
            return f"_unions.{self.union(type_name)}"
        made = self._made.get(type_name)
        return self.constructor(made[0]) if made else "object"

    def union(self, type_name: str) -> str:
        """Return the alias of a union, which no other union has and which editors show: `AnyPhoto`."""
        return self._aliases[type_name]


def _aliases(type_names: Iterable[str]) -> dict[str, str]:
    """Return a name for each type: `AnyPhoto`, `Any_photos_Photos`.

    Types whose names are alike, such as `Foo_bar` and `FooBar`, get numbers as well.
    """
    owners: dict[str, str] = {}
    for type_name in type_names:
        path = class_path(type_name)
        plain = alias = f"Any_{path.replace('_', '__').replace('.', '_')}" if "." in path else f"Any{path}"
        number = 1
        while alias in owners:
            number += 1
            alias = f"{plain}__{number}"
        owners[alias] = type_name
    return {type_name: alias for alias, type_name in owners.items()}


def _quick(path: str) -> str:
    """Return the TL name that differs from a class path in the first letter only."""
    space, dot, last = path.rpartition(".")
    return f"{space}{dot}{last[:1].lower()}{last[1:]}"


def _paths(names: Iterable[str], nearest: Callable[[str], str]) -> dict[str, str]:
    """Return the class path of each TL name; without the names whose class path another name has.

    Args:
        names: the TL names.
        nearest: gives the name that has a class path if several names do.

    """
    owners: dict[str, str] = {}
    for name in names:
        path = class_path(name)
        if path not in owners or name == nearest(path):
            owners[path] = name
    return {name: path for path, name in owners.items()}


def _reference(path: str) -> str:
    *spaces, last = path.split(".")
    return ".".join([*map(module_name, spaces), last])
