"""The order of updates, one rule a test (core.telegram.org/api/updates)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mtproto.flows import Incoming, UpdateOrder
from mtproto.flows.update_boxes import GAP_WAIT
from mtproto.flows.update_forms import mark_of
from mtproto.flows.update_order import SILENCE
from tests.flows.answers import Answers
from tests.flows.update_world import (
    ACCESS_HASH,
    CHANNEL,
    DATE,
    FRIEND,
    GROUP,
    NOW,
    SECRET,
    SELF,
    Reader,
    Server,
    channel,
    container,
    kept,
    methods,
    names,
    new,
    numbers,
    order_of,
    peer_of,
    short,
    t,
    taken,
    told,
    user,
)
from tl import api

# Order


def test_an_update_that_comes_too_early_waits_for_the_one_before_it() -> None:
    order = order_of()
    order.received(short(new(FRIEND, 2, 12)), NOW)
    assert taken(order) == []
    order.received(short(new(FRIEND, 1, 11)), NOW + GAP_WAIT / 2)
    assert numbers(order) == [1, 2]
    assert methods(order, NOW + 2 * GAP_WAIT) == []


def test_a_gap_that_stays_is_asked_for_after_half_a_second_and_no_sooner() -> None:
    order = order_of()
    order.received(short(new(FRIEND, 2, 12)), NOW)
    assert order.wake_at() == NOW + 0.5
    assert order.next(NOW + GAP_WAIT - 0.01) is None
    fetch = order.next(NOW + GAP_WAIT)
    assert fetch is not None
    assert fetch.request == api.functions.updates.GetDifference(pts=10, date=DATE, qts=5)
    assert order.next(NOW + 100) is None, "one difference of a source at a time"


@pytest.mark.parametrize(
    ("update", "is_told"),
    [
        (new(FRIEND, 1, 11), True),
        (new(FRIEND, 1, 10), False),
        (new(FRIEND, 1, 9), False),
        (new(FRIEND, 1, 12), False),
        (t.UpdateDeleteMessages(messages=[1, 2, 3], pts=13, pts_count=3), True),
        (t.UpdateDeleteMessages(messages=[1, 2, 3], pts=12, pts_count=3), False),  # begins before the number
        (t.UpdateReadHistoryOutbox(peer=peer_of(FRIEND), max_id=1, pts=10, pts_count=0), True),
        (t.UpdateReadHistoryOutbox(peer=peer_of(FRIEND), max_id=1, pts=9, pts_count=0), False),
        (new(CHANNEL, 1, 101), True),
        (new(CHANNEL, 1, 100), False),
        (new(CHANNEL, 1, 102), False),
        (t.UpdateDeleteChannelMessages(channel_id=CHANNEL, messages=[1], pts=101, pts_count=1), True),
        (t.UpdatePinnedChannelMessages(channel_id=CHANNEL, messages=[1], pts=103, pts_count=1), False),
        (t.UpdateBotStopped(user_id=1, date=1, stopped=True, qts=6), True),
        (t.UpdateBotStopped(user_id=1, date=1, stopped=True, qts=5), False),
        (t.UpdateBotStopped(user_id=1, date=1, stopped=True, qts=7), False),
        (t.UpdateUserStatus(user_id=1, status=t.UserStatusRecently()), True),
    ],
)
def test_an_update_is_told_at_once_if_its_number_is_the_local_one_plus_its_count(update: Any, is_told: bool) -> None:
    order = order_of(kept(channels={CHANNEL: 100}))
    order.received(short(update), NOW)
    assert [item.update for item in taken(order) if isinstance(item, Incoming)] == [update] * is_told


def test_half_a_second_begins_anew_when_the_gap_is_another_one() -> None:
    order = order_of()
    order.received(short(new(FRIEND, 2, 12)), NOW)
    order.received(short(new(FRIEND, 4, 14)), NOW)
    order.received(short(new(FRIEND, 1, 11)), NOW + 0.25)
    assert order.wake_at() == NOW + 0.75


def test_containers_come_in_the_order_of_seq_and_their_uncounted_updates_with_them() -> None:
    order = order_of()
    status, typing = t.UpdateSavedGifs(), t.UpdateStickerSetsOrder(order=[])
    order.received(container(typing, seq=3), NOW)
    assert names(order) == []
    order.received(container(status, seq=2), NOW)
    order.received(container(status, seq=2), NOW)
    assert names(order) == ["updateSavedGifs", "updateStickerSetsOrder"]
    combined = t.UpdatesCombined(updates=[status], users=[], chats=[], date=DATE, seq_start=4, seq=6)
    order.received(combined, NOW)
    order.received(container(typing, seq=7), NOW)
    assert names(order) == ["updateSavedGifs", "updateStickerSetsOrder"]
    order.received(container(status, seq=9), NOW)
    assert methods(order, NOW + GAP_WAIT) == ["updates.getDifference"]


def test_users_and_chats_of_a_container_come_with_each_of_its_updates() -> None:
    order = order_of()
    order.received(container(new(FRIEND, 1, 11), seq=2, users=(user(FRIEND),), chats=(channel(CHANNEL),)), NOW)
    assert taken(order) == [Incoming(new(FRIEND, 1, 11), (user(FRIEND),), (channel(CHANNEL),))]


def test_fifteen_minutes_of_silence_end_in_a_difference() -> None:
    order = order_of()
    assert methods(order, NOW + SILENCE - 1) == []
    order.received(short(t.UpdateSavedGifs()), NOW + 10)
    assert methods(order, NOW + SILENCE) == []
    assert methods(order, NOW + SILENCE + 10) == ["updates.getDifference"]


def test_the_first_update_of_a_channel_waits_for_others_that_may_have_overtaken_it() -> None:
    order = order_of()
    order.received(short(new(CHANNEL, 2, 502)), NOW)
    order.received(short(new(CHANNEL, 1, 501)), NOW + 0.1)
    assert numbers(order) == []
    assert methods(order, NOW + GAP_WAIT) == []
    assert numbers(order) == [1, 2]
    order.received(short(new(CHANNEL, 3, 503)), NOW + 1)
    assert numbers(order) == [3]


# Short forms


def test_short_messages_are_expanded(each: Answers) -> None:
    schema = each.schema
    order: UpdateOrder[object] = UpdateOrder(schema, kept(), catch_up=True, self_id=SELF)
    fetch = order.next(NOW)
    assert fetch is not None
    order.answered(fetch, each("updates.differenceEmpty", date=DATE, seq=1), NOW)
    counted = {"message": "Hello", "date": DATE, "pts_count": 1, "silent": True}
    user_ = each("updateShortMessage", id=1, user_id=FRIEND, pts=11, **counted)
    own = each("updateShortMessage", id=2, user_id=FRIEND, pts=12, out=True, **counted)
    group = each("updateShortChatMessage", id=3, from_id=FRIEND, chat_id=GROUP, pts=13, **counted)
    for form in (user_, own, group):
        order.received(form, NOW)
    updates: list[Any] = [item.update for item in taken(order) if isinstance(item, Incoming)]
    friend, group_peer = each("peerUser", user_id=FRIEND), each("peerChat", chat_id=GROUP)
    self_ = each("peerUser", user_id=SELF)
    assert [update.NAME for update in updates] == ["updateNewMessage"] * 3
    assert [update.message.peer_id for update in updates] == [friend, friend, group_peer]
    assert [update.message.from_id for update in updates] == [friend, self_, friend]
    assert [(update.message.id, update.message.out) for update in updates] == [(1, False), (2, True), (3, False)]
    assert all((u.message.message, u.message.date, u.message.silent) == ("Hello", DATE, True) for u in updates)
    assert [(update.pts, update.pts_count) for update in updates] == [(11, 1), (12, 1), (13, 1)]
    assert all(schema.decode(update.to_bytes()) == update for update in updates)


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        (t.InputPeerUser(user_id=FRIEND, access_hash=1), t.PeerUser(user_id=FRIEND)),
        (t.InputPeerChat(chat_id=GROUP), t.PeerChat(chat_id=GROUP)),
        (t.InputPeerSelf(), t.PeerUser(user_id=SELF)),
        (t.InputPeerChannel(channel_id=CHANNEL, access_hash=1), None),
    ],
)
def test_the_short_answer_of_a_sent_message_is_expanded_by_its_call_or_fetched(peer: Any, expected: Any) -> None:
    order = order_of()
    request = api.functions.messages.SendMessage(peer=peer, message="Hi", random_id=1)
    answer = t.UpdateShortSentMessage(out=True, id=7, pts=11, pts_count=1, date=DATE)
    order.received(answer, NOW, request)
    if expected is None:
        assert methods(order, NOW) == ["updates.getDifference"]
        return
    (item,) = taken(order)
    assert isinstance(item, Incoming)
    update: Any = item.update
    assert (update.message.peer_id, update.message.message, update.message.out) == (expected, "Hi", True)
    assert update.message.from_id == t.PeerUser(user_id=SELF)
    order.received(answer, NOW)
    assert methods(order, NOW) == [], "what is told already needs no difference"


def test_what_the_call_of_a_sent_message_does_not_tell_is_fetched() -> None:
    order = order_of()
    reply = t.InputReplyToMessage(reply_to_msg_id=1)
    request = api.functions.messages.SendMessage(peer=t.InputPeerSelf(), message="Hi", random_id=1, reply_to=reply)
    order.received(t.UpdateShortSentMessage(out=True, id=7, pts=11, pts_count=1, date=DATE), NOW, request)
    assert methods(order, NOW) == ["updates.getDifference"]


def test_an_update_that_does_not_tell_its_channel_is_told_as_it_comes() -> None:
    order = order_of()
    order.received(short(t.UpdateNewChannelMessage(message=t.MessageEmpty(id=1), pts=9, pts_count=1)), NOW)
    assert names(order) == ["updateNewChannelMessage"]
    assert order.state()["channels"] == {}


@pytest.mark.parametrize("place", [0, CHANNEL])
def test_answers_that_tell_numbers_move_them(place: int) -> None:
    order = order_of(kept(channels={CHANNEL: 10}))
    request: Any = api.functions.messages.DeleteMessages(id=[1, 2])
    if place:
        channel_ = t.InputChannel(channel_id=CHANNEL, access_hash=ACCESS_HASH)
        request = api.functions.channels.DeleteMessages(channel=channel_, id=[1, 2])
    order.received(t.messages.AffectedMessages(pts=12, pts_count=2), NOW, request)
    order.received(api.types.help.NoAppUpdate(), NOW, request)
    order.received(short(new(place or FRIEND, 3, 13)), NOW)
    assert numbers(order) == [3]


# State


def test_a_first_start_asks_for_the_state_and_tells_what_came_meanwhile() -> None:
    order: UpdateOrder[object] = UpdateOrder(api.schema)
    assert order.state() == {}
    fetch = order.next(NOW)
    assert fetch is not None
    assert fetch.request.NAME == "updates.getState"
    order.received(short(new(FRIEND, 1, 11)), NOW)
    order.answered(fetch, t.updates.State(pts=11, qts=0, date=DATE, seq=0, unread_count=0), NOW)
    assert numbers(order) == [1]
    assert order.state() == {"pts": 11, "qts": 0, "seq": 0, "date": DATE, "channels": {}}


def test_without_catching_up_all_begins_with_what_comes_from_now_on() -> None:
    server = Server()
    state = server.kept()
    server.send(FRIEND)
    server.send(CHANNEL)
    order: UpdateOrder[object] = UpdateOrder(api.schema, state)
    fetch = order.next(NOW)
    assert fetch is not None
    order.answered(fetch, server.answer(fetch.request), NOW)
    assert methods(order, NOW) == []
    assert taken(order) == []
    order.received(server.send(FRIEND), NOW)
    order.received(server.send(CHANNEL), NOW)
    assert methods(order, NOW + GAP_WAIT) == []
    assert numbers(order) == [3, 4]


def test_the_state_is_of_what_was_taken_and_passes_through_json() -> None:
    order = order_of()
    order.received(container(new(FRIEND, 1, 11), seq=2), NOW)
    order.received(short(new(FRIEND, 2, 12)), NOW)
    before = order.state()
    assert order.take() is not None
    middle = order.state()
    assert order.take() is not None
    assert [state["pts"] for state in (before, middle, order.state())] == [10, 11, 12]
    assert json.loads(json.dumps(middle)) == middle
    assert (middle["seq"], middle["date"]) == (2, DATE + 2)


def test_what_was_taken_of_an_unfinished_difference_is_not_told_again_after_a_restart() -> None:
    server = Server(piece=9)
    reader = Reader(server)
    reader.settle()
    for _ in range(3):
        server.send(FRIEND)
    server.delete(FRIEND, 2)
    server.send(CHANNEL)
    for _ in range(5):
        reader.restart()
        server.send(SECRET)
        reader.ask()
        while reader.fetches:
            reader.answer()
        reader.take(1)
    reader.restart()
    reader.settle()
    assert reader.told == server.sent
    assert "told" not in reader.order.state()


def test_what_waits_of_a_channel_whose_number_is_not_known_is_asked_for_after_a_restart() -> None:
    server = Server()
    begun = {**server.kept(), "channels": {}}
    order = order_of(begun)
    order.received(server.send(CHANNEL, 1), NOW)
    order.received(server.send(CHANNEL, 1), NOW)
    waiting = json.loads(json.dumps(order.state()))
    assert methods(order, NOW + GAP_WAIT) == []
    untaken = order.state()
    for state in (waiting, untaken):
        order = UpdateOrder(api.schema, state, catch_up=True, access_hash=lambda _: ACCESS_HASH)
        while fetch := order.next(NOW):
            order.answered(fetch, server.answer(fetch.request), NOW)
        assert numbers(order) == [1, 2]


def test_calls_that_are_given_up_are_made_anew_and_their_answers_come_too_late() -> None:
    server = Server()
    order: UpdateOrder[object] = UpdateOrder(api.schema, server.kept(), catch_up=True)
    server.send(FRIEND)
    server.send(CHANNEL)
    late = [fetch for _ in range(3) if (fetch := order.next(NOW))]
    order.give_up()
    again = [fetch for _ in range(3) if (fetch := order.next(NOW))]
    assert [fetch.request for fetch in again] == [fetch.request for fetch in late]
    for fetch in (*late, *again, *late):
        order.answered(fetch, server.answer(fetch.request), NOW)
    assert sorted(numbers(order)) == [1, 2]
    assert not order.next(NOW)


def test_only_the_difference_that_was_unfinished_is_compared_with_what_was_taken() -> None:
    gifs = t.UpdateSavedGifs()
    order: UpdateOrder[object] = UpdateOrder(api.schema, {**kept(), "told": {"0": [mark_of(gifs)]}}, catch_up=True)
    state = t.updates.State(pts=10, qts=5, date=DATE, seq=1, unread_count=0)
    lists: dict[str, Any] = {"new_messages": [], "new_encrypted_messages": [], "chats": [], "users": []}
    for expected in ([], ["updateSavedGifs"]):
        order.missed()
        fetch = order.next(NOW)
        assert fetch is not None
        order.answered(fetch, t.updates.Difference(**lists, other_updates=[gifs], state=state), NOW)
        assert names(order) == expected


@pytest.mark.parametrize(
    "state",
    [
        {"pts": "x", "qts": 1, "seq": 1, "date": 1},
        {"pts": True, "qts": 1, "seq": 1, "date": 1},
        {"channels": []},
        {"channels": {"x": [1, 2], "5": 7, "6": ["a", None], "7": [1]}, "told": {"0": 5, "x": []}},
        {"told": []},
    ],
)
def test_a_state_of_another_form_begins_anew(state: dict[str, Any]) -> None:
    order: UpdateOrder[object] = UpdateOrder(api.schema, state, catch_up=True)
    assert methods(order, NOW) == ["updates.getState"]


def test_a_channel_may_be_made_known_from_a_dialog() -> None:
    order = order_of()
    order.know_channel(CHANNEL, 100, NOW, ACCESS_HASH)
    order.know_channel(CHANNEL, 50, NOW)
    assert order.state()["channels"] == {str(CHANNEL): [100, ACCESS_HASH]}
    order.received(short(new(CHANNEL, 1, 101)), NOW)
    assert numbers(order) == [1]


def test_the_same_update_waits_once_and_different_ones_of_one_number_all_wait() -> None:
    order = order_of()
    read = [t.UpdateReadHistoryOutbox(peer=peer_of(FRIEND), max_id=number, pts=12, pts_count=0) for number in (1, 2)]
    for update in [*read, *read, new(FRIEND, 2, 12), new(FRIEND, 2, 12), new(FRIEND, 1, 11)]:
        order.received(short(update), NOW)
    in_order = [item.update for item in taken(order) if isinstance(item, Incoming)]
    assert in_order == [new(FRIEND, 1, 11), new(FRIEND, 2, 12), *read]


def test_an_unreadable_update_comes_in_its_turn() -> None:
    order = order_of(room=2)
    order.received(short(new(FRIEND, 1, 11)), NOW)
    order.unreadable("bytes")
    order.unreadable("more")
    assert [item if isinstance(item, str) else told(item) for item in taken(order)] == [(FRIEND, 1), "bytes"]
    assert order.dropped == 1
    assert methods(order, NOW) == ["updates.getDifference"]
