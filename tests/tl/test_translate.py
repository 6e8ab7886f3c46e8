"""Objects of one layer as objects of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.fixtures import get_user_photos, photos_slice
from tl import EncodeError, Schema, TLObject, api, translate

if TYPE_CHECKING:
    from pathlib import Path

NEW = Schema.parse(
    """
    big#1 flags:# id:long name:string note:flags.0?string peer:flags.1?Peer both:flags.2?true other:flags.2?int
        pairs:Vector<Peer> ok:flags.3?Bool = Big;
    user#2 id:long = Peer; chat#3 id:long = Peer; fresh#4 = Peer; wrap#5 big:Big = Wrap;
    """,
    name="new",
)
OLD = Schema.parse(
    """
    big#11 flags:# id:int name:string peer:flags.5?Peer both:flags.2?true other:flags.2?Other pairs:Vector<Peer>
        ok:flags.0?Bool = Big;
    user#12 id:int = Peer; chat#13 id:int title:string = Peer; other#15 = Other; wrap#16 big:Big = Wrap;
    """,
    name="old",
)


def big(**changes: object) -> TLObject:
    fields = {"id": 5, "name": "n", "pairs": [], **changes}
    made: TLObject = NEW.types.Big(**fields)
    return made


def test_by_names() -> None:
    made = translate(big(peer=NEW.types.User(id=7), pairs=[NEW.types.User(id=8)], ok=False), OLD)
    assert made == OLD.types.Big(id=5, name="n", peer=OLD.types.User(id=7), pairs=[OLD.types.User(id=8)], ok=False)
    assert OLD.decode(made.to_bytes()) == made


def test_what_the_layer_lacks_is_left_out() -> None:
    made = translate(big(note="gone", peer=NEW.types.Fresh(), pairs=[NEW.types.Fresh(), NEW.types.User(id=1)]), OLD)
    assert made == OLD.types.Big(id=5, name="n", pairs=[OLD.types.User(id=1)])


def test_a_required_field_that_the_object_lacks_comes_from_the_caller() -> None:
    chat = NEW.types.Chat(id=1)
    with pytest.raises(EncodeError, match="title: missing, and old wants it"):
        translate(chat, OLD, missing={"user.title": lambda _value, _schema: "of another"})
    asked: list[tuple[TLObject, Schema]] = []

    def title(value: TLObject, schema: Schema) -> str:
        asked.append((value, schema))
        return "t"

    made = translate(big(peer=chat, pairs=[chat]), OLD, missing={"chat.title": title})
    old = OLD.types.Chat(id=1, title="t")
    assert made == OLD.types.Big(id=5, name="n", peer=old, pairs=[old])
    assert asked == [(chat, OLD)] * 2
    with pytest.raises(EncodeError, match="title"):
        translate(chat, OLD, missing={"chat.title": lambda _value, _schema: 5})
    assert translate(big(), OLD, missing={"big.peer": lambda _value, _schema: old}) == translate(big(), OLD)


def test_a_shared_bit_goes_with_its_other_fields() -> None:
    assert translate(big(both=True, other=1), OLD) == OLD.types.Big(id=5, name="n", pairs=[])


def test_an_optional_value_that_does_not_fit_is_left_out() -> None:
    assert translate(big(peer=NEW.types.User(id=1 << 40)), OLD) == OLD.types.Big(id=5, name="n", pairs=[])


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (NEW.types.Fresh(), "Fresh: old has no such constructor"),
        (NEW.types.Chat(id=1), "Chat.title: missing, and old wants it"),
        (big(id=1 << 40), "Big.id: out of range for an int"),
        (NEW.types.Wrap(big=big(id=1 << 40)), "Big.id: out of range for an int"),
        (NEW.types.Wrap(big=NEW.types.User(id=1)), "Wrap.big: a User where a Big is declared"),
    ],
)
def test_what_has_no_counterpart(made: TLObject, reason: str) -> None:
    with pytest.raises(EncodeError) as caught:
        translate(made, OLD)
    assert str(caught.value) == reason


def test_nesting_is_bounded() -> None:
    made: api.boxed.RichText = api.types.TextEmpty()
    for _ in range(500):
        made = api.types.TextBold(text=made)
    with pytest.raises(EncodeError, match="nested too deep"):
        translate(made, api.schema)


def test_to_the_same_schema_is_a_copy() -> None:
    assert translate(photos_slice(photos=3), api.schema) == photos_slice(photos=3)


@pytest.mark.parametrize("layer", [181, 198, 214, 227])
def test_an_answer_for_a_client_of_another_layer(shared: Path, layer: int) -> None:
    older = Schema.parse((shared / f"schema/layers/api-{layer}.tl").read_text(), name=f"layer {layer}")
    made = translate(photos_slice(photos=2), older)
    assert older.decode(made.to_bytes()) == made
    assert len(made.photos) == 2  # type: ignore[attr-defined]  # classes are made at run time
    assert made.photos[0].sizes[3].sizes[4] == 60_000  # type: ignore[attr-defined]  # the same
    assert translate(get_user_photos(older), api.schema) == get_user_photos()


def test_what_names_do_not_tell_is_told_by_hand() -> None:
    def fresh(value: TLObject, schema: Schema) -> TLObject | None:
        assert value.SCHEMA is NEW
        made: TLObject = schema.types.User(id=9)
        return made

    def user(_value: TLObject, _schema: Schema) -> None:
        return None  # the names are enough

    value = big(peer=NEW.types.Fresh(), pairs=[NEW.types.Fresh(), NEW.types.User(id=1)])
    made = translate(value, OLD, by_hand={"fresh": fresh, "user": user})
    assert made == OLD.types.Big(
        id=5, name="n", peer=OLD.types.User(id=9), pairs=[OLD.types.User(id=9), OLD.types.User(id=1)]
    )
