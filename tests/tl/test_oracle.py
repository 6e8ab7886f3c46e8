"""`tl` and an encoder that was written independently of `tl` agree on random schemas and random objects."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tl.oracle import Constructor, Member, Oracle, random_object, random_oracle
from tl import EncodeError, Schema
from tl.dissect import locate

sources = st.randoms(use_true_random=False)
OBJECTS = 12


def same(left: Any, right: Any) -> bool:
    """Compare two forms; a NaN equals a NaN."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    return type(left) is type(right) and bool(left == right)


def some_objects(oracle: Oracle, source: random.Random) -> list[dict[str, Any]]:
    """Return objects that end: a schema may want values that hold one of their own kind without end."""
    names = list(oracle.by_name)
    made = []
    for _ in range(OBJECTS):
        try:
            made.append(random_object(oracle, source, source.choice(names)))
        except RecursionError:
            continue
    return made


def test_the_random_schemas_are_of_many_kinds() -> None:
    text = "".join(random_oracle(random.Random(seed)).text() for seed in range(200))
    for part in ("?#", "?Bool", "?true", ":true", ":int53", "?int512", "vector<c", "Vector<A", "?Object", ":#"):
        assert part in text


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(source=sources)
def test_what_is_written_and_read(source: random.Random) -> None:
    oracle = random_oracle(source)
    schema = Schema.parse(oracle.text())
    for form in some_objects(oracle, source):
        data = oracle.write(form)
        made = schema.from_dict(form)
        assert made.to_bytes() == data
        assert same(oracle.read(data), form)
        assert same(schema.decode(data).to_dict(), form)
        assert schema.dissect(data).length == len(data)
        assert locate(schema._catalog, data, 0, schema.kind(None), 128, whole=True)[0] is None
        assert schema.from_json(made.to_json()).to_json() == made.to_json()
        repr(made)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(source=sources, noise=st.integers(0, 2**32 - 1))
def test_bits_that_nobody_refers_to_change_nothing(source: random.Random, noise: int) -> None:
    oracle = random_oracle(source)
    schema = Schema.parse(oracle.text())
    for form in some_objects(oracle, source):
        data = oracle.write(form, noise)
        assert same(schema.decode(data).to_dict(), form)
        assert schema.dissect(data).length == len(data)


CONDITIONAL = "a#1 f0:# f1:f0.0?# x:f1.1?int y:f0.2?# = A;"


@pytest.mark.parametrize(
    ("fields", "words"),
    [({}, [1, 0]), ({"x": 7}, [1, 1, 2, 7]), ({"y": 0}, [1, 4, 0]), ({"x": 7, "y": 9}, [1, 5, 2, 7, 9])],
)
def test_a_conditional_flags_word_is_there_when_it_is_needed(fields: dict[str, int], words: list[int]) -> None:
    schema = Schema.parse(CONDITIONAL)
    data = b"".join(word.to_bytes(4, "little") for word in words)
    assert schema["a"](**fields).to_bytes() == data
    assert schema.decode(data) == schema["a"](**fields)
    assert schema.dissect(data).length == len(data)


def test_a_flags_word_that_shares_its_bit_comes_with_its_neighbours() -> None:
    schema = Schema.parse("a#1 f:# x:f.0?int g:f.0?# y:g.3?int z:g.4?true = A;")
    cls = schema["a"]
    assert cls(x=5).to_bytes().hex() == "01000000010000000500000000000000"
    assert cls(x=5, y=6).to_bytes().hex() == "0100000001000000050000000800000006000000"
    with pytest.raises(EncodeError, match=r"A\.x: missing, since y is given and needs the bit f\.0"):
        cls(y=6).to_bytes()
    with pytest.raises(EncodeError, match=r"A\.x: missing, since z is given"):
        cls(z=True).to_bytes()


def test_a_field_behind_a_conditional_word_is_left_out_with_the_word_in_another_schema() -> None:
    full = Schema.parse("a#1 f:# x:f.0?B g:f.0?# y:g.3?int = A; b#2 = B; c#3 = B;")
    less = Schema.parse("a#1 f:# x:f.0?B g:f.0?# y:g.3?int = A; b#2 = B;")
    from tl import translate

    made = full["a"](x=full["c"](), y=6)
    assert translate(made, less) == less["a"]()
    assert translate(full["a"](x=full["b"](), y=6), less) == less["a"](x=less["b"](), y=6)


def test_a_number_that_is_no_flags_word_keeps_all_its_bits_in_a_vector() -> None:
    schema = Schema.parse("a#1 n:# = A; b#2 n:int = A; c#3 f:# n:f.0?# = A; l#4 v:Vector<A> = L;")
    items = [schema["a"](n=2**32 - 1), schema["b"](n=-1), schema["c"](n=2**31)]
    assert schema.decode(schema["l"](v=items).to_bytes()) == schema["l"](v=items)


HEADINGS = [
    ("int32", "i", -5), ("int53", "q", -(2**52)), ("int64", "q", 2**62), ("double", "d", 1.5),
    ("secureString", "", "geheim"), ("secureBytes", "", b"geheim"), ("int512", "", bytes(range(64))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "layout", "value"), HEADINGS)
def test_a_heading_declares_primitives_not_empty_constructors(name: str, layout: str, value: Any) -> None:
    oracle = Oracle([Constructor("a", 1, "A", [Member("x", name), Member("y", "int")])])
    schema = Schema.parse(oracle.text())
    data = oracle.write({"_": "a", "x": value, "y": 7})
    assert schema["a"](x=value, y=7).to_bytes() == data
    assert schema.decode(data) == schema["a"](x=value, y=7)
    assert len(data) > 8
    assert name not in schema
    assert not hasattr(schema.types, name[:1].upper() + name[1:])
    if name.startswith("secure"):
        assert "geheim" not in repr(schema.decode(data))


def test_object_and_function_are_primitives_that_hold_anything() -> None:
    schema = Schema.parse(
        "object ? = Object; function ? = Function; testObject#1 value:int o:object f:function = TestObject;"
        "b#2 = B; ---functions--- g#3 = B;"
    )
    made = schema["testObject"](value=1, o=schema["b"](), f=schema["g"]())
    assert made.to_bytes().hex() == "01000000010000000200000003000000"
    assert schema.decode(made.to_bytes()) == made
    with pytest.raises(EncodeError):
        schema["testObject"](value=1, o=schema["b"](), f=schema["b"]()).to_bytes()
