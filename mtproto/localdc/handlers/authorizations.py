"""The logins of a user: listed, and ended (core.telegram.org/api/auth#manage-sessions)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.answers import Refused
from mtproto.localdc.authorizations import authorization_object
from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.keys import KeyRecord
    from tl import TLObject

__all__ = ["get_authorizations", "reset_authorization", "reset_authorizations"]

LISTED = 200
DAYS = 180


def get_authorizations(call: IncomingCall) -> TLObject:
    """List the caller's logins, the caller's own first; one that was exported to other DCs counts once."""
    records = _logins(call)
    records.sort(key=lambda record: record is not call.key.account)
    listed = [authorization_object(record, call) for record in records[:LISTED]]
    answer: TLObject = api.types.account.Authorizations(authorization_ttl_days=DAYS, authorizations=listed)
    return answer


def reset_authorization(call: IncomingCall) -> bool:
    """End one of the caller's other logins, at all DCs. Refuses with `HASH_INVALID` where there is none."""
    wanted, own = call.request.hash, call.key.account.authorization
    if wanted == own or all(record.authorization != wanted for record in _logins(call)):
        raise Refused(400, "HASH_INVALID")
    call.dc.shared.revoke(call.me.id, wanted)
    return True


def reset_authorizations(call: IncomingCall) -> bool:
    """End all of the caller's other logins, at all DCs."""
    own = call.key.account.authorization
    for record in _logins(call):
        if record.authorization != own:
            call.dc.shared.revoke(call.me.id, record.authorization)
    return True


def _logins(call: IncomingCall) -> list[KeyRecord]:
    return [record for _, record in call.dc.shared.logins(call.me.id) if not record.imported]
