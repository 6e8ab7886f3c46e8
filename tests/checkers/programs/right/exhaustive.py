"""A `match` that names every constructor of a type is whole, and a checker knows it."""

import asyncio
from typing import assert_never

from mtproto import LocalDC, connect
from tl import api


async def photos_of(dc: LocalDC, limit: int) -> tuple[int, list[int]]:
    async with connect(dc.address, keys=dc.keys, api_id=dc.api_id, api_hash=dc.api_hash) as client:
        login = api.functions.auth.ImportBotAuthorization(
            flags=0, api_id=dc.api_id, api_hash=dc.api_hash, bot_auth_token=dc.bot_token
        )
        match await client(login):
            case api.types.auth.Authorization(user=user):
                assert isinstance(user, api.types.User)
            case api.types.auth.AuthorizationSignUpRequired():
                raise SystemExit("a bot needs no sign-up")
        answer = await client(
            api.functions.photos.GetUserPhotos(user_id=api.types.InputUserSelf(), offset=0, max_id=0, limit=limit)
        )
        match answer:
            case api.types.photos.Photos():
                count = len(answer.photos)
            case api.types.photos.PhotosSlice():
                count = answer.count
            case _:
                assert_never(answer)
        identifiers: list[int] = []
        for photo in answer.photos:
            match photo:
                case api.types.Photo(id=number, sizes=[_, *_]):
                    identifiers.append(number)
                case api.types.PhotoEmpty() | api.types.Photo():
                    raise SystemExit("each photo has sizes")
                case _:
                    assert_never(photo)
        return count, identifiers


async def main() -> None:
    async with LocalDC() as dc:
        count, identifiers = await photos_of(dc, limit=2)
        assert count >= len(identifiers) > 0


asyncio.run(main())
