"""Handlers of a user's own: whatever `dc.handler` accepts is called, and whatever it can't serve it refuses at once."""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import Any

import pytest

import tl
from mtproto.errors import LocalProtocolError
from mtproto.localdc import IncomingCall, LocalDC, Refused, World
from mtproto.session import wire
from tests.localdc.conftest import Caller, RpcFailure
from tests.localdc.test_dispatch import GET_CONFIG, GET_SELF, awaited, init, register, with_layer
from tests.localdc.test_layers import own_layer, wrapped
from tl import Schema, api, service

DIALECT = """
weather.report#11111111 degrees:int = weather.Report;
---functions---
weather.ask#22222222 place:string = weather.Report;
weather.everywhere#33333333 places:Vector<string> = Vector<weather.Report>;
"""

GET_PHOTOS = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)


@pytest.fixture(scope="module")
def dc(packaged_world: World, local_dc_key: Any) -> LocalDC:
    return LocalDC(key=local_dc_key, world=packaged_world, schemas={5: own_layer(), 1: Schema.parse(DIALECT, layer=1)})


def nothing(_call: IncomingCall) -> Any:
    raise AssertionError("nobody calls this")


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "says"),
    [
        (api.types.User, "user is a constructor"),
        ("help.getConfig", "not the text 'help.getConfig'"),
        (GET_CONFIG, "not an object"),
        (None, "takes the class of a method"),
        (nothing, "takes the class of a method"),
        (tl.TLFunction, "takes the class of a method"),
        (api.functions.InvokeWithLayer, "invokeWithLayer is a wrapper"),
        (api.functions.InvokeWithoutUpdates, "invokeWithoutUpdates is a wrapper"),
    ],
)
def test_what_is_no_method_is_refused_at_once(dc: LocalDC, method: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        dc.handler(method)


@pytest.mark.parametrize(
    ("method", "says"),
    [
        (service.functions.Ping, "ping belongs to mtproto"),
        (Schema.parse(DIALECT, layer=9, name="weather")["weather.ask"], "weather.ask belongs to weather, layer 9"),
        (own_layer()["help.getNearestDc"], "help.getNearestDc belongs to layer 5"),  # read anew, it is another schema
    ],
)
def test_a_method_of_a_schema_that_the_dc_was_not_given_is_refused_at_once(dc: LocalDC, method: Any, says: str) -> None:
    with pytest.raises(LocalProtocolError, match=f"{says}.*schemas="):
        dc.handler(method)


def test_a_handler_that_can_not_be_called_is_refused_at_once(dc: LocalDC) -> None:
    no_function: Any = GET_CONFIG
    with pytest.raises(TypeError, match="a handler is a function"):
        dc.handler(api.functions.help.GetConfig)(no_function)


def test_a_schema_in_the_place_of_the_packaged_layer_is_refused(packaged_world: World, local_dc_key: Any) -> None:
    with pytest.raises(LocalProtocolError, match=f"layer {api.layer} is packaged"):
        LocalDC(key=local_dc_key, world=packaged_world, schemas={api.layer: Schema.parse(DIALECT)})
    LocalDC(key=local_dc_key, world=packaged_world, schemas={api.layer: api.schema})


# Any schema -----------------------------------------------------------------------------------------------------------


def handle_weather(caller: Caller, schema: Schema) -> list[Any]:
    """Register both methods of the dialect; return the list of what they were asked."""
    asked: list[Any] = []

    def ask(call: IncomingCall) -> Any:
        asked.append(call.request)
        return schema["weather.report"](degrees=7)

    register(caller.dispatcher, schema["weather.ask"], ask)
    register(caller.dispatcher, schema["weather.everywhere"], lambda call: [ask(call) for _ in call.request.places])
    return asked


@pytest.fixture
def weather() -> Schema:
    return Schema.parse(DIALECT, layer=1, name="weather")


def test_a_method_of_a_dialect_is_served_to_a_client_of_the_packaged_layer(
    packaged_world: World, weather: Schema
) -> None:
    caller = Caller(packaged_world, {1: weather})
    asked = handle_weather(caller, weather)
    request = weather["weather.ask"](place="Oslo")
    assert caller(request) == weather["weather.report"](degrees=7)
    assert asked == [request]
    everywhere = weather["weather.everywhere"](places=["a", "b"])
    assert [report.degrees for report in caller(everywhere)] == [7, 7]
    assert caller(GET_CONFIG).this_dc == 2


def test_a_method_of_a_dialect_is_served_inside_wrappers(packaged_world: World, weather: Schema) -> None:
    caller = Caller(packaged_world, {1: weather})
    caller.key.inited = False
    handle_weather(caller, weather)
    request = weather["weather.ask"](place="Oslo")
    for layer in (api.layer, 1):
        outer = with_layer(init(GET_CONFIG), layer).to_bytes()[: -len(GET_CONFIG.to_bytes())]
        assert caller.read(caller.raw_now(outer + request.to_bytes()), request).degrees == 7
        assert caller.key.inited
        assert caller.key.layer == layer
        assert caller(request).degrees == 7
        assert caller(GET_CONFIG).this_dc == 2  # beside its dialect, a client speaks the API


def test_a_method_of_a_dialect_needs_a_login_unless_told_otherwise(packaged_world: World, weather: Schema) -> None:
    caller = Caller(packaged_world, {1: weather})
    caller.key.user_id = None
    request = weather["weather.ask"](place="Oslo")
    register(caller.dispatcher, type(request), lambda _: weather["weather.report"](degrees=7))
    with pytest.raises(RpcFailure, match="401 AUTH_KEY_UNREGISTERED"):
        caller(request)
    register(caller.dispatcher, type(request), lambda _: weather["weather.report"](degrees=7), login=False)
    caller.key.inited = False  # a dialect has no initConnection to say
    assert caller(request).degrees == 7


def test_bytes_that_no_message_can_carry_are_a_failure_of_the_handler(packaged_world: World) -> None:
    caller = Caller(packaged_world)
    register(caller.dispatcher, type(GET_CONFIG), lambda _: b"\1")
    with pytest.raises(RpcFailure, match="500 INTERNAL"):
        caller(GET_CONFIG)


def test_a_method_of_a_dialect_without_a_handler_is_named_by_its_id(packaged_world: World, weather: Schema) -> None:
    caller = Caller(packaged_world, {1: weather})
    for layer in (None, 1):
        caller.key.layer = layer
        with pytest.raises(RpcFailure, match=f"400 INPUT_METHOD_INVALID_{0x22222222}"):
            caller(weather["weather.ask"](place="Oslo"))


def test_a_method_that_only_another_layer_has_is_served_in_that_layer(packaged_world: World) -> None:
    schema = own_layer()
    caller = Caller(packaged_world, {5: schema})
    caller.key.inited = False

    def unheard_of(call: IncomingCall) -> Any:
        assert call.request == schema["test.unheardOf"](x=3)
        return api.types.NearestDc(country="", this_dc=call.request.x, nearest_dc=2)

    register(caller.dispatcher, schema["test.unheardOf"], unheard_of)
    answer = caller(wrapped(schema, 5, schema["test.unheardOf"](x=3)))
    assert (answer.SCHEMA, answer.this_dc) == (schema, 3)


def test_a_handler_of_another_layer_is_for_the_clients_of_that_layer(packaged_world: World) -> None:
    schema = own_layer()
    caller = Caller(packaged_world, {5: schema})

    def nearest(call: IncomingCall) -> Any:
        assert call.request.SCHEMA is schema
        return schema["nearestDc"](country="", this_dc=5, nearest_dc=call.default().nearest_dc)

    register(caller.dispatcher, schema["help.getNearestDc"], nearest)
    assert caller(api.functions.help.GetNearestDc()).this_dc == 2
    caller.key.layer = 5
    assert (caller(schema["help.getNearestDc"]()).this_dc, caller(schema["help.getNearestDc"]()).nearest_dc) == (5, 2)


# The login ------------------------------------------------------------------------------------------------------------


def test_the_login_gate_can_be_opened_and_shut(stranger: Caller) -> None:
    request = api.functions.upload.GetCdnFile(file_token=b"", offset=0, limit=4096)
    part = api.types.upload.CdnFile(bytes=b"part")
    register(stranger.dispatcher, type(request), lambda _: part)
    with pytest.raises(RpcFailure, match="401 AUTH_KEY_UNREGISTERED"):
        stranger(with_layer(init(request)))
    register(stranger.dispatcher, type(request), lambda _: part, login=False)
    assert stranger(request) == part
    register(stranger.dispatcher, type(GET_CONFIG), nothing, login=True)
    with pytest.raises(RpcFailure, match="401 AUTH_KEY_UNREGISTERED"):
        stranger(GET_CONFIG)


def test_what_the_documentation_opens_to_everybody_needs_no_login(stranger: Caller) -> None:
    request = api.functions.langpack.GetLanguages(lang_pack="")
    register(stranger.dispatcher, type(request), lambda _: [])
    assert stranger(with_layer(init(request))) == []


# What a handler replaces ----------------------------------------------------------------------------------------------


def test_a_handler_may_change_what_the_dc_answers(caller: Caller) -> None:
    def fewer(call: IncomingCall) -> Any:
        answer = call.default()
        return api.types.photos.Photos(photos=answer.photos[:1], users=answer.users)

    whole = caller(GET_PHOTOS)
    register(caller.dispatcher, type(GET_PHOTOS), fewer)
    assert caller(GET_PHOTOS).photos == whole.photos[:1]


def test_a_handler_may_change_the_request_first(caller: Caller) -> None:
    def limited(call: IncomingCall) -> Any:
        call.request.limit = 2
        return call.default()

    register(caller.dispatcher, type(GET_PHOTOS), limited)
    assert len(caller(GET_PHOTOS).photos) == 2


def test_an_async_handler_calls_what_it_replaces_in_the_same_way(caller: Caller) -> None:
    async def later(call: IncomingCall) -> Any:
        await asyncio.sleep(0)
        return call.default()

    register(caller.dispatcher, type(GET_CONFIG), later)
    assert asyncio.run(awaited(caller, GET_CONFIG)).this_dc == 2


def test_handlers_replace_one_another_in_turn(caller: Caller) -> None:
    order: list[str] = []

    async def first(call: IncomingCall) -> Any:
        order.append("first")
        return call.default()

    def second(call: IncomingCall) -> Any:
        order.append("second")
        return call.default()  # what an async one gives is awaited for it

    async def third(call: IncomingCall) -> Any:
        order.append("third")
        answer = call.default()
        return await answer if inspect.isawaitable(answer) else answer

    for handler in (first, second, third):
        register(caller.dispatcher, type(GET_CONFIG), handler)
    assert asyncio.run(awaited(caller, GET_CONFIG)).this_dc == 2
    assert order == ["third", "second", "first"]


def test_a_handler_that_replaces_nothing_refuses_by_calling_it(caller: Caller) -> None:
    request = api.functions.messages.GetSplitRanges()
    register(caller.dispatcher, type(request), lambda call: call.default())
    with pytest.raises(RpcFailure, match=f"400 INPUT_METHOD_INVALID_{request.ID}_229"):
        caller(request)


def test_what_is_replaced_keeps_its_login_gate(stranger: Caller) -> None:
    register(stranger.dispatcher, type(GET_SELF), lambda call: call.default(), login=False)
    with pytest.raises(RpcFailure, match="401 AUTH_KEY_UNREGISTERED"):
        stranger(with_layer(init(GET_SELF)))


def test_a_handler_may_catch_what_the_replaced_one_refuses(caller: Caller) -> None:
    def forgiving(call: IncomingCall) -> Any:
        try:
            return call.default()
        except Refused as refused:
            raise Refused(refused.code, f"{refused.name}_HERE") from refused

    request = api.functions.contacts.ResolveUsername(username="who_is_that")
    register(caller.dispatcher, type(request), forgiving)
    with pytest.raises(RpcFailure, match="400 USERNAME_NOT_OCCUPIED_HERE"):
        caller(request)


# What fails -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_async", [False, True])
def test_a_handler_that_fails_is_logged_once_with_its_traceback(
    caller: Caller, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(call: IncomingCall) -> Any:
        raise ZeroDivisionError("by nothing")

    async def fail_later(call: IncomingCall) -> Any:
        fail(call)

    register(caller.dispatcher, type(GET_CONFIG), fail_later if is_async else fail)
    with pytest.raises(RpcFailure, match="500 INTERNAL"):
        asyncio.run(awaited(caller, GET_CONFIG))
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.ERROR, "mtproto.localdc.dispatch")
    assert record.exc_info is not None
    assert "ZeroDivisionError: by nothing" in caplog.text
    assert "help.getConfig" in record.getMessage()


# How clients wrap and pack --------------------------------------------------------------------------------------------


def test_a_query_may_be_packed_inside_its_wrappers(stranger: Caller) -> None:
    """TDLib packs the query alone: invokeWithLayer(initConnection(gzip_packed(query)))."""
    query = api.functions.help.GetConfig().to_bytes()
    outer = with_layer(init(GET_CONFIG)).to_bytes()[: -len(query)]
    assert stranger.read(stranger.raw_now(outer + wire.write_gzip(query)), GET_CONFIG).this_dc == 2


def test_a_query_is_unpacked_once_and_within_bounds(caller: Caller) -> None:
    outer = api.functions.InvokeWithoutUpdates(query=GET_CONFIG).to_bytes()[:4]
    packed = wire.write_gzip(GET_CONFIG.to_bytes())
    bomb = api.functions.help.SaveAppLog(events=[]).to_bytes() + bytes(4 << 20)
    for body in (wire.write_gzip(packed), wire.write_gzip(outer + packed), wire.write_gzip(bomb), packed[:-4]):
        answer = caller.raw_now(outer + body)
        with pytest.raises(RpcFailure, match="400 INPUT_FETCH_ERROR"):
            caller.read(answer, GET_CONFIG)


@pytest.mark.parametrize(("size", "fits"), [(65_000, True), (66_000, False)])
def test_a_small_packed_query_becomes_64_kib_at_most(caller: Caller, size: int, fits: bool) -> None:
    outer = api.functions.InvokeWithoutUpdates(query=GET_CONFIG).to_bytes()[:4]
    packed = wire.write_gzip(api.functions.help.GetAppUpdate(source="a" * size).to_bytes())
    with pytest.raises(RpcFailure) as caught:  # the DC has no handler for it
        caller.read(caller.raw_now(outer + packed), GET_CONFIG)
    assert ("INPUT_FETCH_ERROR" not in str(caught.value)) == fits


@pytest.mark.parametrize("count", [0, 1, 3])
def test_invoke_after_msgs_may_stand_before_the_layer(packaged_world: World, count: int) -> None:
    schema = own_layer()
    caller = Caller(packaged_world, {5: schema})
    after = api.functions.InvokeAfterMsgs(msg_ids=[4] * count, query=GET_CONFIG).to_bytes()[:-4]
    body = after + schema["invokeWithLayer"](layer=5, query=schema["help.getNearestDc"]()).to_bytes()
    with pytest.raises(RpcFailure, match=r"INPUT_METHOD_INVALID_\d+_5"):  # layer 5 has no invokeAfterMsgs
        caller.read(caller.raw_now(body), GET_CONFIG)
