"""The methods that a local DC answers, by TL name; one module for each namespace of the API.

A handler takes a `IncomingCall` and returns an answer, or raises `Refused`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtproto.localdc.handlers import auth, messages, photos, updates, upload, users
from mtproto.localdc.handlers.help import get_config, get_nearest_dc

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mtproto.localdc.calls import Handler

__all__ = ["HANDLERS", "REPLACED"]

HANDLERS: Mapping[str, Handler] = {
    "auth.bindTempAuthKey": auth.bind_temp_auth_key,
    "auth.dropTempAuthKeys": auth.drop_temp_auth_keys,
    "auth.importBotAuthorization": auth.import_bot_authorization,
    "auth.logOut": auth.log_out,
    "contacts.resolveUsername": users.resolve_username,
    "help.getConfig": get_config,
    "help.getNearestDc": get_nearest_dc,
    "messages.sendMessage": messages.send_message,
    "photos.getUserPhotos": photos.get_written_user_photos,
    "updates.getDifference": updates.get_difference,
    "updates.getState": updates.get_state,
    "upload.getFile": upload.get_file,
    "users.getFullUser": users.get_full_user,
    "users.getUsers": users.get_users,
}

REPLACED: Mapping[str, Handler] = {**HANDLERS, "photos.getUserPhotos": photos.get_user_photos}
"""The same for handlers that call what they replace: all of these give objects, none bytes."""
