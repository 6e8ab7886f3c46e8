"""What a link does about its key after an error: the decisions of both policies."""

from __future__ import annotations

import pytest

from mtproto.errors import ExchangeFailed, TransportError
from mtproto.link import KeyDropped, SharedKeyPolicy
from mtproto.link.key_maker import KeyMaker
from mtproto.link.key_policy import Action, Decision, PermanentKeyPolicy
from mtproto.link.temporary_key import ATTEMPTS, LASTING, SETTLED_IN, PermanentKey, TemporaryKeyPolicy
from mtproto.message.auth_key import AuthKey
from mtproto.message.key_state import KeyState
from mtproto.session import ClientSession, Request, Result, RpcFailed
from tests.link.support import DC, NOW, known_state, rsa_key, seeded

TRUE = bytes.fromhex("b5757299")
UNKNOWN = TransportError(TransportError.NOT_FOUND)
FLOOD = TransportError(TransportError.FLOOD)
FAILED = ExchangeFailed("server_DH_params_ok", "nonce")


def key_maker(expires_in: int | None = None) -> KeyMaker:
    return KeyMaker([rsa_key().public], DC, seeded(), expires_in=expires_in)


class Keys:
    """A temporary key's policy and the session under the key."""

    def __init__(self, *, stored: bool = True) -> None:
        self.permanent = PermanentKey(known_state() if stored else None)
        self.makers = key_maker(), key_maker(1000)
        self.policy = TemporaryKeyPolicy(self.permanent, *self.makers, seeded())
        self.state = KeyState(auth_key=AuthKey(seeded(3)(256)), dc_id=DC, expires_at=NOW + 1000)
        self.session = ClientSession(self.state, random=seeded())

    def binding(self) -> Request:
        self.policy.bind(self.session)
        assert self.policy.binding is not None
        return self.policy.binding

    def bind(self) -> None:
        assert self.policy.settle_binding(Result(self.binding(), TRUE), NOW) is None
        self.policy.heard()

    def refuse(self, message: str, code: int = 400, now: float = NOW) -> Decision:
        decision = self.policy.settle_binding(RpcFailed(self.binding(), code, message), now)
        assert decision is not None
        return decision


@pytest.mark.parametrize("again", [False, True])
def test_a_permanent_key_is_kept_whatever_a_transport_error_says(again: bool) -> None:
    policy = PermanentKeyPolicy(key_maker(), known_state())
    for credible, action in ((False, Action.BREAK), (True, Action.GIVE_UP)):
        decision = policy.refused(UNKNOWN, has_key=True, credible=credible, again=again)
        assert decision == Decision(action, UNKNOWN)
    assert policy.exchange_failed(FAILED).action is Action.GIVE_UP


def test_calls_wait_until_the_key_is_bound_and_the_server_of_the_connection_knows_it() -> None:
    keys = Keys()
    keys.policy.heard()
    assert not keys.policy.takes_calls
    keys.bind()
    assert keys.policy.takes_calls
    keys.policy.disconnected()
    assert not keys.policy.takes_calls
    assert keys.policy.heard()
    assert keys.policy.takes_calls
    assert not keys.policy.heard()


def test_a_temporary_key_is_dropped_the_second_time_that_the_server_does_not_know_it() -> None:
    keys = Keys()
    first = keys.policy.refused(UNKNOWN, has_key=True, credible=False, again=False)
    assert first == Decision(Action.BREAK, UNKNOWN, at_once=True)
    second = keys.policy.refused(UNKNOWN, has_key=True, credible=False, again=True)
    assert second == Decision(Action.BREAK, UNKNOWN, drop_key=True, at_once=True)


def test_another_error_drops_a_temporary_key_only_when_it_is_credible() -> None:
    keys = Keys()
    assert not keys.policy.refused(FLOOD, has_key=True, credible=False, again=True).drop_key
    assert keys.policy.refused(FLOOD, has_key=True, credible=True, again=True).drop_key


def test_calls_under_the_key_of_another_link_wait_until_the_server_of_the_connection_knows_it() -> None:
    policy = SharedKeyPolicy(key_maker())
    assert not policy.takes_calls
    assert policy.heard()
    assert policy.takes_calls
    assert not policy.heard()
    policy.disconnected()
    assert not policy.takes_calls


def test_a_link_ends_with_the_key_that_another_one_lends_and_gives_the_calls_back() -> None:
    policy = SharedKeyPolicy(key_maker())
    first = policy.refused(UNKNOWN, has_key=True, credible=False, again=False)
    assert first == Decision(Action.BREAK, UNKNOWN, at_once=True)
    second = policy.refused(UNKNOWN, has_key=True, credible=False, again=True)
    assert second == Decision(Action.GIVE_UP, UNKNOWN, drop_key=True, at_once=True)
    assert policy.refused(FLOOD, has_key=True, credible=False, again=True).action is Action.BREAK


def test_a_permanent_key_is_not_replaced_for_an_address_for_files() -> None:
    keys = Keys()
    keys.permanent.replaceable = False
    decision = keys.refuse("ENCRYPTED_MESSAGE_INVALID")
    assert (decision.action, decision.drop_key, decision.events) == (Action.GIVE_UP, True, ())
    assert keys.permanent.state is not None


def test_keys_are_not_lost_for_ever() -> None:
    keys = Keys()
    losses = [keys.policy.refused(UNKNOWN, has_key=True, credible=False, again=True) for _ in range(ATTEMPTS + 1)]
    assert [loss.action for loss in losses] == [Action.BREAK] * ATTEMPTS + [Action.GIVE_UP]


def test_once_a_key_was_bound_nothing_unauthenticated_ends_the_link() -> None:
    keys = Keys()
    assert keys.policy.refused(FLOOD, has_key=False, credible=True, again=True).action is Action.GIVE_UP
    assert keys.policy.exchange_failed(FAILED).action is Action.GIVE_UP
    keys.bind()
    assert keys.policy.refused(FLOOD, has_key=False, credible=True, again=True).action is Action.BREAK
    assert keys.policy.exchange_failed(FAILED).action is Action.BREAK


def test_the_permanent_key_is_made_before_any_temporary_one() -> None:
    keys = Keys(stored=False)
    permanent, temporary = keys.makers
    assert keys.policy.maker() is permanent
    assert not keys.policy.key_made(known_state(), NOW)
    assert keys.policy.maker() is temporary
    assert keys.policy.key_made(keys.state, NOW)
    assert keys.permanent.state is not keys.state


@pytest.mark.parametrize(
    ("message", "code", "action", "drop_key"),
    [
        ("EXPIRES_AT_INVALID", 400, Action.BREAK, True),
        ("TEMP_AUTH_KEY_EMPTY", 400, Action.BREAK, True),
        ("FLOOD_WAIT_30", 420, Action.GO_ON, False),
        ("INTERNAL", 500, Action.GO_ON, False),
        ("METHOD_INVALID", 400, Action.GIVE_UP, False),
    ],
)
def test_a_refused_binding_decides_on_the_key(message: str, code: int, action: Action, drop_key: bool) -> None:
    keys = Keys()
    decision = keys.refuse(message, code)
    assert (decision.action, decision.drop_key) == (action, drop_key)
    assert keys.permanent.state is not None


def test_the_permanent_key_is_dropped_only_where_all_servers_must_know_it() -> None:
    keys = Keys(stored=False)
    keys.policy.key_made(known_state(), NOW)
    assert keys.refuse("ENCRYPTED_MESSAGE_INVALID", now=NOW + SETTLED_IN).action is Action.GO_ON
    deadline = keys.policy.deadline(None)
    assert deadline is not None
    assert keys.policy.tick(deadline)
    decision = keys.refuse("ENCRYPTED_MESSAGE_INVALID", now=NOW + SETTLED_IN + 1)
    assert (decision.action, decision.drop_key) == (Action.BREAK, True)
    assert [type(event) for event in decision.events] == [KeyDropped]
    assert keys.permanent.state is None


def test_a_binding_that_is_put_off_is_made_once_at_its_time() -> None:
    keys = Keys()
    keys.refuse("FLOOD_WAIT_30", 420)
    deadline = keys.policy.deadline(None)
    assert deadline is not None
    assert deadline >= NOW + 30
    assert not keys.policy.is_unbound
    assert not keys.policy.tick(deadline - 0.1)
    assert keys.policy.tick(deadline)
    assert not keys.policy.tick(deadline + 1)
    assert keys.policy.is_unbound


def test_a_binding_that_has_lasted_forgives_the_failures_before_it() -> None:
    keys = Keys()
    for _ in range(ATTEMPTS - 1):
        keys.policy.refused(UNKNOWN, has_key=True, credible=False, again=True)
    keys.bind()
    keys.policy.tick(NOW + LASTING + 1)
    assert keys.policy.refused(UNKNOWN, has_key=True, credible=True, again=True).action is Action.BREAK
    assert keys.policy.refused(UNKNOWN, has_key=True, credible=True, again=True).action is Action.BREAK


def test_each_binding_is_another_use_and_the_next_one_counts_while_it_is_under_way() -> None:
    keys = Keys()
    assert keys.policy.use == 1
    keys.bind()
    assert keys.policy.use == 1
    assert keys.policy.unbind()
    assert keys.policy.use == 2
    assert not keys.policy.unbind()
