"""Short calls: a method by its TL name and plain values, as a request; dicts may stand for objects."""

from __future__ import annotations

from tl.call_defaults import call_default, drawn_default, is_drawn
from tl.errors import EncodeError
from tl.nearest_name import LONGEST, nearest
from tl.objects import NESTING, TLObject

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from inspect import Signature
    from typing import Any

    from tl.objects import TLFunction
    from tl.plan import Field, Kind
    from tl.schema import Schema

__all__ = ["request_of", "signature_of"]


def request_of(
    schema: Schema, method: str, given: Mapping[str, Any], random: Callable[[], int] | None = None
) -> TLFunction[Any]:
    """Return the request of a method.

    Args:
        schema: the schema that has the method.
        method: the TL name.
        given: a value for each field, by the name of the field. A dict `{"_": "inputUser", …}` may stand where an
            object is declared, also in a vector, in another dict and in an object. All other values stay as they are,
            so that a name may stand for a user whom the caller finds later. Fields that `call_default` knows may be
            left out.
        random: gives a random number of 64 bits, signed; with it, the fields of `is_drawn` may be left out, too.

    Raises:
        TypeError: the method has no such field, or a field is missing.
        EncodeError: a dict stands for no object; the error names the way to it, `photos.getUserPhotos.user_id`, and the
            nearest name.

    """
    cls: Any = schema[method]
    fields: list[Field] = cls.PLAN.fields
    by_name = {name: field for field in fields for name in (field.name, field.attribute)}
    for name in given:
        if name not in by_name:
            raise TypeError(f"{method} has no field {name!r}{nearest(name, by_name)}")
    values = {by_name[name].attribute: value for name, value in given.items() if value is not None}
    for field in fields:
        default = None if field.attribute in values else call_default(cls.PLAN, field)
        if default is None and random is not None and field.attribute not in values:
            default = drawn_default(cls.PLAN, field, values, random)
        if default is not None:
            values[field.attribute] = default
    missing = [field.attribute for field in fields if field.word is None and field.attribute not in values]
    if missing:
        raise TypeError(f"{method} wants {', '.join(missing)} as well")
    forms = _Forms(schema, method)
    made: TLFunction[Any] = cls(
        **{
            field.attribute: forms.value(field.kind, values[field.attribute], field.name, 0)
            for field in fields
            if field.attribute in values
        }
    )
    return made


def signature_of(schema: Schema, method: str) -> Signature:
    """Return the signature of a short call of a method, with the types of the language as annotations.

    The default of a field that is filled with random numbers is `...`.
    """
    from inspect import Parameter, Signature  # at the first use: a program calls without it

    plan = schema.plan(method)
    declared = {parameter.name: str(parameter.type) for parameter in plan.declaration.parameters}
    parameters = []
    for field in plan.fields:
        default = call_default(plan, field)
        if field.word is None:
            default = ... if is_drawn(plan, field) else Parameter.empty if default is None else default
        elif field.is_flag:
            default = False
        parameters.append(
            Parameter(field.attribute, Parameter.KEYWORD_ONLY, default=default, annotation=declared[field.name])
        )
    return Signature(parameters, return_annotation=str(plan.declaration.result))


class _Forms:
    """The dicts of one call."""

    def __init__(self, schema: Schema, method: str) -> None:
        self._schema = schema
        self._method = method

    def value(self, kind: Kind, value: Any, path: str, depth: int) -> Any:
        """Return a value with an object for each dict. `path` names its place behind the method: `"id[2].peer"`."""
        if kind.code == "vector" and kind.element is not None and isinstance(value, list | tuple):
            element = kind.element
            return [self.value(element, item, f"{path}[{index}]", depth) for index, item in enumerate(value)]
        if kind.holds_objects and isinstance(value, dict):
            return self._object(kind, value, path, depth)
        if kind.holds_objects and isinstance(value, TLObject) and value.SCHEMA is self._schema:
            return self._inside(value, path, depth)
        return value

    def _inside(self, made: TLObject, path: str, depth: int) -> TLObject:
        """Return an object with objects for the dicts inside; an object without dicts is returned itself."""
        if depth > NESTING:
            raise EncodeError("objects are nested too deep", self._method, path.partition(".")[0])
        changed = {}
        for field in made.PLAN.fields if made.PLAN.holds_objects else ():
            value = getattr(made, field.attribute, None)
            if field.kind.holds_objects and value is not None:
                read = self.value(field.kind, value, f"{path}.{field.name}", depth + 1)
                if not _is_same(read, value):
                    changed[field.attribute] = read
        return made.replace(**changed) if changed else made

    def _object(self, kind: Kind, form: dict[Any, Any], path: str, depth: int) -> TLObject:
        if depth > NESTING:
            raise EncodeError("dicts are nested too deep", self._method, path.partition(".")[0])
        cls = self._class(kind, form.get("_", kind.name if kind.code == "bare" else None), path)
        fields = {field.name: field for field in cls.PLAN.fields}
        values: dict[str, Any] = {}
        for name, value in form.items():
            if name == "_":
                continue
            field = fields.get(name)
            if field is None:
                raise EncodeError(f"no such field{nearest(str(name), fields)}", self._method, f"{path}.{name}")
            if value is not None:
                values[field.attribute] = self.value(field.kind, value, f"{path}.{name}", depth + 1)
        try:
            return cls(**values)
        except EncodeError as error:
            raise EncodeError(error.reason, self._method, f"{path}.{error.field}") from None

    def _class(self, kind: Kind, name: Any, path: str) -> type[TLObject]:
        schema = self._schema
        if name is None:
            reason = 'the key "_" is missing: it names the constructor'
        elif not isinstance(name, str):
            reason = f'the key "_" is a name, not {type(name).__qualname__}'
        else:
            found = schema.get(name)
            if found is not None:
                return found
            fitting = schema.constructors(kind.name) if kind.code == "boxed" else []
            near = nearest(name, fitting) or nearest(name, schema)
            reason = f"no constructor is called {name[:LONGEST]!r}{near}"
        raise EncodeError(reason, self._method, path)


def _is_same(read: Any, value: Any) -> bool:
    """Tell whether nothing was read out of a value: the vector that comes back has the same objects."""
    if isinstance(read, list) and isinstance(value, list | tuple):
        return all(map(_is_same, read, value))
    return read is value
