"""Telethon, as it is installed, against the DC of a ready file. Prints what it saw as one line of JSON.

Arguments: the ready file, the username whose photos to fetch, the name of Telethon's connection class; for one of the
classes that speak to a proxy also its host, port and secret.
Nothing of Telethon is changed but the address it connects to and the RSA key it trusts.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from typing import Any

from telethon import TelegramClient, __version__, functions, network
from telethon.crypto import rsa
from telethon.sessions import MemorySession
from telethon.tl.alltlobjects import LAYER


async def main(ready: dict[str, Any], username: str, connection: str, *proxy: str) -> dict[str, Any]:
    rsa.add_key(ready["public_key_pem"], old=False)
    session = MemorySession()
    session.set_dc(ready["dc_id"], ready["host"], ready["port"])
    client = TelegramClient(
        session,
        ready["api_id"],
        ready["api_hash"],
        connection=getattr(network, connection),
        connection_retries=1,
        proxy=(proxy[0], int(proxy[1]), proxy[2]) if proxy else None,
    )
    async with await client.start(bot_token=ready["bot_token"]):
        me = await client.get_me()
        user = await client.get_input_entity(username)
        raw = await client(functions.photos.GetUserPhotosRequest(user_id=user, offset=0, max_id=0, limit=100))
        every = await client.get_profile_photos(username)
        photo = raw.photos[0]
        by_location = await client.download_media(photo, bytes, thumb="c")
        by_peer = await client.download_profile_photo(username, bytes)
        return {
            "version": __version__,
            "layer": LAYER,
            "me": me.username,
            "answer": type(raw).__name__,
            "returned": len(raw.photos),
            "count": getattr(raw, "count", len(raw.photos)),
            "listed": [item.id for item in every],
            "photo": photo.id,
            "sha256": hashlib.sha256(by_location).hexdigest(),
            "sha256_by_peer": hashlib.sha256(by_peer).hexdigest(),
        }


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        seen = asyncio.run(main(json.load(file), *sys.argv[2:]))
    sys.stdout.write(json.dumps(seen) + "\n")
