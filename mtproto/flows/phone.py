"""Login with a phone number and a code (core.telegram.org/api/auth)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mtproto.errors import BadRequest, InternalServerError, LocalProtocolError, Migrate, RpcError
from mtproto.flows.asking import ANSWERS_TAKEN, ask, ask_or_stop, cancelled
from mtproto.flows.changes import FUTURE_TOKENS_KEPT
from mtproto.flows.codes import SentCode, code_of_test_phone, read_code, read_phone, read_sent_code
from mtproto.flows.errors import FlowFailed, NotSupported, UnexpectedAnswer
from mtproto.flows.layers import make, name_of
from mtproto.flows.login import LOGIN_RESTARTS, finish, move_home, refuse_way
from mtproto.flows.login_email import WRONG_CODE, set_up_email
from mtproto.flows.password import check_password
from mtproto.flows.questions import CANCEL, RESEND, CodeKind, PhoneQuestion, Telling, WaitNotice
from mtproto.flows.refusals import is_restart
from mtproto.flows.sign_up import accept_terms, sign_up
from mtproto.flows.steps import Call, Now, Tell, Wait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.flows.login import LoginSettings
    from mtproto.flows.questions import CodeQuestion
    from mtproto.flows.steps import Flow, Random

__all__ = ["log_in_by_phone"]

_PAUSE = 1.0
_AGAIN = {
    "PHONE_CODE_EXPIRED": "The code has expired; another one is asked for",
    "PHONE_HASH_EXPIRED": "The code has expired; another one is asked for",
    "EMAIL_NOT_SETUP": "The e-mail address is set up by now; a code is asked for",
    "PHONE_NUMBER_OCCUPIED": "The number has a user by now; another code is asked for",
}
_WRONG = {"PHONE_CODE_INVALID": "That code is wrong", "PHONE_CODE_EMPTY": "The code is empty", **WRONG_CODE}
_NO_NUMBER = "That is no phone number"


def log_in_by_phone(
    settings: LoginSettings, random: Random, phone: str | None = None, *, tokens: Sequence[bytes] = ()
) -> Flow[Any]:
    """Log in with a phone number, and return the `user`.

    What is asked, as it is needed: the number, an e-mail address and its code, the code, the two-step verification
    password, the name of a new user. A test phone `99966XYYYY` needs no code where `settings.test` is true.

    Args:
        settings: what every login needs.
        random: for the password.
        phone: the number; None: a `PhoneQuestion` asks for it.
        tokens: future auth tokens, the newest last; with one that fits, no code is needed.

    Raises:
        LocalProtocolError: `phone` is no phone number.
        LoginCancelled: the person does not go on.
        NotSupported: the server wants a payment, or sends the code on a way that no person sees.
        RpcError: the server refuses the login: `PHONE_NUMBER_BANNED`, `FLOOD_WAIT_X`, `SIGN_IN_FAILED` …
        FlowFailed: no code was right, the server sends the login round and round, or answers something unknown.

    """
    if phone is not None and read_phone(phone) is None:
        raise LocalProtocolError(f"the phone number has no 5 to 20 digits: {len(phone)} characters were given")
    asked = phone is None
    number = read_phone(phone or "") or (yield from _ask_phone(""))
    for turn in range(LOGIN_RESTARTS + 1):
        attempt = _PhoneLogin(settings, random, number, tuple(tokens)[-FUTURE_TOKENS_KEPT:])
        try:
            authorization = yield from attempt.run()
        except Migrate as error:
            yield from move_home(settings, error)
        except InternalServerError as error:
            if not is_restart(error):
                raise
            yield Wait(_PAUSE * (turn + 1))
        except BadRequest as error:
            if error.name in _AGAIN:
                yield Tell(Telling(_AGAIN[error.name]))
            elif error.name == "PHONE_NUMBER_INVALID" and asked:
                number = yield from _ask_phone(_NO_NUMBER)
            else:
                raise
        else:
            user = yield from finish(authorization, attempt.method)
            yield from accept_terms(settings.schema, attempt.terms)
            return user
    raise FlowFailed(f"the login began {LOGIN_RESTARTS + 1} times, and came to no end")


def _ask_phone(problem: str) -> Flow[str]:
    for _ in range(ANSWERS_TAKEN):
        number = read_phone((yield from ask_or_stop(PhoneQuestion(problem))))
        if number is not None:
            return number
        problem = _NO_NUMBER
    raise FlowFailed(f"no phone number was given in {ANSWERS_TAKEN} answers")


@dataclass(slots=True)
class _PhoneLogin:
    """One attempt, from `auth.sendCode` to an authorization. Migrations and restarts are errors of an attempt.

    Attributes:
        method: the TL name of the call that was answered last.
        terms: the terms of service that a new user accepted.

    """

    settings: LoginSettings
    random: Random = field(repr=False)
    phone: str = field(repr=False)
    tokens: tuple[bytes, ...] = field(repr=False)
    method: str = "auth.sendCode"
    terms: Any = None
    _sent_at: float = 0.0
    _may_resend: bool = True
    _test_phone: bool = True

    def run(self) -> Flow[Any]:
        """Return the authorization."""
        found = yield from self._send()
        problem = ""
        for _ in range(ANSWERS_TAKEN):
            if not isinstance(found, SentCode):
                return found
            if found.wants_email:
                sent = yield from set_up_email(self.settings.schema, self.phone, found.code_hash)
                found = yield from self._accept(sent)
            elif found.kind is None or found.kind is CodeKind.FIREBASE:
                found = yield from self._another_way(found)
            else:
                found, problem = yield from self._one_answer(found, problem)
        if not isinstance(found, SentCode):
            return found
        raise FlowFailed(f"no code was right after {ANSWERS_TAKEN} answers: {problem or 'the server sent others'}")

    def _send(self) -> Flow[Any]:
        schema = self.settings.schema
        code_settings = make(schema, "codeSettings", {"logout_tokens": list(self.tokens) or None})
        answer = yield from self._call(
            "auth.sendCode",
            phone_number=self.phone,
            api_id=self.settings.api_id,
            api_hash=self.settings.api_hash,
            settings=code_settings,
        )
        return (yield from self._accept(answer))

    def _call(self, method: str, **fields: object) -> Flow[Any]:
        """Make a call, again if its answer is lost.

        What that costs is another code, or a refusal of the code that was taken already: the login goes on then.
        """
        self.method = method
        return (yield Call(make(self.settings.schema, method, **fields), idempotent=True))

    def _accept(self, answer: Any) -> Flow[Any]:
        """Return a `SentCode` in our words, or the authorization that spares the code."""
        self._sent_at = yield Now()
        match name_of(answer):
            case "auth.sentCode":
                return read_sent_code(answer)
            case "auth.sentCodeSuccess":
                return answer.authorization
            case "auth.sentCodePaymentRequired":
                raise refuse_way("payment")
        raise UnexpectedAnswer(self.method, answer)

    def _another_way(self, sent: SentCode) -> Flow[Any]:
        """Ask for the code on another way than one that no person sees: Firebase, or a type of a later layer."""
        if sent.next_kind is None:
            reason = "the server offers no other way; log in by QR code"
            raise NotSupported(f"the code on the way {sent.type_name}", reason)
        yield Tell(
            Telling(f"The code does not come on a way that can be seen here; it is sent as {sent.next_kind.value}")
        )
        return (yield from self._resend(sent))

    def _resend(self, sent: SentCode) -> Flow[Any]:
        answer = yield from self._call("auth.resendCode", phone_number=self.phone, phone_code_hash=sent.code_hash)
        return (yield from self._accept(answer))

    def _one_answer(self, sent: SentCode, problem: str) -> Flow[tuple[Any, str]]:
        """Take one answer; return what the server made of it, and what was wrong with it."""
        code = code_of_test_phone(self.phone, sent) if self.settings.test and self._test_phone else None
        self._test_phone = False
        if code is None:
            question = sent.question(problem, may_resend=self._may_resend)
            answer = yield from ask(question)
            if answer is CANCEL:
                yield from self._cancel(sent, question)
            if answer is RESEND:
                return (yield from self._resend_when_due(sent))
            code = read_code(answer, sent)
        if code is None:
            return sent, "That can be no code"
        return (yield from self._sign_in(sent, code))

    def _cancel(self, sent: SentCode, question: CodeQuestion) -> Flow[None]:
        try:
            yield from self._call("auth.cancelCode", phone_number=self.phone, phone_code_hash=sent.code_hash)
        except RpcError as error:
            raise cancelled(question) from error
        raise cancelled(question)

    def _resend_when_due(self, sent: SentCode) -> Flow[tuple[Any, str]]:
        if sent.next_kind is None or not self._may_resend:
            return sent, "The server offers no other way to send a code"
        left = self._sent_at + (sent.timeout or 0) - (yield Now())
        if left > 0:
            left = min(left, float(sent.timeout or 0))  # a clock that went back makes no longer wait
            yield Tell(WaitNotice(left, "the server sends another code then"))
            yield Wait(left)
        try:
            return (yield from self._resend(sent)), ""
        except RpcError as error:
            if error.name != "SEND_CODE_UNAVAILABLE":
                raise
            self._may_resend = False
            return sent, "The server sends no other code"

    def _sign_in(self, sent: SentCode, code: str) -> Flow[tuple[Any, str]]:
        schema = self.settings.schema
        proof: dict[str, object] = {"phone_code": code}
        if sent.kind is CodeKind.EMAIL:
            proof = {"email_verification": make(schema, "emailVerificationCode", code=code)}
        try:
            answer = yield from self._call(
                "auth.signIn", phone_number=self.phone, phone_code_hash=sent.code_hash, **proof
            )
        except RpcError as error:
            if error.name in _WRONG:
                return sent, _WRONG[error.name]
            if error.name == "SESSION_PASSWORD_NEEDED":
                self.method = "auth.checkPassword"
                return (yield from check_password(schema, self.random)), ""
            if error.name != "PHONE_NUMBER_UNOCCUPIED":
                raise
        else:
            if name_of(answer) != "auth.authorizationSignUpRequired":
                return answer, ""
            self.terms = answer.terms_of_service
        self.method = "auth.signUp"
        return (yield from sign_up(schema, self.phone, sent.code_hash, self.terms)), ""
