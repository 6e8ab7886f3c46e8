"""What the machine of updates keeps is bounded, and nothing goes without a word (core.telegram.org/api/updates)."""

from __future__ import annotations

from typing import Any

import pytest

from mtproto.flows import Gap, Incoming, UpdateOrder, update_sources
from mtproto.flows.update_boxes import GAP_WAIT
from mtproto.flows.update_sources import CHANNELS_REMEMBERED, PIECE_BYTES_HELD
from tests.flows.update_world import (
    ACCESS_HASH,
    CHANNEL,
    DATE,
    FRIEND,
    NOW,
    SECRET,
    Reader,
    Server,
    container,
    kept,
    methods,
    new,
    numbers,
    order_of,
    short,
    t,
    taken,
    told,
)
from tl import api


def test_what_has_no_room_is_fetched_once_there_is_room_and_the_uncounted_is_counted() -> None:
    server = Server()
    reader = Reader(server, room=4)
    reader.settle()
    for _ in range(4):
        reader.receive(server.send(FRIEND, 1))
    for _ in range(50):
        reader.receive(server.send(FRIEND, 1))
        reader.receive(server.send(CHANNEL, 1))
        reader.receive(server.send(SECRET))
    reader.receive(short(t.UpdateSavedGifs()))
    reader.ask()
    assert (reader.fetches, reader.order.dropped) == ([], 1)
    assert reader.order.wake_at() is None, "only a reader makes room"
    reader.take(1)
    reader.ask()
    assert reader.fetches == []
    reader.take(1)
    reader.ask()
    assert {fetch.source for fetch in reader.fetches} == {0, CHANNEL}
    reader.settle()
    assert reader.told == server.sent


def test_the_first_update_of_a_channel_that_has_no_room_is_where_its_difference_begins() -> None:
    server = Server()
    order = order_of(room=1, access_hash=lambda _: ACCESS_HASH)
    order.received(short(new(FRIEND, 1, 11)), NOW)
    order.received(server.send(CHANNEL, 1), NOW)
    assert numbers(order) == [1]
    fetch = order.next(NOW)
    assert fetch is not None
    order.answered(fetch, server.answer(fetch.request), NOW)
    assert numbers(order) == [1]


def test_what_waits_of_a_new_channel_is_kept_when_there_is_no_room_for_more() -> None:
    order = order_of(room=1, access_hash=lambda _: ACCESS_HASH)
    order.received(short(new(CHANNEL, 1, 101)), NOW)
    order.received(short(new(FRIEND, 1, 11)), NOW)
    order.received(short(new(CHANNEL, 2, 102)), NOW)
    assert [told(item) for item in taken(order)] == [(FRIEND, 1), (CHANNEL, 1)]
    fetch = order.next(NOW)
    assert fetch is not None
    request: Any = fetch.request
    assert request.pts == 101


def test_what_waits_behind_gaps_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_sources, "PIECES_HELD", 20)
    order = order_of(kept(channels={CHANNEL: 100}))
    for number in range(10):
        order.received(short(new(FRIEND, number, 20 + 2 * number)), NOW)
        order.received(short(new(CHANNEL, number, 120 + 2 * number)), NOW)
    assert methods(order, NOW) == []
    order.received(short(new(FRIEND, 99, 99)), NOW)
    assert methods(order, NOW) == ["updates.getDifference"], "a difference tells what was dropped"


def test_remembered_channels_are_bounded() -> None:
    order = order_of()
    for key in range(CHANNELS_REMEMBERED + 5):
        order.know_channel(1000 + key, 1, NOW)
    state = order.state()
    assert len(state["channels"]) == CHANNELS_REMEMBERED
    assert "1004" not in state["channels"]
    assert "1005" in state["channels"]


def in_channel(key: int, number: int, pts: int) -> Any:
    """Return a message of any channel."""
    message = t.Message(id=number, peer_id=t.PeerChannel(channel_id=key), date=DATE, message="")
    return short(t.UpdateNewChannelMessage(message=message, pts=pts, pts_count=1))


@pytest.mark.parametrize("place", [FRIEND, CHANNEL, "seq"])
def test_the_bytes_of_what_waits_behind_gaps_are_bounded(place: Any) -> None:
    order = order_of(kept(channels={CHANNEL: 100}), access_hash=lambda _: ACCESS_HASH)
    half = PIECE_BYTES_HELD // 2
    for number in range(3):
        if place == "seq":
            held: Any = container(t.UpdateSavedGifs(), seq=4 + 2 * number)
        else:
            held = short(new(place, number, 120 + 2 * number))
        order.received(held, NOW, size=half)
        assert methods(order, NOW) == ([] if number < 2 else [methods_of(place)])


def methods_of(place: Any) -> str:
    """Return the call that tells what was dropped at a place."""
    return "updates.getChannelDifference" if place == CHANNEL else "updates.getDifference"


def test_the_bytes_of_what_does_not_wait_any_more_are_free() -> None:
    order = order_of()
    for number in range(1, 9, 2):
        order.received(short(new(FRIEND, number + 1, 11 + number)), NOW, size=PIECE_BYTES_HELD)
        order.received(short(new(FRIEND, number, 10 + number)), NOW, size=PIECE_BYTES_HELD)
        assert numbers(order) == [number, number + 1]
    assert methods(order, NOW + GAP_WAIT) == []


def test_what_comes_in_one_has_its_size_in_equal_parts() -> None:
    order = order_of()
    updates = [new(FRIEND, number, 20 + 2 * number) for number in range(10)]
    order.received(container(*updates), NOW, size=PIECE_BYTES_HELD)
    assert methods(order, NOW) == []


def test_what_had_no_room_before_the_numbers_were_known_is_where_they_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_sources, "PIECES_HELD", 2)
    server = Server()
    order: UpdateOrder[object] = UpdateOrder(api.schema)
    fetch = order.next(NOW)
    assert fetch is not None
    for chat in (FRIEND, FRIEND, SECRET):
        order.received(server.send(chat, 1), NOW)
    order.answered(fetch, server.answer(fetch.request), NOW)
    for _ in range(2):
        fetch = order.next(NOW)
        if fetch is not None:
            order.answered(fetch, server.answer(fetch.request), NOW)
    found = [told(item) for item in taken(order)]
    assert sorted(item for item in found if item) == [(FRIEND, 1), (FRIEND, 2), (SECRET, 3)]


@pytest.mark.parametrize("wanted", [False, True])
def test_a_channel_that_is_forgotten_while_something_is_missing_is_told_as_a_gap(
    wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_sources, "CHANNELS_REMEMBERED", 3)
    order = order_of(access_hash=lambda _: ACCESS_HASH)
    for key in range(1, 4):
        order.know_channel(key, 100, NOW)
        order.received(in_channel(key, 1, 105), NOW)
    asked = [fetch for _ in range(3) if wanted and (fetch := order.next(NOW + GAP_WAIT))]
    order.received(in_channel(4, 1, 9), NOW + GAP_WAIT)
    assert taken(order) == [Gap(t.PeerChannel(channel_id=1))]
    for fetch in asked[:1]:
        difference = t.updates.ChannelDifferenceEmpty(final=True, pts=100)
        order.answered(fetch, difference, NOW)
    order.received(in_channel(5, 1, 9), NOW + GAP_WAIT)
    assert taken(order) == [Gap(t.PeerChannel(channel_id=2))]


def test_channels_of_which_something_is_missing_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_sources, "CHANNELS_REMEMBERED", 10)
    order = order_of(access_hash=lambda _: ACCESS_HASH)
    for key in range(1, 200):
        order.know_channel(key, 100, NOW)
        order.received(in_channel(key, 1, 105), NOW)
        taken(order)
    assert len(order.state()["channels"]) == 10
    assert len(order._sources.active) <= 11
    order.missed()
    wanted = methods(order, NOW + GAP_WAIT)
    assert len(wanted) <= 4
    assert order._sources._pieces == 10
    assert order._sources._held.keys() == {*range(190, 200)}


def test_of_channels_that_miss_nothing_the_one_that_was_silent_longest_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(update_sources, "CHANNELS_REMEMBERED", 2)
    order = order_of()
    order.know_channel(1, 100, NOW)
    order.know_channel(2, 100, NOW)
    order.received(in_channel(1, 1, 101), NOW)
    order.know_channel(3, 100, NOW)
    assert [told for told in taken(order) if not isinstance(told, Incoming)] == []
    assert order.state()["channels"].keys() == {"1", "3"}


def test_what_is_known_of_channels_that_are_forgotten_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_sources, "CHANNELS_REMEMBERED", 4)
    order = order_of()
    for key in range(1, 200):
        order.know_channel(key, 100, NOW)
        order.received(in_channel(key, 1, 101), NOW)
    taken(order)
    for key in range(200, 220):
        order.know_channel(key, 100, NOW)
    assert len(order._queue.cursor.values) < 40
