"""Login as a bot: answer × error, in several layers."""

from __future__ import annotations

import pytest

from mtproto.errors import LocalProtocolError, Migrate, RpcError
from mtproto.flows import (
    LOGIN_RESTARTS,
    FlowFailed,
    FutureToken,
    LoggedIn,
    NotSupported,
    UnexpectedAnswer,
    log_in_as_bot,
    refuse_way,
)
from tests.flows.answers import PHONE, TOKEN, USER, Answers
from tests.flows.conftest import schema_of
from tests.flows.player import Player, refusal, wrong
from tl import Schema

IMPORT = "auth.importBotAuthorization"
TEXT = "123:secret-of-the-bot"


def bot(answers: Answers) -> object:
    return answers.authorization(user=answers.user(bot=True, bot_info_version=1))


def test_a_bot_logs_in_and_the_login_is_kept(each: Answers) -> None:
    player = Player([(IMPORT, bot(each))])
    user = player.run(log_in_as_bot(each.settings(), f" {TEXT}\n"))
    assert user.id == USER
    assert player.saved == [LoggedIn(user_id=USER, is_bot=True)]
    request = player.request(0)
    assert (request.flags, request.api_id, request.bot_auth_token) == (0, 1, TEXT)
    assert player.calls[0].dc is None


def test_user_migrate_moves_home_and_the_call_is_repeated(each: Answers) -> None:
    player = Player([(IMPORT, refusal(303, "USER_MIGRATE_4")), (IMPORT, bot(each))])
    player.run(log_in_as_bot(each.settings(), TEXT))
    assert player.moves == [4]
    assert [type(step).__name__ for step in player.steps[:4]] == ["Call", "Tell", "MoveTo", "Call"]


@pytest.mark.parametrize("dc", [3, 5, 203, 2**31 - 1])
def test_a_migration_goes_to_a_known_dc_only(latest: Answers, dc: int) -> None:
    player = Player([(IMPORT, refusal(303, f"USER_MIGRATE_{dc}"))])
    with pytest.raises(FlowFailed, match=rf"DC {dc} .*not known; known are 1, 2, 4"):
        player.run(log_in_as_bot(latest.settings(), TEXT))
    assert player.moves == []


def test_a_server_that_sends_the_login_round_and_round_is_left(latest: Answers) -> None:
    turns = [(IMPORT, refusal(303, f"USER_MIGRATE_{1 + turn % 2}")) for turn in range(LOGIN_RESTARTS + 1)]
    player = Player([*turns])
    with pytest.raises(FlowFailed, match=IMPORT):
        player.run(log_in_as_bot(latest.settings(), TEXT))
    assert player.saved == []


def test_auth_restart_repeats_the_call_after_a_pause_a_bounded_number_of_times(latest: Answers) -> None:
    player = Player([(IMPORT, refusal(500, "AUTH_RESTART")), (IMPORT, bot(latest))])
    player.run(log_in_as_bot(latest.settings(), TEXT))
    assert len(player.waits) == 1
    player = Player([(IMPORT, refusal(500, "AUTH_RESTART"))] * (LOGIN_RESTARTS + 1))
    with pytest.raises(FlowFailed, match="AUTH_RESTART"):
        player.run(log_in_as_bot(latest.settings(), TEXT))


@pytest.mark.parametrize(
    "error",
    [
        wrong("ACCESS_TOKEN_INVALID"),
        wrong("ACCESS_TOKEN_EXPIRED"),
        wrong("API_ID_INVALID"),
        wrong("API_ID_PUBLISHED_FLOOD"),
        refusal(420, "FLOOD_WAIT_30"),
        refusal(500, "INTERNAL"),
        refusal(303, "FILE_MIGRATE_2"),
    ],
    ids=str,
)
def test_any_other_refusal_is_raised_as_it_came(latest: Answers, error: RpcError) -> None:
    player = Player([(IMPORT, error)])
    with pytest.raises(RpcError) as caught:
        player.run(log_in_as_bot(latest.settings(), TEXT))
    assert caught.value is error
    assert isinstance(error, Migrate) is (error.code == 303)


@pytest.mark.parametrize("token", ["", " ", "\n"])
def test_an_empty_token_is_not_sent(latest: Answers, token: str) -> None:
    with pytest.raises(LocalProtocolError, match="empty"):
        Player([]).run(log_in_as_bot(latest.settings(), token))


def test_an_answer_that_is_no_authorization_of_a_user_keeps_nothing(each: Answers) -> None:
    for answer in (
        each("auth.authorizationSignUpRequired"),
        each.authorization(user=each("userEmpty", id=USER)),
        each.authorization(user=each.user(0)),
        each.authorization(user=each.user(-1)),
    ):
        player = Player([(IMPORT, answer)])
        with pytest.raises(UnexpectedAnswer, match=IMPORT):
            player.run(log_in_as_bot(each.settings(), TEXT))
        assert player.saved == []


@pytest.mark.parametrize("answer", [True, None, 5, [], b"bytes"], ids=str)
def test_an_answer_that_is_no_object_ends_in_an_error_of_ours(latest: Answers, answer: object) -> None:
    with pytest.raises(UnexpectedAnswer, match=f"{IMPORT} was answered by {type(answer).__name__}"):
        Player([(IMPORT, answer)]).run(log_in_as_bot(latest.settings(), TEXT))


def test_a_future_auth_token_is_kept_after_the_login_and_one_of_an_absurd_length_is_not(later: Answers) -> None:
    player = Player([(IMPORT, later.authorization(future_auth_token=TOKEN))])
    player.run(log_in_as_bot(later.settings(), TEXT))
    assert player.saved == [LoggedIn(USER, is_bot=False), FutureToken(TOKEN)]
    for token in (b"", bytes(4097)):
        player = Player([(IMPORT, later.authorization(future_auth_token=token))])
        player.run(log_in_as_bot(later.settings(), TEXT))
        assert player.saved == [LoggedIn(USER, is_bot=False)]


def test_a_password_that_the_server_wants_to_be_set_is_told(later: Answers) -> None:
    player = Player([(IMPORT, later.authorization(setup_password_required=True, otherwise_relogin_days=7))])
    player.run(log_in_as_bot(later.settings(), TEXT))
    assert [str(notice) for notice in player.told] == [
        "The server wants a two-step verification password to be set within 7 days"
    ]


def test_a_layer_that_is_too_old_is_named_with_the_method() -> None:
    old = Schema("---functions---\nauth.none = Bool;", layer=132)
    settings = Answers(schema_of(229)).settings()
    with pytest.raises(NotSupported, match=r"auth\.importBotAuthorization .*layer 132 is older than layer 133"):
        Player([]).run(log_in_as_bot(type(settings)(old, 1, "h"), TEXT))
    lacking = Schema("---functions---\nauth.none = Bool;", layer=140)
    with pytest.raises(NotSupported, match=r"auth\.importBotAuthorization .*layer 140 does not declare it"):
        Player([]).run(log_in_as_bot(type(settings)(lacking, 1, "h"), TEXT))
    other = Schema("---functions---\nauth.importBotAuthorization token:string = Bool;", layer=140)
    with pytest.raises(NotSupported, match=r"auth\.importBotAuthorization .*in layer 140 it has no field flags"):
        Player([]).run(log_in_as_bot(type(settings)(other, 1, "h"), TEXT))


@pytest.mark.parametrize(
    ("way", "named"),
    [
        ("passkey", "auth.initPasskeyLogin"),
        ("firebase", "auth.initFirebasePnvLogin"),
        ("payment", "auth.checkPaidAuth"),
        ("web", "auth.importWebTokenAuthorization"),
        ("a pigeon", "a pigeon"),
    ],
)
def test_ways_that_are_not_supported_are_named(latest: Answers, way: str, named: str) -> None:
    error = refuse_way(way)
    assert named in str(error)
    assert "is not supported" in str(error)
    assert way == "a pigeon" or named in latest.schema


def test_no_step_and_no_setting_shows_what_is_secret(latest: Answers) -> None:
    settings = latest.settings()
    player = Player([(IMPORT, bot(latest))])
    player.run(log_in_as_bot(settings, TEXT))
    shown = repr([settings, *player.steps, *player.told, PHONE])
    assert "secret" not in shown
    assert settings.api_hash not in shown
