"""Calls that follow others: `after=`, invokeAfterMsg and invokeAfterMsgs (core.telegram.org/api/invoking)."""

from __future__ import annotations

import pytest

from mtproto.errors import LocalProtocolError
from mtproto.session import RequestState, wire
from mtproto.session.events import Resent, Result, RpcFailed
from tests.session.harness import Pair, api_body, of
from tl import service

types = service.types


@pytest.fixture
def pair() -> Pair:
    """Return a pair that has said hello and does not pack bodies, so that they can be compared."""
    pair = Pair(compress=False)
    pair.send(99)
    pair.run()
    pair.wait(60)
    pair.client_events.clear()
    pair.executed.clear()
    return pair


def bodies(pair: Pair) -> list[bytes]:
    """Return the calls in all that the client has to send."""
    return [message.body for packet in pair.from_client() for message in pair.open_client(packet) if message.seqno & 1]


def fail(pair: Pair, msg_id: int, code: int, text: str) -> list[object]:
    return list(pair.from_server_now(wire.write_rpc_result(msg_id, wire.write_rpc_error(code, text)), 1))


def test_a_call_after_another_is_wrapped_in_invoke_after_msg(pair: Pair) -> None:
    first = pair.sent_request(1)
    pair.send(2, after=[first])
    assert bodies(pair) == [wire.write_invoke_after([first.msg_id], api_body(2))]


def test_a_call_after_several_is_wrapped_in_invoke_after_msgs(pair: Pair) -> None:
    first, second = pair.send(1), pair.send(2)
    pair.from_client()
    pair.send(3, after=[first, second])
    assert bodies(pair) == [wire.write_invoke_after([first.msg_id, second.msg_id], api_body(3))]


def test_a_call_queued_together_with_its_predecessor_follows_in_a_packet_of_its_own(pair: Pair) -> None:
    first = pair.send(1)
    pair.send(2, after=[first])
    assert bodies(pair) == [api_body(1), wire.write_invoke_after([first.msg_id], api_body(2))]


def test_a_call_after_one_that_is_answered_is_not_wrapped(pair: Pair) -> None:
    first = pair.send(1)
    pair.run()
    pair.send(2, after=[first])
    assert bodies(pair) == [api_body(2)]


def test_a_call_after_one_that_failed_fails(pair: Pair) -> None:
    first = pair.sent_request(1)
    fail(pair, first.msg_id, 400, "BAD")
    second = pair.send(2, after=[first])
    assert pair.run() == [RpcFailed(second, 400, "MSG_WAIT_FAILED")]
    assert pair.client.in_flight == 0


def test_queued_calls_after_one_that_fails_fail_in_turn(pair: Pair) -> None:
    first = pair.sent_request(1)
    pair.reconnect()  # the first call is unknown now, so that the others have to wait
    second = pair.send(2, after=[first])
    third = pair.send(3, after=[second])
    events = fail(pair, first.msg_id, 400, "BAD")
    assert [(event.request, event.message) for event in of(events, RpcFailed)] == [
        (first, "BAD"),
        (second, "MSG_WAIT_FAILED"),
        (third, "MSG_WAIT_FAILED"),
    ]


def test_queued_calls_after_one_that_is_cancelled_fail(pair: Pair) -> None:
    first = pair.send(1)
    second = pair.send(2, after=[first])
    pair.client.cancel(first, pair.now)
    assert pair.run() == [RpcFailed(second, 400, "MSG_WAIT_FAILED")]


def test_a_call_waits_while_the_fate_of_its_predecessor_is_unknown(pair: Pair) -> None:
    first = pair.sent_request(1)
    pair.reconnect()
    second = pair.send(2, after=[first])
    unrelated = pair.send(3)
    assert bodies(pair) == [unrelated.body]
    assert second.state is RequestState.QUEUED
    pair.run()


def test_a_call_is_wrapped_anew_when_its_predecessor_got_a_new_id(pair: Pair) -> None:
    first = pair.sent_request(1)
    old = first.msg_id
    second = pair.send(2, after=[first])
    pair.from_client()
    pair.from_server_now(types.BadMsgNotification(bad_msg_id=old, bad_msg_seqno=1, error_code=16))
    pair.from_client()
    assert first.msg_id != old
    assert fail(pair, second.msg_id, 400, "MSG_WAIT_FAILED") == []
    assert second.state is RequestState.QUEUED
    assert bodies(pair) == []  # it waits here for the outcome of the first
    pair.from_server_now(wire.write_rpc_result(first.msg_id, api_body(7)), 1)
    assert bodies(pair) == [api_body(2)]
    events = pair.from_server_now(wire.write_rpc_result(second.msg_id, api_body(8)), 1)
    assert of(events, Result) == [Result(second, api_body(8))]


@pytest.mark.parametrize("code", [400, 503, -503])
def test_msg_wait_timeout_is_not_an_end(pair: Pair, code: int) -> None:
    first = pair.sent_request(1)
    second = pair.send(2, after=[first])
    pair.from_client()
    assert fail(pair, second.msg_id, code, "MSG_WAIT_TIMEOUT") == []
    pair.from_server_now(wire.write_rpc_result(first.msg_id, api_body(7)), 1)
    pair.from_client()
    assert [event.request for event in of(pair.client_events, Resent)] == [second]


def test_msg_wait_failed_is_the_end_when_a_predecessor_failed(pair: Pair) -> None:
    first = pair.sent_request(1)
    second = pair.send(2, after=[first])
    pair.from_client()
    fail(pair, first.msg_id, 400, "BAD")
    assert fail(pair, second.msg_id, 400, "MSG_WAIT_FAILED") == [RpcFailed(second, 400, "MSG_WAIT_FAILED")]


def test_a_call_that_waits_for_an_outcome_fails_with_it(pair: Pair) -> None:
    first = pair.sent_request(1)
    second = pair.send(2, after=[first])
    pair.from_client()
    fail(pair, second.msg_id, 400, "MSG_WAIT_TIMEOUT")
    events = fail(pair, first.msg_id, 400, "BAD")
    assert [event.request for event in of(events, RpcFailed)] == [first, second]


def test_msg_wait_failed_of_a_call_without_predecessors_is_an_error_like_any_other(pair: Pair) -> None:
    request = pair.sent_request(1)
    assert fail(pair, request.msg_id, 400, "MSG_WAIT_FAILED") == [RpcFailed(request, 400, "MSG_WAIT_FAILED")]


def test_a_call_can_follow_only_calls_of_its_own_session(pair: Pair) -> None:
    elsewhere = Pair(seed=5).send(1)
    with pytest.raises(LocalProtocolError):
        pair.send(2, after=[elsewhere])


def test_a_chain_of_calls_over_a_lost_connection_keeps_its_order(pair: Pair) -> None:
    calls = [pair.send(0)]
    for number in range(1, 6):
        calls.append(pair.send(number, after=calls[-1:]))
    pair.from_client()
    pair.reconnect()
    pair.run()
    assert [event.request for event in of(pair.client_events, Result)] == calls
    assert [body[-8:] for body in pair.executed] == [call.body for call in calls]


def test_a_call_that_is_refused_after_its_predecessor_failed_fails_too(pair: Pair) -> None:
    first = pair.sent_request(1)
    second = pair.send(2, after=[first])
    pair.from_client()
    fail(pair, first.msg_id, 400, "BAD")
    notice = types.BadServerSalt(bad_msg_id=second.msg_id, bad_msg_seqno=3, error_code=48, new_server_salt=1)
    events = pair.from_server_now(notice)
    assert of(events, RpcFailed) == [RpcFailed(second, 400, "MSG_WAIT_FAILED")]
    assert bodies(pair) == []


def test_a_long_chain_of_calls_keeps_none_of_them_alive(pair: Pair) -> None:
    calls = [pair.send(0)]
    for number in range(1, 20):
        calls.append(pair.send(number, after=calls[-1:]))
    pair.run()
    assert all(call.after == () for call in calls)


def test_calls_that_follow_a_sealed_one_are_not_given_back_as_unsent(pair: Pair) -> None:
    sealed = pair.sent_request(1)
    follower = pair.send(2, after=[sealed])
    free = pair.send(3)
    free_follower = pair.send(4, after=[free])
    both = pair.send(5, after=[free, follower])
    assert pair.client.unsent() == [free, free_follower]
    assert pair.client.requests == (sealed, follower, both)


def test_order_survives_a_move_to_another_session(pair: Pair) -> None:
    first = pair.send(1)
    second = pair.send(2, after=[first])
    free, _ = pair.client.give_up("the key is gone")
    other = Pair(seed=5, compress=False)
    for request in free:
        other.client.add(request)
    assert free == [first, second]
    assert bodies(other) == [api_body(1), wire.write_invoke_after([first.msg_id], api_body(2))]


def test_order_after_a_lost_call_fails_in_another_session(pair: Pair) -> None:
    first = pair.sent_request(1)
    second = pair.send(2, after=[first])
    free, _ = pair.client.give_up("the key is gone")
    assert free == [second]
    other = Pair(seed=5)
    other.client.add(second)
    assert other.run() == [RpcFailed(second, 400, "MSG_WAIT_FAILED")]
