"""The end of a login, and the list of an account's sessions."""

from __future__ import annotations

import pytest

from mtproto.errors import ConnectionLost, LocalProtocolError, LoggedOut, RpcError
from mtproto.flows import (
    FutureToken,
    KeyDestroyed,
    LoggedOutChange,
    Service,
    UnexpectedAnswer,
    end_authorization,
    end_other_authorizations,
    list_authorizations,
    log_out,
)
from tests.flows.answers import TOKEN, Answers
from tests.flows.player import Player, Turn, refusal, wrong
from tl import service

OUT = "auth.logOut"
OK, NONE, FAIL = (
    service.schema[name]().to_bytes()
    for name in ("destroy_auth_key_ok", "destroy_auth_key_none", "destroy_auth_key_fail")
)
DESTROYED: Turn = (Service, OK)


def bye(answers: Answers, token: bytes | None = None) -> object:
    """Return the answer of the layer: a Bool in old ones."""
    return answers("auth.loggedOut", future_auth_token=token) if "auth.loggedOut" in answers.schema else True


def test_a_log_out_tells_the_server_then_the_store_then_destroys_the_key(each: Answers) -> None:
    player = Player([(OUT, bye(each)), DESTROYED])
    assert player.run(log_out(each.schema)) is True
    assert player.saved == [LoggedOutChange(reason=None), KeyDestroyed(None)]
    assert [type(step).__name__ for step in player.steps] == ["Call", "Save", "Service", "Save"]
    step = player.steps[2]
    assert isinstance(step, Service)
    assert (step.body, step.dc) == (service.functions.DestroyAuthKey().to_bytes(), None)
    assert player.calls[0].idempotent is True


def test_the_future_auth_token_is_kept_and_survives_the_log_out(later: Answers) -> None:
    player = Player([(OUT, bye(later, TOKEN)), DESTROYED])
    player.run(log_out(later.schema))
    assert player.saved == [FutureToken(TOKEN), LoggedOutChange(reason=None), KeyDestroyed(None)]


@pytest.mark.parametrize("name", ["AUTH_KEY_UNREGISTERED", "SESSION_REVOKED", "USER_DEACTIVATED", "SESSION_EXPIRED"])
def test_a_login_that_is_over_already_is_logged_out_as_well(each: Answers, name: str) -> None:
    player = Player([(OUT, refusal(401, name)), (Service, NONE)])
    assert player.run(log_out(each.schema)) is True
    assert player.saved[0] == LoggedOutChange(reason=None)
    player = Player([(OUT, LoggedOut(name)), (Service, NONE)])  # what the policy of an account makes of the refusal
    assert player.run(log_out(each.schema)) is True
    assert player.saved[0] == LoggedOutChange(reason=None)


@pytest.mark.parametrize(
    "error", [refusal(500, "INTERNAL"), refusal(420, "FLOOD_WAIT_5"), refusal(401, "AUTH_KEY_PERM_EMPTY")], ids=str
)
def test_a_log_out_that_is_refused_changes_nothing(latest: Answers, error: RpcError) -> None:
    player = Player([(OUT, error)])
    with pytest.raises(RpcError) as caught:
        player.run(log_out(latest.schema))
    assert caught.value is error
    assert player.saved == []


@pytest.mark.parametrize("answer", [False, None, 5], ids=str)
def test_an_answer_that_nobody_knows_changes_nothing(latest: Answers, answer: object) -> None:
    player = Player([(OUT, answer)])
    with pytest.raises(UnexpectedAnswer, match=OUT):
        player.run(log_out(latest.schema))
    assert player.saved == []


def test_keys_of_other_dcs_are_destroyed_too_and_a_failure_of_one_keeps_that_one(each: Answers) -> None:
    turns: list[Turn] = [(OUT, bye(each)), DESTROYED, (Service, FAIL), (Service, ConnectionLost("gone")), DESTROYED]
    player = Player([*turns, (Service, b"\0\0\0\0")])
    assert player.run(log_out(each.schema, other_dcs=[1, 2, 4, 5])) is False
    assert player.saved == [LoggedOutChange(reason=None), KeyDestroyed(None), KeyDestroyed(4)]


def test_keys_may_be_kept(each: Answers) -> None:
    player = Player([(OUT, bye(each))])
    assert player.run(log_out(each.schema, destroy_keys=False)) is True
    assert player.saved == [LoggedOutChange(reason=None)]


# -- the sessions of an account

LIST, END, END_OTHERS = "account.getAuthorizations", "account.resetAuthorization", "auth.resetAuthorizations"


def session(answers: Answers, session_hash: int, **fields: object) -> object:
    texts = ("device_model", "platform", "system_version", "app_name", "app_version", "ip", "country", "region")
    known: dict[str, object] = {**dict.fromkeys(texts, "x"), "api_id": 1, "date_created": 1, "date_active": 1}
    return answers("authorization", hash=session_hash, **known, **fields)


def test_sessions_are_listed(each: Answers) -> None:
    sessions = [session(each, 0, current=True), session(each, -7)]
    ttl = {} if each.schema.layer == 133 else {"authorization_ttl_days": 180}
    player = Player([(LIST, each("account.authorizations", authorizations=sessions, **ttl))])
    found = player.run(list_authorizations(each.schema))
    assert [(one.hash, one.current) for one in found] == [(0, True), (-7, False)]
    with pytest.raises(UnexpectedAnswer, match=LIST):
        Player([(LIST, True)]).run(list_authorizations(each.schema))


def test_other_sessions_are_ended_and_this_one_is_not(each: Answers) -> None:
    player = Player([(END, True)])
    player.run(end_authorization(each.schema, -7))
    assert player.request(0).hash == -7
    Player([(END_OTHERS, True)]).run(end_other_authorizations(each.schema))
    with pytest.raises(LocalProtocolError, match="log-out"):
        Player([]).run(end_authorization(each.schema, 0))


@pytest.mark.parametrize("error", [wrong("HASH_INVALID"), refusal(406, "FRESH_RESET_AUTHORISATION_FORBIDDEN")], ids=str)
def test_a_session_that_can_not_be_ended_is_an_error(latest: Answers, error: RpcError) -> None:
    with pytest.raises(RpcError, match=error.message):
        Player([(END, error)]).run(end_authorization(latest.schema, 5))
    with pytest.raises(UnexpectedAnswer, match=END_OTHERS):
        Player([(END_OTHERS, False)]).run(end_other_authorizations(latest.schema))
