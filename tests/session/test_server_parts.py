"""The parts of a server session, each alone: what it owns, and what its methods promise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtproto.errors import LocalProtocolError
from mtproto.limits import SERVER_LIMITS
from mtproto.message.envelope import Sender, unseal
from mtproto.session import wire
from mtproto.session.constructors import MSG_DETAILED_INFO
from mtproto.session.salts import ServerSalts
from mtproto.session.server_acks import ACK_DELAY, ServerAcks
from mtproto.session.server_outbox import ServerOutbox
from mtproto.session.server_questions import ServerQuestions
from mtproto.session.server_records import Outgoing, Received, Register
from mtproto.session.server_sealer import ServerSealer
from mtproto.session.time_window import NEVER
from tests.session.harness import START, api_body, make_key, make_random
from tl import service

# Acknowledgements


def test_acks_wait_each_once_in_order_and_are_due_after_a_second() -> None:
    acks = ServerAcks(SERVER_LIMITS)
    for msg_id in (8, 4, 8, 12):
        acks.queue(msg_id, START)
    acks.withdraw(4)
    assert (len(acks), 4 in acks, 8 in acks) == (2, False, True)
    assert (acks.due, acks.deadline) == (False, START + ACK_DELAY)
    assert acks.take(travelling=False) == []
    acks.tick(START + ACK_DELAY)
    assert (acks.due, acks.deadline) == (True, NEVER)
    assert acks.take(travelling=False) == [8, 12]
    assert not acks.due


def test_acks_are_due_at_once_where_many_wait_and_go_in_parts() -> None:
    acks = ServerAcks(replace(SERVER_LIMITS, acks_pending=2, acks_sent=2))
    for msg_id in range(3):
        acks.queue(msg_id, START)
    assert acks.due
    assert (acks.take(travelling=False), acks.due, acks.take(travelling=False), acks.due) == ([0, 1], True, [2], False)


# Questions


def test_a_ping_is_open_from_its_sending_to_its_pong() -> None:
    questions = ServerQuestions(make_random(1))
    ping_id, ping = questions.new_ping()
    assert service.decode(ping.body).ping_id == ping_id
    ping.number(5, 0, START)
    assert questions.take_ping(5, ping_id) is None
    questions.sent(ping)
    assert questions.take_ping(5, ping_id ^ 1) is None
    assert questions.take_ping(5, ping_id) == START
    assert questions.take_ping(5, ping_id) is None


def test_a_question_names_its_messages_until_it_is_answered_or_the_connection_ends() -> None:
    questions = ServerQuestions(make_random(1))
    asked, other = questions.new_state_request((1, 5)), questions.new_resend_request(4)
    for msg_id, question in ((9, asked), (13, other)):
        question.number(msg_id, 0, START)
        questions.sent(question)
    assert (questions.asked(9), questions.asked(13)) == ((1, 5), (4,))
    questions.close(9)
    assert questions.asked(9) is None
    questions.clear()
    assert questions.asked(13) is None


# Sealing


@pytest.fixture
def sealer() -> ServerSealer:
    return ServerSealer(make_key(), 7, ServerSalts(make_random(2), START), make_random(3), last_msg_id=0)


def opened(payload: bytes) -> tuple[int, int, bytes]:
    packet = unseal(make_key(), Sender.SERVER, payload)
    assert packet.session_id == 7
    return packet.msg_id, packet.seqno, packet.body


def test_a_message_alone_is_the_packet_and_is_numbered_once(sealer: ServerSealer) -> None:
    message = Outgoing(api_body(1), content=True, reply=True)
    assert opened(sealer.seal([message], START)[0]) == (message.msg_id, 1, api_body(1))
    assert (message.msg_id & 3, message.sent_at) == (1, START)
    first = message.msg_id
    msg_id, seqno, body = opened(sealer.seal([message], START)[0])
    assert (message.msg_id, seqno) == (first, 2)
    assert msg_id > first
    assert wire.read_container(body, 2) == [(first, 1, api_body(1))]


def test_ids_and_numbers_rise_in_the_order_of_the_messages(sealer: ServerSealer) -> None:
    messages = [Outgoing(api_body(n), content=n != 1, reply=False) for n in range(3)]
    msg_id, seqno, body = opened(sealer.seal(messages, START)[0])
    inner = wire.read_container(body, 3)
    assert [message.seqno for message in inner] == [1, 2, 3]
    assert seqno == 4
    assert [*(message.msg_id for message in inner), msg_id] == sorted({*(m.msg_id for m in messages), msg_id})
    assert sealer.last_msg_id == msg_id


def test_of_an_announced_message_the_announcement_travels(sealer: ServerSealer) -> None:
    message = Outgoing(api_body(1, 64), content=True, reply=True, query=4, announced=True)
    msg_id, seqno, body = opened(sealer.seal([message], START)[0])
    news = service.decode(body)
    assert wire.constructor_id(body) == MSG_DETAILED_INFO
    assert (news.msg_id, news.answer_msg_id, news.bytes) == (4, message.msg_id, 64)
    assert (msg_id > message.msg_id, seqno) == (True, 2)


# The outbox


def outbox(**limits: int) -> tuple[ServerOutbox, Register]:
    chosen = replace(SERVER_LIMITS, **limits)
    register = Register(chosen, 0)
    return ServerOutbox(chosen, register, compress=False, kept_in=None), register


def running(register: Register, msg_id: int) -> Received:
    record = Received(msg_id, 1)
    register.remember(record)
    register.begin_query(record)
    return record


def test_an_answer_ends_its_query_and_is_kept_until_it_is_delivered() -> None:
    box, register = outbox()
    record = running(register, 4)
    box.answer(record, api_body(1))
    assert (register.running, record.runs, record.open) == (0, False, True)
    [answer] = box.take(1 << 20)
    answer.number(9, 1, START)
    box.sent(answer)
    assert box.find(9) is answer
    assert box.kept > 0
    assert box.delivered([9, 13]) == [answer]
    assert (record.open, record.forgotten, box.kept, box.find(9)) == (False, False, 0, None)


def test_an_answer_that_is_forgotten_is_told_to_its_query() -> None:
    box, register = outbox()
    record = running(register, 4)
    box.answer(record, api_body(1))
    assert box.release(1, unsent=True) > 0
    assert (record.open, record.forgotten, len(box)) == (False, True, 0)


def test_an_answer_that_fits_into_no_packet_leaves_its_query_running() -> None:
    box, register = outbox(frame_accepted=4096)
    record = running(register, 4)
    with pytest.raises(LocalProtocolError, match="`frame_accepted`"):
        box.answer(record, api_body(1, 4096))
    assert record.runs
    assert register.running == 1


def test_a_lost_update_leaves_a_gap_until_a_notice_is_queued_and_a_lost_notice_leaves_it_again() -> None:
    box, _ = outbox(queued_updates=1)
    box.push(api_body(1))
    assert (box.gap, box.has_room) == (False, False)
    box.push(api_body(2))
    assert box.gap
    box.notify_of_session(api_body(3))
    assert not box.gap
    notice, update = box.take(1 << 20)
    assert [notice.body, update.body] == [api_body(3), api_body(2)]
    notice.number(5, 1, START)
    box.sent(notice)
    box.release(1, unsent=False)
    assert box.gap
