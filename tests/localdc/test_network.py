"""`LocalNetwork` and its face for threads, over real sockets: several DCs, one key, logins that migrate."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from mtproto import blocking
from mtproto.client.client import Client, connect
from mtproto.crypto.rsa import RSAPrivateKey
from mtproto.errors import OptionError, RpcError
from mtproto.localdc import LocalDC, LocalNetwork, LocalNetworkThread
from mtproto.localdc.world.model import World
from mtproto.store import StoreError
from tl import api

TRIPLE = "15550100003"  # whose home is DC 2


def send_code(network: Any, phone: str) -> Any:
    return api.functions.auth.SendCode(
        phone_number=phone, api_id=network.api_id, api_hash=network.api_hash, settings=api.types.CodeSettings()
    )


def sign_in(sent: Any, network: Any, phone: str) -> Any:
    code = network.accounts[phone].code
    return api.functions.auth.SignIn(phone_number=phone, phone_code_hash=sent.phone_code_hash, phone_code=code)


def client_of(network: Any, dc: Any) -> Client:
    return connect(dc.address, keys=network.keys, dc_id=dc.dc_id, api_id=network.api_id, api_hash=network.api_hash)


@asynccontextmanager
async def connected(network: LocalNetwork, dc_id: int) -> AsyncIterator[Client]:
    async with client_of(network, network.dcs[dc_id]) as client:
        yield client


def test_a_login_migrates_and_is_exported_between_the_dcs_of_a_network(
    local_dc_key: RSAPrivateKey, packaged_world: World
) -> None:
    async def main() -> None:
        async with LocalNetwork(dcs=(1, 2, 4), key=local_dc_key, world=packaged_world) as network:
            assert list(network.dcs) == [1, 2, 4]
            assert len({dc.address for dc in network.dcs.values()}) == 3
            async with client_of(network, network.dcs[1]) as away, client_of(network, network.dcs[2]) as home:
                with pytest.raises(RpcError, match="PHONE_MIGRATE_2"):
                    await away(send_code(network, TRIPLE))
                await home(sign_in(await home(send_code(network, TRIPLE)), network, TRIPLE))
                exported = await home(api.functions.auth.ExportAuthorization(dc_id=1))
                answer: Any = await away(api.functions.auth.ImportAuthorization(id=exported.id, bytes=exported.bytes))
                assert answer.user.username == "triple"

    asyncio.run(main())


def test_the_same_network_in_a_thread(local_dc_key: RSAPrivateKey, packaged_world: World) -> None:
    with LocalNetworkThread(dcs=(1, 2), key=local_dc_key, world=packaged_world) as network:
        account = network.accounts.named("single")
        with blocking.connect(
            network.dcs[account.dc_id].address,
            dc_id=account.dc_id,
            keys=network.keys,
            api_id=network.api_id,
            api_hash=network.api_hash,
        ) as client:
            sent = client(send_code(network, account.phone))
            assert client(sign_in(sent, network, account.phone)).user.username == "single"


@pytest.mark.parametrize("as_link", [True, False])
def test_a_qr_code_is_accepted_by_a_call_of_the_fixture(
    local_dc_key: RSAPrivateKey, packaged_world: World, as_link: bool
) -> None:
    async def main() -> None:
        network = LocalNetwork(dcs=(1, 2), key=local_dc_key, world=packaged_world)
        async with network, connected(network, 2) as client:
            request = api.functions.auth.ExportLoginToken(
                api_id=network.api_id, api_hash=network.api_hash, except_ids=[]
            )
            shown: Any = await client(request)
            token = shown.token
            link = f"tg://login?token={base64.urlsafe_b64encode(token).decode().rstrip('=')}"
            home = next(account for account in network.accounts if account.dc_id == 2)
            network.accept_login_token(link if as_link else token, home)
            update: Any = await anext(aiter(client.incoming()))
            assert update.update.NAME == "updateLoginToken"
            entered: Any = await client(request)
            assert entered.authorization.user.id == home.user.id

    asyncio.run(main())


def test_a_dc_of_a_network_restarts_at_its_address_and_knows_its_keys(
    local_dc_key: RSAPrivateKey, packaged_world: World
) -> None:
    async def main() -> None:
        async with LocalNetwork(dcs=(2,), key=local_dc_key, world=packaged_world) as network:
            dc = network.dcs[2]
            address = dc.address
            async with client_of(network, dc) as client:
                await client(sign_in(await client(send_code(network, TRIPLE)), network, TRIPLE))
                await dc.close()
                await dc.start()
                assert dc.address == address
                me: Any
                [me] = await client(api.functions.users.GetUsers(id=[api.types.InputUserSelf()]), timeout=30)
                assert me.username == "triple"

    asyncio.run(main())


def test_a_network_keeps_its_keys_in_a_folder(packaged_world: World, tmp_path: Path) -> None:
    first = LocalNetwork(dcs=(1, 2), world=packaged_world, state=tmp_path)
    with pytest.raises(StoreError):
        LocalNetwork(dcs=(2, 1), world=packaged_world, state=tmp_path)
    keys = [key.fingerprint for key in first.keys]
    for dc in first.dcs.values():
        assert [key.fingerprint for key in dc.keys] == keys
    first.give_up()
    again = LocalNetwork(dcs=(1, 2), world=packaged_world, state=tmp_path)
    assert [key.fingerprint for key in again.keys] == keys
    again.give_up()


@pytest.mark.parametrize("dcs", [(), (2, 2), (0,), (1000,), tuple(range(1, 18))])
def test_dcs_that_there_can_not_be_are_named(packaged_world: World, dcs: tuple[int, ...]) -> None:
    with pytest.raises(OptionError, match="dcs are up to 16 different numbers from 1 to 999"):
        LocalNetwork(dcs=dcs, world=packaged_world)


@pytest.mark.parametrize(("dcs", "cdn_dcs"), [((), (203,)), ((2,), (2,)), ((2,), (0,)), ((2,), tuple(range(200, 216)))])
def test_cdn_dcs_that_there_can_not_be_are_named(
    packaged_world: World, dcs: tuple[int, ...], cdn_dcs: tuple[int, ...]
) -> None:
    with pytest.raises(OptionError, match="dcs are up to 16 different numbers from 1 to 999"):
        LocalNetwork(dcs=dcs, cdn_dcs=cdn_dcs, world=packaged_world)


def test_what_a_client_has_to_know_is_plain_data(local_dc_key: RSAPrivateKey, packaged_world: World) -> None:
    with LocalNetworkThread(dcs=(1, 2), key=local_dc_key, world=packaged_world) as network:
        network.accounts[TRIPLE].set_password("secret")
        info = network.client_info()
        assert [(dc["id"], dc["host"], dc["port"]) for dc in info["dcs"]] == [
            (dc_id, *dc.address) for dc_id, dc in network.dcs.items()
        ]
        accounts = {account["phone"]: account for account in info["accounts"]}
        triple = network.accounts[TRIPLE]
        assert accounts[TRIPLE] == {
            "phone": TRIPLE,
            "code": triple.code,
            "password": "secret",
            "dc_id": triple.dc_id,
            "user_id": str(triple.user.id),
            "username": "triple",
        }
        assert [account["password"] for account in info["accounts"]].count(None) == len(info["accounts"]) - 1
        assert (info["dc_id"], info["bot_token"]) == (2, network.bot_token)


def test_a_dc_that_is_alone_has_accounts_too(local_dc_key: RSAPrivateKey, packaged_world: World) -> None:
    async def main() -> None:
        async with LocalDC(key=local_dc_key, world=packaged_world) as dc, client_of(dc, dc) as client:
            answer = await client(sign_in(await client(send_code(dc, TRIPLE)), dc, TRIPLE))
            assert answer.user.username == "triple"

    asyncio.run(main())
