"""The public names of the house and their signatures, as lines of text, read from the source."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.structure.house import Class, House
from tests.structure.rules import DOORS

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = ("mtproto.errors", "mtproto.limits", "mtproto.datacenters", *DOORS)
"""Modules that are public besides the packages."""


def describe(house: House) -> list[str]:
    """Return the lines of `public_names.txt`."""
    lines = []
    doors = sorted({name for name, module in house.modules.items() if module.package} | {*MODULES} & {*house.modules})
    homes = _homes(house, doors)
    for door in doors:
        for name in sorted(house.modules[door].exported):
            resolved = house.resolve(door, name)
            if resolved is None:
                lines.append(f"{door}.{name}")
            elif (home := homes[(resolved[0], name)]) != door:
                lines.append(f"{door}.{name} is {home}.{name}")
            else:
                lines += _lines(house, f"{door}.{name}", resolved[0], resolved[1])
    return lines


def _homes(house: House, doors: list[str]) -> dict[tuple[str, str], str]:
    """The door that describes each definition: the longest one that lists it and that its module is inside of."""
    homes: dict[tuple[str, str], str] = {}
    for door in doors:
        for name in house.modules[door].exported:
            resolved = house.resolve(door, name)
            if resolved is None:
                continue
            key = (resolved[0], name)
            inside = f"{resolved[0]}.".startswith(f"{door}.")
            if key not in homes or (inside and len(door) > len(homes[key])):
                homes[key] = door
    return homes


def _lines(house: House, path: str, module: str, node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield f"{path}{_signature(node)}"
    elif isinstance(node, ast.ClassDef):
        yield from _class_lines(house, path, house.classes[f"{module}.{node.name}"])
    elif isinstance(node, ast.AnnAssign):
        yield f"{path}: {ast.unparse(node.annotation)}"
    elif isinstance(node, ast.Assign):
        yield f"{path} = {_value(node.value)}"


def _value(value: ast.expr) -> str:
    """A short word for what a name stands for: the type of a constant, the text of a small expression."""
    if isinstance(value, ast.Constant):
        return type(value.value).__name__
    if isinstance(value, ast.Call):
        return f"{ast.unparse(value.func)}(…)"
    if isinstance(value, ast.Dict | ast.List | ast.Tuple | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp):
        return type(value).__name__.lower().removesuffix("comp")
    return ast.unparse(value)


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, *, method: bool = False) -> str:
    arguments = ast.arguments(**{name: getattr(node.args, name) for name in node.args._fields})
    if method and arguments.args and not _decorated(node, "staticmethod"):
        arguments.args = arguments.args[1:]
    returned = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    kind = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    return f"{kind and ' '}{kind}({ast.unparse(arguments)}){returned}"


def _decorated(node: ast.FunctionDef | ast.AsyncFunctionDef, *names: str) -> bool:
    return any(ast.unparse(decorator).rpartition(".")[2] in names for decorator in node.decorator_list)


def _class_lines(house: House, path: str, found: Class) -> Iterator[str]:
    members: dict[str, str] = {}
    fields: dict[str, str] = {}
    made: str | None = None
    for kin in [*reversed(list(_ancestors(house, found))), found]:
        for node in kin.node.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if node.name == "__init__":
                    made = _signature(node, method=True).removesuffix(" -> None")
                elif not node.name.startswith("_") and not _decorated(node, "setter", "overload"):
                    members[node.name] = _member(node)
            elif isinstance(node, ast.AnnAssign) and not ast.unparse(node.target).startswith("_"):
                name = ast.unparse(node.target)
                default = f" = {ast.unparse(node.value)}" if node.value is not None else ""
                fields[name] = f"{name}: {ast.unparse(node.annotation)}{default}"
            elif isinstance(node, ast.Assign) and not (name := ast.unparse(node.targets[0])).startswith("_"):
                members[name] = f"{name} = {_value(node.value)}"
        members.update({name: name for name in sorted(_attributes(kin)) if name not in members and name not in fields})
    bases = ", ".join(ast.unparse(base) for base in found.node.bases)
    yield f"class {path}({bases})" if bases else f"class {path}"
    yield from (f"    {line}" for line in ([f"__init__{made}"] if made is not None else []))
    yield from (f"    {line}" for line in fields.values())
    yield from (f"    {members[name]}" for name in sorted(members) if name not in fields)


def _member(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    if _decorated(node, "property", "cached_property"):
        return f"{node.name}" + (f": {ast.unparse(node.returns)}" if node.returns is not None else "")
    return f"{node.name}{_signature(node, method=True)}"


def _ancestors(house: House, found: Class) -> Iterator[Class]:
    for _, base in house.bases(found):
        if base is not None:
            yield base
            yield from _ancestors(house, base)


def _attributes(found: Class) -> set[str]:
    """Public attributes that the class's own methods assign."""
    return {
        node.attr
        for node in ast.walk(found.node)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and not node.attr.startswith("_")
    }
