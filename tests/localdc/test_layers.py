"""Clients of other layers: asked and answered in their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from mtproto.localdc.calls import IncomingCall
from mtproto.localdc.world.model import World
from tests.localdc.conftest import Caller, RpcFailure
from tl import Schema, api

OLDER = (227, 214, 199, 198, 181, 133, 105, 75)

OWN_LAYER = """
invokeWithLayer#da9b0d0d {X:Type} layer:int query:!X = X;
nearestDc#8e1a1775 country:string this_dc:int nearest_dc:int = NearestDc;
invokeWithoutUpdates#bf9459b7 {X:Type} query:!X = X;
---functions---
initConnection#c1cd5ea9 {X:Type} flags:# api_id:int device_model:string system_version:string app_version:string \
system_lang_code:string lang_pack:string lang_code:string query:!X = X;
help.getNearestDc#1fb33026 = NearestDc;
help.getConfig#c4f9186b = Config;
test.unheardOf#11223344 x:int = NearestDc;
"""


def own_layer(number: int = 5) -> Schema:
    """Return a layer that knows next to nothing, with invokeWithLayer and its like as functions."""
    functions = [line for line in OWN_LAYER.splitlines() if "{X:Type}" in line]
    rest = [line for line in OWN_LAYER.splitlines() if "{X:Type}" not in line]
    return Schema.parse("\n".join([*rest, *functions]), layer=number, name=f"layer {number}", dialect="telegram")


def wrapped(schema: Schema, number: int, query: Any) -> Any:
    arguments = dict.fromkeys(
        ["device_model", "system_version", "app_version", "lang_code", "system_lang_code", "lang_pack"], "en"
    )
    known = {field.name for field in schema["initConnection"].PLAN.fields}
    init = schema["initConnection"](api_id=1, query=query, **{k: v for k, v in arguments.items() if k in known})
    return schema["invokeWithLayer"](layer=number, query=init)


@pytest.fixture
def of_layer_5(packaged_world: World) -> Caller:
    caller = Caller(packaged_world, {5: own_layer()})
    caller.key.inited = False
    return caller


def test_the_answer_comes_in_the_layer_of_invoke_with_layer(of_layer_5: Caller) -> None:
    schema = own_layer()
    request = wrapped(schema, 5, schema["help.getNearestDc"]())
    answer = of_layer_5(request)
    assert (answer.SCHEMA.layer, answer.NAME, answer.this_dc) == (5, "nearestDc", 2)
    assert of_layer_5.key.layer == 5


def test_later_calls_are_read_in_the_layer_of_the_key(of_layer_5: Caller) -> None:
    schema = own_layer()
    of_layer_5(wrapped(schema, 5, schema["help.getNearestDc"]()))
    with pytest.raises(RpcFailure, match=r"INPUT_METHOD_INVALID_\d+_5"):
        of_layer_5(api.functions.updates.GetState())


def test_wrappers_may_stand_before_the_layer(of_layer_5: Caller) -> None:
    schema = own_layer()
    request = schema["invokeWithoutUpdates"](query=wrapped(schema, 5, schema["help.getNearestDc"]()))
    assert of_layer_5(request).SCHEMA.layer == 5
    of_layer_5.key.layer = 229
    after = api.functions.InvokeAfterMsg(msg_id=of_layer_5.msg_id, query=api.functions.help.GetNearestDc()).to_bytes()
    body = after[:12] + schema["invokeWithLayer"](layer=5, query=schema["help.getNearestDc"]()).to_bytes()
    with pytest.raises(RpcFailure, match=r"INPUT_METHOD_INVALID_\d+_5"):  # layer 5 has no invokeAfterMsg
        of_layer_5.read(cast("bytes", of_layer_5.raw(body)), request)


def test_the_layer_may_change_without_init_connection(of_layer_5: Caller) -> None:
    schema = own_layer()
    nearest = schema["help.getNearestDc"]()
    of_layer_5(wrapped(schema, 5, nearest))
    of_layer_5(api.functions.InvokeWithLayer(layer=229, query=api.functions.help.GetNearestDc()))
    assert of_layer_5.key.layer == 229
    of_layer_5(schema["invokeWithLayer"](layer=5, query=nearest))
    assert of_layer_5.key.layer == 5


def test_a_page_kept_for_one_layer_is_not_given_to_another(packaged_world: World) -> None:
    text = """
    photo#00000008 id:long = Photo;
    photos.photos#00000009 photos:Vector<Photo> = photos.Photos;
    inputUserSelf#f7c1b13f = InputUser;
    ---functions---
    photos.getUserPhotos#91cd32a8 user_id:InputUser offset:int max_id:long limit:int = photos.Photos;
    """
    schema = Schema.parse(text, layer=7)
    caller = Caller(packaged_world, {7: schema})
    request = {"offset": 0, "max_id": 0, "limit": 100}
    full = caller(api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), **request))
    caller.key.layer = 7
    small = caller(schema["photos.getUserPhotos"](user_id=schema["inputUserSelf"](), **request))
    assert [photo.id for photo in small.photos] == [photo.id for photo in full.photos]


def test_a_method_that_the_packaged_layer_lacks_is_refused(of_layer_5: Caller) -> None:
    schema = own_layer()
    with pytest.raises(RpcFailure, match=r"INPUT_METHOD_INVALID_287454020_5"):
        of_layer_5(wrapped(schema, 5, schema["test.unheardOf"](x=1)))


def test_an_answer_that_the_layer_cannot_carry_is_an_internal_error(of_layer_5: Caller) -> None:
    schema = own_layer()
    request = wrapped(schema, 5, schema["help.getConfig"]())
    with pytest.raises(RpcFailure, match="500 INTERNAL"):
        of_layer_5(request)


def test_a_handler_sees_the_packaged_layer_whatever_the_client_speaks(of_layer_5: Caller) -> None:
    schema = own_layer()
    seen: list[Any] = []

    def handler(call: IncomingCall) -> Any:
        seen.append(call.request)
        return api.types.NearestDc(country="x", this_dc=1, nearest_dc=1)

    of_layer_5.dispatcher.register(api.functions.help.GetNearestDc, handler)
    of_layer_5(wrapped(schema, 5, schema["help.getNearestDc"]()))
    assert seen == [api.functions.help.GetNearestDc()]


def test_the_layer_named_and_the_layer_wrapped_around_it_must_agree(caller: Caller) -> None:
    inner = api.functions.InvokeWithLayer(layer=5, query=api.functions.help.GetNearestDc())
    with pytest.raises(RpcFailure, match="400 CONNECTION_LAYER_INVALID"):
        caller(api.functions.InvokeWithLayer(layer=229, query=inner))


def test_the_config_can_be_read_by_a_layer_that_wants_more_than_the_packaged_one(packaged_world: World) -> None:
    text = """
    dcOption#18b7a10d flags:# ipv6:flags.0?true id:int ip_address:string port:int = DcOption;
    config#00000007 this_dc:int dc_options:Vector<DcOption> saved_gifs_limit:int chat_big_size:int = Config;
    ---functions---
    help.getConfig#c4f9186b = Config;
    """
    caller = Caller(packaged_world, {6: Schema.parse(text, layer=6)})
    caller.key.layer = 6
    config = caller(Schema.parse(text, layer=6)["help.getConfig"]())
    assert (config.this_dc, config.saved_gifs_limit, config.chat_big_size) == (2, 200, 10)
    assert config.dc_options[0].port == 4433


@pytest.mark.parametrize("number", OLDER)
def test_an_older_client_logs_in_and_finds_a_user(number: int, shared: Path, packaged_world: World) -> None:
    schema = older(shared, number)
    caller = Caller(packaged_world, {number: schema})
    caller.key.inited, caller.key.user_id = False, None
    world = caller.world
    config = caller(wrapped(schema, number, schema["help.getConfig"]()))
    assert config.SCHEMA is schema
    assert config.dc_options[0].port == 4433
    log_in = schema["auth.importBotAuthorization"]
    granted = caller(log_in(flags=0, api_id=world.api_id, api_hash=world.api_hash, bot_auth_token=world.bot_token))
    assert granted.user.id == world.bot.id
    found = caller(schema["contacts.resolveUsername"](username="plenty"))
    assert found.users[0].username == "plenty"


@pytest.mark.parametrize("number", [n for n in OLDER if n >= 133])
def test_an_older_client_sees_photos(number: int, shared: Path, packaged_world: World) -> None:
    schema = older(shared, number)
    caller = Caller(packaged_world, {number: schema})
    caller.key.layer = number
    request = schema["photos.getUserPhotos"](user_id=schema["inputUserSelf"](), offset=0, max_id=0, limit=100)
    answer = caller(request)
    assert [photo.id for photo in answer.photos] == [photo.id for photo in caller.world.bot.photos]
    assert [size.NAME for size in answer.photos[0].sizes] == [
        "photoStrippedSize",
        "photoSize",
        "photoSize",
        "photoSizeProgressive",
    ]


@pytest.mark.parametrize("number", [105, 75])
def test_sizes_that_an_older_layer_cannot_describe_are_left_out(
    number: int, shared: Path, packaged_world: World
) -> None:
    schema = older(shared, number)
    caller = Caller(packaged_world, {number: schema})
    caller.key.layer = number
    request = schema["photos.getUserPhotos"](user_id=schema["inputUserSelf"](), offset=0, max_id=0, limit=100)
    answer = caller(request)
    assert len(answer.photos) == len(caller.world.bot.photos)


def older(shared: Path, number: int) -> Schema:
    return Schema.parse((shared / f"schema/layers/api-{number}.tl").read_text(), layer=number, name=f"layer {number}")
