"""The two-step verification password: set, changed, removed, recovered with a new one (core.telegram.org/api/srp)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.crypto import new_password
from mtproto.errors import BadRequest, LocalProtocolError
from mtproto.flows.asking import ANSWERS_TAKEN, ask
from mtproto.flows.codes import LONGEST_CODE
from mtproto.flows.errors import FlowFailed, NotSupported
from mtproto.flows.layers import make
from mtproto.flows.login import finish
from mtproto.flows.login_email import WRONG_CODE
from mtproto.flows.password import (
    KNOWN_ALGO,
    as_bytes,
    proven_call,
    read_algo,
    read_password_state,
    recover_by_email,
)
from mtproto.flows.questions import CANCEL, RECOVER, RESEND, EmailCodeQuestion, Telling
from mtproto.flows.steps import Call, Compute, Tell

if TYPE_CHECKING:
    from mtproto.flows.steps import Flow, Random
    from tl import Schema, TLObject

__all__ = ["recover_password", "remove_password", "set_password"]

_UNCONFIRMED = frozenset({"EMAIL_UNCONFIRMED", "EMAIL_UNCONFIRMED_X"})
_EXPIRED = "EMAIL_HASH_EXPIRED"


def set_password(
    schema: Schema,
    random: Random,
    new: str,
    *,
    current: str | None = None,
    hint: str = "",
    email: str | None = None,
    lose_passport: bool = False,
) -> Flow[None]:
    """Set a password, or change it.

    Args:
        schema: the account's.
        random: for the salt and the proof.
        new: the new password.
        current: the present one; None: a person is asked, if there is one.
        hint: what reminds the owner of the password; the server shows it to anybody who knows the phone number.
        email: a recovery e-mail, whose code a person is asked for; None: the present one stays.
        lose_passport: whether the change is made although documents of Telegram Passport, which are encrypted with the
            password, can't be read afterwards.

    Raises:
        LocalProtocolError: the new password is empty.
        LoginCancelled: the person does not go on.
        NotSupported: the server wants an algorithm that is not known; there are documents of Telegram Passport.
        mtproto.crypto.DHCheckFailed: the server's parameters are not acceptable.
        RpcError: the server refuses: `PASSWORD_HASH_INVALID` for a wrong present password that was given …
        FlowFailed: no password or code was right.

    """
    if not new:
        raise LocalProtocolError("the new password is empty; remove_password removes one")
    settings = yield from _new_settings(schema, random, new, hint, email, lose_passport=lose_passport)
    yield from _update(schema, random, settings, current)


def remove_password(
    schema: Schema, random: Random, *, current: str | None = None, lose_passport: bool = False
) -> Flow[None]:
    """Remove the password; without one nothing changes. Arguments and errors as in `set_password`."""
    state = yield from read_password_state(schema)
    _spare_passport(state, lose_passport)
    if not state.has_password:
        return
    settings = make(
        schema,
        "account.passwordInputSettings",
        new_algo=make(schema, "passwordKdfAlgoUnknown"),
        new_password_hash=b"",
        hint="",
    )
    yield from _update(schema, random, settings, current)


def recover_password(schema: Schema, random: Random, new: str | None = None, *, hint: str = "") -> Flow[Any]:
    """Log in with a code that is sent to the recovery e-mail; return the `user`. The login is kept.

    Args:
        schema: the account's.
        random: for the salt.
        new: the new password; None: there is none afterwards.
        hint: of the new password.

    Raises:
        As `set_password`, and RpcError `PASSWORD_RECOVERY_NA` where there is no recovery e-mail.

    """
    settings = None
    if new:
        settings = yield from _new_settings(schema, random, new, hint, None, lose_passport=True)
    authorization = yield from recover_by_email(schema, settings)
    return (yield from finish(authorization, "auth.recoverPassword"))


def _new_settings(
    schema: Schema, random: Random, new: str, hint: str, email: str | None, *, lose_passport: bool
) -> Flow[TLObject]:
    state = yield from read_password_state(schema)
    _spare_passport(state, lose_passport)
    algo, verifier = yield Compute(new_password, (as_bytes(new), read_algo(state.new_algo), random))
    settings: TLObject = make(
        schema,
        "account.passwordInputSettings",
        {"email": email},
        new_algo=make(schema, KNOWN_ALGO, salt1=algo.salt1, salt2=algo.salt2, g=algo.g, p=algo.p),
        new_password_hash=verifier,
        hint=hint,
    )
    return settings


def _spare_passport(state: Any, lose_passport: bool) -> None:
    if state.has_secure_values and not lose_passport:
        reason = "its documents are encrypted with the password; lose_passport=True gives them up"
        raise NotSupported("a change of the password of an account with Telegram Passport", reason)


def _update(schema: Schema, random: Random, settings: TLObject, current: str | None) -> Flow[None]:
    def request(proof: TLObject) -> Any:
        return make(schema, "account.updatePasswordSettings", password=proof, new_settings=settings)

    try:
        answer = yield from proven_call(schema, random, request, current)
    except BadRequest as error:
        if error.name not in _UNCONFIRMED:
            raise
        length = error.argument
        yield from _confirm_email(schema, length if length and length <= LONGEST_CODE else None)
        return
    if answer is RECOVER:
        raise FlowFailed("a lost password is recovered by recover_password, after a log-out")
    if answer is not True:
        raise FlowFailed("the server did not take the new password, and gave no reason")


def _confirm_email(schema: Schema, length: int | None) -> Flow[None]:
    """Ask for the code that was sent to a new recovery e-mail; the password counts once the code was right."""
    problem = ""
    for _ in range(ANSWERS_TAKEN):
        code = yield from ask(EmailCodeQuestion("the recovery address", length, problem))
        if code is CANCEL:
            yield Call(make(schema, "account.cancelPasswordEmail"))
            yield Tell(Telling("The recovery e-mail was cancelled"))
            return
        try:
            if code is RESEND:
                yield Call(make(schema, "account.resendPasswordEmail"))
                problem = ""
                continue
            yield Call(make(schema, "account.confirmPasswordEmail", code=code.strip()))
        except BadRequest as error:
            if error.name not in {_EXPIRED, *WRONG_CODE}:
                raise
            problem = WRONG_CODE.get(error.name, "That code has expired: have another one sent")
            continue
        return
    raise FlowFailed(f"no code of the recovery e-mail was right after {ANSWERS_TAKEN} answers")
