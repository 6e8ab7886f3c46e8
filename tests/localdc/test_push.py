"""No update for a connected client is lost: `push` waits while the client has no room, and what is lost is told."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mtproto import LocalDC, blocking, connect
from mtproto.errors import LocalProtocolError
from mtproto.limits import SERVER_LIMITS, Limits
from mtproto.localdc import IncomingCall, LocalDCThread
from mtproto.localdc.keys import KeyRecord
from mtproto.message.auth_key import AuthKey
from mtproto.session import constructors as ids
from tests.localdc.stage import write_keys
from tests.localdc.test_strict import ByHand
from tests.net.support import run
from tl import EncodeError, api, load_layer

if TYPE_CHECKING:
    from mtproto.crypto.rsa import RSAPrivateKey
    from mtproto.localdc import World

FEW = replace(SERVER_LIMITS, queued_updates=50)


def update(number: int) -> Any:
    return api.types.UpdateShort(update=api.types.UpdateConfig(), date=number)


def log_in(dc: Any) -> Any:
    return api.functions.auth.ImportBotAuthorization(
        flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
    )


async def pushed_in_batches(dc: LocalDC, count: int, batch: int) -> list[Any]:
    """Push updates in batches to one client that reads, with its own limits; return what came to it, in order."""
    async with dc, connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client:
        await client(log_in(dc))

        async def push() -> None:
            for start in range(0, count, batch):
                reached = await asyncio.gather(*(dc.push(update(n), timeout=None) for n in range(start, start + batch)))
                assert reached == [1] * batch

        pushing = asyncio.create_task(push())
        updates = client.incoming()
        came = [await anext(updates) for _ in range(count)]
        await pushing
        return came


@pytest.mark.parametrize(
    ("limits", "count", "batch"),
    [(FEW, 3_000, 150), (SERVER_LIMITS, 5_000, 5_000)],
)
def test_all_updates_for_a_connected_client_arrive_in_order(
    limits: Limits, count: int, batch: int, local_dc_key: RSAPrivateKey, packaged_world: World
) -> None:
    dc = LocalDC(key=local_dc_key, world=packaged_world, limits=limits)
    came = run(pushed_in_batches(dc, count, batch))
    assert [item if isinstance(item, str) else getattr(item, "date", item) for item in came] == list(range(count))


def test_all_updates_arrive_from_the_thread_too(local_dc_key: RSAPrivateKey, packaged_world: World) -> None:
    count = 500
    with (
        LocalDCThread(key=local_dc_key, world=packaged_world, limits=FEW) as dc,
        blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client,
    ):
        client(log_in(dc))
        reached: list[int] = []
        pusher = threading.Thread(target=lambda: reached.extend(dc.push(update(n), timeout=None) for n in range(count)))
        pusher.start()
        updates = client.incoming()
        assert [next(updates) for _ in range(count)] == [update(number) for number in range(count)]
        pusher.join()
    assert reached == [1] * count


def test_a_client_that_reads_nothing_is_told_of_the_gap(
    tmp_path: Path, local_dc_key: RSAPrivateKey, packaged_world: World
) -> None:
    key, file = AuthKey(os.urandom(256)), tmp_path / "keys"
    record = KeyRecord(key, layer=api.layer, inited=True, user_id=packaged_world.bot.id)
    write_keys(file, local_dc_key.to_pem(), [record])
    large = ids.RPC_RESULT.to_bytes(4, "big") + os.urandom(1 << 18)  # no service message; it does not pack
    with LocalDCThread(state=file, world=packaged_world, limits=FEW) as dc:
        client = ByHand(dc.address, key)
        client.send_ping()
        client.wait_for(ids.NEW_SESSION_CREATED)
        while dc.push(large, timeout=0):
            pass
        client.wait_for(ids.NEW_SESSION_CREATED)  # whatever fits between is read
        client.close()


def test_a_push_that_waits_ends_with_the_data_centre(local_dc_key: RSAPrivateKey, packaged_world: World) -> None:
    async def main() -> None:
        dc = LocalDC(key=local_dc_key, world=packaged_world, limits=replace(SERVER_LIMITS, queued_updates=0))
        async with dc, connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client:
            await client(log_in(dc))
            waiting = asyncio.create_task(dc.push(update(1), timeout=None))
            await client(api.functions.help.GetNearestDc())
            assert not waiting.done()
            await dc.close()
            assert await waiting == 0

    run(main())


def test_a_handler_can_not_wait_for_its_own_thread(local_dc: LocalDCThread) -> None:
    errors: list[LocalProtocolError] = []

    @local_dc.handler(api.functions.help.GetNearestDc)
    def nearest(call: IncomingCall) -> Any:
        try:
            local_dc.push(update(1))
        except LocalProtocolError as error:
            errors.append(error)
        return call.default()

    with blocking.connect(local_dc.address, keys=local_dc.keys, api_id=1) as client:
        client(api.functions.help.GetNearestDc())
    assert "can't wait" in str(errors[0])


def test_each_client_gets_an_update_in_its_layer_and_a_key_of_an_unknown_layer_none(
    local_dc_key: RSAPrivateKey, packaged_world: World
) -> None:
    former = load_layer(181)
    with LocalDCThread(key=local_dc_key, world=packaged_world) as dc:
        options: dict[str, Any] = {"keys": dc.keys, "api_id": dc.api_id, "schema": former}
        with blocking.connect(dc.address, **options) as client, blocking.connect(dc.address, **options) as lost:
            call = former.functions.auth.ImportBotAuthorization(
                flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
            )
            client(call)
            lost(call)
            assert lost.state is not None
            dc._centre.keys.records[lost.state.auth_key.id].speak(999)  # as a state file of another DC may say
            assert dc.push(update(7)) == 1
            came = next(client.incoming())
            assert came == former.types.UpdateShort(update=former.types.UpdateConfig(), date=7)


def test_a_client_whose_layer_can_not_carry_an_update_does_not_keep_it_from_the_others(
    local_dc_key: RSAPrivateKey, packaged_world: World, caplog: pytest.LogCaptureFixture
) -> None:
    former = load_layer(67)
    story = api.types.UpdateShort(update=api.types.UpdateStoryID(id=1, random_id=2), date=7)
    with LocalDCThread(key=local_dc_key, world=packaged_world) as dc:
        options: dict[str, Any] = {"keys": dc.keys, "api_id": dc.api_id}
        with blocking.connect(dc.address, schema=former, **options) as old:
            old(
                former.functions.auth.ImportBotAuthorization(
                    flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
                )
            )
            with pytest.raises(EncodeError, match="layer 67 has no such constructor"):
                dc.push(story)
            with blocking.connect(dc.address, **options) as client:
                client(log_in(dc))
                assert dc.push(story) == 1
                assert next(client.incoming()) == story
            assert dc.push(update(8)) >= 1
            assert next(old.incoming()) == former.types.UpdateShort(update=former.types.UpdateConfig(), date=8)
    assert "clients of layer 67 get no update that their layer can't carry: UpdateStoryID" in caplog.text
