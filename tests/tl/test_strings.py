"""Strings that are not UTF-8 lose nothing: real servers send names cut in the middle of a character."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tl import EncodeError, Schema, api
from tl.wire import pack_bytes

SCHEMA = Schema.parse(
    "text#1 x:string = Text; pair#2 n:int x:string m:long = Pair; entity#3 offset:int x:string = Entity;"
    "short#4 x:string n:int = Short; entities#5 v:Vector<Entity> w:Vector<Short> t:vector<string> = Entities;"
    "maybe#6 f:# x:f.0?string = Maybe;"
)

raw_strings = st.binary(max_size=6) | st.text(max_size=6).map(str.encode) | st.binary(min_size=250, max_size=260)
CUT = "José 日本".encode()[:-1]


def written(raw: bytes) -> list[tuple[str, bytes]]:
    """Return the bytes of an object of each shape in which generated code treats strings differently."""
    word = (7).to_bytes(4, "little")
    x = pack_bytes(raw)
    vector = (0x1CB5C415).to_bytes(4, "little") + (1).to_bytes(4, "little")
    entities = (
        vector + (3).to_bytes(4, "little") + word + x + vector + (4).to_bytes(4, "little") + x + word + vector[4:] + x
    )
    bodies = {"text": x, "pair": word + x + bytes(8), "short": x + word, "entities": entities, "maybe": vector[4:] + x}
    return [(name, SCHEMA.id_of(name).to_bytes(4, "little") + body) for name, body in bodies.items()]


@given(raw_strings)
@example(CUT)
@example(b"\xff")
@example(b"\xc3\xa9\xc3")
@example(b"\xed\xb2\x80")  # a surrogate in UTF-8, which is none
def test_any_bytes_of_a_string_come_back(raw: bytes) -> None:
    for name, data in written(raw):
        made = SCHEMA.decode(data)
        assert name == made.NAME
        assert made.to_bytes() == data
        assert SCHEMA.dissect(data).length == len(data)
        repr(made).encode()
        assert SCHEMA.from_dict(made.to_dict()).to_bytes() == data


@given(raw_strings)
@example(CUT)
def test_json_of_any_string_is_utf_8_and_comes_back(raw: bytes) -> None:
    for _, data in written(raw):
        made = SCHEMA.decode(data)
        text = made.to_json()
        assert SCHEMA.from_json(text.encode().decode()).to_bytes() == data
        assert SCHEMA.from_json(json.dumps(json.loads(text))).to_bytes() == data


def test_json_keeps_letters_and_escapes_what_is_no_utf_8() -> None:
    assert SCHEMA.decode(written(CUT)[0][1]).to_json() == '{"_": "text", "x": "José 日\\udce6\\udc9c"}'


@pytest.mark.parametrize("codes", [[0xD800], [0x61, 0xDFFF, 0x62], [0xDC7F], [0xDD00], [0xD83D, 0xDE00]])
def test_a_lone_surrogate_that_stands_for_no_byte_is_refused_with_its_place(codes: list[int]) -> None:
    text = "".join(map(chr, codes))
    made = SCHEMA["entities"](v=[SCHEMA["entity"](offset=0, x=text)], w=[], t=[])
    for write in (made.to_bytes, made.to_json):
        with pytest.raises(EncodeError, match=r"Entity\.x: text that UTF-8 cannot say \(a lone surrogate") as caught:
            write()
        str(caught.value).encode()
    with pytest.raises(EncodeError, match=r"t\[1\]: text that UTF-8 cannot say"):
        SCHEMA["entities"](v=[], w=[], t=["fine", text]).to_bytes()


def test_a_name_of_the_api_that_is_cut_in_a_character() -> None:
    user: Any = api.types.User(id=5, first_name=CUT.decode("utf-8", "surrogateescape"))
    assert pack_bytes(CUT) in user.to_bytes()
    assert api.decode(user.to_bytes()) == user == api.from_json(user.to_json())
