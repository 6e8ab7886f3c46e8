"""Packages whose names are imported when somebody first asks for them.

A package lists what it offers and where that lives; importing it then costs nothing, and loads no more than is used.
Type checkers read the imports beside the list, under `TYPE_CHECKING`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["lazy_names"]


def lazy_names(
    package: dict[str, Any], homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` for a package.

    Args:
        package: the package's `globals()`.
        homes: by module the names that it holds; a module of the name itself stands for that module.

    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def getattr_(name: str) -> Any:
        home = home_of.get(name)
        if home is None:
            raise AttributeError(f"module {package['__name__']!r} has no attribute {name!r}")
        module = import_module(home)
        value = package[name] = module if home == f"{package['__name__']}.{name}" else getattr(module, name)
        return value

    def dir_() -> list[str]:
        return sorted({*package, *home_of})

    return getattr_, dir_
