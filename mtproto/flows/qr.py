"""Login by a QR code that a logged-in app scans (core.telegram.org/api/qr-login)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from mtproto.errors import BadRequest, Unauthorized
from mtproto.flows.errors import FlowFailed, UnexpectedAnswer
from mtproto.flows.layers import make, name_of
from mtproto.flows.login import call_at_home, finish, go_to
from mtproto.flows.password import check_password
from mtproto.flows.questions import QRCode
from mtproto.flows.steps import NextUpdate, Now, Tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.flows.login import LoginSettings
    from mtproto.flows.steps import Flow, Random

__all__ = ["QR_CODES_SHOWN", "log_in_by_qr"]

QR_CODES_SHOWN = 40
"""Codes that one login shows, one after the other: of 30 seconds each, as Telegram's are, 20 minutes of them."""

LONGEST_LOGIN_TOKEN = 512
"""Bytes of a token that is drawn: a larger one makes a code that no camera reads."""

SHORTEST_SHOW = 5.0
LONGEST_SHOW = 300.0
"""Seconds for which a code is shown, whatever `expires` says: the clocks of the two ends may differ."""

_EXPORT = "auth.exportLoginToken"
_IMPORT = "auth.importLoginToken"
_SCANNED = frozenset({"updateLoginToken", "updatesTooLong"})  # the second one: updates were lost, this one perhaps
_OVER = frozenset({"AUTH_TOKEN_EXPIRED", "AUTH_TOKEN_INVALID", "AUTH_TOKEN_INVALIDX"})
_MOVES = 3


def log_in_by_qr(
    settings: LoginSettings, random: Random, *, except_ids: Sequence[int] = (), codes: int = QR_CODES_SHOWN
) -> Flow[Any]:
    """Show QR codes until a logged-in app has scanned one; return the `user`.

    A code is shown by a `QRCode` notice, and a new one when it expires. The main lane must receive updates meanwhile.
    If the user's home is another DC, the login goes on there; so does the question for the password, if there is one.

    Args:
        settings: what every login needs.
        random: for the password.
        except_ids: users who are logged in here already: the server does not take them.
        codes: how many codes are shown before the flow gives up.

    Raises:
        LoginCancelled: the person who is asked for the password does not go on.
        RpcError: the server refuses the login.
        FlowFailed: nobody scanned a code; the server names a DC that is not known, or answers something unknown.

    """
    export = make(
        settings.schema,
        _EXPORT,
        api_id=settings.api_id,
        api_hash=settings.api_hash,
        except_ids=list(except_ids),
    )
    for _ in range(codes):
        try:
            answer = yield from call_at_home(settings, export)
            answer = yield from _follow(settings, answer)
        except Unauthorized as error:
            if error.name != "SESSION_PASSWORD_NEEDED":
                raise
            authorization = yield from check_password(settings.schema, random)
            return (yield from finish(authorization, "auth.checkPassword"))
        if name_of(answer) == "auth.loginTokenSuccess":
            return (yield from finish(answer.authorization, _EXPORT))
        if answer is not None:
            yield from _show(answer)
    raise FlowFailed(f"nobody has scanned a QR code in time; {codes} were shown")


def _follow(settings: LoginSettings, answer: Any) -> Flow[Any]:
    """Go on at another DC as long as the server says so; return what it said last, None for a token that is over."""
    for _ in range(_MOVES):
        if name_of(answer) != "auth.loginTokenMigrateTo":
            break
        yield from go_to(settings, answer.dc_id, "auth.loginTokenMigrateTo")
        try:
            answer = yield from call_at_home(settings, make(settings.schema, _IMPORT, token=answer.token))
        except BadRequest as error:
            if error.name not in _OVER:
                raise
            return None
    if name_of(answer) not in {"auth.loginToken", "auth.loginTokenSuccess"}:
        raise UnexpectedAnswer(_EXPORT, answer)
    return answer


def _show(login_token: Any) -> Flow[None]:
    """Show one code until it expires, or until the server says that it was scanned."""
    if not 0 < len(login_token.token) <= LONGEST_LOGIN_TOKEN:
        size = len(login_token.token)
        raise UnexpectedAnswer(_EXPORT, login_token, f"a token of {size} bytes is none that can be drawn")
    now = yield Now()
    seconds = min(max(login_token.expires - now, SHORTEST_SHOW), LONGEST_SHOW)
    token = urlsafe_b64encode(login_token.token).rstrip(b"=").decode("ascii")
    yield Tell(QRCode(f"tg://login?token={token}", seconds))
    yield NextUpdate(_may_be_scanned, seconds)


def _may_be_scanned(update: Any) -> bool:
    return name_of(update) in _SCANNED
