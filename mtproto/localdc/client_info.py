"""What a client has to know to reach a local DC: the contents of `serve --ready-file`, as plain data for JSON."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtproto.crypto import RSAPublicKey
    from mtproto.localdc.world import LocalChat, Photo, User, World

__all__ = ["client_info"]


def client_info(address: tuple[str, int], dc_id: int, key: RSAPublicKey, world: World) -> dict[str, Any]:
    """Return address, key, credentials, users with the SHA-256 (hex) of each file of each photo, and basic groups.

    `public_key_pem` is PKCS#1; `fingerprint` is 16 hex digits, as unsigned number. Other numbers of 64 bits are decimal
    strings, as in the JSON form of objects: many languages read a number of JSON as a double, which loses digits.
    """
    host, port = address
    return {
        "host": host,
        "port": port,
        "dc_id": dc_id,
        "public_key_pem": key.to_pem(),
        "fingerprint": f"{key.fingerprint & (1 << 64) - 1:016x}",
        "api_id": world.api_id,
        "api_hash": world.api_hash,
        "bot_token": world.bot_token,
        "users": [_user(user) for user in world.users],
        "chats": [_chat(chat) for chat in world.chats],
    }


def _user(user: User) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "access_hash": str(user.access_hash),
        "username": user.username,
        "photos": [{"id": str(photo.id), "sizes": _sizes(photo)} for photo in user.photos],
    }


def _chat(chat: LocalChat) -> dict[str, Any]:
    return {"id": str(chat.id), "title": chat.display_name, "members": [str(user_id) for user_id in chat.members]}


def _sizes(photo: Photo) -> list[dict[str, str]]:
    files = ((type_, photo.file(type_)) for type_ in photo.types)
    return [{"type": type_, "sha256": hashlib.sha256(data).hexdigest()} for type_, data in files if data is not None]
