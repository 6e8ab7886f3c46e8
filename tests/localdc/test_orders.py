"""Refusals and answers that a program orders, and the transcript of calls."""

from __future__ import annotations

import pytest

from mtproto import blocking
from mtproto.errors import LocalProtocolError, RpcError
from mtproto.localdc.orders import Orders
from mtproto.localdc.thread import LocalDCThread
from mtproto.localdc.transcript import CALLS, LARGE
from mtproto.localdc.world.model import World
from tests.localdc.conftest import Caller, RpcFailure
from tests.localdc.several import Several
from tl import api

help_ = api.functions.help


def test_so_many_calls_are_refused_in_the_order_of_the_orders(caller: Caller) -> None:
    caller.dc.orders.refuse(help_.GetNearestDc, 420, "FLOOD_WAIT_31", 2)
    caller.dc.orders.refuse("help.getNearestDc", 500, "WORKER_BUSY_TOO_LONG_RETRY", 1)
    for refusal in ("420 FLOOD_WAIT_31", "420 FLOOD_WAIT_31", "500 WORKER_BUSY_TOO_LONG_RETRY"):
        with pytest.raises(RpcFailure, match=refusal):
            caller(help_.GetNearestDc())
        assert caller(help_.GetConfig()).NAME == "config"
    assert caller(help_.GetNearestDc()).this_dc == 2


def test_a_refusal_without_end_holds_until_the_orders_are_cleared(caller: Caller) -> None:
    caller.dc.orders.refuse("auth.sendCode", 303, "NETWORK_MIGRATE_4", None)
    request = api.functions.auth.SendCode(phone_number="1", api_id=1, api_hash="", settings=api.types.CodeSettings())
    for _ in range(3):
        with pytest.raises(RpcFailure, match="303 NETWORK_MIGRATE_4"):
            caller(request)
    caller.dc.orders.clear()
    with pytest.raises(RpcFailure, match="400 API_ID_INVALID"):
        caller(request)


def test_an_answer_needs_no_handler_and_no_login(stranger: Caller) -> None:
    stranger.key.inited = True
    form = {"_": "nearestDc", "country": "DE", "this_dc": 2, "nearest_dc": 4}
    stranger.dc.orders.answer("help.getNearestDc", form)
    stranger.dc.orders.answer("account.updateStatus", True)
    stranger.dc.orders.answer("users.getUsers", [{"_": "userEmpty", "id": "7"}])
    assert stranger(help_.GetNearestDc()).country == "DE"
    assert stranger(api.functions.account.UpdateStatus(offline=True)) is True
    assert [user.id for user in stranger(api.functions.users.GetUsers(id=[]))] == [7]


@pytest.mark.parametrize("method", ["help.getNothing", "nearestDc", "", api.types.NearestDc, 7])
def test_what_is_no_method_is_refused_when_it_is_ordered(method: str) -> None:
    with pytest.raises(LocalProtocolError, match="is no method of"):
        Orders().refuse(method, 400, "ANY", 1)


@pytest.mark.parametrize("answer", [{"_": "config"}, {"_": "nothing"}, {}, 7, None, True, {"_": "userEmpty", "id": 7}])
def test_what_is_no_answer_is_refused_when_it_is_ordered(answer: object) -> None:
    with pytest.raises(LocalProtocolError, match=r"this is no answer to help\.getNearestDc"):
        Orders().answer("help.getNearestDc", answer)


def test_nothing_is_refused_less_than_once() -> None:
    with pytest.raises(LocalProtocolError, match="0 times"):
        Orders().refuse("help.getConfig", 400, "ANY", 0)


def test_the_transcript_says_who_called_what_and_what_became_of_it(packaged_world: World) -> None:
    net = Several(packaged_world)
    account = net.accounts.named("single")
    phone = net.phone_at(account.dc_id)
    with pytest.raises(RpcFailure):
        phone.me()
    phone.sign_in(account.phone, account.code)
    phone.me()
    told = [(call.method, call.user_id, call.refusal) for call in net.dcs[account.dc_id].transcript.calls]
    assert told == [
        ("users.getUsers", None, (401, "AUTH_KEY_UNREGISTERED")),
        ("auth.sendCode", None, None),
        ("auth.signIn", None, None),
        ("users.getUsers", account.user.id, None),
    ]
    signed_in = net.dcs[account.dc_id].transcript.calls[2]
    assert signed_in.arguments == api.functions.auth.SignIn(
        phone_number=account.phone,
        phone_code_hash=net.dcs[account.dc_id].transcript.calls[1].answer.phone_code_hash,
        phone_code=account.code,
    )
    assert signed_in.answer.NAME == "auth.authorization"
    assert account.code not in repr(signed_in)
    assert account.phone not in repr(signed_in)


def test_the_transcript_names_wrappers_and_refusals_before_any_handler(stranger: Caller) -> None:
    with pytest.raises(RpcFailure, match="CONNECTION_NOT_INITED"):
        stranger(api.functions.InvokeWithoutUpdates(query=help_.GetConfig()))
    [call] = stranger.dc.transcript.calls
    assert (call.method, call.wrappers, call.refusal) == (
        "help.getConfig",
        ("invokeWithoutUpdates",),
        (400, "CONNECTION_NOT_INITED"),
    )


def test_the_transcript_is_bounded(caller: Caller) -> None:
    caller(api.functions.users.GetUsers(id=[api.types.InputUserSelf()] * (LARGE // 4)))
    [large] = caller.dc.transcript.calls
    assert (large.method, large.arguments, large.answer, large.refusal) == ("users.getUsers", None, None, None)
    for _ in range(CALLS + 1):
        caller(help_.GetNearestDc())
    assert len(caller.dc.transcript.calls) == CALLS
    caller.dc.transcript.forget()
    assert caller.dc.transcript.calls == []


def test_the_face_has_orders_and_the_transcript(local_dc: LocalDCThread) -> None:
    with blocking.connect(local_dc.address, keys=local_dc.keys, api_id=local_dc.api_id) as client:
        local_dc.flood_wait(help_.GetNearestDc, 7)
        with pytest.raises(RpcError, match="FLOOD_WAIT_7"):
            client(help_.GetNearestDc())
        local_dc.answer(help_.GetNearestDc, {"_": "nearestDc", "country": "FR", "this_dc": 2, "nearest_dc": 2})
        assert client(help_.GetNearestDc()).country == "FR"
        local_dc.clear_orders()
        assert client(help_.GetNearestDc()).country == ""
        assert [call.refusal for call in local_dc.calls] == [(420, "FLOOD_WAIT_7"), None, None]
        assert local_dc.calls[0].wrappers == ("invokeWithLayer", "initConnection")
        local_dc.clear_calls()
        assert local_dc.calls == []
