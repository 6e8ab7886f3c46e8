"""Logging in by a QR code (core.telegram.org/api/qr-login)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.accounts import LoginToken
from mtproto.localdc.answers import Refused
from mtproto.localdc.authorizations import authorization_object
from mtproto.localdc.entry import check_api, let_in
from mtproto.localdc.login_tokens import accept
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.accounts import LocalAccount
    from mtproto.localdc.calls import IncomingCall
    from tl import TLObject

__all__ = ["accept_login_token", "export_login_token", "import_login_token"]

SECONDS = 30
"""How long a token may be accepted."""

TOKEN = 32
EXCEPTED = 100
"""Users whom a client may name as logged in already."""


def export_login_token(call: IncomingCall) -> TLObject:
    """Give out a token for a QR code; log in where the last one was accepted, here or at the account's home DC."""
    request, shared = call.request, call.dc.shared
    check_api(request, call)
    if len(request.except_ids) > EXCEPTED:
        raise Refused(400, "LIMIT_INVALID")
    key = call.key.account
    known = None if key.login_token is None else shared.tokens.get(key.login_token)
    answer: TLObject
    if key.login_token is not None and known is not None and known.user_id is not None:
        account = call.dc.accounts.of(known.user_id)
        if account is not None:
            if account.dc_id != call.dc.dc_id:
                answer = api.types.auth.LoginTokenMigrateTo(dc_id=account.dc_id, token=key.login_token)
                return answer
            return _success(account, key.login_token, call)
    token = shared.random(TOKEN)
    expires = call.dc.clock() + SECONDS
    excepted = frozenset(request.except_ids)
    shared.tokens.add(token, LoginToken(call.dc.dc_id, key.auth_key.id, expires, excepted))
    key.show_login_token(token)
    answer = api.types.auth.LoginToken(expires=int(expires), token=token)
    return answer


def import_login_token(call: IncomingCall) -> TLObject:
    """Log in by a token that was made at another DC, and accepted by somebody whose home is here."""
    token = call.request.token
    known = call.dc.shared.tokens.get(token)
    account = None if known is None or known.user_id is None else call.dc.accounts.of(known.user_id)
    if account is None or known is None:
        expired = known is not None and known.expires_at <= call.dc.clock()
        raise Refused(400, "AUTH_TOKEN_EXPIRED" if expired else "AUTH_TOKEN_INVALID")
    if account.dc_id != call.dc.dc_id:
        answer: TLObject = api.types.auth.LoginTokenMigrateTo(dc_id=account.dc_id, token=token)
        return answer
    return _success(account, token, call)


def accept_login_token(call: IncomingCall) -> TLObject:
    """Let whoever made a token in as the caller."""
    user = call.me
    known = accept(call.request.token, user.id, call.dc)
    record = call.dc.shared.dcs[known.dc_id].keys.records.get(known.key_id)
    return authorization_object(record if record is not None else call.key.account, call)


def _success(account: LocalAccount, token: bytes, call: IncomingCall) -> TLObject:
    """Log in; the token serves once."""
    call.dc.shared.tokens.take(token)
    answer: TLObject = api.types.auth.LoginTokenSuccess(authorization=let_in(account, call))
    return answer
