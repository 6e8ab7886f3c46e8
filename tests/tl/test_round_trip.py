"""Everything that can be made can be written, read back, and written again to the same bytes."""

from __future__ import annotations

import random
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fixtures import get_user_photos, photos_slice
from tests.tl.strategies import Maker, objects, values
from tl import DecodeError, Schema, TLObject, api, service
from tl.plan import CLASSLESS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BOOLS = {"boolTrue": True, "boolFalse": False}
LAYERS = (75, 105, 133, 181, 198, 199, 214, 227)


def check(schema: Schema, made: TLObject) -> None:
    written = made.to_bytes()
    assert len(written) % 4 == 0
    assert written[:4] == made.ID.to_bytes(4, "little")
    read = schema.decode(written)
    assert read == BOOLS.get(made.NAME, made)
    if made.NAME not in BOOLS:
        assert read.to_bytes() == written
        assert schema.decode_prefix(b"\0\0\0\0" + written + b"tail", 4) == (made, 4 + len(written))


def names_of(schema: Schema) -> list[str]:
    """Return the names of all that can be made."""
    return [name for name in schema if name not in CLASSLESS]


def check_all(schema: Schema, seed: int, names: Iterable[str]) -> None:
    for name in names:
        check(schema, Maker(schema, random.Random(f"{seed} {name}")).object(name))


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**64 - 1))
def test_every_constructor_and_function_of_the_api(seed: int) -> None:
    names = names_of(api.schema)
    assert len(names) == 2470  # all but `vector`, which is a list
    check_all(api.schema, seed, names)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**64 - 1))
def test_every_constructor_and_function_of_the_service_schema(seed: int) -> None:
    names = names_of(service.schema)
    assert len(names) == 56
    check_all(service.schema, seed, names)


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
def test_declarations_of_older_layers(shared: Path, layer: int, thorough: bool) -> None:
    schema = Schema.parse((shared / f"schema/layers/api-{layer}.tl").read_text(), name=f"layer {layer}")
    assert schema.layer == layer
    names = names_of(schema)
    assert len(names) > 900
    if not thorough:  # most declarations stand in several layers: each is checked in one of four that follow
        turn = LAYERS.index(layer)
        names = [name for name in names if (zlib.crc32(name.encode()) - turn) % 4 == 0]
    check_all(schema, layer, names)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(made=objects(api.schema))
def test_any_object_of_the_api(made: TLObject) -> None:
    check(api.schema, made)


@settings(max_examples=50, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize(
    "result", ["Vector<long>", "Vector<int>", "Vector<double>", "Vector<string>", "Vector<bytes>", "vector<int128>",
               "Vector<Bool>", "Vector<User>", "Vector<Vector<int>>", "vector<photo>", "Bool", "int", "string", "#",
               "Vector<Vector<PhotoSize>>", "vector<inputUserSelf>"]
)  # fmt: skip
def test_values_that_a_call_may_answer(data: st.DataObject, result: str) -> None:
    value = data.draw(values(api.schema, result))
    written = api.encode(value, result)
    assert api.decode(written, result) == value
    assert api.encode(api.decode(written, result), result) == written


def test_a_slice_of_100_photos() -> None:
    made = photos_slice()
    check(api.schema, made)
    assert len(made.to_bytes()) == 34672


def test_a_request_is_its_id_and_its_fields() -> None:
    request = get_user_photos()
    assert request.to_bytes().hex() == "a832cd913fb1c1f700000000000000000000000064000000"


def test_buffers_of_all_kinds_are_read() -> None:
    written = get_user_photos().to_bytes()
    assert api.decode(bytearray(written)) == api.decode(memoryview(written)) == api.decode(written)


def test_large_answers() -> None:
    many = photos_slice(photos=4000)
    assert len(many.to_bytes()) > 1 << 20
    check(api.schema, many)
    part = api.types.upload.File(type=api.types.storage.FileJpeg(), mtime=0, bytes=bytes(1 << 20))
    check(api.schema, part)
    with pytest.raises(DecodeError) as caught:
        api.decode(many.to_bytes()[:-400])
    assert caught.value.path == "photos.PhotosSlice.photos[3999].sizes[0].bytes"


def test_a_double_keeps_its_bits() -> None:
    for bits in ("000000000000f87f", "010000000000f07f", "000000000000f0ff", "0000000000000080"):
        raw = bytes.fromhex(bits)
        assert api.encode(api.decode(raw, "double"), "double") == raw


def test_a_word_of_text_and_a_number_may_share_a_place() -> None:
    schema = Schema.parse(
        "item#11111111 text:string number:int = Item;\n"
        "itemNumber#22222222 number:int text:string = Item;\n"
        "items#33333333 items:Vector<Item> = Items;"
    )
    texts = ["", "a", "é", "€", "abc", "abcd", "😀"]
    made = schema.types.Items(
        items=[
            item
            for number, text in enumerate(texts, -3)
            for item in (
                schema.types.Item(text=text, number=number),
                schema.types.ItemNumber(number=number, text=text),
            )
        ]
    )
    for _ in range(2):  # met for the first time, and known
        check(schema, made)
