"""Random objects and answers of both schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from random import Random

from tests.fuzz.targets.tl import DIALECT
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
            **dict(_cut_texts()),
        },
        "tl-dialect": dict(_dialect()),
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


def _cut_texts() -> Seeds:
    """Return objects whose strings are no UTF-8: short ones, long ones, and in a vector."""
    short, long = ("José"[:4].encode()[:-1].decode("utf-8", "surrogateescape") * times for times in (1, 90))
    types = api.types
    for name, text in (("short", short), ("long", long)):
        yield f"no-utf-8-{name}", types.NearestDc(country=text, this_dc=1, nearest_dc=2).to_bytes()
    sizes = [types.PhotoSize(type=short, w=1, h=2, size=3), types.PhotoStrippedSize(type=long, bytes=b"x")]
    photo = types.Photo(id=1, access_hash=2, file_reference=b"", date=3, sizes=sizes, dc_id=2)
    yield "no-utf-8-in-a-vector", photo.to_bytes()


def _dialect() -> Seeds:
    """Return objects with conditional flags words that are there, that are not, and that hold no bits."""
    words, alone = DIALECT["a.b.words"], DIALECT["a.b.alone"]
    full = words(x=2**52, y="é", z=bytes(64), t=True)
    numbers = DIALECT["a.numbers"](n=2**32 - 1, m=-1, i=2**62, s="s")
    yield "words-none", words().to_bytes()
    yield "words-some", words(x=1).to_bytes()
    yield "words-all", full.to_bytes()
    yield (
        "words-without-bits",
        alone.ID.to_bytes(4, "little") + b"".join(word.to_bytes(4, "little") for word in (2, 2, 0)),
    )
    yield "alone", alone(x=full, y=7).to_bytes()
    yield "numbers", numbers.to_bytes()
    items = [full, numbers, words(), alone(x=words())]
    yield "all", DIALECT["a.all"](o=numbers, v=items, w=[alone(y=0), alone()], u=["a", "\udcff", ""]).to_bytes()


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
