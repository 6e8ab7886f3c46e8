"""One raw call with asyncio, over two connections: the second one uses the key and the login of the first.

For Telegram's test servers, connect to `TEST[2]` (of `mtproto.datacenters`) with `keys=TEST_KEYS` (of `mtproto`).
"""

import asyncio

from mtproto import LocalDC, connect
from tl import TLObject, api

REQUEST = api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=3)


def show(answer: TLObject) -> None:
    """Print an answer of the boxed type `api.boxed.photos.Photos`, which is declared with two constructors."""
    match answer:
        case api.types.photos.Photos(photos=photos):
            print(len(photos), "photos, which are all")
        case api.types.photos.PhotosSlice(photos=photos, count=count):
            print(len(photos), "photos of", count)


async def main() -> None:
    async with LocalDC() as dc:
        async with connect(dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash) as client:
            await client(
                api.functions.auth.ImportBotAuthorization(
                    flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
                )
            )
            show(await client(REQUEST))
            assert client.state is not None
            kept = client.state.to_bytes()  # this is the login: keep it where only you can read it
        async with connect(dc.address, keys=dc.keys, api_id=dc.api_id, state=kept) as client:
            show(await client(REQUEST))


asyncio.run(main())
