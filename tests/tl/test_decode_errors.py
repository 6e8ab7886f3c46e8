"""Bytes that are not what the schema says: always a DecodeError, with the place, and never much work."""

from __future__ import annotations

import gc
import random
import struct
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.fixtures import photos_slice
from tests.tl.strategies import Maker
from tl import DecodeError, Schema, TLObject, api, service
from tl.plan import CLASSLESS, Word

if TYPE_CHECKING:
    from tl import Node

VECTOR = bytes.fromhex("15c4b51c")


def refused(data: bytes, result: str | None = None, schema: Schema = api.schema) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        schema.decode(data, result)
    error = caught.value
    assert 0 <= error.offset <= len(data)
    assert error.left == len(data) - error.offset
    assert f"at byte {error.offset}, {error.left} bytes left" in str(error)
    return error


def test_an_error_says_path_offset_id_and_bytes_left() -> None:
    types = api.types
    service_message = types.MessageService(
        id=1, peer_id=types.PeerUser(user_id=1), date=2, action=types.MessageActionChatCreate(title="t", users=[3])
    )
    new = [types.UpdateNewMessage(message=service_message, pts=index, pts_count=1) for index in range(4)]
    good = types.Updates(updates=new, users=[], chats=[], date=0, seq=0).to_bytes()
    action = types.MessageActionChatCreate.ID.to_bytes(4, "little")
    where = [at for at in range(0, len(good), 4) if good[at : at + 4] == action][3]
    bad = good[:where] + bytes.fromhex("2b0c1f1f")[::-1] + good[where + 4 :]
    error = refused(bad)
    left = len(bad) - where
    assert str(error) == (
        f"Updates.updates[3].message.action: unknown constructor 0x2b0c1f1f at byte {where}, {left} bytes left; "
        "no layer that is known has this id"
    )
    assert (error.path, error.offset, error.id) == ("Updates.updates[3].message.action", where, 0x2B0C1F1F)


def test_every_prefix_of_a_slice_of_3_photos() -> None:
    whole = photos_slice(photos=3).to_bytes()
    for size in range(len(whole)):
        refused(whole[:size])


@pytest.mark.slow
def test_word_borders_of_a_slice_of_100_photos(thorough: bool) -> None:
    # The photos are alike, so that borders 23 words apart come to every place of a photo; the user at the end is one.
    whole = photos_slice().to_bytes()
    photos = len(whole) - len(photos_slice(photos=0).to_bytes())
    every = range(0, len(whole), 4)
    for size in every if thorough else [*every[: photos // 4 : 23], *every[photos // 4 :]]:
        refused(whole[:size], "photos.Photos")


def test_prefixes_of_random_objects(thorough: bool) -> None:
    # Sizes 5 apart leave each remainder behind a whole word; where they begin differs from object to object.
    for seed, name in enumerate(random.Random(5).sample([name for name in api.schema if name not in CLASSLESS], 300)):
        whole = Maker(api.schema, random.Random(seed)).object(name).to_bytes()
        for size in range(0 if thorough else seed % 5, min(len(whole), 400), 1 if thorough else 5):
            refused(whole[:size])


def plain(schema: Schema, data: bytes, root: Node) -> bytes:
    """Return the data with zeros where reading ignores what is there: padding and unknown flag bits."""
    made = bytearray(data)
    known: dict[str, int] = {}
    for node in root.walk():
        if node.declared in ("string", "bytes"):
            size = len(node.value.encode("utf-8", "surrogateescape") if isinstance(node.value, str) else node.value)
            start = node.offset + (1 if data[node.offset] < 254 else 4) + size
            made[start : node.offset + node.length] = bytes(node.offset + node.length - start)
        if node.children and isinstance(node.value, str):
            words = schema.plan(node.value).words
            known.update({f"{node.path}.{name}": sum([1 << bit for bit in bits]) for name, bits in words.items()})
        if node.path in known:
            struct.pack_into("<I", made, node.offset, node.value & known[node.path])
    return bytes(made)


def check_mutation(data: bytes) -> bool:
    """Return True if the data could be read; then it must be written the same, but for what reading ignores."""
    value = None
    try:
        value = api.decode(data)
    except DecodeError as found:
        error = found
    if value is None:
        assert 0 <= error.offset <= len(data)
        return False
    again = api.encode(value) if isinstance(value, bool) else value.to_bytes()
    assert again == plain(api.schema, data, api.schema.dissect(data))
    return True


def mutated(data: bytes, source: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(source.choice((1, 1, 1, 2, 5))):
        if not made:
            break
        at = source.randrange(len(made))
        kind = source.randrange(5)
        if kind == 0:
            made[at] ^= 1 << source.randrange(8)
        elif kind == 1:
            made[at] = source.choice((0, 1, 0x7F, 0x80, 0xFD, 0xFE, 0xFF))
        elif kind == 2:
            struct.pack_into("<I", made, at & -4, source.getrandbits(32))
        elif kind == 3:
            del made[at & -4 : (at & -4) + 4 * source.randrange(1, 4)]
        else:
            made[at & -4 : at & -4] = source.randbytes(4 * source.randrange(1, 4))
    return bytes(made)


@pytest.mark.parametrize("part", range(4))
def test_mutations(part: int, thorough: bool) -> None:
    source = random.Random(f"mutations {part}")
    objects: list[TLObject] = [photos_slice(photos=3), photos_slice(photos=1), photos_slice(photos=30)]
    makers = Maker(api.schema, source)
    names = [name for name in api.schema if name not in CLASSLESS]
    read = 0
    tries = 2500 if thorough else 1250
    for index in range(tries):
        made = objects[0 if index % 20 else 2] if index % 2 else makers.object(source.choice(names))
        data = mutated(made.to_bytes(), source)
        read += bool(data) and check_mutation(data)
    assert tries // 25 < read < tries - tries // 25


def test_unknown_flag_bits_and_padding_are_ignored() -> None:
    made = api.types.VideoSize(type="uv", w=1, h=2, size=3)
    data = bytearray(made.to_bytes())
    data[4:8] = b"\xfe\xff\xff\xff"
    data[11] = 0x77
    assert api.decode(bytes(data)) == made


@pytest.mark.parametrize("result", ["Vector<int>", "Vector<long>", "Vector<User>", "Vector<string>", "Vector<Bool>",
                                    "Vector<int128>", "vector<photo>", "Vector<Vector<int>>"])  # fmt: skip
@pytest.mark.parametrize("count", [1, 2, 1 << 16, (1 << 31) - 1, 1 << 31, (1 << 32) - 1])
def test_a_count_that_cannot_fit(result: str, count: int) -> None:
    head = (VECTOR if result[0] == "V" else b"") + struct.pack("<I", count)
    error = refused(head, result)
    assert error.path == result
    assert error.offset == len(head) - 4
    assert "does not fit" in error.reason


def test_elements_without_bytes_are_capped() -> None:
    schema = Schema.parse("point = Point; points items:vector<point> = Points; empty items:Vector<true> = Empty;")
    for name in ("points", "empty"):
        head = schema.id_of(name).to_bytes(4, "little") + (VECTOR if name == "empty" else b"")
        assert len(schema.decode(head + struct.pack("<I", 65536)).items) == 65536
        error = refused(head + struct.pack("<I", 65537), schema=schema)
        assert error.reason == "a vector of 65537 does not fit"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("ff000000", "no string starts with the byte 255"),
        ("05616263", "a string of 5 bytes goes past the end"),
        ("feffffff00000000", "a string of 16777215 bytes goes past the end"),
        ("fe03000061626300", "a string of 3 bytes has the length form of long ones"),
    ],
)
def test_strings(raw: str, reason: str) -> None:
    error = refused(bytes.fromhex(raw), "string")
    assert error.reason == reason
    request = api.functions.langpack.GetLanguages(lang_pack="abc")
    inside = refused(request.to_bytes()[:4] + bytes.fromhex(raw))
    assert (inside.reason, inside.path, inside.offset) == (reason, "langpack.GetLanguages.lang_pack", 4)


def test_a_bool_is_one_of_two_words() -> None:
    assert refused(b"\1\0\0\0", "Bool").reason == "0x00000001 is no Bool"


def test_a_vector_says_that_it_is_one() -> None:
    assert refused(bytes(8), "Vector<int>").reason == "0x00000000 is no vector"
    assert refused(VECTOR + bytes(4)).reason == "a vector of unknown elements: its type must be given"


def test_trailing_bytes() -> None:
    data = api.types.InputUserSelf().to_bytes()
    assert refused(data + bytes(8)).reason == "8 bytes too many"
    assert api.decode_prefix(data + bytes(8)) == (api.types.InputUserSelf(), 4)


def test_a_constructor_of_another_type() -> None:
    error = refused(api.types.PeerUser(user_id=1).to_bytes(), "photos.Photos")
    assert error.reason == "unexpected constructor 0x59511722 (peerUser is no photos.Photos)"
    assert (error.path, error.id) == ("photos.Photos", 0x59511722)


def test_a_function_is_no_answer_and_a_constructor_no_query() -> None:
    data = api.functions.help.GetConfig().to_bytes()
    assert "is no Config" in refused(data, "Config").reason
    layer = api.functions.InvokeWithLayer(layer=1, query=api.functions.help.GetConfig()).to_bytes()
    error = refused(layer[:8] + api.types.InputUserSelf().to_bytes())
    assert "inputUserSelf is no function" in error.reason
    assert error.path == "InvokeWithLayer.query"


def test_an_unknown_id_at_the_root_has_no_path() -> None:
    error = refused(b"\1\2\3\4")
    assert (error.path, error.id) == ("", 0x04030201)
    assert str(error) == "unknown constructor 0x04030201 at byte 0, 4 bytes left; no layer that is known has this id"


def test_nothing_at_all() -> None:
    for result in (None, "Bool", "Vector<int>", "string", "int", "photos.Photos"):
        assert refused(b"", result).offset == 0


def nested(depth: int) -> bytes:
    """Return so many `textBold` inside each other, around one `textEmpty`."""
    bold, empty = (api.schema[name].ID.to_bytes(4, "little") for name in ("textBold", "textEmpty"))
    return bold * depth + empty


def test_nesting_is_bounded() -> None:
    assert api.decode(nested(128)).to_bytes() == nested(128)
    error = refused(nested(129))
    assert error.reason == "objects are nested too deep"
    assert error.offset == 128 * 4
    assert error.path == "TextBold" + ".text" * 128
    assert api.decode(nested(5), nesting=5).to_bytes(5) == nested(5)
    with pytest.raises(DecodeError, match="nested too deep"):
        api.decode(nested(6), nesting=5)


@pytest.mark.parametrize("depth", [200, 1000, 100_000])
def test_recursion_never_decides(depth: int) -> None:
    for result in (None, "RichText"):
        assert refused(nested(depth), result).reason == "objects are nested too deep"
    wrapper = api.functions.InvokeWithLayer.ID.to_bytes(4, "little") + bytes(4)
    assert refused(wrapper * depth).reason == "objects are nested too deep"
    message = service.types.RpcResult.ID.to_bytes(4, "little") + bytes(8)
    assert refused(message * depth, schema=service.schema).reason == "objects are nested too deep"


def test_vectors_nest_through_their_objects_only() -> None:
    concat = api.types.TextConcat.ID.to_bytes(4, "little") + VECTOR + b"\1\0\0\0"
    good = concat * 128 + api.types.TextEmpty().to_bytes()
    assert api.decode(good).to_bytes() == good
    assert refused(concat + good).reason == "objects are nested too deep"


def test_other_things_than_bytes() -> None:
    wrong: Any
    for wrong in ("text", 5, None, [1]):
        with pytest.raises(TypeError):
            api.decode(wrong)


def test_flags_words_are_in_the_tree_but_no_fields() -> None:
    plan = api.schema.plan("user")
    assert [step.name for step in plan.steps if isinstance(step, Word)] == ["flags", "flags2"]
    assert not {"flags", "flags2"} & {field.name for field in plan.fields}


def test_an_error_goes_with_whoever_holds_it_and_waits_for_no_collector() -> None:
    gc.disable()
    try:
        try:
            api.decode(VECTOR)
        except DecodeError as error:
            held = weakref.ref(error)
        assert held() is None
    finally:
        gc.enable()
