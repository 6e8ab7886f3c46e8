"""How much decoding makes of a stranger's bytes is bounded, and what fails is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl import DecodeError, Elements, Schema, api

if TYPE_CHECKING:
    from collections.abc import Callable

VECTOR = bytes.fromhex("15c4b51c")
LARGE = 1 << 20

TREE = Schema.parse(
    """
    long ? = Long;
    string ? = String;
    vector {t:Type} # [ t ] = Vector t;
    leaf = Node;
    note text:string = Node;
    fork flags:# left:flags.0?Node right:Node = Node;
    row nodes:Vector<Node> = Node;
    list nodes:Vector<%Pair> = Node;
    grid rows:Vector<Vector<string>> = Node;
    numbers values:Vector<long> name:string = Node;
    pair key:string value:Node = Pair;
    """
)
types = TREE.types


def nodes() -> st.SearchStrategy[Any]:
    texts = st.text(max_size=5)
    leaves = st.one_of(
        st.builds(types.Leaf),
        st.builds(types.Note, text=texts),
        st.builds(types.Numbers, values=st.lists(st.integers(0, 9), max_size=9), name=texts),
        st.builds(types.Grid, rows=st.lists(st.lists(texts, max_size=3), max_size=3)),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(types.Fork, left=st.none() | inner, right=inner),
            st.builds(types.Row, nodes=st.lists(inner, max_size=4)),
            st.builds(types.List, nodes=st.lists(st.builds(types.Pair, key=texts, value=inner), max_size=4)),
        ),
        max_leaves=12,
    )


def made(value: Any) -> int:
    """Return how many elements a value is made of."""
    if isinstance(value, list):
        if value and isinstance(value[0], int):
            return len(value) >> 2
        return sum(made(item) if hasattr(item, "PLAN") else 1 + made(item) for item in value)
    if not hasattr(value, "PLAN"):
        return 0
    return 1 + sum(made(getattr(value, field.attribute)) for field in value.PLAN.fields)


@given(nodes())
def test_each_object_and_each_element_counts_once(node: Any) -> None:
    elements = Elements(1000)
    assert TREE.decode(node.to_bytes(), elements=elements) == node
    assert 1000 - elements.left == made(node)


@given(nodes())
def test_as_many_elements_are_made_as_may_be_and_no_more(node: Any) -> None:
    data = node.to_bytes()
    assert TREE.decode(data, elements=Elements(made(node))) == node
    with pytest.raises(DecodeError, match="more in it than the"):
        TREE.decode(data, elements=Elements(made(node) - 1))


def test_several_values_share_a_bound() -> None:
    row = types.Row(nodes=[types.Leaf()] * 4).to_bytes()
    elements = Elements(12)
    for _ in range(2):
        TREE.decode(row, elements=elements)
    for _ in range(2):
        with pytest.raises(DecodeError, match="more in it than the"):
            TREE.decode(row, elements=elements)


def test_what_is_too_short_to_hold_too_much_is_not_counted() -> None:
    row = types.Row(nodes=[types.Leaf()] * 20)
    assert TREE.decode(row.to_bytes(), elements=23) == row  # 92 bytes
    with pytest.raises(DecodeError, match="than the 20 elements"):
        TREE.decode(row.to_bytes(), elements=20)


def test_bytes_that_are_no_text_cost_as_much_as_reading_them_does() -> None:
    elements = Elements(1000)
    TREE.decode(types.Note(text="\udcff" * 3200).to_bytes(), elements=elements)
    assert elements.left == 1000 - 1 - 100


def test_a_count_that_cannot_be_is_told_as_before() -> None:
    data = types.Row(nodes=[]).to_bytes()[:-4] + b"\xff" * 4
    with pytest.raises(DecodeError, match="a vector of 4294967295 does not fit"):
        TREE.decode(data, elements=Elements(100))


@pytest.mark.parametrize("count", [100, LARGE // 20])
def test_large_values_read_alike_whether_they_are_counted(count: int) -> None:
    users = [api.types.InputUser(user_id=number, access_hash=number) for number in range(count)]
    data = VECTOR + count.to_bytes(4, "little") + b"".join(user.to_bytes() for user in users)
    elements = Elements(count)
    assert api.decode(data, "Vector<InputUser>", elements=elements) == users
    assert elements.left == 0
    assert api.decode(data, "Vector<InputUser>") == users


def test_a_part_of_a_file_is_read_without_a_copy() -> None:
    kind = api.types.storage.FileJpeg()
    part = api.types.upload.File(type=kind, mtime=0, bytes=bytes(LARGE))
    elements = Elements(10)
    assert api.decode(part.to_bytes(), elements=elements) == part
    assert elements.left == 8


def spoiled(count: int) -> bytes:
    """Return a vector of leaves whose last element only is wrong."""
    leaf: bytes = types.Leaf().to_bytes()
    return VECTOR + count.to_bytes(4, "little") + leaf * (count - 1) + b"\xff" * 4


@pytest.mark.parametrize("elements", [None, 5000, Elements(5000)])
def test_what_fails_is_read_once(elements: Elements | int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    data = spoiled(3000)
    readers = TREE._compiler.counting if isinstance(elements, Elements) else TREE._compiler.readers
    read: Callable[..., tuple[Any, int]] = readers.of_value("Vector<Node>")
    reads = []

    def counted(*arguments: Any) -> tuple[Any, int]:
        reads.append(arguments)
        return read(*arguments)

    monkeypatch.setitem(readers.of_values, "Vector<Node>", counted)
    with pytest.raises(DecodeError):
        TREE.decode(data, "Vector<Node>", elements=elements)
    assert len(reads) == 1


@pytest.mark.parametrize("elements", [None, LARGE, Elements(LARGE)])
def test_large_data_is_read_once_and_never_copied(
    elements: Elements | int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = spoiled(LARGE // 4)
    counting = TREE._compiler.counting
    read: Callable[..., tuple[Any, int]] = counting.of_value("Vector<Node>")
    copies = []

    def watched(given: bytes, *arguments: Any) -> tuple[Any, int]:
        copies.append(given is not data)
        return read(given, *arguments)

    monkeypatch.setitem(counting.of_values, "Vector<Node>", watched)
    with pytest.raises(DecodeError):
        TREE.decode(data, "Vector<Node>", elements=elements)
    assert copies == [False]


@given(st.data())
def test_large_data_is_read_like_a_copy_with_zeros_behind_it(draw: st.DataObject) -> None:
    data = bytearray(draw.draw(sizes()))
    for place in draw.draw(st.lists(st.integers(0, len(data) // 4 - 1), max_size=2)):
        data[4 * place : 4 * place + 4] = draw.draw(st.sampled_from((bytes(4), b"\xff" * 4, bytes(data[8:12]))))
    del data[len(data) - draw.draw(st.sampled_from((0, 0, 0, 1, 4, 8))) :]
    outcomes = []
    for large in (LARGE, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("tl.schema._LARGE", large)
            elements = Elements(100)
            try:
                outcomes.append((api.decode(bytes(data), "Vector<PhotoSize>", elements=elements), elements.left))
            except DecodeError as error:
                outcomes.append((str(error), 0))
    assert outcomes[0] == outcomes[1]


def sizes() -> st.SearchStrategy[bytes]:
    """Return vectors whose elements the loops read with a guess: of several constructors, of several lengths."""
    kinds = api.types
    size = st.one_of(
        st.builds(kinds.PhotoSizeEmpty, type=st.text("ms\u00e9", max_size=4)),
        st.builds(kinds.PhotoSize, type=st.text("mx", max_size=2), w=st.just(1), h=st.just(2), size=st.integers(0, 9)),
        st.builds(kinds.PhotoStrippedSize, type=st.just("i"), bytes=st.binary(max_size=9)),
        st.builds(
            kinds.PhotoSizeProgressive,
            type=st.just("y"),
            w=st.just(1),
            h=st.just(2),
            sizes=st.lists(st.integers(0, 9), max_size=3),
        ),
    )
    return st.lists(size, max_size=4).map(
        lambda made: VECTOR + len(made).to_bytes(4, "little") + b"".join(each.to_bytes() for each in made)
    )


def test_the_place_of_an_error_is_looked_for_near_the_beginning_only() -> None:
    near, far = spoiled(900), spoiled(1100)
    with pytest.raises(DecodeError, match=r"\[899\]: unknown constructor 0xffffffff at byte"):
        TREE.decode(near, "Vector<Node>", elements=16_000)
    with pytest.raises(DecodeError, match="behind its first 1000 values it is wrong"):
        TREE.decode(far, "Vector<Node>", elements=16_000)
    with pytest.raises(DecodeError, match=r"\[1099\]: unknown constructor 0xffffffff at byte"):
        TREE.decode(far, "Vector<Node>")


def test_looking_for_an_error_is_paid_from_the_same_bound() -> None:
    elements = Elements(16_000)
    for _ in range(8):
        with pytest.raises(DecodeError, match="unknown constructor"):
            TREE.decode(spoiled(400), "Vector<Node>", elements=elements)
    assert elements.left < 16_000 - 8 * 2 * 400


def test_nothing_is_walked_over_once_nothing_is_left() -> None:
    elements = Elements(-1)
    with pytest.raises(DecodeError, match="behind its first 0 values"):
        TREE.decode(spoiled(400)[4:], "Vector<Node>", elements=elements)
