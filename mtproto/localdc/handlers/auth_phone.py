"""Logging in by phone number and code (core.telegram.org/api/auth)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from mtproto.localdc.accounts import PhoneCode
from mtproto.localdc.answers import Refused
from mtproto.localdc.entry import check_api, let_in, let_in_without_password, phone_digits, require_home
from mtproto.localdc.sent_codes import code_for, kind_of, sent_code
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from tl import TLObject

__all__ = ["cancel_code", "find_code", "resend_code", "reset_login_email", "send_code", "sign_in", "sign_up"]

LONGEST_NAME = 64
"""Characters of a first name, and of a last name."""

TERMS = "These are the terms of service of a data centre on your own machine. There is nothing to agree to."


def send_code(call: IncomingCall) -> TLObject:
    """Send a code to a phone; log in at once by a token of an earlier log-out. Sends to the number's home DC."""
    request = call.request
    check_api(request, call)
    phone = phone_digits(request.phone_number)
    require_home(call.dc.accounts.home_of(phone, call.dc.dc_id), call, "PHONE")
    account = call.dc.accounts.find(phone)
    answer: TLObject
    if account is not None and any(map(account.use_future_token, request.settings.logout_tokens or ())):
        answer = api.types.auth.SentCodeSuccess(authorization=let_in(account, call))
        return answer
    code_hash = call.dc.shared.random(9).hex()
    code = PhoneCode(phone)
    call.dc.shared.codes.add(code_hash, code)
    return sent_code(code_hash, code, call)


def resend_code(call: IncomingCall) -> TLObject:
    """Send the code in the next way. Refuses with `SEND_CODE_UNAVAILABLE` where there is none."""
    code = find_code(call.request, call)
    account = call.dc.accounts.find(code.phone)
    if account is None or code.step + 1 >= len(account.deliveries):
        raise Refused(406, "SEND_CODE_UNAVAILABLE")
    code.go_on()
    return sent_code(call.request.phone_code_hash, code, call)


def cancel_code(call: IncomingCall) -> bool:
    """Let a code be good no longer."""
    find_code(call.request, call)
    call.dc.shared.codes.take(call.request.phone_code_hash)
    return True


def reset_login_email(call: IncomingCall) -> TLObject:
    """Forget the e-mail address of the account, and send the code to the phone."""
    code = find_code(call.request, call)
    account = call.dc.accounts.find(code.phone)
    if account is None or not account.email:
        raise Refused(400, "EMAIL_NOT_SETUP")
    account.set_email("")
    account.deliver_by("sms", "call")
    return sent_code(call.request.phone_code_hash, code, call)


def sign_in(call: IncomingCall) -> TLObject:
    """Take the code of a phone number, or of an e-mail address.

    A number without an account gets the terms of service, and `auth.signUp` is what comes next. An account with a
    password is let in by `auth.checkPassword`.
    """
    request = call.request
    code = find_code(request, call)
    account = call.dc.accounts.find(code.phone)
    kind = kind_of(code, account)
    if kind == "set_up_email":
        raise Refused(400, "EMAIL_NOT_SETUP")
    given = _given(request, by_email=kind == "email")
    if not given:
        raise Refused(400, "PHONE_CODE_EMPTY")
    if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), code_for(code, account).encode()):
        if not code.guess():
            call.dc.shared.codes.take(request.phone_code_hash)
        raise Refused(400, "PHONE_CODE_INVALID")
    if account is not None:
        call.dc.shared.codes.take(request.phone_code_hash)
        return let_in(account, call)
    code.prove()
    terms = api.types.help.TermsOfService(id=api.types.DataJSON(data='{"version":1}'), text=TERMS, entities=[])
    answer: TLObject = api.types.auth.AuthorizationSignUpRequired(terms_of_service=terms)
    return answer


def sign_up(call: IncomingCall) -> TLObject:
    """Make an account for a phone number whose code was right."""
    request = call.request
    code = find_code(request, call)
    if not code.proven:
        raise Refused(400, "PHONE_CODE_INVALID")
    if not 0 < len(request.first_name.strip()) <= LONGEST_NAME:
        raise Refused(400, "FIRSTNAME_INVALID")
    if len(request.last_name) > LONGEST_NAME:
        raise Refused(400, "LASTNAME_INVALID")
    accounts = call.dc.accounts
    if accounts.find(code.phone) is not None:
        raise Refused(400, "PHONE_NUMBER_OCCUPIED")
    if accounts.is_full:
        raise Refused(400, "PHONE_NUMBER_FLOOD")
    call.dc.shared.codes.take(request.phone_code_hash)
    account = accounts.add(code.phone, request.first_name.strip(), request.last_name.strip(), dc_id=call.dc.dc_id)
    return let_in_without_password(account, call)


def find_code(request: Any, call: IncomingCall) -> PhoneCode:
    """Return the code that a request is about.

    Refuses with `PHONE_CODE_HASH_EMPTY`, with `PHONE_CODE_EXPIRED` where there is no such code any more, and with
    `PHONE_NUMBER_INVALID` where it was sent to another number.
    """
    phone = phone_digits(request.phone_number)
    if not request.phone_code_hash:
        raise Refused(400, "PHONE_CODE_HASH_EMPTY")
    code = call.dc.shared.codes.get(request.phone_code_hash)
    if code is None:
        raise Refused(400, "PHONE_CODE_EXPIRED")
    if code.phone != phone:
        raise Refused(400, "PHONE_NUMBER_INVALID")
    return code


def _given(request: Any, *, by_email: bool) -> str:
    """Return the code that a client gives; empty where it gives another kind of proof than it was asked for."""
    if not by_email:
        return request.phone_code or ""
    return getattr(request.email_verification, "code", "")
