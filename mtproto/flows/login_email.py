"""An e-mail address for login codes, where the server wants one before it sends a code.

core.telegram.org/api/auth#email-verification: `auth.sentCodeTypeSetUpEmailRequired`, `account.sendVerifyEmailCode`,
`account.verifyEmail`. Sign-in with Apple or Google in place of the e-mail is not supported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.errors import BadRequest
from mtproto.flows.asking import ANSWERS_TAKEN, ask_or_stop
from mtproto.flows.codes import LONGEST_CODE
from mtproto.flows.errors import FlowFailed
from mtproto.flows.layers import expect, make, text_of
from mtproto.flows.questions import RESEND, EmailCodeQuestion, EmailQuestion, printable
from mtproto.flows.steps import Call

if TYPE_CHECKING:
    from mtproto.flows.steps import Flow
    from tl import Schema, TLObject

__all__ = ["EMAIL_PROBLEMS", "WRONG_CODE", "set_up_email"]

EMAIL_PROBLEMS = {
    "EMAIL_INVALID": "That is no e-mail address",
    "EMAIL_NOT_ALLOWED": "That e-mail address is not allowed",
}
"""Refusals after which another address is asked for."""

WRONG_CODE = {
    "CODE_EMPTY": "The code is empty",
    "CODE_INVALID": "That code is wrong",
    "EMAIL_CODE_INVALID": "That code is wrong",
}
"""Refusals of a code that came by e-mail, after which the code is asked for again."""

_EXPIRED = "EMAIL_VERIFY_EXPIRED"


def set_up_email(schema: Schema, phone: str, code_hash: str) -> Flow[Any]:
    """Ask for an e-mail address and for the code that is sent there; return the `auth.SentCode` that follows.

    Args:
        schema: the account's.
        phone: the phone number of the login.
        code_hash: `phone_code_hash` of the `auth.sentCode` that wants the address.

    Raises:
        LoginCancelled: the person does not go on.
        NotSupported: the layer has no such methods.
        RpcError: another refusal.
        FlowFailed: no address, or no code, was right.

    """
    purpose = make(schema, "emailVerifyPurposeLoginSetup", phone_number=phone, phone_code_hash=code_hash)
    problem = ""
    for _ in range(ANSWERS_TAKEN):
        email = (yield from ask_or_stop(EmailQuestion(problem))).strip()
        request = make(schema, "account.sendVerifyEmailCode", purpose=purpose, email=email)
        try:
            sent = yield Call(request, idempotent=True)
        except BadRequest as error:
            if error.name not in EMAIL_PROBLEMS:
                raise
            problem = EMAIL_PROBLEMS[error.name]
            continue
        return (yield from _verify(schema, purpose, request, sent))
    raise FlowFailed(f"no e-mail address was right after {ANSWERS_TAKEN} answers: {problem}")


def _verify(schema: Schema, purpose: TLObject, request: Any, sent: Any) -> Flow[Any]:
    """Ask for the code of the e-mail until it is right; `request` sends another one."""
    problem = ""
    for _ in range(ANSWERS_TAKEN):
        expect(sent, request.NAME, "account.sentEmailCode")
        length = sent.length if 0 < sent.length <= LONGEST_CODE else None
        pattern = printable(text_of(sent, "email_pattern"))
        code = yield from ask_or_stop(EmailCodeQuestion(pattern, length, problem))
        if code is RESEND:
            problem = ""
            sent = yield Call(request, idempotent=True)
            continue
        verification = make(schema, "emailVerificationCode", code=code.strip())
        verify = make(schema, "account.verifyEmail", purpose=purpose, verification=verification)
        try:
            verified = yield Call(verify, idempotent=True)
        except BadRequest as error:
            if error.name == _EXPIRED:
                problem = "That code has expired; another one was sent"
                sent = yield Call(request, idempotent=True)
                continue
            if error.name not in WRONG_CODE:
                raise
            problem = WRONG_CODE[error.name]
            continue
        return expect(verified, verify.NAME, "account.emailVerifiedLogin").sent_code
    raise FlowFailed(f"no code of the e-mail was right after {ANSWERS_TAKEN} answers")
