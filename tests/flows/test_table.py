"""The table of flow × call × outcome: each flow on its good way, and at each of its calls what may come instead."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from mtproto.errors import ConnectionLost, DeadlineExceeded, OutcomeUnknown
from mtproto.flows import (
    CodeQuestion,
    EmailCodeQuestion,
    EmailQuestion,
    Flow,
    FlowFailed,
    NameQuestion,
    NextUpdate,
    PasswordQuestion,
    PersonName,
    RecoveryCodeQuestion,
    Service,
    authorize,
    end_authorization,
    end_other_authorizations,
    list_authorizations,
    log_in_as_bot,
    log_in_by_phone,
    log_in_by_qr,
    log_out,
    recover_password,
    remove_password,
    set_password,
)
from tests.flows.answers import PHONE, USER, Answers
from tests.flows.player import PASSWORD_NEEDED, Player, Turn, refusal
from tests.flows.test_log_out import OK
from tests.flows.test_password import ALGO, PROVEN, no_password, state
from tl import DecodeError

TOLERATED = {"help.acceptTermsOfService"}
"""Calls whose failure changes nothing: the login is made."""


class Way(NamedTuple):
    """One flow on its good way."""

    flow: Callable[[Answers], Flow[Any]]
    turns: Callable[[Answers], list[Turn]]


def by_phone(answers: Answers) -> Flow[Any]:
    return log_in_by_phone(answers.settings(), bytes, PHONE)


def coded(answers: Answers) -> list[Turn]:
    return [("auth.sendCode", answers.sent()), (CodeQuestion, "12345")]


def signed_up(answers: Answers) -> list[Turn]:
    terms = answers.signed_up_first(text="Be good.")
    named: list[Turn] = [(NameQuestion, PersonName("Ada")), ("auth.signUp", answers.authorization())]
    return [*coded(answers), ("auth.signIn", terms), *named, ("help.acceptTermsOfService", True)]


def with_password(answers: Answers) -> list[Turn]:
    proof: list[Turn] = [(PasswordQuestion, "x"), ("auth.checkPassword", answers.authorization())]
    return [*coded(answers), PASSWORD_NEEDED, ("account.getPassword", state(answers)), *proof]


def with_email(answers: Answers) -> list[Turn]:
    verified = answers("account.emailVerifiedLogin", email="a", sent_code=answers.sent("EmailCode"))
    return [
        ("auth.sendCode", answers.sent("SetUpEmailRequired")),
        (EmailQuestion, "a@b.c"),
        ("account.sendVerifyEmailCode", answers("account.sentEmailCode", email_pattern="a", length=6)),
        (EmailCodeQuestion, "1"),
        ("account.verifyEmail", verified),
        (CodeQuestion, "12345"),
        ("auth.signIn", answers.authorization()),
    ]


def qr(answers: Answers) -> list[Turn]:
    success = answers("auth.loginTokenSuccess", authorization=answers.authorization())
    return [
        ("auth.exportLoginToken", answers("auth.loginToken", expires=1_000_030, token=b"token")),
        (NextUpdate, answers("updateLoginToken")),
        ("auth.exportLoginToken", answers("auth.loginTokenMigrateTo", dc_id=4, token=b"token")),
        ("auth.importLoginToken", success),
    ]


def recovered(answers: Answers) -> list[Turn]:
    pattern = answers("auth.passwordRecovery", email_pattern="a")
    code: list[Turn] = [(RecoveryCodeQuestion, "1"), ("auth.recoverPassword", answers.authorization())]
    return [("account.getPassword", state(answers)), ("auth.requestPasswordRecovery", pattern), *code]


def exported(answers: Answers) -> list[Turn]:
    proof = answers("auth.exportedAuthorization", id=1, bytes=b"x")
    return [("auth.exportAuthorization", proof), ("auth.importAuthorization", answers.authorization())]


UPDATED: Turn = ("account.updatePasswordSettings", True)
WAYS = {
    "bot": Way(
        lambda answers: log_in_as_bot(answers.settings(), "token"),
        lambda answers: [("auth.importBotAuthorization", answers.authorization())],
    ),
    "phone": Way(by_phone, lambda answers: [*coded(answers), ("auth.signIn", answers.authorization())]),
    "sign-up": Way(by_phone, signed_up),
    "password": Way(by_phone, with_password),
    "email": Way(by_phone, with_email),
    "qr": Way(lambda answers: log_in_by_qr(answers.settings(), bytes), qr),
    "set": Way(
        lambda answers: set_password(answers.schema, bytes, "new"),
        lambda answers: [
            ("account.getPassword", no_password(answers)),
            ("account.getPassword", no_password(answers)),
            UPDATED,
        ],
    ),
    "remove": Way(
        lambda answers: remove_password(answers.schema, bytes, current="x"),
        lambda answers: [("account.getPassword", state(answers)), ("account.getPassword", state(answers)), UPDATED],
    ),
    "recover": Way(lambda answers: recover_password(answers.schema, bytes, "new"), recovered),
    "log-out": Way(
        lambda answers: log_out(answers.schema),
        lambda answers: [("auth.logOut", answers("auth.loggedOut")), (Service, OK)],
    ),
    "list": Way(
        lambda answers: list_authorizations(answers.schema),
        lambda answers: [
            (
                "account.getAuthorizations",
                answers("account.authorizations", authorizations=[], authorization_ttl_days=1),
            )
        ],
    ),
    "end": Way(lambda answers: end_authorization(answers.schema, 5), lambda _: [("account.resetAuthorization", True)]),
    "end others": Way(
        lambda answers: end_other_authorizations(answers.schema), lambda _: [("auth.resetAuthorizations", True)]
    ),
    "authorize": Way(lambda answers: authorize(answers.schema, 4, USER), exported),
}

ERRORS = [
    refusal(400, "SOMETHING_NEW"),
    refusal(401, "ACTIVE_USER_REQUIRED"),
    refusal(403, "FORBIDDEN"),
    refusal(406, "UPDATE_APP_TO_LOGIN"),
    refusal(420, "FLOOD_WAIT_31"),
    refusal(500, "RPC_CALL_FAIL"),
    refusal(-503, "Timeout"),
    refusal(303, "FILE_MIGRATE_4"),
    ConnectionLost("closed"),
    DeadlineExceeded("late"),
    OutcomeUnknown(None, "the server forgot"),
    DecodeError("unknown constructor 0x1f0c2b3a", "auth.Authorization", 0, 4, raw=b"\x3a\x2b\x0c\x1f"),
]
UNKNOWN: list[object] = [SimpleNamespace(NAME="of.aLaterLayer"), None, 5, b"bytes", "text", [], False]


def computed(*args: object) -> object:
    """Stand in for `prove_password`, which has four arguments, and for `new_password`."""
    return PROVEN if len(args) == 4 else (ALGO, b"v")


def play(way: Way, answers: Answers, turns: list[Turn]) -> Player:
    player = Player(turns, compute=computed)
    player.run(way.flow(answers))
    return player


def places(turns: list[Turn]) -> list[int]:
    """Return the places of the calls whose failure is a failure of the flow."""
    return [place for place, (due, _) in enumerate(turns) if isinstance(due, str) and due not in TOLERATED]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_the_good_way_comes_to_its_end(latest: Answers, way: Way) -> None:
    play(way, latest, way.turns(latest))


@pytest.mark.parametrize("error", ERRORS, ids=str)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_an_error_at_any_call_is_raised_as_it_came_and_nothing_is_kept(
    latest: Answers, way: Way, error: Exception
) -> None:
    turns = way.turns(latest)
    for place in places(turns):
        player = Player([*turns[:place], (turns[place][0], error)], compute=computed)
        with pytest.raises(type(error)) as caught:
            player.run(way.flow(latest))
        assert caught.value is error
        assert player.saved == []


@pytest.mark.parametrize("unknown", UNKNOWN, ids=repr)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_an_answer_that_nobody_knows_at_any_call_is_an_error_of_ours(
    latest: Answers, way: Way, unknown: object
) -> None:
    turns = way.turns(latest)
    for place in places(turns):
        player = Player([*turns[:place], (turns[place][0], unknown)], compute=computed)
        with pytest.raises(FlowFailed):
            player.run(way.flow(latest))
        assert player.saved == []
