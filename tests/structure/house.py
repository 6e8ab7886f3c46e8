"""The source of the house, read as syntax trees: modules, imports, classes. Nothing is imported."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("mtproto", "tl")


@dataclass(frozen=True)
class Import:
    """One imported module, or one name imported from a module (`name` is None for `import module`)."""

    module: str
    name: str | None
    bound: str


@dataclass(frozen=True)
class Class:
    """A class and the module that it stands in; `name` is the qualified name inside the module."""

    module: str
    name: str
    node: ast.ClassDef

    @property
    def path(self) -> str:
        """The dotted path of the class."""
        return f"{self.module}.{self.name}"


@dataclass
class Module:
    """One file."""

    name: str
    package: bool
    tree: ast.Module
    imports: list[Import] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Collect the imports and the classes."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                self.imports += [Import(item.name, None, item.asname or item.name) for item in node.names]
            elif isinstance(node, ast.ImportFrom):
                origin = self._origin(node)
                self.imports += [Import(origin, item.name, item.asname or item.name) for item in node.names]
        self.classes += [Class(self.name, name, found) for name, found in _classes(self.tree, "")]

    def _origin(self, node: ast.ImportFrom) -> str:
        """The absolute name of the module that names are imported from."""
        if node.level == 0:
            return node.module or ""
        parts = self.name.split(".")
        above = parts[: len(parts) - node.level + self.package]
        return ".".join([*above, node.module] if node.module else above)

    @cached_property
    def exported(self) -> frozenset[str]:
        """What `__all__` lists; empty without an `__all__`."""
        for node in self.tree.body:
            if isinstance(node, ast.If):  # `if not TYPE_CHECKING`
                node = node.body[0]
            if isinstance(node, ast.Assign) and any(ast.unparse(target) == "__all__" for target in node.targets):
                return frozenset(ast.literal_eval(node.value))
        return frozenset()


class House:
    """All modules under a root, by their dotted names."""

    def __init__(self, root: Path = ROOT) -> None:
        self.modules: dict[str, Module] = {}
        for package in PACKAGES:
            for file in sorted((root / package).rglob("*.py")):
                parts = file.relative_to(root).with_suffix("").parts
                is_package = parts[-1] == "__init__"
                name = ".".join(parts[:-1] if is_package else parts)
                self.modules[name] = Module(name, is_package, ast.parse(file.read_text("utf-8")))

    @cached_property
    def classes(self) -> dict[str, Class]:
        """Every class by its dotted path."""
        return {found.path: found for module in self.modules.values() for found in module.classes}

    def target(self, found: Import) -> str | None:
        """The module of the house that an import loads; None for a module from outside."""
        if found.name is not None and (inner := f"{found.module}.{found.name}") in self.modules:
            return inner
        return found.module if found.module in self.modules else None

    def resolve(self, module: str, name: str) -> tuple[str, ast.stmt] | None:
        """Follow a name through imports to the statement that defines it: (module, statement), or None."""
        for _ in range(10):
            if module not in self.modules:
                return None
            home = self.modules[module]
            for node in _statements(home.tree.body):
                if name in _defined(node):
                    return module, node
            step = next((found for found in home.imports if found.bound == name and found.name is not None), None)
            if step is None or step.name is None:
                return None
            module, name = step.module, step.name
        return None

    def bases(self, found: Class) -> Iterator[tuple[str, Class | None]]:
        """Each base as it is written, and its class if the base is of the house."""
        for base in found.node.bases:
            written = base.value if isinstance(base, ast.Subscript) else base
            yield ast.unparse(base), self._class(found.module, written)

    def _class(self, module: str, written: ast.expr) -> Class | None:
        if isinstance(written, ast.Name):
            resolved = self.resolve(module, written.id)
        elif isinstance(written, ast.Attribute) and isinstance(written.value, ast.Name):
            held = next((item for item in self.modules[module].imports if item.bound == written.value.id), None)
            target = self.target(held) if held is not None else None
            resolved = self.resolve(target, written.attr) if target is not None else None
        else:
            return None
        if resolved is None or not isinstance(resolved[1], ast.ClassDef):
            return None
        return self.classes.get(f"{resolved[0]}.{resolved[1].name}")


def _classes(node: ast.AST, before: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield before + child.name, child
            yield from _classes(child, f"{before}{child.name}.")
        else:
            yield from _classes(child, before)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module's own level, and those under `if` and `try`."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from _statements([*node.body, *node.orelse])
        if isinstance(node, ast.Try):
            yield from _statements([item for handler in node.handlers for item in handler.body])


def _defined(node: ast.stmt) -> set[str]:
    """The names that a statement defines (imports do not count)."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}
    if isinstance(node, ast.AnnAssign):
        return {ast.unparse(node.target)}
    if isinstance(node, ast.Assign):
        names = [target.elts if isinstance(target, ast.Tuple) else [target] for target in node.targets]
        return {ast.unparse(name) for group in names for name in group}
    return set()
