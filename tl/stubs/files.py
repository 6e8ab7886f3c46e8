"""The texts of all stub files of a schema, by their paths: a package with a module for each namespace."""

from __future__ import annotations

from tl.stubs.annotations import type_variables
from tl.stubs.classes import boxed_class, declared_class
from tl.stubs.names import Names, module_name

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tl.schema import Schema

__all__ = ["stub_files"]

_IMPORTS = (
    ("_builtins.", "import builtins as _builtins"),
    ("_Sequence[", "from collections.abc import Sequence as _Sequence"),
    ("[_Any]", "from typing import Any as _Any"),
    (": _Never", "from typing import Never as _Never"),
    ("_TypeVar(", "from typing import TypeVar as _TypeVar"),
    ("_TLFunction[", "from tl import TLFunction as _TLFunction"),
    ("_TLObject", "from tl import TLObject as _TLObject"),
    ("_boxed.", "from {root} import boxed as _boxed"),
    ("_types.", "from {root} import types as _types"),
    ("_unions.", "from {root} import _unions"),
)
"""The imports of a file, each with the text that shows that the file needs the import."""


def stub_files(schema: Schema) -> dict[str, str]:
    """Return the text of each file of a package of stubs, by the path of the file inside the package.

    The package has the modules `types`, `functions` and `boxed`, with the classes that the schema's namespaces of the
    same names have at run time. It holds declarations for type checkers and editors, and nothing that runs.

    Paths have `/` between their parts: `functions/photos.pyi`.
    """
    names = Names(schema)
    parts = {
        "boxed": (names.boxed, {}),
        "functions": (names.functions, names.plans),
        "types": (names.types, names.plans),
    }
    files = {"__init__.pyi": _package(schema, parts), "_unions.pyi": _unions(names)}
    for part, (paths, plans) in parts.items():
        for space, inner in _spaces(paths.values()).items():
            here = [name for name, path in paths.items() if path.rpartition(".")[0] == space]
            if part == "boxed":
                classes = [boxed_class(name, schema, names, set(inner)) for name in here]
            else:
                classes = [declared_class(plans[name], schema, names, set(inner)) for name in here]
            variables = {variable for name in here if name in plans for variable in type_variables(plans[name])}
            path = _path(part, space, inner)
            title = f"The namespace {part}{'.' * bool(space)}{space} of {schema.name}."
            files[path] = _module(path, title, inner, variables, classes)
    return files


def _package(schema: Schema, parts: Iterable[str]) -> str:
    imports = [f"from . import {part} as {part}" for part in parts]
    return "\n".join([f'"""The classes of {schema.name}, for type checkers."""', "", *imports, ""])


def _unions(names: Names) -> str:
    """Return the module of the aliases: for each boxed type with several constructors, the union of these."""
    lines = ["from typing import TypeAlias as _TypeAlias", "", "from . import types as _types", ""]
    for type_name, made in names.unions.items():
        lines.append(f"{names.union(type_name)}: _TypeAlias = {' | '.join(map(names.constructor, made))}")
    return "\n".join(['"""The union of the constructors of each type that has several."""', "", *lines, ""])


def _spaces(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the namespaces of class paths, each with the names of the namespaces inside it."""
    found: dict[str, list[str]] = {"": []}
    for path in paths:
        space = path.rpartition(".")[0]
        while space and space not in found:
            found[space] = []
            space = space.rpartition(".")[0]
    for space in filter(None, found):
        outer, _, last = space.rpartition(".")
        found[outer].append(last)
    return found


def _path(part: str, space: str, inner: list[str]) -> str:
    """Return the path of a namespace's file; a namespace with others inside is a package."""
    modules = "/".join([part, *map(module_name, filter(None, space.split(".")))])
    return f"{modules}/__init__.pyi" if inner or not space else f"{modules}.pyi"


def _module(path: str, title: str, inner: list[str], variables: set[str], classes: list[str]) -> str:
    root = "." * (path.count("/") + 1)
    made = "\n".join(f'_{name} = _TypeVar("_{name}")' for name in sorted(variables))
    body = "\n\n".join([made, *classes] if made else classes)
    imports = [line.format(root=root) for mark, line in _IMPORTS if mark in body]
    imports += [f"from . import {name} as {name}" for name in sorted(map(module_name, inner))]
    return "\n\n".join(filter(None, [f'"""{title}"""', "\n".join(imports), body])) + "\n"
