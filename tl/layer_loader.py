"""`load_layer`: Telegram's API in any layer that the packed history has, as a schema."""

from __future__ import annotations

from weakref import ref

from tl import history
from tl.errors import SchemaError
from tl.schema import Schema

TYPE_CHECKING = False  # for a quick start: see benchmarks/measurements/startup.py

if TYPE_CHECKING:
    from tl.objects import TLObject

__all__ = ["layers", "load_layer", "restored"]

_NAME = "layer "

_LONGEST = 9
"""Digits of a layer."""


class _Link:
    """One schema of a layer, which may be gone; then `after` is the link of the schema that was loaded next.

    Threads agree on the schema without a lock: only a link whose schema is gone is ever followed by another one, and
    `dict.setdefault` decides which.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = ref(schema)


_in_use: dict[int, _Link] = {}
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

    Raises SchemaError if the history lacks the layer; the error names the nearest layers. Raises TypeError for what is
    no int.
    """
    if type(number) is not int:
        raise TypeError(f"a layer is an int, not {number!r:.40}")
    found = _held(number)
    if found is not None:
        return found
    from tl import api

    if number == api.layer:
        return api.schema
    text = history.text_of(number)
    if text is None:
        raise SchemaError(_missing(number))
    return _kept(number, Schema(text, layer=number, name=f"{_NAME}{number}", dialect="telegram", restore=restored))


def _held(number: int) -> Schema | None:
    """Return the schema that somebody holds, or None."""
    link = _in_use.get(number)
    while link is not None:
        found = link.schema()
        if found is not None:
            return found
        link = link.__dict__.get("after")
    return None


def _kept(number: int, made: Schema) -> Schema:
    """Return the schema that all threads get: `made`, or the one of a thread that was quicker."""
    own = _Link(made)
    link = _in_use.setdefault(number, own)
    while (found := link.schema()) is None:
        link = link.__dict__.setdefault("after", own)
    _in_use[number] = link  # links before this one are no longer needed
    return found


def restored(schema: str, name: str) -> TLObject:
    """Return an object without fields for a pickle: of a TL name, in the schema that is called `layer N`.

    Raises:
        pickle.UnpicklingError: the history lacks the layer, or the layer has no such class.

    """
    from tl.pickling import empty_object, no_schema

    number = schema.removeprefix(_NAME)
    if f"{_NAME}{number}" != schema or not number.isdecimal() or len(number) > _LONGEST or int(number) not in layers():
        raise no_schema(schema)
    return empty_object(load_layer(int(number)), name)


def _missing(number: int) -> str:
    known = layers()
    near = [max((each for each in known if each < number), default=0), min((n for n in known if n > number), default=0)]
    names = " and ".join([str(each) for each in near if each])
    return f"the history of layers has no layer {number}; the nearest it has: {names}"
