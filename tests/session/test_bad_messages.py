"""Every code of bad_msg_notification and bad_server_salt: when the server says it, and what the client does about it.

core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mtproto.errors import OutcomeUnknown
from mtproto.session import BAD_MESSAGES, HttpWait, MessageRefused, Request, RequestState, wire
from mtproto.session.bad_messages import describe
from mtproto.session.events import (
    Anomaly,
    BadMessage,
    Query,
    Refused,
    RequestLost,
    Resent,
    Result,
    SaltChanged,
    SessionRenewed,
)
from mtproto.session.wire import Message
from tests.session.harness import MAX_BYTES, Pair, api_body, of
from tl import service

types, functions = service.types, service.functions


@pytest.fixture
def pair() -> Pair:
    """Return a pair that has said hello, so that salts and time are settled."""
    pair = Pair()
    pair.send(99)
    pair.run()
    pair.wait(60)
    pair.client_events.clear()
    pair.server_events.clear()
    pair.executed.clear()
    return pair


def refused(pair: Pair, code: int, **options: Any) -> tuple[Request, int]:
    """Send a call that the server refuses with this code; return it and the id that it had."""
    request = pair.sent_request(1, **options)
    pair.server.refuse_next = code
    old = request.msg_id
    for packet in pair.lost_packets:
        pair.to_server(packet)
    return request, old


def test_the_table_names_every_documented_code() -> None:
    assert sorted(BAD_MESSAGES) == [16, 17, 18, 19, 20, 32, 33, 34, 35, 48, 64]
    for entry in BAD_MESSAGES.values():
        assert not (entry.retryable and entry.fatal)


def test_an_unknown_code_is_fatal_for_the_call() -> None:
    assert describe(99).fatal
    assert "99" in str(MessageRefused(99))


# The client.


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
    assert [event.code for event in of(pair.server_events, Refused)] == [48]
    events = pair.run()
    assert [event.request for event in of(events, Result)] == requests
    assert [type(event).__name__ for event in events].count("Pong") == 1
    assert pair.executed == [api_body(number) for number in range(3)]


@pytest.mark.parametrize("code", [16, 64])
def test_client_understands_a_code_for_a_container(pair: Pair, code: int) -> None:
    requests = [pair.send(number) for number in range(3)]
    (packet,) = pair.from_client()
    pair.server.refuse_next = code
    pair.to_server(packet)
    assert [event.request for event in of(pair.run(), Result)] == requests


def test_client_sends_the_calls_of_an_invalid_container_one_by_one(pair: Pair) -> None:
    requests = [pair.send(number) for number in range(3)]
    (packet,) = pair.from_client()
    pair.server.refuse_next = 64
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
    pair.server.refuse_next = 48
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
    pair.server.refuse_next = 48
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
    if code == 48:
        notice = types.BadServerSalt(bad_msg_id=unknown, bad_msg_seqno=1, error_code=48, new_server_salt=4242)
    else:
        notice = types.BadMsgNotification(bad_msg_id=unknown, bad_msg_seqno=1, error_code=code)
    assert [type(event) for event in pair.from_server_now(notice)] == [Anomaly]
    assert pair.state.salts == salts
    assert request.state is RequestState.SENT


def test_client_ignores_codes_for_ids_that_a_call_no_longer_has(pair: Pair) -> None:
    request, old = refused(pair, 48)
    for notice in pair.from_server():
        pair.to_client(notice)
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
                pair.server.refuse_next = code
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
            pair.server.refuse_next = 48
            pair.to_server(packet)
        for packet in pair.from_server():
            pair.to_client(packet)
    assert seen == 6


def test_client_does_not_send_a_refused_http_wait_again(pair: Pair) -> None:
    pair.send(1)
    packet = pair.client.next_packet(pair.now, max_bytes=MAX_BYTES, http_wait=HttpWait(0, 0, 25000))
    assert packet is not None
    assert len(pair.open_client(packet.payload)) == 2
    pair.server.refuse_next = 48
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
    pair.server.refuse_next = 16
    pair.to_server(packet)
    assert [event.request for event in of(pair.run(), Result)] == [request]


@pytest.mark.parametrize("code", [16, 17])
def test_client_names_both_times_when_the_ids_make_no_sense(pair: Pair, code: int) -> None:
    pair.send(1)
    for _ in range(10):
        for packet in pair.from_client():
            pair.opened_packet(packet)
            pair.server.refuse_next = code
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
    pair.server.refuse_next = 32
    pair.to_server(question)
    events = pair.run()
    assert [event.request for event in of(events, RequestLost)] == [first]
    assert [event.request for event in of(events, Result)] == [second]


def test_client_does_not_wait_for_ever_before_it_gives_a_session_up(pair: Pair) -> None:
    pair.answer = lambda query: None if query.body == api_body(1) else query.body
    first = pair.sent_request(1)
    pair.to_server(pair.lost_packets[0])
    second = pair.sent_request(2)
    pair.server.refuse_next = 32
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
    pair.server.refuse_next = 64
    pair.to_server(packet)
    for notice in pair.from_server():
        pair.to_client(notice)
    if with_ping:
        pair.client.ping()
    pair.to_client(pair.forge(api_body(7), pair.server_id(3), 1))
    outer = [pair.opened_packet(packet) for packet in pair.from_client()]
    assert [message.body for message in outer if message.seqno & 1] == [api_body(1), api_body(2)]


# The server.


def codes(events: list[Any]) -> list[int]:
    return [event.code for event in of(events, Refused)]


def told(pair: Pair) -> list[tuple[str, int, int]]:
    """Return (name, bad_msg_id, code) of what the server says."""
    notices: list[Any] = pair.said_by_server()
    return [(notice.NAME, notice.bad_msg_id, notice.error_code) for notice in notices]


@pytest.mark.parametrize(("seconds", "code"), [(-301, 16), (31, 17)])
def test_server_refuses_with_16_and_17_ids_outside_the_window(pair: Pair, seconds: float, code: int) -> None:
    msg_id = pair.client_id(seconds)
    events = pair.to_server(pair.forge_client(api_body(1), msg_id, pair.next_content_seqno()))
    assert events == [Refused(msg_id, code)]
    assert told(pair) == [("bad_msg_notification", msg_id, code)]


@pytest.mark.parametrize("seconds", [-299, 29])
def test_server_accepts_ids_inside_the_window(seconds: float) -> None:
    pair = Pair()
    msg_id = pair.client_id(seconds)
    assert Query(msg_id, api_body(1)) in pair.to_server(pair.forge_client(api_body(1), msg_id, 1))


def test_server_looks_at_the_outer_id_of_a_container_only() -> None:
    pair = Pair()
    old = pair.client_id(-1000)
    messages = wire.write_container([Message(old, 1, api_body(1))])
    assert Query(old, api_body(1)) in pair.to_server(pair.forge_client(messages, None, 2))


@pytest.mark.parametrize("low_bits", [1, 2, 3])
def test_server_refuses_with_18(pair: Pair, low_bits: int) -> None:
    msg_id = pair.client_id() + low_bits
    events = pair.to_server(pair.forge_client(api_body(1), msg_id, pair.next_content_seqno()))
    assert events == [Refused(msg_id, 18)]
    assert told(pair) == [("bad_msg_notification", msg_id, 18)]


def test_server_refuses_with_18_an_id_below_zero(pair: Pair) -> None:
    events = pair.to_server(pair.forge_client(api_body(1), -4, pair.next_content_seqno()))
    assert events == [Refused(-4, 18)]


def test_server_refuses_with_19(pair: Pair) -> None:
    msg_id, seqno = pair.client_id(), pair.next_content_seqno()
    pair.to_server(pair.forge_client(api_body(1), msg_id, seqno))
    events = pair.to_server(pair.forge_client(wire.write_container([]), msg_id, seqno + 1))
    assert events == [Refused(msg_id, 19)]


def test_server_refuses_with_19_a_call_under_the_id_of_a_container(pair: Pair) -> None:
    msg_id, seqno = pair.client_id(), pair.next_content_seqno()
    pair.to_server(pair.forge_client(wire.write_container([]), msg_id, seqno + 1))
    assert pair.to_server(pair.forge_client(api_body(1), msg_id, seqno + 2)) == [Refused(msg_id, 19)]


def test_server_refuses_with_20_what_it_may_have_forgotten(pair: Pair) -> None:
    early, seqno = pair.client_id(), pair.next_content_seqno()
    pair.to_server(pair.forge_client(api_body(1), pair.client_id(), seqno))
    pair.server_forgets()
    events = pair.to_server(pair.forge_client(api_body(2), early, seqno))
    assert events == [Refused(early, 20)]
    assert told(pair) == [("bad_msg_notification", early, 20)]


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [((0, 5), (1, 3), 32), ((0, 5), (1, 5), 32), ((1, 3), (0, 5), 33), ((1, 3), (0, 3), 33)],
)
def test_server_refuses_with_32_and_33(first: tuple[int, int], second: tuple[int, int], code: int) -> None:
    pair = Pair()
    ids = [pair.client_id(), pair.client_id()]
    assert codes(pair.to_server(pair.forge_client(api_body(1), ids[first[0]], first[1]))) == []
    assert codes(pair.to_server(pair.forge_client(api_body(2), ids[second[0]], second[1]))) == [code]


def test_server_accepts_equal_even_numbers() -> None:
    pair = Pair()
    for _ in range(3):
        assert codes(pair.to_server(pair.forge_client(types.MsgsAck(msg_ids=[]), None, 2))) == []


def test_server_accepts_packets_that_overtook_each_other() -> None:
    pair = Pair()
    packets = []
    for number in range(4):
        pair.send(number)
        packets += pair.from_client()
        pair.now += 1
    for packet in (packets[2], packets[0], packets[3], packets[1]):
        assert codes(pair.to_server(packet)) == []
    assert len(pair.executed) == 4


@pytest.mark.parametrize(
    "body", [types.MsgsAck(msg_ids=[]).to_bytes(), wire.write_container([]), wire.write_copy(Message(4, 1, api_body()))]
)
def test_server_refuses_with_34(body: bytes) -> None:
    pair = Pair()
    assert codes(pair.to_server(pair.forge_client(body, None, 1))) == [34]


def test_server_refuses_with_35() -> None:
    pair = Pair()
    assert codes(pair.to_server(pair.forge_client(api_body(1), None, 2))) == [35]


@pytest.mark.parametrize("seqno", [1, 2])
def test_server_accepts_other_service_messages_with_either_number(seqno: int) -> None:
    pair = Pair()
    assert codes(pair.to_server(pair.forge_client(functions.Ping(ping_id=1), None, seqno))) == []


def test_server_refuses_with_48_and_names_the_right_salt(pair: Pair) -> None:
    msg_id, seqno = pair.client_id(), pair.next_content_seqno()
    events = pair.to_server(pair.forge_client(api_body(1), msg_id, seqno, salt=pair.salts.current(pair.now) ^ 1))
    assert events == [Refused(msg_id, 48)]
    notice: Any = pair.said_by_server()[0]
    assert (notice.NAME, notice.bad_msg_id, notice.bad_msg_seqno, notice.error_code) == (
        "bad_server_salt",
        msg_id,
        seqno,
        48,
    )
    assert notice.new_server_salt == pair.salts.current(pair.now)


def test_server_accepts_the_salt_before(pair: Pair) -> None:
    salt = pair.salts.current(pair.now)
    pair.now += 1800
    packet = pair.forge_client(api_body(1), None, pair.next_content_seqno(), salt=salt)
    assert codes(pair.to_server(packet)) == []


def invalid_containers() -> dict[str, Callable[[Pair, int], list[Message]]]:
    seqno = 1_000_003
    return {
        "nested": lambda pair, _outer: [Message(pair.client_id(), seqno, wire.write_container([]))],
        "id above its own": lambda _pair, outer: [Message(outer + 4, seqno, api_body(1))],
        "id equal to its own": lambda _pair, outer: [Message(outer, seqno, api_body(1))],
        "inner parity": lambda pair, _outer: [Message(pair.client_id() + 1, seqno, api_body(1))],
    }


@pytest.mark.parametrize("kind", sorted(invalid_containers()))
def test_server_refuses_with_64_a_container_with(pair: Pair, kind: str) -> None:
    good = Message(pair.client_id(), 1_000_001, api_body(9))
    outer = pair.client_id(1)
    bad = invalid_containers()[kind](pair, outer)
    events = pair.to_server(pair.forge_client(wire.write_container([good, *bad]), outer, 1_000_010))
    assert events == [Refused(outer, 64)]
    assert pair.executed == []


def test_server_refuses_with_64_a_container_that_is_cut_short(pair: Pair) -> None:
    body = wire.write_container([Message(pair.client_id(), 1_000_001, api_body(9))])[:-4]
    assert codes(pair.to_server(pair.forge_client(body, None, 1_000_010))) == [64]


def test_server_refuses_with_64_a_damaged_container_under_an_id_that_it_knows() -> None:
    pair = Pair()
    outer = pair.client_id()
    assert codes(pair.to_server(pair.forge_client(wire.write_container([]), outer, 2))) == []
    assert codes(pair.to_server(pair.forge_client(wire.write_container([]) + bytes(4), outer, 2))) == [64]


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([(0, api_body(1))], 35),
        ([(1, types.MsgsAck(msg_ids=[]).to_bytes())], 34),
        ([(3, api_body(1)), (1, api_body(2))], 32),
        ([(1, api_body(1)), (1, api_body(2))], 32),
    ],
)
def test_server_refuses_a_container_for_the_numbers_of_its_messages(
    messages: list[tuple[int, bytes]], code: int
) -> None:
    pair = Pair()
    inner = [Message(pair.client_id(), seqno, body) for seqno, body in messages]
    outer = pair.client_id()
    events = pair.to_server(pair.forge_client(wire.write_container(inner), outer, 4))
    assert events == [Refused(outer, code)]
    assert pair.executed == []


def test_server_refuses_a_container_whose_number_is_below_those_inside() -> None:
    pair = Pair()
    inner = [Message(pair.client_id(), 3, api_body(1))]
    assert codes(pair.to_server(pair.forge_client(wire.write_container(inner), None, 2))) == [32]
    assert pair.executed == []


def test_server_accepts_the_same_packet_once_its_salt_is_right(pair: Pair) -> None:
    msg_id, seqno = pair.client_id(), pair.next_content_seqno()
    pair.to_server(pair.forge_client(api_body(1), msg_id, seqno, salt=1))
    pair.to_server(pair.forge_client(api_body(1), msg_id, seqno))
    assert pair.executed == [api_body(1)]


@pytest.mark.parametrize("code", [16, 17, 32, 33, 48, 64])
def test_server_never_accepts_a_copy_of_what_it_refused_with(pair: Pair, code: int) -> None:
    request, old = refused(pair, code)
    (packet,) = pair.lost_packets
    pair.run()
    assert codes(pair.to_server(packet)) == [0]
    assert pair.executed == [api_body(1)]
    assert request.msg_id != old
