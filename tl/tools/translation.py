"""An object of one schema as an object of another, by the names of constructors and fields.

A server needs this to answer a client in the layer of the client. An optional field or an element of a vector that the
other schema lacks is left out. An object has no counterpart if the other schema lacks anything else of it.
"""

from __future__ import annotations

from tl.encode_faults import fault
from tl.errors import EncodeError
from tl.objects import NESTING, TLObject

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from typing import Any

    from tl.plan import Field, Kind, Plan
    from tl.schema import Schema

__all__ = ["translate"]


def translate(value: TLObject, schema: Schema, nesting: int = NESTING) -> TLObject:
    """Return the object of `schema` with the same constructor name and the same fields.

    Raises EncodeError, naming class and field, if `schema` has no such constructor, if `schema` requires a field that
    the object lacks or declares another type for its value, and if objects are nested deeper than `nesting`.
    """
    cls = schema.get(value.NAME)
    if cls is None:
        raise EncodeError(f"{schema.name} has no such constructor", type(value).__qualname__)
    if nesting < 0:
        raise EncodeError("objects are nested too deep", cls.__qualname__)
    given = {field.name: getattr(value, field.attribute, None) for field in value.PLAN.fields}
    values: dict[str, Any] = {}
    for field in cls.PLAN.fields:
        inner = given.get(field.name)
        if inner is not None:
            inner = _field(field, inner, schema, cls, nesting - 1)
        if inner is None and field.word is None:
            raise EncodeError(f"missing, and {schema.name} wants it", cls.__qualname__, field.name)
        values[field.name] = False if inner is None and field.is_flag else inner
    _even_out(cls.PLAN, values)
    return cls(**values)


def _field(field: Field, value: Any, schema: Schema, cls: type[TLObject], nesting: int) -> Any:
    """Return the value for the other schema; None if the field is optional and the value does not fit."""
    try:
        return _value(field.kind, value, schema, nesting)
    except EncodeError as error:
        if field.word is not None:
            return None
        if error.constructor:
            raise
        raise EncodeError(error.reason, cls.__qualname__, field.name) from None


def _value(kind: Kind, value: Any, schema: Schema, nesting: int) -> Any:
    if kind.code == "vector" and kind.element is not None and isinstance(value, list | tuple):
        return _elements(kind.element, value, schema, nesting)
    if isinstance(value, TLObject):
        value = translate(value, schema, nesting)
    wrong = fault(kind, value, schema)
    if wrong:
        raise EncodeError(wrong[1], "")
    return value


def _elements(kind: Kind, values: list[Any] | tuple[Any, ...], schema: Schema, nesting: int) -> list[Any]:
    """Return the elements that have a counterpart. Objects without one are left out; a number without one raises."""
    kept = []
    for value in values:
        try:
            kept.append(_value(kind, value, schema, nesting))
        except EncodeError:
            if not isinstance(value, TLObject):
                raise
    return kept


def _even_out(plan: Plan, values: dict[str, Any]) -> None:
    """Leave out each field that shares its bit with a field that was left out, and all that depends on that bit."""
    gone: set[str] = set()
    for word, bits in plan.words.items():  # a word that depends on another comes after the other one
        for bit in {*bits, *plan.inner[word]}:
            fields = bits.get(bit, [])
            there = [values[field.name] is not (False if field.is_flag else None) for field in fields]
            if word not in gone and all(there):
                continue
            for field in fields:
                values[field.name] = False if field.is_flag else None
            gone.update(plan.inner[word].get(bit, []))
