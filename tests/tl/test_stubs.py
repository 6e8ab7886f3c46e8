"""The stubs say what the run-time schema is: classes, bases, fields, defaults and results, both ways."""

from __future__ import annotations

import contextlib
import inspect
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.tl.stub_reader import REQUIRED, StubClass, read_stubs
from tl import EncodeError, Schema, TLFunction, TLObject, api, service, stub_files
from tl.schema import Namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tl.declaration import Type

OWN = """
int ? = Int;
string ? = String;
vector {t:Type} # [ t ] = Vector t;
boolFalse = Bool;
boolTrue = Bool;
true = True;
holder flags:# bytes:bytes int:int str:flags.0?string list:flags.0?(Vector int)
    self:flags.1?true ID:long from:Bool = Holder;
a.b.inner bytes:Vector<bytes> inner:a.b.Inner = a.b.Inner;
a.b.otherInner class:holder = a.b.Inner;
a.outer list:vector<a.b.Inner> bool:double = a.Outer;
lambda.odd x:Vector<Vector<lambda.Odd>> = lambda.Odd;
twice_named = Twice;
twiceNamed = Twice;
number value:# = Number;
always yes:true = Always;
none what:Null = None;
null = Null;
---functions---
send {X:Type} bytes:bytes query:!X = X;
send.list = Vector<a.b.Inner>;
send.count from:int = Holder;
send.truth list:(Vector string) = Bool;
"""

SCHEMAS = {"api": api.schema, "service": service.schema, "own": Schema.parse(OWN, name="own")}

SCALARS = {
    "int": "int",
    "long": "int",
    "#": "int",
    "double": "float",
    "string": "str",
    "bytes": "bytes",
    "int128": "bytes",
    "int256": "bytes",
    "Bool": "bool",
    "true": "bool",
    "Object": "TLObject | bool",
}
PARTS = ["types", "functions", "boxed"]
LANGUAGE = {"Bool", "Null", "Object", "True", "Vector"}


@cache
def stubs(name: str) -> dict[str, dict[str, StubClass]]:
    return read_stubs(stub_files(SCHEMAS[name]))


def classes(namespace: Namespace, prefix: str = "") -> Iterator[tuple[str, type[TLObject]]]:
    for name in dir(namespace):
        found = getattr(namespace, name)
        if isinstance(found, Namespace):
            yield from classes(found, f"{prefix}{name}.")
        else:
            yield prefix + name, found


@cache
def at_run_time(name: str, part: str) -> dict[str, type[TLObject]]:
    """The classes of a part; those whose values are Python's own have no stub, since nobody can make their objects."""
    found = classes(getattr(SCHEMAS[name], part))
    return {path: cls for path, cls in found if cls.NAME not in {"vector", "int", "string"}}


@cache
def makers(name: str) -> dict[str, list[str]]:
    """The class paths of the constructors of each type."""
    made: dict[str, list[str]] = {}
    for path, cls in at_run_time(name, "types").items():
        made.setdefault(cls.PLAN.declaration.result.name, []).append(path)
    return made


class Expected:
    """Types as the language declares them, in the spelling of Python; written without the code under test."""

    def __init__(self, schema: str) -> None:
        self.makers = makers(schema)
        self.types = at_run_time(schema, "types")

    def value(self, type_: Type) -> str:
        if type_.name.lower() == "vector":
            return f"list[{self.value(type_.args[0])}]"
        if type_.name in SCALARS:
            return SCALARS[type_.name]
        if type_.name in self.makers:
            return " | ".join(sorted(f"types.{path}" for path in self.makers[type_.name]))
        return self.bare(type_)

    def argument(self, type_: Type) -> str:
        if type_.name.lower() == "vector":
            return f"Sequence[{self.argument(type_.args[0])}]"
        if type_.name == "bytes":
            return "bytearray | bytes | memoryview"
        if type_.name in SCALARS or type_.bare or type_.name not in self.makers or type_.name in LANGUAGE:
            return self.value(type_)
        path = next(path for path in self.makers[type_.name])
        base = self.types[path].__mro__[1]
        return base.__qualname__ if base.__qualname__.startswith("boxed.") else base.__name__

    def shared(self, type_: Type) -> str:
        """The type of an attribute that names no constructor."""
        if type_.name.lower() == "vector":
            return f"Sequence[{self.shared(type_.args[0])}]"
        return self.value(type_) if type_.name == "bytes" else self.argument(type_)

    def attributes(self, path: str) -> set[tuple[str, str]]:
        """The attributes of a constructor, with types that name no constructor."""
        plan = self.types[path].PLAN
        declared = {parameter.name: parameter for parameter in plan.declaration.parameters}
        found = set()
        for field in plan.fields:
            parameter = declared[field.name]
            spelt = self.shared(cast("Type", parameter.type))
            is_optional = parameter.word is not None and str(parameter.type) != "true"
            found.add((field.attribute, optional(spelt) if is_optional else spelt))
        return found

    def bare(self, type_: Type) -> str:
        return next(f"types.{path}" for path, cls in self.types.items() if type_.name == cls.NAME)


def optional(spelt: str) -> str:
    return " | ".join(sorted([*spelt.split(" | "), "None"]))


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("part", PARTS)
def test_the_stubs_hold_the_classes_of_the_schema_and_no_others(name: str, part: str) -> None:
    assert sorted(stubs(name)[part]) == sorted(at_run_time(name, part))


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("part", PARTS)
def test_the_bases_are_those_at_run_time(name: str, part: str) -> None:
    for path, cls in at_run_time(name, part).items():
        base = cls.__mro__[1]
        shown = base.__name__ if base in (TLObject, TLFunction) else base.__qualname__
        assert stubs(name)[part][path].bases == [shown], path


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("part", ["types", "functions"])
def test_the_parameters_are_those_at_run_time(name: str, part: str) -> None:
    for path, cls in at_run_time(name, part).items():
        with contextlib.suppress(EncodeError):
            cls()  # makes the real `__init__`
        signature = inspect.signature(cls.__init__)
        taken = [each.name for each in signature.parameters.values() if each.kind is each.KEYWORD_ONLY]
        stub = stubs(name)[part][path]
        assert stub.positional == getattr(cls, "__match_args__"), path  # noqa: B009 - checkers see it in stubs alone
        assert [*stub.attributes] == [*stub.parameters] == taken == [*cls.__slots__], path
        for field in cls.PLAN.fields:
            default = REQUIRED if field.word is None else str(signature.parameters[field.attribute].default)
            assert stub.defaults[field.attribute] == default, f"{path}.{field.name}"


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("part", ["types", "functions"])
def test_the_types_of_fields_are_the_declared_ones(name: str, part: str) -> None:
    expected = Expected(name)
    for path, cls in at_run_time(name, part).items():
        stub = stubs(name)[part][path]
        declared: dict[str, Any] = {parameter.name: parameter for parameter in cls.PLAN.declaration.parameters}
        for field in cls.PLAN.fields:
            parameter = declared[field.name]
            if parameter.bang:
                value = argument = "TLFunction[X]"
            else:
                value, argument = expected.value(parameter.type), expected.argument(parameter.type)
            if parameter.word is not None and str(parameter.type) != "true":
                value, argument = optional(value), optional(argument)
            shown = (stub.attributes[field.attribute], stub.parameters[field.attribute])
            assert shown == (value, argument), f"{path}.{field.name}"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_boxed_type_has_the_attributes_that_all_its_constructors_have_and_no_others(name: str) -> None:
    expected = Expected(name)
    for path, cls in at_run_time(name, "boxed").items():
        first, *others = [expected.attributes(each) for each in makers(name)[cls.NAME]]
        assert set(stubs(name)["boxed"][path].attributes.items()) == first.intersection(*others), path


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_results_are_the_declared_ones(name: str) -> None:
    expected = Expected(name)
    for path, cls in at_run_time(name, "functions").items():
        result = cls.PLAN.declaration.result
        assert stubs(name)["functions"][path].result == ("X" if result.name == "X" else expected.value(result)), path


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("part", ["types", "functions"])
def test_a_docstring_begins_with_the_declaration_and_has_a_line_for_each_field(name: str, part: str) -> None:
    for path, cls in at_run_time(name, part).items():
        doc = stubs(name)[part][path].doc
        assert doc.splitlines()[0] == cls.DECLARATION
        for field in cls.PLAN.fields:
            assert f"\n- {field.attribute}: " in doc


def test_the_docstrings_of_the_api_name_the_page_of_the_documentation() -> None:
    found = stubs("api")
    assert "https://core.telegram.org/method/photos.getUserPhotos\n" in found["functions"]["photos.GetUserPhotos"].doc
    assert "https://core.telegram.org/constructor/photos.photos\n" in found["types"]["photos.Photos"].doc
    assert "https://core.telegram.org/type/photos.Photos" in found["boxed"]["photos.Photos"].doc
    assert "core.telegram.org" not in found["types"]["photos.Photos"].doc.replace("https://core.telegram.org", "", 1)
    assert not any("core.telegram.org" in stub.doc for stub in stubs("service")["types"].values())


def test_a_line_of_a_field_says_which_fields_come_together() -> None:
    doc = stubs("own")["types"]["Holder"].doc
    assert "- str: str, optional, only together with `list`\n" in doc
    assert "- self: bool\n" in doc


def test_a_wrapper_has_the_result_of_the_call_inside() -> None:
    wrapper = stubs("api")["functions"]["InvokeWithLayer"]
    assert (wrapper.result, wrapper.parameters["query"]) == ("X", "TLFunction[X]")


ALIKE = """
int ? = Int;
foo_bar = Foo_bar;
foo_baz = Foo_bar;
fooBar2 = FooBar;
fooBaz2 = FooBar;
a.b.one = a.b.C;
a.b.two = a.b.C;
a__b.three = a__b.C;
a__b.four = a__b.C;
---functions---
foo = Foo_bar;
bar = FooBar;
inner = a.b.C;
outer = a__b.C;
"""


def test_types_whose_names_are_alike_have_unions_of_their_own() -> None:
    files = stub_files(Schema.parse(ALIKE, name="alike"))
    aliases = [line.partition(":")[0] for line in files["_unions.pyi"].splitlines() if "_TypeAlias = " in line]
    assert len(aliases) == len(set(aliases)) == 4
    assert {name: stub.result for name, stub in read_stubs(files)["functions"].items()} == {
        "Foo": "types.FooBar | types.FooBaz",
        "Bar": "types.FooBar2 | types.FooBaz2",
        "Inner": "types.a.b.One | types.a.b.Two",
        "Outer": "types.a__b.Four | types.a__b.Three",
    }


UNCOMPILED = """
int ? = Int;
box {t:Type} x:t = Box t;
row 2*[ x:int ] = Row;
holder object:int row:Row = Holder;
---functions---
get object:int row:Row = Box<int>;
"""


def test_types_that_are_not_compiled_are_objects_in_the_stubs() -> None:
    schema = Schema.parse(UNCOMPILED)
    assert schema.functions.Get.__mro__[1].__name__ == "TLFunction"
    files = stub_files(schema)
    stub = read_stubs(files)["functions"]["Get"]
    assert (stub.result, stub.parameters) == ("object", {"object": "int", "row": "object"})
    assert "row: _builtins.object" in files["types/__init__.pyi"]
