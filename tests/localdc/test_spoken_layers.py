"""Layers that nobody gave the DC: which are spoken, what they cost, and in which order calls are read meanwhile."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import Awaitable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest

import tl
from mtproto.localdc import LocalDC, layer_queue, spoken
from mtproto.localdc.calls import IncomingCall
from mtproto.localdc.keys import KeyRecord
from mtproto.localdc.layer_queue import LayerQueue
from mtproto.localdc.spoken import SpokenLayers
from mtproto.localdc.world.model import World
from mtproto.message.auth_key import AuthKey
from tests.localdc.conftest import Caller, RpcFailure
from tests.localdc.test_layers import own_layer, wrapped
from tl import Schema, api

if TYPE_CHECKING:
    from mtproto.crypto.rsa import RSAPrivateKey


def nearest_dc(schema: Schema, number: int) -> Any:
    return wrapped(schema, number, schema["help.getNearestDc"]())


@pytest.mark.parametrize(("number", "served"), [(127, 126), (49, 51), (48, 46), (63, 62), (153, 152)])
def test_a_layer_that_the_history_lacks_is_answered_as_the_nearest(
    number: int, served: int, packaged_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caller = Caller(packaged_world)
    schema = tl.load_layer(served)
    with caplog.at_level(logging.WARNING):
        assert caller(nearest_dc(schema, number)).this_dc == 2
    assert caller.key.layer == number
    assert caplog.messages == [f"the history has no layer {number}: its clients are answered in layer {served}"]


@pytest.mark.parametrize("number", [0, 1, 45, 230, (1 << 31) - 1, -7])
def test_a_layer_that_nobody_can_know_is_refused_and_the_log_says_so(
    number: int, packaged_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caller = Caller(packaged_world)
    with caplog.at_level(logging.WARNING), pytest.raises(RpcFailure, match="400 CONNECTION_LAYER_INVALID"):
        caller(nearest_dc(api.schema, number))
    assert caplog.messages == [
        f"a client is refused: it speaks layer {number}, and this DC speaks 46 to 229 (given: 229)"
    ]


def test_a_schema_that_the_dc_was_given_goes_before_the_history(packaged_world: World) -> None:
    schema = own_layer(181)
    caller = Caller(packaged_world, {181: schema})
    assert caller(nearest_dc(schema, 181)).SCHEMA is schema
    layers = SpokenLayers({181: schema})
    assert layers.get(181).schema is schema
    assert layers.of_schema(tl.load_layer(181)) is None


def test_layers_that_are_kept_are_bounded() -> None:
    layers = SpokenLayers({})
    numbers = [number for number in tl.layers() if 100 < number < 110 + spoken.KEPT]
    gone = weakref.ref(layers.get(numbers[0]).schema)
    stays = layers.get(numbers[1])
    for number in numbers[1 : spoken.KEPT + 1]:
        layers.get(number)
        assert layers.get(numbers[1]) is stays  # it is the one spoken last but one
    gc.collect()
    assert gone() is None
    assert sum(layers.at_once(number) is not None for number in tl.layers()) == spoken.KEPT + 1  # and the packaged one


def test_a_handler_for_a_layer_needs_no_schema_given(packaged_world: World) -> None:
    caller = Caller(packaged_world)
    schema = tl.load_layer(181)
    seen: list[object] = []

    def handler(call: IncomingCall) -> Any:
        seen.append(call.request)
        return schema.types.NearestDc(country="x", this_dc=1, nearest_dc=1)

    caller.dispatcher.register(schema.functions.help.GetNearestDc, handler)
    assert caller(nearest_dc(schema, 181)).country == "x"
    assert caller(nearest_dc(tl.load_layer(180), 180)).country == ""
    assert seen == [schema.functions.help.GetNearestDc()]


def test_calls_behind_one_that_waits_for_its_layer_are_read_in_that_layer(packaged_world: World) -> None:
    caller = Caller(packaged_world)
    schema = tl.load_layer(105)
    first = nearest_dc(schema, 105)
    second = schema["users.getUsers"](id=[schema["inputUser"](user_id=7, access_hash=0)])

    async def both() -> list[Any]:
        waiting = [caller.raw(request.to_bytes()) for request in (first, second)]
        assert not any(isinstance(answer, bytes) for answer in waiting)
        return await asyncio.gather(*[answer for answer in waiting if isinstance(answer, Awaitable)])

    answers = asyncio.run(both())
    assert caller.read(answers[0], first).this_dc == 2
    assert [user.id for user in caller.read(answers[1], second)] == [7]
    assert isinstance(caller.raw(second.to_bytes()), bytes)  # nobody waits for a layer that is there


def test_layers_are_loaded_one_after_the_other_with_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = SpokenLayers({})
    queue = LayerQueue(layers)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def load(number: int) -> None:
        assert queue.enter(number, number)
        async with queue.turn(number):
            await queue.load(number)

    async def three() -> None:
        await asyncio.gather(*[load(number) for number in (102, 103, 104)])

    monkeypatch.setattr(asyncio, "sleep", sleep)
    asyncio.run(three())
    assert [layers.at_once(number) is not None for number in (102, 103, 104)] == [True] * 3
    assert len(slept) == 2
    assert all(0 < seconds <= layer_queue.PAUSE for seconds in slept)


def test_clients_that_wait_for_layers_are_bounded(packaged_world: World) -> None:
    queue = LayerQueue(SpokenLayers({}))
    for client in range(layer_queue.CLIENTS):
        assert queue.enter(105, client)
    with pytest.raises(Exception, match="FLOOD_WAIT_1"):
        queue.enter(105, "one more")
    assert queue.enter(106, 0)  # who waits already goes on waiting
    assert not queue.enter(api.layer, "one more")


def test_a_dc_that_runs_again_in_another_loop_loads_layers_there(
    local_dc_key: RSAPrivateKey, packaged_world: World
) -> None:
    dc = LocalDC(key=local_dc_key, world=packaged_world)

    async def answered(number: int) -> bytes:
        async with dc:
            dispatcher = dc._centre.dispatcher
            body = nearest_dc(tl.load_layer(number), number).to_bytes()
            answer = dispatcher.answer(body, KeyRecord(AuthKey(bytes(range(256))), inited=True), 1, number)
            assert isinstance(answer, Coroutine)
            async with dispatcher._queue._loading:  # as if another layer were loaded
                waiting = asyncio.ensure_future(answer)
                await asyncio.sleep(0)
            done: bytes = await waiting
            return done

    for number in (105, 106):
        assert tl.load_layer(number).decode(asyncio.run(answered(number))).this_dc == 2


def test_a_call_that_was_cut_off_with_the_dc_leaves_nothing_behind(
    local_dc_key: RSAPrivateKey, packaged_world: World
) -> None:
    dc = LocalDC(key=local_dc_key, world=packaged_world)
    key = KeyRecord(AuthKey(bytes(range(256))), inited=True)
    body = nearest_dc(tl.load_layer(108), 108).to_bytes()

    async def cut_off() -> None:
        async with dc:
            answer = dc._centre.dispatcher.answer(body, key, session_id=1, msg_id=4)
            assert isinstance(answer, Coroutine)
            answer.close()  # as a task that is cancelled before its first step

    async def again() -> None:
        async with dc:
            ping = api.functions.help.GetNearestDc().to_bytes()
            assert isinstance(dc._centre.dispatcher.answer(ping, key, session_id=1, msg_id=8), bytes)

    asyncio.run(cut_off())
    asyncio.run(again())
