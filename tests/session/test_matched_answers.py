"""An answer counts only for the question that it names: its id and its kind, not either of them."""

from __future__ import annotations

import pytest

from mtproto.session import SaltChanged
from mtproto.session.events import Anomaly, ClientEvent, Pong, SessionDestroyed, TimeLearned, Undecodable
from tests.session.harness import Pair, of, settled
from tl import service

types = service.types

FAR = 1000 << 32
"""What a thousand seconds add to a msg_id."""


@pytest.fixture
def pair() -> Pair:
    return settled()


def salts(pair: Pair, req_msg_id: int) -> list[ClientEvent]:
    salt = types.FutureSalt(valid_since=int(pair.now), valid_until=int(pair.now) + 9000, salt=77)
    return pair.from_server_now(types.FutureSalts(req_msg_id=req_msg_id, now=int(pair.now), salts=[salt]))


def knows_the_salt(pair: Pair) -> bool:
    return any(salt.salt == 77 for salt in pair.state.salts)


def test_future_salts_that_name_a_question_of_another_kind_are_not_taken(pair: Pair) -> None:
    ping_id = pair.client.ping()
    [payload] = pair.from_client()
    [ping] = [message for message in pair.open_client(payload) if len(message.body) == 12]
    events = salts(pair, ping.msg_id)
    assert of(events, Anomaly)
    assert not of(events, SaltChanged)
    assert not knows_the_salt(pair)
    pong = pair.from_server_now(types.Pong(msg_id=ping.msg_id, ping_id=ping_id))
    assert [event.ping_id for event in of(pong, Pong)] == [ping_id]  # its question was not taken away


def test_states_that_name_a_question_of_another_kind_are_not_taken(pair: Pair) -> None:
    ping_id = pair.client.ping()
    [payload] = pair.from_client()
    [ping] = [message for message in pair.open_client(payload) if len(message.body) == 12]
    assert of(pair.from_server_now(types.MsgsStateInfo(req_msg_id=ping.msg_id, info=b"\4")), Anomaly)
    pong = pair.from_server_now(types.Pong(msg_id=ping.msg_id, ping_id=ping_id))
    assert [event.ping_id for event in of(pong, Pong)] == [ping_id]  # its question was not taken away


def test_future_salts_that_name_another_message_are_not_taken_while_some_are_asked_for(pair: Pair) -> None:
    pair.client._parts.salts.due = pair.now
    pair.client._parts.salts._not_before = 0.0
    pair.client.tick(pair.now)
    said = [message for payload in pair.from_client() for message in pair.open_client(payload)]
    asked = [message for message in said if service.decode(message.body).NAME == "get_future_salts"]
    assert asked
    events = salts(pair, asked[0].msg_id + 4)
    assert of(events, Anomaly)
    assert not knows_the_salt(pair)
    assert of(salts(pair, asked[0].msg_id), SaltChanged)
    assert knows_the_salt(pair)


def test_future_salts_that_were_not_asked_for_are_not_decoded(pair: Pair) -> None:
    """What stands in them is read for whoever asked: a million of them inflate out of a few bytes."""
    unreadable = types.FutureSalts(req_msg_id=pair.client_id(), now=int(pair.now), salts=[]).to_bytes() + bytes(4)
    assert [type(event) for event in pair.from_server_now(unreadable)] == [Anomaly]


def test_future_salts_that_can_not_be_read_leave_the_question_no_longer_open(pair: Pair) -> None:
    pair.client._parts.salts.due = pair.now
    pair.client._parts.salts._not_before = 0.0
    pair.client.tick(pair.now)
    said = [message for payload in pair.from_client() for message in pair.open_client(payload)]
    [asked] = [message for message in said if service.decode(message.body).NAME == "get_future_salts"]
    unreadable = types.FutureSalts(req_msg_id=asked.msg_id, now=int(pair.now), salts=[]).to_bytes() + bytes(4)
    assert of(pair.from_server_now(unreadable), Undecodable)
    assert of(pair.from_server_now(unreadable), Anomaly)  # the client asks anew instead


@pytest.mark.parametrize("ahead", [-FAR, -(40 << 32), 40 << 32, FAR])
@pytest.mark.parametrize("code", [16, 17, 20, 32, 48])
def test_a_refusal_of_a_message_that_was_never_sent_moves_nothing(pair: Pair, code: int, ahead: int) -> None:
    before = pair.state.time_offset, pair.state.time_known, list(pair.state.salts), pair.client.session_id
    foreign = pair.client_id() + ahead
    notice: service.boxed.BadMsgNotification
    if code == 48:
        notice = types.BadServerSalt(bad_msg_id=foreign, bad_msg_seqno=0, error_code=48, new_server_salt=77)
    else:
        notice = types.BadMsgNotification(bad_msg_id=foreign, bad_msg_seqno=0, error_code=code)
    # The notice is older than what was heard before, so that it could lower the clock.
    payload = pair.forge(notice.to_bytes(), pair.server_id(1, -100.0), 0)
    events = pair.to_client(payload)
    assert of(events, Anomaly)
    assert not of(events, TimeLearned)
    assert (pair.state.time_offset, pair.state.time_known, list(pair.state.salts), pair.client.session_id) == before


def test_an_answer_about_a_session_that_nobody_asked_about_is_not_taken(pair: Pair) -> None:
    pair.client.destroy_session(77)
    pair.from_client()
    events = pair.from_server_now(types.DestroySessionNone(session_id=78))
    assert of(events, Anomaly)
    assert not of(events, SessionDestroyed)
    events = pair.from_server_now(types.DestroySessionOk(session_id=77))
    assert of(events, SessionDestroyed) == [SessionDestroyed(77, True)]
