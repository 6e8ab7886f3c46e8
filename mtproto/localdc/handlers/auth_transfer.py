"""A login that is taken to another DC (core.telegram.org/api/datacenter#authorization)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.accounts import Export
from mtproto.localdc.answers import Refused
from mtproto.localdc.objects import user_object
from mtproto.message import random_long
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from tl import TLObject

__all__ = ["export_authorization", "import_authorization"]

SECRET = 128
"""Bytes by which the other DC knows the login."""


def export_authorization(call: IncomingCall) -> TLObject:
    """Give out a secret by which another DC logs the caller in. Refuses other ids with `DC_ID_INVALID`."""
    user, shared, dc_id = call.me, call.dc.shared, call.request.dc_id
    if dc_id not in shared.dcs or dc_id == call.dc.dc_id:
        raise Refused(400, "DC_ID_INVALID")
    secret = shared.random(SECRET)
    number = random_long(shared.random)
    shared.exports.add(secret, Export(number, user.id, dc_id, call.key.account.authorization))
    answer: TLObject = api.types.auth.ExportedAuthorization(id=number, bytes=secret)
    return answer


def import_authorization(call: IncomingCall) -> TLObject:
    """Log the caller in as another DC said. The secret serves once, for a minute, at the DC that it was made for."""
    request = call.request
    export = call.dc.shared.exports.take(request.bytes)
    if export is None or export.dc_id != call.dc.dc_id:
        raise Refused(400, "AUTH_BYTES_INVALID")
    user = call.dc.accounts.user(export.user_id)
    if export.id != request.id or user is None:
        raise Refused(400, "USER_ID_INVALID")
    call.key.account.import_login(export.user_id, export.authorization, call.dc.clock())
    call.dc.keys.keep()
    answer: TLObject = api.types.auth.Authorization(user=user_object(user, user, call.dc))
    return answer
