"""An account over one data centre, in both faces: login, calls, and what a second run need not do again."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from mtproto import Account
from mtproto.account import Incoming
from mtproto.errors import BadRequest, LocalProtocolError, OptionError, RequestCancelled, Unauthorized
from mtproto.link import KeyCreated
from mtproto.localdc import LocalDCThread
from mtproto.store import AccountRecord
from tests.account.faces import FACES, KeptInMemory, account_of, play
from tl import api

SELF = api.functions.users.GetUsers(id=[api.types.InputUserSelf()])


def counted(dc: LocalDCThread, *methods: Any) -> Counter[str]:
    """Count the calls of methods at a DC, which answers them as before."""
    counts: Counter[str] = Counter()

    def note(call: Any) -> Any:
        counts[call.request.NAME] += 1
        return call.default()

    for method in methods:
        dc.handler(method)(note)
    return counts


@pytest.mark.parametrize("face", FACES)
def test_a_bot_logs_in_and_calls_and_the_next_run_makes_no_exchange_and_no_login(
    face: str, local_dc: LocalDCThread
) -> None:
    logins = counted(local_dc, api.functions.auth.ImportBotAuthorization)
    store = KeptInMemory()
    made: list[Any] = []

    def on_event(event: Any) -> None:
        if isinstance(event, KeyCreated):
            made.append(event)

    async def run() -> Any:
        async with account_of(face, store, local_dc, on_event=on_event) as account:
            assert await account.login(bot_token=local_dc.bot_token) == local_dc.bot.id
            assert (account.user_id, account.is_bot, account.home_dc) == (local_dc.bot.id, True, local_dc.dc_id)
            return await account(SELF)

    async def scene() -> None:
        for _ in range(2):
            [user] = await run()
            assert user.id == local_dc.bot.id

    play(scene)
    assert logins == {"auth.importBotAuthorization": 1}
    assert len(made) == 1
    assert store.closed == 2


@pytest.mark.parametrize("face", FACES)
def test_the_key_is_kept_before_the_first_call_and_the_login_before_login_returns(
    face: str, local_dc: LocalDCThread
) -> None:
    store = KeptInMemory()
    kept_at_login: list[Any] = []

    def note(call: Any) -> Any:
        kept_at_login.append(store.record.key(local_dc.dc_id))
        return call.default()

    local_dc.handler(api.functions.auth.ImportBotAuthorization)(note)

    async def scene() -> None:
        async with account_of(face, store, local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            assert store.record.user_id == local_dc.bot.id

    play(scene)
    [key] = kept_at_login
    assert key is not None
    stored = store.record.key(local_dc.dc_id)
    assert stored is not None
    assert key.auth_key.id == stored.auth_key.id


@pytest.mark.parametrize("face", FACES)
def test_a_login_that_is_refused_leaves_nobody_logged_in_and_may_be_tried_again(
    face: str, local_dc: LocalDCThread
) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, local_dc) as account:
            with pytest.raises(BadRequest, match="ACCESS_TOKEN_INVALID"):
                await account.login(bot_token="1:wrong")
            assert account.user_id is None
            with pytest.raises(Unauthorized):
                await account(SELF)
            await account.login(bot_token=local_dc.bot_token)
            assert (await account(SELF))[0].id == local_dc.bot.id

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_after_logging_out_the_store_holds_no_login_and_another_login_works(face: str, local_dc: LocalDCThread) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        async with account_of(face, store, local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            await account.log_out()
            assert (store.record.user_id, store.record.ended) == (None, None)
            with pytest.raises(Unauthorized):
                await account(SELF)
            await account.login(bot_token=local_dc.bot_token)
            assert (await account(SELF))[0].id == local_dc.bot.id

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_updates_come_out_of_incoming_until_the_account_is_closed(face: str, local_dc: LocalDCThread) -> None:
    async def scene() -> None:
        async with account_of(face, KeptInMemory(), local_dc) as account:
            await account.login(bot_token=local_dc.bot_token)
            stream = account.incoming()
            local_dc.push(api.types.UpdateShort(update=api.types.UpdateConfig(), date=1))
            assert await anext(stream) == Incoming(api.types.UpdateConfig())
            await account.close()
            assert [item async for item in stream] == []
            with pytest.raises((RequestCancelled, LocalProtocolError)):
                await account(SELF)

    play(scene)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize(
    ("updates", "lane", "without"), [(True, "main", False), (True, "file", True), (False, "main", True)]
)
def test_calls_want_no_updates_on_file_lanes_and_where_the_account_wants_none(
    face: str, local_dc: LocalDCThread, updates: bool, lane: str, without: bool
) -> None:
    seen: list[bool] = []

    @local_dc.handler(api.functions.help.GetNearestDc)
    def note(call: Any) -> Any:
        seen.append(call.without_updates)
        return call.default()

    async def scene() -> None:
        async with account_of(face, KeptInMemory(), local_dc, updates=updates) as account:
            answer = await account(api.functions.help.GetNearestDc(), lane=lane)
            assert answer.this_dc == local_dc.dc_id

    play(scene)
    assert seen == [without]


def test_an_account_that_is_awaited_is_open_until_it_is_closed(local_dc: LocalDCThread) -> None:
    store = KeptInMemory()

    async def scene() -> None:
        account: Account = await Account(
            store,
            api_id=local_dc.api_id,
            api_hash=local_dc.api_hash,
            dcs={local_dc.dc_id: local_dc.address},
            keys=local_dc.keys,
        )
        try:
            await account.login(bot_token=local_dc.bot_token)
            assert (await account(SELF))[0].NAME == "user"
        finally:
            await account.close()

    play(scene)
    assert (store.closed, store.record.user_id) == (1, local_dc.bot.id)


@pytest.mark.parametrize("face", FACES)
def test_an_account_is_opened_once_and_goes_on(face: str, local_dc: LocalDCThread) -> None:
    async def scene() -> None:
        async with account_of(face, KeptInMemory(), local_dc) as account:
            with pytest.raises(LocalProtocolError, match="opened already"):
                await account.open()
            await account.login(bot_token=local_dc.bot_token)

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_an_account_that_can_not_be_opened_gives_its_store_back(face: str, local_dc: LocalDCThread) -> None:
    store = KeptInMemory(AccountRecord(home_dc=2, test=True, user_id=1))

    async def scene() -> None:
        with pytest.raises(LocalProtocolError, match="of the test servers"):
            async with account_of(face, store, local_dc):
                raise AssertionError

    play(scene)
    assert store.closed == 1


def test_a_login_takes_one_way(local_dc: LocalDCThread) -> None:
    async def scene() -> None:
        async with account_of("asyncio", KeptInMemory(), local_dc) as account:
            for ways in ({}, {"bot_token": "1:x", "qr": True}, {"phone": "1", "bot_token": "1:x"}):
                with pytest.raises(LocalProtocolError, match="takes one of"):
                    await account.login(**ways)

    play(scene)


def test_wrong_options_are_named(local_dc: LocalDCThread) -> None:
    for face in FACES:
        with pytest.raises(TypeError, match="no option 'prxy'"):
            account_of(face, KeptInMemory(), local_dc, prxy="x")
        with pytest.raises(OptionError, match="state"):
            account_of(face, KeptInMemory(), local_dc, state=b"")
        with pytest.raises(OptionError, match="idle"):
            account_of(face, KeptInMemory(), local_dc, idle_after=-1.0)


def test_an_account_that_is_not_open_says_so(local_dc: LocalDCThread) -> None:
    async def scene() -> None:
        account = account_of("asyncio", KeptInMemory(), local_dc)
        with pytest.raises(LocalProtocolError, match="open"):
            await account(SELF)

    play(scene)
