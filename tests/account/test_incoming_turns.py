"""Iterations over updates that follow one another: what one does not tell waits for the next; none ends another."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from mtproto.account import Gap, Incoming
from mtproto.account.incoming import FED_AT_ONCE, IncomingUpdates
from mtproto.account.incoming_threads import IncomingUpdates as IncomingUpdatesOfThreads
from mtproto.account.lane import Lane
from mtproto.account.reading import UpdateReading
from mtproto.account.waiting_threads import ThreadBackground
from mtproto.errors import LocalProtocolError, RequestCancelled
from mtproto.localdc import LocalDCThread
from mtproto.session import Update
from tests.account.chatty import END, Chats
from tests.account.faces import FACES, KeptInMemory, account_of, play
from tests.account.test_incoming import logged_in, messages
from tests.flows.update_world import CHANNEL, FRIEND, SECRET, told
from tests.net.support import ShiftedClock
from tl import api

t = api.types


@pytest.fixture
def chats(local_dc: LocalDCThread) -> Chats:
    """A DC with chats, of which the account has read all so far."""
    return Chats(local_dc)


def without_channels(chats: Chats) -> KeptInMemory:
    """Return a store that knows of no channel, so that an iteration begins with one call."""
    store = chats.store()
    store.record = replace(store.record, updates={**store.record.updates, "channels": {}})
    return store


class Held:
    """Calls of a method that are answered once they are let go."""

    def __init__(self, chats: Chats, method: Any) -> None:
        self.asked = threading.Event()
        self._go = threading.Event()
        chats.dc.handler(method)(self._answer)
        self._chats = chats

    async def _answer(self, call: Any) -> Any:
        self.asked.set()
        while not self._go.is_set():
            await asyncio.to_thread(self._go.wait, 0.1)
        return self._chats.answer(call)

    async def wait(self) -> None:
        """Wait until a call has come."""
        assert await asyncio.to_thread(self.asked.wait, 10)

    def let_go(self) -> None:
        """Answer them."""
        self._go.set()


async def cancelled(task: asyncio.Future[Any]) -> None:
    """Cancel a task, and wait for its end."""
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


@pytest.mark.parametrize("face", FACES)
def test_what_an_iteration_held_while_it_asked_for_the_state_is_told_by_the_next(face: str, chats: Chats) -> None:
    held = Held(chats, api.functions.updates.GetState)

    async def scene() -> None:
        async with account_of(face, KeptInMemory(), chats.dc) as account:
            await logged_in(account, chats.dc)
            chats.send(FRIEND)
            first = account.incoming()
            reading = asyncio.ensure_future(anext(first))
            await held.wait()
            chats.send(SECRET)
            await account(api.functions.help.GetNearestDc())
            second = account.incoming()
            if face == "asyncio":
                await cancelled(reading)
            held.let_go()
            assert await messages(second, 2) == {FRIEND: [1], SECRET: [2]}
            with suppress(LocalProtocolError, asyncio.CancelledError):
                await reading

    play(scene)


def test_what_waits_of_a_channel_that_is_new_is_told_by_the_next_iteration(chats: Chats) -> None:
    clock = ShiftedClock()

    async def scene() -> None:
        async with account_of("asyncio", chats.store(), chats.dc, clock=clock) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming()
            chats.send(FRIEND)
            assert await messages(stream, 1) == {FRIEND: [1]}
            message = t.Message(id=7, peer_id=t.PeerChannel(channel_id=77), date=1, message="")
            new = t.UpdateNewChannelMessage(message=message, pts=5, pts_count=1)
            chats.push(t.UpdateShort(update=new, date=1))
            chats.send(FRIEND)
            assert await messages(stream, 1) == {FRIEND: [2]}
            assert account._readings.present is not None
            assert account._readings.present.state()["channels"]["77"] == [4, None]
            await stream.aclose()
            item = asyncio.ensure_future(anext(account.incoming()))
            await account(api.functions.help.GetNearestDc())
            clock.ahead += 1.0  # others may have overtaken it
            chats.push(END)
            assert (await item).update == new

    play(scene)


def test_all_that_waits_is_known_before_the_state_counts_it(chats: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    carry, feed = ThreadBackground._carry, UpdateReading.feed

    def carry_and_say(self: Any, *args: Any) -> None:
        carry(self, *args)
        ended.set()

    def feed_late(self: Any, *args: Any) -> None:
        assert ended.wait(10)
        feed(self, *args)

    monkeypatch.setattr(ThreadBackground, "_carry", carry_and_say)
    monkeypatch.setattr(UpdateReading, "feed", feed_late)

    async def scene() -> None:
        async with account_of("blocking", KeptInMemory(), chats.dc) as account:
            await logged_in(account, chats.dc)
            for chat in (FRIEND, SECRET, CHANNEL):
                chats.send(chat)
            await account(api.functions.help.GetNearestDc())
            assert await messages(account.incoming(), 3) == {FRIEND: [1], SECRET: [2], CHANNEL: [3]}

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_the_end_of_one_iteration_does_not_end_the_one_that_began_meanwhile(face: str, chats: Chats) -> None:
    saving, go = threading.Event(), threading.Event()
    store = chats.store()

    async def scene() -> None:
        async with account_of(face, store, chats.dc) as account:
            await logged_in(account, chats.dc)
            account_ = account if face == "asyncio" else account.account
            first = account.incoming()
            chats.send(FRIEND)
            assert await messages(first, 1) == {FRIEND: [1]}
            save = account_._kept.keep_updates

            def save_slowly(updates: Any) -> None:
                saving.set()
                assert go.wait(10)
                save(updates)

            account_._kept.keep_updates = save_slowly
            closing = asyncio.ensure_future(first.aclose())
            assert await asyncio.to_thread(saving.wait, 10)
            second = account.incoming()
            chats.send(FRIEND)
            assert await messages(second, 1) == {FRIEND: [2]}
            go.set()
            await closing
            assert account_._mail.is_read
            chats.send(FRIEND)
            assert await messages(second, 1) == {FRIEND: [3]}
            await second.aclose()
            assert not account_._mail.is_read

    play(scene)


def test_an_iteration_that_came_as_far_as_the_one_before_has_something_to_save(chats: Chats) -> None:
    async def scene() -> None:
        async with account_of("asyncio", chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            readings = account._readings
            for _ in range(2):
                stream = account.incoming()
                chats.send(FRIEND)
                await messages(stream, 1)
                readings.present.steps = 1000
                assert readings.is_changed
                readings.save()
                assert not readings.is_changed
                await stream.aclose()

    play(scene)


def test_an_iteration_that_is_cancelled_twice_ends_all_the_same(chats: Chats) -> None:
    held = Held(chats, api.functions.updates.GetDifference)

    async def scene() -> None:
        async with account_of("asyncio", chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            reading = asyncio.ensure_future(anext(account.incoming()))
            await held.wait()
            reading.cancel()
            await asyncio.sleep(0)
            await cancelled(reading)
            assert account._readings.present is None
            assert not account._mail.is_read

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_an_iteration_that_waits_is_told_at_once_that_another_one_has_begun(face: str, chats: Chats) -> None:
    async def scene() -> None:
        async with account_of(face, without_channels(chats), chats.dc) as account:
            await logged_in(account, chats.dc)
            first = account.incoming()
            chats.send(FRIEND)
            assert await messages(first, 1) == {FRIEND: [1]}
            held = Held(chats, api.functions.updates.GetDifference)
            waiting = asyncio.ensure_future(anext(first))
            await account(api.functions.help.GetNearestDc())
            second = asyncio.ensure_future(anext(account.incoming()))
            with pytest.raises(LocalProtocolError, match="another iteration over incoming"):
                await waiting
            held.let_go()
            chats.send(FRIEND)
            assert told(await second) == (FRIEND, 2)

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_an_account_that_is_closed_right_after_the_look_at_it_ends_the_iteration(
    face: str, chats: Chats, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = IncomingUpdates if face == "asyncio" else IncomingUpdatesOfThreads
    goes_on = made._goes_on

    def close_then(self: Any, reading: Any) -> bool:
        going = goes_on(self, reading)
        self._mail.close()
        return going

    async def scene() -> None:
        async with account_of(face, without_channels(chats), chats.dc) as account:
            await logged_in(account, chats.dc)
            held = Held(chats, api.functions.updates.GetDifference)
            monkeypatch.setattr(made, "_goes_on", close_then)
            assert [item async for item in account.incoming()] == []
            held.let_go()

    with suppress(RequestCancelled):
        play(scene)


async def leave_two_of_three(account: Any, chats: Chats) -> None:
    """Begin an iteration that has three messages to tell, and leave it after the first one."""
    stream = account.incoming()
    for _ in range(3):
        chats.send(FRIEND, push=0)
    chats.push(t.UpdatesTooLong())
    assert await messages(stream, 1) == {FRIEND: [1]}
    await stream.aclose()


def test_what_is_begun_anew_without_catching_up_tells_nothing_of_what_waited(chats: Chats) -> None:
    async def scene() -> None:
        async with account_of("asyncio", chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            await leave_two_of_three(account, chats)
            stream = account.incoming(catch_up=False)
            next_item = asyncio.ensure_future(anext(stream))
            while "updates.getState" not in chats.asked:
                await asyncio.sleep(0)
            chats.send(FRIEND)
            assert told(await next_item) == (FRIEND, 4)
            await stream.aclose()

    play(scene)


def test_what_waits_for_a_reader_goes_with_the_login(chats: Chats) -> None:
    async def scene() -> None:
        async with account_of("blocking", chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            await leave_two_of_three(account, chats)
            assert account.account._readings._latest is not None
            await account.log_out()
            assert account.account._readings._latest is None

    play(scene)


def test_a_gap_that_was_not_taken_is_told_by_the_next_iteration(chats: Chats) -> None:
    async def scene() -> None:
        async with account_of("blocking", chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            stream = account.incoming()
            for _ in range(2):
                chats.send(FRIEND, push=0)
            chats.server.forget(0)
            chats.push(b"\x7f\xff\xff\xff" * 2)
            items = [await anext(stream)]
            await stream.aclose()
            items += [await anext(account.incoming())]
            assert sorted(type(item).__name__ for item in items) == ["Gap", "UndecodableUpdate"]
            assert Gap(None) in items

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_a_second_iteration_takes_over_and_the_first_one_says_so(face: str, chats: Chats) -> None:
    async def scene() -> None:
        async with account_of(face, chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            first = account.incoming()
            chats.send(FRIEND)
            assert await messages(first, 1) == {FRIEND: [1]}
            second = account.incoming()
            chats.send(FRIEND)
            assert await messages(second, 1) == {FRIEND: [2]}
            with pytest.raises(LocalProtocolError, match="another iteration over incoming"):
                await anext(first)
            chats.send(FRIEND)
            assert await messages(second, 1) == {FRIEND: [3]}

    play(scene)


def test_a_cancelled_iteration_leaves_no_task_and_the_next_one_goes_on(chats: Chats) -> None:
    async def scene() -> None:
        async with account_of("asyncio", chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            before = len(asyncio.all_tasks())
            chats.send(FRIEND)

            async def read() -> None:
                async for _ in account.incoming():
                    reached.set()

            reached = asyncio.Event()
            reader = asyncio.create_task(read())
            await reached.wait()
            reader.cancel()
            await asyncio.wait([reader])
            chats.send(FRIEND)
            async for item in account.incoming():
                assert isinstance(item, Incoming)
                break
            else:
                raise AssertionError
            assert len(asyncio.all_tasks()) <= before + 1

    play(scene)


def test_a_blocking_iteration_that_is_left_leaves_no_thread(chats: Chats) -> None:
    async def scene() -> None:
        async with account_of("blocking", chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            chats.send(FRIEND)
            for item in account.account.incoming():
                assert told(item) == (FRIEND, 1)
                break
            assert not account.account._mail.is_read
        named = [thread.name for thread in threading.enumerate() if "beside others" in thread.name]
        assert named == []

    play(scene)


def test_what_an_iteration_left_is_told_by_the_next_before_any_call(chats: Chats) -> None:
    chats.server.piece = 100

    async def scene() -> None:
        async with account_of("asyncio", chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            for _ in range(30):
                chats.send(FRIEND, push=0)
            for number in range(1, 31):
                stream = account.incoming()
                assert await messages(stream, 1) == {FRIEND: [number]}
                await stream.aclose()
            assert chats.asked.count("updates.getDifference") == 1

    play(scene)


def test_others_have_their_turn_while_much_waits(chats: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    fed: Counter[int] = Counter()
    turns = 0
    feed = UpdateReading.feed

    def feed_and_count(self: Any, *args: Any) -> None:
        fed[turns] += 1
        feed(self, *args)

    monkeypatch.setattr(UpdateReading, "feed", feed_and_count)
    status = t.UpdateUserStatus(user_id=1, status=t.UserStatusRecently())
    body = t.UpdateShort(update=status, date=1).to_bytes()

    async def scene() -> None:
        nonlocal turns
        async with account_of("asyncio", chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            for number in range(1000):
                account._mail.hear(chats.dc.dc_id, "main", Update(number, body))
            reading = asyncio.ensure_future(anext(account.incoming([t.UpdateNewMessage])))
            while not account._mail.is_empty:
                turns += 1
                await asyncio.sleep(0)
            await cancelled(reading)
        assert fed.total() == 1000
        assert max(fed.values()) <= FED_AT_ONCE

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_an_iteration_that_begins_while_the_account_is_closed_ends_at_once(face: str, chats: Chats) -> None:
    async def scene() -> None:
        async with account_of(face, chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            account_ = account if face == "asyncio" else account.account
            account_._mail.close()
            closed = account_._lanes.close()
            if face == "asyncio":
                await closed
            assert [item async for item in account.incoming()] == []

    play(scene)


@pytest.mark.parametrize("face", FACES)
def test_an_account_that_is_closed_in_the_midst_of_a_turn_ends_the_iteration(
    face: str, chats: Chats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lanes are closed after the look at the account, and before the look at the lane; the record is there yet."""

    async def scene() -> None:
        async with account_of(face, chats.store(), chats.dc) as account:
            await logged_in(account, chats.dc)
            account_ = account if face == "asyncio" else account.account

            def close_meanwhile(*_: object) -> None:
                account_._mail.close()
                account_._lanes._closed = True
                monkeypatch.setattr(Lane, "is_good", False)

            monkeypatch.setattr(account_._incoming, "_turn", close_meanwhile)
            assert [item async for item in account.incoming()] == []

    play(scene)
