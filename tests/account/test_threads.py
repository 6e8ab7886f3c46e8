"""The blocking account where it is used: from several threads at once, and in a thread whose event loop runs."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mtproto import blocking
from mtproto.account import Incoming
from mtproto.errors import LoggedOut
from mtproto.localdc import LocalDCThread
from tests.account.dcs import HOME, OTHER, TwoDCs
from tests.account.faces import KeptInMemory
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])
NEAREST = api.functions.help.GetNearestDc()
THREADS = 8


def account_in(store: KeptInMemory, *dcs: LocalDCThread) -> blocking.Account:
    places = {dc.dc_id: dc.address for dc in dcs}
    return blocking.Account(store, api_id=dcs[0].api_id, api_hash=dcs[0].api_hash, dcs=places, keys=dcs[0].keys)


def test_threads_that_log_in_and_call_at_once_share_one_login_one_key_and_one_export(network: TwoDCs) -> None:
    begin = threading.Barrier(THREADS)

    def work(account: blocking.Account) -> set[int]:
        begin.wait()
        ids = {account.login(bot_token=network.home.bot_token)}
        for dc in (None, OTHER):
            [user] = account(SELF, dc=dc)
            ids.add(user.id)
        return ids

    with account_in(KeptInMemory(), network.home, network.other) as account, ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(work, [account] * THREADS))
    assert found == [{network.home.bot.id}] * THREADS
    assert (network.calls[HOME, "auth.importBotAuthorization"], network.calls[HOME, "auth.exportAuthorization"]) == (
        1,
        1,
    )
    assert (network.keys(HOME), network.keys(OTHER)) == (1, 1)


def test_threads_whose_calls_wait_when_the_login_ends_are_all_told(network: TwoDCs) -> None:
    begin = threading.Barrier(THREADS)

    def reason(account: blocking.Account) -> str:
        begin.wait()
        try:
            account(SELF)
        except LoggedOut as error:
            return error.reason
        return ""

    store = KeptInMemory()
    with account_in(store, network.home) as account, ThreadPoolExecutor(THREADS) as pool:
        account.login(bot_token=network.home.bot_token)
        network.refuse(HOME, api.functions.users.GetUsers, 401, "SESSION_REVOKED", times=THREADS)
        assert set(pool.map(reason, [account] * THREADS)) == {"SESSION_REVOKED"}
        assert store.record.ended == "SESSION_REVOKED"
        account.login(bot_token=network.home.bot_token)
        assert account(SELF)[0].NAME == "user"


def test_a_blocking_account_works_where_an_event_loop_runs(local_dc: LocalDCThread) -> None:
    """A notebook runs its cells in the thread of a running loop."""
    seen: list[Any] = []

    async def cell() -> None:
        account = account_in(KeptInMemory(), local_dc)
        account.open()
        try:
            account.login(bot_token=local_dc.bot_token)
            seen.append(account(SELF)[0].id)
            stream = account.incoming()
            local_dc.push(api.types.UpdateShort(update=api.types.UpdateConfig(), date=1))
            seen.append(next(stream))
        finally:
            account.close()

    asyncio.run(cell())
    assert seen == [local_dc.bot.id, Incoming(api.types.UpdateConfig())]
