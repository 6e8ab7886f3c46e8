"""Kurigram (imported as `pyrogram`), as it is installed: its raw objects, its `mtproto.unpack`, its client."""

from __future__ import annotations

import asyncio
import hashlib
from io import BytesIO
from typing import Any

from benchmarks.peers.serve import Calls, Fixture, Operation, Statement, canonical_bytes, serve, unavailable

_RENAMED = {"is_self": "self"}
"""Fields whose TL name is not free in Python."""


def canonical(value: object) -> object:
    """A TL object of Kurigram as the plain value that `benchmarks.compare` describes."""
    from pyrogram.raw.core import TLObject

    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, TLObject):
        fields = {_RENAMED.get(name, name): canonical(getattr(value, name)) for name in value.__slots__}
        return {"_": f"{value.ID:08x}", **fields}
    return canonical_bytes(value) if isinstance(value, bytes) else value


def decode(fixture: Fixture) -> Operation:
    """Bytes → objects."""
    from pyrogram.raw.core import TLObject

    names = {"TLObject": TLObject, "BytesIO": BytesIO, "data": bytes.fromhex(fixture["slice"])}
    return Statement("TLObject.read(BytesIO(data))", names, canonical)


def encode(fixture: Fixture) -> Operation:
    """Objects → bytes."""
    from pyrogram.raw.core import TLObject

    photos = TLObject.read(BytesIO(bytes.fromhex(fixture["slice"])))
    return Statement("photos.write()", {"photos": photos}, canonical_bytes)


def request(fixture: Fixture) -> Operation:
    """Build a request and encode it."""
    from pyrogram import raw

    names = {
        "GetUserPhotos": raw.functions.photos.GetUserPhotos,
        "InputUser": raw.types.InputUser,
        **fixture["user"],
    }
    expression = (
        "GetUserPhotos(user_id=InputUser(user_id=user_id, access_hash=access_hash), offset=0, max_id=0, limit=100)"
        ".write()"
    )
    return Statement(expression, names, canonical_bytes)


def open_answer(fixture: Fixture) -> Operation:
    """An encrypted packet → objects: `mtproto.unpack` decrypts it, reads all of it and checks it."""
    from pyrogram.crypto import mtproto

    auth_key = bytes.fromhex(fixture["auth_key"])
    names = {
        "unpack": mtproto.unpack,
        "BytesIO": BytesIO,
        "packet": bytes.fromhex(fixture["packet"]),
        "session_id": fixture["session_id"].to_bytes(8, "little", signed=True),
        "auth_key": auth_key,
        "auth_key_id": hashlib.sha1(auth_key).digest()[-8:],
    }
    expression = "unpack(BytesIO(packet), session_id, auth_key, auth_key_id).body.result"
    return Statement(expression, names, canonical)


def calls(fixture: Fixture) -> Operation:
    """Calls through the client, which knows one more RSA key and stores in memory; all else is its default."""
    from pyrogram import Client, raw
    from pyrogram.connection import Connection
    from pyrogram.crypto import rsa

    dc, user = fixture["dc"], fixture["user"]
    rsa.server_public_keys[dc["fingerprint"]] = rsa.PublicKey(dc["modulus"], dc["exponent"])

    def connection(**arguments: Any) -> Connection:
        return Connection(**{**arguments, "server_address": dc["host"], "port": dc["port"]})

    async def connect() -> Client:
        client = Client("benchmark", dc["api_id"], dc["api_hash"], in_memory=True, connection_factory=connection)
        await client.connect()
        await client.sign_in_bot(dc["bot_token"])
        return client

    async def call() -> object:
        peer = raw.types.InputUser(user_id=user["id"], access_hash=user["access_hash"])
        request = raw.functions.photos.GetUserPhotos(user_id=peer, offset=0, max_id=0, limit=100)
        return await client.invoke(request)

    async def disconnect() -> None:
        await client.disconnect()

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    client = loop.run_until_complete(connect())
    return Calls(loop, call, canonical, disconnect)


def main() -> None:
    """Serve the driver, or say that Kurigram is missing."""
    try:
        import pyrogram
        from pyrogram.crypto import aes
    except ImportError as error:
        return unavailable(error)
    about = {
        "library": "Kurigram",
        "version": pyrogram.__version__,
        "aes": "tgcrypto" if hasattr(aes, "tgcrypto") else "pyaes",
    }
    return serve(about, {"decode": decode, "encode": encode, "request": request, "open": open_answer, "calls": calls})


if __name__ == "__main__":
    main()
