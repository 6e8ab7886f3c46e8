"""What is refused before a handler sees it, the wrappers, and answers of every kind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

import pytest

from mtproto.localdc.answers import Refused
from mtproto.localdc.calls import IncomingCall
from mtproto.localdc.dispatch import Dispatcher
from mtproto.localdc.keys import KeyRecord
from tests.localdc.conftest import SESSION, Caller, RpcFailure
from tl import api

GET_SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])
GET_CONFIG = api.functions.help.GetConfig()


def init(query: Any, **changed: Any) -> Any:
    arguments: dict[str, Any] = {
        "api_id": 1,
        "device_model": "test",
        "system_version": "1",
        "app_version": "1",
        "system_lang_code": "en",
        "lang_pack": "",
        "lang_code": "en",
    }
    return api.functions.InitConnection(**{**arguments, **changed}, query=query)


def with_layer(query: Any, layer: int = api.layer) -> Any:
    return api.functions.InvokeWithLayer(layer=layer, query=query)


def register(dispatcher: Dispatcher, method: Any, handler: Any, *, login: bool | None = None) -> None:
    """Register a handler for a method, given as its class or as a call of it."""
    dispatcher.register(method if isinstance(method, type) else type(method), handler, login=login)


def test_without_init_connection_a_call_is_refused(stranger: Caller) -> None:
    for request in (GET_CONFIG, GET_SELF, with_layer(GET_CONFIG)):
        with pytest.raises(RpcFailure, match="400 CONNECTION_NOT_INITED"):
            stranger(request)


@pytest.mark.parametrize(
    "wrapped",
    [
        with_layer(init(GET_CONFIG)),
        init(GET_CONFIG),
        api.functions.InvokeWithoutUpdates(query=with_layer(init(GET_CONFIG))),
        with_layer(api.functions.InvokeWithoutUpdates(query=init(GET_CONFIG))),
        with_layer(init(api.functions.InvokeWithoutUpdates(query=GET_CONFIG))),
    ],
)
def test_the_first_call_as_clients_wrap_it(stranger: Caller, wrapped: Any) -> None:
    assert stranger(wrapped).this_dc == 2
    assert stranger.key.inited
    assert stranger.key.layer == api.layer
    assert stranger(GET_CONFIG).this_dc == 2


def test_layer_and_init_belong_to_the_key(stranger: Caller, caller: Caller) -> None:
    stranger(with_layer(init(GET_CONFIG)))
    other = KeyRecord(caller.key.auth_key)
    refused = stranger.dispatcher.answer(GET_CONFIG.to_bytes(), other, SESSION, 4)
    assert isinstance(refused, bytes)
    with pytest.raises(RpcFailure, match="CONNECTION_NOT_INITED"):
        stranger.read(refused, GET_CONFIG)


@pytest.mark.parametrize("layer", [0, -1, 1, 45, 230, 2**31 - 1])
def test_a_layer_that_nobody_can_know_is_refused(stranger: Caller, layer: int) -> None:
    with pytest.raises(RpcFailure, match="400 CONNECTION_LAYER_INVALID"):
        stranger(with_layer(init(GET_CONFIG), layer))
    assert not stranger.key.inited


def test_an_api_id_that_cannot_be_is_refused(stranger: Caller) -> None:
    with pytest.raises(RpcFailure, match="400 CONNECTION_API_ID_INVALID"):
        stranger(with_layer(init(GET_CONFIG, api_id=0)))


def test_the_keys_are_kept_when_layer_or_init_changed_and_only_then(
    stranger: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[None] = []
    monkeypatch.setattr(stranger.dc.keys, "keep", lambda: told.append(None))
    stranger(with_layer(init(GET_CONFIG)))
    stranger(with_layer(init(GET_CONFIG)))
    stranger(GET_CONFIG)
    assert len(told) == 1


def test_before_the_login_methods_that_need_one_are_refused(stranger: Caller) -> None:
    for request in (
        GET_SELF,
        api.functions.updates.GetState(),
        api.functions.auth.LogOut(),
        api.functions.contacts.ResolveUsername(username="plenty"),
        api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1),
        api.functions.upload.GetFile(
            location=api.types.InputPhotoFileLocation(id=1, access_hash=1, file_reference=b"", thumb_size="a"),
            offset=0,
            limit=4096,
        ),
    ):
        with pytest.raises(RpcFailure, match="401 AUTH_KEY_UNREGISTERED"):
            stranger(with_layer(init(request)))


def test_a_method_that_no_schema_has_is_named_by_its_id(caller: Caller) -> None:
    answer = caller.raw((0xDEADBEEF).to_bytes(4, "little"))
    assert isinstance(answer, bytes)
    with pytest.raises(RpcFailure, match=r"400 INPUT_METHOD_INVALID_3735928559_229"):
        caller.read(answer, GET_CONFIG)


def test_a_method_that_no_schema_has_is_named_inside_wrappers_too(caller: Caller) -> None:
    body = with_layer(init(GET_CONFIG)).to_bytes()[:-4] + (0xDEADBEEF).to_bytes(4, "little")
    answer = caller.raw(body)
    assert isinstance(answer, bytes)
    with pytest.raises(RpcFailure, match=r"400 INPUT_METHOD_INVALID_3735928559_229"):
        caller.read(answer, GET_CONFIG)


def test_a_method_without_a_handler_is_named_by_its_id(caller: Caller) -> None:
    request = api.functions.messages.GetSplitRanges()
    with pytest.raises(RpcFailure, match=f"400 INPUT_METHOD_INVALID_{request.ID}_229"):
        caller(request)


@pytest.mark.parametrize("body", [b"", b"\x00", GET_SELF.to_bytes()[:-4], GET_SELF.to_bytes() + bytes(4)])
def test_a_query_that_cannot_be_read_is_refused(caller: Caller, body: bytes) -> None:
    answer = caller.raw(body)
    assert isinstance(answer, bytes)
    with pytest.raises(RpcFailure, match="400 INPUT_FETCH_ERROR"):
        caller.read(answer, GET_SELF)


@pytest.mark.parametrize("body", [api.types.InputUserSelf().to_bytes(), api.encode(True), api.encode(False)])
def test_an_object_that_is_no_method_is_refused(caller: Caller, body: bytes) -> None:
    answer = caller.raw(body)
    assert isinstance(answer, bytes)
    with pytest.raises(RpcFailure, match="400 INPUT_METHOD_INVALID"):
        caller.read(answer, GET_SELF)


def test_an_argument_that_no_schema_has_is_named_by_its_id(caller: Caller) -> None:
    body = GET_SELF.to_bytes()[:-4] + (0xDEADBEEF).to_bytes(4, "little")
    answer = caller.raw(body)
    assert isinstance(answer, bytes)
    with pytest.raises(RpcFailure, match="400 INPUT_CONSTRUCTOR_INVALID_3735928559_229"):
        caller.read(answer, GET_SELF)


def test_a_handler_of_ones_own_takes_the_place_of_the_dcs(caller: Caller) -> None:
    def photos(call: IncomingCall) -> Any:
        assert call.user is caller.world.bot
        return api.types.photos.Photos(photos=[], users=[])

    register(caller.dispatcher, api.functions.photos.GetUserPhotos, photos)
    request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=1)
    assert caller(request) == api.types.photos.Photos(photos=[], users=[])


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (api.functions.account.CheckUsername(username="x"), True),
        (api.functions.account.CheckUsername(username="x"), False),
        (api.functions.contacts.GetContactIDs(hash=0), [1, -2, 3]),
        (GET_SELF, []),
    ],
)
def test_a_bool_and_a_list_are_answers(caller: Caller, request_: Any, answer: Any) -> None:
    register(caller.dispatcher, request_, lambda call: answer)
    assert caller(request_) == answer


def test_bytes_go_out_as_they_are(caller: Caller) -> None:
    register(caller.dispatcher, GET_CONFIG, lambda call: b"\x01\x02\x03\x04")
    assert caller.raw(GET_CONFIG.to_bytes()) == b"\x01\x02\x03\x04"


def test_a_handler_refuses_by_raising(caller: Caller) -> None:
    def refuse(call: IncomingCall) -> Any:
        raise Refused(420, "FLOOD_WAIT_31")

    register(caller.dispatcher, GET_CONFIG, refuse)
    with pytest.raises(RpcFailure, match="420 FLOOD_WAIT_31"):
        caller(GET_CONFIG)


@pytest.mark.parametrize("answer", [ZeroDivisionError(), api.types.InputUserSelf(), None, "text"])
def test_a_handler_that_fails_costs_that_call_alone_and_is_logged(
    caller: Caller, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(call: IncomingCall) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    register(caller.dispatcher, GET_SELF, fail)
    with caplog.at_level(logging.ERROR), pytest.raises(RpcFailure, match="500 INTERNAL"):
        caller(GET_SELF)
    assert "users.getUsers" in caplog.text
    assert caller(GET_CONFIG).this_dc == 2


def test_a_handler_may_be_async(caller: Caller) -> None:
    async def later(call: IncomingCall) -> Any:
        await asyncio.sleep(0)
        return True

    async def fail(call: IncomingCall) -> Any:
        await asyncio.sleep(0)
        raise Refused(400, "LATE")

    request = api.functions.account.CheckUsername(username="x")
    register(caller.dispatcher, request, later)
    assert asyncio.run(awaited(caller, request)) is True
    register(caller.dispatcher, request, fail)
    with pytest.raises(RpcFailure, match="400 LATE"):
        asyncio.run(awaited(caller, request))


async def awaited(caller: Caller, request: Any) -> Any:
    answer = caller.raw(request.to_bytes())
    return caller.read(await answer if isinstance(answer, Awaitable) else answer, request)


def after(msg_id: int, query: Any) -> Any:
    return api.functions.InvokeAfterMsg(msg_id=msg_id, query=query)


def test_invoke_after_msg_waits_for_the_call_before(caller: Caller) -> None:
    order: list[str] = []
    check = api.functions.account.CheckUsername(username="x")

    async def run() -> None:
        gate = asyncio.Event()

        async def slow(call: IncomingCall) -> Any:
            await gate.wait()
            order.append("first")
            return True

        def second(call: IncomingCall) -> bytes:
            order.append("second")
            return b""

        register(caller.dispatcher, check, slow)
        register(caller.dispatcher, GET_CONFIG, second)
        first = asyncio.ensure_future(awaited(caller, check))
        await asyncio.sleep(0)
        last = asyncio.ensure_future(awaited(caller, after(caller.msg_id, GET_CONFIG)))
        await asyncio.sleep(0)
        assert order == []
        gate.set()
        await asyncio.gather(first, last, return_exceptions=True)

    asyncio.run(run())
    assert order == ["first", "second"]


def test_invoke_after_msg_goes_on_at_once_when_the_call_before_is_done(caller: Caller) -> None:
    async def run() -> Any:
        await awaited(caller, GET_CONFIG)
        return await awaited(caller, api.functions.InvokeAfterMsgs(msg_ids=[caller.msg_id], query=GET_CONFIG))

    assert asyncio.run(run()).this_dc == 2


def test_invoke_after_msg_fails_with_the_call_before(caller: Caller) -> None:
    async def run() -> None:
        with pytest.raises(RpcFailure, match="INPUT_METHOD_INVALID"):
            await awaited(caller, api.functions.messages.GetSplitRanges())
        with pytest.raises(RpcFailure, match="400 MSG_WAIT_FAILED"):
            await awaited(caller, after(caller.msg_id, GET_CONFIG))

    asyncio.run(run())


def test_invoke_after_msg_of_a_call_that_never_came_is_given_up(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtproto.localdc.outcomes.PATIENCE", 0.0)
    with pytest.raises(RpcFailure, match="400 MSG_WAIT_TIMEOUT"):
        asyncio.run(awaited(caller, after(12, GET_CONFIG)))
