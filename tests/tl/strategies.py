"""Random values of any type of a schema, for hypothesis and for loops over whole schemas.

    @given(objects(api.schema, "photos.photosSlice"))
    @given(objects(api.schema))                         any constructor or function

`Maker` does the same from a `random.Random`; it is what loops over thousands of declarations use.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tl.plan import CLASSLESS

if TYPE_CHECKING:
    from tl import Schema, TLObject
    from tl.plan import Field, Kind, Plan

__all__ = ["Maker", "objects", "values"]

_EDGES = {
    "int": (0, 1, -1, 2**31 - 1, -(2**31)),
    "long": (0, 1, -1, 2**63 - 1, -(2**63), 2**32),
    "nat": (0, 1, 2**31, 2**32 - 1),
    "double": (0.0, -1.5, 1e300, float("inf"), 5e-324),
}
_BITS = {"int": 31, "long": 63, "nat": 32}
_LENGTHS = (0, 1, 2, 3, 4, 5, 8, 252, 253, 254, 255, 256, 257)
_TEXTS = ("", "a", "ab", "abc", "i", "\0", "é", "日本", "🙂", "x" * 252, "x" * 253, "é" * 127, "y" * 300)
_NO_WAY = 1_000_000


class Maker:
    """Makes values of a schema's types from a source of randomness; `depth` bounds objects inside objects."""

    def __init__(self, schema: Schema, source: random.Random, depth: int = 4) -> None:
        self._schema = schema
        self._random = source
        self._depth = depth

    def object(self, name: str, depth: int | None = None) -> TLObject:
        """Return an object of a constructor, or a call of a function."""
        left = self._depth if depth is None else depth
        plan = self._schema.plan(name)
        values = {field.name: self._absent(field) for field in plan.fields}
        for fields in self._bits(plan):
            there = fields[0].word is None or (left > 0 and self._random.random() < 0.5)
            if there:
                values.update({field.name: self._present(field, left) for field in fields})
        return self._schema[name](**values)

    def value(self, kind: Kind, depth: int | None = None) -> Any:
        """Return a value of any kind."""
        left = self._depth if depth is None else depth
        code, pick = kind.code, self._random
        if code in _EDGES:
            if pick.random() < 0.5:
                return pick.choice(_EDGES[code])
            if code == "double":
                return pick.uniform(-1e6, 1e6)
            number = pick.getrandbits(_BITS[code])
            return -number if code != "nat" and pick.random() < 0.5 else number
        if code == "string":
            return pick.choice(_TEXTS)
        if code == "bytes":
            return pick.randbytes(pick.choice(_LENGTHS))
        if code in ("int128", "int256"):
            return pick.randbytes(int(code[3:]) // 8)
        if code in ("bool", "true"):
            return code == "true" or pick.random() < 0.5
        if code == "vector":
            assert kind.element is not None
            few = 0 if left <= 0 else pick.choice((0, 1, 2, 3))
            return [self.value(kind.element, left) for _ in range(few)]
        return self._inner(kind, left - 1)

    def _inner(self, kind: Kind, depth: int) -> TLObject:
        names = {
            "boxed": lambda: self._schema.constructors(kind.name),
            "bare": lambda: [kind.name],
            "object": lambda: _leaves(self._schema, function=False),
            "function": lambda: _leaves(self._schema, function=True),
        }[kind.code]()
        if depth <= 0:
            heights = _heights(self._schema)
            least = min([heights[name] for name in names])
            names = [name for name in names if heights[name] == least]
        return self.object(self._random.choice(names), depth)

    def _bits(self, plan: Plan) -> list[list[Field]]:
        alone = [[field] for field in plan.fields if field.word is None]
        return alone + [fields for bits in plan.words.values() for fields in bits.values()]

    def _absent(self, field: Field) -> Any:
        return False if field.is_flag else None

    def _present(self, field: Field, depth: int) -> Any:
        return True if field.is_flag else self.value(field.kind, depth)


def objects(schema: Schema, name: str | None = None) -> st.SearchStrategy[TLObject]:
    """Return a strategy of objects: of one constructor or function, or of any."""
    names = [each for each in schema if each not in CLASSLESS] if name is None else [name]
    return st.builds(
        lambda chosen, source: Maker(schema, source).object(chosen),
        st.sampled_from(names),
        st.randoms(use_true_random=False),
    )


def values(schema: Schema, result: str) -> st.SearchStrategy[Any]:
    """Return a strategy of values of a type expression, for example `"Vector<long>"`."""
    kind = schema.kind(result)
    return st.randoms(use_true_random=False).map(lambda source: Maker(schema, source).value(kind))


_HEIGHTS: dict[int, tuple[Schema, dict[str, int]]] = {}


def _heights(schema: Schema) -> dict[str, int]:
    """Return for each declaration how many objects deep its smallest value is."""
    if id(schema) not in _HEIGHTS:
        heights = dict.fromkeys(schema, _NO_WAY)
        changed = True
        while changed:
            changed = False
            for name in schema:
                needs = [
                    _height(schema, field.kind, heights) for field in schema.plan(name).fields if field.word is None
                ]
                height = 1 + max(needs, default=0)
                if height < heights[name]:
                    heights[name], changed = height, True
        _HEIGHTS[id(schema)] = schema, heights
    return _HEIGHTS[id(schema)][1]


def _height(schema: Schema, kind: Kind, heights: dict[str, int]) -> int:
    if kind.code == "boxed":
        return min([heights[name] for name in schema.constructors(kind.name)])
    return heights[kind.name] if kind.code == "bare" else 1 if kind.code in ("object", "function") else 0


def _leaves(schema: Schema, *, function: bool) -> list[str]:
    """Return what can stand for any object or any call: declarations without objects in them."""
    heights = _heights(schema)
    skipped = CLASSLESS | {"boolTrue", "boolFalse"}
    return [
        name for name in schema if schema.is_function(name) is function and heights[name] == 1 and name not in skipped
    ]
