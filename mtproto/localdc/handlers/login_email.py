"""The e-mail address that codes are sent to (core.telegram.org/api/auth#email-verification)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.localdc.answers import Refused
from mtproto.localdc.entry import mask_email
from mtproto.localdc.handlers.auth_phone import find_code
from mtproto.localdc.sent_codes import sent_code
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.accounts import LocalAccount, PhoneCode
    from mtproto.localdc.calls import IncomingCall
    from tl import TLObject

__all__ = ["send_verify_email_code", "verify_email"]

LONGEST_ADDRESS = 255
"""Characters of an e-mail address."""


def send_verify_email_code(call: IncomingCall) -> TLObject:
    """Send a code to an address that is to get the codes for logging in."""
    email = call.request.email
    account, code = _whose(call.request.purpose, call)
    if not 3 <= len(email) <= LONGEST_ADDRESS or "@" not in email:
        raise Refused(400, "EMAIL_INVALID")
    if code is not None:
        code.set_up(email)
    else:
        account.want_email(email)
    answer: TLObject = api.types.account.SentEmailCode(email_pattern=mask_email(email), length=len(account.email_code))
    return answer


def verify_email(call: IncomingCall) -> TLObject:
    """Take the code that came to the address; at the login, send the code for logging in next."""
    request = call.request
    account, code = _whose(request.purpose, call)
    email = account.wanted_email if code is None else code.email
    if not email:
        raise Refused(400, "EMAIL_VERIFY_EXPIRED")
    given = getattr(request.verification, "code", "")
    if given != account.email_code:
        raise Refused(400, "CODE_INVALID" if given else "CODE_EMPTY")
    account.set_email(email)
    answer: TLObject
    if code is None:
        answer = api.types.account.EmailVerified(email=email)
    else:
        account.deliver_by("email", "sms", timeout=account.timeout)
        sent = sent_code(request.purpose.phone_code_hash, code, call)
        answer = api.types.account.EmailVerifiedLogin(email=email, sent_code=sent)
    return answer


def _whose(purpose: Any, call: IncomingCall) -> tuple[LocalAccount, PhoneCode | None]:
    """Return whose address it is, and the code of the login that waits for it.

    Refuses with `PHONE_HASH_EXPIRED` a login that is not known (any more), and with `EMAIL_NOT_SETUP` one that has no
    need of an address.
    """
    if purpose.NAME != "emailVerifyPurposeLoginSetup":
        account = call.dc.accounts.of(call.me.id)
        if account is None:
            raise Refused(401, "AUTH_KEY_UNREGISTERED")
        return account, None
    try:
        code = find_code(purpose, call)
    except Refused as refused:
        raise Refused(400, "PHONE_HASH_EXPIRED" if refused.name == "PHONE_CODE_EXPIRED" else refused.name) from None
    account = call.dc.accounts.find(code.phone)
    if account is None or "set_up_email" not in account.deliveries:
        raise Refused(400, "EMAIL_NOT_SETUP")
    return account, code
