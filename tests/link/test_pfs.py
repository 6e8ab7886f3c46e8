"""Temporary keys: made, bound, replaced, lost (core.telegram.org/api/pfs)."""

from __future__ import annotations

import pytest

from mtproto.errors import LocalProtocolError, OutcomeUnknown, RpcError
from mtproto.limits import Limits
from mtproto.link import (
    ExchangeStep,
    Failed,
    KeyBound,
    KeyCreated,
    KeyDropped,
    LinkAdded,
    LinkRemoved,
    Status,
    StatusChanged,
)
from mtproto.link.binding import read_bind_request
from mtproto.session import RequestLost, Resent, Result, RpcFailed, UpdatesGap
from mtproto.session.wire import write_rpc_error
from tests.link.pfs_stage import LIFE, RENEWAL, TRUE, Stage
from tests.link.support import ANSWER, NOW, QUERY, known_state


def query(number: int) -> bytes:
    return QUERY + number.to_bytes(4, "little")


def results(stage: Stage) -> dict[object, bytes]:
    return {event.request: event.body for event in stage.of(Result)}


def exchanges(stage: Stage) -> int:
    return len([step for step in stage.of(ExchangeStep) if step.step.message.NAME == "req_pq_multi"])


# Making and binding ---------------------------------------------------------------------------------------------------


def test_a_link_without_keys_makes_both_and_binds_before_any_call() -> None:
    stage = Stage(known_key=False)
    request = stage.client.send(QUERY)
    stage.settle()
    assert results(stage) == {request: ANSWER + QUERY}
    [created], [bound] = stage.of(KeyCreated), stage.of(KeyBound)
    assert stage.client.state is created.state
    assert created.state.expires_at is None
    assert stage.client.key_state is bound.state
    assert bound.state.expires_at is not None
    assert abs(bound.state.expires_at - NOW - LIFE) < 2
    assert [event.status for event in stage.of(StatusChanged)] == [Status.EXCHANGING, Status.READY]
    [key] = stage.temporary_keys()
    assert key.bound_to == created.state.auth_key.id


def test_a_stored_key_saves_one_of_the_two_exchanges() -> None:
    stage = Stage()
    stage.settle()
    assert stage.ready
    assert exchanges(stage) == 1
    assert stage.of(KeyCreated) == []


def test_ready_means_bound() -> None:
    stage = Stage()
    stage.answer_binding = lambda key: None
    stage.client.send(QUERY)
    stage.settle()
    assert stage.client.status is Status.EXCHANGING
    assert stage.executed == []
    stage.answer_binding = lambda key: TRUE
    [asked] = stage.bindings
    stage.state.bind(asked.slot.key, next(key for key in stage.state if key.expires_at is None))
    asked.slot.session.answer(asked.msg_id, TRUE)
    stage.settle()
    assert stage.ready
    assert stage.executed == [QUERY]


def test_with_pfs_on_nothing_is_sent_under_the_permanent_key() -> None:
    stage = Stage(known_key=False)
    stage.settle()
    for number in range(20):
        stage.client.send(query(number))
        stage.advance(LIFE / 5)
    assert len(stage.of(KeyBound)) >= 4
    assert len(stage.executed) == 20
    assert stage.client.state is not None
    used = set(stage.key_ids)
    assert stage.client.state.auth_key.id not in used
    assert used - {0} <= {event.state.auth_key.id for event in stage.of(KeyBound)}


def test_temporary_keys_live_in_memory_only() -> None:
    stage = Stage(known_key=False)
    stage.settle()
    assert stage.client.state is not None
    assert stage.client.key_state is not None
    kept = stage.client.state.to_bytes()
    assert stage.client.state.auth_key.data in kept
    assert stage.client.key_state.auth_key.data not in kept


def test_the_key_of_a_temporary_state_is_not_bound_to() -> None:
    state = known_state()
    state.expires_at = NOW + 5
    with pytest.raises(LocalProtocolError, match="temporary"):
        Stage(state=state)


def test_layer_and_init_connection_are_not_taken_over_from_one_key_to_the_next() -> None:
    stage = Stage()
    stage.settle()
    first = stage.client.key_state
    assert first is not None
    first.layer, first.init_hash = 229, b"said"
    stage.advance(RENEWAL + 1)
    assert stage.client.key_state is not None
    assert stage.client.key_state is not first
    assert (stage.client.key_state.layer, stage.client.key_state.init_hash) == (None, None)


# Bindings that go wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [48, 16, 17, 20, 64])
def test_a_binding_that_is_refused_as_a_message_is_made_anew_under_its_new_id(code: int) -> None:
    stage = Stage()
    stage.refuse.append(code)
    stage.settle()
    stage.advance(30)
    assert stage.ready
    [bound] = stage.bindings  # it was verified with the id that it had in the end
    request = read_bind_request(bound.body)
    assert request is not None


def test_a_binding_survives_the_loss_of_the_connection_that_it_went_into() -> None:
    stage = Stage()
    [link] = stage.client.links
    while stage.client.key_state is None:
        stage._connect_all() or stage._carry_all()
    link.data_to_send(stage.now)  # into the void
    stage.cut(link)
    stage.settle()
    assert stage.ready
    assert len(stage.bindings) == 1


def test_a_binding_whose_answer_was_lost_is_not_made_twice() -> None:
    stage = Stage()
    [link] = stage.client.links
    while not stage.bindings:
        stage._connect_all()
        up = link.data_to_send(stage.now)
        stage.hand_up(stage.wires[link], up)
        if not stage.bindings:
            stage._tell(link.received(stage.wires[link].data_to_send(stage.now), stage.now), link)
    stage.cut(link)
    stage.advance(30)
    assert stage.ready
    assert len(stage.bindings) == 1
    assert exchanges(stage) == 1


def test_a_binding_of_which_the_server_forgot_everything_is_made_again() -> None:
    stage = Stage()
    stage.answer_binding = lambda key: None
    stage.settle()
    [link] = stage.client.links
    [asked] = stage.bindings
    stage.cut(link)
    stage.state.forget_session(asked.slot.key, asked.slot.session_id)
    stage.answer_binding = lambda key: TRUE
    stage.advance(30)
    assert stage.ready
    assert len(stage.bindings) == 2


def test_encrypted_message_invalid_with_an_old_permanent_key_means_new_keys() -> None:
    stage = Stage()
    request = stage.client.send(QUERY)
    old = stage.client.state
    assert old is not None
    stage.state.forget_key(old.auth_key.id)
    stage.advance(5)
    assert results(stage) == {request: ANSWER + QUERY}
    [dropped], [created] = stage.of(KeyDropped), stage.of(KeyCreated)
    assert isinstance(dropped.error, RpcError)
    assert dropped.error.message == "ENCRYPTED_MESSAGE_INVALID"
    assert stage.client.state is created.state
    assert created.state is not old


def test_encrypted_message_invalid_with_a_young_permanent_key_is_tried_again() -> None:
    stage = Stage(known_key=False)
    stage.answer_binding = lambda key: write_rpc_error(400, "ENCRYPTED_MESSAGE_INVALID")
    stage.settle()
    state = stage.client.state
    stage.answer_binding = lambda key: TRUE
    stage.advance(10)
    assert stage.ready
    assert stage.client.state is state
    assert stage.of(KeyDropped) == []
    assert len(stage.bindings) == 2
    assert exchanges(stage) == 2


@pytest.mark.parametrize("name", ["EXPIRES_AT_INVALID", "TEMP_AUTH_KEY_ALREADY_BOUND", "TEMP_AUTH_KEY_EMPTY"])
def test_a_temporary_key_that_is_refused_is_replaced(name: str) -> None:
    stage = Stage()
    refused: list[int] = []

    def answer(key: object) -> bytes:
        refused.append(1)
        return write_rpc_error(400, name) if len(refused) == 1 else TRUE

    stage.answer_binding = answer
    request = stage.client.send(QUERY)
    stage.advance(5)
    assert results(stage) == {request: ANSWER + QUERY}
    assert exchanges(stage) == 2
    assert stage.of(KeyDropped) == []


def test_a_flood_wait_is_waited_for() -> None:
    stage = Stage()
    stage.answer_binding = lambda key: write_rpc_error(420, "FLOOD_WAIT_30")
    stage.settle()
    stage.answer_binding = lambda key: TRUE
    stage.advance(29)
    assert not stage.ready
    stage.advance(3)
    assert stage.ready
    assert exchanges(stage) == 1


@pytest.mark.parametrize("name", ["EXPIRES_AT_INVALID", "INTERNAL"])
def test_bindings_that_always_fail_end_the_link(name: str) -> None:
    stage = Stage()
    stage.answer_binding = lambda key: write_rpc_error(400, name)
    stage.client.send(QUERY)
    stage.advance(600)
    [failed] = stage.of(Failed)
    assert isinstance(failed.error, RpcError)
    assert failed.error.message == name
    assert len(stage.bindings) == 6
    assert stage.client.status is Status.CLOSED
    with pytest.raises(RpcError, match=name):
        stage.client.send(QUERY)


def test_an_answer_that_is_not_true_is_no_binding() -> None:
    stage = Stage()
    stage.answer_binding = lambda key: bytes.fromhex("379779bc")
    stage.settle()
    assert not stage.ready
    stage.answer_binding = lambda key: TRUE
    stage.advance(5)
    assert stage.ready


# Renewal --------------------------------------------------------------------------------------------------------------


def test_a_key_is_replaced_before_its_end_and_no_call_is_dropped() -> None:
    stage = Stage()
    sent = []
    for number in range(240):
        sent.append(stage.client.send(query(number)))
        stage.advance(LIFE / 60)
    assert list(results(stage)) == sent
    assert sorted(stage.executed) == sorted(query(number) for number in range(240))
    assert len(stage.of(KeyBound)) == 5
    assert [event.status for event in stage.of(StatusChanged)] == [Status.EXCHANGING, Status.READY]
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
    [slot] = old._slots
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
    [slot] = old._slots
    stage.advance(RENEWAL)
    stage.answer = lambda query: ANSWER + query.body
    quick = stage.client.send(query(2))
    stage.advance(6)
    assert set(results(stage)) == {quick}
    assert len(stage.client.links) == 2  # the old one waits for its answer
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
    invoke_after_msg = bytes.fromhex("2d379fcb")
    assert [body[:4] == invoke_after_msg for body in stage.executed] == [False, True, True]


def test_a_call_that_follows_one_that_really_failed_fails_all_the_same() -> None:
    stage = Stage()
    stage.answer = lambda query: write_rpc_error(400, "NO")
    stage.settle()
    first = stage.client.send(query(1))
    stage.settle()
    stage.client.send(query(2), after=[first])
    stage.tick()
    assert [event.message for event in stage.of(RpcFailed)] == ["NO", "MSG_WAIT_FAILED"]
    assert stage.client._after == {}


def test_a_key_that_is_lost_while_it_is_replaced_leaves_the_field_to_its_successor() -> None:
    stage = Stage()
    stage.settle()
    stage.reachable = False
    stage.advance(RENEWAL + 1)
    old, new = stage.client.links
    [key] = stage.temporary_keys()
    stage.state.forget_key(key.auth_key.id)
    stage.cut(old)
    for _ in range(2):  # what it is told twice it believes
        stage.connect(old)
        stage._carry_all()
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
    assert len(stage.of(KeyBound)) == 1
    stage.advance(61)
    assert len(stage.of(KeyBound)) == 2


def test_a_renewal_tells_that_updates_may_have_been_missed() -> None:
    stage = Stage()
    stage.settle()
    assert stage.of(UpdatesGap) == []
    stage.advance(RENEWAL + 1)
    assert len(stage.of(UpdatesGap)) == 1


def test_so_does_a_key_that_was_lost() -> None:
    stage = Stage()
    stage.settle()
    forget_and_go_on(stage)
    assert stage.ready
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


# Keys that are lost ---------------------------------------------------------------------------------------------------


def test_a_temporary_key_that_the_server_forgot_is_replaced() -> None:
    stage = Stage()
    stage.settle()
    stage.answer = lambda query: None
    plain = stage.client.send(query(1))
    repeatable = stage.client.send(query(2), idempotent=True)
    stage.settle()
    stage.answer = lambda query: ANSWER + query.body
    [key] = stage.temporary_keys()
    stage.state.forget_key(key.auth_key.id)
    stage.cut(stage.client.links[0])
    stage.advance(5)
    [lost] = stage.of(RequestLost)
    assert lost.request is plain
    assert isinstance(lost.error, OutcomeUnknown)
    assert set(results(stage)) == {repeatable}
    assert stage.of(Failed) == []
    assert stage.ready


def test_a_key_that_is_lost_while_it_is_bound_takes_its_binding_with_it() -> None:
    stage = Stage()
    stage.answer_binding = lambda key: None
    stage.settle()
    [key] = stage.temporary_keys()
    stage.state.forget_key(key.auth_key.id)
    stage.cut(stage.client.links[0])
    stage.answer_binding = lambda key: TRUE
    request = stage.client.send(QUERY)
    stage.advance(20)
    assert results(stage) == {request: ANSWER + QUERY}
    assert len(stage.bindings) == 2
    assert stage.client.in_flight == 0


def test_a_link_that_has_worked_once_goes_on_although_no_key_can_be_made_just_now() -> None:
    stage = Stage()
    stage.settle()
    [key] = stage.temporary_keys()
    [link] = stage.client.links
    stage.state.forget_key(key.auth_key.id)
    stage.cut(link)
    stage.reachable = False
    for _ in range(20):  # connections that are taken and closed
        assert link.connect_at is not None
        stage.now = max(stage.now, link.connect_at)
        stage.connect(link)
        stage._carry_all()
        stage.cut(link)
    assert stage.of(Failed) == []
    stage.reachable = True
    request = stage.client.send(QUERY)
    stage.advance(61)
    assert results(stage) == {request: ANSWER + QUERY}


def test_an_exchange_with_repeated_queries_is_not_followed_by_another_on_its_connection() -> None:
    stage = Stage(known_key=False)
    [link] = stage.client.links
    stage.connect(link)
    stage.hand_up(stage.wires[link], link.data_to_send(stage.now))
    while not stage.of(KeyCreated):
        down = stage.wires[link].data_to_send(stage.now)
        stage.now += 10  # the answers come so late that the queries were repeated
        stage._tell(link.tick(stage.now))
        repeated = link.data_to_send(stage.now)
        stage._tell(link.received(down, stage.now), link)
        if link in stage.wires:
            stage.hand_up(stage.wires[link], repeated + link.data_to_send(stage.now))
    assert [type(event).__name__ for event in stage.events][-2:] == ["Broken", "StatusChanged"]
    stage.advance(5)
    assert stage.ready


def test_a_key_that_ended_is_not_used_on_a_connection_that_comes_before_anything_else() -> None:
    stage = Stage()
    stage.settle()
    [link] = stage.client.links
    stage.cut(link)
    stage.now += LIFE
    stage.key_ids.clear()
    stage.connect(link)
    stage.settle()
    assert stage.key_ids[:3] == [0, 0, 0]
    assert stage.ready


def test_a_key_that_is_unknown_once_only_is_kept() -> None:
    stage = Stage()
    stage.settle()
    [key] = stage.temporary_keys()
    [link] = stage.client.links
    stage.cut(link)
    stage.state._keys.pop(key.auth_key.id)
    stage.connect(link)
    stage._carry_all()
    stage.state._keys[key.auth_key.id] = key
    request = stage.client.send(QUERY)
    stage.advance(5)
    assert results(stage) == {request: ANSWER + QUERY}
    assert exchanges(stage) == 1


def test_keys_that_are_forgotten_one_after_the_other_end_the_link() -> None:
    stage = Stage()
    stage.settle()
    for _ in range(6):
        assert stage.ready
        forget_and_go_on(stage)
    assert len(stage.of(Failed)) == 1
    assert exchanges(stage) == 6


def test_keys_that_are_forgotten_now_and_then_do_not() -> None:
    stage = Stage()
    stage.settle()
    for _ in range(6):
        stage.advance(310)
        forget_and_go_on(stage)
    assert stage.of(Failed) == []
    assert stage.ready


def forget_and_go_on(stage: Stage) -> None:
    for key in stage.temporary_keys():
        stage.state.forget_key(key.auth_key.id)
    stage.cut(stage.client.links[0])
    stage.advance(10)


def test_a_binding_that_the_server_lost_is_made_again_and_the_call_with_it() -> None:
    stage = Stage()
    stage.settle()
    [key] = stage.temporary_keys()
    key.bound_to = None
    requests = [stage.client.send(query(number)) for number in range(5)]
    stage.settle()
    assert list(results(stage)) == requests
    assert len(stage.executed) == 5
    assert len(stage.bindings) == 2
    assert exchanges(stage) == 1


def test_a_binding_that_is_lost_again_and_again_is_an_error_of_the_call() -> None:
    stage = Stage()
    stage.settle()
    [key] = stage.temporary_keys()
    stage.answer_binding = lambda key: TRUE
    stage.state.bind = lambda temporary, permanent: None  # type: ignore[method-assign]  # it says so, and does not
    key.bound_to = None
    request = stage.client.send(QUERY)
    stage.advance(60)
    [failed] = stage.of(RpcFailed)
    assert (failed.request, failed.message) == (request, "AUTH_KEY_PERM_EMPTY")
    assert len(stage.bindings) < 10


def test_a_key_that_ended_while_the_machine_slept_is_replaced_at_once() -> None:
    stage = Stage()
    stage.settle()
    stage.now += 86400.0
    request = stage.client.send(QUERY)
    stage.tick()
    stage.advance(20)
    assert results(stage) == {request: ANSWER + QUERY}
    assert stage.executed == [QUERY]
    assert stage.of(Failed) == []


def test_a_key_that_ended_while_there_was_no_network_is_replaced_on_the_next_connection() -> None:
    stage = Stage()
    stage.settle()
    stage.reachable = False
    stage.cut(stage.client.links[0])
    stage.advance(LIFE + 1)
    stage.reachable = True
    request = stage.client.send(QUERY)
    stage.advance(61)
    assert results(stage) == {request: ANSWER + QUERY}
    assert len(stage.of(KeyBound)) == 2
    assert len(stage.client.links) == 1


def test_a_key_used_twice_ends_the_link_here_too() -> None:
    stage = Stage()
    stage.answer = lambda query: write_rpc_error(406, "AUTH_KEY_DUPLICATED")
    stage.client.send(QUERY)
    stage.settle()
    assert len(stage.of(Failed)) == 1
    assert stage.client.status is Status.CLOSED


# Bounds and ends ------------------------------------------------------------------------------------------------------


def test_calls_are_bounded_before_the_key_is_bound_as_they_are_later() -> None:
    stage = Stage(limits=Limits(unanswered_requests=2))
    stage.client.send(query(1))
    stage.client.send(query(2))
    with pytest.raises(LocalProtocolError):
        stage.client.send(query(3))
    stage.settle()
    assert len(stage.executed) == 2


def test_a_body_that_can_not_be_sent_ends_its_call_alone() -> None:
    stage = Stage()
    bad = stage.client.send(b"odd")
    good = stage.client.send(QUERY)
    stage.settle()
    [lost] = stage.of(RequestLost)
    assert lost.request is bad
    assert isinstance(lost.error, LocalProtocolError)
    assert set(results(stage)) == {good}


def test_a_closed_link_stays_closed() -> None:
    stage = Stage()
    stage.settle()
    [link] = stage.client.links
    assert stage.client.close() == [StatusChanged(Status.CLOSED)]
    assert stage.client.close() == []
    assert link.status is Status.CLOSED
    assert link.data_to_send(stage.now) == b""
    with pytest.raises(Exception, match="closed"):
        stage.client.send(QUERY)


def test_calls_move_to_their_new_key_without_an_event_that_they_were_sent_again() -> None:
    stage = Stage()
    request = stage.client.send(QUERY)
    stage.advance(RENEWAL + 10)
    assert stage.of(Resent) == []
    assert set(results(stage)) == {request}
