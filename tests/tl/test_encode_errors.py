"""Objects that cannot be written: an EncodeError with class and field, before any byte goes out."""

from __future__ import annotations

from typing import Any

import pytest

from tl import EncodeError, Schema, TLObject, api
from tl import service as typed_service

# No checker lets wrong values pass where it knows the classes.
types: Any = api.types
functions: Any = api.functions
service: Any = typed_service


def request(**changes: Any) -> TLObject:
    fields = {"user_id": types.InputUserSelf(), "offset": 0, "max_id": 0, "limit": 100, **changes}
    made: TLObject = functions.photos.GetUserPhotos(**fields)
    return made


def message(made: TLObject) -> str:
    with pytest.raises(EncodeError) as caught:
        made.to_bytes()
    return str(caught.value)


def test_a_missing_field() -> None:
    with pytest.raises(EncodeError) as caught:
        functions.photos.GetUserPhotos(user_id=types.InputUserSelf(), offset=0, limit=100)
    assert str(caught.value) == "photos.GetUserPhotos.max_id: missing"
    assert (caught.value.constructor, caught.value.field) == ("photos.GetUserPhotos", "max_id")


def test_an_unknown_field() -> None:
    for make in (lambda: request(limits=1), lambda: types.InputUserSelf(id=1), lambda: types.StoryFwdHeader(into=1)):
        with pytest.raises(TypeError, match=r"unexpected keyword argument '(limits|id|into)'"):
            make()
    with pytest.raises(TypeError, match=r"^photos\.GetUserPhotos\.__init__\(\) got"):  # the class is named
        request(limits=1)


def test_fields_have_no_order() -> None:
    with pytest.raises(TypeError):
        types.InputUser(1, 2)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("limit", 1 << 31, "out of range for an int"),
        ("limit", -(1 << 31) - 1, "out of range for an int"),
        ("max_id", 1 << 63, "out of range for a long"),
        ("max_id", -(1 << 63) - 1, "out of range for a long"),
        ("limit", "100", "a str where an int is declared"),
        ("limit", 1.0, "a float where an int is declared"),
        ("user_id", 5, "an int where an InputUser is declared"),
        ("user_id", types.InputPeerSelf(), "an InputPeerSelf where an InputUser is declared"),
        ("user_id", functions.help.GetConfig(), "a help.GetConfig where an InputUser is declared"),
        ("user_id", service.types.RpcAnswerUnknown(), "a RpcAnswerUnknown where an InputUser is declared"),
        ("user_id", [types.InputUserSelf()], "a list where an InputUser is declared"),
    ],
)
def test_a_field_of_another_type(field: str, value: Any, reason: str) -> None:
    assert message(request(**{field: value})) == f"photos.GetUserPhotos.{field}: {reason}"


def test_none_is_no_value() -> None:
    with pytest.raises(EncodeError, match=r"^photos\.GetUserPhotos\.limit: missing$"):
        request(limit=None)
    made: Any = request()
    made.limit = None
    assert message(made) == "photos.GetUserPhotos.limit: None where an int is declared"
    made.limit, made.user_id = 1, None
    assert message(made) == "photos.GetUserPhotos.user_id: None where an InputUser is declared"


def test_a_field_that_was_deleted() -> None:
    made: Any = request()
    del made.limit
    assert message(made) == "photos.GetUserPhotos.limit: missing"


def test_the_innermost_class_is_named() -> None:
    inner = types.InputUser(user_id=1, access_hash=1 << 64)
    assert message(request(user_id=inner)) == "InputUser.access_hash: out of range for a long"


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (
            lambda: types.PhotoStrippedSize(type=b"i", bytes=b""),
            "PhotoStrippedSize.type: a bytes where a string is declared",
        ),
        (
            lambda: types.PhotoStrippedSize(type="i", bytes="x"),
            "PhotoStrippedSize.bytes: a str where a bytes is declared",
        ),
        (
            lambda: types.PhotoStrippedSize(type="i", bytes=[1]),
            "PhotoStrippedSize.bytes: a list where a bytes is declared",
        ),
        (
            lambda: types.PhotoStrippedSize(type="i", bytes=3),
            "PhotoStrippedSize.bytes: an int where a bytes is declared",
        ),
        (
            lambda: types.PhotoStrippedSize(type="\ud800", bytes=b""),
            "PhotoStrippedSize.type: text that UTF-8 cannot say (a lone surrogate at its character 0)",
        ),
        (
            lambda: types.PhotoStrippedSize(type="i", bytes=bytes(1 << 24)),
            "PhotoStrippedSize.bytes: 16777216 bytes are more than a length of three bytes can say",
        ),
        (
            lambda: types.PhotoSizeProgressive(type="i", w=1, h=1, sizes=b"\1\2"),
            "PhotoSizeProgressive.sizes: a bytes where a list is wanted (Vector<int>)",
        ),
        (
            lambda: types.PhotoSizeProgressive(type="i", w=1, h=1, sizes=[1, 2, 1 << 40]),
            "PhotoSizeProgressive.sizes[2]: out of range for an int",
        ),
        (
            lambda: types.PhotoSizeProgressive(type="i", w=1, h=1, sizes={1: 2}),
            "PhotoSizeProgressive.sizes: a dict where a list is wanted (Vector<int>)",
        ),
        (
            lambda: functions.users.GetUsers(id=[types.InputUserSelf(), types.InputPeerSelf()]),
            "users.GetUsers.id[1]: an InputPeerSelf where an InputUser is declared",
        ),
        (
            lambda: functions.users.GetUsers(id="ab"),
            "users.GetUsers.id: a str where a list is wanted (Vector<InputUser>)",
        ),
        (
            lambda: functions.langpack.GetStrings(lang_pack="", lang_code="", keys="abc"),
            "langpack.GetStrings.keys: a str where a list is wanted (Vector<string>)",
        ),
        (
            lambda: functions.langpack.GetStrings(lang_pack="", lang_code="", keys=["a", b"b"]),
            "langpack.GetStrings.keys[1]: a bytes where a string is declared",
        ),
        (
            lambda: types.InputPeerNotifySettings(silent=1),
            "InputPeerNotifySettings.silent: an int where a Bool is declared",
        ),
        (lambda: types.Username(username="a", active=1), "Username.active: an int where true or false is declared"),
        (
            lambda: types.Username(username="a", active=None),
            "Username.active: a NoneType where true or false is declared",
        ),
        (
            lambda: functions.InvokeWithLayer(layer=1, query=types.InputUserSelf()),
            "InvokeWithLayer.query: an InputUserSelf where a call is wanted",
        ),
        (lambda: types.InputGeoPoint(lat="1", long=2.0), "InputGeoPoint.lat: a str where a double is declared"),
        (
            lambda: types.InputGeoPoint(lat=10**400, long=2.0),
            "InputGeoPoint.lat: out of range for a double",
        ),
        (
            lambda: service.functions.ReqPqMulti(nonce=bytes(15)),
            "ReqPqMulti.nonce: 15 bytes where an int128 is declared",
        ),
        (
            lambda: service.functions.ReqPqMulti(nonce=bytes(17)),
            "ReqPqMulti.nonce: 17 bytes where an int128 is declared",
        ),
        (lambda: service.functions.ReqPqMulti(nonce=1), "ReqPqMulti.nonce: an int where an int128 is declared"),
        (lambda: service.functions.ReqPqMulti(nonce="x" * 16), "ReqPqMulti.nonce: a str where an int128 is declared"),
        (
            lambda: service.types.MsgContainer(messages=[service.types.RpcAnswerUnknown()]),
            "MsgContainer.messages[0]: a RpcAnswerUnknown where a message is declared",
        ),
        (
            lambda: service.types.RpcResult(req_msg_id=1, result=[1]),
            "RpcResult.result: a list where an Object is declared",
        ),
    ],
)
def test_wrong_values(made: Any, text: str) -> None:
    assert message(made()) == text


def test_fields_that_share_a_bit_go_together() -> None:
    user = types.UserEmpty(id=1)
    together = types.auth.Authorization(user=user, setup_password_required=True, otherwise_relogin_days=5)
    assert api.decode(together.to_bytes()) == together
    text = (
        "auth.Authorization.otherwise_relogin_days: fields that share a bit are given together or not at all "
        "(setup_password_required, otherwise_relogin_days: flags.1)"
    )
    assert message(types.auth.Authorization(user=user, setup_password_required=True)) == text
    text = text.replace(".otherwise_relogin_days: ", ".setup_password_required: ", 1)
    assert message(types.auth.Authorization(user=user, otherwise_relogin_days=5)) == text


def test_the_same_class_of_another_schema_is_another_class() -> None:
    other = Schema.parse("inputUserSelf#f7c1b13f = InputUser;", name="other")
    assert message(request(user_id=other["inputUserSelf"]())) == (
        "photos.GetUserPhotos.user_id: an InputUserSelf of another schema (other)"
    )


def test_what_stands_for_numbers_and_bytes() -> None:
    """Python's own subtypes are taken: they mean the same on the wire. So are other buffers and tuples."""
    assert request(limit=True).to_bytes() == request(limit=1).to_bytes()
    stripped = types.PhotoStrippedSize(type="i", bytes=b"\1\2").to_bytes()
    for buffer in (bytearray(b"\1\2"), memoryview(b"\1\2")):
        assert types.PhotoStrippedSize(type="i", bytes=buffer).to_bytes() == stripped
    assert functions.users.GetUsers(id=(types.InputUserSelf(),)).to_bytes() == (
        functions.users.GetUsers(id=[types.InputUserSelf()]).to_bytes()
    )
    assert types.InputGeoPoint(lat=1, long=2).to_bytes() == types.InputGeoPoint(lat=1.0, long=2.0).to_bytes()


def test_values_alone() -> None:
    with pytest.raises(EncodeError, match=r"^Vector<long>\[1\]: a str where a long is declared$"):
        api.encode([1, "2"], "Vector<long>")
    with pytest.raises(EncodeError, match=r"^Bool: an int where a Bool is declared$"):
        api.encode(1, "Bool")
    with pytest.raises(EncodeError, match=r"^photos\.Photos: an InputUserSelf where a photos\.Photos is declared$"):
        api.encode(types.InputUserSelf(), "photos.Photos")


def deep(depth: int) -> TLObject:
    made: TLObject = types.TextEmpty()
    for _ in range(depth):
        made = types.TextBold(text=made)
    return made


def test_nesting_is_bounded() -> None:
    assert len(deep(128).to_bytes()) == 129 * 4
    for depth in (129, 1000, 50_000):
        assert message(deep(depth)).endswith(": objects are nested too deep")
    call: TLObject = functions.help.GetConfig()
    for _ in range(1000):
        call = functions.InvokeWithLayer(layer=1, query=call)
    assert message(call).endswith(": objects are nested too deep")


def test_an_object_that_holds_itself() -> None:
    made = types.TextBold(text=types.TextEmpty())
    made.text = made
    assert message(made).endswith(": objects are nested too deep")
