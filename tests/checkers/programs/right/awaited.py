"""What `connect` and `Account` return can be awaited as well as entered; what comes of it has the same type."""

import asyncio

from mtproto import Account, Client, LocalDC, connect
from mtproto.store import MemoryStore
from tl import api


async def country(client: Client) -> str:
    nearest = await client(api.functions.help.GetNearestDc())
    return nearest.country


async def main() -> None:
    async with LocalDC() as dc:
        client: Client = await connect(dc.address, keys=dc.keys, api_id=dc.api_id)
        account: Account = await Account(
            MemoryStore(), api_id=dc.api_id, api_hash=dc.api_hash, dcs={dc.dc_id: dc.address}, keys=dc.keys
        )
        user_id: int = await account.login(bot_token=dc.bot_token)
        assert user_id == dc.bot.id
        assert await country(client) == (await account(api.functions.help.GetNearestDc())).country
        await account.close()
        await client.close()


asyncio.run(main())
