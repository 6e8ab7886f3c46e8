"""Stubs, read with `ast`: their classes by part and path, with the types spelt without aliases."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["REQUIRED", "StubClass", "read_stubs"]

REQUIRED = "required"
"""The default of a parameter that has none."""


@dataclass
class StubClass:
    """One class of the stubs.

    Attributes:
        bases: the classes that it inherits from: `TLObject`, `boxed.photos.Photos`.
        result: the type in `TLFunction[…]`; empty for other classes.
        attributes: the types of the attributes, by name, in order.
        parameters: the types of the keyword-only parameters, by name, in order.
        defaults: the defaults of these parameters as they are written.
        positional: the fields of positional patterns.
        doc: the docstring.

    """

    bases: list[str]
    result: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    positional: tuple[str, ...] = ()
    doc: str = ""


def read_stubs(files: Mapping[str, str]) -> dict[str, dict[str, StubClass]]:
    """Return the classes of each part (`types`, `functions`, `boxed`), by their paths inside the part."""
    aliases = {
        node.target.id: ast.unparse(node.value)
        for node in ast.parse(files["_unions.pyi"]).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None
    }
    found: dict[str, dict[str, StubClass]] = {"types": {}, "functions": {}, "boxed": {}}
    for path, text in files.items():
        part, *spaces = PurePosixPath(path).with_suffix("").parts
        if part not in found:
            continue
        spaces = [space for space in spaces if space != "__init__"]
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef):
                name = ".".join([*(space.lstrip("_") for space in spaces), node.name])
                assert name not in found[part], f"{part}.{name} stands there twice"
                found[part][name] = _class(node, aliases)
    return found


def _class(node: ast.ClassDef, aliases: Mapping[str, str]) -> StubClass:
    made = StubClass([], doc=ast.get_docstring(node) or "")
    for base in node.bases:
        if isinstance(base, ast.Subscript):
            made.result = spelt(base.slice, aliases)
            base = base.value
        made.bases.append(spelt(base, aliases))
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            made.attributes[item.target.id] = spelt(item.annotation, aliases)
        elif isinstance(item, ast.Assign) and ast.unparse(item.targets[0]) == "__match_args__":
            made.positional = ast.literal_eval(item.value)
        elif isinstance(item, ast.FunctionDef) and item.name == "__init__":
            for argument, default in zip(item.args.kwonlyargs, item.args.kw_defaults, strict=True):
                assert argument.annotation is not None
                made.parameters[argument.arg] = spelt(argument.annotation, aliases)
                made.defaults[argument.arg] = REQUIRED if default is None else ast.unparse(default)
    return made


def spelt(node: ast.expr, aliases: Mapping[str, str]) -> str:
    """Return a type without private names and aliases; a union in alphabetical order."""
    return " | ".join(sorted(set(_members(node, aliases))))


def _members(node: ast.expr, aliases: Mapping[str, str]) -> Iterator[str]:
    if isinstance(node, ast.BinOp):
        yield from _members(node.left, aliases)
        yield from _members(node.right, aliases)
    elif isinstance(node, ast.Subscript):
        yield f"{spelt(node.value, aliases)}[{spelt(node.slice, aliases)}]"
    else:
        name = ast.unparse(node).lstrip("_").removeprefix("builtins.").replace("._", ".")  # `lambda` is `_lambda`
        if name.startswith("unions."):
            yield from _members(ast.parse(aliases[name.removeprefix("unions.")], mode="eval").body, aliases)
        else:
            yield name
