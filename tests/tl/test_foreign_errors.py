"""Whatever the text, the bytes or the JSON: nothing but the errors of `tl` leaves `tl`."""

from __future__ import annotations

import contextlib
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tl import Schema, SchemaError, TLError, TLObject, api, service
from tl.grammar import parse_type

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIECES = (
    "a", "b.c", "A", "b.C", "a.b.c.d", "#", "#1", "#12345678", ":", ";", "(", ")", "[", "]", "{", "}", "=", "?", "%",
    "+", "<", ">", ",", ".", "*", "!", "_", "0", "31", "9" * 5000, "int", "#xyz", "Vector", "vector", "true", "flags",
    "X", "Type", "New", "Final", "Empty", "@read", "---", "---types---", "---functions---", "// LAYER 7",
    "// LAYER " + "9" * 5000, "/*", "*/", "\n", " ", " ", " ", "é", "²", "\0", "\x1c", "\u2028", "\ud800", "class",
    "ID", "to_bytes", "int53 = Int53;", "a#1 = A;", "x:int", "x:flags.0?#", "flags:#", "{X:Type}", "q:!X",
)  # fmt: skip

BARE_IN_BARE = (
    "v#ff x:vector<a0> = V;"
    + "".join(f"a{n}#{n + 1} x:a{n + 1} y:a{n + 1} = A;" for n in range(60))
    + "a60#fe x:int = A;"
)
"""2^60 numbers in one object, of which no vector's size can be counted one by one."""

texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40)


def use(schema: Schema, source: random.Random) -> None:
    """Do with a schema what can be done; only errors of `tl` may come."""
    for name in list(schema):
        with contextlib.suppress(TLError):
            schema.plan(name)
            cls = schema[name]
            repr(cls)
            with contextlib.suppress(TLError):
                cls().to_bytes()
        for data in (b"", bytes(40), source.randbytes(40)):
            with contextlib.suppress(TLError):
                schema.decode(schema.id_of(name).to_bytes(4, "little") + data)
    dir(schema.types)
    dir(schema.functions)


def check_text(text: str, source: random.Random) -> None:
    error = None
    try:
        schema = Schema.parse(text, name="t.tl")
    except SchemaError as refused:
        error = refused
    if error is None:
        use(schema, source)
        return
    lines = text.split("\n")
    assert 1 <= error.line <= len(lines)
    assert 1 <= error.column <= len(lines[error.line - 1]) + 1


@settings(max_examples=200)
@given(texts, st.randoms(use_true_random=False))
@example("#;", random.Random(0))
@example("#a b:int = C;", random.Random(0))
@example("a.;", random.Random(0))
@example("New#1;", random.Random(0))
@example("Vector#1 int;", random.Random(0))
@example("a#1 x:f." + "9" * 5000 + "?int = A;", random.Random(0))
@example("a#1 = A; // LAYER " + "9" * 5000, random.Random(0))
@example("a=B#1;", random.Random(0))
@example("a#1 = (A);b#2 x:A = B;", random.Random(0))
@example(f"a#1 x:{'Vector<' * 25}int{'>' * 25} = A;", random.Random(0))
@example("a#1 x:Vector<a> = A;", random.Random(0))
@example("a#1 x:vector<a> y:a = A;", random.Random(0))
@example(BARE_IN_BARE, random.Random(0))
def test_any_text_is_a_schema_or_an_error_with_its_place(text: str, source: random.Random) -> None:
    check_text(text, source)


def mutated(text: str, source: random.Random) -> str:
    for _ in range(source.randint(1, 4)):
        at, end = (source.randrange(len(text) + 1) for _ in range(2))
        change = source.randrange(4)
        if change == 0:
            text = text[:at] + source.choice(PIECES) + text[at:]
        elif change == 1:
            text = text[:at] + text[at + source.randint(1, 8) :]
        elif change == 2:
            text = text[:at] + text[end : end + 20] + text[at:]
        else:
            text = text[:at] + source.choice(PIECES) + text[at + 1 :]
    return text


@settings(max_examples=60)
@given(st.randoms(use_true_random=False))
def test_mutated_declarations_of_the_api(source: random.Random) -> None:
    lines = [str(service.schema.declaration(name)) + ";\n" for name in service.schema]
    lines += [str(api.schema.declaration(name)) + ";\n" for name in ("user", "photo", "jsonArray", "invokeWithLayer")]
    check_text(mutated("".join(source.sample(lines, 6)), source), source)


@pytest.mark.parametrize("file", ["layers/api-75", "dialects/td_api", "dialects/ton_api", "dialects/vk_metadata"])
def test_mutated_lines_of_other_schemas(shared: Path, file: str) -> None:
    source = random.Random(file)
    lines = (shared / f"schema/{file}.tl").read_text().splitlines(keepends=True)
    for _ in range(30):
        start = source.randrange(len(lines))
        check_text(mutated("".join(lines[start : start + 12]), source), source)


@given(texts)
@example("a b :")
@example("9" * 5000)
def test_any_text_is_a_type_or_an_error(text: str) -> None:
    with contextlib.suppress(SchemaError):
        parse_type(text)
    with contextlib.suppress(TLError):
        api.schema.decode(bytes(8), text)


names = st.sampled_from(
    ["textBold", "jsonArray", "user", "vector", "invokeWithLayer", "true", "boolTrue", "", "no such"]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | names
    | st.just(10**400)
    | st.just("\ud800")
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["_", "id", "text", "value", "flags", "layer", "query"]), inner, max_size=4)
        | st.builds(lambda name, more: {**more, "_": name}, names, st.dictionaries(
            st.sampled_from(["text", "value", "query", "layer"]), inner, max_size=2))
    ),
    max_leaves=12,
)  # fmt: skip


def only_own_errors(make: Callable[[], Any]) -> None:
    with contextlib.suppress(TLError):
        made = make()
        assert isinstance(made, TLObject)
        with contextlib.suppress(TLError):
            made.to_bytes()
        with contextlib.suppress(TLError):
            made.to_json().encode()
        repr(made).encode()


@settings(max_examples=150)
@given(values)
def test_any_value_is_an_object_or_an_error(value: Any) -> None:
    only_own_errors(lambda: api.schema.from_dict(value))
    only_own_errors(lambda: api.schema.from_json(json.dumps(value)))


@given(st.text(max_size=30))
@example("9" * 5000)
@example("[" * 100_000)
@example('{"_":' * 100_000)
def test_any_text_is_json_or_an_error(text: str) -> None:
    only_own_errors(lambda: api.schema.from_json(text))


@pytest.mark.parametrize("wrap", [
    lambda inner: {"_": "textBold", "text": inner},
    lambda inner: {"_": "jsonArray", "value": [inner]},
    lambda inner: {"_": "invokeWithLayer", "layer": 1, "query": inner},
    lambda inner: {"_": "textBold", "text": [inner]},
])  # fmt: skip
@pytest.mark.parametrize("depth", [100, 129, 50_000])
def test_nesting_is_bounded_however_deep_the_caller_stands(wrap: Callable[[Any], Any], depth: int) -> None:
    form: Any = {"_": "textEmpty"}
    for _ in range(depth):
        form = wrap(form)
    only_own_errors(lambda: api.schema.from_dict(form))

    def deeper(calls: int) -> None:
        if calls:
            deeper(calls - 1)
        else:
            only_own_errors(lambda: api.schema.from_dict(form))

    deeper(500)


def test_a_list_in_a_list_in_a_scalar_field_is_no_json() -> None:
    value: Any = []
    for _ in range(50_000):
        value = [value]
    made = api.types.TextPlain(text=value)
    for write in (made.to_bytes, made.to_json):
        with pytest.raises(TLError):
            write()
