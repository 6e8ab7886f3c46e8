"""What a session keeps because of its peer has a bound: the oldest goes, and what is to be sent goes in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.limits import Limits
from mtproto.session.inbox import Seen
from mtproto.session.outbox import DROPPED_LIFETIME
from mtproto.session.server_records import EVICTED_AT_ONCE, Received, Register
from mtproto.session.session_notices import NEW_SESSIONS_KEPT
from tests.session.harness import Pair, api_body, query, results, unanswered
from tl import service

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tl import TLObject

FEW = 3


def test_a_client_knows_the_latest_notices_of_new_sessions_only() -> None:
    pair = Pair()
    for number in range(NEW_SESSIONS_KEPT + FEW):
        notice = service.types.NewSessionCreated(first_msg_id=4, unique_id=number, server_salt=1)
        pair.from_server_now(notice, 2 * number + 1)
    assert [unique_id for unique_id, _ in pair.client._parts.notices._known] == list(
        range(FEW, NEW_SESSIONS_KEPT + FEW)
    )


def test_a_client_waits_for_late_answers_of_cancelled_calls_for_a_time_only() -> None:
    pair = Pair()
    known = []
    for number, seconds in enumerate((DROPPED_LIFETIME - 1, 1.0, 0.0)):
        pair.client.cancel(pair.sent_request(number), pair.now)
        known.append(len(pair.client._parts.outbox.dropped))
        pair.now += seconds
    assert known == [1, 2, 2]


def ids_acknowledged(pull: Callable[[], list[TLObject]]) -> list[int]:
    """Return how many ids each msgs_ack has that is sent now."""
    said: list[Any] = pull()
    return [len(message.msg_ids) for message in said if message.NAME == "msgs_ack"]


def test_a_list_of_acks_of_a_client_ends_at_the_limit() -> None:
    pair = Pair(limits=Limits(acks_sent=FEW))
    for number in range(20):
        pair.from_server_now(api_body(number), 2 * number + 1, 3)
    counts = ids_acknowledged(pair.said_by_client)
    assert max(counts) == FEW
    assert sum(counts) == 20


def test_a_list_of_acks_of_a_server_ends_at_the_limit() -> None:
    pair = Pair(server_limits=Limits(acks_sent=FEW), answer=lambda _query: None)
    for number in range(20):
        query(pair, number)
    counts = ids_acknowledged(pair.said_by_server)
    assert max(counts) == FEW
    assert sum(counts) == 20


def test_a_server_forgets_the_oldest_answer_where_too_many_are_not_acknowledged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mtproto.session.server_outbox.STORED_AT_MOST", FEW)
    pair = unanswered()
    ids = [query(pair, number) for number in range(FEW + 2)]
    for msg_id in ids:
        pair.server.answer(msg_id, api_body(7))
        results(pair)
    pair.reconnect()
    assert [answered for _, answered, _ in results(pair)] == ids[2:]


def test_a_server_forgets_the_oldest_messages_that_are_done_with() -> None:
    register = Register(Limits(remembered_message_ids=FEW), 0)
    last = 4 * 1000
    for msg_id in range(4, last + 1, 4):
        register.remember(Received(msg_id, 0))
    assert len(register._records) <= FEW + EVICTED_AT_ONCE
    assert register.look_up(4) is Seen.TOO_OLD
    assert register.look_up(last) is Seen.BEFORE


def test_a_server_remembers_the_latest_questions_that_are_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mtproto.session.server_questions.QUESTIONS_KEPT", FEW)
    pair = unanswered()
    pair.server.push(api_body(1))
    pair.from_server()
    pings = []
    for _ in range(FEW + 2):
        pings.append(pair.server.ping())
        pair.server.ask_states()
        pair.from_server()
    assert [ping_id for ping_id, _ in pair.server._questions._pings.values()] == pings[2:]
    assert len(pair.server._questions._asked) == FEW
