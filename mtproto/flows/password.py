"""The two-step verification password: proven, and recovered by e-mail (core.telegram.org/api/srp).

The derivation takes 0.1 s, and more for a prime that was never seen: it is a `Compute` step. The parameters of the
server are checked there, in `mtproto.crypto`, before the password is used.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from mtproto.crypto import PasswordAlgo, prove_password
from mtproto.errors import LocalProtocolError, RpcError
from mtproto.flows.asking import ANSWERS_TAKEN, ask, ask_or_stop, cancelled
from mtproto.flows.errors import FlowFailed, NotSupported, UnexpectedAnswer
from mtproto.flows.layers import expect, make, name_of, text_of
from mtproto.flows.login_email import WRONG_CODE
from mtproto.flows.questions import (
    CANCEL,
    RECOVER,
    Choice,
    PasswordQuestion,
    RecoveryCodeQuestion,
    Telling,
    printable,
)
from mtproto.flows.steps import Call, Compute, Tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.flows.steps import Flow, Random
    from tl import Schema, TLFunction, TLObject

__all__ = [
    "KNOWN_ALGO",
    "as_bytes",
    "check_password",
    "proven_call",
    "read_algo",
    "read_password_state",
    "recover_by_email",
]

KNOWN_ALGO = "passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow"
"""The one algorithm that this library knows."""

_STATE = "account.getPassword"
_STALE = frozenset({"SRP_ID_INVALID", "SRP_PASSWORD_CHANGED"})
_WRONG = "PASSWORD_HASH_INVALID"


def check_password(schema: Schema, random: Random, given: str | None = None) -> Flow[Any]:
    """Prove the password of a login that waits for it; return the `auth.Authorization`.

    Args:
        schema: the account's.
        random: for the proof.
        given: the password; None: a `PasswordQuestion` asks for it, again if it was wrong.

    Raises:
        LoginCancelled: the person does not go on.
        NotSupported: the server wants an algorithm that is not known.
        mtproto.crypto.DHCheckFailed: the server's parameters are not acceptable.
        RpcError: `PASSWORD_HASH_INVALID` for a password that was given; another refusal.
        FlowFailed: there is no password, or none was right.

    """

    def request(proof: TLObject) -> Any:
        return make(schema, "auth.checkPassword", password=proof)

    answer = yield from proven_call(schema, random, request, given, may_be_empty=False, idempotent=True)
    if answer is RECOVER:
        return (yield from recover_by_email(schema))
    return answer


def recover_by_email(schema: Schema, new_settings: TLObject | None = None) -> Flow[Any]:
    """Let the server send a code to the recovery e-mail, and log in with it; return the `auth.Authorization`.

    Args:
        schema: the account's.
        new_settings: an `account.passwordInputSettings` with a new password; None: the password is removed.

    Raises:
        LoginCancelled: the person does not go on.
        RpcError: the server refuses: `PASSWORD_RECOVERY_NA`, where there is no recovery e-mail …
        FlowFailed: no code was right.

    """
    request = make(schema, "auth.requestPasswordRecovery")
    recovery = expect((yield Call(request, idempotent=True)), request.NAME, "auth.passwordRecovery")
    pattern = printable(text_of(recovery, "email_pattern"))
    problem = ""
    for _ in range(ANSWERS_TAKEN):
        code = yield from ask_or_stop(RecoveryCodeQuestion(pattern, problem))
        recover = make(schema, "auth.recoverPassword", {"new_settings": new_settings}, code=code.strip())
        try:
            answer = yield Call(recover)
        except RpcError as error:
            if error.name not in WRONG_CODE:
                raise
            problem = WRONG_CODE[error.name]
            continue
        expect(answer, recover.NAME, "auth.authorization")
        if new_settings is None:
            yield Tell(Telling("The two-step verification password was removed"))
        return answer
    raise FlowFailed(f"no recovery code was right after {ANSWERS_TAKEN} answers")


def proven_call(
    schema: Schema,
    random: Random,
    request: Callable[[TLObject], TLFunction[Any]],
    given: str | None = None,
    *,
    may_be_empty: bool = True,
    idempotent: bool | None = None,
) -> Flow[Any]:
    """Make a call that carries a proof of the password; return its answer, or `RECOVER` if a person chose that.

    An `srp_id` serves once and for a short time: after `SRP_ID_INVALID`, or after a change of the password meanwhile,
    the parameters are fetched again and the same password is proven once more.

    Args:
        schema: the account's.
        random: for the proof.
        request: makes the call of an `InputCheckPasswordSRP`.
        given: the password; None: a person is asked.
        may_be_empty: whether the call is also made where there is no password.
        idempotent: whether the call may be executed twice: a proof that was taken is refused then, and made again.

    """
    password = given
    problem = ""
    renewed = False
    for _ in range(ANSWERS_TAKEN):
        state = yield from read_password_state(schema)
        if not state.has_password:
            if not may_be_empty:
                raise FlowFailed("the server wants a password and says that there is none: log in again")
            return (yield Call(request(make(schema, "inputCheckPasswordEmpty"))))
        if password is None:
            answer = yield from _ask_password(state, problem)
            if isinstance(answer, Choice):
                return answer
            password, renewed = answer, False
        proof = yield from _prove(schema, state, password, random)
        try:
            return (yield Call(request(proof), idempotent=idempotent))
        except RpcError as error:
            if error.name in _STALE and not renewed:
                renewed = True
            elif error.name == _WRONG and given is None:
                problem, password = "That password is wrong", None
            else:
                raise
    raise FlowFailed(f"no password was right after {ANSWERS_TAKEN} answers")


def _ask_password(state: Any, problem: str) -> Flow[str | Choice]:
    for _ in range(ANSWERS_TAKEN):
        question = PasswordQuestion(printable(text_of(state, "hint")), bool(state.has_recovery), problem)
        answer: str | Choice = yield from ask(question)
        if answer is CANCEL:
            raise cancelled(question)
        if answer is RECOVER and not question.has_recovery:
            problem = "There is no recovery e-mail"
        elif answer == "":
            problem = "The password is empty"
        else:
            return answer
    raise FlowFailed(f"no password was given in {ANSWERS_TAKEN} answers")


def read_password_state(schema: Schema) -> Flow[Any]:
    """Return the `account.password`: whether there is a password, and with which parameters it is proven."""
    return expect((yield Call(make(schema, _STATE))), _STATE, "account.password")


def _prove(schema: Schema, state: Any, password: str, random: Random) -> Flow[Any]:
    algo = read_algo(state.current_algo)
    if state.srp_B is None or state.srp_id is None:
        raise UnexpectedAnswer(_STATE, state, "there is a password, and no srp_B or srp_id")
    a, m1 = yield Compute(prove_password, (as_bytes(password), algo, state.srp_B, random))
    return make(schema, "inputCheckPasswordSRP", srp_id=state.srp_id, A=a, M1=m1)


def read_algo(algo: Any) -> PasswordAlgo:
    """Return the parameters of an algorithm. Raises NotSupported for another algorithm than `KNOWN_ALGO`."""
    if name_of(algo) != KNOWN_ALGO:
        raise NotSupported(
            f"the password's algorithm {name_of(algo) or 'that the server did not name'}",
            "a newer version of this library may know it",
        )
    return PasswordAlgo(salt1=algo.salt1, salt2=algo.salt2, g=algo.g, p=algo.p)


def as_bytes(password: str) -> bytes:
    """Return a password as it is hashed: UTF-8. Raises LocalProtocolError for what has no such form."""
    with suppress(UnicodeEncodeError):  # that error holds the password, so that it is no context of another one
        return password.encode("utf-8", "surrogateescape")
    raise LocalProtocolError("the password holds a character that UTF-8 has no bytes for")
