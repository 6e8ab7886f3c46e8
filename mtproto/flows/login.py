"""What all ways to log in share: the settings, calls that follow the home DC, and what is kept in the end.

core.telegram.org/api/auth and core.telegram.org/api/datacenter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mtproto.errors import InternalServerError, Migrate
from mtproto.flows.changes import FutureToken, LoggedIn
from mtproto.flows.errors import FlowFailed, NotSupported, UnexpectedAnswer
from mtproto.flows.layers import expect, name_of
from mtproto.flows.questions import Telling
from mtproto.flows.refusals import is_restart
from mtproto.flows.steps import Call, MoveTo, Save, Tell, Wait

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from mtproto.flows.steps import Flow
    from tl import Schema, TLFunction

__all__ = [
    "LOGIN_RESTARTS",
    "UNSUPPORTED_LOGINS",
    "LoginSettings",
    "call_at_home",
    "finish",
    "go_to",
    "keep_future_token",
    "move_home",
    "refuse_way",
]

LOGIN_RESTARTS = 5
"""How often one login follows the server to another DC, or begins again because the server asks for that."""

LONGEST_TOKEN = 4096
"""Bytes of a future auth token that is kept: one of Telegram's has a few dozen."""

_LOGIN_MIGRATIONS = frozenset({"PHONE_MIGRATE_X", "NETWORK_MIGRATE_X", "USER_MIGRATE_X"})
_RESTART_PAUSE = 1.0

UNSUPPORTED_LOGINS = {
    "passkey": "a login by passkey (auth.initPasskeyLogin)",
    "firebase": "number verification by Firebase (auth.initFirebasePnvLogin)",
    "payment": "a payment before the code (auth.checkPaidAuth)",
    "web": "a login by the token of a web page (auth.importWebTokenAuthorization)",
}
"""Ways to log in that Telegram's own apps have and this library has not."""


@dataclass(frozen=True, slots=True)
class LoginSettings:
    """What every login needs.

    Attributes:
        schema: the API's, of layer 133 or later.
        api_id: the application's number, from my.telegram.org.
        api_hash: its secret half.
        dcs: the ids of the data centres that the account knows: the server can send a login to no other one.
        test: whether these are Telegram's test servers, or local ones: phones `99966XYYYY` have known codes there.

    """

    schema: Schema
    api_id: int
    api_hash: str = field(repr=False)
    dcs: AbstractSet[int] = frozenset()
    test: bool = False


def refuse_way(way: str) -> NotSupported:
    """Return the error for a way to log in that is not supported: a key of `UNSUPPORTED_LOGINS`, or other words."""
    return NotSupported(UNSUPPORTED_LOGINS.get(way, way), "log in by code, by QR code or as a bot")


def move_home(settings: LoginSettings, error: Migrate) -> Flow[None]:
    """Follow `PHONE_MIGRATE_X`, `NETWORK_MIGRATE_X` or `USER_MIGRATE_X`: X is the home DC from now on.

    Raises `error` itself if it is about one call (`FILE_MIGRATE_X`), FlowFailed if X is no data centre that is known.
    """
    if error.name not in _LOGIN_MIGRATIONS:
        raise error
    yield from go_to(settings, error.dc, error.message)


def go_to(settings: LoginSettings, dc: int, reason: str) -> Flow[None]:
    """Make a DC the home DC. Raises FlowFailed if the DC is none that is known."""
    if dc not in settings.dcs:
        known = ", ".join(map(str, sorted(settings.dcs))) or "none"
        raise FlowFailed(f"the server sends the login to DC {dc} ({reason}), which is not known; known are {known}")
    yield Tell(Telling(f"The login goes on at DC {dc}"))
    yield MoveTo(dc)


def call_at_home(settings: LoginSettings, request: TLFunction[Any]) -> Flow[Any]:
    """Call at the home DC; follow migrations and restarts, both bounded; return the answer.

    For calls that stand for themselves: after a restart the same call goes out again, and so does one whose answer is
    lost.

    Raises:
        RpcError: the server refused the call.
        FlowFailed: the server sends the login to a DC that is not known, or round and round.

    """
    for turn in range(LOGIN_RESTARTS + 1):
        try:
            return (yield Call(request, idempotent=True))
        except Migrate as error:
            yield from move_home(settings, error)
        except InternalServerError as error:
            if not is_restart(error):
                raise
            yield Wait(_RESTART_PAUSE * (turn + 1))
    raise FlowFailed(f"{request.NAME} was sent on, or refused with AUTH_RESTART, {LOGIN_RESTARTS + 1} times")


def finish(authorization: Any, method: str) -> Flow[Any]:
    """End a login: let the store keep it, and return the user.

    Args:
        authorization: the answer of the call that logged in; not trusted to be one.
        method: the TL name of that call, for the error.

    Raises:
        UnexpectedAnswer: it is no `auth.authorization`, or names no user.

    """
    expect(authorization, method, "auth.authorization")
    user = authorization.user
    if name_of(user) != "user" or user.id <= 0:
        raise UnexpectedAnswer(method, user, "an authorization names its user")
    yield Save(LoggedIn(user_id=user.id, is_bot=bool(getattr(user, "bot", False))))
    yield from keep_future_token(authorization)
    if getattr(authorization, "setup_password_required", False):
        days = getattr(authorization, "otherwise_relogin_days", None)
        until = f" within {days} days" if days else ""
        yield Tell(Telling(f"The server wants a two-step verification password to be set{until}"))
    return user


def keep_future_token(holder: Any) -> Flow[None]:
    """Let the store keep the future auth token of an answer, if there is one of a possible length."""
    token = getattr(holder, "future_auth_token", None)
    if token and len(token) <= LONGEST_TOKEN:
        yield Save(FutureToken(token))
