"""What a refusal means for an account: pure functions of an `RpcError` (core.telegram.org/api/errors)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mtproto.errors import InternalServerError, Migrate, MTProtoError, NotAcceptable, RpcError, Unauthorized
from mtproto.flows.changes import LoggedOutChange
from mtproto.flows.layers import method_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tl import TLFunction

__all__ = ["KEY_DIES", "authorization_lost", "dc_of_this_call", "ends_login", "is_restart", "logged_out"]

_OF_ONE_CALL = frozenset({"FILE_MIGRATE_X", "STATS_MIGRATE_X"})
_RESTARTS = frozenset({"AUTH_RESTART", "AUTH_RESTART_X"})
_BUSINESS = "invokeWithBusinessConnection"

KEY_DIES: Mapping[str, bool] = {
    "AUTH_KEY_UNREGISTERED": False,
    "AUTH_KEY_INVALID": True,
    "AUTH_KEY_DUPLICATED": True,
    "SESSION_REVOKED": True,
    "SESSION_EXPIRED": True,
    "USER_DEACTIVATED": False,
    "USER_DEACTIVATED_BAN": False,
}
"""Refusals of the home DC after which nobody is logged in, and whether the key is of no use either."""


def ends_login(error: MTProtoError) -> bool:
    """Tell whether a refusal of the home DC ends the login."""
    return isinstance(error, Unauthorized | NotAcceptable) and error.name in KEY_DIES


def logged_out(error: RpcError) -> LoggedOutChange:
    """Return the change that the store keeps after a refusal that ends the login."""
    return LoggedOutChange(reason=error.name, key_dead=KEY_DIES[error.name])


def authorization_lost(error: MTProtoError) -> bool:
    """Tell whether a refusal of a DC that is not home means: export the authorization again. Home stays logged in."""
    return ends_login(error)


def is_restart(error: MTProtoError) -> bool:
    """Tell whether the server wants the login to begin again (`AUTH_RESTART`)."""
    return isinstance(error, InternalServerError) and error.name in _RESTARTS


def dc_of_this_call(error: MTProtoError, request: TLFunction[Any]) -> int | None:
    """Return the DC to which this call alone belongs; None where a refusal says nothing of the kind. Home stays.

    `FILE_MIGRATE_X` and `STATS_MIGRATE_X` say it of any call, `USER_MIGRATE_X` of a call that is wrapped in
    `invokeWithBusinessConnection`. Whether the DC is a known one is the caller's to check.
    """
    if not isinstance(error, Migrate):
        return None
    if error.name in _OF_ONE_CALL or (error.name == "USER_MIGRATE_X" and _BUSINESS in method_names(request)):
        return error.dc
    return None
