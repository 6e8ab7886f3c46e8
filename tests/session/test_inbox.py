"""Which ids were seen, and what has to be acknowledged."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mtproto.limits import DEFAULT_LIMITS
from mtproto.session.inbox import ACK_DELAY, ACKS_QUEUED, Inbox, Seen

TEN = replace(DEFAULT_LIMITS, remembered_message_ids=10)


@given(st.lists(st.integers(1, 60), max_size=80))
def test_an_id_is_new_once_and_never_new_again(msg_ids: list[int]) -> None:
    inbox = Inbox(TEN)
    accepted: set[int] = set()
    for msg_id in msg_ids:
        seen = inbox.look_up(msg_id)
        assert (seen is Seen.NEW) <= (msg_id not in accepted)
        if seen is Seen.NEW:
            inbox.remember(msg_id)
            accepted.add(msg_id)
            assert inbox.look_up(msg_id) in (Seen.BEFORE, Seen.TOO_OLD)


@given(st.permutations(range(1, 11)))
def test_as_many_ids_as_the_limit_says_are_remembered(msg_ids: list[int]) -> None:
    inbox = Inbox(TEN)
    for msg_id in msg_ids:
        inbox.remember(msg_id)
    assert all(inbox.look_up(msg_id) is Seen.BEFORE for msg_id in msg_ids)
    inbox.remember(11)
    assert inbox.look_up(1) is Seen.TOO_OLD
    assert inbox.look_up(2) is Seen.BEFORE


def test_acks_are_due_when_more_than_sixteen_wait_or_after_a_while() -> None:
    inbox = Inbox(DEFAULT_LIMITS)
    for msg_id in range(16):
        inbox.acknowledge(msg_id, 100.0)
    assert not inbox.acks_due(100.0)
    assert inbox.ack_deadline == 100.0 + ACK_DELAY
    assert inbox.acks_due(100.0 + ACK_DELAY)
    inbox.acknowledge(16, 100.0)
    assert inbox.acks_due(100.0)
    assert inbox.take_acks(8192) == list(range(17))
    assert not inbox.acks_due(1000.0)


def test_a_deadline_that_was_reached_is_not_named_again() -> None:
    inbox = Inbox(DEFAULT_LIMITS)
    inbox.acknowledge(1, 100.0)
    inbox.tick(100.0 + ACK_DELAY)
    inbox.acknowledge(2, 100.0 + ACK_DELAY)
    assert inbox.ack_deadline == float("inf")
    assert inbox.acks_due(100.0 + ACK_DELAY)


def test_the_documented_status_bytes() -> None:
    inbox = Inbox(TEN)
    for msg_id in range(10, 130, 10):
        inbox.remember(msg_id)
    inbox.acknowledge(120, 0.0)
    assert [int(inbox.status(msg_id)) for msg_id in (15, 115, 121, 120, 110)] == [1, 2, 3, 4, 12]


def test_acks_for_a_connection_that_takes_nothing_fill_no_memory() -> None:
    inbox = Inbox(DEFAULT_LIMITS)
    for msg_id in range(ACKS_QUEUED + 10):
        inbox.acknowledge(msg_id, 0.0)
    assert len(inbox.acks) == ACKS_QUEUED
