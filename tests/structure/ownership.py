"""Who writes an object's state: its own methods and nobody else.

A write is an assignment to an attribute (also in `for`, `with`, `del`), an assignment to an item of a container that is
an attribute, a method that changes such a container (also through a local name), and `setattr`. The rule reads names,
not types: an attribute counts if some class of the house has an attribute of that name, and a container counts if some
class of the house gives that name a container. Objects of other libraries are left alone in this way.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.structure.house import Class, House

CHANGING = frozenset(
    (
        "add",
        "append",
        "appendleft",
        "clear",
        "difference_update",
        "discard",
        "extend",
        "extendleft",
        "insert",
        "intersection_update",
        "move_to_end",
        "pop",
        "popitem",
        "popleft",
        "remove",
        "reverse",
        "rotate",
        "setdefault",
        "sort",
        "symmetric_difference_update",
        "update",
    )
)
"""The methods of the built-in containers and of `collections` that change the container."""

CHANGING_FUNCTIONS = frozenset(
    ("heappush", "heappop", "heapify", "heapreplace", "heappushpop", "insort", "insort_left")
)
"""The functions of the standard library that change the container that they are given first."""

SETTERS = ("setattr", "delattr", "object.__setattr__")

CONTAINERS = frozenset(
    (
        "bytearray",
        "Counter",
        "defaultdict",
        "deque",
        "dict",
        "list",
        "OrderedDict",
        "set",
        "WeakKeyDictionary",
        "WeakSet",
        "WeakValueDictionary",
        "MutableMapping",
        "MutableSequence",
        "MutableSet",
    )
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def foreign_writes(house: House) -> Iterator[tuple[str, str]]:
    """Return (module, text) of each write to the state of another object."""
    attributes: set[str] = set()
    containers: set[str] = set()
    for found in house.classes.values():
        for name, is_container in _attributes(found):
            attributes.add(name)
            if is_container:
                containers.add(name)
    for module in house.modules.values():
        for where, owner, function in _functions(module.tree, "", None):
            scope = _scope(function, owner)
            seen = set()
            for text in _writes(function, scope, attributes, containers):
                if text not in seen:
                    seen.add(text)
                    yield module.name, f"{where}: {text}"


def _attributes(found: Class) -> Iterator[tuple[str, bool]]:
    """Each attribute of a class, and whether the attribute is a container as far as the source tells."""
    for statement in found.node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id, _is_container_type(statement.annotation)
    for part in ast.walk(found.node):
        if not isinstance(part, Function):
            continue
        arguments = [*part.args.posonlyargs, *part.args.args, *part.args.kwonlyargs]
        types = {item.arg: item.annotation for item in arguments}
        for node in ast.walk(part):
            if isinstance(node, ast.AnnAssign) and _is_self(node.target):
                yield _attr(node.target), _is_container_type(node.annotation)
            elif isinstance(node, ast.Assign | ast.AugAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if _is_self(target):
                        yield _attr(target), _is_container_value(node.value, types)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


def _attr(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else ""


def _is_container_type(annotation: ast.expr | None) -> bool:
    if annotation is None:
        return False
    names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    outer = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    if isinstance(outer, ast.BinOp):  # `list[int] | None`
        return bool(names & CONTAINERS)
    return isinstance(outer, ast.Name) and outer.id in CONTAINERS


def _is_container_value(value: ast.expr, types: dict[str, ast.expr | None]) -> bool:
    if isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in CONTAINERS
    return isinstance(value, ast.Name) and _is_container_type(types.get(value.id))


def _functions(node: ast.AST, before: str, owner: ast.ClassDef | None) -> Iterator[tuple[str, str | None, Function]]:
    """Each outermost function: (qualified name, name of the class around it, node)."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{before}{child.name}.", child)
        elif isinstance(child, Function):
            yield before + child.name, owner.name if owner is not None else None, child
        else:
            yield from _functions(child, before, owner)


@dataclass
class _Scope:
    """What the names of one function stand for."""

    own: set[str] = field(default_factory=set)
    """Names of objects of the class that the function is a method of."""
    aliases: dict[str, ast.Attribute] = field(default_factory=dict)
    """Local names of other objects' attributes."""


def _scope(function: Function, owner: str | None) -> _Scope:
    scope = _Scope()
    if owner is None:
        return scope
    decorators = {ast.unparse(node) for node in function.decorator_list}
    first = [*function.args.posonlyargs, *function.args.args][:1]
    if first and "staticmethod" not in decorators:
        scope.own.add(first[0].arg)
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call):
            made = ast.unparse(node.value.func)
            if made in {owner, "cls", "type(self)", f"{owner}.__new__", "cls.__new__", "object.__new__"}:
                scope.own.add(node.targets[0].id)
    return scope


def _writes(function: Function, scope: _Scope, attributes: set[str], containers: set[str]) -> Iterator[str]:
    for node in ast.walk(function):
        for name, value in _named(node):
            if isinstance(value, ast.Attribute) and not _owned(value, scope):
                scope.aliases[name] = value
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            if node.attr in attributes and not _owned(node, scope):
                yield ast.unparse(node)
        elif isinstance(node, ast.Attribute) and node.attr in CHANGING:
            if _foreign_container(node.value, scope, containers):
                yield ast.unparse(node)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            if _foreign_container(node.value, scope, containers):
                yield f"{ast.unparse(node.value)}[]"
        elif isinstance(node, ast.Call) and node.args:
            yield from _changed_argument(ast.unparse(node.func), node.args[0], scope, containers)


def _changed_argument(called: str, first: ast.expr, scope: _Scope, containers: set[str]) -> Iterator[str]:
    """Find calls that change their first argument."""
    if called in SETTERS:
        if not (isinstance(first, ast.Name) and first.id in scope.own):
            yield f"{called}({ast.unparse(first)})"
    elif called.rpartition(".")[2] in CHANGING_FUNCTIONS and _foreign_container(first, scope, containers):
        yield f"{called}({ast.unparse(first)})"


def _named(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Each local name that a node gives to a value."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
    elif isinstance(node, ast.NamedExpr):
        yield node.target.id, node.value


def _owned(node: ast.Attribute, scope: _Scope) -> bool:
    """Whether an attribute belongs to the object whose method is running."""
    if isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func) == "super"
    return isinstance(node.value, ast.Name) and node.value.id in scope.own


def _foreign_container(node: ast.expr, scope: _Scope, containers: set[str]) -> bool:
    while isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        alias = scope.aliases.get(node.id)
        return alias is not None and alias.attr in containers
    return isinstance(node, ast.Attribute) and node.attr in containers and not _owned(node, scope)
