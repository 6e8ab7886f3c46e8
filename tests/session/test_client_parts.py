"""The small parts of a client session: events, connection, packets that were sent, notices of new sessions."""

from __future__ import annotations

from mtproto.session.connection_state import ConnectionState
from mtproto.session.event_queue import EventQueue
from mtproto.session.sent_packets import SentPackets
from mtproto.session.session_notices import SessionNotices
from tests.session.parts import make_parts, sealed


def test_events_are_taken_once_in_the_order_in_which_they_were_told() -> None:
    events: EventQueue[int] = EventQueue()
    for number in range(4):
        events.tell(number)
    events.withdraw(lambda number: number == 2)
    assert len(events) == 3
    assert events.take() == [0, 1, 3]
    assert not events
    assert events.take() == []


def test_a_connection_is_usable_until_it_breaks_or_is_lost() -> None:
    connection = ConnectionState()
    assert not connection.usable
    connection.made()
    assert (connection.up, connection.usable) == (True, True)
    connection.breaks()
    assert (connection.up, connection.usable, connection.broken) == (True, False, True)
    connection.lost()
    assert (connection.up, connection.usable, connection.broken) == (False, False, False)


def test_a_connection_that_broke_before_it_was_there_is_usable_once_it_is_made_anew() -> None:
    connection = ConnectionState()
    connection.breaks()
    connection.made()
    assert connection.usable


def test_what_a_packet_carried_is_told_once_and_only_until_it_was_accepted() -> None:
    [request] = sealed(make_parts())
    sent = SentPackets()
    for packet_id in (4, 8):
        sent.note(packet_id, (request,))
    sent.accepted(4)
    assert sent.refused(4) is None
    assert sent.refused(8) == (request,)
    assert sent.refused(8) is None


def test_a_token_of_a_quick_ack_counts_once_and_on_its_connection_only() -> None:
    sent = SentPackets()
    sent.note_quick_ack(1, (4, 8))
    sent.note_quick_ack(2, (12,))
    assert sent.quick_acked(1) == (4, 8)
    assert sent.quick_acked(1) == ()
    sent.clear()
    assert sent.quick_acked(2) == ()


def test_a_notice_of_a_new_session_is_new_once_and_the_highest_of_a_packet_counts() -> None:
    notices = SessionNotices()
    assert not notices.any_known
    assert notices.note(1, 40)
    assert notices.note(2, 20)
    assert not notices.note(1, 40)
    assert notices.note(1, 48)
    assert notices.note(3, 44)
    assert notices.any_known
    assert notices.take_lost_below() == 48
    assert notices.take_lost_below() == 0
