"""An object of another layer inside an answer: the error says where it stands, what its id is, and who knows the id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import tl
from tl import DecodeError, Schema, api, history, service

if TYPE_CHECKING:
    from collections.abc import Callable


def answer_with_a_user_of(schema: Schema, other: Schema) -> bytes:
    """Return a `photos.photos` of a schema whose second user is of another one."""
    mine = schema["userEmpty"](id=1).to_bytes()
    theirs = other["userEmpty"](id=2).to_bytes()
    head = schema["photos.photos"](photos=[], users=[]).to_bytes()[:-4]
    return head + (2).to_bytes(4, "little") + mine + theirs


@pytest.mark.parametrize("elements", [None, 1000])
def test_an_object_of_another_layer_in_an_answer(elements: int | None) -> None:
    data = answer_with_a_user_of(tl.load_layer(181), tl.load_layer(105))
    with pytest.raises(DecodeError) as caught:
        tl.load_layer(181).decode(data, "photos.Photos", elements=elements)
    error = caught.value
    assert (error.path, error.id, error.layer) == ("photos.Photos.users[1]", 0x200250BA, 181)
    assert (error.offset, error.raw) == (32, data)
    assert error.layers == tuple(number for number in tl.layers() if number <= 132)
    assert str(error) == (
        "photos.Photos.users[1]: unknown constructor 0x200250ba at byte 32, 8 bytes left; layer 181 does not know this "
        "id, layers 46-132 do: userEmpty"
    )


def test_the_packaged_layer_tells_as_well() -> None:
    with pytest.raises(DecodeError, match=r"layer 229 does not know this id, layers 46-132 do: userEmpty$"):
        api.decode(answer_with_a_user_of(api.schema, tl.load_layer(105)), "photos.Photos")


def test_an_id_that_stood_for_several_declarations() -> None:
    with pytest.raises(DecodeError, match=r"layer 229 does not know this id, layers 46,51-65 do: user$"):
        api.decode((0xD10D979A).to_bytes(4, "little") + bytes(64))


def test_an_id_that_no_layer_knows() -> None:
    with pytest.raises(DecodeError, match=r"4 bytes left; no layer that is known has this id$") as caught:
        api.decode(b"\x01\x02\x03\x04")
    assert caught.value.layers == ()


@pytest.mark.parametrize(
    "broken",
    [
        lambda: api.decode(api.types.UserEmpty(id=1).to_bytes(), "photos.Photos"),  # the layer knows the id
        lambda: api.decode(b"\x01"),
        lambda: service.decode(b"\x01\x02\x03\x04"),  # no layer
    ],
)
def test_other_faults_name_no_layers(broken: Callable[[], object]) -> None:
    with pytest.raises(DecodeError) as caught:
        broken()
    assert (caught.value.layer, caught.value.layers) == (None, ())
    assert "layer" not in str(caught.value)


def test_the_history_is_not_read_until_the_text_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def declared_under(key: int) -> list[tuple[str, str]]:
        read.append(key)
        return []

    monkeypatch.setattr(history, "declared_under", declared_under)
    with pytest.raises(DecodeError) as caught:
        api.decode(b"\x01\x02\x03\x04")
    assert not read
    assert caught.value.args
    assert str(caught.value)
    assert read == [0x04030201]
