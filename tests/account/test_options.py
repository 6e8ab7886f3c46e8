"""The options of an account hold for every connection: of the login, of its migration, of each lane at each DC."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from mtproto import Application
from mtproto.crypto import RSAPrivateKey
from mtproto.localdc import LocalDCThread, LocalNetworkThread
from mtproto.net.servers.server_pump import ServerPump
from mtproto.store import MemoryStore
from tests.account.faces import FACES, account_at, play
from tests.net.test_proxies import TinyProxy
from tl import api

NEAREST = api.functions.help.GetNearestDc()


@pytest.fixture
def local_network(local_dc_key: RSAPrivateKey) -> Iterator[LocalNetworkThread]:
    """Three data centres over one world."""
    with LocalNetworkThread(key=local_dc_key) as network:
        yield network


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Note from where each connection comes that any DC takes in."""
    places: list[tuple[str, int]] = []
    take_in = ServerPump.connection_made

    def note(pump: ServerPump, transport: asyncio.BaseTransport) -> None:
        places.append(transport.get_extra_info("peername"))
        take_in(pump, transport)

    monkeypatch.setattr(ServerPump, "connection_made", note)
    return places


def cut_off(dc: LocalDCThread) -> None:
    """Close the connections of a DC, in its thread."""

    async def cut() -> None:
        dc._centre.listener.cut_connections()

    assert dc._thread is not None
    dc._thread.run(cut())


@pytest.mark.parametrize(("face", "pfs"), [("asyncio", False), ("blocking", False), ("asyncio", True)])
def test_no_connection_goes_past_the_proxy(
    face: str, pfs: bool, local_network: LocalNetworkThread, connected: list[tuple[str, int]]
) -> None:
    user = local_network.accounts.named("dozen")
    known = {dc: local_network.addresses[dc] for dc in (2, user.dc_id)}  # where DC 1 is has to be asked for
    lanes = [(None, "main"), (None, "files"), (1, "main"), (1, "files"), (2, "more")]

    async def scene() -> None:
        async with TinyProxy("socks5") as proxy:
            options: dict[str, Any] = {"dcs": known, "proxy": proxy.url, "pfs": pfs}
            async with account_at(face, MemoryStore(), local_network, **options) as account:
                await account.login(phone=user.phone, ask=lambda _: user.code)
                assert account.home_dc == user.dc_id
                for dc, lane in lanes:
                    assert (await account(NEAREST, dc=dc, lane=lane)).this_dc == (dc or user.dc_id)
                for each in local_network.dcs.values():
                    await asyncio.to_thread(cut_off, each)
                for dc, lane in lanes:
                    await account(NEAREST, dc=dc, lane=lane)
            assert len(connected) >= 2 * (3 if pfs else len(lanes))
            assert sorted(connected) == sorted(proxy.sources)
            assert {port for _, port in proxy.visits} == {port for _, port in local_network.addresses.values()}

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_every_data_centre_is_told_of_the_same_device(face: str, local_network: LocalNetworkThread) -> None:
    device = Application(api_id=local_network.api_id, api_hash=local_network.api_hash, device_model="a device of mine")

    async def scene() -> None:
        options: dict[str, Any] = {"api_id": None, "api_hash": "", "application": device}
        async with account_at(face, MemoryStore(), local_network, **options) as account:
            await account.login(bot_token=local_network.bot_token)
            places = [(dc, lane) for dc in (1, 2, 4) for lane in ("main", "files")]
            await asyncio.gather(*[account(NEAREST, dc=dc, lane=lane) for dc, lane in places])

    play(scene)
    models = [[record.device.model for record in dc._centre.keys.records.values()] for dc in local_network.dcs.values()]
    assert models == [["a device of mine"]] * 3
