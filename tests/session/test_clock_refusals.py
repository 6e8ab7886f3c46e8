"""Refusals for a wrong clock (codes 16 and 17) that come when more than the refused call is open, or that come late."""

from __future__ import annotations

import pytest

from mtproto.errors import OutcomeUnknown
from mtproto.message.message_ids import msg_id_time
from mtproto.session import constructors, wire
from mtproto.session.events import BadMessage, RequestLost, Result, SessionRenewed
from tests.session.harness import Pair, api_body, of

HOUR = 3600.0


@pytest.mark.parametrize("ahead", [31.0, 45.0, 299.0, 331.0, 86400.0])
def test_a_call_that_is_open_when_another_one_was_too_high_is_asked_about(ahead: float) -> None:
    """Its packet may still be on its way, and its id come true: nobody but the server can say that it won't count."""
    pair = Pair(clock_error=ahead)
    first = pair.sent_request(1)
    lost = pair.lost_packets[0]
    second = pair.sent_request(2)
    pair.to_server(pair.lost_packets[0])
    events = pair.run()
    assert len(of(events, BadMessage)) == 1
    assert {event.request for event in of(events, Result)} == {first, second}
    assert not of(events, SessionRenewed)
    pair.now += ahead - 10
    pair.to_server(lost)
    pair.run()
    assert sorted(pair.executed) == [api_body(1), api_body(2)]


def test_a_call_that_was_accepted_before_another_one_was_too_high_gets_its_answer() -> None:
    pair = Pair(clock_error=25.0, answer=lambda _query: None)
    first = pair.sent_request(1)
    pair.to_server(pair.lost_packets[0])
    pair.clock_error = 45.0
    second = pair.send(2)
    pair.run()
    assert msg_id_time(second.msg_id) < pair.now + 30
    assert pair.executed == [api_body(1), api_body(2)]
    pair.wait(300)
    for request in (first, second):
        pair.server.answer(request.msg_id, api_body(7))
    pair.run()
    assert [event.request for event in of(pair.client_events, Result)] == [first, second]
    assert not of(pair.client_events, RequestLost)
    assert not of(pair.client_events, SessionRenewed)


def test_a_late_word_of_ids_that_were_too_high_lowers_nothing_any_more() -> None:
    pair = Pair(clock_error=45.0)
    for number in (1, 2):
        pair.sent_request(number)
        pair.to_server(pair.lost_packets[0])
    [notices] = pair.from_server()
    refusals = pair.open_server(notices)
    assert len(refusals) == 2
    first, second = (pair.forge(refusal.body) for refusal in refusals)
    pair.to_client(first)
    assert pair.state.time_offset == pytest.approx(-45, abs=1)
    pair.now += 20
    pair.to_client(second)
    assert pair.state.time_offset == pytest.approx(-45, abs=1)
    pair.send(3)
    assert len(of(pair.run(), Result)) == 3
    assert not of(pair.client_events, RequestLost)


def test_a_late_copy_of_a_call_that_was_sent_before_the_machine_slept_does_not_mean_a_wrong_clock() -> None:
    """The first copy was executed, the session forgotten since, and the local clock stood still meanwhile."""
    pair = Pair()
    pair.send(0)
    pair.run()
    request = pair.sent_request(1)
    pair.to_server(pair.lost_packets[0])
    pair.server_forgets()
    pair.now += HOUR
    pair.clock_error -= HOUR
    pair.to_server(pair.lost_packets[0])
    events = pair.run()
    assert [event.code for event in of(events, BadMessage)] == [16]
    [lost] = of(events, RequestLost)
    assert lost.request is request
    assert isinstance(lost.error, OutcomeUnknown)
    assert pair.executed.count(api_body(1)) == 1


def test_a_call_that_was_first_sent_after_the_machine_slept_is_sent_again() -> None:
    pair = Pair()
    pair.send(0)
    pair.run()
    pair.now += HOUR
    pair.clock_error -= HOUR
    request = pair.send(1)
    events = pair.run()
    assert [event.code for event in of(events, BadMessage)] == [16]
    assert [event.request for event in of(events, Result)] == [request]
    assert pair.executed.count(api_body(1)) == 1


def test_a_call_from_before_the_time_was_known_is_sent_again_without_a_question() -> None:
    pair = Pair(clock_error=-3600.0)
    request = pair.send(1)
    said: list[int] = []
    for _ in range(5):
        for packet in pair.from_client():
            said += [wire.constructor_id(message.body) for message in pair.open_client(packet)]
            pair.to_server(packet)
        for packet in pair.from_server():
            pair.to_client(packet)
    assert [event.request for event in of(pair.client_events, Result)] == [request]
    assert constructors.MSGS_STATE_REQ not in said
