"""What objects do besides being written: fields, equality, repr, patterns, results of calls."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from benchmarks.fixtures import get_user_photos, photos_slice
from tl import EncodeError, Schema, TLFunction, TLObject, api, service

types, functions = api.types, api.functions


def test_classes_say_what_they_are() -> None:
    cls = types.photos.PhotosSlice
    assert (0x15051F54, "photos.photosSlice", api.schema) == (cls.ID, cls.NAME, cls.SCHEMA)
    assert cls.DECLARATION == (
        "photos.photosSlice#15051f54 count:int photos:Vector<Photo> users:Vector<User> = photos.Photos"
    )
    assert (cls.__name__, cls.__qualname__) == ("PhotosSlice", "photos.PhotosSlice")
    assert issubclass(cls, TLObject)
    assert not issubclass(cls, TLFunction)
    assert issubclass(functions.photos.GetUserPhotos, TLFunction)


@pytest.mark.parametrize(
    ("schema", "name", "path"),
    [
        (service, "resPQ", "ResPQ"),
        (service, "p_q_inner_data_dc", "PQInnerDataDc"),
        (service, "server_DH_params_ok", "ServerDHParamsOk"),
        (service, "dh_gen_ok", "DhGenOk"),
        (service, "msgs_ack", "MsgsAck"),
        (api, "photos.photosSlice", "photos.PhotosSlice"),
        (api, "true", "True_"),
        (api, "null", "Null"),
    ],
)
def test_class_names(schema: Any, name: str, path: str) -> None:
    found: Any = schema.types
    for part in path.split("."):
        found = getattr(found, part)
    assert found is schema.schema[name]


def test_function_names() -> None:
    assert service.functions.ReqPqMulti is service.schema["req_pq_multi"]
    assert service.functions.ReqDHParams is service.schema["req_DH_params"]
    assert service.functions.SetClientDHParams is service.schema["set_client_DH_params"]


def test_optional_fields_may_be_left_out() -> None:
    photo = photos_slice(photos=2).photos[1]  # type: ignore[attr-defined]  # classes are made at run time
    assert (photo.has_stickers, photo.video_sizes) == (False, None)


def test_a_field_called_self() -> None:
    user = types.User(self=True, id=5)
    assert user.self is True
    assert api.decode(user.to_bytes()) == user


def test_a_field_that_python_claims() -> None:
    peer = types.PeerUser(user_id=1)
    fields: dict[str, Any] = {"from": peer}
    by_name = types.StoryFwdHeader(**fields)
    by_attribute: Any = types.StoryFwdHeader(from_=peer)
    assert by_name == by_attribute
    assert by_name.from_ is peer
    assert getattr(by_name, "from") is peer
    setattr(by_attribute, "from", types.PeerUser(user_id=2))
    assert by_attribute.from_.user_id == 2
    assert by_name.to_dict() == {"_": "storyFwdHeader", "from": {"_": "peerUser", "user_id": 1}}
    assert api.from_dict(by_name.to_dict()) == api.decode(by_name.to_bytes()) == by_name


def test_a_call_with_a_field_called_result() -> None:
    answer = types.InputBotInlineResultPhoto(
        id="", type="", photo=types.InputPhotoEmpty(), send_message=types.InputBotInlineMessageGame()
    )
    for fields in ({"result": answer}, {"result_": answer}):
        call = functions.messages.SendWebViewResultMessage(bot_query_id="1", **fields)
        assert call.result_ is answer
        assert call.result == "WebViewMessageSent"
        assert api.decode(call.to_bytes()) == call
        assert call.to_dict()["result"]["_"] == "inputBotInlineResultPhoto"


def test_flags_that_are_an_int() -> None:
    """`flags:int` of auth.importBotAuthorization is a field like any other."""
    call = functions.auth.ImportBotAuthorization(flags=0, api_id=1, api_hash="h", bot_auth_token="t")
    assert call.flags == 0
    assert api.decode(call.to_bytes()) == call


def test_a_flags_word_that_nothing_refers_to_is_no_field() -> None:
    made = types.stories.AllStoriesNotModified(state="s", stealth_mode=types.StoriesStealthMode())
    assert api.decode(made.to_bytes()) == made


def test_equality_is_by_class_and_fields() -> None:
    assert types.InputUser(user_id=1, access_hash=2) == types.InputUser(user_id=1, access_hash=2)
    assert types.InputUser(user_id=1, access_hash=2) != types.InputUser(user_id=1, access_hash=3)
    assert types.PeerUser(user_id=1) != types.PeerChat(chat_id=1)
    assert types.InputUserSelf() != 5
    assert photos_slice(photos=3) == photos_slice(photos=3)
    other = photos_slice(photos=3)
    other.photos[2].sizes[3].sizes[0] += 1  # type: ignore[attr-defined]  # classes are made at run time
    assert photos_slice(photos=3) != other


def test_objects_can_change_so_they_have_no_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(types.InputUserSelf())


def test_copies() -> None:
    made = photos_slice(photos=2)
    assert copy.copy(made) == copy.deepcopy(made) == made


def test_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        setattr(types.InputUserSelf(), "extra", 1)  # noqa: B010 - a checker knows that there is none


def test_patterns() -> None:
    match photos_slice(photos=2):
        case types.photos.Photos(photos=photos) | types.photos.PhotosSlice(photos=photos, count=152):
            assert len(photos) == 2
        case _:
            pytest.fail("no pattern fits")


def test_repr_reads_like_tl() -> None:
    assert repr(get_user_photos()) == "photos.getUserPhotos user_id:inputUserSelf offset:0 max_id:0 limit:100"
    inner = functions.users.GetUsers(id=[types.InputUser(user_id=1, access_hash=-2), types.InputUserSelf()])
    assert repr(inner) == "users.getUsers id:[ (inputUser user_id:1 access_hash:-2) inputUserSelf ]"
    assert repr(types.Username(username="a", active=True)) == "username active:true username:'a'"
    settings = types.InputPeerNotifySettings(silent=False)
    assert repr(settings) == "inputPeerNotifySettings silent:false"


def test_repr_is_short() -> None:
    assert repr(types.PhotoStrippedSize(type="i", bytes=b"\1\2")) == "photoStrippedSize type:'i' bytes:0102"
    assert repr(types.PhotoStrippedSize(type="i", bytes=bytes(17))) == "photoStrippedSize type:'i' bytes:<17 bytes>"
    assert len(repr(types.PhotoStrippedSize(type="x" * 1000, bytes=bytes(99)))) < 130


def test_repr_shows_no_secret() -> None:
    call = functions.auth.ImportBotAuthorization(flags=0, api_id=1, api_hash="aaaa", bot_auth_token="bbbb")
    assert "aaaa" not in repr(call)
    assert "bbbb" not in repr(call)
    inner = service.types.PQInnerDataDc(
        pq=b"", p=b"", q=b"", nonce=b"n" * 16, server_nonce=b"s" * 16, new_nonce=b"K" * 32, dc=2
    )
    assert b"K".hex() * 2 not in repr(inner)


def test_deep_objects_are_compared_and_shown() -> None:
    def deep(depth: int) -> TLObject:
        made: api.boxed.RichText = types.TextEmpty()
        for _ in range(depth):
            made = types.TextBold(text=made)
        return made

    assert deep(20_000) == deep(20_000)
    assert deep(20_000) != deep(20_001)
    assert "…" in repr(deep(5000))
    with pytest.raises(EncodeError, match="nested too deep"):
        deep(5000).to_dict()
    with pytest.raises(EncodeError, match="nested too deep"):
        deep(5000).to_json()


def test_circles_end() -> None:
    one, other = types.TextBold(text=types.TextEmpty()), types.TextBold(text=types.TextEmpty())
    one.text, other.text = one, other
    assert one == other
    assert "…" in repr(one)


def test_results() -> None:
    assert get_user_photos().result == "photos.Photos"  # type: ignore[attr-defined]  # classes are made at run time
    assert functions.photos.DeletePhotos(id=[]).result == "Vector<long>"
    assert functions.account.UpdateStatus(offline=True).result == "Bool"
    wrapped = functions.InvokeWithLayer(
        layer=229, query=functions.InvokeAfterMsg(msg_id=1, query=functions.help.GetConfig())
    )
    assert wrapped.result == "Config"


def test_the_result_of_a_wrapper_around_nothing() -> None:
    circle: Any = functions.InvokeWithLayer(layer=1, query=functions.help.GetConfig())
    circle.query = None
    with pytest.raises(EncodeError):
        _ = circle.result
    circle.query = circle
    with pytest.raises(EncodeError):
        _ = circle.result


def test_answers_are_read_by_the_declared_result() -> None:
    assert api.decode(bytes.fromhex("b5757299"), "Bool") is True
    assert api.decode(bytes.fromhex("379779bc")) is False
    raw = bytes.fromhex("15c4b51c020000000100000000000000ffffffffffffffff")
    assert api.decode(raw, functions.photos.DeletePhotos(id=[]).result) == [1, -1]


def test_objects_of_another_schema_travel_inside_object_and_query() -> None:
    answer = service.types.RpcResult(req_msg_id=1, result=types.InputUserSelf())
    assert answer.to_bytes()[12:] == types.InputUserSelf().to_bytes()
    older = Schema.parse("---functions--- ping#7abe77ec ping_id:long = Pong;")
    query: TLFunction[Any] = older.functions.Ping(ping_id=5)
    call = functions.InvokeWithLayer(layer=1, query=query)
    assert call.result == "Pong"
    assert call.to_bytes()[8:].hex() == "ec77be7a0500000000000000"


def test_parts_of_the_language_are_no_objects() -> None:
    assert api.schema["vector"].ID == 0x1CB5C415
    with pytest.raises(EncodeError, match="part of the language"):
        api.schema["vector"]()
