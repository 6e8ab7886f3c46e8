"""Service messages on their way and waiting for answers: their order, their bounds, what outlives what."""

from __future__ import annotations

import pytest

from mtproto.session.questions import LARGE, LARGE_QUEUED, QUESTIONS_KEPT, SERVICES_QUEUED, Questions
from mtproto.session.request import Request
from mtproto.session.service_messages import ANSWERED, MAX_REFUSALS, MessageKind, ServiceMessage
from tests.session.parts import NOW

ALL = 1 << 30


def take(questions: Questions) -> list[ServiceMessage]:
    """Take all messages out, and seal them under ids of their own."""
    taken = questions.take(ALL, ALL)
    for number, item in enumerate(taken):
        item.sealed(4 * number + 4, NOW)
    questions.sent(taken)
    return taken


def filled(*kinds: MessageKind) -> Questions:
    questions = Questions()
    for kind in kinds:
        questions.add(kind, bytes(4))
    return questions


def kinds(items: list[ServiceMessage]) -> set[MessageKind]:
    return {item.kind for item in items}


def test_messages_go_in_the_order_in_which_they_came_and_questions_about_calls_first() -> None:
    questions = filled(MessageKind.PING, MessageKind.REPLY)
    questions.ask_states([Request(b"body")])
    assert [item.kind for item in take(questions)] == [MessageKind.STATE, MessageKind.PING, MessageKind.REPLY]
    assert not questions.waiting


def test_a_packet_takes_no_more_messages_than_it_has_room_for() -> None:
    questions = filled(*[MessageKind.REPLY] * 5)
    assert len(questions.take(ALL, 2)) == 2
    assert len(questions.take(2 * 20, ALL)) == 2  # with a header of 16 bytes for each
    assert questions.waiting


@pytest.mark.parametrize(("size", "most"), [(LARGE, SERVICES_QUEUED), (LARGE + 4, LARGE_QUEUED)])
@pytest.mark.parametrize("kind", MessageKind)
def test_where_too_many_messages_wait_those_are_left_out_that_can_be_done_without(
    kind: MessageKind, size: int, most: int
) -> None:
    questions = filled(*[MessageKind.REPLY] * most)
    questions.add(kind, bytes(size))
    left_out = kind in (MessageKind.REPLY, MessageKind.RESEND, MessageKind.DROP)
    assert len(questions.take(ALL, ALL)) == most + (not left_out)


def test_exactly_those_messages_stay_open_that_the_server_answers() -> None:
    questions = filled(*MessageKind)
    taken = take(questions)
    assert kinds([item for item in taken if questions.find(item.msg_id) is item]) == ANSWERED


def test_the_oldest_question_without_an_answer_is_forgotten() -> None:
    questions = filled(*[MessageKind.PING] * (QUESTIONS_KEPT + 2))
    take(questions)
    assert [bool(questions.find(msg_id)) for msg_id in (4, 8, 12)] == [False, False, True]


def test_a_question_is_under_way_from_its_queue_to_its_answer() -> None:
    questions = filled(MessageKind.SALTS)
    assert questions.under_way(MessageKind.SALTS)
    [item] = take(questions)
    assert questions.under_way(MessageKind.SALTS)
    assert questions.open_of(MessageKind.SALTS) == [item]
    questions.close(item)
    questions.close(item)
    assert not questions.under_way(MessageKind.SALTS)


def test_a_message_that_the_server_holds_back_is_asked_for_once() -> None:
    questions = Questions()
    for msg_id in (7, 7, 9, 9):
        questions.ask_resend(msg_id, None)
    taken = take(questions)
    assert [item.ids for item in taken] == [(7,), (9,)]
    questions.close(taken[0])
    questions.packet_begins()
    questions.ask_resend(7, None)
    questions.ask_resend(9, None)
    assert [item.ids for item in take(questions)] == [(7,)]


def test_a_lost_connection_leaves_what_has_to_reach_the_server() -> None:
    questions = filled(*MessageKind)
    take(questions)
    for kind in MessageKind:
        questions.add(kind, bytes(4))
    questions.connection_lost()
    lasting = [MessageKind.DROP, MessageKind.DESTROY_SESSION, MessageKind.DESTROY_AUTH_KEY]
    assert [item.kind for item in questions.take(ALL, ALL)] == [*lasting, *lasting]
    assert not any(map(questions.open_of, MessageKind))


def test_a_question_is_not_sent_over_one_connection_after_the_other_for_ever() -> None:
    questions = filled(MessageKind.DROP)
    for _ in range(MAX_REFUSALS + 1):
        assert len(take(questions)) == 1
        questions.connection_lost()
    assert not questions.waiting


def test_a_session_that_was_given_up_is_to_be_destroyed_and_takes_its_questions_along() -> None:
    questions = filled(*MessageKind)
    take(questions)
    for kind in MessageKind:
        questions.add(kind, bytes(4))
    questions.session_ended(77)
    left = questions.take(ALL, ALL)
    kept = {MessageKind.PING, MessageKind.SALTS, MessageKind.DESTROY_SESSION, MessageKind.DESTROY_AUTH_KEY}
    assert kinds(left) == kept
    assert left[-1].ids == (77,)
    assert not any(map(questions.open_of, MessageKind))


def test_the_last_questions_of_a_session_are_those_about_calls() -> None:
    questions = filled(MessageKind.PING)
    questions.ask_states([Request(b"body")])
    [question] = questions.take_final_states()
    assert (question.kind, question.final) == (MessageKind.STATE, True)
    assert kinds(questions.take(ALL, ALL)) == {MessageKind.PING}


def test_refusals_of_state_questions_add_up_until_one_is_answered() -> None:
    questions = Questions()

    def refuse() -> bool:
        item = ServiceMessage(MessageKind.STATE, bytes(4))
        item.refused()
        return questions.refused_too_often(item)

    assert [refuse() for _ in range(MAX_REFUSALS + 1)] == [False] * MAX_REFUSALS + [True]
    questions.states_told()
    assert not refuse()


def test_refusals_of_other_messages_are_counted_for_each() -> None:
    questions = Questions()
    item = ServiceMessage(MessageKind.PING, bytes(4))
    for _ in range(MAX_REFUSALS):
        item.refused()
    assert not questions.refused_too_often(item)
    item.refused()
    assert questions.refused_too_often(item)
