"""Telethon, as it is installed: its reader, its objects, its `MTProtoState`, its client."""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections import defaultdict

from benchmarks.peers.serve import Calls, Fixture, Operation, Statement, canonical_bytes, serve, unavailable

_RENAMED = {"is_self": "self"}
"""Fields whose TL name is not free in Python."""


def canonical(value: object) -> object:
    """A TL object of Telethon as the plain value that `benchmarks.compare` describes."""
    from telethon.tl import TLObject

    if isinstance(value, TLObject):
        fields = {_RENAMED.get(name, name): canonical(field) for name, field in vars(value).items()}
        return {"_": f"{value.CONSTRUCTOR_ID:08x}", **fields}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, bytes):
        return canonical_bytes(value)
    return int(value.timestamp()) if isinstance(value, datetime.datetime) else value


def decode(fixture: Fixture) -> Operation:
    """Bytes → objects, as a request reads its result."""
    from telethon.extensions import BinaryReader

    names = {"BinaryReader": BinaryReader, "data": bytes.fromhex(fixture["slice"])}
    return Statement("BinaryReader(data).tgread_object()", names, canonical)


def encode(fixture: Fixture) -> Operation:
    """Objects → bytes."""
    from telethon.extensions import BinaryReader

    photos = BinaryReader(bytes.fromhex(fixture["slice"])).tgread_object()
    return Statement("bytes(photos)", {"photos": photos}, canonical_bytes)


def request(fixture: Fixture) -> Operation:
    """Build a request and encode it."""
    from telethon.tl.functions.photos import GetUserPhotosRequest
    from telethon.tl.types import InputUser

    names = {"GetUserPhotosRequest": GetUserPhotosRequest, "InputUser": InputUser, **fixture["user"]}
    expression = (
        "bytes(GetUserPhotosRequest("
        "user_id=InputUser(user_id=user_id, access_hash=access_hash), offset=0, max_id=0, limit=100))"
    )
    return Statement(expression, names, canonical_bytes)


def open_answer(fixture: Fixture) -> Operation:
    """An encrypted packet → objects: `MTProtoState` decrypts and checks it, the request's reader reads the body."""
    from telethon.crypto import AuthKey
    from telethon.extensions import BinaryReader
    from telethon.network.mtprotostate import MTProtoState

    state = MTProtoState(AuthKey(bytes.fromhex(fixture["auth_key"])), defaultdict(logging.getLogger))
    state.id = fixture["session_id"]
    names = {"state": state, "packet": bytes.fromhex(fixture["packet"]), "BinaryReader": BinaryReader}
    # The same packet again and again: forgetting the highest id passes by the check for duplicates, nothing else.
    forget = "state._highest_remote_id = 0"
    return Statement(
        "BinaryReader(state.decrypt_message_data(packet).obj.body).tgread_object()", names, canonical, forget
    )


def calls(fixture: Fixture) -> Operation:
    """Calls through the client, which knows one more RSA key and stores in memory; all else is its default."""
    from telethon import TelegramClient
    from telethon.crypto import rsa
    from telethon.sessions import MemorySession
    from telethon.tl.functions.auth import ImportBotAuthorizationRequest
    from telethon.tl.functions.photos import GetUserPhotosRequest
    from telethon.tl.types import InputUser

    dc, user = fixture["dc"], fixture["user"]
    rsa.add_key(dc["public_key_pem"], old=False)
    session = MemorySession()
    session.set_dc(dc["dc_id"], dc["host"], dc["port"])

    async def connect() -> TelegramClient:
        client = TelegramClient(session, dc["api_id"], dc["api_hash"])
        await client.connect()
        await client(ImportBotAuthorizationRequest(0, dc["api_id"], dc["api_hash"], dc["bot_token"]))
        return client

    async def call() -> object:
        peer = InputUser(user_id=user["id"], access_hash=user["access_hash"])
        return await client(GetUserPhotosRequest(user_id=peer, offset=0, max_id=0, limit=100))

    async def disconnect() -> None:
        await client.disconnect()

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    client = loop.run_until_complete(connect())
    return Calls(loop, call, canonical, disconnect)


def main() -> None:
    """Serve the driver, or say that Telethon is missing."""
    try:
        import telethon
        from telethon.crypto import aes, libssl
    except ImportError as error:
        return unavailable(error)
    native = "libssl" if libssl.decrypt_ige else "pyaes"
    about = {"library": "Telethon", "version": telethon.__version__, "aes": "cryptg" if aes.cryptg else native}
    return serve(about, {"decode": decode, "encode": encode, "request": request, "open": open_answer, "calls": calls})


if __name__ == "__main__":
    main()
