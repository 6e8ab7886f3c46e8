"""What an editor shows beside a class: the declaration, a line for each field, and the page of the documentation."""

from __future__ import annotations

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tl.plan import Field, Kind, Plan
    from tl.stubs.names import Names

__all__ = ["of_boxed", "of_declaration"]

_PAGES = "https://core.telegram.org"

_SAID = {
    "int": "int, 32 bits",
    "long": "int, 64 bits",
    "nat": "int, 32 bits, unsigned",
    "double": "float",
    "string": "str",
    "bytes": "bytes",
    "int128": "16 bytes",
    "int256": "32 bytes",
    "int512": "64 bytes",
    "bool": "bool",
    "true": "True",
    "object": "an object of any type",
    "function": "a call",
}
"""What stands in a field, by the code of its kind."""

_FEW = 4
"""A line of a field names the constructors of a type if there are at most so many of them."""


def of_declaration(plan: Plan, names: Names, *, documented: bool) -> list[str]:
    """Return the lines of the docstring of a constructor or function.

    Args:
        plan: the declaration.
        names: what the stubs call the classes.
        documented: whether the declaration has a page on core.telegram.org.

    """
    declaration = plan.declaration
    lines = [str(declaration)]
    if documented:
        page = "method" if declaration.function else "constructor"
        lines += ["", f"{_PAGES}/{page}/{declaration.name}"]
    if plan.fields:
        lines += ["", *(f"- {field.attribute}: {_said(field, plan, names)}" for field in plan.fields)]
    return lines


def of_boxed(type_name: str, names: Names, *, documented: bool) -> list[str]:
    """Return the lines of the docstring of a boxed type."""
    page = ["", f"{_PAGES}/type/{type_name}"] if documented else []
    return [f"The type {type_name}: {', '.join(names.constructors(type_name))}", *page]


def _said(field: Field, plan: Plan, names: Names) -> str:
    if field.is_flag:
        return "bool"
    together = [f"`{other.attribute}`" for other in _companions(field, plan)]
    condition = f", only together with {' and '.join(together)}" if together else ""
    return f"{_value(field.kind, names)}{', optional' if field.word is not None else ''}{condition}"


def _companions(field: Field, plan: Plan) -> Iterator[Field]:
    """Yield the other fields that are present whenever this one is: they share its bit."""
    if field.word is not None:
        yield from (other for other in plan.words[field.word][field.bit] if other is not field)


def _value(kind: Kind, names: Names) -> str:
    if kind.code == "vector" and kind.element is not None:
        return f"list of {_value(kind.element, names)}"
    if kind.code in ("boxed", "bare"):
        made = names.constructors(kind.name) if kind.code == "boxed" else []
        return kind.name if len(made) > _FEW or made == [kind.name] else f"{kind.name} ({', '.join(made)})"
    return _SAID[kind.code]
