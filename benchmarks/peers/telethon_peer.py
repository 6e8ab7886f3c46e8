"""Telethon, as it is installed: its reader, its objects, its `MTProtoState`, its client."""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from benchmarks.peers.files import Fetches, Sink
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
    from telethon.tl.functions.photos import GetUserPhotosRequest
    from telethon.tl.types import InputUser

    user = fixture["user"]

    async def call() -> object:
        peer = InputUser(user_id=user["id"], access_hash=user["access_hash"])
        return await client(GetUserPhotosRequest(user_id=peer, offset=0, max_id=0, limit=100))

    async def disconnect() -> None:
        await client.disconnect()

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    client = loop.run_until_complete(_connected(fixture["dc"]))
    return Calls(loop, call, canonical, disconnect)


def fetch(fixture: Fixture) -> Operation:
    """Documents, one after another, in the largest parts that Telethon takes."""
    from telethon import TelegramClient
    from telethon.tl.types import InputDocumentFileLocation

    async def wanted(_: TelegramClient) -> list[object]:
        return [
            InputDocumentFileLocation(each["id"], each["access_hash"], bytes.fromhex(each["file_reference"]), "")
            for each in fixture["documents"]
        ]

    return _fetches(fixture, wanted)


def photos(fixture: Fixture, *, at_once: bool = False) -> Operation:
    """All sizes of some photos of a user, one after another or all at once."""
    from telethon import TelegramClient
    from telethon.tl import types
    from telethon.tl.functions.photos import GetUserPhotosRequest

    async def wanted(client: TelegramClient) -> list[object]:
        sizes = types.PhotoSize, types.PhotoSizeProgressive, types.VideoSize
        user = types.InputUser(user_id=fixture["user"]["id"], access_hash=fixture["user"]["access_hash"])
        found: list[types.Photo] = []
        while len(found) < fixture["photos"]:
            found += (await client(GetUserPhotosRequest(user, offset=len(found), max_id=0, limit=100))).photos
        return [
            types.InputPhotoFileLocation(photo.id, photo.access_hash, photo.file_reference, size.type)
            for photo in found[: fixture["photos"]]
            for size in [*photo.sizes, *(photo.video_sizes or [])]
            if isinstance(size, sizes)
        ]

    return _fetches(fixture, wanted, at_once=at_once)


def _fetches(
    fixture: Fixture, wanted: Callable[[Any], Awaitable[Sequence[object]]], *, at_once: bool = False
) -> Operation:
    async def opened() -> tuple[Any, Sequence[object]]:
        client = await _connected(fixture["dc"])
        return client, await wanted(client)

    async def all_files(new_sink: Callable[[], Sink]) -> None:
        fetches = (client.download_file(location, new_sink(), part_size_kb=512) for location in locations)
        if at_once:
            await asyncio.gather(*fetches)
        else:
            for each in fetches:
                await each

    async def disconnect() -> None:
        await client.disconnect()

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    client, locations = loop.run_until_complete(opened())
    return Fetches(loop, all_files, disconnect, is_first_sample=fixture.get("is_first_sample", False))


async def _connected(dc: Mapping[str, Any]) -> Any:
    """Return a client that is logged in."""
    from telethon import TelegramClient
    from telethon.crypto import rsa
    from telethon.sessions import MemorySession
    from telethon.tl.functions.auth import ImportBotAuthorizationRequest

    rsa.add_key(dc["public_key_pem"], old=False)
    session = MemorySession()
    session.set_dc(dc["dc_id"], dc["host"], dc["port"])
    client = TelegramClient(session, dc["api_id"], dc["api_hash"])
    await client.connect()
    await client(ImportBotAuthorizationRequest(0, dc["api_id"], dc["api_hash"], dc["bot_token"]))
    return client


def main() -> None:
    """Serve the driver, or say that Telethon is missing."""
    try:
        import telethon
        from telethon.crypto import aes, libssl
    except ImportError as error:
        return unavailable(error)
    native = "libssl" if libssl.decrypt_ige else "pyaes"
    about = {"library": "Telethon", "version": telethon.__version__, "aes": "cryptg" if aes.cryptg else native}
    files: dict[str, Callable[[Fixture], Operation]] = {
        "fetch": fetch,
        "photos": photos,
        "photos-at-once": partial(photos, at_once=True),
    }
    operations = {"decode": decode, "encode": encode, "request": request, "open": open_answer, "calls": calls}
    return serve(about, {**operations, **files})


if __name__ == "__main__":
    main()
