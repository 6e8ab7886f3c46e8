"""The grammar of .tl text, statement by statement."""

from __future__ import annotations

import pytest

from tl import Declaration, Schema, SchemaError
from tl.declaration import Repetition
from tl.grammar import parse, parse_type


def read(text: str, function: bool = False) -> Declaration:
    found = parse(text, function)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("user#d23c81a3 id:int first_name:string last_name:string = User",
         "user#d23c81a3 id:int first_name:string last_name:string = User"),
        ("error#96a18d5 code:int=Error", "error#096a18d5 code:int = Error"),
        ("vector {t:Type} # [ t ] = Vector t", "vector#1cb5c415 {t:Type} # [ t ] = Vector<t>"),
        ("int ? = Int", "int#a8509bda ? = Int"),
        ("boolTrue = Bool", "boolTrue#997275b5 = Bool"),
        ("a.b#1 x:flags.31?Vector<a.C> = a.D", "a.b#00000001 x:flags.31?Vector<a.C> = a.D"),
        ("a#1 flags:# x:flags?int = A", "a#00000001 flags:# x:flags?int = A"),
        ("a#1 x:(Vector (Vector int)) = A", "a#00000001 x:Vector<Vector<int>> = A"),
        ("a#1 x:%Message y:%(Vector int) z:%Vector = A", "a#00000001 x:%Message y:%Vector<int> z:%Vector = A"),
        ("a#1 (x y:int) _:long = A", "a#00000001 x:int y:int _:long = A"),
        ("a#1 {X Y:Type} {n:#} query:!X = Pair X Y", "a#00000001 {X:Type} {Y:Type} {n:#} query:!X = Pair<X,Y>"),
        ("int128 4*[ int ] = Int128", "int128#84ccf7b7 4*[ int ] = Int128"),
        ("a#1 {m:#} x:m*[ n*[ double ] ] y:(m+1)*[ int ] = M (m + 1)",
         "a#00000001 {m:#} x:m*[ n*[ double ] ] y:(m + 1)*[ int ] = M<(m + 1)>"),
        ("a#1 !X = A", "a#00000001 !X = A"),
        ("pair#1 x:Pair<int,Vector<long>> = P", "pair#00000001 x:Pair<int,Vector<long>> = P"),
    ],
)  # fmt: skip
def test_declarations(text: str, normal: str) -> None:
    declaration = read(text)
    assert str(declaration) == normal
    assert str(read(str(declaration))) == normal


def test_parts_of_a_declaration() -> None:
    declaration = read("invoke#0a {X:Type} flags:# layer:flags.3?int query:!X = X", function=True)
    assert (declaration.name, declaration.id, declaration.function) == ("invoke", 10, True)
    assert declaration.generics == (("X", "Type"),)
    flags, layer, query = declaration.parameters
    assert (flags.name, str(flags.type), flags.word) == ("flags", "#", None)
    assert (layer.word, layer.bit, layer.bang) == ("flags", 3, False)
    assert (query.bang, str(query.type)) == (True, "X")


def test_repetitions() -> None:
    declaration = read("m n:# rows:n*[ x:double ] = M")
    repetition = declaration.parameters[1].type
    assert isinstance(repetition, Repetition)
    assert (str(repetition.count), [field.name for field in repetition.fields]) == ("n", ["x"])


def test_white_space_and_comments_separate() -> None:
    text = """
    // LAYER 7
    a#1 /* one
    two */ x : flags . 3 ? Vector < int >
        = A ;b#2=A;
    ---functions---
    c#3 = A; --- types ---
    d#4 = A;  // the end
    """
    text = text.replace("x :", "flags:# x :")
    schema = Schema.parse(text)
    assert schema.layer == 7
    assert list(schema) == ["a", "b", "c", "d"]
    assert [schema.is_function(name) for name in schema] == [False, False, True, False]
    assert str(schema.declaration("a")) == "a#00000001 flags:# x:flags.3?Vector<int> = A"


@pytest.mark.parametrize("text", ["New User", "Final a.User", "Empty False", "Vector int", "Vector<int>", "vector int"])
def test_what_declares_no_combinator_is_read_and_left_out(text: str) -> None:
    assert parse(text) is None
    assert len(Schema.parse(f"{text};")) == 0


def test_primitives_may_be_declared() -> None:
    schema = Schema.parse(
        "int ? = Int; long#22076cba ? = Long; vector {t:Type} # [ t ] = Vector t; int128 4*[ int ] = Int128;"
        "a x:int = A;"
    )
    assert schema.decode(schema["a"](x=5).to_bytes()) == schema["a"](x=5)


def test_a_result_with_a_bang_is_a_function() -> None:
    assert read("f x:int = !X").function


@pytest.mark.parametrize(
    ("text", "line", "column", "reason"),
    [
        ("a#1 x:int = A", 1, 1, "the last declaration lacks its ';'"),
        ("a#1 x:int;", 1, 10, "'=' expected"),
        ("a#1 x:int = a;", 1, 14, "a result is a boxed type, not 'a'"),
        ("a#1 x:int = ;", 1, 13, "a name expected, not 'the end'"),
        ("a#1 = A;\nb#2 x:Vector<int = A;", 2, 18, "'>' expected, not '='"),
        ("a#1 = A;\n  b#2 x: = A;", 2, 10, "a name expected, not '='"),
        ("a#1 = A;\n\nb#2\n x:flags.32?int = A;", 4, 10, "a bit is a number from 0 to 31"),
        ("a#123456789 = A;", 1, 1, "a declaration starts with a name, and its id has 1 to 8 hexadecimal digits"),
        ("a#xyz = A;", 1, 1, "a declaration starts with a name, and its id has 1 to 8 hexadecimal digits"),
        ("5 = A;", 1, 1, "a declaration starts with a name, and its id has 1 to 8 hexadecimal digits"),
        ("a#1 x:int = A B;", 0, 0, ""),
        ("a#1 = A;\na#2 = A;", 2, 1, "a is declared twice"),
        ("a#1 = A;\nb#1 = A;", 2, 1, "b has the id 0x00000001, as a has"),
        ("a#1 = A;\n/* no end", 2, 1, "a comment has no end"),
        ("a#1 = A / B;", 1, 9, "'/' starts no token"),
        ("---functional---\na#1 = A;", 1, 1, "a section is called functions or types"),
        ("a#1 {x:int} = A;", 1, 11, "an optional parameter is of type Type or #"),
        ("a#1 b.c:int = A;", 1, 8, "a name expected, not ':'"),
        ("a#1 x:[ int = A;", 1, 13, "a name expected, not '='"),
        ("a#1 x:int $ = A;", 1, 11, "a name expected, not '$'"),
        ("a#1 x:inté = A;", 1, 7, "a name expected, not 'inté'"),
        ("a#1 x:4²*[ int ] = A;", 1, 7, "a name expected, not '4²'"),
        (f"a#1 x:{'(' * 1000}int{')' * 1000} = A;", 1, 39, "a type is nested too deep"),
        (f"a#1 x:{'Vector<' * 1000}int{'>' * 1000} = A;", 1, 231, "a type is nested too deep"),
        (f"a#1 x:{'4*[ ' * 1000} int{']' * 1000} = A;", 1, 135, "a type is nested too deep"),
        ("New user foo;", 1, 10, "';' expected, not 'foo'"),
    ],
)
def test_errors_have_a_place(text: str, line: int, column: int, reason: str) -> None:
    if not reason:
        assert len(Schema.parse(text)) == 1
        return
    with pytest.raises(SchemaError) as caught:
        Schema.parse(text, name="x.tl")
    assert str(caught.value) == f"x.tl:{line}:{column}: {reason}"
    assert (caught.value.file, caught.value.line, caught.value.column) == ("x.tl", line, column)


def test_type_expressions() -> None:
    assert str(parse_type("Vector  long")) == str(parse_type("Vector<long>")) == "Vector<long>"
    for text in ("", "Vector<", "a b :", "Vector<int>>"):
        with pytest.raises(SchemaError):
            parse_type(text)
