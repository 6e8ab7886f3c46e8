"""Random objects and answers of both schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from random import Random

from tests.tl.strategies import Maker
from tl import Schema, api, service
from tl.plan import BUILTIN

__all__ = ["corpora"]

Seeds = Iterator[tuple[str, bytes]]

_LONGEST = 600
_ATTEMPTS = 12
_OBJECTS = 40
_ANSWERS = 25
_NAMED = ("photos.photosSlice", "updates", "message", "config", "user", "pageBlockTable", "jsonObject", "dialogFilter")


def corpora() -> dict[str, dict[str, bytes]]:
    """Return the seeds of each target by name."""
    all_service = _names(service.schema)
    return {
        "tl-api": {
            **dict(_objects(api.schema, [*_NAMED, *Random(3).sample(_names(api.schema), _OBJECTS)])),
            **dict(_deep(api.schema, "textBold", b"", "textEmpty")),
        },
        "tl-api-typed": dict(_answers()),
        "tl-api-prefix": {name: b"\x08" + bytes(8) + data + b"tail" for name, data in _objects(api.schema, _NAMED)},
        "tl-service": {
            **dict(_objects(service.schema, all_service)),
            **dict(_deep(service.schema, "rpc_result", bytes(8), "rpc_answer_unknown")),
        },
        "tl-service-prefix": {
            name: b"\0" + data + bytes(5) for name, data in _objects(service.schema, all_service[::4])
        },
    }


def _names(schema: Schema) -> list[str]:
    return sorted(name for name in schema if name not in BUILTIN and not name.startswith("bool"))


def _objects(schema: Schema, names: Iterable[str]) -> Seeds:
    for name in names:
        yield name, _small(partial(_object, schema, name))


def _object(schema: Schema, name: str, source: Random) -> bytes:
    return Maker(schema, source, depth=3).object(name).to_bytes()


def _deep(schema: Schema, outer: str, fields: bytes, inner: str) -> Seeds:
    """Return an object inside many others: as many as are allowed, more, and more than Python could follow."""
    head, end = (schema.id_of(name).to_bytes(4, "little") for name in (outer, inner))
    for name, depth in (("deep", 100), ("refused-too-deep", 130), ("refused-far-too-deep", 1100)):
        yield name, (head + fields) * depth + end


def _answers() -> Seeds:
    """Return what calls are answered with, behind the id of the call."""
    schema = api.schema
    calls = [name for name in _names(schema) if schema.is_function(name)]
    results = {name: str(schema.plan(name).declaration.result) for name in calls}
    usual = [name for name, result in results.items() if result != "X"]
    for name in ["photos.getUserPhotos", *Random(4).sample(usual, _ANSWERS)]:
        head = schema.id_of(name).to_bytes(4, "little")
        yield name, head + _small(partial(_answer, schema, results[name]))


def _answer(schema: Schema, result: str, source: Random) -> bytes:
    return schema.encode(Maker(schema, source, depth=3).value(schema.kind(result)), result)


def _small(write: Callable[[Random], bytes]) -> bytes:
    """Return the longest of some random values that is not too long, else the shortest."""
    written = sorted((write(Random(seed)) for seed in range(_ATTEMPTS)), key=len)
    return next((data for data in reversed(written) if len(data) <= _LONGEST), written[0])
