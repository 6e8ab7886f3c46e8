"""Who says `initConnection`, and when (core.telegram.org/api/invoking): each client, and again after each binding."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mtproto.link import EXPIRES_IN, KeyBound
from mtproto.link.key_renewal import RENEW_EARLY
from mtproto.localdc import LocalDCThread, Refused
from mtproto.message.key_state import KeyState
from tests.client.test_clients import blocking_client_of, client_of
from tests.net.support import ShiftedClock
from tl import api

if TYPE_CHECKING:
    from mtproto.crypto.rsa import RSAPrivateKey

CONFIG = api.functions.help.GetConfig()


def wrapped_calls(client: Any) -> list[bool]:
    """Return the list that will say of each body which the client sends whether it is wrapped."""
    seen: list[bool] = []
    send = client.connection.call

    def call(body: bytes, **options: Any) -> Any:
        seen.append(api.decode(body).NAME == "invokeWithLayer")
        return send(body, **options)

    client.connection.call = call
    return seen


def test_a_new_process_says_it_again_whatever_its_state_remembers(local_dc: LocalDCThread) -> None:
    with blocking_client_of(local_dc) as client:
        seen = wrapped_calls(client)
        for _ in range(3):
            client(CONFIG)
        assert seen == [True, False, False]
        kept = client.state.to_bytes()
    with blocking_client_of(local_dc, state=KeyState.from_bytes(kept)) as resumed:
        seen = wrapped_calls(resumed)
        resumed(CONFIG)
        resumed.call_bytes(CONFIG.to_bytes())
        assert seen == [True, False]


def test_each_client_object_says_it_also_where_they_share_a_state(local_dc: LocalDCThread) -> None:
    async def run() -> list[list[bool]]:
        async with client_of(local_dc) as first, client_of(local_dc, state=first.state) as second:
            seen = [wrapped_calls(client) for client in (first, second)]
            for client in (first, second, first, second):
                await client(CONFIG)
            return seen

    assert asyncio.run(run()) == [[True, False], [True, False]]


def test_each_binding_of_a_temporary_key_is_followed_by_it(local_dc_key: RSAPrivateKey) -> None:
    events: list[Any] = []
    clock = ShiftedClock()
    with (
        LocalDCThread(key=local_dc_key, clock=clock) as dc,
        blocking_client_of(dc, pfs=True, clock=clock, on_event=events.append) as client,
    ):
        seen = wrapped_calls(client)
        client(CONFIG)
        client(CONFIG)
        assert seen == [True, False]
        clock.ahead += EXPIRES_IN - RENEW_EARLY / 2
        while len([event for event in events if isinstance(event, KeyBound)]) < 2:
            client(CONFIG)
        client(CONFIG)
        client(CONFIG)
        assert seen.count(True) == 2
        assert seen[-1] is False


def test_a_server_that_forgot_it_hears_it_again(local_dc: LocalDCThread) -> None:
    forgets = [True]

    @local_dc.handler(api.functions.help.GetNearestDc)
    def nearest(call: Any) -> Any:
        if forgets and forgets.pop():
            raise Refused(400, "CONNECTION_NOT_INITED")
        return api.types.NearestDc(country="NL", this_dc=2, nearest_dc=2)

    with blocking_client_of(local_dc) as client:
        client(CONFIG)
        seen = wrapped_calls(client)
        assert client(api.functions.help.GetNearestDc()).country == "NL"
        assert seen == [False, True]
