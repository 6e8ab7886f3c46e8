"""JSON as objects of the API: the type `JSONValue` (core.telegram.org/type/JSONValue)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mtproto.errors import OptionError

if TYPE_CHECKING:
    from mtproto.client.application import JSON
    from tl import Schema, TLObject

__all__ = ["json_value"]


def json_value(value: JSON, schema: Schema) -> TLObject:
    """Return a value of JSON as an object of the type `JSONValue`; numbers become doubles.

    Raises:
        OptionError: it is no value of JSON.

    """
    made: TLObject
    types = schema.types
    match value:
        case None:
            made = types.JsonNull()
        case bool():
            made = types.JsonBool(value=value)
        case int() | float():
            made = types.JsonNumber(value=float(value))
        case str():
            made = types.JsonString(value=value)
        case Mapping():
            made = types.JsonObject(value=[_member(key, item, schema) for key, item in value.items()])
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            made = types.JsonArray(value=[json_value(item, schema) for item in value])
        case _:
            raise OptionError(f"application.params: {type(value).__name__} is no type of JSON", "application.params")
    return made


def _member(key: str, value: JSON, schema: Schema) -> TLObject:
    if not isinstance(key, str):
        raise OptionError(f"application.params: the key {key!r} is no string", "application.params")
    member: TLObject = schema.types.JsonObjectValue(key=key, value=json_value(value, schema))
    return member
