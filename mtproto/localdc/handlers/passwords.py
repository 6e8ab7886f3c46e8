"""The two-step password: asked for, proven, set, recovered (core.telegram.org/api/srp)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mtproto.crypto import PasswordAlgo
from mtproto.localdc.accounts import NewPassword
from mtproto.localdc.answers import Refused
from mtproto.localdc.entry import let_in_without_password, mask_email
from mtproto.message import random_long
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.accounts import LocalAccount
    from mtproto.localdc.calls import IncomingCall
    from tl import TLObject

__all__ = [
    "cancel_password_email",
    "check_password",
    "check_recovery_password",
    "confirm_password_email",
    "get_password",
    "get_password_settings",
    "recover_password",
    "request_password_recovery",
    "resend_password_email",
    "update_password_settings",
]

_KDF = api.types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow
VERIFIER = 256
LONGEST_HINT = 255
"""Characters of a hint, of which the rest is dropped, and of an e-mail address."""


async def get_password(call: IncomingCall) -> TLObject:
    """Tell how the password is proven, with a challenge that serves once, and how a new one is set."""
    account = _whose(call)
    two_step, shared = account.two_step, call.dc.shared
    fields: dict[str, Any] = {}
    if two_step.algo is not None:
        attempt = await asyncio.to_thread(two_step.attempt, account.user.id)
        srp_id = random_long(shared.random)
        shared.attempts.add(srp_id, attempt)
        fields = {
            "has_password": True,
            "current_algo": _algo_object(two_step.algo),
            "srp_B": attempt.challenge.g_b,
            "srp_id": srp_id,
            "hint": two_step.hint or None,
            "has_recovery": bool(two_step.email),
        }
    pending = two_step.pending
    answer: TLObject = api.types.account.Password(
        **fields,
        email_unconfirmed_pattern=None if pending is None else mask_email(pending.email),
        new_algo=_algo_object(two_step.new_algo),
        new_secure_algo=api.types.SecurePasswordKdfAlgoPBKDF2HMACSHA512iter100000(salt=two_step.new_algo.salt1),
        secure_random=shared.random(VERIFIER),
        login_email_pattern=mask_email(account.email) if account.email else None,
    )
    return answer


def check_password(call: IncomingCall) -> TLObject:
    """Log in by the password, after the code or the QR code. Refuses as `_prove` does."""
    account = _whose(call)
    _prove(account, call.request.password, call)
    return let_in_without_password(account, call)


def get_password_settings(call: IncomingCall) -> TLObject:
    """Tell the address for recovery to somebody who proves the password."""
    account = _logged_in(call)
    _prove(account, call.request.password, call)
    answer: TLObject = api.types.account.PasswordSettings(email=account.two_step.email or None)
    return answer


def update_password_settings(call: IncomingCall) -> bool:
    """Set, change or remove the password, once the one there is is proven.

    Refuses with `EMAIL_UNCONFIRMED_6` where an e-mail address came along: `account.confirmPasswordEmail` comes next.
    """
    account, request = _logged_in(call), call.request
    if account.two_step.is_set:
        _prove(account, request.password, call)
    new = _new_password(request.new_settings, account)
    if new.email and new.email != account.two_step.email:
        account.two_step.wait_for_email(new)
        raise Refused(400, f"EMAIL_UNCONFIRMED_{len(account.email_code)}")
    account.two_step.take(new)
    return True


def confirm_password_email(call: IncomingCall) -> bool:
    """Set the password that waits for its e-mail address."""
    account = _pending(call)
    if call.request.code != account.email_code:
        raise Refused(400, "CODE_INVALID")
    account.two_step.confirm()
    return True


def resend_password_email(call: IncomingCall) -> bool:
    """Send the same code once more."""
    _pending(call)
    return True


def cancel_password_email(call: IncomingCall) -> bool:
    """Forget the password that waits for its e-mail address."""
    _pending(call).two_step.forget_pending()
    return True


def request_password_recovery(call: IncomingCall) -> TLObject:
    """Send a code to the address for recovery."""
    answer: TLObject = api.types.auth.PasswordRecovery(email_pattern=mask_email(_recoverable(call).two_step.email))
    return answer


def check_recovery_password(call: IncomingCall) -> bool:
    """Say whether a code for recovery is right; refuses with `CODE_INVALID` one that is not."""
    _check_recovery(_recoverable(call), call.request.code)
    return True


def recover_password(call: IncomingCall) -> TLObject:
    """Log in by a code for recovery, and remove the password, or set the new one that came along."""
    account = _recoverable(call)
    _check_recovery(account, call.request.code)
    settings = call.request.new_settings
    if settings is None:
        account.two_step.remove()
    else:
        account.two_step.take(_new_password(settings, account))
    return let_in_without_password(account, call)


def _whose(call: IncomingCall) -> LocalAccount:
    """Return the account that is logged in, or that waits for its password."""
    waiting = call.key.account.password_for
    account = call.dc.accounts.of(waiting) if waiting is not None else None
    return _logged_in(call) if account is None else account


def _logged_in(call: IncomingCall) -> LocalAccount:
    account = call.dc.accounts.of(call.me.id)
    if account is None:
        raise Refused(401, "AUTH_KEY_UNREGISTERED")
    return account


def _pending(call: IncomingCall) -> LocalAccount:
    account = _logged_in(call)
    if account.two_step.pending is None:
        raise Refused(400, "EMAIL_HASH_EXPIRED")
    return account


def _recoverable(call: IncomingCall) -> LocalAccount:
    account = _whose(call)
    if not account.two_step.is_set:
        raise Refused(400, "PASSWORD_EMPTY")
    if not account.two_step.email:
        raise Refused(400, "PASSWORD_RECOVERY_NA")
    return account


def _check_recovery(account: LocalAccount, code: str) -> None:
    if not code:
        raise Refused(400, "CODE_EMPTY")
    if code != account.email_code:
        raise Refused(400, "CODE_INVALID")


def _prove(account: LocalAccount, proof: Any, call: IncomingCall) -> None:
    """Refuse what does not prove an account's password.

    `SRP_ID_INVALID`: the challenge is not known, was used, or was another account's. `SRP_PASSWORD_CHANGED`: the
    password was changed since the challenge was given out. `PASSWORD_HASH_INVALID`: the proof is wrong.
    """
    if proof.NAME != "inputCheckPasswordSRP":
        raise Refused(400, "PASSWORD_HASH_INVALID")
    attempt = call.dc.shared.attempts.take(proof.srp_id)
    if attempt is None or attempt.user_id != account.user.id:
        raise Refused(400, "SRP_ID_INVALID")
    if attempt.version != account.two_step.version:
        raise Refused(400, "SRP_PASSWORD_CHANGED")
    if not account.two_step.is_proven(attempt, proof.A, proof.M1):
        raise Refused(400, "PASSWORD_HASH_INVALID")


def _new_password(settings: Any, account: LocalAccount) -> NewPassword:
    """Read an `account.passwordInputSettings`; refuses with `NEW_SETTINGS_INVALID` and `NEW_SALT_INVALID`."""
    two_step = account.two_step
    hint, email = (settings.hint or "")[:LONGEST_HINT], settings.email or ""
    if (email and not 3 <= len(email) <= LONGEST_HINT) or (email and "@" not in email):
        raise Refused(400, "EMAIL_INVALID")
    algo, verifier = settings.new_algo, settings.new_password_hash
    if algo is None or not verifier:
        return NewPassword(two_step.new_algo, b"", hint, "")
    if not isinstance(algo, _KDF) or len(verifier) != VERIFIER:
        raise Refused(400, "NEW_SETTINGS_INVALID")
    new = PasswordAlgo(algo.salt1, algo.salt2, algo.g, algo.p)
    if not two_step.is_new_algo(new):
        raise Refused(400, "NEW_SALT_INVALID")
    if not 0 < int.from_bytes(verifier, "big") < int.from_bytes(new.p, "big"):
        raise Refused(400, "NEW_SETTINGS_INVALID")
    return NewPassword(new, verifier, hint, email)


def _algo_object(algo: PasswordAlgo) -> api.boxed.PasswordKdfAlgo:
    return _KDF(salt1=algo.salt1, salt2=algo.salt2, g=algo.g, p=algo.p)
