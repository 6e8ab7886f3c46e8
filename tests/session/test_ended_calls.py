"""A call that has ended stays ended, even where several that follow one another end at once."""

from __future__ import annotations

import pytest

from mtproto.session import Request
from mtproto.session.events import RequestLost, Resent, RpcFailed
from tests.session.harness import Pair, of
from tl import service

types = service.types


def cancelled_chain(pair: Pair) -> list[Request]:
    """Return three calls that were sent, each after the one before; the first was cancelled since."""
    first = pair.send(1, idempotent=True)
    second = pair.send(2, idempotent=True, after=[first])
    third = pair.send(3, idempotent=True, after=[second])
    pair.from_client()
    pair.client.cancel(first, pair.client_now)
    return [second, third]


@pytest.mark.parametrize("code", [19, 32, 33])
def test_calls_that_fail_while_a_session_is_given_up_are_not_sent_in_the_next(code: int) -> None:
    pair = Pair()
    second, third = cancelled_chain(pair)
    notice = types.BadMsgNotification(bad_msg_id=third.msg_id, bad_msg_seqno=third.seqno, error_code=code)
    pair.from_server_now(notice)
    pair.wait(60)
    assert [event.request for event in of(pair.client_events, RpcFailed)] == [second, third]
    assert not of(pair.client_events, Resent)


def test_calls_that_fail_while_a_session_is_made_anew_are_not_sent_again() -> None:
    pair = Pair()
    second, third = cancelled_chain(pair)
    pair.from_server_now(
        types.BadServerSalt(bad_msg_id=third.msg_id, bad_msg_seqno=1, error_code=48, new_server_salt=1)
    )
    later = types.NewSessionCreated(first_msg_id=pair.client_id(5), unique_id=1, server_salt=1)
    pair.from_server_now(later, seqno=1, kind=3)
    pair.client_events += pair.client.tick(pair.client_now)
    pair.from_client()
    assert [event.request for event in of(pair.client_events, RpcFailed)] == [second, third]
    assert not of(pair.client_events, Resent)


def test_a_call_that_fails_with_the_one_that_it_follows_ends_once() -> None:
    pair = Pair()
    first = pair.send(1)
    second, third = pair.send(2, after=[first]), pair.send(3)
    pair.from_client()  # into the void
    pair.from_server_now(
        types.BadServerSalt(bad_msg_id=second.msg_id, bad_msg_seqno=3, error_code=48, new_server_salt=1)
    )
    pair.from_server_now(types.BadMsgNotification(bad_msg_id=third.msg_id, bad_msg_seqno=5, error_code=32))
    pair.now += 61
    events = pair.client.tick(pair.client_now)
    assert [event.request for event in of(events, RequestLost)] == [first]
    assert [event.request for event in of(events, RpcFailed)] == [second]
    assert pair.client.in_flight == 1
