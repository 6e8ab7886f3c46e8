"""The types of fields as Python spells them: what an attribute holds, and what a parameter takes.

An attribute of a boxed type is the union of its constructors, so that `match` can be exhaustive. A parameter takes the
class that the constructors share: a checker compares it with one class, however many constructors there are.
"""

from __future__ import annotations

from tl.errors import SchemaError

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from tl.plan import Field, Kind, Plan
    from tl.schema import Schema
    from tl.stubs.names import Names

__all__ = ["WHO", "Annotations", "type_variables"]

WHO = frozenset({"InputChannel", "InputPeer", "InputUser"})
"""The types whose objects mean a user or a chat."""

_PYTHON = {
    "int": "int",
    "long": "int",
    "nat": "int",
    "double": "float",
    "string": "str",
    "bytes": "bytes",
    "int128": "bytes",
    "int256": "bytes",
    "int512": "bytes",
    "bool": "bool",
    "true": "bool",
}
"""The Python type of a value, by the code of its kind."""

_BUFFERS = ("bytes", "bytearray", "memoryview")


class Annotations:
    """Spells types inside one class.

    Args:
        names: what the stubs call the classes.
        hidden: names that mean something else inside the class: its fields, and the namespaces of its file.
        forms: whether a parameter takes a dict for an object as well, and `_Who` for a user or a chat.

    """

    def __init__(self, names: Names, hidden: AbstractSet[str], *, forms: bool = False) -> None:
        self._names = names
        self._hidden = hidden
        self._forms = forms

    def attribute(self, field: Field) -> str:
        """Return the type of the attribute of a field."""
        return self._optional(self._value(field.kind), field)

    def shared(self, field: Field) -> str:
        """Return the type of an attribute that all constructors of a boxed type have.

        It names no constructor: else the boxed classes would need the constructors, which need the boxed classes, and a
        checker goes through such a circle of modules several times.
        """
        return self._optional(self._nominal(field.kind), field)

    def parameter(self, field: Field) -> str:
        """Return the type of the argument for a field."""
        return self._optional(self._argument(field.kind), field)

    def builtin(self, name: str) -> str:
        """Return how the class names a built-in type; a field that is called `bytes` hides `bytes`."""
        return f"_builtins.{name}" if name in self._hidden else name

    def answer(self, plan: Plan, schema: Schema) -> str:
        """Return the type of what a function is answered with."""
        result = str(plan.declaration.result)
        if result in type_variables(plan):
            return f"_{result}"
        try:
            return self._value(schema.kind(result))
        except SchemaError:  # the class of the function can be made, and nothing reads the answer
            return self.builtin("object")

    def _optional(self, spelt: str, field: Field) -> str:
        return spelt if field.word is None or field.is_flag else f"{spelt} | None"

    def _value(self, kind: Kind) -> str:
        if kind.code == "boxed":
            return self._known(self._names.any_of(kind.name))
        if kind.code == "vector" and kind.element is not None:
            return f"{self.builtin('list')}[{self._value(kind.element)}]"
        return self._common(kind)

    def _nominal(self, kind: Kind) -> str:
        if kind.code == "boxed" and kind.name in self._names.boxed:
            return self._names.base(kind.name)
        if kind.code == "vector" and kind.element is not None:
            return f"_Sequence[{self._nominal(kind.element)}]"
        return self._value(kind)

    def _argument(self, kind: Kind) -> str:
        if kind.code in ("boxed", "bare"):
            spelt = self._names.base(kind.name) if kind.name in self._names.boxed else self._value(kind)
            forms = [] if not self._forms else ["_Form", "_Who"] if kind.name in WHO else ["_Form"]
            return " | ".join([spelt, *forms])
        if kind.code == "bytes":
            return " | ".join(map(self.builtin, _BUFFERS))
        if kind.code == "vector" and kind.element is not None:
            return f"_Sequence[{self._argument(kind.element)}]"
        return self._common(kind)

    def _known(self, spelt: str) -> str:
        """Return the name of a class or a union; `object` may be hidden, the others never are."""
        return self.builtin(spelt) if spelt == "object" else spelt

    def _common(self, kind: Kind) -> str:
        if kind.code == "bare":
            return self._known(self._names.constructor(kind.name))
        if kind.code == "object":
            return f"_TLObject | {self.builtin('bool')}"
        if kind.code == "function":
            return f"_TLFunction[_{kind.name[1:]}]" if kind.name.startswith("!") else "_TLFunction[_Any]"
        return self.builtin(_PYTHON[kind.code])


def type_variables(plan: Plan) -> list[str]:
    """Return the type variables that a declaration uses behind `!`."""
    return sorted({step.kind.name[1:] for step in plan.fields if step.kind.name.startswith("!")})
