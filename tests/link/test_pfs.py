"""Temporary keys: made, bound, lost (core.telegram.org/api/pfs). How they are replaced stands in `test_pfs_renewal`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtproto.errors import ExchangeFailed, LocalProtocolError, OutcomeUnknown, RpcError
from mtproto.limits import Limits
from mtproto.link import Failed, KeyBound, KeyCreated, KeyDropped, LinkStatus, StatusChanged
from mtproto.link.binding import read_bind_request
from mtproto.session import RequestLost, RpcFailed, UpdatesGap
from mtproto.session.wire import write_rpc_error
from tests.link.pfs_stage import LIFE, RENEWAL, TRUE, Stage, exchanges, query, results
from tests.link.support import ANSWER, NOW, QUERY, known_state

if TYPE_CHECKING:
    from mtproto.link import PfsLine, ServerKey

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
    assert [event.status for event in stage.of(StatusChanged)] == [LinkStatus.EXCHANGING, LinkStatus.READY]
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
    assert stage.client.status is LinkStatus.EXCHANGING
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


def test_the_end_of_a_key_is_a_moment_of_the_servers_clock() -> None:
    stage = Stage()
    stage.settle()
    [link] = stage.client.links
    assert link.state is not None
    assert link.link.calls.key_ends_at == pytest.approx(NOW + LIFE, abs=2)
    link.state.time_offset += 500
    assert link.link.calls.key_ends_at == pytest.approx(NOW + LIFE - 500, abs=2)


def test_each_binding_is_another_use_of_a_key() -> None:
    stage = Stage()
    stage.settle()
    uses = [stage.client.key_use]
    stage.advance(RENEWAL + 1)
    uses.append(stage.client.key_use)
    [link] = stage.client.links
    assert stage.client._bind_again(link)
    bound_again = link.link.key_use
    stage.settle()
    uses.append(stage.client.key_use)
    assert uses[2] == bound_again  # calls that wait for a binding are calls of that binding
    assert len(set(uses)) == 3
    assert uses[1] is not None
    assert uses[2] is not None
    assert uses[1].key_id == uses[2].key_id


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


def test_a_binding_of_which_the_server_forgot_everything_is_made_again_at_once() -> None:
    stage = Stage()
    stage.answer_binding = lambda key: None
    stage.settle()
    [link] = stage.client.links
    [asked] = stage.bindings
    stage.cut(link)
    stage.state.forget_session(asked.slot.key, asked.slot.session_id)
    stage.answer_binding = lambda key: TRUE
    stage.now += 0.01  # its new session gives out new ids
    stage.settle()
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


@pytest.mark.parametrize(("code", "name"), [(400, "EXPIRES_AT_INVALID"), (500, "INTERNAL"), (-503, "Timeout")])
def test_bindings_that_always_fail_end_the_link(code: int, name: str) -> None:
    stage = Stage()
    stage.answer_binding = lambda key: write_rpc_error(code, name)
    stage.client.send(QUERY)
    stage.advance(600)
    [failed] = stage.of(Failed)
    assert isinstance(failed.error, RpcError)
    assert failed.error.message == name
    assert len(stage.bindings) == 6
    assert stage.client.status is LinkStatus.CLOSED
    with pytest.raises(RpcError, match=name):
        stage.client.send(QUERY)


@pytest.mark.parametrize(
    ("code", "name"),
    [(400, "METHOD_INVALID"), (400, "INPUT_METHOD_INVALID"), (401, "AUTH_KEY_UNREGISTERED"), (403, "NO"), (404, "NO")],
)
def test_a_binding_that_is_refused_for_good_ends_the_link_with_the_refusal(code: int, name: str) -> None:
    stage = Stage(known_key=False)
    stage.answer_binding = lambda key: write_rpc_error(code, name)
    stage.settle()  # no time passes
    [failed] = stage.of(Failed)
    assert isinstance(failed.error, RpcError)
    assert (failed.error.code, failed.error.message, failed.error.method) == (code, name, "auth.bindTempAuthKey")
    assert "does not bind the temporary key" in str(failed.error)
    assert len(stage.bindings) == 1


@pytest.mark.parametrize(
    ("code", "name"), [(400, "ENCRYPTED_MESSAGE_INVALID"), (420, "FLOOD_WAIT_30"), (500, "INTERNAL")]
)
def test_a_binding_that_is_to_be_tried_again_is_the_trouble_of_its_link_until_it_succeeds(code: int, name: str) -> None:
    stage = Stage(known_key=False)
    stage.answer_binding = lambda key: write_rpc_error(code, name)
    stage.settle()
    [link] = stage.client.links
    assert isinstance(link.trouble, RpcError)
    assert link.trouble.message == name
    stage.answer_binding = lambda key: TRUE
    stage.advance(32)
    assert stage.ready
    assert link.trouble is None


def test_an_answer_that_is_not_true_is_no_binding() -> None:
    stage = Stage()
    stage.answer_binding = lambda key: bytes.fromhex("379779bc")
    stage.settle()
    assert not stage.ready
    stage.answer_binding = lambda key: TRUE
    stage.advance(5)
    assert stage.ready


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


def answers_within_a_minute(stage: Stage) -> None:
    """See that the client's next call is answered."""
    request = stage.client.send(QUERY)
    stage.advance(61)
    assert results(stage) == {request: ANSWER + QUERY}


def test_a_link_that_has_worked_once_goes_on_although_no_key_can_be_made_just_now() -> None:
    stage, key, link = Stage.with_a_key()
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
    answers_within_a_minute(stage)


def test_spoiled_answers_of_exchanges_never_end_a_client_that_has_worked() -> None:
    stage, key, link = Stage.with_a_key()
    stage.state.forget_key(key.auth_key.id)
    stage.cut(link)
    stage.spoil = 7
    stage.advance(2000)
    assert stage.spoil == 0
    assert stage.of(Failed) == []
    answers_within_a_minute(stage)


def test_a_spoiled_answer_ends_a_client_that_has_never_worked_with_its_reason() -> None:
    stage = Stage()
    stage.spoil = 1
    stage.advance(1)
    [failed] = stage.of(Failed)
    assert isinstance(failed.error, ExchangeFailed)


@pytest.mark.parametrize("code", [-404, -444, -500])
def test_transport_errors_in_exchanges_never_end_a_client_that_has_worked(code: int) -> None:
    stage = Stage()
    stage.settle()
    [link] = stage.client.links
    stage.lose_key(link)
    stage.reachable = False
    for _ in range(10):
        assert link.connect_at is not None
        stage.now = max(stage.now, link.connect_at)
        stage.answer_with_error(link, code)
        stage.cut(link)
    assert stage.of(Failed) == []
    stage.reachable = True
    answers_within_a_minute(stage)


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
    stage, key, link = Stage.with_a_key()
    stage.cut(link)
    stage.state._keys.pop(key.auth_key.id)
    stage.connect(link)
    stage._carry_all()
    stage.state._keys[key.auth_key.id] = key
    request = stage.client.send(QUERY)
    stage.advance(5)
    assert results(stage) == {request: ANSWER + QUERY}
    assert exchanges(stage) == 1


def forget_out_of_reach(stage: Stage, key: ServerKey, link: PfsLine) -> None:
    """Let the DC go away, and forget a key meanwhile."""
    stage.reachable = False
    stage.state.forget_key(key.auth_key.id)
    stage.cut(link)


def test_a_key_that_the_server_lost_is_replaced_at_once_however_long_the_server_was_away() -> None:
    stage, key, link = Stage.with_a_key()
    forget_out_of_reach(stage, key, link)
    stage.advance(60)
    stage.reachable = True
    assert link.connect_at is not None
    stage.now = link.connect_at
    stage.settle()
    assert stage.ready
    assert exchanges(stage) == 2


def test_a_call_is_not_sent_under_a_key_that_the_server_of_a_new_connection_has_lost() -> None:
    stage, key, link = Stage.with_a_key()
    forget_out_of_reach(stage, key, link)
    request = stage.client.send(QUERY)
    stage.reachable = True
    stage.settle()
    assert results(stage) == {request: ANSWER + QUERY}
    assert stage.executed == [QUERY]


def test_a_call_that_no_packet_carried_before_the_connection_ended_is_not_lost_with_the_key() -> None:
    stage, key, link = Stage.with_a_key()
    first = stage.client.send(query(1))
    second = stage.client.send(query(2), after=[first])
    forget_out_of_reach(stage, key, link)
    stage.reachable = True
    stage.settle()
    assert set(results(stage)) == {first, second}
    one, other = stage.executed
    assert one == query(1)
    assert other.endswith(query(2))  # behind what says that it follows the first


def test_a_binding_that_no_packet_carried_before_the_connection_ended_is_sent_over_the_next() -> None:
    stage, _, link = Stage.with_a_key()
    assert link.policy.unbind()
    link.link.calls.bind()
    stage.cut(link)
    stage.settle()
    assert len(stage.bindings) == 2
    assert link.policy.bound


def test_another_error_than_404_says_nothing_of_the_key() -> None:
    stage = Stage()
    stage.settle()
    [link] = stage.client.links
    stage.cut(link)
    for _ in range(2):
        stage.answer_with_error(link, -403)
    request = stage.client.send(QUERY)
    stage.advance(5)
    assert results(stage) == {request: ANSWER + QUERY}
    assert exchanges(stage) == 1


def test_a_key_that_is_lost_while_its_binding_waits_leaves_no_wait_behind() -> None:
    stage = Stage()
    stage.answer_binding = lambda key: write_rpc_error(500, "INTERNAL")
    stage.settle()
    assert len(stage.bindings) == 1
    [link] = stage.client.links
    stage.lose_key(link)
    stage.connect(link)
    stage.settle()
    assert len(stage.bindings) == 2


def test_what_was_said_of_a_lost_key_is_not_held_against_the_next_exchange() -> None:
    stage = Stage()
    stage.settle()
    [link] = stage.client.links
    stage.lose_key(link)
    stage.answer_with_error(link, -403)
    assert stage.of(Failed) == []
    stage.advance(5)
    assert stage.ready


def test_a_key_that_was_lost_tells_that_updates_may_have_been_missed() -> None:
    stage = Stage()
    stage.settle()
    forget_and_go_on(stage)
    assert stage.ready
    assert len(stage.of(UpdatesGap)) == 1


def test_a_session_that_the_server_forgot_is_one_gap_in_the_updates() -> None:
    stage = Stage()
    stage.settle()
    stage.advance(60)
    [key] = stage.temporary_keys()
    stage.state.forget_session(key, *key.sessions)
    stage.client.send(QUERY)
    stage.settle()
    assert len(stage.of(UpdatesGap)) == 1


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


def test_a_call_that_comes_back_from_a_lost_key_goes_before_those_that_follow_it() -> None:
    stage, key, link = Stage.with_a_key()
    key.bound_to = None
    first = stage.client.send(query(1))
    stage.hand_up(stage.wires[link], link.data_to_send(stage.now))
    second = stage.client.send(query(2))
    link.received(stage.wires[link].data_to_send(stage.now), stage.now)  # the first one is refused, and waits
    third = stage.client.send(query(3), after=[first, second])
    stage.now += LIFE
    stage.tick()  # the second one comes back, to wait behind the other two
    assert set(results(stage)) == {first, second, third}
    assert stage.of(RequestLost) == []


def test_a_binding_that_is_lost_again_and_again_is_an_error_of_the_call() -> None:
    stage = Stage()
    stage.settle()
    [key] = stage.temporary_keys()
    stage.answer_binding = lambda key: TRUE
    stage.state.bind = lambda temporary, permanent, at_most=1: None  # type: ignore[method-assign]  # it says so only
    key.bound_to = None
    request = stage.client.send(QUERY)
    stage.advance(60)
    [failed] = stage.of(RpcFailed)
    assert (failed.request, failed.message) == (request, "AUTH_KEY_PERM_EMPTY")
    assert len(stage.bindings) < 10


def test_a_binding_that_is_lost_now_and_then_is_made_again_each_time() -> None:
    stage = Stage()
    stage.settle()
    [key] = stage.temporary_keys()
    sent = []
    for number in range(8):
        key.bound_to = None
        sent.append(stage.client.send(query(number)))
        stage.advance(1)
    assert list(results(stage)) == sent
    assert stage.of(Failed) == []
    assert len(stage.bindings) == 9


def test_a_success_lets_the_waits_between_bindings_begin_anew() -> None:
    stage = Stage()
    replies = [write_rpc_error(500, "INTERNAL")] * 5
    stage.answer_binding = lambda key: replies.pop() if replies else TRUE
    stage.client.send(query(1))
    stage.advance(20)
    assert len(stage.bindings) == 6
    [key] = stage.temporary_keys()
    key.bound_to, replies = None, [write_rpc_error(500, "INTERNAL")]
    stage.client.send(query(2))
    stage.advance(1)
    assert len(results(stage)) == 2
    assert len(stage.bindings) == 8


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
    answers_within_a_minute(stage)
    assert len(stage.of(KeyBound)) == 2
    assert len(stage.client.links) == 1


def test_a_key_used_twice_ends_the_link_here_too() -> None:
    stage = Stage()
    stage.answer = lambda query: write_rpc_error(406, "AUTH_KEY_DUPLICATED")
    stage.client.send(QUERY)
    stage.settle()
    assert len(stage.of(Failed)) == 1
    assert stage.client.status is LinkStatus.CLOSED


# Bounds and ends ------------------------------------------------------------------------------------------------------


def test_calls_are_bounded_before_the_key_is_bound_as_they_are_later() -> None:
    stage = Stage(limits=Limits(unanswered_requests=2))
    stage.client.send(query(1))
    stage.client.send(query(2))
    with pytest.raises(LocalProtocolError):
        stage.client.send(query(3))
    stage.settle()
    assert len(stage.executed) == 2


def test_nothing_is_remembered_of_calls_that_have_ended() -> None:
    stage = Stage()
    first = stage.client.send(query(1))
    second = stage.client.send(query(2), after=[first])
    third = stage.client.send(query(3), after=[second])
    stage.client.cancel(third, stage.now)
    stage.settle()
    assert set(results(stage)) == {first, second}
    assert stage.client._calls._predecessors == {}


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
    stage.answer = lambda query: None
    stage.client.send(QUERY)
    stage.settle()
    assert stage.client.close() == [StatusChanged(LinkStatus.CLOSED)]
    assert stage.client.close() == []
    assert link.tick(stage.now + LIFE) == []
    assert link.status is LinkStatus.CLOSED
    assert link.data_to_send(stage.now) == b""
    with pytest.raises(Exception, match="closed"):
        stage.client.send(QUERY)
