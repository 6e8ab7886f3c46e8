"""The two-step verification password: proven at login, set, changed, removed, recovered."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import pytest

from mtproto.crypto import (
    KNOWN_PRIME,
    DHCheckFailed,
    PasswordAlgo,
    PasswordChallenge,
    password_challenge,
    password_is_proven,
    password_verifier,
)
from mtproto.errors import LocalProtocolError, LoginCancelled, RpcError
from mtproto.flows import (
    CANCEL,
    RECOVER,
    RESEND,
    Call,
    CodeQuestion,
    Compute,
    EmailCodeQuestion,
    FlowFailed,
    LoggedIn,
    NotSupported,
    PasswordQuestion,
    RecoveryCodeQuestion,
    UnexpectedAnswer,
    check_password,
    log_in_by_phone,
    recover_password,
    remove_password,
    set_password,
)
from mtproto.flows.asking import ANSWERS_TAKEN
from mtproto.flows.password import KNOWN_ALGO
from tests.flows.answers import PHONE, USER, Answers
from tests.flows.player import PASSWORD_NEEDED, Player, Turn, refusal, wrong

GET, CHECK, UPDATE = "account.getPassword", "auth.checkPassword", "account.updatePasswordSettings"
REQUEST_RECOVERY, RECOVER_CALL = "auth.requestPasswordRecovery", "auth.recoverPassword"
PASSWORD = "correct horse"
ALGO = PasswordAlgo(salt1=b"salt-1", salt2=b"salt-2", g=3, p=KNOWN_PRIME.to_bytes(256, "big"))
PROVEN = (b"A" * 256, b"M" * 32)


def counting(size: int) -> bytes:
    """Return bytes that are no secret."""
    return bytes((number * 7 + 1) % 256 for number in range(size))


@cache
def verifier_of(password: str, algo: PasswordAlgo) -> bytes:
    return password_verifier(password.encode(), algo)


class Server:
    """The server's half of a password: it answers `account.getPassword`, and judges a proof as a server does."""

    def __init__(self, answers: Answers, password: str = PASSWORD, algo: PasswordAlgo = ALGO) -> None:
        self.answers = answers
        self.algo = algo
        self.verifier = verifier_of(password, algo)
        self.challenge: PasswordChallenge | None = None
        self.srp_id = 0

    def state(self, _: object) -> Any:
        """Return a state with a new challenge."""
        self.challenge = password_challenge(self.verifier, self.algo, counting)
        self.srp_id += 1
        algo = algo_of(self.answers, self.algo)
        return state(self.answers, current_algo=algo, srp_B=self.challenge.g_b, srp_id=self.srp_id)

    def judge(self, call: Call) -> object:
        """Take a right proof, refuse a wrong one."""
        proof = getattr(call.request, "password")  # noqa: B009 - the field of both calls
        assert self.challenge is not None
        assert proof.srp_id == self.srp_id
        if not password_is_proven(self.verifier, self.algo, self.challenge, proof.A, proof.M1):
            return wrong("PASSWORD_HASH_INVALID")
        return self.answers.authorization()


def algo_of(answers: Answers, algo: PasswordAlgo = ALGO) -> Any:
    return answers(KNOWN_ALGO, salt1=algo.salt1, salt2=algo.salt2, g=algo.g, p=algo.p)


def state(answers: Answers, **fields: object) -> Any:
    """Return an `account.password`; one with a password, unless the fields say otherwise."""
    known: dict[str, object] = {
        "has_password": True,
        "current_algo": algo_of(answers),
        "srp_B": b"\x01" * 256,
        "srp_id": 1,
        "new_algo": algo_of(answers),
        "new_secure_algo": answers("securePasswordKdfAlgoUnknown"),
        "secure_random": b"",
    }
    return answers("account.password", **{**known, **fields})


def no_password(answers: Answers, **fields: object) -> Any:
    return state(answers, has_password=False, current_algo=None, srp_B=None, srp_id=None, **fields)


def quick(turns: list[Turn]) -> Player:
    """Return a player that computes nothing."""
    return Player(turns, compute=lambda *_: PROVEN)


def test_a_right_password_logs_in(latest: Answers) -> None:
    server = Server(latest)
    turns: list[Turn] = [("auth.sendCode", latest.sent()), (CodeQuestion, "12345"), PASSWORD_NEEDED]
    turns += [(GET, server.state), (PasswordQuestion, PASSWORD), (CHECK, server.judge)]
    player = Player(turns)
    assert player.run(log_in_by_phone(latest.settings(), counting, PHONE)).id == USER
    assert [type(step) for step in player.steps].count(Compute) == 1


def test_the_proof_goes_to_the_server_in_every_layer(each: Answers) -> None:
    turns: list[Turn] = [("auth.sendCode", each.sent()), (CodeQuestion, "12345"), PASSWORD_NEEDED]
    turns += [(GET, state(each, srp_id=-5)), (PasswordQuestion, PASSWORD), (CHECK, each.authorization())]
    player = quick(turns)
    assert player.run(log_in_by_phone(each.settings(), counting, PHONE)).id == USER
    proof = player.request(-1).password
    assert (proof.srp_id, proof.A, proof.M1) == (-5, *PROVEN)


def test_a_wrong_password_is_asked_for_again(latest: Answers) -> None:
    server = Server(latest)
    turns: list[Turn] = [(GET, server.state), (PasswordQuestion, "wrong"), (CHECK, server.judge)]
    player = Player([*turns, (GET, server.state), (PasswordQuestion, PASSWORD), (CHECK, server.judge)])
    player.run(check_password(latest.schema, counting))
    assert [question.problem for question in player.questions] == ["", "That password is wrong"]


def test_the_question_shows_the_hint_and_whether_there_is_a_recovery(each: Answers) -> None:
    known = state(each, hint="the horse\x1b[2J", has_recovery=True)
    player = quick([(GET, known), (PasswordQuestion, PASSWORD), (CHECK, each.authorization())])
    player.run(check_password(each.schema, counting))
    assert player.questions[0] == PasswordQuestion("the horse\ufffd[2J", has_recovery=True)
    assert "by e-mail" in str(player.questions[0])


def test_a_password_that_was_given_is_not_asked_for_and_a_wrong_one_is_refused(latest: Answers) -> None:
    quick([(GET, state(latest)), (CHECK, latest.authorization())]).run(
        check_password(latest.schema, counting, PASSWORD)
    )
    with pytest.raises(RpcError, match="PASSWORD_HASH_INVALID"):
        quick([(GET, state(latest)), (CHECK, wrong("PASSWORD_HASH_INVALID"))]).run(
            check_password(latest.schema, counting, PASSWORD)
        )


@pytest.mark.parametrize("error", ["SRP_ID_INVALID", "SRP_PASSWORD_CHANGED"])
def test_stale_parameters_are_fetched_again_once_with_the_same_password(each: Answers, error: str) -> None:
    stale: list[Turn] = [(GET, state(each)), (PasswordQuestion, PASSWORD), (CHECK, wrong(error))]
    player = quick([*stale, (GET, state(each, srp_id=2)), (CHECK, each.authorization())])
    player.run(check_password(each.schema, counting))
    assert len(player.questions) == 1
    assert [player.request(index).password.srp_id for index in (1, 3)] == [1, 2]
    twice = quick([*stale, (GET, state(each)), (CHECK, wrong(error))])
    with pytest.raises(RpcError, match=error):
        twice.run(check_password(each.schema, counting))


def test_a_password_that_was_changed_in_between_is_asked_for_anew(latest: Answers) -> None:
    old, new = Server(latest), Server(latest, "another", replace(ALGO, salt1=b"another salt"))
    turns: list[Turn] = [(GET, old.state), (PasswordQuestion, PASSWORD), (CHECK, wrong("SRP_PASSWORD_CHANGED"))]
    turns += [(GET, new.state), (CHECK, new.judge), (GET, new.state), (PasswordQuestion, "another"), (CHECK, new.judge)]
    player = Player(turns)
    player.run(check_password(latest.schema, counting))
    assert player.questions[1].problem == "That password is wrong"


def test_wrong_passwords_are_bounded(latest: Answers) -> None:
    once: list[Turn] = [(GET, state(latest)), (PasswordQuestion, "x"), (CHECK, wrong("PASSWORD_HASH_INVALID"))]
    with pytest.raises(FlowFailed, match="no password was right"):
        quick(once * ANSWERS_TAKEN).run(check_password(latest.schema, counting))
    with pytest.raises(FlowFailed, match="no password was given"):
        quick([(GET, state(latest)), *[(PasswordQuestion, "")] * ANSWERS_TAKEN]).run(
            check_password(latest.schema, counting)
        )


@pytest.mark.parametrize("error", [refusal(420, "FLOOD_WAIT_60"), refusal(500, "INTERNAL")], ids=str)
def test_any_other_refusal_is_raised_as_it_came(latest: Answers, error: RpcError) -> None:
    with pytest.raises(RpcError) as caught:
        quick([(GET, state(latest)), (PasswordQuestion, "x"), (CHECK, error)]).run(
            check_password(latest.schema, counting)
        )
    assert caught.value is error


# -- the security checklist: p and g as for DH, the range of srp_B, an unknown algorithm


def test_an_unknown_algorithm_is_refused_before_the_password_is_used(each: Answers) -> None:
    unknown = state(each, current_algo=each("passwordKdfAlgoUnknown"))
    player = Player([(GET, unknown), (PasswordQuestion, PASSWORD)])
    with pytest.raises(NotSupported, match="passwordKdfAlgoUnknown is not supported: a newer version"):
        player.run(check_password(each.schema, counting))
    assert not any(isinstance(step, Compute) for step in player.steps)
    new = no_password(each, new_algo=each("passwordKdfAlgoUnknown"))
    with pytest.raises(NotSupported, match="passwordKdfAlgoUnknown"):
        Player([(GET, new)]).run(set_password(each.schema, counting, PASSWORD))


@pytest.mark.parametrize(
    ("fields", "check"),
    [
        ({"g": 1}, "g does not generate"),
        ({"g": 2}, "g does not generate"),
        ({"g": -3}, "g does not generate"),
        ({"p": (KNOWN_PRIME - 2).to_bytes(256, "big")}, "dh_prime|g does not generate"),
        ({"p": b"\x07"}, "2048 bits"),
        ({"p": b"\xff" * 512}, "2048 bits"),
        ({"p": b""}, "2048 bits"),
    ],
)
def test_parameters_that_weaken_the_password_are_refused_and_nothing_is_sent(
    latest: Answers, fields: dict[str, Any], check: str
) -> None:
    bad = algo_of(latest, replace(ALGO, **fields))
    player = Player([(GET, state(latest, current_algo=bad)), (PasswordQuestion, PASSWORD)])
    with pytest.raises(DHCheckFailed, match=check):
        player.run(check_password(latest.schema, counting))
    player = Player([(GET, no_password(latest, new_algo=bad))])
    with pytest.raises(DHCheckFailed, match=check):
        player.run(set_password(latest.schema, counting, PASSWORD))


@pytest.mark.parametrize(
    "srp_b",
    [b"", b"\x01", bytes(256), b"\xff" * 256, KNOWN_PRIME.to_bytes(256, "big"), b"\x01" * 247, b"\x01" * 257],
    ids=lambda value: f"{len(value)} bytes {value[:1].hex()}",
)
def test_an_srp_b_out_of_range_is_refused_and_nothing_is_sent(latest: Answers, srp_b: bytes) -> None:
    player = Player([(GET, state(latest, srp_B=srp_b)), (PasswordQuestion, PASSWORD)])
    with pytest.raises(DHCheckFailed, match=r"srp_B|out of range"):
        player.run(check_password(latest.schema, counting))


def test_a_state_that_contradicts_itself_ends_in_an_error_of_ours(latest: Answers) -> None:
    contradiction = SimpleNamespace(NAME="account.password", has_password=True, has_recovery=False, hint=None)
    contradiction.__dict__.update(current_algo=algo_of(latest), srp_B=None, srp_id=None)
    with pytest.raises(UnexpectedAnswer, match="no srp_B or srp_id"):
        Player([(GET, contradiction), (PasswordQuestion, "x")]).run(check_password(latest.schema, counting))
    with pytest.raises(FlowFailed, match="there is none"):
        Player([(GET, no_password(latest))]).run(check_password(latest.schema, counting))
    with pytest.raises(UnexpectedAnswer, match=GET):
        Player([(GET, True)]).run(check_password(latest.schema, counting))


def test_a_password_without_a_form_in_utf_8_is_refused_and_not_shown(latest: Answers) -> None:
    with pytest.raises(LocalProtocolError, match="UTF-8") as caught:
        Player([(GET, state(latest)), (PasswordQuestion, "geheim\ud800")]).run(check_password(latest.schema, counting))
    assert caught.value.__context__ is None
    assert "geheim" not in str(caught.value)


def test_no_step_shows_the_password(latest: Answers) -> None:
    player = quick([(GET, state(latest)), (PasswordQuestion, PASSWORD), (CHECK, latest.authorization())])
    player.run(check_password(latest.schema, counting))
    assert PASSWORD not in repr(player.steps)
    assert "horse" not in repr(player.steps)


def test_a_person_may_cancel(latest: Answers) -> None:
    with pytest.raises(LoginCancelled, match="PasswordQuestion"):
        Player([(GET, state(latest)), (PasswordQuestion, CANCEL)]).run(check_password(latest.schema, counting))


# -- set, change, remove


def test_a_password_is_set_where_there_is_none(each: Answers) -> None:
    algo = replace(ALGO, salt1=b"a longer salt")
    player = Player(
        [(GET, no_password(each)), (GET, no_password(each)), (UPDATE, True)], compute=lambda *_: (algo, b"v")
    )
    player.run(set_password(each.schema, counting, PASSWORD, hint="a hint"))
    request = player.request(-1)
    assert request.password.NAME == "inputCheckPasswordEmpty"
    new = request.new_settings
    assert (new.new_algo, new.new_password_hash) == (algo_of(each, algo), b"v")
    assert (new.hint, new.email) == ("a hint", None)


def test_a_new_password_is_salted_and_hashed(latest: Answers) -> None:
    player = Player([(GET, no_password(latest)), (GET, no_password(latest)), (UPDATE, True)])
    player.run(set_password(latest.schema, counting, PASSWORD))
    new = player.request(-1).new_settings
    assert new.new_algo.salt1 == ALGO.salt1 + counting(32)
    assert new.new_password_hash == verifier_of(PASSWORD, replace(ALGO, salt1=new.new_algo.salt1))


def test_a_password_is_changed_with_a_proof_of_the_present_one(latest: Answers) -> None:
    server = Server(latest)

    def judge(call: Call) -> object:
        answer = server.judge(call)
        return answer if isinstance(answer, Exception) else True

    turns: list[Turn] = [(GET, server.state), (GET, server.state), (UPDATE, judge)]
    player = Player(turns)
    player.run(set_password(latest.schema, counting, "a new one", current=PASSWORD, email="ada@b.c"))
    assert player.request(-1).new_settings.email == "ada@b.c"


def test_a_change_asks_for_the_present_password_until_it_is_right(each: Answers) -> None:
    turns: list[Turn] = [(GET, state(each)), (GET, state(each)), (PasswordQuestion, "x")]
    turns += [(UPDATE, wrong("PASSWORD_HASH_INVALID")), (GET, state(each)), (PasswordQuestion, "y"), (UPDATE, True)]
    player = quick(turns)
    player.run(remove_password(each.schema, counting))
    assert [bool(question.problem) for question in player.questions] == [False, True]


@pytest.mark.parametrize("error", ["SRP_ID_INVALID", "SRP_PASSWORD_CHANGED"])
def test_a_change_with_stale_parameters_is_made_again_once(latest: Answers, error: str) -> None:
    turns: list[Turn] = [(GET, state(latest)), (UPDATE, wrong(error)), (GET, state(latest)), (UPDATE, True)]
    quick([(GET, state(latest)), *turns]).run(remove_password(latest.schema, counting, current=PASSWORD))
    again: list[Turn] = [(GET, state(latest)), (UPDATE, wrong(error))] * 2
    with pytest.raises(RpcError, match=error):
        quick([(GET, state(latest)), *again]).run(remove_password(latest.schema, counting, current=PASSWORD))


def test_a_password_is_removed(each: Answers) -> None:
    player = quick([(GET, state(each)), (GET, state(each)), (UPDATE, True)])
    player.run(remove_password(each.schema, counting, current=PASSWORD))
    new = player.request(-1).new_settings
    assert (new.new_algo.NAME, new.new_password_hash, new.hint) == ("passwordKdfAlgoUnknown", b"", "")
    Player([(GET, no_password(each))]).run(remove_password(each.schema, counting))


def test_an_empty_password_is_not_set(latest: Answers) -> None:
    with pytest.raises(LocalProtocolError, match="remove_password"):
        Player([]).run(set_password(latest.schema, counting, ""))


def test_documents_of_the_passport_are_not_lost_by_accident(latest: Answers) -> None:
    holding = state(latest, has_secure_values=True)
    for flow in (set_password(latest.schema, counting, "x"), remove_password(latest.schema, counting)):
        with pytest.raises(NotSupported, match="lose_passport=True"):
            Player([(GET, holding)]).run(flow)
    quick([(GET, holding), (GET, holding), (UPDATE, True)]).run(
        remove_password(latest.schema, counting, current=PASSWORD, lose_passport=True)
    )


def test_a_recovery_email_is_confirmed_by_its_code(each: Answers) -> None:
    start: list[Turn] = [(GET, no_password(each)), (GET, no_password(each)), (UPDATE, wrong("EMAIL_UNCONFIRMED_6"))]
    confirm = "account.confirmPasswordEmail"
    turns: list[Turn] = [(EmailCodeQuestion, "1"), (confirm, wrong("CODE_INVALID")), (EmailCodeQuestion, RESEND)]
    turns += [("account.resendPasswordEmail", True), (EmailCodeQuestion, "2"), (confirm, wrong("EMAIL_HASH_EXPIRED"))]
    turns += [(EmailCodeQuestion, " 3 "), (confirm, True)]
    player = Player([*start, *turns], compute=lambda *_: (ALGO, b"v"))
    player.run(set_password(each.schema, counting, PASSWORD, email="ada@b.c"))
    assert player.questions[0].length == 6
    assert [bool(question.problem) for question in player.questions] == [False, True, False, True]
    assert player.request(-1).code == "3"
    player = Player(
        [*start, (EmailCodeQuestion, CANCEL), ("account.cancelPasswordEmail", True)], compute=lambda *_: (ALGO, b"v")
    )
    player.run(set_password(each.schema, counting, PASSWORD, email="ada@b.c"))
    with pytest.raises(RpcError, match="PASSWORD_EMPTY"):
        Player(
            [*start, (EmailCodeQuestion, "1"), (confirm, wrong("PASSWORD_EMPTY"))], compute=lambda *_: (ALGO, b"v")
        ).run(set_password(each.schema, counting, PASSWORD, email="ada@b.c"))
    for_ever: list[Turn] = [(EmailCodeQuestion, "1"), (confirm, wrong("CODE_INVALID"))]
    with pytest.raises(FlowFailed, match="no code of the recovery e-mail"):
        Player([*start, *for_ever * ANSWERS_TAKEN], compute=lambda *_: (ALGO, b"v")).run(
            set_password(each.schema, counting, PASSWORD, email="ada@b.c")
        )


def test_a_change_that_the_server_does_not_take_is_an_error(latest: Answers) -> None:
    with pytest.raises(FlowFailed, match="did not take"):
        quick([(GET, state(latest)), (GET, state(latest)), (UPDATE, False)]).run(
            remove_password(latest.schema, counting, current=PASSWORD)
        )
    with pytest.raises(RpcError, match="NEW_SALT_INVALID"):
        quick([(GET, state(latest)), (GET, state(latest)), (UPDATE, wrong("NEW_SALT_INVALID"))]).run(
            remove_password(latest.schema, counting, current=PASSWORD)
        )


# -- lost


def recovery(answers: Answers) -> Any:
    return answers("auth.passwordRecovery", email_pattern="a***@b.c")


def test_a_lost_password_is_recovered_by_email_at_login(each: Answers) -> None:
    turns: list[Turn] = [(GET, state(each, has_recovery=True)), (PasswordQuestion, RECOVER)]
    turns += [(REQUEST_RECOVERY, recovery(each)), (RecoveryCodeQuestion, "1"), (RECOVER_CALL, wrong("CODE_INVALID"))]
    turns += [(RecoveryCodeQuestion, " 2 "), (RECOVER_CALL, each.authorization())]
    player = Player(turns)
    assert player.run(check_password(each.schema, counting)).user.id == USER
    assert player.questions[1].pattern == "a***@b.c"
    assert player.request(-1).code == "2"
    assert player.request(-1).new_settings is None
    assert "removed" in str(player.told[-1])


def test_without_a_recovery_email_there_is_no_recovery(latest: Answers) -> None:
    turns: list[Turn] = [(GET, state(latest)), (PasswordQuestion, RECOVER), (PasswordQuestion, PASSWORD)]
    player = quick([*turns, (CHECK, latest.authorization())])
    player.run(check_password(latest.schema, counting))
    assert player.questions[1].problem == "There is no recovery e-mail"


def test_a_recovery_may_set_a_new_password(each: Answers) -> None:
    turns: list[Turn] = [(GET, state(each)), (REQUEST_RECOVERY, recovery(each)), (RecoveryCodeQuestion, "1")]
    player = Player([*turns, (RECOVER_CALL, each.authorization())], compute=lambda *_: (ALGO, b"v"))
    assert player.run(recover_password(each.schema, counting, "a new one", hint="new")).id == USER
    assert player.saved == [LoggedIn(USER, is_bot=False)]
    new = player.request(-1).new_settings
    assert (new.new_password_hash, new.hint) == (b"v", "new")
    player = Player([*turns[1:], (RECOVER_CALL, each.authorization())])
    player.run(recover_password(each.schema, counting))
    assert player.request(-1).new_settings is None


def test_a_recovery_that_goes_wrong_ends_clearly(latest: Answers) -> None:
    with pytest.raises(RpcError, match="PASSWORD_RECOVERY_NA"):
        Player([(REQUEST_RECOVERY, wrong("PASSWORD_RECOVERY_NA"))]).run(recover_password(latest.schema, counting))
    start: list[Turn] = [(REQUEST_RECOVERY, recovery(latest))]
    with pytest.raises(RpcError, match="PASSWORD_RECOVERY_EXPIRED"):
        Player([*start, (RecoveryCodeQuestion, "1"), (RECOVER_CALL, wrong("PASSWORD_RECOVERY_EXPIRED"))]).run(
            recover_password(latest.schema, counting)
        )
    wrong_code: list[Turn] = [(RecoveryCodeQuestion, "1"), (RECOVER_CALL, wrong("CODE_INVALID"))]
    with pytest.raises(FlowFailed, match="no recovery code"):
        Player(start + wrong_code * ANSWERS_TAKEN).run(recover_password(latest.schema, counting))
    with pytest.raises(LoginCancelled, match="RecoveryCodeQuestion"):
        Player([*start, (RecoveryCodeQuestion, CANCEL)]).run(recover_password(latest.schema, counting))
    with pytest.raises(FlowFailed, match="recover_password, after a log-out"):
        Player([(GET, state(latest)), (GET, state(latest, has_recovery=True)), (PasswordQuestion, RECOVER)]).run(
            remove_password(latest.schema, counting)
        )
