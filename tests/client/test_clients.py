"""Both clients against a local data centre over TCP."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mtproto import Client, DeadlineExceeded, RequestCancelled, RpcError, blocking, connect
from mtproto.errors import BadRequest, ConnectionLost, LocalProtocolError, Unauthorized
from mtproto.localdc import LocalDCThread, Refused
from mtproto.message.key_state import KeyState
from mtproto.transport import TRANSPORTS
from tl import Schema, api

PHOTOS = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100)


def login(dc: LocalDCThread) -> Any:
    return api.functions.auth.ImportBotAuthorization(
        flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
    )


def client_of(dc: LocalDCThread, **options: Any) -> Any:
    return connect(dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash, **options)


def blocking_client_of(dc: LocalDCThread, **options: Any) -> Any:
    return blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash, **options)


def echo(call: Any) -> Any:
    peer = api.types.PeerUser(user_id=int(call.request.username))
    return api.types.contacts.ResolvedPeer(peer=peer, chats=[], users=[])


def test_the_headline_call_with_asyncio(local_dc: LocalDCThread) -> None:
    async def run() -> Any:
        async with client_of(local_dc) as client:
            await client(login(local_dc))
            return await client(PHOTOS)

    answer = asyncio.run(run())
    assert [photo.id for photo in answer.photos] == [photo.id for photo in local_dc.world.bot.photos]


def test_a_client_that_is_awaited_is_open_until_it_is_closed(local_dc: LocalDCThread) -> None:
    async def run() -> None:
        client: Client = await connect(local_dc.address, keys=local_dc.keys, api_id=local_dc.api_id)
        try:
            assert (await client(api.functions.help.GetNearestDc())).this_dc == local_dc.dc_id
            with pytest.raises(LocalProtocolError, match="opened already"):
                await client
            assert (await client(api.functions.help.GetNearestDc())).this_dc == local_dc.dc_id
        finally:
            await client.close()
        with pytest.raises(ConnectionLost, match="not open"):
            await client(api.functions.help.GetNearestDc())

    asyncio.run(run())


def test_the_headline_call_without_asyncio(local_dc: LocalDCThread) -> None:
    with blocking_client_of(local_dc) as client:
        client(login(local_dc))
        answer = client(PHOTOS)
    assert [photo.id for photo in answer.photos] == [photo.id for photo in local_dc.world.bot.photos]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_headline_call_over_each_transport(local_dc: LocalDCThread, transport: str) -> None:
    async def run() -> Any:
        async with client_of(local_dc, transport=transport) as client:
            await client(login(local_dc))
            return await client(PHOTOS)

    with blocking_client_of(local_dc, transport=transport) as client:
        client(login(local_dc))
        answers = [client(PHOTOS), asyncio.run(run())]
    expected = [photo.id for photo in local_dc.world.bot.photos]
    assert [[photo.id for photo in answer.photos] for answer in answers] == [expected, expected]


def test_a_second_run_with_the_state_makes_no_exchange_and_needs_no_login(local_dc: LocalDCThread) -> None:
    steps: list[Any] = []
    with blocking_client_of(local_dc, trace=steps.append) as client:
        client(login(local_dc))
        kept = client.state.to_bytes()
    assert steps
    steps.clear()
    with blocking_client_of(local_dc, state=KeyState.from_bytes(kept), trace=steps.append) as client:
        assert client(PHOTOS).photos
    assert steps == []


def test_an_error_carries_code_name_and_method(local_dc: LocalDCThread) -> None:
    with blocking_client_of(local_dc) as client:
        with pytest.raises(Unauthorized) as unregistered:
            client(PHOTOS)
        client(login(local_dc))
        stranger = api.types.InputUser(user_id=1, access_hash=2)
        with pytest.raises(BadRequest) as invalid:
            client(api.functions.photos.GetUserPhotos(user_id=stranger, offset=0, max_id=0, limit=1))
    assert (unregistered.value.name, unregistered.value.method) == ("AUTH_KEY_UNREGISTERED", "photos.getUserPhotos")
    assert invalid.value.name == "USER_ID_INVALID"


def test_raw_bytes_in_and_out(local_dc: LocalDCThread) -> None:
    async def run() -> bytes:
        async with client_of(local_dc) as client:
            answer: bytes = await client.call_bytes(api.functions.help.GetNearestDc().to_bytes())
            return answer

    assert api.decode(asyncio.run(run())).this_dc == local_dc.dc_id


def test_many_calls_at_once_each_get_their_own_answer(local_dc: LocalDCThread) -> None:
    local_dc.handler(api.functions.contacts.ResolveUsername)(echo)

    async def run() -> list[int]:
        async with client_of(local_dc) as client:
            await client(login(local_dc))
            calls = [client(api.functions.contacts.ResolveUsername(username=str(n))) for n in range(100)]
            return [answer.peer.user_id for answer in await asyncio.gather(*calls)]

    assert asyncio.run(run()) == list(range(100))


def test_many_threads_at_once_each_get_their_own_answer(local_dc: LocalDCThread) -> None:
    local_dc.handler(api.functions.contacts.ResolveUsername)(echo)

    with blocking_client_of(local_dc) as client, ThreadPoolExecutor(8) as threads:
        client(login(local_dc))
        calls = [api.functions.contacts.ResolveUsername(username=str(n)) for n in range(64)]
        assert [answer.peer.user_id for answer in threads.map(client, calls)] == list(range(64))


def test_a_call_has_a_deadline_of_its_own_and_the_next_one_works(local_dc: LocalDCThread) -> None:
    @local_dc.handler(api.functions.help.GetAppConfig)
    async def silent(call: Any) -> Any:
        await asyncio.get_running_loop().create_future()

    async def run() -> int:
        async with client_of(local_dc) as client:
            with pytest.raises(DeadlineExceeded):
                await client(api.functions.help.GetAppConfig(hash=0), timeout=0.05)
            dc: int = (await client(api.functions.help.GetNearestDc())).this_dc
            return dc

    assert asyncio.run(run()) == local_dc.dc_id
    with blocking_client_of(local_dc) as client:
        with pytest.raises(DeadlineExceeded):
            client(api.functions.help.GetAppConfig(hash=0), timeout=0.05)
        assert client(api.functions.help.GetNearestDc()).this_dc == local_dc.dc_id


def test_closing_settles_the_calls_that_wait(local_dc: LocalDCThread) -> None:
    asked = threading.Event()

    @local_dc.handler(api.functions.help.GetAppConfig)
    async def silent(call: Any) -> Any:
        asked.set()
        await asyncio.get_running_loop().create_future()

    async def run() -> None:
        client = client_of(local_dc)
        await client.open()
        waiting = asyncio.ensure_future(client(api.functions.help.GetAppConfig(hash=0)))
        await asyncio.get_running_loop().run_in_executor(None, asked.wait)
        await client.close()
        with pytest.raises(RequestCancelled):
            await waiting

    asyncio.run(run())


def test_the_server_may_forget_the_layer(local_dc: LocalDCThread) -> None:
    refusals = 0

    @local_dc.handler(api.functions.help.GetNearestDc)
    def forgetful(call: Any) -> Any:
        nonlocal refusals
        refusals += 1
        if refusals == 2:
            raise Refused(400, "CONNECTION_NOT_INITED")
        return api.types.NearestDc(country="XX", this_dc=refusals, nearest_dc=2)

    with blocking_client_of(local_dc) as client:
        assert client(api.functions.help.GetNearestDc()).this_dc == 1
        assert client(api.functions.help.GetNearestDc()).this_dc == 3


def test_nothing_secret_shows(local_dc: LocalDCThread) -> None:
    with blocking_client_of(local_dc) as client:
        client(login(local_dc))
        shown = f"{client!r} {client.state!r} {client.application!r} {client.connection!r}"
        secret = client.state.auth_key.data
    assert local_dc.api_hash not in shown
    assert secret.hex() not in shown
    assert str(secret) not in shown


def test_a_request_that_cannot_be_written_is_never_sent(local_dc: LocalDCThread) -> None:
    from tl import EncodeError

    with blocking_client_of(local_dc) as client:
        request = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=2**31)
        with pytest.raises(EncodeError, match="limit"):
            client(request)
        with pytest.raises(RpcError):
            client(PHOTOS)


def test_a_call_of_a_schema_that_the_server_speaks_beside_the_api_is_answered_by_its_objects() -> None:
    schema = Schema.parse("report#1 degrees:int = Report;\n---functions---\nask#2 place:string = Report;", layer=1)
    method: Any = schema["ask"]
    request = method(place="Oslo")

    async def ask(dc: LocalDCThread) -> Any:
        async with client_of(dc) as client:
            return await client(request)

    with LocalDCThread(schemas={1: schema}) as dc:
        dc.handler(method, login=False)(lambda _: schema["report"](degrees=7))
        with blocking_client_of(dc) as client:
            answers = [client(request), client(api.functions.InvokeWithoutUpdates(query=request))]
        assert [*answers, asyncio.run(ask(dc))] == [schema["report"](degrees=7)] * 3


def test_a_handler_that_awaits_what_was_cancelled_has_failed() -> None:
    async def cancelled(_call: Any) -> Any:
        raise asyncio.CancelledError

    with LocalDCThread() as dc:
        dc.handler(api.functions.help.GetNearestDc, login=False)(cancelled)
        with blocking_client_of(dc) as client, pytest.raises(RpcError, match="500 INTERNAL"):
            client(api.functions.help.GetNearestDc(), timeout=5)
