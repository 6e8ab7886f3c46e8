"""Letting somebody in: what all ways to log in have in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mtproto.localdc.answers import Refused
from mtproto.localdc.objects import user_object
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.accounts import LocalAccount
    from mtproto.localdc.calls import IncomingCall

__all__ = ["check_api", "let_in", "let_in_without_password", "mask_email", "phone_digits", "require_home"]

PUNCTUATION = re.compile(r"[\s()+\-.]")
DIGITS = re.compile(r"[0-9]{5,15}")


def check_api(request: Any, call: IncomingCall) -> None:
    """Refuse other application ids than the world's with `API_ID_INVALID`."""
    world = call.dc.world
    if (request.api_id, request.api_hash) != (world.api_id, world.api_hash):
        raise Refused(400, "API_ID_INVALID")


def phone_digits(text: str) -> str:
    """Return the digits of a phone number; refuses what is none with `PHONE_NUMBER_INVALID`."""
    digits = PUNCTUATION.sub("", text)
    if not DIGITS.fullmatch(digits):
        raise Refused(400, "PHONE_NUMBER_INVALID")
    return digits


def require_home(dc_id: int, call: IncomingCall, family: str) -> None:
    """Refuse, with `303 <family>_MIGRATE_<dc_id>`, a login that belongs to another DC."""
    if dc_id != call.dc.dc_id:
        raise Refused(303, f"{family}_MIGRATE_{dc_id}")


def let_in(account: LocalAccount, call: IncomingCall) -> api.boxed.auth.Authorization:
    """Log the caller's key in; refuses with `SESSION_PASSWORD_NEEDED` where the password has to be proven first."""
    if account.two_step.is_set:
        call.key.account.ask_password(account.user.id)
        call.dc.keys.keep()
        raise Refused(401, "SESSION_PASSWORD_NEEDED")
    return let_in_without_password(account, call)


def let_in_without_password(account: LocalAccount, call: IncomingCall) -> api.boxed.auth.Authorization:
    """Log the caller's key in, whether the account has a password or not; return the `auth.authorization`."""
    call.key.account.log_in(account.user.id, call.dc.clock())
    call.dc.keys.keep()
    return api.types.auth.Authorization(user=user_object(account.user, account.user, call.dc))


def mask_email(address: str) -> str:
    """Return an e-mail address as a server shows it to somebody who has yet to prove it: `m***l@example.org`."""
    name, _, host = address.partition("@")
    return f"{name[:1]}***{name[-1:]}@{host}"
