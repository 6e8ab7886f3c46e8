"""Whatever a file holds, its reader gets values of the right type or one error of ours that does not quote it."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.store import Fields, StoreDamaged, read_fields

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = Path("the.state")

READERS: list[Callable[[Fields], object]] = [
    lambda fields: fields.integer("x", 0, 10),
    lambda fields: fields.integer_or_none("x", 0, 10),
    lambda fields: fields.time_or_none("x"),
    lambda fields: fields.boolean("x"),
    lambda fields: fields.line("x"),
    lambda fields: fields.text("x"),
    lambda fields: fields.texts("x"),
    lambda fields: fields.objects("x"),
    lambda fields: fields.data("x"),
    lambda fields: fields.only("x"),
    lambda fields: fields.data_list("x"),
    lambda fields: fields.integers("x", 0, 10),
    lambda fields: fields.line_or_none("x"),
    lambda fields: fields.mapping("x"),
]

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def read(value: Any) -> Fields:
    return read_fields(PATH, json.dumps({"x": value}).encode(), "a state file")


@given(data=st.binary(max_size=64) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_an_object_or_damage(data: bytes) -> None:
    with contextlib.suppress(StoreDamaged):
        read_fields(PATH, data, "a state file")


@given(value=VALUES, reader=st.sampled_from(READERS))
def test_any_value_is_of_the_type_or_damage(value: Any, reader: Callable[[Fields], object]) -> None:
    with contextlib.suppress(StoreDamaged):
        reader(read(value))


def test_an_optional_field_may_be_absent_and_no_other_may_be_there() -> None:
    for data, optional in ((b"{}", False), (b'{"y": 1}', True)):
        fields = read_fields(PATH, data, "a state file")
        fields.only(optional=("y",))
        assert fields.has("y") is optional
    with pytest.raises(StoreDamaged, match="the fields should be x, y"):
        read_fields(PATH, b'{"x": 1, "z": 1}', "a state file").only("x", optional=("y",))


@pytest.mark.parametrize("reader", READERS)
def test_a_field_that_is_absent_is_damage(reader: Callable[[Fields], object]) -> None:
    with pytest.raises(StoreDamaged):
        reader(read_fields(PATH, b"{}", "a state file"))


@pytest.mark.parametrize(
    "data",
    [b"[" * 200_000, b'{"a":' * 200_000, b"9" * 10_000, b'{"x": NaN}', b'{"x": -Infinity}', b"\xff", b"\xef\xbb\xbf{}"],
    ids=["deep list", "deep object", "long number", "NaN", "Infinity", "no UTF-8", "mark of order"],
)
def test_what_python_reads_and_json_does_not_know_is_damage(data: bytes) -> None:
    with pytest.raises(StoreDamaged, match=r"the\.state: not a state file, or damaged: not readable as JSON") as caught:
        read_fields(PATH, data, "a state file")
    assert caught.value.__cause__ is None  # its text might quote the file


def test_right_values_come_out() -> None:
    assert read(10).integer("x", 0, 10) == 10
    assert read(None).integer_or_none("x", 0, 10) is None
    assert read(0).integer_or_none("x", 0, 10) == 0
    assert read(1.5).time_or_none("x") == 1.5
    assert read(None).time_or_none("x") is None
    assert read(True).boolean("x") is True
    assert read("one").line("x") == "one"
    assert read("one\ntwo\n").text("x") == "one\ntwo\n"
    assert read(["one", ""]).texts("x") == ["one", ""]
    assert read("AAE=").data("x") == b"\0\1"
    assert read(["AAE=", ""]).data_list("x") == [b"\0\1", b""]
    assert read([0, 10]).integers("x", 0, 10) == [0, 10]
    assert read(None).line_or_none("x") is None
    assert read("one").line_or_none("x") == "one"
    assert read({"y": [1]}).mapping("x") == {"y": [1]}
    assert [inner.integer("y", 0, 1) for inner in read([{"y": 1}]).objects("x")] == [1]
    read(7).only("x")


@pytest.mark.parametrize(
    ("value", "reader"),
    [
        *((11, 0), (-1, 0), (True, 0), (1.0, 0)),
        *((-1.5, 2), (1 << 33, 2), (True, 2), ("1", 2), (1, 3)),
        *(("a\nb", 4), ("", 4), ("\0", 5), ("\ud800", 5), (["a", 1], 6)),
        *((["AAE=", "?"], 10), ("AAE=", 10), ([0, 11], 11), ([True], 11), ("", 12), ("a\nb", 12), ([], 13)),
    ],
)
def test_wrong_values_are_named_by_their_field_and_not_quoted(value: Any, reader: int) -> None:
    with pytest.raises(StoreDamaged, match='"x" is not ') as caught:
        READERS[reader](read(value))
    assert json.dumps(value) not in str(caught.value).replace('"x"', "")
