"""Short calls: which fields may be left out, dicts for objects, and errors that name the way and the nearest name."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from tl import EncodeError, Schema, api, load_layer, request_of, signature_of
from tl.call_defaults import call_default, is_drawn
from tl.stubs import method_stub_files

is_method = api.schema.is_function
MYSELF = {"_": "inputUserSelf"}
PHOTOS = "photos.getUserPhotos"
SEND = "messages.sendMessage"


def request(method: str, **given: Any) -> Any:
    return request_of(api.schema, method, given)


def defaults() -> dict[str, list[str]]:
    """Return the methods of which a field has a default, by the name of the field."""
    found: dict[str, list[str]] = {}
    for name in filter(is_method, api.schema):
        plan = api.schema.plan(name)
        for field in plan.fields:
            if call_default(plan, field) is not None:
                found.setdefault(field.name, []).append(name)
    return found


def test_the_beginning_of_a_list_may_be_left_out() -> None:
    wanted = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=9)
    assert request(PHOTOS, user_id=api.types.InputUserSelf(), limit=9) == wanted
    assert request(PHOTOS, user_id=api.types.InputUserSelf(), limit=9, max_id=5).max_id == 5
    dialogs = request("messages.getDialogs", limit=1)
    assert dialogs.offset_peer == api.types.InputPeerEmpty()
    assert dialogs.to_bytes()
    assert request("payments.getStarsSubscriptions", peer={"_": "inputPeerSelf"}).offset == ""


def test_only_methods_that_ask_have_defaults() -> None:
    found = defaults()
    assert {"offset", "max_id", "hash"} <= found.keys()
    methods = {name.partition(".")[2] for names in found.values() for name in names}
    assert {name for name in methods if not name.startswith(("get", "search"))} == set()
    for method in ("messages.deleteHistory", "messages.readHistory", "account.resetAuthorization"):
        assert method not in {name for names in found.values() for name in names}


def test_a_missing_field_is_named() -> None:
    with pytest.raises(TypeError, match=r"^photos\.getUserPhotos wants user_id, limit as well$"):
        request(PHOTOS)
    with pytest.raises(TypeError, match="wants max_id as well"):
        request("messages.deleteHistory", peer={"_": "inputPeerSelf"})


def test_a_misspelt_field_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(TypeError, match=r"^photos\.getUserPhotos has no field 'limmit'; did you mean 'limit'\?$"):
        request(PHOTOS, user_id=MYSELF, limmit=9)


def test_dicts_stand_for_objects_in_vectors_and_in_one_another() -> None:
    sent = request(
        "messages.sendMultiMedia",
        peer={"_": "inputPeerChat", "chat_id": 7},
        multi_media=[
            {
                "_": "inputSingleMedia",
                "media": {"_": "inputMediaPhoto", "id": {"_": "inputPhotoEmpty"}, "spoiler": None},
                "random_id": 1,
                "message": "",
            }
        ],
    )
    types = api.types
    media = types.InputSingleMedia(media=types.InputMediaPhoto(id=types.InputPhotoEmpty()), random_id=1, message="")
    assert sent == api.functions.messages.SendMultiMedia(peer=types.InputPeerChat(chat_id=7), multi_media=[media])
    assert api.decode(sent.to_bytes()) == sent


def test_a_dict_stands_for_a_call_inside_a_call() -> None:
    wrapped = request("invokeWithoutUpdates", query={"_": "help.getConfig"})
    assert wrapped == api.functions.InvokeWithoutUpdates(query=api.functions.help.GetConfig())


def test_what_is_no_dict_stays_as_it_is_wherever_it_stands() -> None:
    assert request("users.getUsers", id=["@name", MYSELF, 7]).id == ["@name", api.types.InputUserSelf(), 7]
    folder = {"_": "inputDialogPeer", "peer": "@name"}
    assert request("messages.getPeerDialogs", peers=[folder]).peers[0].peer == "@name"


def test_a_dict_inside_an_object_stands_for_an_object() -> None:
    types: Any = api.types
    myself = types.InputPeerSelf()
    asked = [types.InputDialogPeer(peer={"_": "inputPeerSelf"}), types.InputDialogPeer(peer=myself)]
    sent = request("messages.getPeerDialogs", peers=asked)
    assert sent.peers == [types.InputDialogPeer(peer=myself), asked[1]]
    assert sent.peers[1] is asked[1]
    assert asked[0].peer == {"_": "inputPeerSelf"}  # the caller's object stays as it is
    media = types.InputSingleMedia(
        media={"_": "inputMediaPhoto", "id": types.InputPhotoEmpty()}, random_id=1, message=""
    )
    album = request("messages.sendMultiMedia", peer=myself, multi_media=(media,))
    assert api.decode(album.to_bytes()).multi_media[0].media == types.InputMediaPhoto(id=types.InputPhotoEmpty())
    within = types.InputPeerUserFromMessage(peer={"_": "inputPeerChat", "chat_id": 7}, msg_id=1, user_id=2)
    dialog = {"_": "inputDialogPeer", "peer": within}
    assert request("messages.getPeerDialogs", peers=[dialog]).peers[0].peer.peer == types.InputPeerChat(chat_id=7)
    assert request("messages.getPeerDialogs", peers=[types.InputDialogPeer(peer="@name")]).peers[0].peer == "@name"
    elsewhere = load_layer(82)["users.getUsers"](id=[MYSELF])  # its dicts mean objects of its own schema
    assert request("invokeWithLayer", layer=82, query=elsewhere).query is elsewhere


def test_a_wrong_dict_inside_an_object_is_an_error_that_names_the_way_to_it() -> None:
    types: Any = api.types
    with pytest.raises(EncodeError, match=r"^messages\.getPeerDialogs\.peers\[0\]\.peer: no constructor is called"):
        request("messages.getPeerDialogs", peers=[types.InputDialogPeer(peer={"_": "inputPeerSelfie"})])
    value: Any = types.JsonNull()
    for _ in range(200):
        value = types.JsonArray(value=[value])
    with pytest.raises(EncodeError, match="nested too deep"):
        request("help.saveAppLog", events=[{"_": "inputAppEvent", "time": 0.0, "type": "", "peer": 0, "data": value}])


def counting() -> Callable[[], int]:
    numbers = iter(range(1, 100))
    return lambda: next(numbers)


def drawing(random: Callable[[], int], method: str, given: dict[str, Any]) -> Any:
    return request_of(api.schema, method, given, random)


def test_a_random_id_that_is_left_out_is_drawn() -> None:
    peer = {"_": "inputPeerSelf"}
    draw = counting()
    for wanted in (1, 2):
        assert drawing(draw, SEND, {"peer": peer, "message": "x"}).random_id == wanted
    assert drawing(draw, SEND, {"peer": peer, "message": "x", "random_id": None}).random_id == 3
    assert drawing(draw, SEND, {"peer": peer, "message": "x", "random_id": 77}).random_id == 77
    with pytest.raises(TypeError, match=r"^messages\.sendMessage wants random_id as well$"):
        request(SEND, peer=peer, message="x")


def test_messages_that_are_forwarded_get_a_number_each() -> None:
    peer = {"_": "inputPeerSelf"}
    forward = {"from_peer": peer, "to_peer": peer, "id": [5, 6, 7]}
    assert drawing(counting(), "messages.forwardMessages", forward).random_id == [1, 2, 3]
    given = {**forward, "random_id": [9, 9, 9]}
    assert drawing(counting(), "messages.forwardMessages", given).random_id == [9, 9, 9]
    for broken in ({**forward, "id": None}, {**forward, "id": 5}):
        with pytest.raises(TypeError, match="random_id as well"):
            request_of(api.schema, "messages.forwardMessages", broken, counting())


def test_a_number_that_means_something_is_never_drawn() -> None:
    plans = {name: api.schema.plan(name) for name in filter(is_method, api.schema)}
    drawn = {name for name, plan in plans.items() if any(is_drawn(plan, field) for field in plan.fields)}
    having = {name for name, plan in plans.items() if any(field.name == "random_id" for field in plan.fields)}
    assert {SEND, "messages.sendMedia", "messages.forwardMessages", "messages.sendQuickReplyMessages"} <= drawn
    by_hand = {"messages.sendPaidReaction", "messages.sendEncrypted"}
    by_hand |= {"messages.sendEncryptedFile", "messages.sendEncryptedService"}
    ints_and_bytes = {name for name in having if str(declared(plans[name])) in {"int", "bytes"}}
    assert having - drawn == by_hand | ints_and_bytes
    for name in by_hand:
        with pytest.raises(TypeError, match="random_id"):
            request_of(api.schema, name, {}, counting())


def declared(plan: Any) -> Any:
    return next(field.kind for field in plan.fields if field.name == "random_id")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"_": "inputUzer"}, r"id\[1\]: no constructor is called 'inputUzer'; did you mean 'inputUser'\?"),
        ({"user_id": 1}, r'id\[1\]: the key "_" is missing: it names the constructor'),
        ({"_": 7}, r'id\[1\]: the key "_" is a name, not int'),
        ({"_": "inputUser", "user": 1}, r"id\[1\]\.user: no such field; did you mean 'user_id'\?"),
        ({"_": "inputUser", "user_id": 1}, r"id\[1\]\.access_hash: missing"),
        (
            {"_": "inputUserFromMessage", "peer": {"_": "inputPeerChat", "chat": 1}, "msg_id": 1, "user_id": 1},
            r"id\[1\]\.peer\.chat: no such field; did you mean 'chat_id'\?",
        ),
    ],
)
def test_a_wrong_dict_is_an_error_that_names_the_way_to_it(given: Any, text: str) -> None:
    with pytest.raises(EncodeError, match=rf"^users\.getUsers\.{text}$"):
        request("users.getUsers", id=[MYSELF, given])


def test_dicts_that_stand_in_themselves_are_an_error() -> None:
    form: dict[str, Any] = {"_": "jsonArray", "value": []}
    form["value"].append(form)
    with pytest.raises(EncodeError, match="nested too deep"):
        request("help.saveAppLog", events=[{"_": "inputAppEvent", "time": 0.0, "type": "", "peer": 0, "data": form}])


def test_a_field_that_is_a_word_of_python_has_both_spellings() -> None:
    schema = Schema.parse("int ? = Int;\nanswer = Answer;\n---functions---\nask from:int self:int = Answer;")
    assert request_of(schema, "ask", {"from": 1, "self": 2}) == request_of(schema, "ask", {"from_": 1, "self": 2})
    assert [*signature_of(schema, "ask").parameters] == ["from_", "self"]


def test_a_signature_has_the_fields_and_what_may_be_left_out() -> None:
    shown = str(signature_of(api.schema, PHOTOS))
    assert shown == "(*, user_id: 'InputUser', offset: 'int' = 0, max_id: 'long' = 0, limit: 'int') -> 'photos.Photos'"
    flags = signature_of(api.schema, "messages.getSavedDialogs").parameters
    assert (flags["exclude_pinned"].default, flags["parent_peer"].default) == (False, None)
    assert signature_of(api.schema, SEND).parameters["random_id"].default is ...


def test_the_stubs_have_each_method_with_its_parameters_in_both_ways() -> None:
    files = method_stub_files(api.schema)
    methods = {name: [*signature_of(api.schema, name).parameters.values()] for name in api.schema if is_method(name)}
    for way, kind in (("awaited", ast.AsyncFunctionDef), ("blocking", ast.FunctionDef)):
        found: dict[str, ast.AsyncFunctionDef | ast.FunctionDef] = {}
        for path, text in files.items():
            folder, file = path.removesuffix(".pyi").split("/")
            space = "" if file == "__init__" else f"{file}."
            if folder == way:
                classes = [node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]
                nodes = [node for each in classes for node in each.body if isinstance(node, kind)]
                found |= {f"{space}{node.name}": node for node in nodes}
        assert sorted(found) == sorted(methods)
        for name, node in found.items():
            parameters = methods[name]
            assert [argument.arg for argument in node.args.kwonlyargs] == [each.name for each in parameters], name
            optional = [default is not None for default in node.args.kw_defaults]
            assert optional == [each.default is not inspect.Parameter.empty for each in parameters], name
