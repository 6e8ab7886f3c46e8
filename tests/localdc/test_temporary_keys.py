"""Temporary keys at the DC: what they may call before they are bound, how a binding is checked, whose login it is."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest

from mtproto.link import KeyBound, KeyDropped, LinkAdded, LinkRemoved
from mtproto.link.binding import bind_request
from mtproto.localdc.keys import KeyRecord
from mtproto.message.auth_key import AuthKey
from mtproto.session import RequestLost, RpcFailed, SendContext
from tests.localdc.conftest import NOW, SESSION, Caller, RpcFailure
from tests.localdc.stage import Stage, perform
from tl import api

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.localdc.world.model import World

LIFE = 86400

CARRIED_BY = ["intermediate", "http", "websocket"]
"""A framing over TCP, packets without one, and the carrier that hides one."""


class Temporary(Caller):
    """A temporary key that calls methods, and the permanent one that it may be bound to, which is logged in."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.permanent = self.key
        self.key = KeyRecord(AuthKey(os.urandom(256)), expires_at=NOW + LIFE)
        for record in (self.permanent, self.key):
            self.dc.keys.add(record)

    def binding(self, **changed: Any) -> Any:
        """Return a call that binds the key, under the msg_id that the next call will have."""
        permanent = changed.get("permanent", self.permanent)
        key_id = changed.get("key", self.key).auth_key.id
        body = bind_request(permanent.auth_key, key_id, int(changed.get("expires_at", NOW + LIFE)), os.urandom)
        context = SendContext(changed.get("msg_id", self.msg_id + 4), changed.get("session_id", SESSION), NOW)
        return api.decode(body(context))


@pytest.fixture
def temporary(packaged_world: World) -> Temporary:
    return Temporary(packaged_world)


def wrapped(query: Any) -> Any:
    functions = api.functions
    words = ("device_model", "system_version", "app_version", "system_lang_code", "lang_pack", "lang_code")
    said: dict[str, Any] = dict.fromkeys(words, "x")
    init = functions.InitConnection(api_id=1, **said, query=query)
    return functions.InvokeWithLayer(layer=api.layer, query=init)


SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])


@pytest.mark.parametrize("query", [SELF, wrapped(SELF), api.functions.InvokeWithoutUpdates(query=SELF)])
def test_an_unbound_key_may_call_next_to_nothing(temporary: Temporary, query: Any) -> None:
    with pytest.raises(RpcFailure, match="401 AUTH_KEY_PERM_EMPTY"):
        temporary(query)
    assert not temporary.key.inited


@pytest.mark.parametrize("query", [api.functions.help.GetConfig(), api.functions.help.GetNearestDc()])
def test_an_unbound_key_may_ask_where_it_is(temporary: Temporary, query: Any) -> None:
    assert temporary(wrapped(query)).this_dc == 2


def test_a_bound_key_says_init_connection_anew_and_has_the_login_of_its_permanent_key(temporary: Temporary) -> None:
    assert temporary(temporary.binding()) is True
    with pytest.raises(RpcFailure, match="CONNECTION_NOT_INITED"):
        temporary(SELF)
    [user] = temporary(wrapped(SELF))
    assert user.id == temporary.world.bot.id
    temporary(api.functions.auth.LogOut())
    assert temporary.permanent.user_id is None


def test_binding_twice_is_the_same_as_once(temporary: Temporary) -> None:
    assert temporary(temporary.binding()) is True
    assert temporary(temporary.binding()) is True


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"msg_id": 1 << 40}, id="another message"),
        pytest.param({"session_id": SESSION + 1}, id="another session"),
        pytest.param({"key": KeyRecord(AuthKey(bytes(256)))}, id="another temporary key"),
        pytest.param({"permanent": KeyRecord(AuthKey(bytes(256)))}, id="an unknown permanent key"),
    ],
)
def test_a_binding_that_is_not_genuine_is_refused(temporary: Temporary, changed: dict[str, Any]) -> None:
    with pytest.raises(RpcFailure, match="400 ENCRYPTED_MESSAGE_INVALID"):
        temporary(temporary.binding(**changed))
    assert temporary.key.is_unbound


def test_a_binding_sealed_under_another_key_is_refused(temporary: Temporary) -> None:
    request = temporary.binding(permanent=KeyRecord(AuthKey(os.urandom(256))))
    request.perm_auth_key_id = temporary.permanent.auth_key.id
    with pytest.raises(RpcFailure, match="400 ENCRYPTED_MESSAGE_INVALID"):
        temporary(request)


def test_a_temporary_key_is_not_bound_to_a_temporary_key(temporary: Temporary) -> None:
    with pytest.raises(RpcFailure, match="400 ENCRYPTED_MESSAGE_INVALID"):
        temporary(temporary.binding(permanent=temporary.key))


def test_the_end_of_the_key_is_not_the_callers_to_choose(temporary: Temporary) -> None:
    with pytest.raises(RpcFailure, match="400 EXPIRES_AT_INVALID"):
        temporary(temporary.binding(expires_at=NOW + LIFE + 61))


def test_a_key_bound_to_one_key_is_not_bound_to_another(temporary: Temporary) -> None:
    assert temporary(temporary.binding()) is True
    other = KeyRecord(AuthKey(os.urandom(256)))
    temporary.dc.keys.add(other)
    with pytest.raises(RpcFailure, match="400 TEMP_AUTH_KEY_ALREADY_BOUND"):
        temporary(temporary.binding(permanent=other))


def test_a_permanent_key_is_not_bound(temporary: Temporary) -> None:
    request = temporary.binding()
    temporary.key = temporary.permanent
    with pytest.raises(RpcFailure, match="400 TEMP_AUTH_KEY_EMPTY"):
        temporary(request)


# Over sockets, in a time that jumps -----------------------------------------------------------------------------------


def keys_of(stage: Stage) -> list[int]:
    return [record.auth_key.id for record in stage.dc._centre.keys.records.values() if record.expires_at is not None]


def test_keys_are_replaced_for_hours_and_no_call_is_lost_or_executed_twice() -> None:
    async def scene(stage: Stage) -> None:
        assert stage.client.state is not None
        for _ in range(28):
            assert await stage.send() == 1
            await asyncio.sleep(300)
        assert len(stage.of(KeyBound)) >= 5
        assert len(stage.of(LinkAdded)) == len(stage.of(LinkRemoved))
        assert [*stage.of(RequestLost), *stage.of(RpcFailed)] == []
        assert len(keys_of(stage)) <= 2  # those that ended are forgotten
        permanent = stage.dc._centre.listener.state.find_key(stage.client.state.auth_key.id, stage.loop.clock())
        assert permanent is not None
        assert permanent.sessions == {}  # nothing was ever received under it

    perform(scene, pfs=True, expires_in=1800)


@pytest.mark.parametrize("transport", CARRIED_BY)
def test_calls_go_on_while_a_key_is_replaced(transport: str) -> None:
    async def scene(stage: Stage) -> None:
        async def calls() -> list[int]:
            counts = []
            for _ in range(125):
                counts.append(await stage.send())
                await asyncio.sleep(1)
            return counts

        counts = await asyncio.gather(*(calls() for _ in range(4)))
        assert {count for several in counts for count in several} == {1}
        assert len(stage.of(KeyBound)) >= 2

    perform(scene, pfs=True, expires_in=60, transport=transport)


def test_a_new_binding_ends_the_one_before_it() -> None:
    async def scene(stage: Stage) -> None:
        second = stage.new_client(pfs=True, state=stage.client.state)
        async with second:
            await second(api.functions.help.GetNearestDc())
            records = [record for record in stage.dc._centre.keys.records.values() if record.expires_at is not None]
            assert [record.is_unbound for record in records] == [True, False]
        assert await stage.send() == 1  # the first one binds anew
        assert [record.is_unbound for record in records] == [False, True]

    perform(scene, pfs=True)


def forget_key(stage: Stage) -> None:
    for key in keys_of(stage):
        stage.dc._centre.keys.drop(stage.dc._centre.keys.records[key])


def forget_binding(stage: Stage) -> None:
    for key in keys_of(stage):
        stage.dc._centre.keys.records[key].unbind()


def forget_session(stage: Stage) -> None:
    stage.dc.faults.session_forgotten()


@pytest.mark.parametrize("transport", CARRIED_BY)
@pytest.mark.parametrize("forget", [forget_key, forget_binding, forget_session])
def test_what_the_dc_forgets_is_made_again(forget: Callable[[Stage], None], transport: str) -> None:
    async def scene(stage: Stage) -> None:
        forget(stage)
        answer = await stage.client(api.functions.help.GetNearestDc())
        assert answer.this_dc == stage.dc.dc_id
        assert await stage.send() == 1
        assert stage.of(KeyDropped) == []

    perform(scene, pfs=True, transport=transport)


def test_a_permanent_key_that_the_dc_forgot_is_made_again_and_nobody_is_logged_in() -> None:
    async def scene(stage: Stage) -> None:
        old = stage.client.state
        for record in list(stage.dc._centre.keys.records.values()):
            stage.dc._centre.keys.drop(record)
        assert (await stage.client(api.functions.help.GetNearestDc())).this_dc == stage.dc.dc_id
        assert len(stage.of(KeyDropped)) == 1
        assert stage.client.state is not old
        await stage.log_in()
        assert await stage.send() == 1

    perform(scene, pfs=True)


@pytest.mark.parametrize("code", [48, 16, 17, 18, 20, 32, 33, 64])
def test_a_binding_survives_every_refusal_that_a_message_may_meet(code: int) -> None:
    async def scene(stage: Stage) -> None:
        client = stage.new_client(pfs=True, state=stage.client.state)
        stage.dc.faults.bad_msg(code) if code != 48 else stage.dc.faults.bad_server_salt()
        async with client:
            assert (await client(api.functions.help.GetNearestDc())).this_dc == stage.dc.dc_id

    perform(scene)


def test_dropping_temporary_keys_spares_those_that_are_named() -> None:
    async def scene(stage: Stage) -> None:
        [key] = keys_of(stage)
        assert await stage.client(api.functions.auth.DropTempAuthKeys(except_auth_keys=[key])) is True
        assert keys_of(stage) == [key]
        assert await stage.client(api.functions.auth.DropTempAuthKeys(except_auth_keys=[])) is True
        assert keys_of(stage) == []
        await stage.client(api.functions.help.GetNearestDc())
        assert await stage.send() == 1
        assert len(keys_of(stage)) == 1

    perform(scene, pfs=True)
