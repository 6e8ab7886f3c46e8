"""Our own library: `tl.api`, `mtproto.message`, `mtproto.client`, `mtproto.account`.

`--aes` chooses among the installed AES-IGE, `--raw` makes small calls without an account.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import tl
from benchmarks.peers.serve import Calls, Fixture, Operation, Statement, canonical_bytes, serve
from tl import api

_RPC_RESULT = struct.Struct("<Iq")
_REFUSED = {"cryptg": (), "tgcrypto": ("cryptg",), "cryptography": ("cryptg", "tgcrypto")}
"""What must not be importable for the named one to be chosen."""


def canonical(value: Any) -> object:
    """A TL object of ours, or its dict form, as the plain value that `benchmarks.compare` describes."""
    if isinstance(value, tl.TLObject):
        return canonical(value.to_dict())
    if isinstance(value, dict):
        fields = {name: canonical(field) for name, field in value.items() if name != "_"}
        return {"_": f"{api.schema[value['_']].ID:08x}", **fields}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return canonical_bytes(value) if isinstance(value, bytes) else value


def decode(fixture: Fixture) -> Operation:
    """Bytes → objects, as the answer to a call is read."""
    names = {"decode": api.decode, "data": bytes.fromhex(fixture["slice"])}
    return Statement("decode(data)", names, canonical)


def encode(fixture: Fixture) -> Operation:
    """Objects → bytes."""
    photos = api.decode(bytes.fromhex(fixture["slice"]))
    return Statement("photos.to_bytes()", {"photos": photos}, canonical_bytes)


def request(fixture: Fixture) -> Operation:
    """Build a request and encode it."""
    names = {
        "GetUserPhotos": api.functions.photos.GetUserPhotos,
        "InputUser": api.types.InputUser,
        **fixture["user"],
    }
    expression = (
        "GetUserPhotos(user_id=InputUser(user_id=user_id, access_hash=access_hash), offset=0, max_id=0, limit=100)"
        ".to_bytes()"
    )
    return Statement(expression, names, canonical_bytes)


def open_answer(fixture: Fixture) -> Operation:
    """An encrypted packet → objects: the envelope's checks, those of a session that peers make too, then the body."""
    from mtproto.message.auth_key import AuthKey
    from mtproto.message.envelope import Sender, unseal

    key, session_id = AuthKey(bytes.fromhex(fixture["auth_key"])), fixture["session_id"]
    result = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=100).result

    def opened(packet: bytes) -> Any:
        message = unseal(key, Sender.SERVER, packet)
        if message.session_id != session_id or not message.msg_id & 1:
            raise ValueError("not a message to this session")
        constructor, _ = _RPC_RESULT.unpack_from(message.body)
        if constructor != 0xF35C6D01:
            raise ValueError("not an rpc_result")
        return api.decode(message.body[_RPC_RESULT.size :], result)

    names = {"opened": opened, "packet": bytes.fromhex(fixture["packet"])}
    return Statement("opened(packet)", names, canonical)


def calls(fixture: Fixture) -> Operation:
    """Calls through the asyncio client with its defaults; the fixture may name a `transport` and a `certificate`."""
    import asyncio
    import ssl

    from mtproto.client import Client, connect
    from mtproto.crypto.rsa import RSAPublicKey

    dc, user = fixture["dc"], fixture["user"]
    functions, types = api.functions, api.types
    certificate = fixture.get("certificate")

    async def opened() -> Client:
        client = connect(
            (dc["host"], dc["port"]),
            keys=[RSAPublicKey.from_pem(dc["public_key_pem"])],
            api_id=dc["api_id"],
            api_hash=dc["api_hash"],
            dc_id=dc["dc_id"],
            transport=fixture.get("transport", "intermediate"),
            tls=None if certificate is None else ssl.create_default_context(cadata=certificate),
        )
        await client.open()
        await client(
            functions.auth.ImportBotAuthorization(
                flags=0, api_id=dc["api_id"], api_hash=dc["api_hash"], bot_auth_token=dc["bot_token"]
            )
        )
        return client

    async def call() -> object:
        peer = types.InputUser(user_id=user["id"], access_hash=user["access_hash"])
        return await client(functions.photos.GetUserPhotos(user_id=peer, offset=0, max_id=0, limit=100))

    async def disconnect() -> None:
        await client.close()

    loop = asyncio.new_event_loop()
    client = loop.run_until_complete(opened())
    return Calls(loop, call, canonical, disconnect)


def nearest(fixture: Fixture, *, raw: bool = False) -> Operation:
    """The least call there is, through an account that is logged in, or through the client alone."""
    import asyncio

    from mtproto import Account, Client, connect
    from mtproto.crypto.rsa import RSAPublicKey
    from mtproto.store import MemoryStore

    dc = fixture["dc"]
    place, number = (dc["host"], dc["port"]), dc["dc_id"]
    keys = [RSAPublicKey.from_pem(dc["public_key_pem"])]
    request = api.functions.help.GetNearestDc()

    async def opened() -> Account | Client:
        if raw:
            return await connect(place, keys=keys, dc_id=number, api_id=dc["api_id"], api_hash=dc["api_hash"])
        account = await Account(
            MemoryStore(), dcs={number: place}, keys=keys, api_id=dc["api_id"], api_hash=dc["api_hash"]
        )
        await account.login(bot_token=dc["bot_token"])
        return account

    async def call() -> object:
        return await caller(request)

    async def disconnect() -> None:
        await caller.close()

    loop = asyncio.new_event_loop()
    caller = loop.run_until_complete(opened())
    return Calls(loop, call, canonical, disconnect)


def main(arguments: Sequence[str]) -> None:
    """Serve the driver with the AES that it names, or with the best that is installed."""
    if arguments[:1] == ["--aes"]:
        modules: dict[str, Any] = sys.modules
        modules.update(dict.fromkeys(_REFUSED[arguments[1]]))  # None there makes an import fail
    from mtproto import crypto

    about = {"library": "mtproto-raw", "aes": crypto.backend()}
    operations = {"decode": decode, "encode": encode, "request": request, "open": open_answer, "calls": calls}
    serve(about, {**operations, "nearest": partial(nearest, raw="--raw" in arguments)})


if __name__ == "__main__":
    main(sys.argv[1:])
