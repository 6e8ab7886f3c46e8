"""Servers and people that say anything: a flow ends, with a result or an error of ours, and shows nothing secret."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from mtproto.errors import MTProtoError, rpc_error
from mtproto.flows import Ask as AskStep
from mtproto.flows import Call as CallStep
from mtproto.flows import (
    CallPolicy,
    Choice,
    Compute,
    FloodMemory,
    Flow,
    FlowStep,
    FutureToken,
    LoggedIn,
    MoveTo,
    Now,
    PersonName,
    Save,
    Service,
    Tell,
    Wait,
    authorize,
    call_elsewhere,
    end_authorization,
    end_other_authorizations,
    list_authorizations,
    log_in_as_bot,
    log_in_by_phone,
    log_in_by_qr,
    log_out,
    patient_call,
    recover_password,
    remove_password,
    set_password,
)
from mtproto.flows import NextUpdate as NextUpdateStep
from tests.flows.answers import DCS, PHONE, Answers
from tests.flows.conftest import LAYERS, schema_of
from tests.flows.test_password import ALGO, PROVEN, no_password, state
from tests.tl.strategies import Maker

SECRET = "geheim"
SEEDS = 150
MOST_STEPS = 2000

REFUSALS = [
    *[(303, f"{kind}_MIGRATE_{dc}") for kind in ("PHONE", "NETWORK", "USER", "FILE") for dc in (1, 2, 4, 9)],
    *[(400, f"PHONE_{what}") for what in ("CODE_INVALID", "CODE_EXPIRED", "NUMBER_UNOCCUPIED", "NUMBER_INVALID")],
    *[(400, name) for name in ("CODE_INVALID", "EMAIL_INVALID", "EMAIL_VERIFY_EXPIRED", "EMAIL_UNCONFIRMED_6")],
    *[(400, name) for name in ("PASSWORD_HASH_INVALID", "SRP_ID_INVALID", "SRP_PASSWORD_CHANGED")],
    *[(400, name) for name in ("FIRSTNAME_INVALID", "AUTH_TOKEN_EXPIRED", "EMAIL_UNCONFIRMED_99999999999999999999")],
    *[(401, name) for name in ("SESSION_PASSWORD_NEEDED", "AUTH_KEY_UNREGISTERED", "SESSION_REVOKED")],
    *[(406, name) for name in ("AUTH_KEY_DUPLICATED", "SEND_CODE_UNAVAILABLE")],
    *[(420, name) for name in ("FLOOD_WAIT_1", "FLOOD_WAIT_99999999", "PREMIUM_SUB_ACTIVE_UNTIL_1")],
    *[(code, name) for code in (500, -503, 0, 2**31 - 1) for name in ("AUTH_RESTART", "Timeout", "", "\x1b[2J")],
]

FLOWS: dict[str, Callable[[Answers], Flow[Any]]] = {
    "bot": lambda answers: log_in_as_bot(answers.settings(), "token-of-the-bot"),
    "phone": lambda answers: log_in_by_phone(answers.settings(), bytes, PHONE, tokens=[b"t"]),
    "phone asked": lambda answers: log_in_by_phone(answers.settings(test=True), bytes),
    "qr": lambda answers: log_in_by_qr(answers.settings(), bytes),
    "log out": lambda answers: log_out(answers.schema, other_dcs=[1, 2]),
    "list": lambda answers: list_authorizations(answers.schema),
    "end": lambda answers: end_authorization(answers.schema, 5),
    "end others": lambda answers: end_other_authorizations(answers.schema),
    "set": lambda answers: set_password(answers.schema, bytes, SECRET, email="a@b.c", lose_passport=True),
    "remove": lambda answers: remove_password(answers.schema, bytes),
    "recover": lambda answers: recover_password(answers.schema, bytes, SECRET),
    "authorize": lambda answers: authorize(answers.schema, 4),
    "elsewhere": lambda answers: call_elsewhere(answers.schema, CallStep(config(answers), dc=4), authorized=True),
    "patient": lambda answers: patient_call(
        CallStep(config(answers)), CallPolicy(longest_wait=30), FloodMemory(), bytes, harmless=True, logged_in=True
    ),
}


GOOD: dict[str, Callable[[Answers, random.Random], object]] = {
    "account.Password": lambda answers, pick: (
        state(answers, has_recovery=True) if pick.random() < 0.8 else no_password(answers)
    ),
    "account.SentEmailCode": lambda answers, _: answers("account.sentEmailCode", email_pattern="a", length=6),
    "account.EmailVerified": lambda answers, _: answers(
        "account.emailVerifiedLogin", email="a", sent_code=answers.sent("SetUpEmailRequired")
    ),
    "auth.PasswordRecovery": lambda answers, _: answers("auth.passwordRecovery", email_pattern="a"),
    "auth.SentCode": lambda answers, pick: answers.sent(
        pick.choice(["Sms", "App", *(["SetUpEmailRequired", "FirebaseSms", "EmailCode"] if answers.later else [])]),
        next_type=pick.choice([None, "Sms"]),
        timeout=pick.choice([None, 60]),
    ),
    "auth.Authorization": lambda answers, pick: pick.choice(
        [answers.signed_up_first(text="t"), answers.authorization()]
    ),
    "auth.LoginToken": lambda answers, pick: pick.choice(
        [
            answers("auth.loginToken", expires=1_000_000_030, token=b"token"),
            answers("auth.loginTokenMigrateTo", dc_id=pick.choice([1, 2, 9]), token=b"token"),
        ]
    ),
    "Bool": lambda _, pick: pick.random() < 0.5,
}
"""Answers with which a flow goes on, so that it gets further than its first call."""


def config(answers: Answers) -> Any:
    return answers("help.getConfig")


class Anything:
    """A driver whose server answers anything of the declared type, or refuses; whose person answers anything, too."""

    def __init__(self, answers: Answers, seed: int) -> None:
        self.pick = random.Random(seed)
        self.answers = answers
        self.schema = answers.schema
        self.maker = Maker(answers.schema, self.pick, depth=2)
        self.clock = 1e9
        self.saved: list[object] = []
        self.seen: list[str] = []

    def play(self, flow: Flow[Any]) -> None:
        outcome: object = None
        failure: Exception | None = None
        for _ in range(MOST_STEPS):
            try:
                step = flow.send(outcome) if failure is None else flow.throw(failure)
            except StopIteration:
                return
            self.seen.append(repr(step))
            outcome, failure = None, None
            try:
                outcome = self.do(step)
            except MTProtoError as error:
                failure = error
        raise AssertionError("the flow does not come to an end")

    def do(self, step: FlowStep) -> object:
        match step:
            case CallStep(request=request):
                return self.answer(self.schema.decode(request.to_bytes()).result)
            case AskStep(question=question):
                self.seen.append(str(question))
                return self.say(self.pick.choice(question.answer))
            case NextUpdateStep():
                return self.pick.choice([None, self.schema["updateLoginToken"]()])
            case Service():
                return self.pick.choice([b"", b"\1\2\3\4", self.pick.randbytes(40)])
            case Compute(function=function):
                return PROVEN if function.__name__ == "prove_password" else (ALGO, b"v")
            case Now():
                return self.clock
            case Wait(seconds=seconds):
                assert 0 <= seconds <= 3600
                self.clock += seconds
            case MoveTo(dc=dc):
                assert dc in DCS
            case Tell(notice=notice):
                self.seen.append(str(notice))
            case Save(change=change):
                self.saved.append(change)
        return None

    def answer(self, result: str) -> object:
        if self.pick.random() < 0.25:
            raise rpc_error(*self.pick.choice(REFUSALS))
        if self.pick.random() < 0.03:
            return self.pick.choice([True, None, 7, b"", "text", [], self.maker.object("user")])
        if result in GOOD and self.pick.random() < 0.8:
            return GOOD[result](self.answers, self.pick)
        value = self.maker.value(self.schema.kind(result))
        return self.schema.decode(self.schema.encode(value, result), result)

    def say(self, kind: object) -> object:
        if kind is PersonName:
            return PersonName(self.pick.choice(["", SECRET]), SECRET)
        if isinstance(kind, Choice):
            return kind if self.pick.random() < 0.3 else SECRET
        return self.pick.choice(["", SECRET, "12345", "+49 170 0000000"])


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_ends_whatever_it_is_answered(name: str, layer: int) -> None:
    answers = Answers(schema_of(layer))
    ends = set()
    for seed in range(SEEDS):
        driver = Anything(answers, seed)
        error: MTProtoError | None = None
        try:
            driver.play(FLOWS[name](answers))
        except MTProtoError as caught:
            error = caught
        ends.add(type(error).__name__)
        shown = [*driver.seen, str(error)]
        assert [text for text in shown if SECRET in text] == []
        assert [text for text in driver.seen if not all(sign == "\n" or sign.isprintable() for sign in text)] == []
        for change in driver.saved:
            if isinstance(change, LoggedIn):
                assert change.user_id > 0
            if isinstance(change, FutureToken):
                assert 0 < len(change.token) <= 4096
    assert len(ends) > 1, "every play ended the same way: the answers are not good enough"
