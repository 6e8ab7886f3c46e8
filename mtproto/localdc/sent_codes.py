"""How a code was sent, as an `auth.sentCode` says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.accounts import code_of
from mtproto.localdc.entry import mask_email
from tl import api

if TYPE_CHECKING:
    from collections.abc import Callable

    from mtproto.localdc.accounts import LocalAccount, PhoneCode
    from mtproto.localdc.calls import IncomingCall

__all__ = ["code_for", "kind_of", "sent_code"]

PREFIX = "1555"
"""The beginning of the numbers that call: what a missed call shows."""


def kind_of(code: PhoneCode, account: LocalAccount | None) -> str:
    """Return in which way a code was delivered last, of `DELIVERIES`; a number without an account gets an SMS."""
    if account is None:
        return "sms"
    return account.deliveries[min(code.step, len(account.deliveries) - 1)]


def code_for(code: PhoneCode, account: LocalAccount | None) -> str:
    """Return the code that is right."""
    if account is None:
        return code_of(code.phone)
    return account.email_code if kind_of(code, account) == "email" else account.code


def sent_code(code_hash: str, code: PhoneCode, call: IncomingCall) -> api.boxed.auth.SentCode:
    """Return the `auth.sentCode` that tells how a code was sent, and how it is sent next."""
    account = call.dc.accounts.find(code.phone)
    following = () if account is None else account.deliveries[code.step + 1 :]
    next_type = NEXT.get(following[0]) if following else None
    make = TYPES[kind_of(code, account)]
    return api.types.auth.SentCode(
        type=make(code_for(code, account), "" if account is None else account.email),
        phone_code_hash=code_hash,
        next_type=None if next_type is None else next_type(),
        timeout=None if next_type is None or account is None else account.timeout,
    )


TYPES: dict[str, Callable[[str, str], api.boxed.auth.SentCodeType]] = {
    "app": lambda code, _: api.types.auth.SentCodeTypeApp(length=len(code)),
    "sms": lambda code, _: api.types.auth.SentCodeTypeSms(length=len(code)),
    "call": lambda code, _: api.types.auth.SentCodeTypeCall(length=len(code)),
    "flash_call": lambda code, _: api.types.auth.SentCodeTypeFlashCall(pattern="*" * len(code)),
    "missed_call": lambda code, _: api.types.auth.SentCodeTypeMissedCall(prefix=PREFIX, length=len(code)),
    "fragment": lambda code, _: api.types.auth.SentCodeTypeFragmentSms(
        url="https://fragment.example/codes", length=len(code)
    ),
    "word": lambda code, _: api.types.auth.SentCodeTypeSmsWord(beginning=code[:1]),
    "phrase": lambda code, _: api.types.auth.SentCodeTypeSmsPhrase(beginning=code.partition(" ")[0]),
    "firebase": lambda code, _: api.types.auth.SentCodeTypeFirebaseSms(nonce=b"no nonce", length=len(code)),
    "email": lambda code, email: api.types.auth.SentCodeTypeEmailCode(
        email_pattern=mask_email(email), length=len(code)
    ),
    "set_up_email": lambda _code, _email: api.types.auth.SentCodeTypeSetUpEmailRequired(),
}
"""The `auth.SentCodeType` of each way, from the code and the address for e-mails."""

NEXT: dict[str, Callable[[], api.boxed.auth.CodeType]] = {
    "sms": lambda: api.types.auth.CodeTypeSms(),
    "word": lambda: api.types.auth.CodeTypeSms(),
    "phrase": lambda: api.types.auth.CodeTypeSms(),
    "firebase": lambda: api.types.auth.CodeTypeSms(),
    "call": lambda: api.types.auth.CodeTypeCall(),
    "flash_call": lambda: api.types.auth.CodeTypeFlashCall(),
    "missed_call": lambda: api.types.auth.CodeTypeMissedCall(),
    "fragment": lambda: api.types.auth.CodeTypeFragmentSms(),
}
"""The `auth.CodeType` by which a way is announced as the next one; the others are not announced."""
