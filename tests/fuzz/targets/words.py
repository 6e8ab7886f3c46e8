"""What parsers of service messages look for."""

from __future__ import annotations

from functools import cache

from tests.fuzz.targets.forger import SALT, SECOND, SESSION_ID, START
from tl import Schema, service
from tl.plan import BUILTIN
from tl.wire import VECTOR

__all__ = ["constructor_ids", "service_words"]


@cache
def constructor_ids(schema: Schema) -> tuple[bytes, ...]:
    """Return the ids of all constructors and functions as they stand on the wire."""
    return tuple(schema.id_of(name).to_bytes(4, "little") for name in schema if name not in BUILTIN)


@cache
def service_words() -> tuple[bytes, ...]:
    """Return the ids of the service schema, and the numbers that the sessions of the targets know."""
    heads = constructor_ids(service.schema)
    first = int(START) * SECOND
    ids = [first + step for step in (*range(0, 132, 4), 1, 3, 5, 7, 9)]
    later = [int(START + 11) * SECOND + step for step in (0, 4, 8, 12, 16, 1, 3)]
    longs = [number.to_bytes(8, "little") for number in (*ids, *later, SALT, SESSION_ID, SESSION_ID + 1)]
    return (*heads, VECTOR.to_bytes(4, "little"), *longs)
