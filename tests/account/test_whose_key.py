"""Whose key a store holds: of which servers, and of which user; an account that goes by another one says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mtproto import blocking
from mtproto.account.centres import DataCentres
from mtproto.crypto import PRODUCTION_KEYS
from mtproto.datacenters import PRODUCTION, DataCenter
from mtproto.errors import LocalProtocolError
from mtproto.flows import UnexpectedAnswer
from mtproto.localdc import LocalDCThread
from mtproto.store import AccountRecord, MemoryStore, export_foreign_string, import_foreign_string
from mtproto.store.foreign import ForeignLogin
from tests.account.faces import FACES, KeptInMemory, account_of, play

LOGIN = ForeignLogin(auth_key=bytes(range(256)), dc_id=2, address=("127.0.0.1", 8443))


def logged_in(dc: LocalDCThread) -> AccountRecord:
    """Return what a store keeps of the bot of a data centre."""
    store = MemoryStore()
    options: dict[str, Any] = {"api_id": dc.api_id, "dcs": {dc.dc_id: dc.address}, "keys": dc.keys}
    with blocking.Account(store, api_hash=dc.api_hash, **options) as account:
        account.login(bot_token=dc.bot_token)
        return store.load()


def test_an_account_keeps_its_servers(local_dc: LocalDCThread) -> None:
    record = logged_in(local_dc)
    assert record.dcs == {local_dc.dc_id: local_dc.address}
    assert record.public_keys == tuple(key.to_pem() for key in local_dc.keys)
    assert ForeignLogin.from_record(record).address == local_dc.address


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("dcs", [None, PRODUCTION])
def test_an_account_of_other_servers_is_never_taken_to_telegram(face: str, dcs: Any, local_dc: LocalDCThread) -> None:
    record = logged_in(local_dc)
    foreign = import_foreign_string(export_foreign_string(ForeignLogin.from_record(record), "telethon"))
    host, port = local_dc.address
    for each in (record, foreign.with_known(user_id=local_dc.bot.id).to_record()):
        store = KeptInMemory(each)
        account = account_of(face, store, local_dc, dcs=dcs, keys=None)

        async def scene(account: Any = account) -> None:
            with pytest.raises(LocalProtocolError, match=f"DC {local_dc.dc_id} at {host}:{port}.*give dcs= and keys="):
                await account.__aenter__()

        play(scene)
        assert (store.saves, store.closed) == ([], 1)


def test_where_telegram_is_reached_through_a_tunnel_is_not_kept() -> None:
    store = MemoryStore()
    tunnel = {2: ("127.0.0.1", 8443)}
    for keys in (None, PRODUCTION_KEYS):
        with blocking.Account(store, api_id=1, dcs=tunnel, keys=keys):
            assert store.load() == AccountRecord(api_id=1)
    through = import_foreign_string(export_foreign_string(LOGIN, "telethon")).to_record()
    assert through.is_elsewhere  # as far as its address tells
    with blocking.Account(MemoryStore(through), api_id=1, dcs=tunnel) as account:
        assert account.home_dc == 2


def test_the_places_of_servers_of_ones_own_are_known() -> None:
    own = DataCenter(id=3, name="own", ipv4=("192.0.2.1",), ipv6=())
    given: Any = {1: "192.0.2.9:80", 2: (("192.0.2.8", 443), "192.0.2.7:1"), 3: own, 4: PRODUCTION[4], 5: "wss://x/y"}
    assert DataCentres(given).own_places() == {1: ("192.0.2.9", 80), 2: ("192.0.2.8", 443), 3: ("192.0.2.1", 443)}


@pytest.mark.parametrize("face", FACES)
def test_a_store_that_names_somebody_else_is_found_out(face: str, local_dc: LocalDCThread) -> None:
    store = KeptInMemory()
    store.save(replace(logged_in(local_dc), user_id=5))

    async def scene() -> None:
        async with account_of(face, store, local_dc) as account:
            with pytest.raises(UnexpectedAnswer, match="is logged in, and the store says user 5"):
                await account.me()

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_key_of_another_client_without_its_user_is_told(face: str, local_dc: LocalDCThread) -> None:
    store = KeptInMemory()
    store.save(replace(logged_in(local_dc), user_id=None))

    async def scene() -> None:
        async with account_of(face, store, local_dc) as account:
            with pytest.raises(LocalProtocolError, match=r"as far as the store says.*with_known\(user_id="):
                await account.me()
            with pytest.raises(LocalProtocolError, match=r"as far as the store says.*with_known\(user_id="):
                await anext(account.incoming())

    play(scene)
