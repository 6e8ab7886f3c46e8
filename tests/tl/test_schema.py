"""Schemas: what is in them, what they refuse to compile, and that they share nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.fixtures import photos_slice
from tl import Schema, SchemaError, api, service
from tl.codegen.pack import writer

if TYPE_CHECKING:
    from pathlib import Path

    from tl.codegen.classes import Classes, Writer
    from tl.plan import Plan


def test_the_packaged_schemas() -> None:
    assert (len(api.schema), api.layer, api.schema.layer) == (2471, 229, 229)
    assert (len(service.schema), service.schema.layer) == (56, None)
    assert repr(api.schema) == "<Schema api: 2471 declarations, layer 229>"


@pytest.mark.parametrize(("name", "schema"), [("api", api.schema), ("mtproto", service.schema)])
def test_the_packaged_texts_follow_the_grammar(shared: Path, name: str, schema: Schema) -> None:
    again = Schema.parse((shared / f"schema/{name}.tl").read_text(), name=name)
    assert list(again) == list(schema)
    assert [again[each].ID for each in again] == [schema[each].ID for each in schema]


def test_by_name_and_by_id() -> None:
    cls = api.types.photos.PhotosSlice
    assert api.schema["photos.photosSlice"] is api.schema.by_id(0x15051F54) is cls
    assert api.schema.get("photos.photosSlice") is api.schema.get(0x15051F54) is cls
    assert api.schema.get(1) is api.schema.get("nothing") is None
    assert "photos.photosSlice" in api.schema
    with pytest.raises(SchemaError):
        api.schema["nothing"]
    with pytest.raises(SchemaError):
        api.schema.by_id(1)


def test_namespaces() -> None:
    assert "PhotosSlice" in dir(api.types.photos)
    assert {"photos", "User"} <= set(dir(api.types))
    assert "GetUserPhotos" in dir(api.functions.photos)
    for missing in ("Nothing", "GetUserPhotos", "nothing", "photosSlice", "photo"):
        with pytest.raises(AttributeError, match="api has no constructor"):
            getattr(api.types, missing)
    for missing in ("Nothing", "photosSlice", "photos"):
        with pytest.raises(AttributeError, match="api has no constructor"):
            getattr(api.types.photos, missing)
    with pytest.raises(AttributeError, match=r"photos.getUserPhotos; did you mean 'GetUserPhotos'\?$"):
        getattr(api.functions.photos, "getUserPhotos")  # noqa: B009 - a checker knows that there is none
    with pytest.raises(AttributeError, match="api has no function"):
        getattr(api.functions.photos, "Photo")  # noqa: B009 - a checker knows that there is none


def test_every_class_is_found_under_its_name() -> None:
    for name in api.schema:
        cls = api.schema[name]
        found: Any = api.functions if api.schema.is_function(name) else api.types
        for part in cls.__qualname__.split("."):
            found = getattr(found, part)
        assert found is cls


def test_the_same_id_in_two_schemas() -> None:
    one = Schema.parse("point#1 x:int y:int = Point; old#2 = Old;")
    two = Schema.parse("point#1 x:long = Point; line#2 = Line;")
    raw = bytes.fromhex("010000000500000000000000")
    assert one.decode(raw) == one["point"](x=5, y=0)
    assert two.decode(raw) == two["point"](x=5)
    assert one.decode(raw) != two.decode(raw)
    assert (one.by_id(2).NAME, two.by_id(2).NAME) == ("old", "line")


def test_layers_stand_side_by_side(shared: Path) -> None:
    older = Schema.parse((shared / "schema/layers/api-75.tl").read_text())
    assert older.layer == 75
    assert "access_hash:long flags" not in str(older["photo"].DECLARATION)
    assert older["photo"].ID != api.schema["photo"].ID
    slice_of_old = older.types.photos.PhotosSlice(count=5, photos=[older.types.PhotoEmpty(id=1)], users=[])
    assert slice_of_old.ID == api.types.photos.PhotosSlice.ID
    assert older.decode(slice_of_old.to_bytes()) == slice_of_old
    newer = api.decode(slice_of_old.to_bytes())
    assert type(newer) is api.types.photos.PhotosSlice
    assert newer != slice_of_old


def test_a_layer_given_wins() -> None:
    assert Schema.parse("// LAYER 5\na#1 = A;", layer=7).layer == 7
    assert Schema.parse("a#1 = A;").layer is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a#1 x:B = A;", "a, field x: no constructor makes a B"),
        ("a#1 x:b = A;", "a, field x: no constructor is called b"),
        ("a#1 x:%B = A; b#2 = B; c#3 = B;", "a, field x: %B: B has several constructors"),
        ("a#1 x:flags.1?int = A;", "a, field x: no flags word flags stands before it"),
        ("a#1 x:flags.1?int flags:# = A;", "a, field x: no flags word flags stands before it"),
        ("a#1 flags:# x:flags?int = A;", "a, field x: a condition without a bit (flags?) is not compiled"),
        ("a#1 x:Vector<int,int> = A;", "a, field x: Vector<int,int>: a vector has one type argument"),
        ("a#1 x:Maybe<int> = A;", "a, field x: Maybe<int>: type arguments other than a vector's are not compiled"),
        ("a#1 n:# x:n*[ int ] = A;", "a, field x: a repetition other than vector's is not compiled"),
        ("a#1 x:int x:int = A;", "a, field x: a second field of this name"),
    ],
)
def test_what_is_not_compiled(text: str, reason: str) -> None:
    schema = Schema.parse(text)
    with pytest.raises(SchemaError) as caught:
        schema["a"]
    assert str(caught.value) == reason


def test_a_constructor_that_holds_itself_bare() -> None:
    schema = Schema.parse("a#1 x:vector<b> = A; b#2 x:b = B;")
    with pytest.raises(SchemaError, match="b holds itself, bare"):
        schema.decode(b"\1\0\0\0" + bytes(20))


def test_unusual_words() -> None:
    """A count, several flags words, a flags word behind other fields, an anonymous field."""
    schema = Schema.parse(
        "a#1 n:# int size:long more:# x:more.0?int y:more.31?true flags2:# z:flags2.1?bytes w:flags2.1?Bool = A;"
    )
    made = schema["a"](n=2**32 - 1, _1=-1, size=5, x=7, y=True, z=b"z", w=False)
    assert made.to_bytes().hex() == ("01000000ffffffffffffffff0500000000000000010000800700000002000000017a0000379779bc")
    assert schema.decode(made.to_bytes()) == made


def test_field_names_of_all_kinds() -> None:
    """Whatever a schema calls its fields, they keep clear of what a class has besides."""
    names = ["ID", "NAME", "PLAN", "SCHEMA", "DECLARATION", "to_bytes", "to_json", "replace", "result",
             "missing", "more", "self", "class", "None", "print", "o", "d", "p", "data", "n", "v0", "w", "int", "bytes",
             "A"]  # fmt: skip
    for function in (False, True):
        fields = " ".join(f"{name}:int" for name in names)
        text = f"{'---functions---' if function else ''} a#1 {fields} = A; ---types--- b#2 = A;"
        schema = Schema.parse(text)
        made = schema["a"](**{name: index for index, name in enumerate(names)})
        assert schema.decode(made.to_bytes()) == made
        assert made.to_dict() == {"_": "a", **{name: index for index, name in enumerate(names)}}
        assert schema.from_json(made.to_json()) == made
        assert (made.ID, made.NAME) == (1, "a")
        assert (made.ID_, made.to_bytes_, made.replace_, made.class_) == (0, 5, 7, 12)  # type: ignore[attr-defined]  # made at run time


def test_vectors_inside_vectors_are_bounded() -> None:
    def nested(depth: int) -> str:
        return "Vector<" * depth + "int" + ">" * depth

    assert api.decode(api.encode([], nested(8)), nested(8)) == []
    with pytest.raises(SchemaError, match="nested too deep"):
        api.decode(b"", nested(9))


def test_types_asked_for() -> None:
    for result in ("Nothing", "nothing", "Vector", "Vector<Nothing>", "%User", "", "Vector<int", "photos.Nothing"):
        with pytest.raises(SchemaError):
            api.decode(b"", result)


def test_threads_get_the_same_classes() -> None:
    text = "".join(f"c{number}#{number + 1:x} x:int y:string next:C = C;" for number in range(200))
    schema = Schema.parse(text + "end#ffff = C;")
    expected = schema["end"]()
    start = threading.Barrier(8)
    found: list[list[type]] = []

    def work() -> None:
        start.wait()
        classes: list[type] = []
        for number in range(200):
            cls = schema[f"c{number}"]
            made = cls(x=number, y="y", next=schema["end"]())
            assert schema.decode(made.to_bytes()) == made
            classes.append(cls)
        found.append(classes)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(classes == found[0] for classes in found)
    assert schema.decode(expected.to_bytes()) == expected


def test_the_fixture_of_the_benchmarks_works_in_any_schema() -> None:
    schema = Schema(
        "".join(f"{api.schema[name].DECLARATION};" for name in api.schema if not api.schema.is_function(name)),
        name="again",
    )
    assert photos_slice(schema, photos=2).to_bytes() == photos_slice(photos=2).to_bytes()


def test_a_class_is_compiled_once_even_for_whoever_bound_its_methods_before(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []

    def counting(classes: Classes, plan: Plan) -> Writer:
        compiled.append(plan.declaration.name)
        return writer(classes, plan)

    monkeypatch.setattr("tl.codegen.writer", counting)
    schema = Schema.parse("user#1 id:int = User;")
    write = schema.types.User(id=7).to_bytes
    assert write() == write() == schema.types.User(id=7).to_bytes()
    assert compiled == ["user"]
