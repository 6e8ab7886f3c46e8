"""What a server keeps for a client that does not take it is bounded in bytes, and ends with age, attached or not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtproto.session.events import UpdatesGap
from mtproto.session.inbox import MessageStatus
from mtproto.session.kept import Kept
from mtproto.session.server_outbox import ANSWER_LIFETIME, KEPT_WITH_EACH
from tests.session.harness import Pair, api_body, of, query, unanswered
from tl import service

SIZE = 1000
ONE = SIZE + 12 + KEPT_WITH_EACH
"""What an answer of 1,000 bytes counts for."""


def with_room_for(answers: int) -> Pair:
    """Return a pair whose server keeps so many answers; its queries are answered by the test."""
    pair = unanswered()
    pair.from_client()
    pair.server._outbox._kept.limit = answers * ONE
    return pair


def answered(pair: Pair, count: int) -> list[int]:
    """Let queries be answered; return their ids."""
    queries = [query(pair, number) for number in range(count)]
    for msg_id in queries:
        pair.server.answer(msg_id, api_body(msg_id & 0xFF, SIZE))
    return queries


def kept(pair: Pair) -> list[int]:
    """Return the ids of the queries whose answers are kept."""
    return [record.msg_id for record in pair.server._register._records.values() if record.answer is not None]


def states(pair: Pair, msg_ids: list[int]) -> set[int]:
    return {pair.server._parts.status(msg_id).kind for msg_id in msg_ids}


# Bytes


def test_answers_beyond_the_bound_are_forgotten_the_oldest_first() -> None:
    pair = with_room_for(8)
    queries = answered(pair, 9)
    assert kept(pair) == queries[3:]  # a quarter of the room is free again
    assert states(pair, queries[:3]) == {MessageStatus.UNKNOWN}
    assert states(pair, queries[3:]) == {MessageStatus.RECEIVED}
    assert pair.server.kept == 6 * ONE


def test_of_what_is_kept_that_which_was_sent_goes_first() -> None:
    pair = with_room_for(8)
    sent = answered(pair, 2)
    pair.from_server()
    first = answered(pair, 1)
    pair.from_server()
    waiting = answered(pair, 6)
    assert kept(pair) == waiting
    assert states(pair, sent + first) == {MessageStatus.UNKNOWN}


def test_without_a_connection_the_bound_is_the_same() -> None:
    pair = with_room_for(8)
    queries = [query(pair, number) for number in range(20)]
    pair.disconnect()
    for msg_id in queries:
        pair.server.answer(msg_id, api_body(1, SIZE))
        assert pair.server.kept <= 8 * ONE
    assert kept(pair) == queries[-len(kept(pair)) :]


def test_what_the_client_acknowledges_counts_no_longer() -> None:
    pair = unanswered()
    answered(pair, 2)
    assert pair.server.kept == 2 * ONE
    for payload in pair.from_server():
        pair.from_client_now(service.types.MsgsAck(msg_ids=[message.msg_id for message in pair.open_server(payload)]))
    assert pair.server.kept == 0


def test_an_answer_larger_than_the_bound_is_not_kept_at_the_cost_of_memory() -> None:
    pair = with_room_for(8)
    (small,) = answered(pair, 1)
    large = query(pair, 2)
    pair.server.answer(large, api_body(2, 9 * ONE))
    assert kept(pair) == []
    assert states(pair, [small, large]) == {MessageStatus.UNKNOWN}


def test_updates_that_wait_are_bounded_in_bytes_and_the_gap_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtproto.session.server_outbox.UPDATES_BYTES", 3 * SIZE)
    pair = unanswered()
    for number in range(3):
        assert pair.server.has_room
        pair.server.push(api_body(number, SIZE))
    assert not pair.server.has_room
    pair.server.push(api_body(3, SIZE))
    assert [message.body for message in pair.server._outbox._queue] == [api_body(number, SIZE) for number in (1, 2, 3)]
    assert len(of(pair.run(), UpdatesGap)) == 1


def test_updates_that_are_given_up_for_room_are_told_as_a_gap() -> None:
    pair = with_room_for(4)
    for number in range(6):
        pair.server.push(api_body(number, SIZE))
    assert pair.server.kept <= 4 * ONE
    assert len(of(pair.run(), UpdatesGap)) == 1


# Age


@pytest.mark.parametrize("sent", [False, True])
def test_without_a_connection_answers_end_with_age(sent: bool) -> None:
    pair = unanswered()
    queries = answered(pair, 3)
    if sent:
        pair.from_server()
    pair.disconnect()
    pair.server.forget_old(pair.now)
    pair.server.forget_old(pair.now + ANSWER_LIFETIME - 1)
    assert kept(pair) == queries
    pair.server.forget_old(pair.now + ANSWER_LIFETIME)
    assert kept(pair) == []
    assert states(pair, queries) == {MessageStatus.UNKNOWN}
    assert pair.server.kept == 0
    assert len(pair.server._outbox._queue) == 0


def test_an_answer_that_came_late_has_the_same_age() -> None:
    pair = unanswered()
    late = query(pair, 1)
    pair.disconnect()
    pair.now += 3 * ANSWER_LIFETIME
    pair.server.forget_old(pair.now)
    pair.server.answer(late, api_body(1, SIZE))
    pair.server.forget_old(pair.now + 60)
    pair.server.forget_old(pair.now + ANSWER_LIFETIME)
    assert kept(pair) == [late]
    pair.server.forget_old(pair.now + 60 + ANSWER_LIFETIME)
    assert kept(pair) == []


def test_updates_that_were_never_sent_wait_for_the_client() -> None:
    pair = unanswered()
    pair.disconnect()
    pair.server.push(api_body(1))
    for age in (0, ANSWER_LIFETIME, 5 * ANSWER_LIFETIME):
        pair.server.forget_old(pair.now + age)
    assert [message.body for message in pair.server._outbox._queue] == [api_body(1)]


# Levels


def test_each_level_is_bounded_and_makes_room_for_a_quarter() -> None:
    asked: list[tuple[str, int]] = []
    top = Kept(100, lambda size: asked.append(("top", size)))
    key = Kept(80, lambda size: asked.append(("key", size)), top)
    one, other = (Kept(40, lambda size: asked.append(("session", size)), key) for _ in range(2))
    one.add(40)
    other.add(40)
    assert asked == []
    one.add(2)
    assert asked == [("session", 12), ("key", 22)]
    one.leave()
    assert (one.bytes, other.bytes, key.bytes, top.bytes) == (42, 40, 40, 40)
    one.add(1)
    assert (key.bytes, top.bytes) == (40, 40)


STEPS = st.lists(
    st.sampled_from(["call", "answer", "large", "push", "send", "lose", "ack", "drop", "cut", "return", "age"]),
    max_size=60,
)


@given(steps=STEPS)
@settings(max_examples=40)
def test_the_count_is_always_that_of_what_is_there(steps: list[str]) -> None:
    pair = with_room_for(6)
    server = pair.server
    acts: dict[str, Callable[[], object]] = {
        "call": lambda: query(pair),
        "answer": lambda: answer_first(pair, SIZE),
        "large": lambda: answer_first(pair, 3 * SIZE),
        "push": lambda: server.push(api_body(2, SIZE)),
        "send": lambda: [pair.to_client(payload) for payload in pair.from_server()],
        "lose": pair.from_server,
        "ack": lambda: pair.wait(31),
        "drop": lambda: server.release(2 * ONE, unsent=True),
        "cut": pair.disconnect,
        "return": pair.connect,
        "age": lambda: server.forget_old(pair.now + ANSWER_LIFETIME / 2),
    }
    for step in steps:
        acts[step]()
        there = {*server._outbox._stored.values(), *(message for message in server._outbox._queue if message.content)}
        assert server.kept == sum(KEPT_WITH_EACH + len(message.body) for message in there) <= 6 * ONE
        waiting = list(server._outbox._queue)
        assert server.unsent_answers == sum(len(message.body) for message in waiting if message.query)
        updates = [message for message in waiting if message.update and not message.msg_id]
        queue = server._outbox._queue
        assert (queue.updates, queue.update_bytes) == (len(updates), sum(len(u.body) for u in updates))


def answer_first(pair: Pair, size: int) -> None:
    """Answer the first of the queries that wait for an answer."""
    for record in pair.server._register._records.values():
        if record.query and not record.answered:
            pair.server.answer(record.msg_id, api_body(1, size))
            return
