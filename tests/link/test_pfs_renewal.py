"""Temporary keys that take each other's place: no call is lost, none is executed twice (core.telegram.org/api/pfs)."""

from __future__ import annotations

import pytest

from mtproto.errors import LocalProtocolError, OutcomeUnknown
from mtproto.link import Broken, Failed, KeyBound, LinkAdded, LinkRemoved, LinkStatus, StatusChanged
from mtproto.session import Request, RequestLost, Resent, RpcFailed, UpdatesGap
from mtproto.session.wire import write_rpc_error
from tests.link.pfs_stage import LIFE, RENEWAL, TRUE, Stage, exchanges, query, results
from tests.link.support import ANSWER, QUERY

INVOKE_AFTER_MSG = bytes.fromhex("2d379fcb")


def slow_call(stage: Stage) -> Request:
    """Make a call that is not answered."""
    stage.answer = lambda query: None
    request = stage.client.send(query(1))
    stage.settle()
    stage.answer = lambda query: ANSWER + query.body
    return request


def test_a_key_is_replaced_before_its_end_and_no_call_is_dropped() -> None:
    stage = Stage()
    sent = []
    for number in range(240):
        sent.append(stage.client.send(query(number)))
        stage.advance(LIFE / 60)
    assert list(results(stage)) == sent
    assert sorted(stage.executed) == sorted(query(number) for number in range(240))
    assert len(stage.of(KeyBound)) == 5
    assert [event.status for event in stage.of(StatusChanged)] == [LinkStatus.EXCHANGING, LinkStatus.READY]
    assert [event.link for event in stage.of(LinkAdded)][:-1] == [event.link for event in stage.of(LinkRemoved)][1:]
    assert len(stage.client.links) == len(stage.wires) == 1


def test_calls_go_out_under_the_old_key_until_there_is_a_new_one() -> None:
    stage = Stage()
    stage.settle()
    old = stage.client.key_state
    stage.reachable = False
    stage.advance(RENEWAL + 5)
    assert len(stage.client.links) == 2
    assert stage.client.key_state is old
    request = stage.client.send(QUERY)
    stage.settle()
    assert results(stage) == {request: ANSWER + QUERY}


def test_new_calls_wait_until_those_under_the_old_key_have_settled() -> None:
    stage = Stage()
    stage.settle()
    stage.answer = lambda query: None
    first = stage.client.send(query(1))
    stage.settle()
    [old] = stage.wires.values()
    stage.advance(RENEWAL)
    assert len(stage.bindings) == 1
    second = stage.client.send(query(2))
    stage.advance(1)
    assert stage.executed == [query(1)]
    assert len(stage.bindings) == 1
    stage.answer = lambda query: ANSWER + query.body
    [slot] = old._carriage.carried
    slot.session.answer(first.msg_id, ANSWER + query(1))
    stage.settle()
    assert len(stage.bindings) == 2
    assert set(results(stage)) == {first, second}
    assert stage.executed == [query(1), query(2)]


def test_a_call_that_takes_long_does_not_hold_up_the_others_for_long() -> None:
    stage = Stage()
    stage.settle()
    stage.answer = lambda query: None
    slow = stage.client.send(query(1))
    stage.settle()
    [old] = stage.wires.values()
    [slot] = old._carriage.carried
    stage.advance(RENEWAL)
    stage.answer = lambda query: ANSWER + query.body
    quick = stage.client.send(query(2))
    stage.advance(6)
    assert set(results(stage)) == {quick}
    assert len(stage.client.links) == 2  # the old one waits for its answer
    assert stage.client.state is not None
    assert [key.bound_to for key in stage.temporary_keys()] == [None, stage.client.state.auth_key.id]
    slot.session.answer(slow.msg_id, ANSWER + query(1))
    stage.settle()
    assert set(results(stage)) == {slow, quick}
    assert len(stage.client.links) == len(stage.wires) == 1
    assert stage.executed == [query(1), query(2)]


def test_a_call_that_is_not_answered_until_the_old_key_ends_has_an_unknown_outcome() -> None:
    stage = Stage()
    stage.settle()
    stage.answer = lambda query: None
    plain = stage.client.send(query(1))
    repeatable = stage.client.send(query(2), idempotent=True)
    stage.settle()
    stage.answer = lambda query: ANSWER + query.body
    stage.advance(LIFE + 1)
    [lost] = stage.of(RequestLost)
    assert lost.request is plain
    assert isinstance(lost.error, OutcomeUnknown)
    assert set(results(stage)) == {repeatable}
    assert len(stage.client.links) == 1


def test_a_call_that_meets_auth_key_perm_empty_was_not_executed_and_is_sent_again() -> None:
    stage = Stage()
    stage.settle()
    new = stage.succession_begins()
    old, _ = stage.client.links
    late = stage.client.send(query(1))
    data = old.data_to_send(stage.now)  # on its way while the new key is bound
    server = stage.wires[old]
    stage.wires.pop(old)
    stage.advance(6)
    assert stage.client.links[0] is new
    assert stage.ready
    stage.wires[old] = server
    stage.hand_up(server, data)
    stage.settle()
    assert results(stage) == {late: ANSWER + query(1)}
    assert stage.executed == [query(1)]
    assert stage.of(RpcFailed) == []
    assert len(stage.client.links) == 1


def test_calls_that_follow_such_a_call_stay_behind_it() -> None:
    stage = Stage()
    stage.settle()
    stage.succession_begins()
    old, _ = stage.client.links
    first = stage.client.send(query(1))
    second = stage.client.send(query(2), after=[first])
    data = old.data_to_send(stage.now)
    third = stage.client.send(query(3), after=[second])
    server = stage.wires.pop(old)
    stage.advance(6)
    fourth = stage.client.send(query(4), after=[third])
    stage.wires[old] = server
    stage.hand_up(server, data)
    stage.settle()
    stage.advance(1)
    assert stage.of(RpcFailed) == []
    assert set(results(stage)) == {first, second, third, fourth}
    assert [body[-4:] for body in stage.executed] == [query(number)[-4:] for number in (1, 2, 3, 4)]
    assert stage.client._calls._predecessors == {}
    assert stage.client._calls._not_executed == set()


@pytest.mark.parametrize("error", ["MSG_WAIT_FAILED", "MSG_WAIT_TIMEOUT"])
def test_a_call_that_waited_in_vain_for_one_that_was_not_executed_goes_again_with_it(error: str) -> None:
    stage = Stage()
    stage.settle()
    [link] = stage.client.links
    first = stage.client.send(query(1))
    second = stage.client.send(query(2), after=[first])
    server = stage.wires[link]
    server.received(link.data_to_send(stage.now), stage.now)
    [slot] = server._carriage.carried
    slot.session.answer(first.msg_id, write_rpc_error(401, "AUTH_KEY_PERM_EMPTY"))
    slot.session.answer(second.msg_id, write_rpc_error(400, error))
    stage.settle()
    assert stage.of(RpcFailed) == []
    assert set(results(stage)) == {first, second}


def test_calls_that_were_not_sent_yet_stay_behind_a_call_that_was_not_executed() -> None:
    stage = Stage()
    stage.settle()
    stage.succession_begins()
    old, _ = stage.client.links
    first = stage.client.send(query(1))
    data = old.data_to_send(stage.now)
    second = stage.client.send(query(2), after=[first])
    third = stage.client.send(query(3), after=[second])
    server = stage.wires.pop(old)
    stage.advance(6)
    stage.hand_up(server, data)
    stage._tell(old.received(server.data_to_send(stage.now), stage.now), old)
    stage.settle()
    stage.advance(1)
    assert stage.of(RpcFailed) == []
    assert set(results(stage)) == {first, second, third}
    assert [body[-4:] for body in stage.executed] == [query(number)[-4:] for number in (1, 2, 3)]
    assert [body[:4] == INVOKE_AFTER_MSG for body in stage.executed] == [False, True, True]


def test_a_call_that_follows_one_that_really_failed_fails_all_the_same() -> None:
    stage = Stage()
    stage.answer = lambda query: write_rpc_error(400, "NO")
    stage.settle()
    first = stage.client.send(query(1))
    stage.settle()
    stage.client.send(query(2), after=[first])
    stage.tick()
    assert [event.message for event in stage.of(RpcFailed)] == ["NO", "MSG_WAIT_FAILED"]
    assert stage.client._calls._predecessors == {}


def test_a_key_that_is_lost_while_it_is_replaced_leaves_the_field_to_its_successor() -> None:
    stage = Stage()
    stage.settle()
    stage.reachable = False
    stage.advance(RENEWAL + 1)
    old, new = stage.client.links
    stage.lose_key(old)
    assert list(stage.client.links) == [new]
    stage.reachable = True
    request = stage.client.send(QUERY)
    stage.advance(60)
    assert results(stage) == {request: ANSWER + QUERY}
    assert exchanges(stage) == 2


def test_a_key_that_can_not_be_replaced_is_used_until_its_end_and_tried_again_meanwhile() -> None:
    stage = Stage()
    stage.settle()
    new = stage.succession_begins()
    for _ in range(5):  # connections that are taken and closed
        assert new.connect_at is not None
        stage.now = max(stage.now, new.connect_at)
        stage.connect(new)
        stage.cut(new)
    stage.tick()
    assert [event.link for event in stage.of(LinkRemoved)] == [new]
    assert stage.of(Failed) == []
    request = stage.client.send(QUERY)
    stage.settle()
    assert results(stage) == {request: ANSWER + QUERY}
    stage.advance(59)
    assert len(stage.of(KeyBound)) == 1
    stage.advance(2)
    assert len(stage.of(KeyBound)) == 2


def test_a_key_that_ends_without_a_successor_takes_its_connection_along() -> None:
    stage = Stage()
    stage.settle()
    stage.reachable = False
    stage.advance(LIFE + 1)
    assert [str(event.error) for event in stage.of(Broken)] == ["the temporary key has ended"]
    assert not stage.ready
    stage.reachable = True
    request = stage.client.send(QUERY)
    stage.advance(61)
    assert results(stage) == {request: ANSWER + QUERY}


def test_calls_that_wait_for_a_key_which_is_never_bound_go_out_under_the_old_one() -> None:
    stage = Stage()
    stage.settle()
    stage.answer_binding = lambda key: write_rpc_error(500, "INTERNAL")
    stage.advance(RENEWAL)
    request = stage.client.send(QUERY)
    stage.advance(5)
    assert stage.executed == []
    stage.advance(60)
    assert results(stage) == {request: ANSWER + QUERY}
    assert len(stage.of(KeyBound)) == 1
    assert stage.of(Failed) == []


def test_calls_that_wait_for_a_binding_which_was_lost_go_out_under_the_new_key() -> None:
    stage = Stage()
    stage.settle()
    [key] = stage.temporary_keys()
    slow_call(stage)
    new = stage.succession_begins()
    key.bound_to = None
    stage.answer_binding = lambda asked: None if asked is key else TRUE
    stage.reachable = False
    request = stage.client.send(query(2))
    stage.settle()
    assert len(stage.bindings) == 2  # of the old key, once more
    stage.reachable = True
    stage.advance(2)
    assert stage.client.links[0] is new
    assert set(results(stage)) == {request}


def test_an_old_link_that_fails_ends_its_calls_and_leaves_the_new_one_alone() -> None:
    stage = Stage()
    stage.settle()
    stage.answer = lambda query: None
    slow, last = stage.client.send(query(1)), stage.client.send(query(2))
    stage.settle()
    [old] = stage.wires.values()
    [slot] = old._carriage.carried
    stage.advance(RENEWAL + 10)
    assert len(stage.client.links) == 2
    slot.session.answer(last.msg_id, write_rpc_error(406, "AUTH_KEY_DUPLICATED"))
    stage.settle()
    assert [event.request for event in stage.of(RequestLost)] == [slow]
    assert len(stage.client.links) == 1
    assert stage.of(Failed) == []
    assert stage.ready


def test_a_key_that_is_lost_while_its_last_calls_settle_is_not_waited_for() -> None:
    stage = Stage()
    stage.settle()
    slow = slow_call(stage)
    stage.advance(RENEWAL)
    old, new = stage.client.links
    assert new.state is not None
    request = stage.client.send(query(2))
    stage.lose_key(old)
    stage.settle()
    assert set(results(stage)) == {request}
    assert [event.request for event in stage.of(RequestLost)] == [slow]


def test_each_succession_waits_for_the_last_calls_under_its_old_key() -> None:
    stage = Stage()
    stage.settle()
    stage.answer_binding = lambda key: write_rpc_error(500, "INTERNAL")
    stage.advance(RENEWAL + 20)
    assert len(stage.of(LinkRemoved)) == 1  # the first has failed
    stage.answer_binding = lambda key: TRUE
    slow_call(stage)
    asked = len(stage.bindings)
    while len(stage.of(LinkAdded)) < 2:
        stage.advance(1)
    stage.advance(2)
    assert len(stage.bindings) == asked
    stage.advance(4)
    assert len(stage.bindings) == asked + 1


def test_a_call_that_follows_one_under_the_old_key_goes_out_behind_it() -> None:
    stage = Stage()
    stage.settle()
    first = slow_call(stage)
    stage.advance(RENEWAL)
    stage.client.send(query(2), after=[first])
    stage.settle()
    assert [body[:4] == INVOKE_AFTER_MSG for body in stage.executed] == [False, True]
    assert len(stage.bindings) == 1


@pytest.mark.parametrize("end", ["cancelled", "impossible"])
def test_what_follows_a_call_that_ends_before_any_link_could_take_it_fails_as_it_would_later(end: str) -> None:
    stage = Stage()
    stage.settle()
    under_the_old_key = slow_call(stage)
    [slot] = next(iter(stage.wires.values()))._carriage.carried
    stage.advance(RENEWAL)
    under_the_new_key = stage.client.send(query(2))
    both = [under_the_old_key, under_the_new_key]
    homeless = stage.client.send(QUERY if end == "cancelled" else b"odd", after=both)
    follower = stage.client.send(query(3), after=[homeless])
    if end == "cancelled":
        stage.client.cancel(homeless, stage.now)
    slot.session.answer(under_the_old_key.msg_id, ANSWER)
    stage.advance(10)
    lost = [(event.request, type(event.error)) for event in stage.of(RequestLost)]
    assert lost == ([] if end == "cancelled" else [(homeless, LocalProtocolError)])
    assert [(event.request, event.message) for event in stage.of(RpcFailed)] == [(follower, "MSG_WAIT_FAILED")]
    assert set(results(stage)) == set(both)
    assert stage.client.in_flight == 0


def test_what_follows_a_call_that_turns_out_to_be_impossible_when_its_turn_comes_fails_too() -> None:
    stage = Stage()
    stage.settle()
    slow = slow_call(stage)
    [slot] = next(iter(stage.wires.values()))._carriage.carried
    stage.advance(RENEWAL + 10)
    bad = stage.client.send(b"odd", after=[slow])
    follower = stage.client.send(query(3), after=[bad])
    assert stage.of(RequestLost) == []
    slot.session.answer(slow.msg_id, ANSWER)
    stage.advance(1)
    assert [event.request for event in stage.of(RequestLost)] == [bad]
    assert [(event.request, event.message) for event in stage.of(RpcFailed)] == [(follower, "MSG_WAIT_FAILED")]


def test_a_link_that_fails_takes_the_one_that_was_to_follow_it_along() -> None:
    stage = Stage()
    stage.settle()
    slow = slow_call(stage)
    [slot] = next(iter(stage.wires.values()))._carriage.carried
    stage.advance(RENEWAL)
    _, new = stage.client.links
    slot.session.answer(slow.msg_id, write_rpc_error(406, "AUTH_KEY_DUPLICATED"))
    stage.settle()
    assert len(stage.of(Failed)) == 1
    assert [event.link for event in stage.of(LinkRemoved)] == [new]
    assert new.status is LinkStatus.CLOSED
    assert stage.client.status is LinkStatus.CLOSED


def test_a_link_that_fails_when_its_key_is_due_begins_no_succession() -> None:
    stage = Stage()
    stage.settle()
    slow = slow_call(stage)
    [slot] = next(iter(stage.wires.values()))._carriage.carried
    slot.session.answer(slow.msg_id, write_rpc_error(406, "AUTH_KEY_DUPLICATED"))
    stage.now += RENEWAL
    stage.settle()
    assert len(stage.of(Failed)) == 1
    assert stage.of(LinkAdded) == []


def test_a_renewal_tells_that_updates_may_have_been_missed() -> None:
    stage = Stage()
    stage.settle()
    assert stage.of(UpdatesGap) == []
    stage.advance(RENEWAL + 1)
    assert len(stage.of(UpdatesGap)) == 1


def test_a_binding_that_is_not_answered_keeps_nobody_busy() -> None:
    stage = Stage()
    stage.settle()
    stage.answer = lambda query: None
    stage.answer_binding = lambda key: None
    stage.client.send(QUERY)
    stage.advance(RENEWAL + 30)
    assert len(stage.bindings) == 2
    new = stage.client.links[1]
    assert new.next_deadline() is not None
    assert new.next_deadline() > stage.now  # type: ignore[operator]  # the line above


def test_a_new_key_that_is_lost_before_it_was_bound_is_made_again() -> None:
    stage = Stage()
    stage.settle()
    stage.answer = lambda query: None
    stage.answer_binding = lambda key: None
    slow = stage.client.send(QUERY)
    stage.advance(RENEWAL + 2)
    [_, key] = stage.temporary_keys()
    stage.state.forget_key(key.auth_key.id)
    stage.cut(stage.client.links[1])
    stage.answer = lambda query: ANSWER + query.body
    stage.answer_binding = lambda key: TRUE
    request = stage.client.send(QUERY + QUERY)
    stage.advance(30)
    assert set(results(stage)) == {request}
    assert len(stage.of(KeyBound)) == 2
    assert stage.client.links[0].state is stage.client.key_state
    assert slow.msg_id


def test_calls_that_wait_for_a_new_key_can_be_cancelled() -> None:
    stage = Stage()
    stage.answer_binding = lambda key: None
    request = stage.client.send(QUERY)
    stage.settle()
    stage.client.cancel(request, stage.now)
    assert stage.client.in_flight == 1  # the binding
    stage.advance(20)
    assert stage.executed == []


def test_what_follows_a_call_that_was_cancelled_while_it_waited_fails_as_it_would_later() -> None:
    stage = Stage()
    first = stage.client.send(query(1))
    second = stage.client.send(query(2), after=[first])
    stage.client.cancel(first, stage.now)
    stage.advance(1)
    assert [(event.request, event.message) for event in stage.of(RpcFailed)] == [(second, "MSG_WAIT_FAILED")]
    assert stage.executed == []


def test_calls_move_to_their_new_key_without_an_event_that_they_were_sent_again() -> None:
    stage = Stage()
    request = stage.client.send(QUERY)
    stage.advance(RENEWAL + 10)
    assert stage.of(Resent) == []
    assert set(results(stage)) == {request}


@pytest.mark.parametrize("spoiled", [2, 7])
def test_spoiled_answers_of_the_exchange_that_replaces_a_key_cost_time_only(spoiled: int) -> None:
    stage = Stage()
    stage.settle()
    stage.advance(RENEWAL - 1)
    stage.spoil = spoiled
    stage.advance(2 * LIFE)
    assert stage.spoil == 0
    assert stage.of(Failed) == []
    request = stage.client.send(query(1))
    stage.advance(61)
    assert results(stage) == {request: ANSWER + query(1)}


def test_a_new_link_whose_predecessor_has_lost_its_key_goes_on_for_it() -> None:
    stage = Stage()
    stage.settle()
    [front] = stage.client.links
    successor = stage.succession_begins()
    stage.reachable = False
    stage.lose_key(front)  # so that there is no other link than the new one, which has not worked yet
    assert stage.client.links[0] is successor
    stage.reachable = True
    stage.spoil = 7
    stage.advance(1000)
    assert stage.spoil == 0
    assert stage.of(Failed) == []
    request = stage.client.send(query(1))
    stage.advance(61)
    assert results(stage) == {request: ANSWER + query(1)}
