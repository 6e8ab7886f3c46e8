"""Objects leave their place: pickles, other processes, copies, copies with other fields, positional patterns."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tl
from benchmarks.fixtures import get_user_photos, photos_slice
from tests.tl.strategies import objects
from tl import EncodeError, Schema, TLObject, api, layer_loader, packaged, service
from tl.objects import NESTING

if TYPE_CHECKING:
    from tl.pickling import Restore

types, functions = api.types, api.functions

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def deep(depth: int) -> TLObject:
    made: api.boxed.RichText = types.TextEmpty()
    for _ in range(depth):
        made = types.TextBold(text=made)
    return made


@given(objects(api.schema) | objects(service.schema), st.sampled_from(PROTOCOLS))
def test_a_pickled_object_comes_back(made: TLObject, protocol: int) -> None:
    back = pickle.loads(pickle.dumps(made, protocol))
    assert back == made
    assert type(back) is type(made)
    assert back.to_bytes() == made.to_bytes()


@given(
    objects(api.schema)
    | objects(Schema.parse("a.b#1 flags:# x:flags.0?int from:int replace:int y:Vector<Z> = A; z#2 = Z;"))
)
def test_copies_are_equal_and_deep_ones_share_nothing(made: TLObject) -> None:
    shallow, whole = copy.copy(made), copy.deepcopy(made)
    assert shallow == whole == made
    assert type(shallow) is type(whole) is type(made)
    for field in made.PLAN.fields:
        inner = getattr(made, field.attribute)
        assert getattr(shallow, field.attribute) is inner
        assert getattr(whole, field.attribute) is not inner or not isinstance(inner, TLObject | list)


def test_an_object_of_any_layer_comes_back() -> None:
    for number in (105, 181, api.layer):
        made = tl.load_layer(number).types.InputUser(user_id=1, access_hash=2)
        back = pickle.loads(pickle.dumps(made))
        assert back == made
        assert back.SCHEMA is made.SCHEMA


READER = """
import pickle, sys
value = pickle.loads(sys.stdin.buffer.read())
print(value.SCHEMA.name, value.to_bytes().hex())
"""


@pytest.mark.parametrize(
    "made",
    [
        get_user_photos(),
        service.functions.Ping(ping_id=5),
        tl.load_layer(181).types.InputPeerUser(user_id=1, access_hash=2),
    ],
    ids=["api", "service", "layer"],
)
def test_a_fresh_process_finds_the_schema_by_its_name(made: Any) -> None:
    ended = subprocess.run([sys.executable, "-c", READER], input=pickle.dumps(made), capture_output=True, check=True)
    assert ended.stdout.decode() == f"{made.SCHEMA.name} {made.to_bytes().hex()}\n"


def test_workers_take_and_give_objects() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        answers = pool.map(swap, [types.InputUser(user_id=1, access_hash=2), types.InputUser(user_id=3, access_hash=4)])
    assert answers == [types.InputUser(user_id=2, access_hash=1), types.InputUser(user_id=4, access_hash=3)]


def swap(user: Any) -> Any:
    return user.replace(user_id=user.access_hash, access_hash=user.user_id)


@pytest.mark.parametrize("name", ["mine", "api", "mtproto", "layer 181"])
def test_an_object_of_a_schema_that_nobody_could_find_again_is_not_pickled(name: str) -> None:
    schema = Schema.parse("a#1 = A;", name=name)
    with pytest.raises(
        pickle.PicklingError, match=rf"a is of the schema '{name}'.*only objects of tl\.api, .*to_bytes"
    ):
        pickle.dumps([types.InputUserSelf(), schema["a"]()])
    assert copy.deepcopy(schema["a"]()) == schema["a"]()


def test_an_object_of_a_subclass_is_not_pickled() -> None:
    class Mine(types.InputUser):
        pass

    with pytest.raises(pickle.PicklingError, match="Mine is a subclass of a class of api"):
        pickle.dumps(Mine(user_id=1, access_hash=2))


def test_classes_are_not_pickled() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(types.photos.PhotosSlice)


@pytest.mark.parametrize(
    ("restore", "schema", "name"),
    [
        (packaged.restored, "os", "system"),
        (packaged.restored, "../packaged", "user"),
        (packaged.restored, "layer 181", "user"),
        (packaged.restored, "api", "vector"),
        (packaged.restored, "api", "User"),
        (packaged.restored, "api", "__class__"),
        (layer_loader.restored, "layer 1", "user"),
        (layer_loader.restored, "layer ²", "user"),
        (layer_loader.restored, "layer 181 ", "user"),
        (layer_loader.restored, f"layer {'9' * 5000}", "user"),
        (layer_loader.restored, "api", "user"),
        (layer_loader.restored, "layer 181", "os.system"),
    ],
)
def test_a_pickle_that_names_something_else_is_refused(restore: Restore, schema: str, name: str) -> None:
    class Forged:
        def __reduce__(self) -> Any:
            return restore, (schema, name)

    with pytest.raises(pickle.UnpicklingError, match=r"no packaged schema is called|has no class for"):
        pickle.loads(pickle.dumps(Forged()))


@pytest.mark.parametrize(
    ("state", "fault"),
    [
        ({"user_id": 1, "access_hash": 2, "ID": 3}, "has no field ID"),
        ({"user_id": 1, "access_hash": 2, "__class__": TLObject}, "has no field __class__"),
        ({"user_id": 1}, "has a field access_hash, which the pickle lacks"),
    ],
)
def test_fields_of_another_layer_are_refused(state: dict[str, Any], fault: str) -> None:
    class Forged:
        def __reduce__(self) -> Any:
            return packaged.restored, ("api", "inputUser"), state

    with pytest.raises(pickle.UnpicklingError, match=rf"inputUser of the schema 'api' {fault}"):
        pickle.loads(pickle.dumps(Forged()))


def test_objects_that_cannot_be_written_are_pickled_as_they_are() -> None:
    made: Any = types.InputUser(user_id=1, access_hash=2)
    made.access_hash = None
    assert pickle.loads(pickle.dumps(made)) == made


def test_circles_and_shared_objects_stay_what_they_are() -> None:
    circle = types.TextBold(text=types.TextEmpty())
    circle.text = circle
    for back in (pickle.loads(pickle.dumps(circle)), copy.deepcopy(circle)):
        assert back is not circle
        assert back.text is back
    peer = types.PeerUser(user_id=1)
    first, second = pickle.loads(pickle.dumps([peer, peer]))
    assert first is second


def test_the_deepest_objects_that_can_be_written_are_pickled_and_copied() -> None:
    made = deep(NESTING)
    assert made.to_bytes()
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == made


def test_a_subclass_keeps_its_own_attributes_in_a_copy() -> None:
    class Mine(types.InputUser):
        note: list[str]

    made = Mine(user_id=1, access_hash=2)
    made.note = ["a"]
    shallow, whole = copy.copy(made), copy.deepcopy(made)
    assert shallow.note is made.note
    assert (whole.note, whole.note is made.note) == (["a"], False)


def test_replace_gives_a_new_object_and_keeps_the_old_one() -> None:
    request = get_user_photos()
    first = copy.deepcopy(request)
    other = request.replace(limit=5, offset=7)
    assert (other.limit, other.offset) == (5, 7)  # type: ignore[attr-defined]  # classes are made at run time
    assert other.user_id is request.user_id  # type: ignore[attr-defined]  # classes are made at run time
    assert request == first
    assert request.replace() == request
    assert types.User(id=1, self=True).replace(self=False) == types.User(id=1)


@given(objects(api.schema))
def test_replace_without_fields_is_a_copy(made: TLObject) -> None:
    assert made.replace() == made.__replace__() == made
    assert made.replace() is not made


def test_replace_takes_the_names_that_the_class_takes() -> None:
    peer, other = types.PeerUser(user_id=1), types.PeerUser(user_id=2)
    made = types.StoryFwdHeader(from_=peer)
    assert made.replace(from_=other) == made.replace(**{"from": other}) == types.StoryFwdHeader(from_=other)
    assert made.replace(from_=None) == types.StoryFwdHeader()


def test_replace_refuses_what_the_class_refuses() -> None:
    with pytest.raises(TypeError, match=r"photos.GetUserPhotos has no field 'limmit'; did you mean 'limit'\?"):
        get_user_photos().replace(limmit=5)
    with pytest.raises(EncodeError, match=r"photos.GetUserPhotos.limit: missing"):
        get_user_photos().replace(limit=None)


def test_a_field_called_replace() -> None:
    schema = Schema.parse("a#1 replace:int x:int = A;")
    made = schema["a"](replace=1, x=3)
    assert made.replace_ == 1  # type: ignore[attr-defined]  # classes are made at run time
    other = made.replace(x=4, replace=5)
    assert other == schema["a"](replace=5, x=4)
    assert made.to_dict() == {"_": "a", "replace": 1, "x": 3}
    assert schema.decode(made.to_bytes()) == made


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace is new in Python 3.13")
def test_pythons_own_replace() -> None:
    replace = copy.replace  # type: ignore[attr-defined, unused-ignore]  # new in Python 3.13
    assert replace(types.PeerUser(user_id=1), user_id=2) == types.PeerUser(user_id=2)


def test_required_fields_are_positional_in_patterns() -> None:
    patterns: list[tuple[Any, tuple[str, ...]]] = [
        (types.InputUser, ("user_id", "access_hash")),
        (types.InputUserSelf, ()),
        (types.User, ("id",)),
        (api.boxed.photos.Photos, ()),
    ]
    for cls, fields in patterns:
        assert cls.__match_args__ == fields
    match photos_slice(photos=2).photos[1].sizes[0]:  # type: ignore[attr-defined]  # classes are made at run time
        case types.PhotoStrippedSize(letter, raw) | types.PhotoSize(letter, _, _, raw):
            assert (type(letter), type(raw)) in ((str, bytes), (str, int))
        case other:
            pytest.fail(f"no pattern fits {other!r}")


@given(objects(api.schema))
def test_positional_fields_are_the_required_ones_in_order(made: TLObject) -> None:
    required = [field.attribute for field in made.PLAN.fields if field.word is None]
    cls: Any = type(made)
    assert list(cls.__match_args__) == required
