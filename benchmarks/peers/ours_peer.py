"""Our own library: `tl.api`, `mtproto.message`, `mtproto.client`, `mtproto.account`.

`--aes` chooses among the installed AES-IGE, `--raw` makes small calls without an account.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import tl
from benchmarks.peers.files import Fetches, Sink
from benchmarks.peers.serve import Calls, Fixture, Operation, Statement, canonical_bytes, serve
from tl import api

if TYPE_CHECKING:
    from mtproto import Account, Client

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

    from mtproto.client import connect
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

    from mtproto import connect
    from mtproto.crypto.rsa import RSAPublicKey

    dc = fixture["dc"]
    place, number = (dc["host"], dc["port"]), dc["dc_id"]
    keys = [RSAPublicKey.from_pem(dc["public_key_pem"])]
    request = api.functions.help.GetNearestDc()

    async def opened() -> Account | Client:
        if raw:
            return await connect(place, keys=keys, dc_id=number, api_id=dc["api_id"], api_hash=dc["api_hash"])
        return await _logged_in(dc)

    async def call() -> object:
        return await caller(request)

    async def disconnect() -> None:
        await caller.close()

    loop = asyncio.new_event_loop()
    caller = loop.run_until_complete(opened())
    return Calls(loop, call, canonical, disconnect)


def aes(fixture: Fixture) -> Operation:
    """AES-IGE alone, over as many bytes as a file has, in parts of 1 MiB."""
    from mtproto.crypto import ige_decrypt

    part = bytes(1 << 20)
    names = {"parts": [part] * round(fixture["size"] / len(part)), "decrypt": ige_decrypt, "key": bytes(32)}
    return Statement("[len(decrypt(part, key, key)) for part in parts]", names, lambda lengths: lengths)


def fetch(fixture: Fixture) -> Operation:
    """Documents, each `times` times, all at once, within a window that the fixture may name."""
    documents = [
        api.types.Document(
            **{name: each[name] for name in ("id", "access_hash", "dc_id", "size")},
            file_reference=bytes.fromhex(each["file_reference"]),
            date=0,
            mime_type="",
            attributes=[],
        )
        for each in fixture["documents"]
    ]

    async def wanted(_: Account) -> list[tuple[object, str | None]]:
        return [(document, None) for document in documents * fixture.get("times", 1)]

    return _fetches(fixture, wanted)


def photos(fixture: Fixture) -> Operation:
    """All sizes of some photos of a user, all at once."""

    async def wanted(account: Account) -> list[tuple[object, str | None]]:
        sizes = api.types.PhotoSize, api.types.PhotoSizeProgressive, api.types.VideoSize
        user = api.types.InputUser(user_id=fixture["user"]["id"], access_hash=fixture["user"]["access_hash"])
        found = [photo async for photo in account.iter_user_photos(user)][: fixture["photos"]]
        return [
            (photo, size.type)
            for photo in found
            for size in [*photo.sizes, *(photo.video_sizes or [])]
            if isinstance(size, sizes)
        ]

    return _fetches(fixture, wanted)


def _fetches(
    fixture: Fixture, wanted: Callable[[Account], Awaitable[Sequence[tuple[object, str | None]]]]
) -> Operation:
    """Return the operation that fetches files and their sizes through an account, all at once."""
    import asyncio

    async def opened() -> tuple[Account, Sequence[tuple[object, str | None]]]:
        account = await _logged_in(fixture["dc"])
        return account, await wanted(account)

    async def all_files(new_sink: Callable[[], Sink]) -> None:
        window = fixture.get("window")
        await asyncio.gather(*(account.download(file, new_sink(), size=size, window=window) for file, size in files))

    loop = asyncio.new_event_loop()
    account, files = loop.run_until_complete(opened())
    return Fetches(loop, all_files, account.close, is_first_sample=fixture.get("is_first_sample", False))


async def _logged_in(dc: Mapping[str, Any]) -> Account:
    from mtproto import Account
    from mtproto.crypto.rsa import RSAPublicKey
    from mtproto.store import MemoryStore

    account = await Account(
        MemoryStore(),
        dcs={dc["dc_id"]: (dc["host"], dc["port"])},
        keys=[RSAPublicKey.from_pem(dc["public_key_pem"])],
        api_id=dc["api_id"],
        api_hash=dc["api_hash"],
    )
    await account.login(bot_token=dc["bot_token"])
    return account


def main(arguments: Sequence[str]) -> None:
    """Serve the driver with the AES that it names, or with the best that is installed."""
    if arguments[:1] == ["--aes"]:
        modules: dict[str, Any] = sys.modules
        modules.update(dict.fromkeys(_REFUSED[arguments[1]]))  # None there makes an import fail
    from mtproto import crypto

    about = {"library": "mtproto-raw", "aes": crypto.backend()}
    operations = {"decode": decode, "encode": encode, "request": request, "open": open_answer, "calls": calls}
    files = {"aes": aes, "fetch": fetch, "photos": photos}
    serve(about, {**operations, **files, "nearest": partial(nearest, raw="--raw" in arguments)})


if __name__ == "__main__":
    main(sys.argv[1:])
