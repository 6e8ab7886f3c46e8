"""Logging in as the bot, and out again (core.telegram.org/method/auth.importBotAuthorization).

The login belongs to the auth key: every connection that uses the key is logged in.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from mtproto.localdc.calls import Refused
from mtproto.localdc.objects import user_object
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import Call
    from tl import TLObject

__all__ = ["import_bot_authorization", "log_out"]


def import_bot_authorization(call: Call) -> TLObject:
    """Log the auth key in as the bot of the world. Refuses other tokens and api ids."""
    request, world = call.request, call.desk.world
    if (request.api_id, request.api_hash) != (world.api_id, world.api_hash):
        raise Refused(400, "API_ID_INVALID")
    if not hmac.compare_digest(request.bot_auth_token.encode(), world.bot_token.encode()):
        raise Refused(400, "ACCESS_TOKEN_INVALID")
    call.key.user_id = world.bot.id
    call.desk.keys_changed()
    answer: TLObject = api.types.auth.Authorization(user=user_object(world.bot, call))
    return answer


def log_out(call: Call) -> TLObject:
    """Forget who is logged in with this auth key; the key itself stays good."""
    if call.user is None:
        raise Refused(401, "AUTH_KEY_UNREGISTERED")
    call.key.user_id = None
    call.desk.keys_changed()
    answer: TLObject = api.types.auth.LoggedOut()
    return answer
