"""An object of one schema as an object of another, by the names of constructors and fields.

A server needs this to answer a client in the layer of the client. An optional field or an element of a vector that the
other schema lacks is left out. An object has no counterpart if the other schema lacks anything else of it. Where names
do not tell, the caller's own functions do (`by_hand`, and `missing` for single fields).
"""

from __future__ import annotations

from tl.encode_faults import fault
from tl.errors import EncodeError
from tl.objects import NESTING, TLObject

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from tl.plan import Field, Kind, Plan
    from tl.schema import Schema

    ByHand = Mapping[str, Callable[[Any, Schema], TLObject | None]]
    Missing = Mapping[str, Callable[[Any, Schema], Any]]

__all__ = ["translate"]


def translate(
    value: TLObject,
    schema: Schema,
    nesting: int = NESTING,
    *,
    by_hand: ByHand | None = None,
    missing: Missing | None = None,
) -> TLObject:
    """Return the object of `schema` with the same constructor name and the same fields.

    Args:
        value: the object.
        schema: the schema to translate into.
        nesting: how deep objects may stand in one another.
        by_hand: functions for constructors that names do not translate, by TL name. A function takes an object and
            `schema`. It returns the object of `schema`, or None where the names are enough.
        missing: functions for fields that `schema` requires and the object lacks, by TL name and field
            (`"channel.version"`). A function takes an object and `schema`, and returns the value, which is translated
            as others are.

    Raises EncodeError, naming class and field, if `schema` has no such constructor, if `schema` requires a field that
    the object lacks or declares another type for its value, and if objects are nested deeper than `nesting`.

    """
    return _Translation(schema, by_hand or {}, missing or {}).object(value, nesting)


class _Translation:
    """One translation."""

    def __init__(self, schema: Schema, by_hand: ByHand, missing: Missing) -> None:
        self._schema = schema
        self._by_hand = by_hand
        self._missing = missing

    def object(self, value: TLObject, nesting: int) -> TLObject:
        """Return the object of the other schema. Raises EncodeError."""
        schema = self._schema
        special = self._by_hand.get(value.NAME)
        made = None if special is None else special(value, schema)
        if made is not None:
            return made
        cls = schema.get(value.NAME)
        if cls is None:
            raise EncodeError(f"{schema.name} has no such constructor", type(value).__qualname__)
        if nesting < 0:
            raise EncodeError("objects are nested too deep", cls.__qualname__)
        given = {field.name: getattr(value, field.attribute, None) for field in value.PLAN.fields}
        values: dict[str, Any] = {}
        for field in cls.PLAN.fields:
            inner = given.get(field.name)
            if inner is None and field.word is None:
                make = self._missing.get(f"{value.NAME}.{field.name}")
                inner = None if make is None else make(value, schema)
            if inner is not None:
                inner = self._field(field, inner, cls, nesting - 1)
            if inner is None and field.word is None:
                raise EncodeError(f"missing, and {schema.name} wants it", cls.__qualname__, field.name)
            values[field.name] = False if inner is None and field.is_flag else inner
        _even_out(cls.PLAN, values)
        return cls(**values)

    def _field(self, field: Field, value: Any, cls: type[TLObject], nesting: int) -> Any:
        """Return the value for the other schema; None if the field is optional and the value does not fit."""
        try:
            return self._value(field.kind, value, nesting)
        except EncodeError as error:
            if field.word is not None:
                return None
            if error.constructor:
                raise
            raise EncodeError(error.reason, cls.__qualname__, field.name) from None

    def _value(self, kind: Kind, value: Any, nesting: int) -> Any:
        if kind.code == "vector" and kind.element is not None and isinstance(value, list | tuple):
            return self._elements(kind.element, value, nesting)
        if isinstance(value, TLObject):
            value = self.object(value, nesting)
        wrong = fault(kind, value, self._schema)
        if wrong:
            raise EncodeError(wrong[1], "")
        return value

    def _elements(self, kind: Kind, values: list[Any] | tuple[Any, ...], nesting: int) -> list[Any]:
        """Keep the elements that have a counterpart. Objects without one are left out; a number without one raises."""
        kept = []
        for value in values:
            try:
                kept.append(self._value(kind, value, nesting))
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
