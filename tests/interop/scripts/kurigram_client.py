"""Kurigram, as it is installed, against the DC of a ready file. Prints what it saw as one line of JSON.

Arguments: the ready file, the username whose photos to fetch, the name of Kurigram's TCP class, and if there is a proxy
its link.
Nothing of Kurigram is changed but the address it connects to and the RSA key it trusts.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sys
from typing import Any

from pyrogram import Client, __version__, raw
from pyrogram.connection import Connection, transport
from pyrogram.crypto import rsa
from pyrogram.raw.all import layer


def trust(ready: dict[str, Any]) -> None:
    """Put the DC's key (PKCS#1: a sequence of two integers) beside those that Kurigram ships."""
    der = base64.b64decode("".join(ready["public_key_pem"].split("\n")[1:-2]))
    modulus_length = int.from_bytes(der[6:8], "big")
    modulus = int.from_bytes(der[8 : 8 + modulus_length], "big")
    exponent = int.from_bytes(der[10 + modulus_length :], "big")
    fingerprint = int.from_bytes(bytes.fromhex(ready["fingerprint"]), "big")
    signed = fingerprint - (1 << 64 if fingerprint >> 63 else 0)
    rsa.server_public_keys[signed] = rsa.PublicKey(modulus, exponent)


async def main(ready: dict[str, Any], username: str, protocol: str, proxy: str | None = None) -> dict[str, Any]:
    trust(ready)

    class ConnectionToReady(Connection):  # type: ignore[misc]  # Kurigram is not installed where types are checked
        def __init__(self, **arguments: Any) -> None:
            super().__init__(**{**arguments, "server_address": ready["host"], "port": ready["port"]})

    client = Client(
        "interop",
        api_id=ready["api_id"],
        api_hash=ready["api_hash"],
        bot_token=ready["bot_token"],
        in_memory=True,
        proxy=proxy,
        connection_factory=ConnectionToReady,
        protocol_factory=getattr(transport, protocol),
    )
    async with client:
        user = await client.resolve_peer(username)
        answer = await client.invoke(raw.functions.photos.GetUserPhotos(user_id=user, offset=0, max_id=0, limit=100))
        every = [item async for item in client.get_chat_photos(username)]
        profile = await client.get_users(username)
        files = {
            "sha256": every[0].big_file_id,
            "sha256_small": every[0].small_file_id,
            "sha256_by_peer": profile.photo.big_file_id,
        }
        fetched = {name: await client.download_media(file_id, in_memory=True) for name, file_id in files.items()}
        return {
            "version": __version__,
            "layer": layer,
            "me": client.me.username,
            "answer": type(answer).__name__,
            "returned": len(answer.photos),
            "count": getattr(answer, "count", len(answer.photos)),
            "listed": len(every),
            "photo": answer.photos[0].id,
            **{name: hashlib.sha256(file.getvalue()).hexdigest() for name, file in fetched.items()},
        }


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        contents = json.load(file)
    seen = asyncio.run(main(contents, *sys.argv[2:]))
    sys.stdout.write(json.dumps(seen) + "\n")
