"""A login as the API describes it to its user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tl import api

if TYPE_CHECKING:
    from mtproto.localdc.calls import IncomingCall
    from mtproto.localdc.keys import KeyRecord

__all__ = ["authorization_object"]


def authorization_object(record: KeyRecord, call: IncomingCall) -> api.boxed.Authorization:
    """Return the `authorization` of a permanent key; that of the caller has the hash 0."""
    current = record is call.key.account
    device = record.device
    return api.types.Authorization(
        current=current,
        hash=0 if current else record.authorization,
        device_model=device.model,
        platform="",
        system_version=device.system_version,
        api_id=device.api_id,
        app_name="",
        app_version=device.app_version,
        date_created=int(record.logged_in_at),
        date_active=int(call.dc.clock()),
        ip="127.0.0.1",
        country="",
        region="",
    )
