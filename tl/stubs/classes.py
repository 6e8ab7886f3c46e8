"""The text of one class of the stubs."""

from __future__ import annotations

from tl.stubs.annotations import Annotations
from tl.stubs.docstrings import of_boxed, of_declaration

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from tl.plan import Field, Plan
    from tl.schema import Schema
    from tl.stubs.names import Names

__all__ = ["boxed_class", "declared_class"]

_INDENT = "    "


def declared_class(plan: Plan, schema: Schema, names: Names, spaces: AbstractSet[str]) -> str:
    """Return the class of a constructor or function.

    Args:
        plan: the declaration.
        schema: the schema that it belongs to.
        names: what the stubs call the classes.
        spaces: the namespaces of the file that the class stands in.

    """
    declaration = plan.declaration
    annotations = Annotations(names, {field.attribute for field in plan.fields} | spaces)
    if declaration.function:
        path = names.functions[declaration.name]
        base = f"_TLFunction[{Annotations(names, spaces).answer(plan, schema)}]"
    else:
        path = names.types[declaration.name]
        base = names.base(declaration.result.name)
    lines = [f"class {path.rpartition('.')[2]}({base}):"]
    lines += _docstring(of_declaration(plan, names, documented=schema.layer is not None))
    lines += [f"{_INDENT}{field.attribute}: {annotations.attribute(field)}" for field in plan.fields]
    positional = tuple(field.attribute for field in plan.fields if field.word is None)
    if positional:
        lines.append(f"{_INDENT}__match_args__ = {positional}")
    lines.append(f"{_INDENT}def __init__({_parameters(plan.fields, annotations)}) -> None: ...")
    return "\n".join(lines)


def boxed_class(type_name: str, schema: Schema, names: Names, spaces: AbstractSet[str]) -> str:
    """Return the class that the constructors of a boxed type share; nobody can make an object of it.

    It has the attributes that each of the constructors has, with the same type; a vector is a sequence here, of which
    nobody changes the elements. `spaces` are the namespaces of the file.
    """
    hidden = spaces | {field.attribute for plan in names.plans_of(type_name) for field in plan.fields}
    annotations = Annotations(names, hidden)
    first, *others = [
        {field.attribute: annotations.shared(field) for field in plan.fields} for plan in names.plans_of(type_name)
    ]
    shared = [f"{_INDENT}{name}: {spelt}" for name, spelt in first.items() if all(o.get(name) == spelt for o in others)]
    head = f"class {names.boxed[type_name].rpartition('.')[2]}(_TLObject):"
    doc = _docstring(of_boxed(type_name, names, documented=schema.layer is not None))
    return "\n".join(
        [head, *doc, *shared, f"{_INDENT}def __init__(self, *, make_one_of_its_constructors: _Never) -> None: ..."]
    )


def _parameters(fields: list[Field], annotations: Annotations) -> str:
    if not fields:
        return "self"
    first = "_self, /" if any(field.attribute == "self" for field in fields) else "self"
    given = [f"{field.attribute}: {annotations.parameter(field)}{_default(field)}" for field in fields]
    return ", ".join([first, "*", *given])


def _default(field: Field) -> str:
    if field.word is None:
        return ""
    return " = False" if field.is_flag else " = None"


def _docstring(lines: list[str]) -> list[str]:
    first, *rest = lines
    if not rest:
        return [f'{_INDENT}"""{first}"""']
    return [f'{_INDENT}"""{first}', *(f"{_INDENT}{line}" if line else "" for line in rest), f'{_INDENT}"""']
