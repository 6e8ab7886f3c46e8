"""Calls of any layer from 133 on: a flow names the fields, and a layer that lacks an optional one leaves it out.

The schema of an account is an argument of its flows, so that classes are looked up by their TL names. What a layer has
no word for ends in an error that names the layer and the method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.flows.errors import NotSupported, UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tl import Schema, TLFunction, TLObject

__all__ = ["OLDEST_LAYER", "expect", "has_field", "make", "method_names", "name_of", "text_of"]

OLDEST_LAYER = 133
"""The oldest layer that flows promise: the first one whose ids of users and chats have 64 bits."""

_WRAPPERS = 16
"""Names of one call that are looked at; a circle of queries has no end."""


def make(schema: Schema, name: str, optional: Mapping[str, object] | None = None, /, **fields: object) -> Any:
    """Return an object of a constructor, or a call of a function.

    Args:
        schema: the account's.
        name: the TL name.
        optional: fields that are left out where the layer lacks them, or where the value is None.
        fields: fields that the meaning needs.

    Raises:
        NotSupported: the layer is older than `OLDEST_LAYER`, or has no such name or field.

    """
    layer = "this schema" if schema.layer is None else f"layer {schema.layer}"
    if schema.layer is not None and schema.layer < OLDEST_LAYER:
        raise NotSupported(name, f"{layer} is older than layer {OLDEST_LAYER}, the oldest that is supported")
    if name not in schema:
        raise NotSupported(name, f"{layer} does not declare it")
    kind = schema[name]
    for field in fields:
        if not has_field(kind, field):
            raise NotSupported(name, f"in {layer} it has no field {field}")
    chosen = {
        field: value
        for field, value in (optional or {}).items()
        if value is not None and value is not False and has_field(kind, field)
    }
    return kind(**fields, **chosen)


def has_field(kind: type[TLObject], field: str) -> bool:
    """Tell whether a class has a field of a TL name."""
    return any(known.name == field for known in kind.PLAN.fields)


def name_of(value: object) -> str:
    """Return the TL name of an object, or "" for any other value: what the server sent may be anything."""
    return getattr(value, "NAME", "")


def text_of(value: object, field: str) -> str:
    """Return a field that holds a text, or "" where the layer has no such field or the server left it out."""
    found = getattr(value, field, None)
    return found if isinstance(found, str) else ""


def method_names(request: TLFunction[Any]) -> list[str]:
    """Return the TL names of a call, from the outermost wrapper to the innermost query.

    core.telegram.org/api/invoking
    """
    names: list[str] = []
    query: Any = request
    while hasattr(query, "NAME") and len(names) < _WRAPPERS:
        names.append(query.NAME)
        query = getattr(query, "query", None)
    return names


def expect(answer: Any, method: str, *names: str) -> Any:
    """Return an answer whose TL name is one of `names`. Raises UnexpectedAnswer for any other."""
    if name_of(answer) not in names:
        raise UnexpectedAnswer(method, answer, f"expected was {' or '.join(names)}")
    return answer
