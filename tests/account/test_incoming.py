"""What `account.incoming` tells: each update once and in order, whatever the network does and the program misses."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.account import Gap, Incoming, UndecodableUpdate
from mtproto.errors import LocalProtocolError
from mtproto.limits import DEFAULT_LIMITS
from mtproto.link import BackoffPolicy
from mtproto.localdc import LocalDCThread
from tests.account.chatty import END, Chats, Road
from tests.account.faces import FACES, KeptInMemory, account_of, play
from tests.flows.update_world import CHANNEL, CHATS, FRIEND, GROUP, SECRET, channel, told
from tests.net.support import ShiftedClock, move_on, run
from tl import api

t = api.types


@pytest.fixture
def chats(local_dc: LocalDCThread) -> Chats:
    """A DC with chats, of which the account has read all so far."""
    return Chats(local_dc)


@pytest.fixture
def road(local_dc: LocalDCThread) -> Iterator[Road]:
    """The way to the DC."""
    road = Road(local_dc.address)
    yield road
    road.close()


async def logged_in(account: Any, dc: LocalDCThread) -> None:
    await account.login(bot_token=dc.bot_token)


async def until_end(stream: AsyncIterator[Any]) -> list[Any]:
    """Return what is told up to the update that was pushed last."""
    items: list[Any] = []
    async for item in stream:
        if isinstance(item, Incoming) and item.update.NAME == "updateConfig":
            return items
        items.append(item)
    raise AssertionError("the iteration ended")


async def messages(stream: AsyncIterator[Any], count: int) -> dict[int, list[int]]:
    """Return by chat the numbers of the next messages that are told; nothing else may come."""
    found: dict[int, list[int]] = defaultdict(list)
    for _ in range(count):
        place = told(await anext(stream))
        assert place is not None
        found[place[0]].append(place[1])
    return dict(found)


@pytest.mark.parametrize("face", FACES)
def test_each_update_is_told_once_and_in_order_with_those_who_are_shown(face: str, chats: Chats) -> None:
    async def scene() -> None:
        async with account_of(face, chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming()
            first, second = chats.send(FRIEND, push=0), chats.send(FRIEND, push=0)
            for update in (second, first, second, first):
                chats.push(update)
            assert await messages(stream, 2) == {FRIEND: [1, 2]}
            update = chats.send(CHANNEL, 0)
            item = await anext(stream)
            assert (told(item), item.chats) == ((CHANNEL, 3), tuple(update.chats))
            chats.push(END)
            assert await until_end(stream) == []

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_what_was_never_pushed_is_asked_for(face: str, chats: Chats) -> None:
    clock = ShiftedClock()

    async def scene() -> None:
        async with account_of(face, chats.store(), chats.dc, clock=clock) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming()
            chats.send(FRIEND)
            assert await messages(stream, 1) == {FRIEND: [1]}
            for chat in (FRIEND, GROUP, SECRET, CHANNEL):
                chats.send(chat, push=0)
                chats.send(chat)
            chats.push(END)
            assert await until_end(stream) == []
            clock.ahead += 1.0  # a gap may be filled for half a second
            chats.push(END)
            assert await until_end(stream) == []
            assert await messages(stream, 8) == {FRIEND: [2, 3], GROUP: [4, 5], SECRET: [6, 7], CHANNEL: [8, 9]}

    play(scene)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("again", ["a new run", "the same run"])
def test_what_comes_between_two_iterations_is_told_once_by_the_second(face: str, again: str, chats: Chats) -> None:
    store = chats.store()

    async def read(account: Any, count: int) -> dict[int, list[int]]:
        stream = account.incoming()
        found = await messages(stream, count)
        await stream.aclose()
        return found

    async def scene() -> None:
        async with account_of(face, store, chats.dc) as account:
            await logged_in(account, chats.dc)
            chats.send(FRIEND)
            chats.send(CHANNEL, 0)
            assert await read(account, 2) == {FRIEND: [1], CHANNEL: [2]}
            if again == "the same run":
                for chat in (CHANNEL, FRIEND):
                    chats.send(chat)
                    chats.send(chat, push=0)
                assert await read(account, 4) == {CHANNEL: [3, 4], FRIEND: [5, 6]}
                return
        for chat in (CHANNEL, FRIEND):
            chats.send(chat)
            chats.send(chat, push=0)
        async with account_of(face, store, chats.dc) as account:
            assert await read(account, 4) == {CHANNEL: [3, 4], FRIEND: [5, 6]}

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_without_catching_up_an_iteration_begins_with_what_comes_from_then_on(face: str, chats: Chats) -> None:
    store = chats.store()

    async def scene() -> None:
        async with account_of(face, store, chats.dc) as account:
            await logged_in(account, chats.dc)
            chats.send(FRIEND)
            await account(api.functions.help.GetNearestDc())  # what was pushed before has come with the answer
            stream = account.incoming(catch_up=False)
            next_item = asyncio.ensure_future(anext(stream))
            while "updates.getState" not in chats.asked:
                await asyncio.sleep(0)
            chats.send(FRIEND)
            assert told(await next_item) == (FRIEND, 2)
            await stream.aclose()
        assert (store.record.updates["pts"], chats.asked.count("updates.getDifference")) == (12, 0)

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_only_the_types_that_are_wanted_are_told_beside_gaps_and_what_can_not_be_read(face: str, chats: Chats) -> None:
    async def scene() -> None:
        async with account_of(face, chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming(types=[t.UpdateNewChannelMessage, t.UpdateConfig])
            chats.send(CHANNEL)
            assert await messages(stream, 1) == {CHANNEL: [1]}
            chats.send(FRIEND)
            chats.send(CHANNEL)
            assert await messages(stream, 1) == {CHANNEL: [3]}
            chats.push(b"\x7f\xff\xff\xff" * 2)
            assert isinstance(await anext(stream), UndecodableUpdate)
            chats.send(FRIEND, push=0)
            chats.server.forget(0)
            chats.push(t.UpdatesTooLong())
            assert await anext(stream) == Gap(None)

    play(scene)


@pytest.mark.parametrize(
    ("types", "words"),
    [
        (
            t.UpdateNewMessage,
            r"a list of .*, and updateNewMessage is not one: write \[api.types.UpdateNewMessage\]$",
        ),
        ("updateNewMessage", r"a list of .*, and 'updateNewMessage' is not one: write \[api.types.UpdateNewMessage\]"),
        ([t.Message], "of the type Update of api, and message is not one: write api.types.UpdateNewMessage, say"),
        ([t.UpdateShort], "and updateShort is not one: write api.types.UpdateNewMessage, say"),
        (["updateNewMessage"], "and 'updateNewMessage' is not one: write api.types.UpdateNewMessage$"),
        (["updateBotStopped"], "and 'updateBotStopped' is not one: write api.types.UpdateBotStopped$"),
        (["UpdateBotStopped"], "and 'UpdateBotStopped' is not one: write api.types.UpdateBotStopped$"),
        (["x"], "and 'x' is not one: write api.types.UpdateNewMessage, say"),
        ([t.UpdateConfig()], "and a UpdateConfig is not one: write api.types.UpdateConfig$"),
        ([int], "and int is not one: write api.types.UpdateNewMessage, say"),
        ([], "^types= is empty: leave it out to be told all updates$"),
    ],
)
@pytest.mark.parametrize("face", FACES)
def test_a_type_that_is_none_of_updates_is_refused_at_once(
    face: str, types: Any, words: str, local_dc: LocalDCThread
) -> None:
    account = account_of(face, KeptInMemory(), local_dc)
    with pytest.raises(ValueError if types == [] else TypeError, match=words):
        account.incoming(types=types)
    assert local_dc.calls == []


@pytest.mark.parametrize("face", FACES)
def test_a_boxed_class_stands_for_all_of_its_updates(face: str, chats: Chats) -> None:
    async def scene() -> None:
        async with account_of(face, chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming([api.boxed.Update])
            chats.send(GROUP)
            assert await messages(stream, 1) == {GROUP: [1]}

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_ten_seconds_without_a_network_lose_and_repeat_none_of_a_thousand_messages(
    face: str, chats: Chats, road: Road
) -> None:
    chats.server.piece = 100
    clock = ShiftedClock()
    options = {"dcs": {chats.dc.dc_id: road.address}, "clock": clock, "backoff": BackoffPolicy(first=0.01, factor=1.0)}

    async def scene() -> None:
        async with account_of(face, chats.store(), chats.dc, **options) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming()
            chats.send(FRIEND)
            assert await messages(stream, 1) == {FRIEND: [1]}
            road.block()
            await asyncio.to_thread(road.turned_away.wait, 10)
            clock.ahead += 10.0
            move_on(10.0)
            for number in range(1000):
                chats.send(CHATS[number % len(CHATS)], number % 3, push=number % 2)
            road.clear()
            found = await messages(stream, 1000)
            found[FRIEND].insert(0, 1)
            assert found == chats.sent
            chats.push(END)
            assert await until_end(stream) == []

    run(scene())


@pytest.mark.parametrize("face", FACES)
def test_a_new_connection_asks_for_what_was_pushed_to_nobody(face: str, chats: Chats, road: Road) -> None:
    options = {"dcs": {chats.dc.dc_id: road.address}, "backoff": BackoffPolicy(first=0.01, factor=1.0)}

    async def scene() -> None:
        async with account_of(face, chats.store(), chats.dc, **options) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming()
            chats.send(FRIEND)
            assert await messages(stream, 1) == {FRIEND: [1]}
            reading = asyncio.ensure_future(messages(stream, 2))
            road.block()
            await asyncio.to_thread(road.turned_away.wait, 10)
            chats.send(FRIEND, push=0)
            chats.send(CHANNEL, push=0)
            road.clear()
            assert await reading == {FRIEND: [2], CHANNEL: [3]}

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_slow_reader_loses_nothing_and_keeps_the_account_from_nothing(face: str, chats: Chats) -> None:
    limits = replace(DEFAULT_LIMITS, queued_updates=10)

    async def scene() -> None:
        async with account_of(face, chats.store(), chats.dc, limits=limits) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming()
            chats.send(FRIEND)
            assert await messages(stream, 1) == {FRIEND: [1]}
            chats.send(CHANNEL)
            for _ in range(100):
                chats.send(GROUP)
            assert (await account(api.functions.help.GetNearestDc())).this_dc == chats.dc.dc_id
            assert await messages(stream, 101) == {CHANNEL: [2], GROUP: list(range(3, 103))}
            chats.push(END)
            assert await until_end(stream) == []
            assert "updates.getDifference" in chats.asked

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_what_own_calls_do_is_told_too_and_leaves_no_gap(face: str, chats: Chats) -> None:
    @chats.dc.handler(api.functions.messages.SendMessage)
    def send(call: Any) -> Any:
        update = chats.send(FRIEND, 1, push=0).update
        return t.UpdateShortSentMessage(out=True, id=update.message.id, pts=update.pts, pts_count=1, date=1)

    @chats.dc.handler(api.functions.messages.DeleteMessages)
    def delete(call: Any) -> Any:
        update = chats.server.delete(FRIEND, 2).update
        return t.messages.AffectedMessages(pts=update.pts, pts_count=2)

    peer = t.InputPeerUser(user_id=FRIEND, access_hash=1)

    async def scene() -> None:
        async with account_of(face, chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming()
            chats.send(GROUP)
            assert await messages(stream, 1) == {GROUP: [1]}
            await account(api.functions.messages.SendMessage(peer=peer, message="to you", random_id=1))
            item = await anext(stream)
            assert (told(item), item.update.message.message, item.update.message.out) == ((FRIEND, 2), "to you", True)
            await account(api.functions.messages.DeleteMessages(id=[1, 2]))
            chats.send(GROUP)
            assert await messages(stream, 1) == {GROUP: [3]}
            assert chats.asked.count("updates.getDifference") == 1  # the one to begin with

    play(scene)


def test_answers_are_kept_while_somebody_reads_and_not_else(chats: Chats) -> None:
    chats.dc.answer(api.functions.messages.DeleteMessages, t.messages.AffectedMessages(pts=10, pts_count=0))

    async def scene() -> None:
        async with account_of("asyncio", chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming()
            chats.send(FRIEND)
            await anext(stream)
            kept = account._mail._answers
            await account(api.functions.messages.DeleteMessages(id=[1]))
            assert len(kept) == 1
            await stream.aclose()
            await account(api.functions.messages.DeleteMessages(id=[1]))
            assert len(kept) == 0

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_nobody_who_is_logged_in_has_no_updates(face: str, local_dc: LocalDCThread) -> None:
    async def scene() -> None:
        async with account_of(face, KeptInMemory(), local_dc) as account:
            with pytest.raises(LocalProtocolError, match="nobody is logged in"):
                await anext(account.incoming())

    play(scene)


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("end", ["close", "log_out"])
def test_an_iteration_that_waits_ends_when_the_program_closes_the_account_or_logs_out(
    face: str, end: str, chats: Chats
) -> None:
    async def scene() -> None:
        async with account_of(face, chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming()
            chats.send(FRIEND)
            await anext(stream)

            async def rest() -> list[Any]:
                return [item async for item in stream]

            reader = asyncio.create_task(rest())
            await asyncio.sleep(0)
            await getattr(account, end)()
            assert await reader == []

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_the_state_is_kept_in_batches_and_says_what_was_taken(face: str, chats: Chats) -> None:
    store = chats.store()

    async def scene() -> None:
        async with account_of(face, store, chats.dc) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming()
            saves = len(store.saves)
            for _ in range(50):
                chats.send(FRIEND)
            await messages(stream, 50)
            assert len(store.saves) <= saves + 1
            chats.send(FRIEND)
            await messages(stream, 1)
            chats.send(FRIEND)
        assert store.record.updates["pts"] == 61

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_the_updates_of_another_login_are_begun_anew(face: str, chats: Chats) -> None:
    store = chats.store()
    store.record = replace(store.record, updates={**store.record.updates, "owner": 5, "pts": 3})

    async def scene() -> None:
        async with account_of(face, store, chats.dc) as account:
            await logged_in(account, chats.dc)
            chats.send(FRIEND, push=0)
            stream = account.incoming()
            next_item = asyncio.ensure_future(anext(stream))
            while "updates.getState" not in chats.asked:
                await asyncio.sleep(0)
            chats.send(FRIEND)
            assert told(await next_item) == (FRIEND, 2)
            await stream.aclose()
        assert store.record.updates["owner"] == chats.dc.bot.id

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_the_difference_of_a_channel_is_asked_for_with_the_hash_that_another_answer_showed(
    face: str, chats: Chats
) -> None:
    store = chats.store()
    store.record = replace(store.record, updates={**store.record.updates, "channels": {str(CHANNEL): [100, None]}})
    chats.dc.answer(api.functions.channels.GetChannels, t.messages.Chats(chats=[channel(CHANNEL)]))

    async def scene() -> None:
        async with account_of(face, store, chats.dc) as account:
            await logged_in(account, chats.dc)
            await account(api.functions.channels.GetChannels(id=[]))
            chats.send(CHANNEL, push=0)
            assert await messages(account.incoming(), 1) == {CHANNEL: [1]}

    play(scene)


STEPS = st.lists(
    st.tuples(st.sampled_from(CHATS), st.integers(0, 2), st.sampled_from([0, 1, 1, 2])), min_size=1, max_size=12
)


@pytest.mark.parametrize("face", FACES)
def test_whatever_is_lost_and_repeated_all_is_told_once_and_in_order(face: str, local_dc: LocalDCThread) -> None:
    chats = Chats(local_dc)
    found: dict[int, list[int]] = defaultdict(list)

    async def open_account() -> tuple[Any, Any]:
        account = account_of(face, chats.store(), local_dc)
        await account.__aenter__()
        await logged_in(account, local_dc)
        return account, account.incoming()

    with asyncio.Runner() as runner:
        account, stream = runner.run(open_account())

        @settings(max_examples=25)
        @given(STEPS, st.booleans())
        def played(steps: list[tuple[int, int, int]], anew: bool) -> None:
            async def example() -> None:
                nonlocal stream
                if anew:
                    await stream.aclose()
                    stream = account.incoming()
                updates = [(chats.send(chat, form, push=0), times) for chat, form, times in steps]
                for update, times in reversed(updates):
                    for _ in range(times):
                        chats.push(update)
                chats.say_that_much_was_missed()
                for chat, numbers in (await messages(stream, len(steps))).items():
                    found[chat] += numbers
                chats.push(END)
                assert await until_end(stream) == []
                assert found == chats.sent

            runner.run(example())

        played()
        runner.run(account.__aexit__(None, None, None))
