"""Temporary keys: bound to permanent ones, and dropped (core.telegram.org/api/pfs)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.errors import RemoteProtocolError
from mtproto.link import BindRequest
from mtproto.localdc.answers import Refused

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall

__all__ = ["bind_temp_auth_key", "drop_temp_auth_keys"]

CLOCKS_APART = 60
"""Seconds by which client and server may disagree about the end of a temporary key: each counts from its own start."""


def bind_temp_auth_key(call: IncomingCall) -> bool:
    """Bind the temporary key of the call to a permanent one (core.telegram.org/method/auth.bindTempAuthKey)."""
    request, key = call.request, call.key
    permanent = call.dc.keys.records.get(request.perm_auth_key_id)
    if key.expires_at is None:
        raise Refused(400, "TEMP_AUTH_KEY_EMPTY")
    if permanent is None or permanent.expires_at is not None:
        raise Refused(400, "ENCRYPTED_MESSAGE_INVALID")
    if key.permanent not in (None, permanent):
        raise Refused(400, "TEMP_AUTH_KEY_ALREADY_BOUND")
    if abs(request.expires_at - key.expires_at) > CLOCKS_APART:
        raise Refused(400, "EXPIRES_AT_INVALID")
    binding = BindRequest(request.perm_auth_key_id, request.nonce, request.expires_at, request.encrypted_message)
    try:
        binding.verify(
            permanent.auth_key,
            temp_auth_key_id=key.auth_key.id,
            temp_session_id=call.session_id,
            msg_id=call.msg_id,
        )
    except RemoteProtocolError:
        raise Refused(400, "ENCRYPTED_MESSAGE_INVALID") from None
    call.dc.keys.bind(key, permanent, call.session_id)
    return True


def drop_temp_auth_keys(call: IncomingCall) -> bool:
    """Forget the temporary key bound to the caller's permanent one (core.telegram.org/method/auth.dropTempAuthKeys)."""
    for record in list(call.dc.keys.records.values()):
        if record.permanent is call.key.account and record.auth_key.id not in call.request.except_auth_keys:
            call.dc.keys.drop(record)
    return True
