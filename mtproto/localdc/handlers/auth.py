"""Logging in as the bot, and out again (core.telegram.org/method/auth.importBotAuthorization).

The login belongs to the permanent auth key: every connection that uses it, or a key bound to it, is logged in.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused
from mtproto.localdc.entry import check_api, let_in_without_password, require_home
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from tl import TLObject

__all__ = ["import_bot_authorization", "log_out"]

FUTURE_TOKEN = 32
"""Bytes of a token that a log-out gives out."""


def import_bot_authorization(call: IncomingCall) -> TLObject:
    """Log the auth key in as the bot of the world. Refuses other tokens and api ids, and sends to the bot's home DC."""
    request, world = call.request, call.dc.world
    check_api(request, call)
    token = request.bot_auth_token.encode("utf-8", "surrogateescape")  # as TL reads what is no UTF-8
    account = call.dc.accounts.of(world.bot.id)
    if account is None or not hmac.compare_digest(token, world.bot_token.encode()):
        raise Refused(400, "ACCESS_TOKEN_INVALID")
    require_home(account.dc_id, call, "USER")
    return let_in_without_password(account, call)


def log_out(call: IncomingCall) -> TLObject:
    """Forget who is logged in with this auth key, here and wherever the login was exported to; the keys stay good.

    A user gets a token by which the next login needs no code (core.telegram.org/api/auth#future-auth-tokens).
    """
    user, record = call.user, call.key.account
    if user is None:
        raise Refused(401, "AUTH_KEY_UNREGISTERED")
    account = call.dc.accounts.of(user.id)
    token = None
    if account is not None and account.phone and not record.imported:
        token = call.dc.shared.random(FUTURE_TOKEN)
        account.keep_future_token(token)
    if not record.imported:
        call.dc.shared.log_out(user.id, record.authorization)
    record.log_out()
    call.dc.keys.keep()
    answer: TLObject = api.types.auth.LoggedOut(future_auth_token=token)
    return answer
