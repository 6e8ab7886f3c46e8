"""The methods of a schema in the documentation's spelling, as `.pyi` files: what `client.api` and `account.api` have.

There is a package of classes for each way to wait: `awaited`, whose methods are coroutines, and `blocking`, whose
methods return the answer. Each class has the methods of one namespace.
"""

from __future__ import annotations

from keyword import iskeyword

from tl.call_defaults import call_default, is_drawn
from tl.declaration import class_name
from tl.stubs.annotations import Annotations, type_variables
from tl.stubs.names import Names, module_name

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tl.plan import Field, Plan
    from tl.schema import Schema

__all__ = ["method_stub_files"]

_WAYS = {"awaited": "async def", "blocking": "def"}
"""How a method begins, by the package that the method stands in."""

_IMPORTS = (
    ("_builtins.", "import builtins as _builtins"),
    ("_Form", "from collections.abc import Mapping as _Mapping"),
    ("_Sequence[", "from collections.abc import Sequence as _Sequence"),
    ("", "from typing import Generic as _Generic"),
    ("_Form", "from typing import TypeAlias as _TypeAlias"),
    ("", "from typing import TypeVar as _TypeVar"),
    ("_TLFunction[", "from tl import TLFunction as _TLFunction"),
    ("_TLObject", "from tl import TLObject as _TLObject"),
    ("_boxed.", "from tl._api import boxed as _boxed"),
    ("_types.", "from tl._api import types as _types"),
    ("_unions.", "from tl._api import _unions"),
)
"""The imports of a file, each with the text that shows that the file needs the import."""


def method_stub_files(schema: Schema) -> dict[str, str]:
    """Return the text of each file of the packages `awaited` and `blocking`, by its path beside those of `stub_files`.

    The packages have the classes `AwaitedMethods` and `BlockingMethods`: attributes for the namespaces, and the methods
    that stand in none. All classes are generic: their parameter is what may stand for a user or a chat, beside the
    objects that the schema declares.
    """
    names = Names(schema)
    spaces: dict[str, list[str]] = {"": []}
    for name in names.functions:
        space = name.rpartition(".")[0]
        while space not in spaces:
            spaces[space] = []
            space = space.rpartition(".")[0]
        spaces[name.rpartition(".")[0]].append(name)
    files = {}
    for way in _WAYS:
        for space, members in spaces.items():
            inner = [other for other in spaces if other and other.rpartition(".")[0] == space]
            files[f"{way}/{_file(space)}.pyi"] = _module(way, space, inner, members, names, schema)
    return files


def _file(space: str) -> str:
    return module_name(space.replace(".", "__")) if space else "__init__"


def _class(way: str, space: str) -> str:
    return "".join(map(class_name, space.split("."))) if space else f"{class_name(way)}Methods"


def _module(way: str, space: str, inner: Iterable[str], members: Iterable[str], names: Names, schema: Schema) -> str:
    hidden = {name.rpartition(".")[2] for name in (*inner, *members)}
    lines = [f"class {_class(way, space)}(_Generic[_Who]):", f'    """The methods {space}{"." * bool(space)}*."""']
    for other in inner:
        lines.append(f"    {other.rpartition('.')[2]}: _{_file(other)}.{_class(way, other)}[_Who]")
    variables: set[str] = set()
    for name in members:
        if not iskeyword(name.rpartition(".")[2]):
            lines += _method(way, names.plans[name], names, schema, hidden)
            variables |= set(type_variables(names.plans[name]))
    body = "\n".join(lines)
    imports = [line for mark, line in _IMPORTS if mark in body]
    imports += [f"from . import {_file(other)} as _{_file(other)}" for other in inner]
    made = ['_Who = _TypeVar("_Who")', *(f'_{name} = _TypeVar("_{name}")' for name in sorted(variables))]
    if "_Form" in body:
        made.append("_Form: _TypeAlias = _Mapping[str, object]")
    title = f'"""The methods {space}{"." * bool(space)}* of {schema.name}, {way}."""'
    return "\n\n".join([title, "\n".join(imports), "\n".join(made), body]) + "\n"


def _method(way: str, plan: Plan, names: Names, schema: Schema, hidden: set[str]) -> list[str]:
    annotations = Annotations(names, hidden, forms=True)
    given = [f"{field.attribute}: {annotations.parameter(field)}{_default(plan, field)}" for field in plan.fields]
    first = "_self, /" if any(field.attribute == "self" for field in plan.fields) else "self"
    parameters = ", ".join([first, "*", *given] if given else [first])
    head = f"    {_WAYS[way]} {plan.declaration.name.rpartition('.')[2]}({parameters})"
    # The class of the function has the page and a line for each field: twice more, and the wheel would be too large.
    return [f"{head} -> {annotations.answer(plan, schema)}:", f'        """{plan.declaration}"""']


def _default(plan: Plan, field: Field) -> str:
    if field.word is not None:
        return " = False" if field.is_flag else " = None"
    if is_drawn(plan, field):
        return " = ..."
    default = call_default(plan, field)
    return "" if default is None else " = ..." if isinstance(default, dict) else f" = {default!r}"
