"""The end of a login, and of its keys.

core.telegram.org/method/auth.logOut, core.telegram.org/mtproto/service_messages (`destroy_auth_key`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import LoggedOut, MTProtoError, RpcError
from mtproto.flows.changes import KeyDestroyed, LoggedOutChange
from mtproto.flows.errors import UnexpectedAnswer
from mtproto.flows.layers import make, name_of
from mtproto.flows.login import keep_future_token
from mtproto.flows.refusals import ends_login
from mtproto.flows.steps import Call, Save, Service
from tl import TLError, service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtproto.flows.steps import Flow
    from tl import Schema

__all__ = ["log_out"]

_GONE = frozenset({"destroy_auth_key_ok", "destroy_auth_key_none"})


def log_out(schema: Schema, *, destroy_keys: bool = True, other_dcs: Sequence[int] = ()) -> Flow[bool]:
    """Log out, and destroy the permanent keys. A login that the server has ended already is logged out as well.

    The order is one that a crash can't spoil: first the server, then the store, then the keys. A key whose destruction
    fails stays: it belongs to nobody.

    Args:
        schema: the account's.
        destroy_keys: whether the server is to forget the keys, also under PFS (see `Service`).
        other_dcs: the data centres beside home that there are keys of.

    Returns:
        Whether every key is destroyed that was to be.

    Raises:
        RpcError: the server does not log out; the account is logged in as before.

    """
    request = make(schema, "auth.logOut")
    try:
        answer = yield Call(request, idempotent=True)
    except LoggedOut:
        pass  # whoever made the call has told the store
    except RpcError as error:
        if not ends_login(error):
            raise
    else:
        if answer is not True and name_of(answer) != "auth.loggedOut":  # a Bool in layers before 139
            raise UnexpectedAnswer(request.NAME, answer)
        yield from keep_future_token(answer)
    yield Save(LoggedOutChange(reason=None))
    if not destroy_keys:
        return True
    destroyed = True
    for dc in (None, *other_dcs):
        if (yield from _destroy_key(dc)):
            yield Save(KeyDestroyed(dc))
        else:
            destroyed = False
    return destroyed


def _destroy_key(dc: int | None) -> Flow[bool]:
    try:
        answer = yield Service(service.functions.DestroyAuthKey().to_bytes(), dc)
        return name_of(service.decode(answer)) in _GONE
    except (MTProtoError, TLError):
        return False
