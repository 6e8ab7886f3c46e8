"""Objects of packaged schemas in pickles: the name of the schema, the TL name, the fields.

A pickle calls `restored` of the module that loads the schema (`packaged`, `layer_loader`) with two texts, and then
gives the fields to the empty object. Neither step imports or calls anything that the pickle names. For the rest, a
pickle is as dangerous as any: unpickle only what you trust, and take `to_bytes` and `decode` for strangers' data.
"""

from __future__ import annotations

from pickle import PicklingError, UnpicklingError

from tl.plan import CLASSLESS

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tl.objects import SchemaOfObject, TLObject

    Restore = Callable[[str, str], TLObject]

__all__ = ["attributes", "empty_object", "no_schema", "reduced"]


def reduced(
    value: TLObject, schema: SchemaOfObject, restore: Restore | None
) -> tuple[Restore, tuple[str, str], dict[str, Any]]:
    """Return what `__reduce_ex__` has to return for an object of a schema.

    `restore` is the function of a module that finds the schema again; None if no function does.

    Raises:
        PicklingError: no function finds the schema again; or the class of the object is a subclass, not the schema's.

    """
    cls = type(value)
    if restore is None:
        raise PicklingError(
            f"{value.NAME} is of the schema {schema.name!r}, which another process could not find: only objects of "
            "tl.api, tl.service and tl.load_layer(N) can be pickled; to_bytes() and to_json() write any object"
        )
    if schema.get(cls.NAME) is not cls:
        raise PicklingError(f"{cls.__qualname__} is a subclass of a class of {schema.name}, and no pickle can name it")
    return restore, (schema.name, cls.NAME), _fields_of(value)


def _fields_of(value: TLObject) -> dict[str, Any]:
    """Return the fields of an object by TL name, without the optional ones that are absent."""
    found = {field: getattr(value, field.attribute, None) for field in value.PLAN.fields}
    return {
        field.name: inner
        for field, inner in found.items()
        if field.word is None or not (inner is None or (field.is_flag and inner is False))
    }


def empty_object(schema: SchemaOfObject, name: str) -> TLObject:
    """Return an object whose fields are not set yet.

    Raises:
        UnpicklingError: the schema has no class of that name, whose objects have fields.

    """
    cls = None if name in CLASSLESS else schema.get(name)
    if cls is None:
        raise UnpicklingError(f"the schema {schema.name!r} has no class for {name!r}")
    made: TLObject = object.__new__(cls)
    return made


def no_schema(name: object) -> UnpicklingError:
    """Return the error for a name that no packaged schema has."""
    return UnpicklingError(f"no packaged schema is called {name!r}")


def attributes(made: TLObject, state: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of all fields: those of a pickle, and the rest as the class sets fields that are left out.

    Raises:
        UnpicklingError: a field is unknown, or a required one is missing: the pickle is of another layer.

    """
    fields = made.PLAN.fields
    known = {field.name for field in fields}
    unknown = [name for name in state if name not in known]
    missing = [field.name for field in fields if field.word is None and field.name not in state]
    if unknown or missing:
        fault = f"no field {unknown[0]}" if unknown else f"a field {missing[0]}, which the pickle lacks"
        raise UnpicklingError(f"{made.NAME} of the schema {made.SCHEMA.name!r} has {fault}")
    return {field.attribute: state.get(field.name, False if field.is_flag else None) for field in fields}
