"""Boxed types as classes: the base that the constructors of a type share, for `isinstance` and `case`."""

from __future__ import annotations

import gc
import sys
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fixtures import photos_slice
from tl import EncodeError, Schema, TLFunction, TLObject, api, service
from tl.plan import CLASSLESS, LANGUAGE
from tl.schema import Namespace

types, functions = api.types, api.functions
boxed: Any = api.boxed  # these tests do what no checker lets pass


def at(space: Namespace, path: str) -> Any:
    found: Any = space
    for part in path.split("."):
        found = getattr(found, part)
    return found


def bases(cls: type) -> list[type]:
    """Return the classes between a class and TLObject."""
    above = cls.__mro__[1:]
    return list(above[: above.index(TLObject)])


def paths(space: Namespace, prefix: str = "") -> dict[str, type]:
    """Return every class of a namespace and of those inside, by path."""
    found: dict[str, type] = {}
    for name in dir(space):
        value = getattr(space, name)
        inner = isinstance(value, Namespace)
        found.update(paths(value, f"{prefix}{name}.") if inner else {prefix + name: value})
    return found


constructors = st.sampled_from(
    [(schema, name) for schema in (api.schema, service.schema) for name in schema if schema.is_function(name) is False]
)


def test_an_answer_is_of_the_boxed_type_whatever_its_constructor() -> None:
    answer = photos_slice(photos=2)
    assert isinstance(answer, boxed.photos.Photos)
    assert not isinstance(answer, types.photos.Photos)
    assert not isinstance(answer, boxed.photos.Photo)
    match api.decode(answer.to_bytes()):
        case boxed.photos.Photo():
            pytest.fail("a photos.Photos is no photos.Photo")
        case boxed.photos.Photos(photos=photos):
            assert len(photos) == 2
        case _:
            pytest.fail("no pattern fits")


@given(constructors)
def test_a_constructor_has_the_boxed_class_of_its_result_as_its_only_base(chosen: tuple[Schema, str]) -> None:
    schema, name = chosen
    declaration = schema.declaration(name)
    assert declaration is not None
    result = declaration.result.name
    if name in CLASSLESS or result in LANGUAGE:
        assert bases(schema[name]) == []
    else:
        (base,) = bases(schema[name])
        assert (result, schema) == (base.NAME, base.SCHEMA)  # type: ignore[attr-defined]  # classes are made at run time
        assert base is at(schema.boxed, base.__qualname__.removeprefix("boxed."))


@pytest.mark.parametrize("schema", [api.schema, service.schema], ids=["api", "service"])
def test_the_namespace_lists_a_class_for_each_type_that_a_constructor_makes(schema: Schema) -> None:
    results = {
        declaration.result.name
        for name in schema
        if name not in CLASSLESS and (declaration := schema.declaration(name)) and not declaration.function
    }
    listed: dict[str, Any] = paths(schema.boxed)
    assert {cls.NAME for cls in listed.values()} == results - LANGUAGE
    assert {cls.__qualname__ for cls in listed.values()} == {f"boxed.{path}" for path in listed}
    assert all(bases(cls) == [] for cls in listed.values())


def test_functions_have_no_boxed_class() -> None:
    assert bases(functions.photos.GetUserPhotos) == [TLFunction]
    assert not issubclass(functions.photos.GetUserPhotos, boxed.photos.Photos)


def test_underscores_in_the_names_of_types() -> None:
    assert service.boxed.ServerDHParams.NAME == "Server_DH_Params"
    assert service.boxed.PQInnerData.NAME == "P_Q_inner_data"
    assert issubclass(service.types.PQInnerDataDc, service.boxed.PQInnerData)


def test_the_class_is_the_same_whoever_comes_first() -> None:
    text = "a.one#1 = a.Thing; a.other#2 x:int = a.Thing;"
    by_type, by_constructor, by_bytes = Schema.parse(text), Schema.parse(text), Schema.parse(text)
    assert by_type.boxed.a.Thing is bases(by_type.types.a.One)[0]
    assert bases(by_constructor.types.a.Other)[0] is by_constructor.boxed.a.Thing
    assert isinstance(by_bytes.decode(bytes.fromhex("0200000005000000")), by_bytes.boxed.a.Thing)
    assert by_type.boxed.a.Thing is not by_bytes.boxed.a.Thing


def test_threads_get_the_same_class() -> None:
    schema = Schema.parse(";".join(f"a{n}#{n + 1:x} x:int = A" for n in range(200)) + ";")
    found: list[list[type]] = []
    gate = threading.Barrier(4)

    def ask(start: int) -> None:
        gate.wait()
        found.append([bases(schema[f"a{(start + n) % 200}"])[0] for n in range(200)])

    threads = [threading.Thread(target=ask, args=(start,)) for start in (0, 50, 100, 150)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert {cls for each in found for cls in each} == {schema.boxed.A}


def test_objects_stay_as_small_and_as_equal_as_they_were() -> None:
    made = types.InputUser(user_id=1, access_hash=2)
    assert not hasattr(made, "__dict__")
    with pytest.raises(AttributeError):
        setattr(made, "extra", 1)  # noqa: B010 - a checker knows that there is none
    assert sys.getsizeof(made) == sys.getsizeof(_Slots())
    assert made == types.InputUser(user_id=1, access_hash=2)
    assert types.InputUserSelf() != types.InputUserEmpty()
    with pytest.raises(TypeError, match="unhashable"):
        hash(made)


class _Slots:
    __slots__ = ("access_hash", "user_id")


def test_a_boxed_type_makes_no_objects() -> None:
    message = "boxed.photos.Photos is a boxed type.*: types.photos.Photos, types.photos.PhotosSlice$"
    for fields in ({}, {"photos": None}):
        with pytest.raises(TypeError, match=message):
            boxed.photos.Photos(**fields)
    with pytest.raises(TypeError, match=r"types\.UpdateNewMessage, .* and [0-9]+ more"):
        boxed.Update(1)


def test_a_boxed_class_says_what_it_is() -> None:
    cls = boxed.photos.Photos
    assert ("photos.Photos", api.schema) == (cls.NAME, cls.SCHEMA)
    assert (cls.__name__, cls.__slots__) == ("Photos", ())
    assert repr(cls) == "<class 'tl.api.boxed.photos.Photos'>"
    assert cls.__doc__ == (
        "The boxed type photos.Photos, of the constructors types.photos.Photos, types.photos.PhotosSlice."
    )
    assert types.photos.Photos.__doc__ == types.photos.Photos.DECLARATION
    assert not hasattr(cls, "ID")


def test_the_namespace_shows_what_it_has() -> None:
    assert repr(boxed) == "<boxed * of api>"
    assert repr(boxed.photos) == "<boxed photos.* of api>"
    assert dir(boxed.photos) == ["Photo", "Photos"]
    assert {"Update", "InputPeer", "photos"} <= set(dir(boxed))
    assert not {"Bool", "Null", "Object", "True_", "Vector"} & set(dir(boxed))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("photos.PhotosSlice", "types.photos.PhotosSlice is a constructor of the boxed type photos.Photos$"),
        ("photos.Fotos", r"no constructor makes one; did you mean 'Photos'\?$"),
        ("Updte", r"no constructor makes one; did you mean 'Update'\?$"),
        ("Bool", "a Bool is Python's bool$"),
        ("Vector", "a Vector is a list$"),
        ("True_", r"a `true` is a flag, or types.True_\(\)$"),
        ("Null", r"its only value is types.Null\(\)$"),
        ("Object", "every TLObject is one$"),
        ("photo", "api has no class for a boxed type photo"),
    ],
)
def test_a_name_without_a_class_is_explained(path: str, reason: str) -> None:
    with pytest.raises(AttributeError, match=reason):
        at(boxed, path)


def test_names_with_several_dots() -> None:
    schema = Schema.parse("a.b.one#1 = a.b.Thing; a.b.other#2 = a.b.Thing; a.two#3 = a.Thing; three#4 = Thing;")
    assert schema.boxed.a.b.Thing.__qualname__ == "boxed.a.b.Thing"
    assert issubclass(schema.types.a.b.Other, schema.boxed.a.b.Thing)
    assert not issubclass(schema.types.a.Two, schema.boxed.a.b.Thing)
    assert (dir(schema.boxed), dir(schema.boxed.a)) == (["Thing", "a"], ["Thing", "b"])


def test_a_type_that_no_constructor_makes_has_no_class() -> None:
    schema = Schema.parse("a#1 = A; ---functions--- ping#2 = Pong;")
    assert dir(schema.boxed) == ["A"]
    with pytest.raises(AttributeError, match="no class for a boxed type Pong, since no constructor makes one"):
        _ = schema.boxed.Pong
    assert schema["ping"]().result == "Pong"  # type: ignore[attr-defined]  # classes are made at run time


def test_one_class_stands_for_a_polymorphic_type_whatever_its_arguments() -> None:
    schema = Schema.parse("nothing#1 {t:Type} = Maybe t; just#2 {t:Type} x:t = Maybe t; a#3 = A;")
    maybe = schema.boxed.Maybe
    assert maybe.NAME == "Maybe"
    assert isinstance(schema["just"](x=schema["a"]()), maybe)
    assert isinstance(schema["nothing"](), maybe)
    vectors = Schema.parse("vector#1cb5c415 {t:Type} # [ t ] = Vector t; a#3 = A;")
    assert dir(vectors.boxed) == ["A"]
    assert bases(vectors["vector"]) == []


def test_primitives_have_no_class() -> None:
    schema = Schema.parse("int ? = Int; int53 = Int53; int128 4*[ int ] = Int128; a#3 = A;")
    assert dir(schema.boxed) == ["A"]


def test_a_type_whose_name_is_a_word_of_python() -> None:
    schema = Schema.parse("nothing#1 = None;")
    assert schema.boxed.None_.NAME == "None"
    assert isinstance(schema["nothing"](), schema.boxed.None_)


def test_parts_of_the_language_are_declared_as_before() -> None:
    with pytest.raises(EncodeError, match="part of the language"):
        api.schema["vector"]()
    assert api.decode(bytes.fromhex("b5757299")) is True
    assert isinstance(types.Null(), TLObject)


def test_a_schema_that_is_forgotten_takes_its_boxed_classes_along() -> None:
    gc.collect()
    before = len(TLObject.__subclasses__())
    schema = Schema.parse("a#1 = A;")
    assert isinstance(schema["a"](), schema.boxed.A)
    assert len(TLObject.__subclasses__()) == before + 1
    del schema
    gc.collect()
    assert len(TLObject.__subclasses__()) <= before
