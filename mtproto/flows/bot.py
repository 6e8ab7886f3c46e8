"""Login as a bot (core.telegram.org/method/auth.importBotAuthorization)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.errors import LocalProtocolError
from mtproto.flows.layers import make
from mtproto.flows.login import call_at_home, finish

if TYPE_CHECKING:
    from mtproto.flows.login import LoginSettings
    from mtproto.flows.steps import Flow

__all__ = ["log_in_as_bot"]


def log_in_as_bot(settings: LoginSettings, token: str) -> Flow[Any]:
    """Log in with a bot's token, and return the `user`. `USER_MIGRATE_X` moves the home DC.

    Args:
        settings: what every login needs.
        token: the token from @BotFather; blanks around it don't count.

    Raises:
        LocalProtocolError: the token is empty.
        RpcError: the server refused it: `ACCESS_TOKEN_INVALID`, `ACCESS_TOKEN_EXPIRED`, `API_ID_INVALID` …
        FlowFailed: see `call_at_home` and `finish`.

    """
    token = token.strip()
    if not token:
        raise LocalProtocolError("the bot's token is empty")
    request = make(
        settings.schema,
        "auth.importBotAuthorization",
        flags=0,
        api_id=settings.api_id,
        api_hash=settings.api_hash,
        bot_auth_token=token,
    )
    authorization = yield from call_at_home(settings, request)
    return (yield from finish(authorization, request.NAME))
