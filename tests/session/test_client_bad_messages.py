"""Every code of bad_msg_notification and bad_server_salt: what the client does about it.

core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message
"""

from __future__ import annotations

import pytest

from mtproto.errors import OutcomeUnknown
from mtproto.session import BAD_MESSAGES, HttpWait, MessageRefused, RequestState
from mtproto.session.bad_messages import describe
from mtproto.session.events import (
    Anomaly,
    BadMessage,
    NotAccepted,
    RequestLost,
    Resent,
    Result,
    SaltChanged,
    SessionRenewed,
)
from tests.session.harness import MAX_BYTES, Pair, api_body, of, refused, settled
from tl import service

types, functions = service.types, service.functions


@pytest.fixture
def pair() -> Pair:
    return settled()


def test_the_table_names_every_documented_code() -> None:
    assert sorted(BAD_MESSAGES) == [16, 17, 18, 19, 20, 32, 33, 34, 35, 48, 64]
    for entry in BAD_MESSAGES.values():
        assert not (entry.retryable and entry.fatal)


def test_an_unknown_code_is_fatal_for_the_call() -> None:
    assert describe(99).fatal
    assert "99" in str(MessageRefused(99))


@pytest.mark.parametrize("code", [16, 48, 64])
def test_client_sends_again_under_a_new_id_after(pair: Pair, code: int) -> None:
    request, old = refused(pair, code)
    session_id = pair.client.session_id
    events = pair.run()
    assert of(events, BadMessage) == [BadMessage(old, code)]
    assert [(event.request, event.old_msg_id) for event in of(events, Resent)] == [(request, old)]
    assert [event.request for event in of(events, Result)] == [request]
    assert pair.executed == [api_body(1)]
    assert pair.client.session_id == session_id


@pytest.mark.parametrize("code", [17, 19, 32, 33])
def test_client_sends_again_in_a_new_session_after(pair: Pair, code: int) -> None:
    request, old = refused(pair, code)
    old_session = pair.client.session_id
    events = pair.run()
    (renewed,) = of(events, SessionRenewed)
    assert (renewed.old_session_id, renewed.session_id, renewed.code) == (old_session, pair.client.session_id, code)
    assert old_session != pair.client.session_id
    assert [(event.request, event.old_msg_id) for event in of(events, Resent)] == [(request, old)]
    assert [event.request for event in of(events, Result)] == [request]
    assert pair.executed == [api_body(1)]


@pytest.mark.parametrize("code", [18, 34, 35, 99])
def test_client_ends_the_call_after(pair: Pair, code: int) -> None:
    request, _ = refused(pair, code)
    (lost,) = of(pair.run(), RequestLost)
    assert lost.request is request
    assert isinstance(lost.error, MessageRefused)
    assert lost.error.code == code
    assert pair.executed == []
    later = pair.send(2)
    assert [event.request for event in of(pair.run(), Result)] == [later]


def test_client_does_not_know_the_outcome_after_20(pair: Pair) -> None:
    request, _ = refused(pair, 20)
    (lost,) = of(pair.run(), RequestLost)
    assert lost.request is request
    assert isinstance(lost.error, OutcomeUnknown)


def test_client_sends_an_idempotent_call_again_after_20(pair: Pair) -> None:
    request, _ = refused(pair, 20, idempotent=True)
    assert [event.request for event in of(pair.run(), Result)] == [request]


@pytest.mark.parametrize("code", sorted(BAD_MESSAGES))
def test_client_works_on_after(pair: Pair, code: int) -> None:
    refused(pair, code)
    pair.run()
    later = pair.send(2)
    assert [event.request for event in of(pair.run(), Result)] == [later]


def test_client_takes_the_salt_of_bad_server_salt(pair: Pair) -> None:
    pair.salts.rotate(pair.now)
    request = pair.send(1)
    events = pair.run()
    assert of(events, SaltChanged)
    assert [event.request for event in of(events, Result)] == [request]
    assert pair.state.salt_at(pair.now) == pair.salts.current(pair.now)


def test_client_understands_bad_server_salt_for_a_container(pair: Pair) -> None:
    requests = [pair.send(number) for number in range(3)]
    pair.client.ping()
    (packet,) = pair.from_client()
    pair.salts.rotate(pair.now)
    pair.to_server(packet)
    assert [event.code for event in of(pair.server_events, NotAccepted)] == [48]
    events = pair.run()
    assert [event.request for event in of(events, Result)] == requests
    assert [type(event).__name__ for event in events].count("Pong") == 1
    assert pair.executed == [api_body(number) for number in range(3)]


@pytest.mark.parametrize("code", [16, 64])
def test_client_understands_a_code_for_a_container(pair: Pair, code: int) -> None:
    requests = [pair.send(number) for number in range(3)]
    (packet,) = pair.from_client()
    pair.server.refuse_next(code)
    pair.to_server(packet)
    assert [event.request for event in of(pair.run(), Result)] == requests


def test_client_sends_the_calls_of_an_invalid_container_one_by_one(pair: Pair) -> None:
    requests = [pair.send(number) for number in range(3)]
    (packet,) = pair.from_client()
    pair.server.refuse_next(64)
    pair.to_server(packet)
    for notice in pair.from_server():
        pair.to_client(notice)
    packets = pair.from_client()
    assert [len(pair.open_client(packet)) for packet in packets] == [1, 1, 1]
    for packet in packets:
        pair.to_server(packet)
    assert [event.request for event in of(pair.run(), Result)] == requests


def test_client_keeps_the_order_of_calls_that_it_sends_again(pair: Pair) -> None:
    first = [pair.send(number) for number in range(3)]
    (packet,) = pair.from_client()
    later = [pair.send(number) for number in range(3, 6)]
    pair.server.refuse_next(48)
    pair.to_server(packet)
    for notice in pair.from_server():
        pair.to_client(notice)
    (packet,) = pair.from_client()
    sent = [message.body for message in pair.open_client(packet) if message.seqno & 1]
    assert sent == [request.body for request in first + later]


def test_client_sends_acks_again_that_were_in_a_refused_packet(pair: Pair) -> None:
    msg_id = pair.server_id(3)
    pair.to_client(pair.forge(api_body(7), msg_id, 1))
    pair.sent_request(1)
    pair.server.refuse_next(48)
    pair.to_server(pair.lost_packets[0])
    for notice in pair.from_server():
        pair.to_client(notice)
    acks = [said for packet in pair.from_client() for said in pair.open_client(packet)]
    assert any(said.body == types.MsgsAck(msg_ids=[msg_id]).to_bytes() for said in acks)


@pytest.mark.parametrize("code", [16, 17, 20, 48])
def test_client_ignores_codes_for_what_it_did_not_send(pair: Pair, code: int) -> None:
    request = pair.sent_request(1)
    salts = list(pair.state.salts)
    unknown = request.msg_id + 4
    notice: service.boxed.BadMsgNotification
    if code == 48:
        notice = types.BadServerSalt(bad_msg_id=unknown, bad_msg_seqno=1, error_code=48, new_server_salt=4242)
    else:
        notice = types.BadMsgNotification(bad_msg_id=unknown, bad_msg_seqno=1, error_code=code)
    assert [type(event) for event in pair.from_server_now(notice)] == [Anomaly]
    assert pair.state.salts == salts
    assert request.state is RequestState.SENT


def test_client_ignores_codes_for_ids_that_a_call_no_longer_has(pair: Pair) -> None:
    request, old = refused(pair, 48)
    for packet in pair.from_server():
        pair.to_client(packet)
    pair.from_client()
    assert request.msg_id != old
    notice = types.BadMsgNotification(bad_msg_id=old, bad_msg_seqno=1, error_code=34)
    assert [type(event) for event in pair.from_server_now(notice)] == [Anomaly]
    assert request.state is RequestState.SENT


@pytest.mark.parametrize("code", [16, 20, 34])
def test_client_ignores_codes_for_what_the_server_has_acknowledged(pair: Pair, code: int) -> None:
    request = pair.sent_request(1)
    pair.from_server_now(types.MsgsAck(msg_ids=[request.msg_id]))
    notice = types.BadMsgNotification(bad_msg_id=request.msg_id, bad_msg_seqno=1, error_code=code)
    assert [type(event) for event in pair.from_server_now(notice)] == [Anomaly]
    assert request.state is RequestState.ACKED


@pytest.mark.parametrize(("code", "attempts"), [(16, 2), (17, 2), (48, 6), (64, 6), (32, 6)])
def test_client_does_not_try_for_ever(pair: Pair, code: int, attempts: int) -> None:
    request = pair.send(1)
    seen = 0
    for _ in range(20):
        for packet in pair.from_client():
            pair.opened_packet(packet)
            if any(message.body == request.body for message in pair.open_client(packet)):
                seen += 1
                pair.server.refuse_next(code)
            pair.to_server(packet)
        for packet in pair.from_server():
            pair.to_client(packet)
    lost = of(pair.client_events, RequestLost)
    assert [event.request for event in lost] == [request]
    assert isinstance(lost[0].error, MessageRefused)
    assert seen == attempts


def test_client_does_not_try_a_service_message_for_ever(pair: Pair) -> None:
    ping_id = pair.client.ping()
    seen = 0
    for _ in range(20):
        for packet in pair.from_client():
            seen += functions.Ping(ping_id=ping_id).to_bytes() in [message.body for message in pair.open_client(packet)]
            pair.server.refuse_next(48)
            pair.to_server(packet)
        for packet in pair.from_server():
            pair.to_client(packet)
    assert seen == 6


def test_client_does_not_send_a_refused_http_wait_again(pair: Pair) -> None:
    pair.send(1)
    packet = pair.client.next_packet(pair.now, max_bytes=MAX_BYTES, http_wait=HttpWait(0, 0, 25000))
    assert packet is not None
    assert len(pair.open_client(packet.payload)) == 2
    pair.server.refuse_next(48)
    pair.to_server(packet.payload)
    for notice in pair.from_server():
        pair.to_client(notice)
    again = [message.body for packet in pair.from_client() for message in pair.open_client(packet)]
    assert again == [api_body(1)]


def test_client_forgets_refusals_once_the_call_was_accepted(pair: Pair) -> None:
    request, _ = refused(pair, 16, idempotent=True)
    for notice in pair.from_server():
        pair.to_client(notice)
    pair.from_client()
    pair.from_server_now(types.MsgsAck(msg_ids=[request.msg_id]))
    salt = pair.salts.current(pair.now)
    forgot = types.NewSessionCreated(first_msg_id=pair.client_id(), unique_id=5, server_salt=salt)
    pair.from_server_now(forgot, 1, 3)
    (packet,) = pair.from_client()
    pair.server.refuse_next(16)
    pair.to_server(packet)
    assert [event.request for event in of(pair.run(), Result)] == [request]


@pytest.mark.parametrize("code", [16, 17])
def test_client_names_both_times_when_the_ids_make_no_sense(pair: Pair, code: int) -> None:
    pair.send(1)
    for _ in range(10):
        for packet in pair.from_client():
            pair.opened_packet(packet)
            pair.server.refuse_next(code)
            pair.to_server(packet)
        for packet in pair.from_server():
            pair.to_client(packet)
    text = str(of(pair.client_events, RequestLost)[0].error)
    assert text.count("2023-11-14T22:1") == 2


def test_client_asks_about_a_call_that_is_too_old_only_because_it_was_delayed(pair: Pair) -> None:
    request = pair.sent_request(1)
    pair.to_server(pair.lost_packets[0])
    pair.from_server()
    pair.now += 301
    notice = types.BadMsgNotification(bad_msg_id=request.msg_id, bad_msg_seqno=1, error_code=16)
    pair.from_server_now(notice)
    assert request.state is RequestState.UNKNOWN
    pair.wait(60)
    assert [event.request for event in of(pair.client_events, Result)] == [request]
    assert pair.executed == [api_body(1)]


def test_client_waits_for_the_fate_of_other_calls_before_it_gives_a_session_up(pair: Pair) -> None:
    pair.answer = lambda _query: None
    first = pair.sent_request(1)
    pair.to_server(pair.lost_packets[0])
    second, _ = refused(pair, 32)
    for notice in pair.from_server():
        pair.to_client(notice)
    assert second.state is RequestState.QUEUED
    assert pair.from_client() == []
    pair.server.answer(first.msg_id, api_body(7))
    for answer in pair.from_server():
        pair.to_client(answer)
    assert [event.request for event in of(pair.client_events, Result)] == [first]
    assert len(of(pair.client_events, SessionRenewed)) == 1
    assert pair.from_client()


def test_client_asks_about_other_calls_before_it_gives_a_session_up(pair: Pair) -> None:
    first = pair.sent_request(1)  # its packet is lost
    second, _ = refused(pair, 32)
    for notice in pair.from_server():
        pair.to_client(notice)
    third = pair.send(3)
    assert pair.said_by_client() == [types.MsgsStateReq(msg_ids=[first.msg_id])]
    pair.reconnect()
    events = pair.run()
    assert [event.request for event in of(events, Result)] == [first, second, third]
    assert len(of(events, SessionRenewed)) == 1
    assert sorted(pair.executed) == [api_body(1), api_body(1), api_body(3)]


def test_client_gives_a_session_up_at_once_that_accepts_no_questions(pair: Pair) -> None:
    first = pair.sent_request(1)
    second, _ = refused(pair, 32)
    for notice in pair.from_server():
        pair.to_client(notice)
    (question,) = pair.from_client()
    pair.server.refuse_next(32)
    pair.to_server(question)
    events = pair.run()
    assert [event.request for event in of(events, RequestLost)] == [first]
    assert [event.request for event in of(events, Result)] == [second]


def test_client_does_not_wait_for_ever_before_it_gives_a_session_up(pair: Pair) -> None:
    pair.answer = lambda query: None if query.body == api_body(1) else query.body
    first = pair.sent_request(1)
    pair.to_server(pair.lost_packets[0])
    second = pair.sent_request(2)
    pair.server.refuse_next(32)
    pair.to_server(pair.lost_packets[0])
    events = pair.wait(65)
    lost = of(events, RequestLost)
    assert [event.request for event in lost] == [first]
    assert isinstance(lost[0].error, OutcomeUnknown)
    assert [event.request for event in of(events, Result)] == [second]


def test_client_counts_only_connected_time_before_it_gives_a_session_up(pair: Pair) -> None:
    pair.answer = lambda _query: None
    first = pair.sent_request(1)
    pair.to_server(pair.lost_packets[0])
    refused(pair, 32)
    for notice in pair.from_server():
        pair.to_client(notice)
    pair.disconnect()
    pair.now += 200
    assert pair.client.tick(pair.client_now) == []
    pair.connect()
    pair.server.answer(first.msg_id, api_body(7))
    assert [event.request for event in of(pair.run(), Result)] == [first]


def test_client_begins_a_new_session_with_new_numbers_and_ends_the_old_one(pair: Pair) -> None:
    old_session = pair.client.session_id
    refused(pair, 32)
    for notice in pair.from_server():
        pair.to_client(notice)
    (packet,) = pair.from_client()
    messages = pair.open_client(packet)
    assert pair.opened_packet(packet).session_id == pair.client.session_id != old_session
    assert [message.seqno for message in messages] == [0, 1]
    assert messages[0].body == functions.DestroySession(session_id=old_session).to_bytes()


def test_client_asks_at_once_again_when_its_question_is_refused(pair: Pair) -> None:
    request = pair.sent_request(1)
    pair.reconnect()
    pair.salts.rotate(pair.now)
    assert [event.request for event in of(pair.run(), Result)] == [request]


@pytest.mark.parametrize("with_ping", [False, True])
def test_client_sends_a_call_of_an_invalid_container_without_anything_else(pair: Pair, with_ping: bool) -> None:
    pair.send(1)
    pair.send(2)
    (packet,) = pair.from_client()
    pair.server.refuse_next(64)
    pair.to_server(packet)
    for notice in pair.from_server():
        pair.to_client(notice)
    if with_ping:
        pair.client.ping()
    pair.to_client(pair.forge(api_body(7), pair.server_id(3), 1))
    outer = [pair.opened_packet(packet) for packet in pair.from_client()]
    assert [message.body for message in outer if message.seqno & 1] == [api_body(1), api_body(2)]
