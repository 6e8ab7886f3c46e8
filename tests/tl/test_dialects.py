"""What schemas other than Telegram's API mean: computed ids, names in several namespaces, primitives, refusals."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pytest

from tl import Schema, SchemaError
from tl.grammar import parse

PLAIN = "a x:bytes = A; b flags:# y:flags.0?true z:flags.1?int = B; c _:int = C;"


def crc(line: str) -> int:
    return zlib.crc32(line.encode())


def ids(schema: Schema) -> list[int]:
    return [schema.id_of(name) for name in schema]


WHOLE = [crc("a x:bytes = A"), crc("b flags:# y:flags.0?true z:flags.1?int = B"), crc("c _:int = C")]
SHORTENED = [crc("a x:string = A"), crc("b flags:# z:flags.1?int = B"), crc("c _:int = C")]


def test_a_computed_id_is_the_crc32_of_the_whole_line() -> None:
    schema = Schema.parse(PLAIN)
    assert (ids(schema), schema.dialect) == (WHOLE, "plain")


def test_the_rule_of_telegrams_api_can_be_told() -> None:
    schema = Schema.parse(PLAIN, dialect="telegram")
    assert (ids(schema), schema.dialect) == (SHORTENED, "telegram")
    assert ids(Schema.parse(f"w#{crc('w x:string = W'):08x} x:bytes = W;" + PLAIN, dialect="plain"))[1:] == WHOLE


@pytest.mark.parametrize(
    ("witnesses", "expected"),
    [
        (f"w#{crc('w x:bytes = W'):08x} x:bytes = W;", WHOLE),
        (f"w#{crc('w x:string = W'):08x} x:bytes = W;", SHORTENED),
        (f"w#{crc('w f:# = W'):08x} f:# x:f.0?true = W;", SHORTENED),
        ("w#12345678 x:bytes = W;", WHOLE),  # an id of neither rule is no witness
        (f"w#{crc('w x:int = W'):08x} x:int = W;", WHOLE),  # nor is one on which both agree
        (f"w#{crc('w x:bytes = W'):08x} x:bytes = W; v#{crc('v x:string = V'):08x} x:bytes = V;", WHOLE),  # as many
        (f"w#{crc('w x:bytes = W'):08x} x:bytes = W; v#{crc('v x:string = V'):08x} x:bytes = V;"
         f"u#{crc('u x:string = U'):08x} x:bytes = U;", SHORTENED),
    ],
)  # fmt: skip
def test_the_written_ids_tell_which_rule_holds(witnesses: str, expected: list[int]) -> None:
    for text in (witnesses + PLAIN, PLAIN + witnesses):
        schema = Schema.parse(text)
        assert [schema.id_of(name) for name in "abc"] == expected
        untold = Schema(text)  # the same where each declaration is read at its first use
        assert [untold.id_of(name) for name in "abc"] == expected


def test_flags_that_no_field_refers_to_are_a_number_but_in_telegrams_api() -> None:
    text = "header#1 flags:# vert_seqno:# = Header;"
    number = Schema.parse(text)
    made = number["header"](flags=6, vert_seqno=1)
    assert made.to_bytes().hex() == "010000000600000001000000"
    assert number.decode(made.to_bytes()) == made
    flags = Schema.parse(text, dialect="telegram")
    assert flags["header"](vert_seqno=1).to_bytes().hex() == "010000000000000001000000"


def test_every_id_that_the_official_compiler_computed(shared: Path) -> None:
    schemas = {path.stem: path for path in sorted((shared / "schema/dialects").glob("*_api.tl"))}
    rows = [line.split("\t") for line in (shared / "schema/dialects/ids.tsv").read_text().splitlines()[1:]]
    read = {
        file: Schema.parse(path.read_text(), name=path.name)
        for file, path in schemas.items()
        if any(row[0] == file for row in rows)
    }
    wrong = []
    for file, name, key in rows:
        schema = read[file]
        if schema.primitive(name) is None:
            found = schema.id_of(name)
        else:
            primitive = parse(f"{name} = {name[:1].upper()}{name[1:]}")
            assert primitive is not None
            found = primitive.id
        if found != int(key, 16):
            wrong.append((file, name, key, f"{found:08x}"))
    assert (len(rows), wrong) == (3600, [])
    assert {file: schema.dialect for file, schema in read.items()} == {
        "lite_api": "plain", "secret_api": "telegram", "td_api": "plain", "telegram_api": "telegram",
        "ton_api": "plain", "tonlib_api": "plain",
    }  # fmt: skip


@pytest.mark.parametrize("file", ["td_api", "ton_api", "lite_api", "tonlib_api", "e2e_api", "secret_api"])
def test_every_declaration_of_a_dialect_has_a_plan(shared: Path, file: str) -> None:
    schema = Schema.parse((shared / f"schema/dialects/{file}.tl").read_text(), name=file)
    for name in schema:
        schema.plan(name)


def test_names_stand_in_several_namespaces() -> None:
    schema = Schema.parse("adnl.message.query#1 x:int = adnl.Message; q#2 m:adnl.message.query = Q; adnl.stats#3 = S;")
    made = schema.types.adnl.message.Query(x=5)
    assert schema["q"](m=made).to_bytes().hex() == "0200000005000000"
    assert schema.decode(made.to_bytes()) == made
    assert dir(schema.types) == ["Q", "adnl"]
    assert dir(schema.types.adnl) == ["Stats", "message"]
    with pytest.raises(AttributeError):
        _ = schema.types.message


def test_annotations_in_front_of_a_function_are_read_over() -> None:
    schema = Schema.parse("a#1 = A;\n---functions---\n@readwrite @any b.c#2 x:int = A;")
    assert schema.is_function("b.c")
    with pytest.raises(SchemaError, match="2:1: a declaration starts with a name"):
        Schema.parse("a#1 = A;\n@read;")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("float ? = Float; a#1 x:float = A;", "float is a primitive of an unknown size"),
        ("float#1 ? = Float; a#2 x:float = A;", "float is a primitive of an unknown size"),
        ("int24 = Int24; a#1 x:int24 = A;", "int24 is a primitive of an unknown size"),
        ("int32 = Int32; a#1 x:Int32 = A;", "Int32 is the boxed form of a primitive, which is not compiled"),
        ("bytes x:int y:int = Bytes; a#1 x:bytes = A;", "bytes is a type of the language, which the schema declares"),
        ("a#1 x:4*[ int ] = A;", "a repetition other than vector's is not compiled"),
        ("a#1 {m:#} x:m.0?int = A m;", "no flags word m stands before it"),
    ],
)
def test_what_has_no_known_bytes_is_refused_not_guessed(text: str, reason: str) -> None:
    schema = Schema.parse(text)
    with pytest.raises(SchemaError, match=reason):
        schema["a"]


def test_an_ordinary_constructor_may_be_called_as_a_primitive_is() -> None:
    schema = Schema.parse("object#1 id:int = Thing; int64#2 low:int high:int = Int64; a#3 x:object y:int64 = A;")
    made = schema["a"](x=schema["object"](id=1), y=schema["int64"](low=2, high=3))
    assert made.to_bytes().hex() == "03000000010000000200000003000000"
    assert schema.decode(made.to_bytes()) == made


def test_a_dialect_that_does_not_exist_is_refused() -> None:
    misspelt: Any = "plian"
    with pytest.raises(SchemaError, match=r"'plian'.*plain, telegram"):
        Schema.parse("a#1 = A;", dialect=misspelt)
