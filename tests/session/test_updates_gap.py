"""No update is lost in silence: what a server drops it tells by `new_session_created`, which means a gap in updates.

core.telegram.org/mtproto/service_messages#new-session-creation-notification
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtproto.limits import Limits
from mtproto.session.events import NewSession, RequestLost, Result, Update, UpdatesGap
from mtproto.session.server_outbox import ANSWER_LIFETIME, STORED_AT_MOST
from tests.session.harness import Pair, api_body, of, settled

FEW = 3


def small() -> Pair:
    """Return a settled pair whose server lets few updates wait."""
    return settled(server_limits=Limits(queued_updates=FEW))


@pytest.mark.parametrize("connected", [False, True])
def test_what_is_dropped_beyond_the_limit_is_told_once(connected: bool) -> None:
    pair = small()
    if not connected:
        pair.disconnect()
    for number in range(FEW + 4):
        pair.server.push(api_body(number))
    if not connected:
        pair.connect()
    events = pair.run()
    news = [type(event) for event in events if isinstance(event, Update | UpdatesGap)]
    assert news == [UpdatesGap, *[Update] * FEW]
    assert [event.body for event in of(events, Update)] == [api_body(number) for number in range(4, FEW + 4)]


def test_the_notice_loses_no_call() -> None:
    pair = small()
    pair.answer = lambda _query: None
    calls = [pair.send(number) for number in range(3)]
    pair.run()
    for number in range(FEW + 1):
        pair.server.push(api_body(number))
    (created,) = of(pair.run(), NewSession)
    for query in pair.server._register._records.values():
        if query.query and not query.answered:
            pair.server.answer(query.msg_id, api_body(7))
    events = pair.run()
    assert [event.request for event in of(events, Result)] == calls
    assert of(pair.client_events, RequestLost) == []
    assert created.first_msg_id == pair.server._receiver.first_msg_id


def test_as_long_as_there_is_room_nothing_is_dropped_and_nothing_told() -> None:
    pair = small()
    pushed = 0
    while pushed < 50:
        while pair.server.has_room:
            pair.server.push(api_body(pushed))
            pushed += 1
        assert not pair.server.has_room
        pair.run()
    assert [event.body for event in of(pair.client_events, Update)] == [api_body(number) for number in range(pushed)]
    assert of(pair.client_events, UpdatesGap) == []


def test_updates_that_nobody_acknowledges_leave_no_room_in_the_end() -> None:
    pair = settled()
    for number in range(STORED_AT_MOST):
        assert pair.server.has_room
        pair.server.push(api_body(number))
        pair.from_server()
    assert not pair.server.has_room


def test_an_update_that_is_kept_no_longer_is_told() -> None:
    pair = settled()
    pair.server.push(api_body(1))
    pair.from_server()  # lost
    pair.disconnect()
    pair.now += ANSWER_LIFETIME + 1
    pair.connect()
    assert pair.server.waiting
    assert len(of(pair.run(), UpdatesGap)) == 1


def test_an_update_that_its_owner_gives_up_is_told() -> None:
    pair = settled()
    pair.server.lose_update()
    assert len(of(pair.run(), UpdatesGap)) == 1


def test_a_notice_that_is_kept_no_longer_is_told_again() -> None:
    pair = settled()
    pair.server.lose_update()
    pair.from_server()  # lost
    pair.disconnect()
    pair.now += ANSWER_LIFETIME + 1
    pair.connect()
    assert len(of(pair.run(), UpdatesGap)) == 1


@given(st.lists(st.sampled_from(["push", "run", "lose", "disconnect", "connect", "age"]), max_size=40))
def test_for_all_orders_of_events_what_is_missing_was_told(steps: list[str]) -> None:
    pair = small()
    pushed = 0
    connected = True
    for step in steps:
        if step == "push":
            pair.server.push(api_body(pushed))
            pushed += 1
        elif step == "run" and connected:
            pair.run()
        elif step == "lose":
            pair.from_server()
        elif step == "disconnect" and connected:
            pair.disconnect()
            connected = False
        elif step == "connect" and not connected:
            pair.connect()
            connected = True
        elif step == "age":
            pair.now += ANSWER_LIFETIME / 2
    pair.reconnect()
    pair.run()
    came: list[Any] = [event.body for event in of(pair.client_events, Update)]
    assert len(set(came)) == len(came)
    missing = {api_body(number) for number in range(pushed)} - set(came)
    assert not missing or of(pair.client_events, UpdatesGap)
    if "age" not in steps and "lose" not in steps:
        assert bool(missing) == bool(of(pair.client_events, UpdatesGap))
