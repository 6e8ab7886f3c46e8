"""`load_layer`: Telegram's API in any layer that the packed history has, as a schema."""

from __future__ import annotations

from weakref import WeakValueDictionary

from tl import history
from tl.errors import SchemaError
from tl.schema import Schema

__all__ = ["layers", "load_layer"]

_in_use: WeakValueDictionary[int, Schema] = WeakValueDictionary()
"""The layers that somebody holds. One number is one schema, as `tl.api` is one module: objects of two schemas never
are equal."""


def layers() -> tuple[int, ...]:
    """Return the numbers of the layers that `load_layer` has, in ascending order."""
    return history.all_layers()


def load_layer(number: int) -> Schema:
    """Return the schema of a layer of Telegram's API: `tl.load_layer(181).types.InputUserSelf()`.

    The packaged layer is `tl.api.schema` itself. Any other layer is read from the packed history, which takes some
    milliseconds, and lives as long as the program holds the schema, a class of it or an object: until then, the same
    number gives the same schema.

    A layer has had several revisions; the history knows one of them. A declaration that stands in the layers on both
    sides of a layer that the history lacks may or may not have stood there. So such a layer is an error.

    Raises SchemaError if the history lacks the layer; the error names the nearest layers.
    """
    found = _in_use.get(number)
    if found is not None:
        return found
    from tl import api

    if number == api.layer:
        return api.schema
    text = history.text_of(number)
    if text is None:
        raise SchemaError(_missing(number))
    return _in_use.setdefault(number, Schema(text, layer=number, name=f"layer {number}", dialect="telegram"))


def _missing(number: int) -> str:
    known = layers()
    near = [max((each for each in known if each < number), default=0), min((n for n in known if n > number), default=0)]
    names = " and ".join([str(each) for each in near if each])
    return f"the history of layers has no layer {number}; the nearest it has: {names}"
