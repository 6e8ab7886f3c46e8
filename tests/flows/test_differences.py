"""What is asked for when updates are missing, and what the answers do (core.telegram.org/api/updates)."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.errors import ConnectionLost, FloodWait, rpc_error
from mtproto.flows import Gap, Incoming, UpdateOrder
from mtproto.flows.update_boxes import GAP_WAIT
from mtproto.flows.update_order import FETCHES_AT_ONCE
from tests.flows.update_world import (
    ACCESS_HASH,
    CHANNEL,
    CHATS,
    DATE,
    FRIEND,
    GROUP,
    NOW,
    OTHER_CHANNEL,
    Reader,
    Server,
    channel,
    container,
    kept,
    message,
    methods,
    names,
    new,
    numbers,
    order_of,
    short,
    t,
    taken,
    told,
    user,
)
from tl import DecodeError, api


def test_a_difference_in_slices_is_told_once_and_what_came_meanwhile_after_it() -> None:
    server = Server(piece=2)
    reader = Reader(server)
    reader.settle()
    for _ in range(5):
        server.send(FRIEND)
    late = server.send(GROUP)
    reader.order.received(t.UpdatesTooLong(), NOW)
    reader.ask()
    reader.receive(late)
    assert reader.take() == []
    reader.settle()
    assert reader.told == server.sent
    assert reader.gaps == []


@pytest.mark.parametrize("room", [16, 1024])
def test_a_thousand_messages_that_were_sent_while_the_network_was_away_are_told_once(room: int) -> None:
    server = Server(piece=100)
    reader = Reader(server, room)
    reader.settle()
    for number in range(1000):
        server.send(CHATS[number % len(CHATS)])
    reader.order.missed()
    reader.settle()
    assert sum(map(len, reader.told.values())) == 1000
    assert reader.told == server.sent
    assert reader.gaps == []


def test_messages_of_a_difference_come_as_new_messages_with_users_and_chats() -> None:
    order = order_of()
    order.missed()
    fetch = order.next(NOW)
    assert fetch is not None
    state = t.updates.State(pts=13, qts=5, date=DATE, seq=1, unread_count=0)
    edit = t.UpdateEditMessage(message=message(FRIEND, 1), pts=13, pts_count=1)
    known = t.UpdateEditMessage(message=message(FRIEND, 0), pts=10, pts_count=1)
    answer = t.updates.Difference(
        new_messages=[message(FRIEND, 1)],
        new_encrypted_messages=[],
        other_updates=[known, edit, new(CHANNEL, 1, 101), t.UpdateChannelTooLong(channel_id=OTHER_CHANNEL, pts=50)],
        chats=[channel(CHANNEL), channel(OTHER_CHANNEL)],
        users=[user(FRIEND)],
        state=state,
    )
    order.answered(fetch, answer, NOW)
    chats = (channel(CHANNEL), channel(OTHER_CHANNEL))
    assert taken(order) == [
        Incoming(new(FRIEND, 1, 13, 0), (user(FRIEND),), chats),
        Incoming(edit, (user(FRIEND),), chats),
    ]
    fetch = order.next(NOW)
    assert fetch is not None
    assert fetch.request == api.functions.updates.GetChannelDifference(
        channel=t.InputChannel(channel_id=OTHER_CHANNEL, access_hash=ACCESS_HASH),
        filter=t.ChannelMessagesFilterEmpty(),
        pts=50,
        limit=100,
    )
    assert methods(order, NOW + GAP_WAIT) == []
    assert numbers(order) == [1], "the channel's own number counts its message"


def test_a_difference_that_is_too_long_is_told_as_a_gap_and_goes_on_from_its_number() -> None:
    server = Server()
    reader = Reader(server)
    reader.settle()
    server.send(FRIEND)
    server.send(CHANNEL)
    server.forget(0)
    server.forget(CHANNEL)
    reader.order.missed()
    assert reader.settle() == [Gap(None), Gap(t.PeerChannel(channel_id=CHANNEL))]
    reader.receive(server.send(FRIEND))
    reader.receive(server.send(CHANNEL))
    assert [told(item) for item in reader.take()] == [(FRIEND, 3), (CHANNEL, 4)]


def test_numbers_that_the_server_annuls_are_asked_for_anew() -> None:
    order = order_of()
    order.received(short(new(FRIEND, 1, 12)), NOW)  # waits, by a number of the old count
    order.received(short(t.UpdatePtsChanged()), NOW)
    fetch = order.next(NOW)
    assert fetch is not None
    assert fetch.request.NAME == "updates.getState"
    order.answered(fetch, t.updates.State(pts=1, qts=0, date=DATE, seq=1, unread_count=0), NOW)
    assert taken(order) == [Gap(None)]
    order.received(short(new(FRIEND, 1, 2)), NOW)
    assert numbers(order) == [1]
    assert methods(order, NOW + GAP_WAIT) == []


def test_an_answer_in_a_count_that_was_annulled_meanwhile_is_dropped() -> None:
    order = order_of()
    order.missed()
    fetch = order.next(NOW)
    assert fetch is not None
    order.received(short(t.UpdatePtsChanged()), NOW)
    order.answered(fetch, t.updates.DifferenceEmpty(date=DATE, seq=1), NOW)
    assert methods(order, NOW) == ["updates.getState"]


def test_what_is_missed_while_a_difference_is_under_way_ends_in_another_one() -> None:
    order = order_of()
    order.missed()
    fetch = order.next(NOW)
    assert fetch is not None
    order.missed()
    order.answered(fetch, t.updates.DifferenceEmpty(date=DATE, seq=1), NOW)
    fetch = order.next(NOW)
    assert fetch is not None
    order.answered(fetch, t.updates.DifferenceEmpty(date=DATE, seq=1), NOW)
    assert methods(order, NOW) == []


def test_a_slice_that_moves_nothing_is_not_asked_for_again_at_once() -> None:
    order = order_of()
    order.missed()
    fetch = order.next(NOW)
    assert fetch is not None
    state = t.updates.State(pts=10, qts=5, date=DATE, seq=1, unread_count=0)
    answer = t.updates.DifferenceSlice(
        new_messages=[],
        new_encrypted_messages=[],
        other_updates=[],
        chats=[],
        users=[],
        intermediate_state=state,
    )
    order.answered(fetch, answer, NOW)
    assert order.next(NOW) is None
    assert order.wake_at() == NOW + 1


@pytest.mark.parametrize("source", [0, CHANNEL])
def test_a_slice_that_moves_nothing_tells_nothing_however_often_it_comes(source: int) -> None:
    order = order_of(kept(channels={CHANNEL: 100}))
    order.missed()
    state = t.updates.State(pts=10, qts=5, date=DATE, seq=1, unread_count=0)
    lists: dict[str, Any] = {"other_updates": [], "chats": [], "users": [], "new_messages": [message(source, 1)]}
    answer: Any = t.updates.DifferenceSlice(**lists, new_encrypted_messages=[], intermediate_state=state)
    if source:
        answer = t.updates.ChannelDifference(**lists, pts=100)
    for turn in range(3):
        fetches = [fetch for _ in range(2) if (fetch := order.next(NOW + 100 * turn))]
        for fetch in fetches:
            if fetch.source == source:
                order.answered(fetch, answer, NOW + 100 * turn)
    assert taken(order) == []


@pytest.mark.parametrize(
    ("error", "pause"),
    [(ConnectionLost("gone"), 1.0), (FloodWait(420, "FLOOD_WAIT_17"), 17.0), (rpc_error(500, "INTERNAL"), 1.0)],
)
def test_a_difference_that_fails_for_now_is_asked_for_again_later(error: Exception, pause: float) -> None:
    order = order_of()
    order.missed()
    fetch = order.next(NOW)
    assert fetch is not None
    order.failed(fetch, error, NOW)
    assert order.next(NOW + pause - 0.1) is None
    assert methods(order, NOW + pause) == ["updates.getDifference"]


def test_a_state_that_is_refused_is_asked_for_again_after_a_pause() -> None:
    order: UpdateOrder[object] = UpdateOrder(api.schema)
    fetch = order.next(NOW)
    assert fetch is not None
    order.failed(fetch, rpc_error(400, "AUTH_KEY_PERM_EMPTY"), NOW)
    assert order.next(NOW) is None
    assert methods(order, NOW + 1) == ["updates.getState"]
    assert taken(order) == []


def test_a_slice_that_moves_only_the_date_is_followed_by_the_next_at_once() -> None:
    order = order_of()
    order.missed()
    fetch = order.next(NOW)
    assert fetch is not None
    state = t.updates.State(pts=10, qts=5, date=DATE + 7, seq=1, unread_count=0)
    lists: dict[str, Any] = {"new_messages": [], "new_encrypted_messages": [], "chats": [], "users": []}
    gifs = t.UpdateSavedGifs()
    order.answered(fetch, t.updates.DifferenceSlice(**lists, other_updates=[gifs], intermediate_state=state), NOW)
    fetch = order.next(NOW)
    assert fetch is not None
    assert fetch.request == api.functions.updates.GetDifference(pts=10, date=DATE + 7, qts=5)
    assert names(order) == ["updateSavedGifs"]


def test_failures_in_a_row_make_longer_pauses_up_to_a_minute() -> None:
    order = order_of()
    order.missed()
    now, pauses = NOW, []
    for _ in range(9):
        fetch = order.next(now)
        assert fetch is not None
        order.failed(fetch, ConnectionLost("gone"), now)
        wake = order.wake_at()
        assert wake is not None
        pauses.append(wake - now)
        now = wake
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize(
    "error", [DecodeError("unknown", "", 0, 0, raw=b""), rpc_error(400, "PERSISTENT_TIMESTAMP_INVALID")]
)
def test_a_difference_that_cannot_be_had_is_left_out_and_told(error: Exception) -> None:
    order = order_of(kept(channels={CHANNEL: 100}))
    order.missed()
    first, second = order.next(NOW), order.next(NOW)
    assert first is not None
    assert second is not None
    order.failed(first, error, NOW, "unreadable")
    order.failed(second, error, NOW)
    assert taken(order) == ["unreadable", Gap(t.PeerChannel(channel_id=CHANNEL))]
    assert order.state()["channels"] == {str(CHANNEL): [None, ACCESS_HASH]}, (
        "a restart meets the refusal no second time"
    )
    fetch = order.next(NOW)
    assert fetch is not None
    assert fetch.request.NAME == "updates.getState"
    order.answered(fetch, t.updates.State(pts=90, qts=5, date=DATE, seq=1, unread_count=0), NOW)
    assert taken(order) == [Gap(None)]
    order.received(short(new(FRIEND, 1, 91)), NOW)
    order.received(short(new(CHANNEL, 1, 601)), NOW)
    assert methods(order, NOW + GAP_WAIT) == []
    assert numbers(order) == [1, 1]


def test_a_channel_whose_access_hash_nobody_knows_is_a_gap_without_a_call() -> None:
    state = kept(channels={CHANNEL: 100})
    state["channels"][str(CHANNEL)][1] = None
    order: UpdateOrder[object] = UpdateOrder(api.schema, state, catch_up=True)
    assert methods(order, NOW) == ["updates.getDifference"]
    assert taken(order) == [Gap(t.PeerChannel(channel_id=CHANNEL))]
    order = UpdateOrder(api.schema, state, catch_up=True, access_hash={CHANNEL: 5}.get)
    assert methods(order, NOW) == ["updates.getDifference", "updates.getChannelDifference"]


def test_a_min_access_hash_is_not_learnt() -> None:
    order = order_of(kept(channels={CHANNEL: 100}))
    order.received(container(seq=0, chats=(channel(CHANNEL, min=True).replace(access_hash=5),)), NOW)
    assert order.state()["channels"] == {str(CHANNEL): [100, ACCESS_HASH]}
    order.received(container(seq=0, chats=(channel(CHANNEL).replace(access_hash=6),)), NOW)
    assert order.state()["channels"] == {str(CHANNEL): [100, 6]}


def test_a_watched_channel_is_asked_for_when_the_server_says() -> None:
    order = order_of(kept(channels={CHANNEL: 100}))
    order.watch(CHANNEL)
    fetch = order.next(NOW)
    assert fetch is not None
    order.answered(fetch, t.updates.ChannelDifferenceEmpty(final=True, pts=100, timeout=30), NOW)
    assert methods(order, NOW + 29) == []
    assert methods(order, NOW + 30) == ["updates.getChannelDifference"]


def test_an_update_of_a_watched_channel_takes_the_place_of_asking() -> None:
    order = order_of(kept(channels={CHANNEL: 100}))
    order.watch(CHANNEL)
    fetch = order.next(NOW)
    assert fetch is not None
    order.answered(fetch, t.updates.ChannelDifferenceEmpty(final=True, pts=100, timeout=30), NOW)
    order.received(short(new(CHANNEL, 1, 101)), NOW + 10)
    assert methods(order, NOW + 30) == []


def test_few_differences_are_under_way_at_once() -> None:
    order: UpdateOrder[object] = UpdateOrder(
        api.schema, kept(channels=dict.fromkeys(range(100, 150), 7)), catch_up=True
    )
    assert len(methods(order, NOW)) == FETCHES_AT_ONCE


def test_an_answer_of_the_wrong_kind_is_a_failure_and_one_that_nobody_waits_for_is_none() -> None:
    order = order_of()
    order.missed()
    fetch = order.next(NOW)
    assert fetch is not None
    order.answered(fetch, t.updates.ChannelDifferenceEmpty(final=True, pts=1), NOW)
    order.answered(fetch, t.updates.DifferenceEmpty(date=DATE, seq=99), NOW)
    order.failed(fetch, ConnectionLost("gone"), NOW)
    assert order.wake_at() == NOW + 1
