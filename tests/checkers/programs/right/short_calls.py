"""Calls in one line: the documentation's spelling, defaults, dicts, options; both faces, of clients and of accounts."""

import asyncio

from mtproto import Account, LocalDC, blocking, connect
from mtproto.localdc import LocalDCThread
from mtproto.store import MemoryStore
from tl import api


async def dates(account: Account, user: str | int | api.types.User) -> list[int]:
    found = await account.api.photos.getUserPhotos(user_id=user, limit=100)
    return [photo.date for photo in found.photos if isinstance(photo, api.types.Photo)]


def blocking_dates(account: blocking.Account, user: str) -> list[int]:
    found = account.api.photos.getUserPhotos(user_id=user, offset=0, max_id=0, limit=100)
    return [photo.date for photo in found.photos if isinstance(photo, api.types.Photo)]


def names(account: blocking.Account) -> list[str | None]:
    found = account.api.users.getUsers(id=["@durov", 777000, {"_": "inputUserSelf"}, api.types.InputUserSelf()])
    return [user.first_name for user in found if isinstance(user, api.types.User)]


def send(account: blocking.Account) -> None:
    account.api.messages.sendMessage(peer="me", message="hello")
    account.api.messages.sendMessage(peer="me", message="hello", random_id=7)
    account.api.messages.forwardMessages(from_peer="me", id=[1, 2], to_peer="@durov")


def own_photos(client: blocking.Client) -> int:
    return len(client.api.photos.getUserPhotos(user_id={"_": "inputUserSelf"}, limit=1).photos)


async def main() -> None:
    async with LocalDC() as dc, connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client:
        task = asyncio.create_task(client.api.help.getNearestDc())
        nearest: api.types.NearestDc = await task
        within = await client.api_with(timeout=5, idempotent=True).help.getNearestDc()
        assert nearest == within
        async with Account(
            MemoryStore(), api_id=dc.api_id, api_hash=dc.api_hash, dcs={dc.dc_id: dc.address}, keys=dc.keys
        ) as account:
            await account.login(bot_token=dc.bot_token)
            myself = api.types.InputUserSelf()
            found = await account.api_with(timeout=5).photos.getUserPhotos(user_id=myself, limit=1)
            assert len(found.photos) == 1


asyncio.run(main())
with LocalDCThread() as dc, blocking.connect(dc.address, keys=dc.keys, api_id=dc.api_id) as client:
    country: str = client.api.help.getNearestDc().country
    assert country == client.api_with(timeout=None).help.getNearestDc().country
